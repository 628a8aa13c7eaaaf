"""Writes of enrolment. Every one that can give or free a seat holds the edition's row locked."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select, update

from lms.courses.models import Approval, Edition, EditionState
from lms.courses.rules import end_of_day
from lms.enrolment import policy
from lms.enrolment.errors import EnrolmentError
from lms.enrolment.events import (
    EnrolmentApplied,
    EnrolmentCancelled,
    EnrolmentConfirmed,
    EnrolmentDeclined,
    EnrolmentWaitlisted,
    EnrolmentWithdrawn,
)
from lms.enrolment.models import Attending, Enrolment, EnrolmentChange, EnrolmentState
from lms.enrolment.queries import (
    find_enrolment,
    get_enrolment,
    list_waiting,
    next_queue_position,
    opening_facts,
    taken_seats,
)
from lms.enrolment.rules import (
    ACTIVE_STATES,
    DECIDABLE,
    Decision,
    Hindrance,
    Outcome,
    allocate_next,
    allocate_seat,
    judge_opening,
    may_be_promoted,
    promotion_is_open,
    ways_to_attend,
)
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, EnrolmentId, PersonId
from lms.people.models import Person
from lms.people.queries import is_id

MAX_TEXT = 2000


def apply_for_edition(
    edition_id: str,
    *,
    attending: str = "",
    accommodation: str = "",
    message: str = "",
    actor: Actor,
    at: datetime,
) -> EnrolmentState:
    """Apply for oneself; return the state reached: applied, enrolled or waitlisted.

    `attending` empty = the first way that the edition offers. Who withdrew earlier may apply
    again and goes to the end of the list. Raises EnrolmentError with the hindrance of
    `judge_opening`; NotFoundError where the person may not know of the edition.
    """
    policy.require_signed_in(actor)
    edition = _locked(edition_id)
    person = db.session.get_one(Person, actor.person_id)
    facts = replace(opening_facts(edition, actor), suspended=person.suspended_at is not None)
    opening = judge_opening(facts, at)
    if opening.hindrance in {Hindrance.OUT_OF_REACH, Hindrance.NOT_PUBLISHED}:
        raise NotFoundError
    if opening.hindrance is not None:
        raise EnrolmentError(opening.hindrance.value)
    attending = _way(edition, attending)
    for name, text in (("accommodation", accommodation), ("message", message)):
        if len(text) > MAX_TEXT:
            raise InvalidInputError(name, "too_long", most=MAX_TEXT)
    enrolment = find_enrolment(edition_id, person.id)
    if enrolment is None:
        enrolment = Enrolment(edition_id=edition_id, person_id=person.id, applied_at=at)
    enrolment.attending = attending
    enrolment.accommodation = accommodation.strip()
    enrolment.message = message.strip()
    enrolment.applied_at = at
    enrolment.approved_at = None
    if opening.outcome is Outcome.DECISION:
        _move(enrolment, EnrolmentState.APPLIED, actor, at)
        raise_event(EnrolmentApplied(*_ids(enrolment), at))
    else:
        _seat_or_list(edition, enrolment, actor, at)
    return EnrolmentState(enrolment.state)


def withdraw_enrolment(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """Withdraw one's own application or give up one's own seat; the list moves at once.

    What was learned and earned is kept. Raises EnrolmentError("cannot_withdraw") when there is
    nothing to withdraw from any more.
    """
    policy.require_signed_in(actor)
    edition = _locked(edition_id)
    enrolment = find_enrolment(edition_id, actor.person_id or "")
    policy.require_own(actor, enrolment)
    assert enrolment is not None
    over = edition.ends_on is not None and at >= end_of_day(edition.ends_on, edition.timezone)
    if enrolment.state not in ACTIVE_STATES or over or edition.state != EditionState.PUBLISHED:
        raise EnrolmentError("cannot_withdraw")
    _move(enrolment, EnrolmentState.WITHDRAWN, actor, at)
    raise_event(EnrolmentWithdrawn(*_ids(enrolment), at))
    _promote(edition, at)


def change_attending(edition_id: str, attending: str, *, actor: Actor, at: datetime) -> None:
    """Change one's own way of taking part (venue or web), while applied or enrolled."""
    policy.require_signed_in(actor)
    edition = _locked(edition_id)
    enrolment = find_enrolment(edition_id, actor.person_id or "")
    policy.require_own(actor, enrolment)
    assert enrolment is not None
    if enrolment.state not in ACTIVE_STATES:
        raise EnrolmentError("cannot_withdraw")
    enrolment.attending = _way(edition, attending)
    enrolment.changed_at = at


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of applications decided on together; `skipped` could not be decided so."""

    enrolled: int = 0
    waitlisted: int = 0
    declined: int = 0
    reviewed: int = 0
    skipped: int = 0


def decide_applications(
    edition_id: str,
    enrolment_ids: Collection[str],
    decision: Decision,
    *,
    reason: str = "",
    actor: Actor,
    at: datetime,
) -> Decided:
    """Decide on one or several applications of an edition, in the order in which they came.

    A seat that is free goes to the earliest of those accepted; when none is left the others go
    to the end of the waiting list. Nobody is wait-listed while seats are free for newcomers,
    and nobody on the list is seated before those ahead. Declining needs a reason. Raises
    EnrolmentError when none could be decided; NotFoundError when any id belongs elsewhere.
    """
    edition = _locked(edition_id)
    policy.require_decider(actor, edition)
    if edition.state not in {EditionState.PUBLISHED, EditionState.CLOSED}:
        raise EnrolmentError("cannot_decide")
    reason = reason.strip()
    if decision is Decision.DECLINE and not reason:
        raise InvalidInputError("reason", "reason_needed")
    if len(reason) > MAX_TEXT:
        raise InvalidInputError("reason", "too_long", most=MAX_TEXT)
    if not all(is_id(enrolment_id) for enrolment_id in enrolment_ids):
        raise NotFoundError
    chosen = db.session.execute(
        select(Enrolment, Person.suspended_at)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.id.in_(enrolment_ids), Enrolment.edition_id == edition_id)
        .order_by(Enrolment.applied_at, Enrolment.id)
    ).all()
    if not chosen or len(chosen) != len(set(enrolment_ids)):
        raise NotFoundError
    skipped = 0
    done: list[Enrolment] = []
    refusal = "cannot_decide"
    for enrolment, suspended_at in chosen:
        barred = suspended_at is not None and decision is not Decision.DECLINE
        code = (
            "suspended"
            if barred
            else _decide(edition, enrolment, decision, reason=reason, actor=actor, at=at)
        )
        if code is not None:
            skipped, refusal = skipped + 1, code
            continue
        done.append(enrolment)
    if not done:
        raise EnrolmentError(refusal)
    _promote(edition, at)
    states = [enrolment.state for enrolment in done]
    for enrolment in done:
        record_act(
            actor, "enrolment.decided", "enrolment", enrolment.id, at=at,
            edition_id=edition_id, decision=decision.value, to=enrolment.state,
        )  # fmt: skip
    return Decided(
        enrolled=states.count(EnrolmentState.ENROLLED),
        waitlisted=states.count(EnrolmentState.WAITLISTED),
        declined=states.count(EnrolmentState.DECLINED),
        reviewed=states.count(EnrolmentState.UNDER_REVIEW),
        skipped=skipped,
    )


def remove_enrolment(
    edition_id: str, enrolment_id: str, *, reason: str, actor: Actor, at: datetime
) -> None:
    """Take a person off an edition, with a reason that is told; the list moves at once."""
    edition = _locked(edition_id)
    policy.require_decider(actor, edition)
    enrolment = get_enrolment(enrolment_id)
    if enrolment is None or enrolment.edition_id != edition_id:
        raise NotFoundError
    if not reason.strip():
        raise InvalidInputError("reason", "reason_needed")
    if len(reason) > MAX_TEXT:
        raise InvalidInputError("reason", "too_long", most=MAX_TEXT)
    if enrolment.state not in ACTIVE_STATES:
        raise EnrolmentError("cannot_remove")
    _move(enrolment, EnrolmentState.CANCELLED, actor, at, reason.strip())
    record_act(actor, "enrolment.removed", "enrolment", enrolment.id, at=at, edition_id=edition_id)
    raise_event(EnrolmentWithdrawn(*_ids(enrolment), at, by_staff=True))
    _promote(edition, at)


def enrol_at_the_door(
    edition_id: str, person_id: PersonId, *, actor: Actor, at: datetime
) -> EnrolmentId:
    """Give a free seat to a known person who came unannounced; return their enrolment.

    Whoever waits stands behind a person in the room: the organiser decides so at the door. Who
    is enrolled already stays so. Raises EnrolmentError (`suspended`, `cannot_decide`, `full`).
    """
    edition = _locked(edition_id)
    policy.require_decider(actor, edition)
    if edition.state not in {EditionState.PUBLISHED, EditionState.CLOSED}:
        raise EnrolmentError("cannot_decide")
    person = db.session.get(Person, person_id)
    if person is None:
        raise NotFoundError
    if person.suspended_at is not None:
        raise EnrolmentError("suspended")
    enrolment = find_enrolment(edition_id, person_id)
    if enrolment is None:
        enrolment = Enrolment(edition_id=edition_id, person_id=person_id, applied_at=at)
    elif enrolment.state == EnrolmentState.ENROLLED:
        return EnrolmentId(enrolment.id)
    seat = allocate_seat(edition.capacity, taken_seats(edition_id))
    if seat is None:
        raise EnrolmentError("full")
    ways = ways_to_attend(edition.mode)
    enrolment.attending = Attending.VENUE if Attending.VENUE in ways else Attending(ways[0])
    enrolment.approved_at = enrolment.approved_at or at
    _move(enrolment, EnrolmentState.ENROLLED, actor, at, seat=seat)
    record_act(
        actor, "enrolment.decided", "enrolment", enrolment.id, at=at,
        edition_id=edition_id, decision="at_the_door", to=enrolment.state,
    )  # fmt: skip
    raise_event(EnrolmentConfirmed(*_ids(enrolment), at))
    return EnrolmentId(enrolment.id)


def promote_waiting(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """Give free seats to the waiting list after a change made elsewhere."""
    policy.require_system(actor)
    _promote(_locked(edition_id), at)


def settle_edition_change(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """After an edition's settings changed: attend in a way that exists, and move the list."""
    policy.require_system(actor)
    edition = _locked(edition_id)
    ways = ways_to_attend(edition.mode)
    db.session.execute(
        update(Enrolment)
        .where(Enrolment.edition_id == edition_id, Enrolment.attending.not_in(ways))
        .values(attending=ways[0], changed_at=at)
    )
    _promote(edition, at)


def refuse_unpublishing(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """Raise EnrolmentError("people_enrolled") when people are in the edition."""
    policy.require_system(actor)
    del at
    if db.session.scalar(
        select(Enrolment.id)
        .where(Enrolment.edition_id == edition_id, Enrolment.state.in_(sorted(ACTIVE_STATES)))
        .limit(1)
    ):
        raise EnrolmentError("people_enrolled")


def cancel_enrolments(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """End every active enrolment of an edition that will not take place."""
    policy.require_system(actor)
    _locked(edition_id)
    for enrolment in db.session.scalars(
        select(Enrolment)
        .where(Enrolment.edition_id == edition_id, Enrolment.state.in_(sorted(ACTIVE_STATES)))
        .order_by(Enrolment.id)
    ).all():
        _move(enrolment, EnrolmentState.CANCELLED, actor, at)
        raise_event(EnrolmentCancelled(*_ids(enrolment), at))


def _decide(
    edition: Edition,
    enrolment: Enrolment,
    decision: Decision,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
) -> str | None:
    """Take one decision; return why it could not be, or None."""
    if enrolment.state not in DECIDABLE[decision]:
        return "cannot_decide"
    if decision is Decision.REVIEW:
        _move(enrolment, EnrolmentState.UNDER_REVIEW, actor, at, reason)
    elif decision is Decision.DECLINE:
        _move(enrolment, EnrolmentState.DECLINED, actor, at, reason)
        raise_event(EnrolmentDeclined(*_ids(enrolment), at))
    elif enrolment.state == EnrolmentState.WAITLISTED:
        return _accept_waiting(edition, enrolment, actor, at)
    elif decision is Decision.WAITLIST and _seat_for_newcomer(edition) is not None:
        return "seats_free"
    else:
        enrolment.approved_at = at
        _seat_or_list(edition, enrolment, actor, at, reason)
    return None


def _accept_waiting(
    edition: Edition, enrolment: Enrolment, actor: Actor, at: datetime
) -> str | None:
    """Agree to somebody who waits; seat the head by hand where the list no longer moves."""
    fresh = enrolment.approved_at is None and edition.approval != Approval.FIRST_COME
    enrolment.approved_at = enrolment.approved_at or at
    db.session.flush()
    if promotion_is_open(opening_facts(edition, SYSTEM), at):
        return None if fresh else "not_head_of_queue"
    queue = [w for w in list_waiting(edition.id) if may_be_promoted(w, edition.approval)]
    seat = allocate_seat(edition.capacity, taken_seats(edition.id))
    if seat is None or not queue or queue[0].enrolment_id != enrolment.id:
        return None if fresh else "not_head_of_queue"
    _move(enrolment, EnrolmentState.ENROLLED, actor, at, seat=seat)
    raise_event(EnrolmentConfirmed(*_ids(enrolment), at, promoted=True))
    return None


def _seat_for_newcomer(edition: Edition) -> int | None:
    """Return a free seat that nobody on the waiting list has a claim to, or None."""
    if any(may_be_promoted(w, edition.approval) for w in list_waiting(edition.id)):
        return None
    return allocate_seat(edition.capacity, taken_seats(edition.id))


def _seat_or_list(
    edition: Edition, enrolment: Enrolment, actor: Actor, at: datetime, reason: str = ""
) -> None:
    seat = _seat_for_newcomer(edition)
    if seat is not None:
        _move(enrolment, EnrolmentState.ENROLLED, actor, at, reason, seat=seat)
        raise_event(EnrolmentConfirmed(*_ids(enrolment), at))
        return
    enrolment.queue_position = next_queue_position(edition.id)
    _move(enrolment, EnrolmentState.WAITLISTED, actor, at, reason)
    raise_event(EnrolmentWaitlisted(*_ids(enrolment), at))


def _promote(edition: Edition, at: datetime) -> None:
    """Give what is free to the head of the list. The edition's row is locked by the caller."""
    db.session.flush()  # the seat just freed is free for the database too
    if not promotion_is_open(opening_facts(edition, SYSTEM), at):
        return
    given = allocate_next(
        list_waiting(edition.id),
        capacity=edition.capacity,
        taken=taken_seats(edition.id),
        approval=edition.approval,
    )
    for enrolment_id, seat in given:
        enrolment = db.session.get_one(Enrolment, enrolment_id)
        _move(enrolment, EnrolmentState.ENROLLED, SYSTEM, at, seat=seat)
        raise_event(EnrolmentConfirmed(*_ids(enrolment), at, promoted=True))


def _move(
    enrolment: Enrolment,
    to: EnrolmentState,
    actor: Actor,
    at: datetime,
    reason: str = "",
    *,
    seat: int | None = None,
) -> None:
    before = enrolment.state
    enrolment.state = to
    enrolment.seat = seat
    enrolment.changed_at = at
    db.session.add(enrolment)
    db.session.flush()
    db.session.add(
        EnrolmentChange(
            enrolment_id=enrolment.id,
            from_state=before,
            to_state=to,
            at=at,
            by_id=actor.person_id,
            reason=reason,
        )
    )
    db.session.flush()


def _ids(enrolment: Enrolment) -> tuple[EnrolmentId, EditionId, PersonId]:
    return (
        EnrolmentId(enrolment.id),
        EditionId(enrolment.edition_id),
        PersonId(enrolment.person_id),
    )


def _way(edition: Edition, attending: str) -> Attending:
    ways = ways_to_attend(edition.mode)
    if attending and attending not in ways:
        raise InvalidInputError("attending", "attending")
    return Attending(attending or ways[0])


def _locked(edition_id: str) -> Edition:
    edition: Edition | None = lock_row(Edition, edition_id) if is_id(edition_id) else None
    if edition is None:
        raise NotFoundError
    return edition
