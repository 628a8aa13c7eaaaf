"""Lines -> tables of people under their headings, and what is told of the meeting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from lms.sessions.rules.reports.tables import Grid, Line
from lms.sessions.rules.reports.words import (
    Head,
    head_of,
    is_numbered,
    key_of,
    likely_head_of,
    plain,
    signs_of,
    tells_utc,
    title_of,
)

WHO: Final = {Head.NAME, Head.FIRST_NAME, Head.LAST_NAME, Head.EMAIL}
PRESENCE: Final = {
    Head.JOINED, Head.LEFT, Head.FIRST_JOIN, Head.LAST_LEAVE, Head.DURATION, Head.SECONDS,
    Head.ACTION, Head.TIMESTAMP, Head.UTC_TIMESTAMP, Head.ATTENDED,
}  # fmt: skip
_MEETING: Final = {Head.TITLE, Head.MEETING_ID, Head.STARTS, Head.ENDS}
_TOLD: Final = _MEETING | {Head.LENGTH, Head.DURATION, Head.COUNT, Head.REGISTERED}
_MAX_HEADINGS: Final = 200
_LONGEST_HEADING: Final = 80


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. `section` is the code of the title before it, '' without a known one."""

    section: str
    headings: tuple[str, ...]
    columns: Mapping[Head, int]
    lines: tuple[Line, ...]

    def has(self, *heads: Head) -> bool:
        """Whether all these columns are there."""
        return all(head in self.columns for head in heads)

    def cell(self, line: Line, head: Head) -> str:
        """Return what stands in a column of a line, '' where there is none."""
        column = self.columns.get(head)
        return line.cells[column] if column is not None and column < len(line.cells) else ""

    def is_utc(self, head: Head) -> bool:
        """Whether the heading of a column says that its times are UTC."""
        column = self.columns.get(head)
        return column is not None and tells_utc(self.headings[column])

    def shows(self, which: str) -> bool:
        """Whether one of the headings is a sign of a service."""
        return not signs_of(which).isdisjoint(key_of(heading) for heading in self.headings)


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands in a file: its tables, what it tells of the meeting, the titles it has."""

    tables: tuple[Table, ...]
    meeting: Mapping[Head, str]
    places: Mapping[Head, int]  # numbers of the lines that `meeting` was read from
    titles: frozenset[str]
    japanese: bool
    open_quotes: tuple[int, ...] = ()
    is_guess: bool = False  # see Grid

    def shows(self, which: str) -> bool:
        """Whether a table has a sign of a service."""
        return any(table.shows(which) for table in self.tables)

    def headings(self) -> tuple[str, ...]:
        """Return the headings of the first table, without empty ones."""
        return tuple(h for h in self.tables[0].headings if h) if self.tables else ()


@dataclass(slots=True)
class _Draft:
    tables: list[tuple[str, Line, list[Line]]] = field(default_factory=list)
    meeting: dict[Head, str] = field(default_factory=dict)
    places: dict[Head, int] = field(default_factory=dict)
    titles: set[str] = field(default_factory=set)

    def tell(self, head: Head, text: str, number: int) -> None:
        """Keep what is told of the meeting; what comes first counts."""
        if text and head not in self.meeting:
            self.meeting[head], self.places[head] = text, number

    def tell_all(self, columns: Mapping[Head, int], line: Line) -> None:
        """Keep what stands in a line under headings about the meeting."""
        for head, place in columns.items():
            if place < len(line.cells):
                self.tell(head, line.cells[place], line.number)


def find_columns(cells: Sequence[str]) -> dict[Head, int]:
    """Return which columns headings name; first those that are known, then those by their parts.

    Of two with one meaning the first counts, but behind a count of participants: before that, a
    line tells of the meeting and its host. A heading that can mean joining or the time spent
    means joining where another means leaving.
    """
    columns: dict[Head, int] = {}
    rest: list[tuple[int, str]] = []
    for place, cell in enumerate(cells[:_MAX_HEADINGS]):
        if not cell or len(cell) > _LONGEST_HEADING:
            continue
        head = head_of(cell)
        if head is None:
            rest.append((place, cell))
        elif head not in columns or columns[head] < columns.get(Head.COUNT, -1) < place:
            columns[head] = place
    for place, cell in rest:
        head = likely_head_of(cell)
        if head is not None:
            columns.setdefault(head, place)
    if Head.SPENT in columns:
        meant = Head.JOINED if Head.LEFT in columns else Head.DURATION
        columns.setdefault(meant, columns.pop(Head.SPENT))
    return columns


def _may_be_headings(cells: Sequence[str]) -> bool:
    """Whether a line among others of a table can be headings again: no address, no number."""
    return not any("@" in cell or cell[:1].isdigit() for cell in cells)


def is_table_head(cells: Sequence[str]) -> bool:
    """Whether a line is the headings of a table of people."""
    heads = set(find_columns(cells))
    if not heads & WHO or not heads & PRESENCE:
        return False
    if heads & {Head.TITLE, Head.MEETING_ID} and Head.NAME not in heads:
        return bool(heads & {Head.JOINED, Head.LEFT, Head.FIRST_NAME, Head.LAST_NAME})
    # A list of meetings names hosts and counts participants.
    return not (Head.COUNT in heads and Head.TITLE in heads and Head.JOINED not in heads)


def arrange(grid: Grid) -> Layout:
    """Find tables, titles and what is told of the meeting."""
    draft = _Draft()
    section = ""
    current: list[Line] | None = None  # the table whose rows follow
    pending: dict[Head, int] | None = None  # headings about the meeting, values in the next line
    for line in grid.lines:
        cells = line.cells
        filled = [cell for cell in cells if cell]
        if not filled:
            continue
        if len(filled) == 1 and (title_of(filled[0]) or is_numbered(filled[0])):
            section, current, pending = title_of(filled[0]), None, None
            draft.titles.add(section)
        elif current is not None and not _may_be_headings(cells):
            current.append(line)
        elif is_table_head(cells):
            current, pending = [], None
            draft.tables.append((section, line, current))
        elif pending is not None:
            draft.tell_all(pending, line)
            pending = None
        elif len(set(find_columns(cells)) & _MEETING) > 1:
            current, pending = None, find_columns(cells)
        elif current is not None:
            current.append(line)
        else:
            _take_told(draft, line)
    return _finish(draft, grid)


def _finish(draft: _Draft, grid: Grid) -> Layout:
    tables = tuple(
        Table(title, head.cells, find_columns(head.cells), tuple(lines))
        for title, head, lines in draft.tables
    )
    japanese = any(not heading.isascii() for table in tables for heading in table.headings)
    titles = frozenset(draft.titles - {""})
    return Layout(
        tables, draft.meeting, draft.places, titles, japanese, grid.open_quotes, grid.is_guess
    )


def _take_told(draft: _Draft, line: Line) -> None:
    """Take a line that begins with its heading (Meeting title, and then the title)."""
    first = line.cells[0]
    title = title_of(first)
    if title:
        draft.titles.add(title)
    head = head_of(plain(first).rstrip(":")) if first else None
    if head is not None and head in _TOLD:
        draft.tell(head, ", ".join(cell for cell in line.cells[1:] if cell), line.number)
