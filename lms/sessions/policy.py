"""Who may act on live sessions."""

from datetime import datetime
from functools import partial

from lms.courses.policy import may_manage_programme
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.people.queries import is_id
from lms.sessions import queries
from lms.sessions.queries import EditionDesk, SessionCard, UpcomingSession, door
from lms.sessions.queries.door import TicketRecord
from lms.sessions.rules import ADMITTED, Standing


def may_organise(actor: Actor, programme_id: str) -> bool:
    """Whether the actor runs the sessions of a programme: who looks after the programme does."""
    return may_manage_programme(actor, programme_id)


def require_organiser_of_edition(actor: Actor, edition_id: str) -> EditionDesk:
    """Return the edition for those who run it. Raises NotFoundError for everyone else."""
    edition = queries.find_edition_desk(edition_id) if is_id(edition_id) else None
    if edition is None or not may_organise(actor, edition.programme_id):
        raise NotFoundError
    return edition


def require_venue_keeper(actor: Actor) -> None:
    """Refuse, as if nothing were there, who keeps no venues: every organiser does."""
    if not actor.is_staff:
        raise NotFoundError


def require_organiser_of_session(actor: Actor, live_session_id: str) -> EditionDesk:
    """Return a session's edition for those who run it. Raises NotFoundError for everyone else."""
    edition_id = queries.edition_of_session(live_session_id) if is_id(live_session_id) else None
    if edition_id is None:
        raise NotFoundError
    return require_organiser_of_edition(actor, edition_id)


def may_sit_at_desk(actor: Actor, edition: EditionDesk) -> bool:
    """Whether the actor checks people in: who runs the edition, and whom they asked to."""
    return may_organise(actor, edition.programme_id) or queries.is_desk_hand(
        edition.edition_id, actor.person_id
    )


def require_desk_of_edition(actor: Actor, edition_id: str) -> EditionDesk:
    """Return the edition for its front desk. Raises NotFoundError for everyone else."""
    edition = queries.find_edition_desk(edition_id) if is_id(edition_id) else None
    if edition is None or not may_sit_at_desk(actor, edition):
        raise NotFoundError
    return edition


def require_desk_of_session(actor: Actor, live_session_id: str) -> EditionDesk:
    """Return a session's edition for its front desk. Raises NotFoundError for everyone else."""
    edition_id = queries.edition_of_session(live_session_id) if is_id(live_session_id) else None
    if edition_id is None:
        raise NotFoundError
    return require_desk_of_edition(actor, edition_id)


def require_ticket(actor: Actor, edition_id: str) -> TicketRecord:
    """Return what the actor's own ticket stands for. Raises NotFoundError without a seat."""
    if actor.person_id is None or not is_id(edition_id):
        raise NotFoundError
    enrolment_id = door.find_own_enrolment(edition_id, actor.person_id)
    record = door.find_ticket_record(enrolment_id) if enrolment_id is not None else None
    if record is None:
        raise NotFoundError
    return record


def may_know(standing: Standing) -> bool:
    """Whether a person may know that a session exists."""
    return standing is not Standing.NONE


def may_join(standing: Standing) -> bool:
    """Whether a person is on the list of those let in."""
    return standing in ADMITTED


def require_host(actor: Actor, live_session_id: str, at: datetime) -> SessionCard:
    """Return a session for those who hold its real address: who runs it, and its host.

    Raises NotFoundError for everyone else.
    """
    found = require_known(actor, live_session_id, at)
    if found.standing is not Standing.HOST and not may_organise(actor, found.card.programme_id):
        raise NotFoundError
    return found.card


def may_check(found: UpcomingSession, at: datetime) -> bool:
    """Whether a check of one's connection is of use: one may join, and it is not over."""
    card = found.card
    return (
        may_join(found.standing)
        and card.has_web
        and not card.is_cancelled
        and at < card.joins_until
    )


def require_known(actor: Actor, live_session_id: str, at: datetime) -> UpcomingSession:
    """Return a session as the actor sees it, in one query.

    Raises NotFoundError when it is missing or the actor may not know of it.
    """
    if not is_id(live_session_id):
        raise NotFoundError
    found = queries.find_live_session_for(
        live_session_id, actor.person_id, at, partial(may_organise, actor)
    )
    if found is None or not may_know(found.standing):
        raise NotFoundError
    return found
