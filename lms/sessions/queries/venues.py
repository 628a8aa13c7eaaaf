"""Reads of venues."""

from dataclasses import dataclass

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.localized import Localized, pick
from lms.sessions.models import Venue, VenueRoom


@dataclass(frozen=True, slots=True)
class RoomRecord:
    """A room of a venue; `seats` None: not known."""

    id: str
    name: Localized
    seats: int | None


@dataclass(frozen=True, slots=True)
class VenueRecord:
    """A venue with its rooms in order."""

    id: str
    name: Localized
    address: Localized
    access: Localized
    map_url: str
    version: int
    is_archived: bool
    rooms: tuple[RoomRecord, ...]


def list_venues(*, archived: bool = False) -> tuple[VenueRecord, ...]:
    """Return the venues by name, those taken off the list only when asked for. Two queries."""
    wanted = select(Venue) if archived else select(Venue).where(Venue.archived_at.is_(None))
    venues = list(db.session.scalars(wanted))
    records = _with_rooms(venues)
    return tuple(sorted(records, key=lambda one: (one.is_archived, pick(one.name, "ja").text)))


def find_venue(venue_id: str) -> VenueRecord | None:
    """Return a venue, taken off the list or not, or None. Two queries."""
    venue = db.session.get(Venue, venue_id, populate_existing=True)
    return None if venue is None else _with_rooms([venue])[0]


def _with_rooms(venues: list[Venue]) -> tuple[VenueRecord, ...]:
    rooms: dict[str, list[RoomRecord]] = {venue.id: [] for venue in venues}
    for room in db.session.scalars(
        select(VenueRoom)
        .where(VenueRoom.venue_id.in_(list(rooms)))
        .order_by(VenueRoom.position, VenueRoom.id)
    ):
        rooms[room.venue_id].append(RoomRecord(room.id, room.name, room.seats))
    return tuple(
        VenueRecord(
            id=venue.id,
            name=venue.name,
            address=venue.address,
            access=venue.access,
            map_url=venue.map_url,
            version=venue.version,
            is_archived=venue.archived_at is not None,
            rooms=tuple(rooms[venue.id]),
        )
        for venue in venues
    )
