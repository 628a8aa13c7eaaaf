"""Telling many, and the tick of reminders."""

from typing import Any

from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.notifications import operations


def tell_of_session(context: JobContext, payload: dict[str, Any]) -> None:
    """Write a mail to each who is enrolled; running it twice tells nobody twice."""
    with context.finish():
        operations.tell_enrolled_of_session(
            payload["template"], payload["live_session_id"], payload["mark"], clock.now()
        )


def tell_of_recording(context: JobContext, payload: dict[str, Any]) -> None:
    """Write a mail to each who is enrolled; running it twice tells nobody twice."""
    with context.finish():
        operations.tell_enrolled_of_recording(
            payload["template"], payload["recording_id"], payload["edition_id"], payload["mark"]
        )


def remind_of_sessions(context: JobContext, _payload: dict[str, Any]) -> None:
    """Remind of what starts within a day and within an hour."""
    with context.finish():
        operations.tell_starting_sessions(at=clock.now())


JOBS = {
    "tell_of_session": tell_of_session,
    "tell_of_recording": tell_of_recording,
    "remind_of_sessions": remind_of_sessions,
}
TICKS = {"remind_of_sessions": 300}
