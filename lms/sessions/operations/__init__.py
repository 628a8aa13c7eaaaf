"""Writes of live sessions."""

from lms.sessions.operations.attending import (
    AttendanceMark,
    RestMark,
    join_live_session,
    record_attendance,
)
from lms.sessions.operations.changing import ChangeKind, MovePlan, announce_change
from lms.sessions.operations.scheduling import (
    SessionPlan,
    SpeakerPlan,
    cancel_live_session,
    cancel_sessions_of,
    change_live_session,
    schedule_drafted_session,
    schedule_live_session,
)

__all__ = [
    "AttendanceMark",
    "ChangeKind",
    "MovePlan",
    "RestMark",
    "SessionPlan",
    "SpeakerPlan",
    "announce_change",
    "cancel_live_session",
    "cancel_sessions_of",
    "change_live_session",
    "join_live_session",
    "record_attendance",
    "schedule_drafted_session",
    "schedule_live_session",
]
