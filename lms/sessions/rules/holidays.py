"""Public holidays of countries, and the Friday prayer, as they bear on a meeting.

Holidays come from the library `holidays`; those that follow the moon are its estimates. The
prayer is an approximation: midday on Fridays, where most people keep it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

# Where Friday's prayer (jumu'ah) empties offices; members of the Organisation of Islamic
# Cooperation in which most people keep it.
FRIDAY_COUNTRIES = frozenset(
    {
        "AE", "AF", "BD", "BH", "BN", "DZ", "EG", "ID", "IQ", "IR", "JO", "KW", "LB", "LY", "MA",
        "MV", "MY", "OM", "PK", "PS", "QA", "SA", "SD", "SN", "SY", "TN", "TR", "YE",
    }
)  # fmt: skip
FRIDAY_FROM, FRIDAY_UNTIL = time(12, 0), time(14, 30)
_FRIDAY = 4

# Days on which Japan travels, beside its holidays: (month, day) of the first and the last.
_SEASONS = {
    "new_year": ((12, 29), (1, 3)),
    "golden_week": ((4, 29), (5, 5)),
    "obon": ((8, 13), (8, 16)),
}


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday; `regions` are the parts of the country that keep it, empty for all."""

    name: str
    regions: tuple[str, ...] = field(default=())


@lru_cache(maxsize=64)
def _calendar(country: str, year: int, language: str) -> Mapping[date, tuple[Holiday, ...]]:
    from holidays import (  # noqa: PLC0415 - heavy, and needed by organisers alone
        country_holidays,
        list_supported_countries,
    )

    if country not in list_supported_countries():
        return {}
    whole: Any = country_holidays(country, years=year)
    spoken = next((tag for tag in (language, "en_US") if tag in whole.supported_languages), None)
    whole = country_holidays(country, years=year, language=spoken)
    found = {day: [Holiday(name)] for day, name in whole.items() if day.year == year}
    kept: dict[tuple[date, str], list[str]] = {}
    for region in whole.subdivisions:
        of_region: Any = country_holidays(country, subdiv=region, years=year, language=spoken)
        names = of_region.get_subdivision_aliases().get(region, [])
        for day, name in of_region.items():
            if day.year == year and whole.get(day) != name:
                kept.setdefault((day, name), []).append(names[0] if names else region)
    for (day, name), regions in kept.items():
        found.setdefault(day, []).append(Holiday(name, tuple(regions)))
    return {day: tuple(several) for day, several in found.items()}


def holidays_on(country: str, day: date, language: str) -> tuple[Holiday, ...]:
    """Return the public holidays of a country (ISO 3166-1) on a day; none for unknown countries.

    Names are in `language` where the library has them, else in English, else as at home.
    """
    tag = {"en": "en_US"}.get(language, language)
    return _calendar(country, day.year, tag).get(day, ())


def season_on(country: str, day: date) -> str | None:
    """Return the season in which Japan travels (`new_year`, `golden_week`, `obon`), or None."""
    if country != "JP":
        return None
    here = (day.month, day.day)
    for code, (first, last) in _SEASONS.items():
        inside = first <= here <= last if first <= last else here >= first or here <= last
        if inside:
            return code
    return None


def days_of(starts_at: datetime, ends_at: datetime, zone: str) -> tuple[date, ...]:
    """Return the calendar days in a zone that a meeting touches (its end excluded)."""
    place = ZoneInfo(zone)
    first = starts_at.astimezone(place).date()
    last = (ends_at - timedelta(microseconds=1)).astimezone(place).date()
    return tuple(first + timedelta(days=i) for i in range((last - first).days + 1))


def meets_friday_prayer(starts_at: datetime, ends_at: datetime, country: str, zone: str) -> bool:
    """Whether a meeting overlaps 12:00-14:30 of a Friday where that is the time of prayer."""
    if country not in FRIDAY_COUNTRIES:
        return False
    place = ZoneInfo(zone)
    return any(
        datetime.combine(day, FRIDAY_FROM, place) < ends_at
        and datetime.combine(day, FRIDAY_UNTIL, place) > starts_at
        for day in days_of(starts_at, ends_at, zone)
        if day.weekday() == _FRIDAY
    )
