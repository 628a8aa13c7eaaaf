"""Dates, times and sizes as Japanese and English readers expect them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from lms.kernel.dates import format_day


def zone_label(zone: ZoneInfo, language: str) -> str:
    """Return the zone by name: Japan time (JST), elsewhere the city of the zone."""
    del language  # gettext speaks the language in force
    if zone.key == "Asia/Tokyo":
        return str(_("Japan time (JST)"))
    city = zone.key.rsplit("/", 1)[-1].replace("_", " ")
    known = {
        "Kuala Lumpur": _("Kuala Lumpur time"),
        "Bangkok": _("Bangkok time"),
        "Jakarta": _("Jakarta time"),
        "Singapore": _("Singapore time"),
        "Manila": _("Manila time"),
    }
    return str(known.get(city) or _("%(city)s time", city=city))


def format_moment(moment: datetime, zone: ZoneInfo, language: str, *, year: bool = True) -> str:
    """Write a moment with its day, 24-hour time and named zone."""
    local = moment.astimezone(zone)
    day = format_day(local.date(), language, year=year)
    return f"{day} {local:%H:%M} {zone_label(zone, language)}"


def format_span(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """Return day, times and zone; when midnight lies between, both days are written."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    head = f"{format_day(first.date(), language)} {first:%H:%M}\u2013"
    tail = f"{last:%H:%M}"
    if last.date() != first.date():
        tail = f"{format_day(last.date(), language)} {tail}"
    return f"{head}{tail} {zone_label(zone, language)}"


def format_times(start: datetime, end: datetime, zone: ZoneInfo, language: str) -> str:
    """Return times and zone without the first day, which stands above them as a heading."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    tail = f"{last:%H:%M}"
    if last.date() != first.date():
        tail = f"{format_day(last.date(), language)} {tail}"
    return f"{first:%H:%M}\u2013{tail} {zone_label(zone, language)}"


def format_length(ms: int) -> str:
    """34:10 or 1:02:03 for a length or a position in ms."""
    seconds = ms // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def format_bytes(count: int) -> str:
    """12 kB, 3.4 MB (powers of ten)."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004 - decimal units
            return f"{size:.0f} {unit}" if unit in {"B", "kB"} else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError
