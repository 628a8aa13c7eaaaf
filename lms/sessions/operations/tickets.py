"""Issuing a new ticket for the front desk, after which the one before is good no more."""

from datetime import datetime

from sqlalchemy import select

from lms.enrolment.models import Enrolment
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import PersonId
from lms.people.queries import find_account
from lms.sessions import policy
from lms.sessions.errors import DeskRefusedError
from lms.sessions.events import TicketRenewed
from lms.sessions.models import TicketIssue
from lms.sessions.queries import door
from lms.sessions.rules.tickets import MOST_ISSUES


def renew_own_ticket(actor: Actor, edition_id: str, *, at: datetime) -> None:
    """Issue a new ticket to the actor, whose old one may be in other hands.

    Raises NotFoundError without a seat; DeskRefusedError (`tickets_used_up`).
    """
    record = policy.require_ticket(actor, edition_id)
    _renew(actor, record.enrolment_id, at)


def renew_ticket_of(actor: Actor, edition_id: str, handle: str, *, at: datetime) -> PersonId:
    """Issue a new ticket to a person of an edition, for who runs it; they are told by mail.

    `handle`: sign-in id or address. Raises DeskRefusedError (`nobody_of_this_name`,
    `not_enrolled`, `tickets_used_up`).
    """
    policy.require_organiser_of_edition(actor, edition_id)
    account = find_account(handle)
    if account is None:
        raise DeskRefusedError("nobody_of_this_name")
    enrolment_id = door.find_own_enrolment(edition_id, account.person_id)
    if enrolment_id is None:
        raise DeskRefusedError("not_enrolled")
    _renew(actor, enrolment_id, at)
    return PersonId(account.person_id)


def _renew(actor: Actor, enrolment_id: str, at: datetime) -> None:
    enrolment: Enrolment = lock_row(Enrolment, enrolment_id)
    row = db.session.scalar(select(TicketIssue).where(TicketIssue.enrolment_id == enrolment_id))
    if row is None:
        row = TicketIssue(enrolment_id=enrolment_id, number=0)
        db.session.add(row)
    if row.number + 1 >= MOST_ISSUES:
        raise DeskRefusedError("tickets_used_up")
    assert actor.person_id is not None
    row.number, row.at, row.by_id = row.number + 1, at, actor.person_id
    db.session.flush()
    record_act(
        actor, "ticket.renewed", "enrolment", enrolment_id, at=at, person_id=enrolment.person_id
    )
    raise_event(TicketRenewed(enrolment.edition_id, PersonId(enrolment.person_id), at))
