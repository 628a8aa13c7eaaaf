"""Tables of live sessions."""

from lms.sessions.models.evidence import Attendance, AttendanceStatus, JoinPress
from lms.sessions.models.schedule import LiveSession, SessionSpeaker

__all__ = ["Attendance", "AttendanceStatus", "JoinPress", "LiveSession", "SessionSpeaker"]
