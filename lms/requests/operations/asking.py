"""Asking for a study meeting, changing what is asked for, taking it back, writing about it."""

from datetime import datetime

from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.people.models import Organisation
from lms.requests import events
from lms.requests.models import MeetingRequest
from lms.requests.operations.checking import RequestPlan, checked, columns_of, dates_of
from lms.requests.operations.steps import (
    audit,
    decide,
    is_office,
    locked,
    moved,
    note,
    require,
    tidy_message,
)
from lms.requests.queries import find_same
from lms.requests.rules import SAME_WITHIN, Source, State, Step, WishedDate


def submit_request(actor: Actor, plan: RequestPlan, *, at: datetime) -> str:
    """Ask for a study meeting; return the request's id.

    The same thing asked by the same person a moment ago (a button pressed twice) is that one.
    Raises NotFoundError for who may not ask for the organisation, MeetingRequestInputError,
    MeetingRequestRefusedError("asked_for_no_more") for a programme that is not offered.
    """
    plan, by_staff = checked(actor, plan, at)
    lock_row(Organisation, plan.organisation_id)  # so that two presses come one after the other
    row = MeetingRequest(
        state=State.RECEIVED,
        source=Source(plan.source) if by_staff else Source.BROWSER,
        created_by=actor.person_id,
        created_at=at,
        changed_at=at,
        **columns_of(plan),
    )
    row.dates = dates_of(plan)
    same = find_same(row, at - SAME_WITHIN)
    if same is not None:
        return same.id
    db.session.add(row)
    db.session.flush()
    note(row, Step.RECEIVED, actor, at, by_staff=by_staff)
    audit(actor, "received", row, at, organisation_id=row.organisation_id, source=row.source)
    raise_event(events.MeetingRequested(row.id, at))
    return row.id


def change_request(
    actor: Actor, meeting_request_id: str, plan: RequestPlan, *, version: int, at: datetime
) -> bool:
    """Change what is asked for, while it is not decided; False when nothing was different.

    `version` is the one that was seen: MeetingRequestRefusedError("changed_meanwhile").
    """
    row = locked(actor, meeting_request_id)
    require(row, Step.CHANGED, version)
    plan, by_staff = checked(actor, plan, at, keep=row.programme_id)
    columns, dates = columns_of(plan), plan.dates
    columns["written_in"] = row.written_in if plan.theme == row.theme else plan.written_in
    if by_staff and row.source != Source.BROWSER:
        columns["source"] = Source(plan.source)
    before = tuple(WishedDate(one.starts_local, one.ends_local) for one in row.dates)
    changed = sorted(name for name, value in columns.items() if getattr(row, name) != value)
    if before != dates:
        row.dates = dates_of(plan)
        changed.append("dates")
    if not changed:
        return False
    for name, value in columns.items():
        setattr(row, name, value)
    moved(row, at)
    note(row, Step.CHANGED, actor, at, by_staff=by_staff)
    audit(actor, "changed", row, at, fields=changed)
    raise_event(events.MeetingRequestChanged(row.id, by_staff, at))
    return True


def withdraw_request(actor: Actor, meeting_request_id: str, *, at: datetime) -> None:
    """Take a request back, while it is not decided."""
    row = locked(actor, meeting_request_id)
    require(row, Step.WITHDRAWN)
    by_staff = is_office(actor, row)
    decide(row, State.WITHDRAWN, actor, at)
    note(row, Step.WITHDRAWN, actor, at, by_staff=by_staff)
    audit(actor, "withdrawn", row, at)
    raise_event(events.MeetingRequestWithdrawn(row.id, by_staff, at))


def write_message(actor: Actor, meeting_request_id: str, text: str, *, at: datetime) -> None:
    """Write to the other side. The office's first word means that it is in talks."""
    row = locked(actor, meeting_request_id)
    require(row, Step.MESSAGE)
    text = tidy_message(text, "text", needed=True)
    by_staff = is_office(actor, row)
    if by_staff and row.state == State.RECEIVED:
        row.state = State.IN_TALKS
    row.changed_at = at
    entry = note(row, Step.MESSAGE, actor, at, by_staff=by_staff, text=text)
    audit(actor, "message_written", row, at)
    raise_event(events.MeetingRequestMessageWritten(row.id, entry.id, by_staff, at))
