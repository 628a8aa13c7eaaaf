"""Reading attendance reports as the meeting services write them.

    read_report(data) -> AttendanceReport, or ReportUnreadableError

Columns are found by their names in either language, whatever their order, case and company; the
encoding, the delimiter and the order of dates are found from the content.
"""

from lms.sessions.rules.reports.reading import read_report
from lms.sessions.rules.reports.report import (
    AttendanceReport,
    Column,
    ColumnMapping,
    DateOrder,
    Interval,
    ReportMeeting,
    ReportPerson,
    ReportRow,
    ReportUnreadableError,
    ReportWarning,
    Unreadable,
    Warned,
)
from lms.sessions.rules.reports.sentences import refusal_sentence, warning_sentence

__all__ = [
    "AttendanceReport",
    "Column",
    "ColumnMapping",
    "DateOrder",
    "Interval",
    "ReportMeeting",
    "ReportPerson",
    "ReportRow",
    "ReportUnreadableError",
    "ReportWarning",
    "Unreadable",
    "Warned",
    "read_report",
    "refusal_sentence",
    "warning_sentence",
]
