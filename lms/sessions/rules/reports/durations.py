"""Lengths of time as services write them."""

import re
import unicodedata
from functools import cache
from typing import Final

from lms.sessions.rules.reports.words import units

_NUMBER: Final = re.compile(r"\d{1,6}(?:[.,]\d{1,6})?")
_CLOCK: Final = re.compile(r"(\d{1,4}):(\d{1,2})(?::(\d{1,2})(?:\.\d+)?)?")
_LONGEST_TEXT: Final = 80
_SIXTY: Final = 60


@cache
def _parts() -> re.Pattern[str]:
    words = "|".join(sorted(units(), key=len, reverse=True))
    return re.compile(rf"(\d{{1,6}}(?:\.\d{{1,6}})?)({words})")


def read_duration(text: str, *, plain_unit: int = _SIXTY) -> int | None:
    """Return the seconds of 1h 2m 3s, 1 hr 2 min, hours and minutes in Japanese, 00:45:10 or 45.

    A plain number counts `plain_unit` seconds (minutes, unless the heading says otherwise); two
    numbers with a colon are hours and minutes. Fractions of a second are dropped. None for what
    is no length of time.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    value = unicodedata.normalize("NFKC", text).strip().casefold()
    if _NUMBER.fullmatch(value):
        return int(float(value.replace(",", ".")) * plain_unit)
    if match := _CLOCK.fullmatch(value):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return (hours * _SIXTY + minutes) * _SIXTY + seconds
    flat = re.sub(r"[\s,]+|and", "", value).removeprefix("<").removeprefix("pt")
    total, place = 0.0, 0
    for match in _parts().finditer(flat):
        if match.start() != place:
            return None
        total += float(match[1]) * units()[match[2]]
        place = match.end()
    return int(total) if place and place == len(flat) else None
