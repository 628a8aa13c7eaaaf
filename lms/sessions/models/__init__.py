"""Tables of live sessions."""

from lms.sessions.models.desk import (
    CheckIn,
    CheckInSource,
    DeskHand,
    MissingCall,
    WalkIn,
    WalkInState,
)
from lms.sessions.models.evidence import Attendance, AttendanceStatus, JoinPress
from lms.sessions.models.schedule import LiveSession, SessionSpeaker

__all__ = [
    "Attendance",
    "AttendanceStatus",
    "CheckIn",
    "CheckInSource",
    "DeskHand",
    "JoinPress",
    "LiveSession",
    "MissingCall",
    "SessionSpeaker",
    "WalkIn",
    "WalkInState",
]
