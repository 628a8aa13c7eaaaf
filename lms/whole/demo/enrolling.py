"""Who is in which edition, who waits, who was there, who earned what."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from lms.completion.models import RevocationTask
from lms.courses.models import Edition, EditionState
from lms.enrolment.models import Attending, Enrolment
from lms.enrolment.operations import apply_for_edition, decide_applications
from lms.enrolment.rules import Decision
from lms.infra.db import db
from lms.kernel.ids import EditionId, PersonId
from lms.records.queries import find_achievement
from lms.sessions.models import AttendanceStatus, CheckIn, JoinPress, LiveSession
from lms.sessions.operations import (
    AttendanceMark,
    RestMark,
    join_live_session,
    record_attendance,
)
from lms.sessions.operations.checking_in import check_in
from lms.whole.demo.courses import days_ago, find_edition, parts_of, session_of
from lms.whole.demo.data import read_stories
from lms.whole.demo.people import actor_of, id_of


def seed_enrolments(at: datetime) -> None:
    """Let people apply and be decided on, each at a moment of their own in the past."""
    for story in read_stories()["editions"]:
        edition = find_edition(story["edition"])
        if edition.state != EditionState.PUBLISHED:
            continue
        opened = days_ago(at, -story["published"])
        messages = story.get("messages", {})
        step = (at - opened) / 60
        moment = opened
        for group, decision in (
            ("enrolled", Decision.ACCEPT),
            ("waiting", Decision.WAITLIST),
            ("applied", None),
        ):
            for login, way in story.get(group, {}).items():
                moment += step
                message = messages.get(login, "")
                _enrol(edition, login, way, decision, message=message, at=moment)


def _enrol(
    edition: Edition,
    login: str,
    way: str,
    decision: Decision | None,
    *,
    at: datetime,
    message: str = "",
) -> None:
    person_id = id_of(login)
    known = db.session.scalar(
        select(Enrolment.id).where(
            Enrolment.edition_id == edition.id, Enrolment.person_id == person_id
        )
    )
    if known is not None:
        return
    apply_for_edition(edition.id, attending=way, message=message, actor=actor_of(login, at), at=at)
    if decision is None or edition.approval == "first_come":
        return
    enrolment_id = db.session.scalars(
        select(Enrolment.id).where(
            Enrolment.edition_id == edition.id, Enrolment.person_id == person_id
        )
    ).one()
    organiser, later = actor_of("organiser", at), at + timedelta(minutes=30)
    decide_applications(edition.id, [enrolment_id], decision, actor=organiser, at=later)


def held_sessions(at: datetime) -> list[tuple[str, tuple[str, ...]]]:
    """Return the sessions that have been held, in order, and who was there."""
    found: list[tuple[LiveSession, tuple[str, ...]]] = []
    for story in read_stories()["editions"]:
        edition = find_edition(story["edition"])
        for slug, logins in story.get("attended", {}).items():
            session = session_of(edition.id, parts_of(edition.id)[slug].id)
            if session is not None and session.ends_at < at:
                found.append((session, tuple(logins)))
    found.sort(key=lambda one: (one[0].starts_at, one[0].id))
    return [(session.id, logins) for session, logins in found]


def seed_attendance(session_id: str, logins: Iterable[str]) -> None:
    """Let people press join at a session that has been held.

    A transaction for each: completion is judged at its end, as of the presses in it.
    """
    _attend(db.session.get_one(LiveSession, session_id), logins)


def seed_absences(session_id: str, at: datetime) -> None:
    """Close the list of a session that has been held: whoever did not come was absent."""
    session = db.session.get_one(LiveSession, session_id)
    closed = session.ends_at + timedelta(hours=1)
    record_attendance(
        actor_of("organiser", at), session.id, [], rest=RestMark.ABSENT, at=min(closed, at)
    )


def _attend(session: LiveSession, logins: Iterable[str]) -> None:
    """Let people come: who takes part in the room is checked in, others press join."""
    in_room = set(
        db.session.scalars(
            select(Enrolment.person_id).where(
                Enrolment.edition_id == session.edition_id, Enrolment.attending == Attending.VENUE
            )
        )
    )
    come = {
        person_id
        for evidence in (JoinPress, CheckIn)
        for person_id in db.session.scalars(
            select(evidence.person_id).where(evidence.live_session_id == session.id)
        )
    }
    for number, login in enumerate(logins):
        person_id, moment = id_of(login), session.starts_at + timedelta(minutes=number - 6)
        if person_id in come:
            continue
        if person_id in in_room:
            check_in(actor_of("organiser", moment), session.id, person_id, at=moment)
        else:
            join_live_session(actor_of(login, moment), session.id, at=moment)


def seed_completions(edition_id: EditionId, at: datetime) -> None:
    """Let people take part in the edition of the past; who was there earned a certificate."""
    story = read_stories()["past"]
    edition = db.session.get_one(Edition, edition_id)
    (part,) = parts_of(edition_id).values()
    session = session_of(edition_id, part.id)
    assert session is not None
    opened = days_ago(at, 28 - story["day"])
    for number, login in enumerate(story["enrolled"]):
        _enrol(edition, login, "web", None, at=opened + timedelta(hours=number))
    _attend(session, story["attended"])


def seed_question(edition_id: EditionId, at: datetime) -> None:
    """Correct an attendance that a certificate rests on: a person must decide about it now."""
    story = read_stories()["past"]
    person_id = id_of(story["questioned"])
    achievement = find_achievement(PersonId(person_id), edition_id)
    if achievement is None or db.session.scalar(
        select(RevocationTask.id).where(RevocationTask.achievement_id == achievement.id).limit(1)
    ):
        return
    (part,) = parts_of(edition_id).values()
    session = session_of(edition_id, part.id)
    assert session is not None
    mark = AttendanceMark(person_id, AttendanceStatus.ABSENT, "web", reason=story["reason"])
    record_attendance(actor_of("organiser", at), session.id, [mark], at=at - timedelta(hours=2))
