"""Tables of live sessions."""

from lms.sessions.models.calendar import CalendarFeed, SessionChange, SessionInvitation
from lms.sessions.models.desk import (
    CheckIn,
    CheckInSource,
    DeskHand,
    MissingCall,
    TicketIssue,
    WalkIn,
    WalkInState,
)
from lms.sessions.models.evidence import Attendance, AttendanceStatus, JoinPress
from lms.sessions.models.groups import (
    GroupConsent,
    GroupMember,
    PlannedPlace,
    PlannedSession,
    SeminarGroup,
    SessionGroup,
)
from lms.sessions.models.joining import (
    AddressRelease,
    MeetingState,
    PersonalLink,
    ProviderMeeting,
    SessionWay,
)
from lms.sessions.models.postponing import EditionPostponement, PostponementAnswer
from lms.sessions.models.reminding import EditionReminders, ReminderChoice, SessionReminder
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
from lms.sessions.models.venues import Venue, VenueRoom

__all__ = [
    "AddressRelease",
    "Attendance",
    "AttendanceAlias",
    "AttendanceReport",
    "AttendanceStatus",
    "CalendarFeed",
    "CheckIn",
    "CheckInSource",
    "DeskHand",
    "EditionAttendanceRule",
    "EditionPostponement",
    "EditionReminders",
    "GroupConsent",
    "GroupMember",
    "JoinPress",
    "LiveSession",
    "MatchState",
    "MatchedBy",
    "MeetingState",
    "MissingCall",
    "PersonalLink",
    "PlannedPlace",
    "PlannedSession",
    "PostponementAnswer",
    "ProviderMeeting",
    "ReminderChoice",
    "ReportMapping",
    "ReportRow",
    "ReportedPerson",
    "SeminarGroup",
    "SessionChange",
    "SessionGroup",
    "SessionInvitation",
    "SessionReminder",
    "SessionSpeaker",
    "SessionWay",
    "TicketIssue",
    "Venue",
    "VenueRoom",
    "WalkIn",
    "WalkInState",
]
