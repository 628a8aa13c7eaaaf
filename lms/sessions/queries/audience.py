"""Who is told of a session: those enrolled whom it is for, and those who run it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select, union

from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.sessions.models import LiveSession, SessionInvitation, SessionSpeaker
from lms.sessions.queries.groups import is_meant
from lms.sessions.rules.inviting import LastWord


def _enrolled(live_session_id: str) -> Select[str]:
    return (
        select(Enrolment.person_id)
        .join(LiveSession, LiveSession.edition_id == Enrolment.edition_id)
        .where(
            LiveSession.id == live_session_id,
            Enrolment.state == EnrolmentState.ENROLLED.value,
            is_meant(live_session_id),
        )
    )


def _hands(live_session_id: str) -> tuple[Select[str | None], ...]:
    return (
        select(SessionSpeaker.person_id).where(
            SessionSpeaker.live_session_id == live_session_id,
            SessionSpeaker.person_id.is_not(None),
        ),
        select(LiveSession.host_id).where(
            LiveSession.id == live_session_id, LiveSession.host_id.is_not(None)
        ),
    )


def list_audience_ids(live_session_id: str) -> list[str]:
    """Return everyone who is told of a session, in the order of ids. One query."""
    people: Any = union(_enrolled(live_session_id), *_hands(live_session_id))
    return sorted(str(person_id) for person_id in db.session.scalars(people))


def list_told_ids(live_session_id: str) -> list[str]:
    """Return everyone on a session's list and everyone whose calendar was told of it. One query."""
    told = select(SessionInvitation.person_id).where(
        SessionInvitation.live_session_id == live_session_id
    )
    people: Any = union(_enrolled(live_session_id), *_hands(live_session_id), told)
    return sorted(str(person_id) for person_id in db.session.scalars(people))


def list_hand_ids(live_session_id: str) -> list[str]:
    """Return who runs a session: speakers, interpreters, hosts. One query."""
    found = db.session.scalars(union(*_hands(live_session_id)))
    return sorted(str(person_id) for person_id in found)


def list_hands_of(live_session_ids: Collection[str]) -> dict[str, set[str]]:
    """Return who runs each of these sessions, by session. Two queries."""
    found: dict[str, set[str]] = {key: set() for key in live_session_ids}
    for rows in (
        select(SessionSpeaker.live_session_id, SessionSpeaker.person_id).where(
            SessionSpeaker.live_session_id.in_(live_session_ids),
            SessionSpeaker.person_id.is_not(None),
        ),
        select(LiveSession.id, LiveSession.host_id).where(
            LiveSession.id.in_(live_session_ids), LiveSession.host_id.is_not(None)
        ),
    ):
        for live_session_id, person_id in db.session.execute(rows):
            found[live_session_id].add(str(person_id))
    return found


def list_invited_ids(live_session_id: str) -> list[str]:
    """Return whose calendar holds a session, by the last that it was told. One query."""
    return list(
        db.session.scalars(
            select(SessionInvitation.person_id)
            .where(
                SessionInvitation.live_session_id == live_session_id,
                SessionInvitation.method == "REQUEST",
            )
            .order_by(SessionInvitation.person_id)
        )
    )


def list_invited_of(live_session_ids: Collection[str]) -> dict[str, set[str]]:
    """Return whose calendar holds each of these sessions, by session. One query."""
    found: dict[str, set[str]] = {key: set() for key in live_session_ids}
    for live_session_id, person_id in db.session.execute(
        select(SessionInvitation.live_session_id, SessionInvitation.person_id).where(
            SessionInvitation.live_session_id.in_(live_session_ids),
            SessionInvitation.method == "REQUEST",
        )
    ):
        found[live_session_id].add(person_id)
    return found


def sessions_told_to(
    person_ids: Collection[str], live_session_ids: Collection[str]
) -> dict[str, set[str]]:
    """Return of which of these sessions each person's calendar was told anything. One query."""
    told: dict[str, set[str]] = {}
    for person_id, live_session_id in db.session.execute(
        select(SessionInvitation.person_id, SessionInvitation.live_session_id).where(
            SessionInvitation.person_id.in_(person_ids),
            SessionInvitation.live_session_id.in_(live_session_ids),
        )
    ):
        told.setdefault(person_id, set()).add(live_session_id)
    return told


def run_by(person_id: str, live_session_ids: Collection[str]) -> set[str]:
    """Return which of these sessions a person runs. One query."""
    speaking = select(SessionSpeaker.live_session_id).where(
        SessionSpeaker.person_id == person_id,
        SessionSpeaker.live_session_id.in_(live_session_ids),
    )
    hosting = select(LiveSession.id).where(
        LiveSession.host_id == person_id, LiveSession.id.in_(live_session_ids)
    )
    return set(db.session.scalars(union(speaking, hosting)))


def sessions_held_by(
    person_ids: Collection[str], live_session_ids: Collection[str]
) -> dict[str, set[str]]:
    """Return which of these sessions each person's calendar holds, by person. One query."""
    held: dict[str, set[str]] = {}
    rows = db.session.execute(
        select(SessionInvitation.person_id, SessionInvitation.live_session_id).where(
            SessionInvitation.person_id.in_(person_ids),
            SessionInvitation.live_session_id.in_(live_session_ids),
            SessionInvitation.method == "REQUEST",
        )
    )
    for person_id, live_session_id in rows:
        held.setdefault(person_id, set()).add(live_session_id)
    return held


def last_words(person_id: str, live_session_ids: Collection[str]) -> dict[str, LastWord]:
    """Return what a person's calendar was told of these sessions, by session. One query."""
    rows = db.session.scalars(
        select(SessionInvitation).where(
            SessionInvitation.person_id == person_id,
            SessionInvitation.live_session_id.in_(live_session_ids),
        )
    )
    return {
        row.live_session_id: LastWord(row.method, row.sequence, row.session_sequence)
        for row in rows
    }
