"""Jobs that ask meeting services. They ask outside any transaction and write in a short one.

A service that cannot be asked just now is asked again after a growing pause, or the one that it
names; after eight tries the organiser reads what is the matter. Meanwhile people come in by the
plain address.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import structlog

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.i18n import DEFAULT_LANGUAGE
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.kernel.localized import pick
from lms.sessions import queries
from lms.sessions.errors import ReportRefusedError
from lms.sessions.operations.meeting import (
    MOST_TRIES,
    Held,
    ask_again,
    attendance_fetched,
    drop_personal_link,
    enqueue_fetch,
    fingerprint,
    keep_personal_link,
    meeting_failed,
    meeting_settled,
    pause_after,
)
from lms.sessions.operations.reporting import take_fetched_report
from lms.sessions.providers.interface import (
    Guest,
    MeetingPlan,
    MeetingService,
    ServiceFault,
    ServiceRefusedError,
    ServiceUnavailableError,
)
from lms.sessions.queries.joining import names_in_meeting
from lms.sessions.queries.meetings import (
    AHEAD,
    WantedMeeting,
    find_wanted_meeting,
    list_unfetched,
    list_wanted_meetings,
    registrations,
)
from lms.sessions.rules.joining import fill_name_format
from lms.sessions.rules.reports import AttendanceReport, ReportUnreadableError, read_report

log = structlog.get_logger()

FETCHED_AFTER, FETCHED_WITHIN = timedelta(minutes=30), timedelta(days=2)
"""From when after its end, and how long, a session's attendance is read by itself."""


def meeting_key(wanted: WantedMeeting) -> str:
    """Return our own name of a meeting: another one after it was given up and wanted again."""
    again = wanted.generation
    return f"{wanted.live_session_id}-{again}" if again else wanted.live_session_id


def plan_of(wanted: WantedMeeting) -> MeetingPlan:
    """Return what a service is told of a session."""
    return MeetingPlan(
        key=meeting_key(wanted),
        title=pick(wanted.title, DEFAULT_LANGUAGE).text,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        timezone=wanted.timezone,
        host=wanted.host_address,
    )


def told_by(wanted: WantedMeeting) -> str:
    """Return the fingerprint of what a service is told of a session."""
    plan = plan_of(wanted)
    return fingerprint(
        {
            "title": plan.title,
            "starts_at": plan.starts_at.isoformat(),
            "ends_at": plan.ends_at.isoformat(),
            "timezone": plan.timezone,
            "provider": wanted.provider,
        }
    )


def _service(name: str) -> MeetingService | None:
    from lms.sessions.providers import find_service  # noqa: PLC0415 - that names this module too

    return find_service(name, current_settings())


def sync_meeting(context: JobContext, payload: dict[str, Any]) -> None:
    """Bring the service up to what the session says: make, change or take away its meeting."""
    key, tries = payload["live_session_id"], int(payload["tries"]) + 1
    wanted = find_wanted_meeting(key)
    if wanted is None:
        return
    service, told = _service(wanted.provider), told_by(wanted)
    if told == wanted.told and not wanted.is_cancelled:
        return
    context.phase(100)
    fault: ServiceFault | None = None
    pause: timedelta | None = None
    held: Held | None = None
    try:
        held = _bring_up(service, wanted)
    except ServiceUnavailableError as error:
        fault, pause = error.fault, pause_after(tries, error.retry_after)
    except ServiceRefusedError as error:
        fault = error.fault
        log.warning(
            "meeting_refused", live_session_id=key, provider=wanted.provider,
            status=error.status, code=error.code,
        )  # fmt: skip
    with context.finish():
        at = clock.now()
        if fault is not None:
            meeting_failed(key, fault.value, tries, pause, at=at)
        elif not meeting_settled(key, held, told, at=at) and held is not None:
            # Another way was chosen while the service made the meeting.
            enqueue(
                "remove_meeting",
                {
                    "live_session_id": key,
                    "provider": wanted.provider,
                    "meeting_id": held.id,
                    "tries": 0,
                },
            )


def _bring_up(service: MeetingService | None, wanted: WantedMeeting) -> Held | None:
    """Ask the service for what is wanted; return the meeting where it is a new one."""
    if service is None:
        raise ServiceRefusedError(ServiceFault.CREDENTIALS)
    plan = plan_of(wanted)
    if wanted.meeting_id and not wanted.is_cancelled and _update(service, wanted.meeting_id, plan):
        return None
    # A worker that died after the service had answered left a meeting of which nothing is known.
    found = None if wanted.meeting_id and wanted.is_cancelled else service.find_meeting(plan)
    if wanted.is_cancelled:
        if meeting_id := wanted.meeting_id or (found.id if found is not None else ""):
            service.delete_meeting(meeting_id)
        return None
    if found is not None and _update(service, found.id, plan):
        return Held(found.id, found.join_url, found.passcode)
    made = service.create_meeting(plan)
    return Held(made.id, made.join_url, made.passcode)


def _update(service: MeetingService, meeting_id: str, plan: MeetingPlan) -> bool:
    """Change a meeting; False when the service knows it no more, and a new one is needed."""
    try:
        service.update_meeting(meeting_id, plan)
    except ServiceRefusedError as error:
        if error.fault is ServiceFault.MISSING:
            return False
        raise
    return True


def remove_meeting(context: JobContext, payload: dict[str, Any]) -> None:
    """Take a meeting away at its service that is wanted no more."""
    service, tries = _service(payload["provider"]), int(payload["tries"]) + 1
    if service is None:
        return
    try:
        service.delete_meeting(payload["meeting_id"])
    except ServiceUnavailableError as error:
        if tries >= MOST_TRIES:
            return
        with context.finish():
            enqueue(
                "remove_meeting",
                {**payload, "tries": tries},
                run_at=clock.now() + pause_after(tries, error.retry_after),
            )
    except ServiceRefusedError as error:
        log.warning("meeting_not_removed", provider=service.name, status=error.status)


def sync_meetings(context: JobContext, _payload: dict[str, Any]) -> None:
    """Look for sessions of which a service was told otherwise, and for people without a link."""
    at = clock.now()
    stale, near = [], []
    for wanted in list_wanted_meetings(at):
        if wanted.state == "ready" and (wanted.is_cancelled or wanted.told != told_by(wanted)):
            stale.append(wanted.live_session_id)
        elif wanted.meeting_id and not wanted.is_cancelled and wanted.starts_at <= at + AHEAD:
            near.append(wanted.live_session_id)
    with context.finish():
        for key in list_unfetched(at - FETCHED_WITHIN, at - FETCHED_AFTER):
            enqueue_fetch(key, at)
        for key in stale:
            ask_again(key, at)
        for key in near:
            slot = int(at.timestamp()) // TICKS["sync_meetings"]
            enqueue(
                "register_people",
                {"live_session_id": key, "tries": 0},
                key=f"register_people:{key}:{slot}",
                max_attempts=1,
            )


def register_people(context: JobContext, payload: dict[str, Any]) -> None:
    """Give everyone admitted a way in of their own, and take back those of who is not any more.

    Each answer is written down at once, so that nothing is asked twice. Whoever has none comes in
    by the plain address; the next tick tries again.
    """
    key = payload["live_session_id"]
    wanted = find_wanted_meeting(key)
    if wanted is None or not wanted.meeting_id or wanted.is_cancelled:
        return
    service = _service(wanted.provider)
    if service is None:
        return
    card = queries.get_live_session(key)
    missing, gone = registrations(key, wanted.meeting_id)
    try:
        for place, one in enumerate(missing):
            pattern = pick(card.name_format, one.language).text
            name = one.name
            if pattern:
                known = names_in_meeting(
                    one.person_id, one.language, clock.now(),
                    organisation="organisation" in pattern,
                )  # fmt: skip
                name = fill_name_format(pattern, known)
            context.phase(900 * place // len(missing))
            made = service.register(
                wanted.meeting_id, Guest(one.person_id, name, one.address, one.language)
            )
            if made is None:
                continue
            with unit_of_work():
                keep_personal_link(
                    key, wanted.meeting_id, one.person_id, made.id, made.join_url, at=clock.now()
                )
        for left in gone:
            context.phase(950)
            service.cancel_registration(wanted.meeting_id, left.registrant_id, left.address)
            with unit_of_work():
                drop_personal_link(key, left.person_id)
    except (ServiceUnavailableError, ServiceRefusedError) as error:
        log.warning("people_not_registered", provider=service.name, fault=error.fault.value)


def fetch_attendance(context: JobContext, payload: dict[str, Any]) -> None:
    """Read who came from the service, over every occurrence and page, and let it count."""
    key, tries = payload["live_session_id"], int(payload["tries"]) + 1
    wanted = find_wanted_meeting(key)
    service = _service(wanted.provider) if wanted is not None and wanted.meeting_id else None
    if wanted is None or service is None:
        return
    fault, pause, file = "", None, None
    try:
        file = service.fetch_attendance(wanted.meeting_id, pick(wanted.title, "ja").text)
    except ServiceUnavailableError as error:
        fault, pause = error.fault.value, pause_after(tries, error.retry_after)
    except ServiceRefusedError as error:
        fault = error.fault.value
    report = None
    if file is not None:
        try:
            report = read_report(file, zone="UTC")
        except ReportUnreadableError:
            fault = "nobody"  # a report without a row
    with context.finish():
        at = clock.now()
        if report is not None and file is not None:
            fault = _take(key, wanted.provider, report, file, at)
        attendance_fetched(key, fault, at=at)
        if pause is not None and tries < MOST_TRIES:
            enqueue_fetch(key, at, tries, pause)


def _take(key: str, provider: str, report: AttendanceReport, file: bytes, at: datetime) -> str:
    """Let a report count; return why it does not, '' when it does."""
    try:
        take_fetched_report(
            key, report, checksum=hashlib.sha256(file).hexdigest(), name=f"{provider}.csv", at=at
        )
    except ReportRefusedError as error:
        return error.code
    return ""


JOBS = {
    "fetch_attendance": fetch_attendance,
    "sync_meeting": sync_meeting,
    "sync_meetings": sync_meetings,
    "remove_meeting": remove_meeting,
    "register_people": register_people,
}
TICKS = {"sync_meetings": 300}
