"""JSON that players send, read strictly."""

import json
import re
from typing import Any, TypeGuard

from lms.kernel.errors import InvalidInputError
from lms.watching.rules import WatchReport

#: A report of 200 intervals has 5 kB.
MAX_BODY = 64_000
_LARGEST = 2**53


def read_report(body: bytes) -> tuple[WatchReport, bool]:
    """Return a watch report, `{sequence, intervals, position?, age?, close?}` in whole ms.

    With it: whether the viewer leaves, so that the play session closes after the report.

    What an interval is, the rules say. Raises InvalidInputError naming the field.
    """
    data = _object(body)
    intervals = data.get("intervals")
    if not isinstance(intervals, list):
        raise InvalidInputError("intervals", "watch_intervals")
    sequence, position = data.get("sequence"), data.get("position")
    if not _is_count(sequence):
        raise InvalidInputError("sequence", "watch_number")
    if position is not None and not _is_count(position):
        raise InvalidInputError("position", "watch_number")
    age = data.get("age", 0)
    if not _is_count(age):
        raise InvalidInputError("age", "watch_number")
    return WatchReport(sequence, intervals, position, age), data.get("close") is True


def read_country(body: bytes) -> str | None:
    """Return the country stated for a play, `{country?}`. Raises InvalidInputError."""
    country = _object(body).get("country") if body.strip() else None
    if country is None or country == "":
        return None
    if not is_country(country):
        raise InvalidInputError("country", "watch_country")
    return str(country)


def is_country(value: object) -> bool:
    """Whether a value can be a country's code (ISO 3166, two capital letters)."""
    return isinstance(value, str) and re.fullmatch(r"[A-Z]{2}", value) is not None


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY:
        raise InvalidInputError("body", "watch_too_long")
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("body", "watch_json") from error
    if not isinstance(data, dict):
        raise InvalidInputError("body", "watch_json")
    return data


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST
