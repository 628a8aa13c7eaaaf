"""What people were told of a change, as pages and mails show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lms.kernel.localized import Localized


@dataclass(frozen=True, slots=True)
class SessionNotice:
    """The last change that was told. `kind` is moved, web_only, cancelled or postponed.

    What stood before is given where it changed, else None: `starts_at` and `ends_at` (aware)
    with the `timezone` of the place, the venue's name and room ({}: there was none), whether
    there was a web address, the title. `message` are the organiser's own words, {} without any.
    """

    kind: str
    at: datetime
    message: Localized
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    timezone: str = ""
    venue_name: Localized | None = None
    room: Localized | None = None
    had_web: bool | None = None
    title: Localized | None = None


def read_notice(kept: Mapping[str, Any] | None) -> SessionNotice | None:
    """Return the notice of a session from the form in which it is kept; None without one."""
    if not kept:
        return None
    was = kept["was"]
    moved = "starts_at" in was
    return SessionNotice(
        kind=kept["kind"],
        at=datetime.fromisoformat(kept["at"]),
        message=kept["message"],
        starts_at=datetime.fromisoformat(was["starts_at"]) if moved else None,
        ends_at=datetime.fromisoformat(was["ends_at"]) if moved else None,
        timezone=was.get("timezone", ""),
        venue_name=was.get("venue_name"),
        room=was.get("room"),
        had_web=was.get("has_web"),
        title=was.get("title"),
    )
