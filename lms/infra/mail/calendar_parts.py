"""Where the feature that knows live sessions gives mail their calendar parts."""

from collections.abc import Callable
from typing import TypeAlias

#: (live session id, language, IANA zone of the reader, method REQUEST or CANCEL) -> iCalendar
#: in UTF-8, or None when there is nothing to send.
CalendarParts: TypeAlias = Callable[[str, str, str, str], bytes | None]

_providers: list[CalendarParts] = []


def register_calendar(provider: CalendarParts) -> None:
    """Set who makes calendar parts (called once, by the feature's contributions)."""
    _providers[:] = [provider]


def calendar_part(live_session_id: str, language: str, timezone: str, method: str) -> bytes | None:
    """Return the calendar part for a reader; None when nobody makes any."""
    for provider in _providers:
        return provider(live_session_id, language, timezone, method)
    return None
