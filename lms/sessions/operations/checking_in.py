"""The front desk: people as they come, by name or by ticket, and sheets of paper afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.enrolment.models import EnrolmentState
from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.kernel.localized import Localized
from lms.people.queries import is_id
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError, SessionInputError
from lms.sessions.events import AttendanceChanged
from lms.sessions.models import CheckIn, CheckInSource
from lms.sessions.queries import SessionCard, door
from lms.sessions.queries.door import Elsewhere, TicketRecord
from lms.sessions.queries.groups import list_participant_ids
from lms.sessions.rules.checking_in import (
    DESK_CLOSES,
    DESK_OPENS,
    Shown,
    ShownFacts,
    is_desk_open,
    judge_paper_time,
    judge_shown,
)
from lms.sessions.rules.tickets import Ticket, clean_code, read_ticket, short_code


@dataclass(frozen=True, slots=True)
class ShownResult:
    """What came of a ticket or of a tap.

    `at` and `by_name`: when and by whom the person was checked in (for `copied`: at the other
    place; for `replaced`: when the new ticket was issued); `elsewhere`: the title of that other
    session; `group`: of the seminar group to which the person belongs (for `other_group`);
    `state` of the enrolment; `edition_title` of a ticket for another edition, where the desk may
    know of that edition.
    """

    outcome: Shown
    person_id: PersonId | None = None
    name: str = ""
    kana: str = ""
    state: str = ""
    at: datetime | None = None
    source: str = ""
    by_name: str = ""
    elsewhere: Localized | None = None
    group: Localized | None = None
    edition_title: Localized | None = None


def check_in(actor: Actor, live_session_id: str, person_id: str, *, at: datetime) -> ShownResult:
    """Check in a person whose name was tapped.

    Two desks at once: the second learns of the first. Raises DeskRefusedError (`not_now`,
    `cancelled`, `not_enrolled`, `other_group` with the title of theirs).
    """
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    require_desk_open(card, at)
    if not is_id(person_id):
        raise DeskRefusedError("not_enrolled")
    expected = door.find_expected(card.id, edition.edition_id, person_id)
    if expected is None:
        raise DeskRefusedError("not_enrolled")
    if not expected.here:
        raise DeskRefusedError("other_group", group=expected.group)
    who = PersonId(person_id)
    fresh = write_check_in(actor, card, who, CheckInSource.TAP, came_at=at, at=at)
    return _in_now(card, who, Shown.DONE if fresh else Shown.ALREADY)


def check_in_by_ticket(
    actor: Actor, live_session_id: str, text: str, *, secret: bytes, at: datetime
) -> ShownResult:
    """Check in whom a ticket names: what its QR code says, or its short code typed by hand.

    Nothing is refused by an error but what this desk may not do at all: the outcome says it.
    """
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    ticket = read_ticket(secret, text) or _of_code(edition.edition_id, text, secret)
    record = door.find_ticket_record(ticket.enrolment_id) if ticket is not None else None
    if ticket is None or record is None:
        return ShownResult(Shown.UNREADABLE)
    same = record.edition_id == edition.edition_id
    here = door.find_here(card.id, record.person_id) if same else None
    elsewhere = door.find_elsewhere(card.id, record.person_id, at) if same else None
    expected = door.find_expected(card.id, edition.edition_id, record.person_id) if same else None
    outcome = judge_shown(
        ShownFacts(
            state=record.state,
            same_edition=same,
            edition_over=record.last_end is not None and record.last_end <= at,
            session_cancelled=card.is_cancelled,
            desk_open=is_desk_open(card.starts_at, card.ends_at, at),
            here=here is not None,
            elsewhere=elsewhere is not None,
            replaced=ticket.issue != record.issue,
            other_group=expected is not None and not expected.here,
        )
    )
    if not same:
        return _of_another(actor, record, outcome)
    if outcome.is_in:
        fresh = outcome is Shown.DONE and write_check_in(
            actor, card, record.person_id, CheckInSource.QR, came_at=at, at=at
        )
        return _in_now(card, record.person_id, Shown.DONE if fresh else Shown.ALREADY)
    if outcome in {Shown.REPLACED, Shown.COPIED}:
        record_act(
            actor, f"check_in.{outcome.value}_ticket", "live_session", card.id, at=at,
            person_id=record.person_id,
        )  # fmt: skip
    return ShownResult(
        outcome, record.person_id, record.name, record.kana, record.state,
        at=_since(outcome, record, elsewhere),
        elsewhere=elsewhere.title if elsewhere is not None and outcome is Shown.COPIED else None,
        group=expected.group if expected is not None and outcome is Shown.OTHER_GROUP else None,
    )  # fmt: skip


def _since(outcome: Shown, record: TicketRecord, elsewhere: Elsewhere | None) -> datetime | None:
    if outcome is Shown.REPLACED:
        return record.issued_at
    return elsewhere.at if elsewhere is not None and outcome is Shown.COPIED else None


def _of_code(edition_id: str, text: str, secret: bytes) -> Ticket | None:
    """Return the ticket of this edition with a short code; of two with the same one, none.

    One that was replaced is found where no ticket that is good has its code.
    """
    wanted = clean_code(text)
    if not wanted:
        return None
    good = door.tickets_of(edition_id)
    replaced = [Ticket(one.enrolment_id, issue) for one in good for issue in range(one.issue)]
    for tickets in (good, replaced):
        found = [
            one for one in tickets if short_code(secret, one.enrolment_id, one.issue) == wanted
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _of_another(actor: Actor, record: TicketRecord, outcome: Shown) -> ShownResult:
    """Say nothing of a person of another edition, and its title only to those who run it."""
    runs_it = policy.may_organise(actor, record.programme_id)
    return ShownResult(outcome, edition_title=record.edition_title if runs_it else None)


def _in_now(card: SessionCard, person_id: PersonId, outcome: Shown) -> ShownResult:
    here = door.find_here(card.id, person_id)
    assert here is not None
    return ShownResult(
        outcome,
        person_id,
        here.name,
        here.kana,
        EnrolmentState.ENROLLED.value,
        at=here.at,
        source=here.source,
        by_name=here.by_name,
    )


def require_desk_open(card: SessionCard, at: datetime) -> None:
    """Refuse what can only be done as people come. Raises DeskRefusedError."""
    if card.is_cancelled:
        raise DeskRefusedError("cancelled")
    if not is_desk_open(card.starts_at, card.ends_at, at):
        raise DeskRefusedError(
            "not_now", opens_at=card.starts_at - DESK_OPENS, closes_at=card.ends_at + DESK_CLOSES
        )


def write_check_in(
    actor: Actor,
    card: SessionCard,
    person_id: PersonId,
    source: CheckInSource,
    *,
    came_at: datetime,
    at: datetime,
) -> bool:
    """Write that the desk saw a person; False when somebody else has written it already.

    Who may was decided by the caller. The index on open check-ins keeps two desks from writing
    two: no row is locked, so that nobody who presses join waits for the desk.
    """
    try:
        with db.session.begin_nested():
            db.session.add(
                CheckIn(
                    live_session_id=card.id,
                    person_id=person_id,
                    at=came_at,
                    entered_at=at,
                    by_id=actor.person_id,
                    source=source.value,
                )
            )
            db.session.flush()
    except IntegrityError:
        if person_id not in door.list_here(card.id):
            raise  # it was not the other desk: a reference leads nowhere
        return False
    record_act(
        actor, "check_in.done", "live_session", card.id, at=at,
        person_id=person_id, source=source.value, came_at=came_at.isoformat(),
    )  # fmt: skip
    raise_event(AttendanceChanged(card.id, card.edition_id, person_id, at))
    return True


def undo_check_in(actor: Actor, live_session_id: str, person_id: str, *, at: datetime) -> bool:
    """Take a check-in back; it stays written with who did so. False when there is none."""
    edition = policy.require_desk_of_session(actor, live_session_id)
    if not is_id(person_id):
        raise NotFoundError
    row = db.session.scalar(
        select(CheckIn)
        .where(
            CheckIn.live_session_id == live_session_id,
            CheckIn.person_id == person_id,
            CheckIn.undone_at.is_(None),
        )
        .with_for_update()
    )
    if row is None:
        return False
    row.undone_at, row.undone_by = at, actor.person_id
    record_act(
        actor, "check_in.undone", "live_session", live_session_id, at=at,
        person_id=person_id, source=row.source,
    )  # fmt: skip
    card = queries.get_live_session(live_session_id)
    raise_event(AttendanceChanged(card.id, edition.edition_id, PersonId(person_id), at))
    return True


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A person on a signed sheet and the moment when they came."""

    person_id: PersonId
    came_at: datetime


def enter_paper(
    actor: Actor, live_session_id: str, lines: Sequence[PaperLine], *, at: datetime
) -> int:
    """Enter signed sheets afterwards, all lines or none; return how many were new.

    Raises SessionInputError with the person's id as `field` where a time cannot be
    (`paper_in_future`, `paper_far`); DeskRefusedError for a cancelled session.
    """
    policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    if card.is_cancelled:
        raise DeskRefusedError("cancelled")
    expected = set(list_participant_ids(card.id))
    for line in lines:
        if line.person_id not in expected:
            raise NotFoundError
        fault = judge_paper_time(line.came_at, card.starts_at, card.ends_at, at)
        if fault is not None:
            raise SessionInputError(line.person_id, fault.value)
    here = door.list_here(card.id)
    return sum(
        write_check_in(
            actor, card, line.person_id, CheckInSource.PAPER, came_at=line.came_at, at=at
        )
        for line in lines
        if line.person_id not in here
    )
