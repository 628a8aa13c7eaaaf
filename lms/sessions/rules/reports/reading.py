"""Bytes -> report."""

from lms.sessions.rules.reports.report import (
    AttendanceReport,
    ColumnMapping,
    DateOrder,
    ReportUnreadableError,
    Unreadable,
)


def read_report(
    data: bytes,
    *,
    filename: str = "",
    zone: str = "Asia/Tokyo",
    date_order: DateOrder | None = None,
    mapping: ColumnMapping | None = None,
) -> AttendanceReport:
    """Read an attendance report of any of the known services, or by `mapping` any table.

    `zone` is the IANA zone of times that name none. Without `date_order` it is inferred from
    the whole file; where it stays ambiguous, a warning says what was assumed. `filename` is only
    looked at for a day. Raises ReportUnreadableError.
    """
    if not data:
        raise ReportUnreadableError(Unreadable.EMPTY)
    raise ReportUnreadableError(Unreadable.UNKNOWN)
