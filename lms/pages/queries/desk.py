"""What needs an organiser today, over everything they look after, in eight queries.

Three more where a recording is gone that somebody may still need.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select

from lms.completion.queries import OpenQuestion, list_open_questions
from lms.completion.queries.dependants import count_dependants
from lms.courses.models import EditionState
from lms.courses.queries import Entry, list_desk_entries
from lms.enrolment.queries import count_by_state
from lms.infra.db import db
from lms.infra.mail.models import MailState, OutboxMail
from lms.kernel.actor import Actor
from lms.recordings.models import Recording, Stage
from lms.requests.queries import count_open
from lms.rights.queries.gone import find_gone
from lms.sessions.models import Attendance, LiveSession

_LOOK_AHEAD = timedelta(days=2)
_LOOK_BACK = timedelta(days=14)


class Need(StrEnum):
    """A kind of work that waits for an organiser."""

    MEETING_REQUESTS = "meeting_requests"
    APPLICATIONS = "applications"
    SESSION_SOON = "session_soon"
    SESSION_WITHOUT_PLACE = "session_without_place"
    ATTENDANCE_OPEN = "attendance_open"
    RECORDING_FAILED = "recording_failed"
    RECORDING_TO_CLEAR = "recording_to_clear"
    RECORDING_GONE = "recording_gone"
    DRAFT = "draft"
    QUESTION = "question"
    MAIL_FAILED = "mail_failed"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `count` where it stands for several; `moment` when it falls due."""

    need: Need
    entry: Entry | None = None
    thing: Any = None
    count: int = 1
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The desk: what to do now, what is incomplete, what is looked after."""

    today: tuple[Task, ...]
    incomplete: tuple[Task, ...]
    entries: tuple[Entry, ...]
    counts: dict[str, dict[str, int]]


def find_desk(actor: Actor, at: datetime) -> Desk:
    """Return the work of an organiser at a moment."""
    entries = list_desk_entries(actor)
    running = {
        e.edition.id: e
        for e in entries
        if e.edition.state in {EditionState.PUBLISHED.value, EditionState.DRAFT.value}
    }
    counts = count_by_state(list(running))
    today: list[Task] = []
    incomplete: list[Task] = []
    asked, since = count_open(actor)
    if asked:
        today.append(Task(Need.MEETING_REQUESTS, count=asked, moment=since))
    for edition_id, entry in running.items():
        waiting = counts[edition_id].get("applied", 0) + counts[edition_id].get("under_review", 0)
        if waiting:
            today.append(Task(Need.APPLICATIONS, entry, count=waiting))
        if entry.edition.state == EditionState.DRAFT.value:
            incomplete.append(Task(Need.DRAFT, entry))
    for task in _session_tasks(running, at):
        (incomplete if task.need is Need.SESSION_WITHOUT_PLACE else today).append(task)
    incomplete += _recording_tasks(running)
    today += _gone_tasks(running, at)
    today += [
        Task(Need.QUESTION, running.get(question.edition.id), question)
        for question in _questions(running)
    ]
    if failed := count_failed_mail():
        today.append(Task(Need.MAIL_FAILED, count=failed))
    return Desk(tuple(today), tuple(incomplete), tuple(entries), counts)


def _questions(running: Collection[str]) -> Sequence[OpenQuestion]:
    return list_open_questions(running)


def _session_tasks(running: dict[str, Entry], at: datetime) -> list[Task]:
    """Sessions of the next two days, without a place, or over without attendance."""
    marked = (
        select(func.count())
        .where(Attendance.live_session_id == LiveSession.id)
        .correlate(LiveSession)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(LiveSession, marked)
        .where(
            LiveSession.edition_id.in_(running),
            LiveSession.cancelled_at.is_(None),
            LiveSession.ends_at > at - _LOOK_BACK,
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    ).all()
    tasks = []
    for session, count in rows:
        entry = running[session.edition_id]
        if session.ends_at <= at:
            if not count:
                tasks.append(Task(Need.ATTENDANCE_OPEN, entry, session, moment=session.ends_at))
            continue
        if session.starts_at <= at + _LOOK_AHEAD:
            tasks.append(Task(Need.SESSION_SOON, entry, session, moment=session.starts_at))
        if not session.web_url and not session.venue_name:
            tasks.append(Task(Need.SESSION_WITHOUT_PLACE, entry, session, moment=session.starts_at))
    return tasks


def _recording_tasks(running: dict[str, Entry]) -> list[Task]:
    rows = db.session.scalars(
        select(Recording)
        .where(
            Recording.edition_id.in_(running),
            or_(Recording.stage == Stage.FAILED.value, Recording.stage == Stage.REVIEW.value),
        )
        .order_by(Recording.created_at, Recording.id)
    )
    return [
        Task(
            Need.RECORDING_FAILED if one.stage == Stage.FAILED else Need.RECORDING_TO_CLEAR,
            running[one.edition_id],
            one,
        )
        for one in rows
    ]


def _gone_tasks(running: dict[str, Entry], at: datetime) -> list[Task]:
    """Return what is gone from everyone while somebody still needs it to complete."""
    gone = [recording for recording, _why in find_gone(at, edition_ids=running).values()]
    counts = count_dependants(gone)
    return [
        Task(Need.RECORDING_GONE, running[one.edition_id], one, count=counts[one.id])
        for one in gone
        if counts.get(one.id)
    ]


def count_failed_mail() -> int:
    """Return how many mails were refused for good or given up."""
    return (
        db.session.scalar(select(func.count()).where(OutboxMail.state == MailState.FAILED.value))
        or 0
    )
