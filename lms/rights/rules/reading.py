"""Reading JSON values strictly: each function returns the value or says where it is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias, TypeVar

from lms.rights.errors import BadFactsError

Object: TypeAlias = dict[str, object]

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = -62_135_596_800_000  # 0001-01-01
_LAST: Final = 253_402_300_799_999  # 9999-12-31
_MOST: Final = 2**53
_REMARKS: Final = frozenset(
    {"id", "title", "name", "label", "note", "notes", "why", "comment", "basis", "reason"}
)
_SHOWN: Final = 60


def told(value: object) -> str:
    """Name a value in a message: short, on one line, and nothing that cannot be printed."""
    if isinstance(value, (dict, list)):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, str):
        text = f'"{value}"' if value.isprintable() else ascii(value)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if isinstance(value, int) and abs(value) > _MOST:
        return "a number that is too large"
    return json.dumps(value)


def field_names(names: str) -> frozenset[str]:
    """Return the names of the fields that an object may have, given with spaces between."""
    return frozenset(names.split())


def an_object(value: object, where: str, known: frozenset[str] | None = None) -> Object:
    """Return an object; with `known` fields given, no others but remarks may stand in it."""
    if not isinstance(value, dict):
        raise BadFactsError(f"{where} must be an object, not {told(value)}.")
    if known is not None and not value.keys() <= known:
        strange = sorted(value.keys() - known - _REMARKS)
        if strange:
            raise BadFactsError(f"{where} has a field we do not know: {told(strange[0])}.")
    return value


def needed(fields: Object, name: str, where: str) -> object:
    """Return a field that must be there."""
    if name not in fields:
        raise BadFactsError(f"{where}.{name} is missing.")
    return fields[name]


def a_text(value: object, where: str) -> str:
    """Return a string that is not empty and can be written as UTF-8."""
    if not isinstance(value, str):
        raise BadFactsError(f"{where} must be a string, not {told(value)}.")
    if not value:
        raise BadFactsError(f"{where} must not be empty.")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BadFactsError(f"{where} holds half of a character: {told(value)}.")
    return value


def a_flag(value: object, where: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise BadFactsError(f"{where} must be true or false, not {told(value)}.")
    return value


def a_count(value: object, where: str) -> int:
    """Return a whole number from 0 to 2^53."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadFactsError(f"{where} must be a whole number, not {told(value)}.")
    if not 0 <= value <= _MOST:
        raise BadFactsError(f"{where} must be from 0 to {_MOST}, not {told(value)}.")
    return value


def a_time(value: object, where: str) -> int:
    """Return ms UTC from whole milliseconds or ISO 8601 with an offset (rounded down)."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not _FIRST <= value <= _LAST:
            raise BadFactsError(f"{where} lies outside the years 1 to 9999: {told(value)}.")
        return value
    if not isinstance(value, str):
        raise BadFactsError(
            f"{where} must be a time (ms UTC or ISO 8601 with an offset), not {told(value)}."
        )
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadFactsError(f"{where} is no date and time we can read: {told(value)}.") from error
    if moment.tzinfo is None:
        raise BadFactsError(f"{where} needs an offset such as +09:00: {told(value)}.")
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def a_choice(value: object, where: str, kind: type[E]) -> E:
    """Return the member of `kind` that has this value."""
    if isinstance(value, str) and value in kind._value2member_map_:
        return kind(value)
    known = ", ".join(str(member.value) for member in kind)
    raise BadFactsError(f"{where} must be one of {known}, not {told(value)}.")


def a_list(value: object, where: str, read: Callable[[object, str], T]) -> tuple[T, ...]:
    """Return a list with every item read; null is an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadFactsError(f"{where} must be a list, not {told(value)}.")
    return tuple(read(item, f"{where}[{place}]") for place, item in enumerate(value))


def a_set(value: object, where: str) -> frozenset[str] | None:
    """Return a set of strings, None (no limit) when absent or null."""
    return None if value is None else frozenset(a_list(value, where, a_text))


def optional(value: object, where: str, read: Callable[[object, str], T]) -> T | None:
    """Return the value read, None when absent or null."""
    return None if value is None else read(value, where)
