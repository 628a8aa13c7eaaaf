"""Bytes -> report: which service wrote it, and its reader."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from lms.kernel.wall import is_zone
from lms.sessions.rules.reports import others, teams, zoom
from lms.sessions.rules.reports.gathering import Gathering
from lms.sessions.rules.reports.layout import PRESENCE, WHO, Layout, arrange, find_columns
from lms.sessions.rules.reports.moments import day_in
from lms.sessions.rules.reports.report import (
    AttendanceReport,
    ColumnMapping,
    DateOrder,
    ReportUnreadableError,
    Unreadable,
)
from lms.sessions.rules.reports.tables import Grid, read_grid
from lms.sessions.rules.reports.words import Head

_READERS = (
    (teams.SERVICE, teams.read),
    (zoom.SERVICE, zoom.read),
    ("meet", others.read_meet),
    ("webex", others.read_webex),
    ("generic", others.read_any),
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
    if not is_zone(zone):
        raise ReportUnreadableError(Unreadable.ZONE, zone=zone)
    grid = read_grid(data)
    layout = arrange(grid)
    if mapping is not None:
        table = others.find_mapped(grid, mapping)
        layout = replace(layout, tables=(table,))
    elif not layout.tables:
        _refuse(grid)
    _require_times(layout)
    gathering = Gathering(layout, ZoneInfo(zone), date_order, day_in(filename))
    if mapping is not None:
        others.read_any(layout, gathering)
        return gathering.report("generic", "mapped")
    for service, read in _READERS:
        report = read(layout, gathering)
        if report is not None:
            return gathering.report(service, report)
    raise AssertionError("the last reader takes any table")


def _refuse(grid: Grid) -> None:
    """Raise what is missing where headings of a report stand, else that the file is unknown."""
    for line in grid.lines:
        heads = set(find_columns(line.cells))
        if len(heads & (WHO | PRESENCE)) > 1 and not heads & {Head.TITLE, Head.MEETING_ID}:
            missing = "name, email" if not heads & WHO else "joined, left, duration"
            headers = tuple(cell for cell in line.cells if cell)
            raise ReportUnreadableError(Unreadable.COLUMNS, headers=headers, missing=missing)
    raise ReportUnreadableError(Unreadable.UNKNOWN, headers=others.headings_of(grid))


def _require_times(layout: Layout) -> None:
    """Refuse tables that tell of joining or of leaving alone."""
    for table in layout.tables:
        if table.has(Head.DURATION) or table.has(Head.SECONDS) or table.has(Head.ACTION):
            continue
        for one, other in ((Head.JOINED, Head.LEFT), (Head.FIRST_JOIN, Head.LAST_LEAVE)):
            if table.has(one) != table.has(other):
                missing = other if table.has(one) else one
                headers = tuple(heading for heading in table.headings if heading)
                raise ReportUnreadableError(
                    Unreadable.COLUMNS, headers=headers, missing=missing.value
                )
