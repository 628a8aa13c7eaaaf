"""Having a session's meeting held by a service, and writing down what the service answered."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.jobs.ledger import enqueue
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.ids import EditionId
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.models import LiveSession, MeetingState, PersonalLink, ProviderMeeting
from lms.sessions.operations.announcing import write_change
from lms.sessions.operations.scheduling import TOLD

MOST_TRIES = 8
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting as a service answered it."""

    id: str
    join_url: str
    passcode: str


def choose_provider(
    actor: Actor, live_session_id: str, provider: str, offered: tuple[str, ...], *, at: datetime
) -> bool:
    """Have the meeting held by a service, or ('') by the plain address; False: as it was.

    Choosing the same again where the service was given up asks it once more.
    `offered` are the services that are set up here. The plain address that people have already
    stays until the service has answered, and afterwards where it is not the service's own.
    """
    policy.require_organiser_of_session(actor, live_session_id)
    session: LiveSession = lock_row(LiveSession, live_session_id)
    if session.cancelled_at is not None:
        raise LiveSessionRefusedError("cancelled")
    if provider and provider not in offered:
        raise SessionInputError("provider", "provider_unknown")
    meeting = _meeting(live_session_id)
    present = meeting.provider if meeting is not None and _is_wanted(meeting) else ""
    if provider == present:
        if meeting is None or meeting.state != MeetingState.FAILED:
            return False
        meeting.state, meeting.told = MeetingState.WANTED, ""
        ask_again(live_session_id, at)
        return True
    if meeting is not None and meeting.meeting_id:
        _give_up(meeting, at)
    if provider:
        if meeting is None:
            meeting = ProviderMeeting(live_session_id=live_session_id, created_at=at)
            db.session.add(meeting)
        meeting.provider = provider
        meeting.state = MeetingState.WANTED
        meeting.fault, meeting.fault_at, meeting.told = "", None, ""
        db.session.flush()
        ask_again(live_session_id, at)
    elif meeting is not None:
        meeting.state = MeetingState.REMOVED
    record_act(
        actor, "live_session.service_chosen", "live_session", live_session_id, at=at,
        provider=provider,
    )  # fmt: skip
    return True


def _give_up(meeting: ProviderMeeting, at: datetime) -> None:
    """Have the meeting that a service holds taken away there, and its address here."""
    session = db.session.get_one(LiveSession, meeting.live_session_id)
    enqueue(
        "remove_meeting",
        {
            "live_session_id": meeting.live_session_id,
            "provider": meeting.provider,
            "meeting_id": meeting.meeting_id,
            "tries": 0,
        },
        key=f"remove_meeting:{meeting.provider}:{meeting.meeting_id}",
    )
    if session.web_url == meeting.join_url:
        _set_address(session, "", "", at)
    for link in _links(meeting.live_session_id):
        db.session.delete(link)
    meeting.meeting_id = meeting.join_url = meeting.passcode = ""
    meeting.generation = (meeting.generation or 0) + 1
    db.session.flush()


def ask_again(live_session_id: str, at: datetime) -> None:
    """Write the job that brings the service up to what the session says."""
    enqueue(
        "sync_meeting",
        {"live_session_id": live_session_id, "tries": 0},
        key=f"sync_meeting:{live_session_id}:{at.isoformat(timespec='microseconds')}",
    )


def meeting_settled(live_session_id: str, held: Held | None, told: str, *, at: datetime) -> bool:
    """Write down that a service holds the meeting as `told`; False where it is wanted no more.

    `held` is a meeting that is new; its address becomes the plain one where there is none yet.
    None: the one known was changed, or for a cancelled session taken away.
    """
    session: LiveSession | None = lock_row(LiveSession, live_session_id)
    meeting = _meeting(live_session_id)
    if session is None or meeting is None or not _is_wanted(meeting):
        return False
    meeting.state, meeting.told = MeetingState.READY, told
    meeting.fault, meeting.fault_at = "", None
    if session.cancelled_at is not None:
        meeting.state = MeetingState.REMOVED
    elif held is not None:
        before = meeting.join_url
        meeting.meeting_id, meeting.join_url = held.id, held.join_url
        meeting.passcode = held.passcode
        if session.web_url in {"", before}:
            _set_address(session, held.join_url, held.passcode, at)
    return True


def meeting_failed(
    live_session_id: str, fault: str, tries: int, pause: timedelta | None, *, at: datetime
) -> None:
    """Write down that a service failed, and when it is asked again; None as `pause`: never.

    What people have in hand (the plain address, a meeting made before) stays.
    """
    lock_row(LiveSession, live_session_id)
    meeting = _meeting(live_session_id)
    if meeting is None or not _is_wanted(meeting):
        return
    meeting.fault, meeting.fault_at = fault, at
    if pause is None or tries >= MOST_TRIES:
        meeting.state = MeetingState.FAILED
        return
    enqueue(
        "sync_meeting",
        {"live_session_id": live_session_id, "tries": tries},
        key=f"sync_meeting:{live_session_id}:{at.isoformat(timespec='microseconds')}:{tries}",
        run_at=at + pause,
    )


def ask_attendance(actor: Actor, live_session_id: str, *, at: datetime) -> None:
    """Have the attendance read from the service. Raises LiveSessionRefusedError.

    Codes: `not_fetched_yet` where no service holds a meeting, or it has not begun.
    """
    policy.require_organiser_of_session(actor, live_session_id)
    session: LiveSession = lock_row(LiveSession, live_session_id)
    meeting = _meeting(live_session_id)
    if meeting is None or not meeting.meeting_id or session.starts_at > at:
        raise LiveSessionRefusedError("not_fetched_yet")
    enqueue_fetch(live_session_id, at)


def enqueue_fetch(
    live_session_id: str, at: datetime, tries: int = 0, pause: timedelta = timedelta()
) -> None:
    """Write the job that reads the attendance from the service."""
    enqueue(
        "fetch_attendance",
        {"live_session_id": live_session_id, "tries": tries},
        key=f"fetch_attendance:{live_session_id}:{at:%Y%m%dT%H%M}:{tries}",
        run_at=at + pause,
    )


def attendance_fetched(live_session_id: str, fault: str, *, at: datetime) -> None:
    """Write down that the attendance was read ('' as `fault`), or why it was not."""
    meeting = _meeting(live_session_id)
    if meeting is None:
        return
    meeting.fetch_fault = fault
    if not fault:
        meeting.fetched_at = at


def pause_after(tries: int, named: timedelta | None) -> timedelta:
    """Return how long to wait before the next try: 30 s, 2 min, 8 min … an hour, or as named."""
    factor: int = 4 ** min(max(tries - 1, 0), 6)
    usual = min(_FIRST_PAUSE * factor, _LONGEST_PAUSE)
    return max(usual, named) if named is not None else usual


def keep_personal_link(
    live_session_id: str,
    meeting_id: str,
    person_id: str,
    registrant_id: str,
    join_url: str,
    *,
    at: datetime,
) -> None:
    """Write down a person's own way in, as the service made it."""
    lock_row(LiveSession, live_session_id)
    link = db.session.scalar(
        select(PersonalLink).where(
            PersonalLink.live_session_id == live_session_id, PersonalLink.person_id == person_id
        )
    )
    if link is None:
        link = PersonalLink(live_session_id=live_session_id, person_id=person_id, created_at=at)
        db.session.add(link)
    link.meeting_id, link.registrant_id, link.join_url = meeting_id, registrant_id, join_url
    db.session.flush()


def drop_personal_link(live_session_id: str, person_id: str) -> None:
    """Forget a person's own way in, which the service has taken back."""
    for link in _links(live_session_id):
        if link.person_id == person_id:
            db.session.delete(link)


def fingerprint(parts: dict[str, str]) -> str:
    """Return what tells one state of a meeting from another."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _meeting(live_session_id: str) -> ProviderMeeting | None:
    found: ProviderMeeting | None = db.session.scalar(
        select(ProviderMeeting).where(ProviderMeeting.live_session_id == live_session_id)
    )
    return found


def _is_wanted(meeting: ProviderMeeting) -> bool:
    return meeting.state != MeetingState.REMOVED


def _links(live_session_id: str) -> list[PersonalLink]:
    rows = select(PersonalLink).where(PersonalLink.live_session_id == live_session_id)
    return list(db.session.scalars(rows))


def _set_address(session: LiveSession, url: str, passcode: str, at: datetime) -> None:
    """Change the plain address; that there is one now, or none any more, is told."""
    edition = queries.find_edition_desk(EditionId(session.edition_id))
    assert edition is not None
    columns = {"web_url": url, "web_passcode": passcode}
    write_change(SYSTEM, edition, session, columns, told=TOLD, at=at)
