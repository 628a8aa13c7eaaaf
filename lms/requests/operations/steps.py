"""What every act on a request begins and ends with: who may, the state, the history."""

from datetime import datetime
from typing import Any

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.people.queries import is_id, read_tree
from lms.requests import policy
from lms.requests.errors import MeetingRequestInputError, MeetingRequestRefusedError
from lms.requests.models import MeetingRequest, MeetingRequestEntry
from lms.requests.rules import MAX_MESSAGE, Source, State, Step, may_follow


def locked(actor: Actor, meeting_request_id: str) -> MeetingRequest:
    """Return a request that the actor sees, locked. Raises NotFoundError."""
    row: MeetingRequest | None = (
        lock_row(MeetingRequest, meeting_request_id) if is_id(meeting_request_id) else None
    )
    if row is None:
        raise NotFoundError
    policy.require_seen(actor, row, read_tree())
    return row


def locked_to_answer(actor: Actor, meeting_request_id: str) -> MeetingRequest:
    """Return a request that the actor answers, locked. Raises NotFoundError."""
    row: MeetingRequest | None = (
        lock_row(MeetingRequest, meeting_request_id) if is_id(meeting_request_id) else None
    )
    if row is None:
        raise NotFoundError
    policy.require_answerer(actor, row)
    return row


def require(row: MeetingRequest, step: Step, version: int | None = None) -> None:
    """Refuse what does not fit the state, and what was decided on another version than this."""
    if not may_follow(row.state, step):
        raise MeetingRequestRefusedError("wrong_state")
    if version is not None and row.version != version:
        raise MeetingRequestRefusedError("changed_meanwhile")


def is_office(actor: Actor, row: MeetingRequest) -> bool:
    """Whether the actor speaks for the office: who answers does, but for a request of their own."""
    if not policy.may_answer(actor, row.programme_id):
        return False
    own = row.created_by == actor.person_id and row.source == Source.BROWSER
    return not (own and policy.may_ask_for(actor, row.organisation_id, read_tree()))


def tidy_message(text: str, name: str, *, needed: bool = False) -> str:
    """Return a text without space around it. Raises MeetingRequestInputError at field `name`."""
    text = text.strip()
    if needed and not text:
        raise MeetingRequestInputError(name, "required")
    if len(text) > MAX_MESSAGE:
        raise MeetingRequestInputError(name, "too_long", most=MAX_MESSAGE)
    return text


def moved(row: MeetingRequest, at: datetime) -> None:
    """Count a change, so that nobody decides on what they did not see."""
    row.version += 1
    row.changed_at = at


def decide(row: MeetingRequest, state: State, actor: Actor, at: datetime) -> None:
    """Set the state in which a request ends."""
    row.state = state
    row.decided_at = at
    row.decided_by = actor.person_id
    moved(row, at)


def note(
    row: MeetingRequest, step: Step, actor: Actor, at: datetime, *, by_staff: bool, text: str = ""
) -> MeetingRequestEntry:
    """Write a line of the history."""
    entry = MeetingRequestEntry(
        meeting_request_id=row.id,
        step=step,
        by_id=actor.person_id,
        by_staff=by_staff,
        text=text,
        at=at,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def audit(actor: Actor, act: str, row: MeetingRequest, at: datetime, **details: Any) -> None:
    """Write an entry of the audit; `details` hold ids and codes only."""
    record_act(actor, f"meeting_request.{act}", "meeting_request", row.id, at=at, **details)
