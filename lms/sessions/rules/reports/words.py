"""How services call things, read from words.toml; headings compared by their keys."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

_MARKS: Final = re.compile(r"[\W_]+")
_NUMBER: Final = re.compile(r"^\s*\d+\s*[.)\u3001\uff0e\uff09]\s*")
_UTC: Final = re.compile("(?:utc|gmt)$")
_LONGEST_BLANK: Final = 8
_EDGES: Final = " \t\u3000\u00a0\ufeff\u200b\u200e\u200f"


class Head(StrEnum):
    """What a heading means. The first eight are those of `Column`."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    REGISTRANT_ID = "registrant_id"
    JOINED = "joined"
    LEFT = "left"
    DURATION = "duration"
    REGISTRATION_EMAIL = "registration_email"
    UPN = "upn"
    FIRST_JOIN = "first_join"
    LAST_LEAVE = "last_leave"
    SECONDS = "seconds"
    SPENT = "spent"  # a moment of joining or a length, as the other columns tell
    GUEST = "guest"
    WAITING = "waiting"
    ATTENDED = "attended"
    ACTION = "action"
    TIMESTAMP = "timestamp"
    UTC_TIMESTAMP = "utc_timestamp"
    SESSION_ID = "session_id"
    PARTICIPANT_ID = "participant_id"
    ROLE = "role"
    COUNT = "count"
    REGISTERED = "registered"
    TITLE = "title"
    MEETING_ID = "meeting_id"
    STARTS = "starts"
    ENDS = "ends"
    LENGTH = "length"


def plain(text: str) -> str:
    """Return a text in plain width and lower case, without spaces at its edges."""
    return unicodedata.normalize("NFKC", text).strip(_EDGES).casefold()


def key_of(text: str) -> str:
    """Return what of a heading is compared: letters and digits, plain width, lower case."""
    return _MARKS.sub("", plain(text))


def title_key(text: str) -> str:
    """Return the key of a line that stands alone, without the number before it."""
    return key_of(_NUMBER.sub("", text))


@cache
def _words() -> Mapping[str, Any]:
    text = Path(__file__).with_name("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _heads() -> Mapping[str, Head]:
    return {key_of(word): Head(name) for name, words in _words()["heads"].items() for word in words}


@lru_cache(maxsize=4096)
def head_of(text: str) -> Head | None:
    """Return what a heading means, or None for one that nobody knows."""
    key = key_of(text)
    return _heads().get(key) or _heads().get(_UTC.sub("", key))


@lru_cache(maxsize=4096)
def likely_head_of(text: str) -> Head | None:
    """Return what a heading that nobody knows most likely means, by its parts, or None."""
    flat = plain(text).replace(" ", "")
    for part in _words()["parts"]:
        if all(one.replace(" ", "") in flat for one in part["all"]):
            return Head(part["head"])
    return None


def tells_utc(text: str) -> bool:
    """Whether a heading says that times below it are UTC."""
    return _UTC.search(key_of(text)) is not None


@cache
def signs_of(which: str) -> frozenset[str]:
    """Return the keys of the headings by which a service is known."""
    return frozenset(key_of(word) for word in _words()["signs"][which])


@cache
def _titles() -> Mapping[str, str]:
    return {key_of(word): name for name, words in _words()["titles"].items() for word in words}


def title_of(text: str) -> str:
    """Return which section a line that stands alone begins ('' for none that is known)."""
    return _titles().get(title_key(text), "")


def is_numbered(text: str) -> bool:
    """Whether a line begins like the title of a numbered section."""
    return _NUMBER.match(text) is not None


@cache
def values_of(which: str) -> frozenset[str]:
    """Return how a value (`yes`, `no`, `joined`, `left`, `blank`, `suffixes`) is written."""
    return frozenset(plain(word) for word in _words()["values"][which])


def is_blank(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return len(text) <= _LONGEST_BLANK and plain(text) in values_of("blank")


@cache
def units() -> Mapping[str, int]:
    """Return units of time in every spelling, with their seconds."""
    return {word: int(size) for size, words in _words()["units"].items() for word in words}


@cache
def marks() -> tuple[tuple[str, str], ...]:
    """Return what in a moment is read as something else, the longest first."""
    found: Mapping[str, str] = _words()["marks"]
    return tuple(sorted(found.items(), key=lambda pair: -len(pair[0])))
