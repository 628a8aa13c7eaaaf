"""Where the feature that knows live sessions gives mail their calendar parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class CalendarReader:
    """Whose calendar it is: language and IANA zone as the mail speaks, name and address as it goes.

    `person_id` is None for somebody who is not known here.
    """

    language: str
    timezone: str
    name: str = ""
    address: str = ""
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An iCalendar object in UTF-8 and the method it says (REQUEST or CANCEL)."""

    data: bytes
    method: str


#: ((live session id, method wanted), …) and the reader -> a part each, without those of which
#: there is nothing to send. The method is the one that holds when the mail goes out.
CalendarParts: TypeAlias = Callable[[Sequence[tuple[str, str]], CalendarReader], list[CalendarPart]]

_providers: list[CalendarParts] = []


def register_calendar(provider: CalendarParts) -> None:
    """Set who makes calendar parts (called once, by the feature's contributions)."""
    _providers[:] = [provider]


def calendar_parts(wanted: Sequence[tuple[str, str]], reader: CalendarReader) -> list[CalendarPart]:
    """Return the calendar parts for a reader; none when nobody makes any."""
    for provider in _providers:
        return provider(wanted, reader)
    return []
