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
from lms.sessions.models.reports import (
    AttendanceAlias,
    AttendanceReport,
    EditionAttendanceRule,
    MatchedBy,
    MatchState,
    ReportedPerson,
    ReportMapping,
    ReportRow,
)
from lms.sessions.models.schedule import LiveSession, SessionSpeaker

__all__ = [
    "Attendance",
    "AttendanceAlias",
    "AttendanceReport",
    "AttendanceStatus",
    "CheckIn",
    "CheckInSource",
    "DeskHand",
    "EditionAttendanceRule",
    "JoinPress",
    "LiveSession",
    "MatchState",
    "MatchedBy",
    "MissingCall",
    "ReportMapping",
    "ReportRow",
    "ReportedPerson",
    "SessionSpeaker",
    "WalkIn",
    "WalkInState",
]
