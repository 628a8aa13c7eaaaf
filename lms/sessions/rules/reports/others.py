"""Google Meet, Webex, and tables that any hand may have made."""

from lms.sessions.rules.reports.gathering import Gathering
from lms.sessions.rules.reports.layout import Layout, Table
from lms.sessions.rules.reports.report import ColumnMapping, ReportUnreadableError, Unreadable
from lms.sessions.rules.reports.tables import Grid
from lms.sessions.rules.reports.words import Head, plain


def read_meet(layout: Layout, gathering: Gathering) -> str | None:
    """Take in a report of Google Meet and return which it is, None for another service's."""
    return _take_signed(layout, gathering, "meet")


def read_webex(layout: Layout, gathering: Gathering) -> str | None:
    """Take in a report of Webex and return which it is, None for another service's."""
    return _take_signed(layout, gathering, "webex")


def _take_signed(layout: Layout, gathering: Gathering, sign: str) -> str | None:
    if not layout.shows(sign):
        return None
    for table in layout.tables:
        gathering.take_lines(table)
    return "participants"


def read_any(layout: Layout, gathering: Gathering) -> str:
    """Take in tables whose headings are known, though no service writes just these."""
    for table in layout.tables:
        gathering.take_lines(table)
    return "table"


def find_mapped(grid: Grid, mapping: ColumnMapping) -> Table:
    """Return the table of a file that has the headings of a mapping.

    Raises ReportUnreadableError (`report_mapping`) where no line has them all, or the mapping
    names neither a person nor a time.
    """
    wanted = {Head(column.value): plain(text) for column, text in mapping.headers.items() if text}
    who = {Head.NAME, Head.FIRST_NAME, Head.LAST_NAME, Head.EMAIL}
    when = Head.DURATION in wanted or {Head.JOINED, Head.LEFT} <= set(wanted)
    best: list[str] = sorted(mapping.headers.values())
    if wanted.keys() & who and when:
        for place, line in enumerate(grid.lines):
            cells = [plain(cell) for cell in line.cells]
            missing = [
                mapping.headers[c]
                for c in mapping.headers
                if plain(mapping.headers[c]) not in {*cells, ""}
            ]
            if not missing:
                columns = {head: cells.index(text) for head, text in wanted.items()}
                rest = tuple(one for one in grid.lines[place + 1 :] if not one.is_empty())
                return Table("", line.cells, columns, rest)
            if len(missing) < len(best):
                best = missing
    raise ReportUnreadableError(
        Unreadable.MAPPING, headers=headings_of(grid), missing=", ".join(best)
    )


def headings_of(grid: Grid) -> tuple[str, ...]:
    """Return what looks like the headings of a file: its first line of the most filled cells."""
    first = [tuple(cell for cell in line.cells if cell) for line in grid.lines[:100]]
    return max(first, key=len, default=())
