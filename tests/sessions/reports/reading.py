"""What tests read off a report."""

from lms.sessions.rules.reports import AttendanceReport, ReportPerson
from tests.sessions.reports.samples import TOKYO


def stays(person: ReportPerson) -> list[str]:
    """A person's intervals as day and times in Tokyo."""
    return [
        f"{start.astimezone(TOKYO):%d %H:%M:%S}-{end.astimezone(TOKYO):%H:%M:%S}"
        for start, end in person.intervals
    ]


def warned(report: AttendanceReport) -> set[str]:
    return {warning.code.value for warning in report.warnings}
