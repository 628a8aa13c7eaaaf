"""People who came unannounced, who sits at the desk, and the message to those who are missing."""

from datetime import datetime

from sqlalchemy import delete, select

from lms.enrolment.operations import enrol_at_the_door
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.people.queries import find_account, is_id
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError
from lms.sessions.events import DeskHandNamed, MissingCalled
from lms.sessions.models import (
    CheckInSource,
    DeskHand,
    LiveSession,
    MissingCall,
    WalkIn,
    WalkInState,
)
from lms.sessions.operations.checking_in import require_desk_open, write_check_in
from lms.sessions.operations.groups import join_group_at_the_door
from lms.sessions.queries import door
from lms.sessions.rules.checking_in import CALL_EVERY

MOST = 200  # characters of a name or an organisation noted at the desk


def note_walk_in(
    actor: Actor,
    live_session_id: str,
    *,
    name: str = "",
    organisation: str = "",
    person_id: str | None = None,
    at: datetime,
) -> str:
    """Note somebody who came without a seat; return the note's id.

    Either a person of the edition who holds no seat (`person_id`), or a name as it was said.
    Makes no account and no enrolment. Raises DeskRefusedError.
    """
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    require_desk_open(card, at)
    name, organisation = _line(name), _line(organisation)
    if person_id is not None:
        if not is_id(person_id) or not door.is_candidate(edition.edition_id, person_id):
            raise NotFoundError
    elif not name:
        raise DeskRefusedError("name_missing")
    if max(len(name), len(organisation)) > MOST:
        raise DeskRefusedError("name_too_long", most=MOST)
    lock_row(LiveSession, card.id)
    if _is_noted(card.id, person_id, name, organisation):
        raise DeskRefusedError("noted_already")
    note = WalkIn(
        live_session_id=card.id,
        person_id=person_id,
        name="" if person_id is not None else name,
        organisation=organisation,
        at=at,
        by_id=actor.person_id,
        state=WalkInState.NOTED.value,
    )
    db.session.add(note)
    db.session.flush()
    record_act(actor, "walk_in.noted", "live_session", card.id, at=at, walk_in_id=note.id)
    return note.id


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _is_noted(live_session_id: str, person_id: str | None, name: str, organisation: str) -> bool:
    same = (
        WalkIn.person_id == person_id
        if person_id is not None
        else (WalkIn.name == name) & (WalkIn.organisation == organisation)
    )
    return (
        db.session.scalar(
            select(WalkIn.id)
            .where(
                WalkIn.live_session_id == live_session_id,
                WalkIn.state == WalkInState.NOTED.value,
                same,
            )
            .limit(1)
        )
        is not None
    )


def enrol_walk_in(
    actor: Actor, live_session_id: str, walk_in_id: str, *, handle: str = "", at: datetime
) -> PersonId:
    """Give a seat to somebody noted, and check them in at the moment when they came.

    For the organiser alone. A note that holds a name only needs `handle`, the sign-in id or the
    address of a known person. At a session of one seminar group that has room they come into
    that group. Raises DeskRefusedError, and EnrolmentError where there is no seat.
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    note = _open_note(live_session_id, walk_in_id)
    person_id = note.person_id
    if person_id is None:
        account = find_account(handle)
        if account is None:
            raise DeskRefusedError("nobody_of_this_name")
        person_id = account.person_id
    who = PersonId(person_id)
    enrol_at_the_door(edition.edition_id, who, actor=actor, at=at)
    join_group_at_the_door(actor, edition.edition_id, live_session_id, who, at=at)
    card = queries.get_live_session(live_session_id)
    write_check_in(actor, card, who, CheckInSource.WALK_IN, came_at=note.at, at=at)
    note.person_id = who
    _decide(actor, note, WalkInState.ENROLLED, at)
    return who


def dismiss_walk_in(actor: Actor, live_session_id: str, walk_in_id: str, *, at: datetime) -> None:
    """Take a note off the list without an enrolment; it stays written. By the desk too."""
    policy.require_desk_of_session(actor, live_session_id)
    _decide(actor, _open_note(live_session_id, walk_in_id), WalkInState.DISMISSED, at)


def _open_note(live_session_id: str, walk_in_id: str) -> WalkIn:
    note: WalkIn | None = lock_row(WalkIn, walk_in_id) if is_id(walk_in_id) else None
    if note is None or note.live_session_id != live_session_id:
        raise NotFoundError
    if note.state != WalkInState.NOTED.value:
        raise DeskRefusedError("decided_already")
    return note


def _decide(actor: Actor, note: WalkIn, state: WalkInState, at: datetime) -> None:
    note.state, note.decided_at, note.decided_by = state.value, at, actor.person_id
    record_act(
        actor, f"walk_in.{state.value}", "live_session", note.live_session_id, at=at,
        walk_in_id=note.id, person_id=note.person_id,
    )  # fmt: skip


def call_missing(actor: Actor, live_session_id: str, *, at: datetime) -> int:
    """Write to everyone who is missing at this moment; return to how many.

    Once in ten minutes, while the desk is open. Raises DeskRefusedError (`called_lately`,
    `nobody_missing`, `not_now`, `cancelled`).
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    lock_row(LiveSession, live_session_id)
    card = queries.get_live_session(live_session_id)
    require_desk_open(card, at)
    if at >= card.ends_at:
        raise DeskRefusedError("ended")
    last = door.last_call(live_session_id)
    if last is not None and at < last + CALL_EVERY:
        raise DeskRefusedError("called_lately", again_at=last + CALL_EVERY)
    rows = door.list_door(card.id, edition.edition_id)
    missing = door.missing_of(rows)
    if not missing:
        raise DeskRefusedError("nobody_missing")
    db.session.add(
        MissingCall(live_session_id=card.id, at=at, by_id=actor.person_id, people=len(missing))
    )
    record_act(actor, "missing.called", "live_session", card.id, at=at, people=len(missing))
    raise_event(MissingCalled(card.id, edition.edition_id, missing, at))
    return len(missing)


def name_desk_hand(actor: Actor, edition_id: str, handle: str, *, at: datetime) -> PersonId:
    """Ask a known person to sit at the front desk of an edition; they are told by mail.

    `handle`: sign-in id or address. Raises DeskRefusedError.
    """
    edition = policy.require_organiser_of_edition(actor, edition_id)
    account = find_account(handle)
    if account is None:
        raise DeskRefusedError("nobody_of_this_name")
    who = PersonId(account.person_id)
    if door.is_desk_hand(edition_id, who):
        raise DeskRefusedError("hand_known_already")
    db.session.add(
        DeskHand(edition_id=edition_id, person_id=who, named_by=actor.person_id, named_at=at)
    )
    db.session.flush()
    record_act(actor, "desk_hand.named", "edition", edition_id, at=at, person_id=who)
    raise_event(DeskHandNamed(edition.edition_id, who, at))
    return who


def dismiss_desk_hand(actor: Actor, edition_id: str, person_id: str, *, at: datetime) -> bool:
    """Take a person off the front desk. False when they were not there."""
    policy.require_organiser_of_edition(actor, edition_id)
    if not door.is_desk_hand(edition_id, person_id):
        return False
    db.session.execute(
        delete(DeskHand).where(DeskHand.edition_id == edition_id, DeskHand.person_id == person_id)
    )
    record_act(actor, "desk_hand.dismissed", "edition", edition_id, at=at, person_id=person_id)
    return True
