"""Keeping the list of venues. Sessions copy what a venue says: a change here moves nobody."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.localized import Localized
from lms.people.queries import is_id
from lms.sessions import policy
from lms.sessions.errors import SessionInputError
from lms.sessions.models import Venue, VenueRoom
from lms.sessions.rules import is_web_link
from lms.sessions.rules.planning import MAX_SEATS


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room to be; `seats` None: not known."""

    name: Localized
    seats: int | None = None


@dataclass(frozen=True, slots=True)
class VenuePlan:
    """What an organiser writes of a venue."""

    name: Localized
    address: Localized = field(default_factory=dict)
    access: Localized = field(default_factory=dict)
    map_url: str = ""
    rooms: tuple[RoomPlan, ...] = ()


def add_venue(actor: Actor, plan: VenuePlan, *, at: datetime) -> str:
    """Add a venue to the list; return its id. Raises SessionInputError."""
    policy.require_venue_keeper(actor)
    _check(plan)
    venue = Venue(
        name=plan.name,
        address=plan.address,
        access=plan.access,
        map_url=plan.map_url,
        created_at=at,
    )
    db.session.add(venue)
    db.session.flush()
    _set_rooms(venue.id, plan.rooms)
    record_act(actor, "venue.added", "venue", venue.id, at=at)
    return venue.id


def change_venue(
    actor: Actor, venue_id: str, plan: VenuePlan, *, version: int, at: datetime
) -> None:
    """Change a venue, unless another edit came between (`changed_meanwhile` at `name`)."""
    policy.require_venue_keeper(actor)
    venue = _locked(venue_id)
    if venue.version != version:
        raise SessionInputError("name", "venue_changed_meanwhile")
    _check(plan)
    venue.name, venue.address, venue.access = plan.name, plan.address, plan.access
    venue.map_url = plan.map_url
    venue.version += 1
    _set_rooms(venue.id, plan.rooms)
    record_act(actor, "venue.changed", "venue", venue.id, at=at)


def list_or_unlist_venue(actor: Actor, venue_id: str, *, listed: bool, at: datetime) -> None:
    """Take a venue off the list, or put it back. Sessions there stay as they are."""
    policy.require_venue_keeper(actor)
    venue = _locked(venue_id)
    if listed == (venue.archived_at is None):
        return
    venue.archived_at = None if listed else at
    venue.version += 1
    record_act(actor, "venue.listed" if listed else "venue.unlisted", "venue", venue.id, at=at)


def _locked(venue_id: str) -> Venue:
    venue: Venue | None = lock_row(Venue, venue_id) if is_id(venue_id) else None
    if venue is None:
        raise NotFoundError
    return venue


def _check(plan: VenuePlan) -> None:
    if not plan.name:
        raise SessionInputError("name", "venue_name_missing")
    if plan.map_url and not is_web_link(plan.map_url):
        raise SessionInputError("map_url", "bad_link")
    for room in plan.rooms:
        if not room.name:
            raise SessionInputError("rooms", "room_name_missing")
        if room.seats is not None and not 1 <= room.seats <= MAX_SEATS:
            raise SessionInputError("rooms", "seats_out_of_range", most=MAX_SEATS)


def _set_rooms(venue_id: str, rooms: tuple[RoomPlan, ...]) -> None:
    db.session.execute(delete(VenueRoom).where(VenueRoom.venue_id == venue_id))
    db.session.add_all(
        VenueRoom(venue_id=venue_id, name=room.name, seats=room.seats, position=position)
        for position, room in enumerate(rooms)
    )
    db.session.flush()
