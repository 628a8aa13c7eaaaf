"""One act for a day that goes otherwise: another time, another place, web only, cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lms.infra.db import lock_row
from lms.kernel.actor import Actor
from lms.kernel.localized import Localized
from lms.sessions import policy
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.models import LiveSession
from lms.sessions.operations.announcing import write_cancellation, write_change
from lms.sessions.operations.scheduling import TOLD, instants_of
from lms.sessions.rules import is_web_link


class ChangeKind(StrEnum):
    """What becomes of a session."""

    MOVED = "moved"
    WEB_ONLY = "web_only"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class MovePlan:
    """When and where it is held now. `starts_local`/`ends_local` are naive, in `timezone`."""

    starts_local: datetime
    ends_local: datetime
    timezone: str
    venue_name: Localized = field(default_factory=dict)
    venue_address: Localized = field(default_factory=dict)
    venue_access: Localized = field(default_factory=dict)
    room: Localized = field(default_factory=dict)
    map_url: str = ""


def announce_change(
    actor: Actor,
    live_session_id: str,
    kind: ChangeKind,
    *,
    move: MovePlan | None = None,
    message: Localized | None = None,
    at: datetime,
) -> tuple[str, ...]:
    """Change a session and have everyone on its list told, with a few words of the organiser's.

    Return the names of what changed; none: nothing was different and nobody is told. `move` is
    for MOVED. Raises LiveSessionRefusedError (`cancelled`, `ended`) and SessionInputError
    (`already_past`, `web_only_without_link`, and those of a plan).
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    row: LiveSession = lock_row(LiveSession, live_session_id)
    if row.cancelled_at is not None:
        raise LiveSessionRefusedError("cancelled")
    if row.ends_at <= at:
        raise LiveSessionRefusedError("ended")
    if kind is ChangeKind.CANCELLED:
        write_cancellation(actor, row, at, message)
        return ("cancelled_at",)
    if kind is ChangeKind.WEB_ONLY:
        if not row.web_url:
            raise SessionInputError("kind", "web_only_without_link")
        columns: Mapping[str, Any] = {
            "venue_name": {},
            "venue_address": {},
            "venue_access": {},
            "room": {},
            "map_url": "",
        }
    else:
        columns = _moved(move, at)
    return write_change(
        actor, edition, row, columns, told=TOLD, at=at, kind=kind.value, message=message
    )


def _moved(move: MovePlan | None, at: datetime) -> dict[str, Any]:
    if move is None:
        raise ValueError("A session that is moved needs to know where to.")
    if move.map_url and not is_web_link(move.map_url):
        raise SessionInputError("map_url", "bad_link")
    starts_at, ends_at = instants_of(move.starts_local, move.ends_local, move.timezone)
    if ends_at <= at:
        raise SessionInputError("day", "already_past")
    return {
        "starts_local": move.starts_local,
        "ends_local": move.ends_local,
        "timezone": move.timezone,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "venue_name": move.venue_name,
        "venue_address": move.venue_address,
        "venue_access": move.venue_access,
        "room": move.room,
        "map_url": move.map_url,
    }
