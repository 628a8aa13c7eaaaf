"""Bytes -> numbered lines of cells: delimited text of any kind, or a workbook."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from lms.kernel.workbooks import unfolds_beyond
from lms.sessions.rules.reports.decoding import decode
from lms.sessions.rules.reports.report import (
    MAX_BYTES,
    MAX_ROWS,
    ReportUnreadableError,
    Unreadable,
)
from lms.sessions.rules.reports.words import head_of

_DELIMITERS: Final = "\t,;"
_SAMPLE: Final = 200  # lines from which the delimiter is found
_LONGEST_CELL: Final = 50  # lines that a quoted cell may run over
_MAX_HEADINGS: Final = 200
_LONGEST_HEADING: Final = 80
_FORMULA: Final = re.compile(r'="(.*)"', re.DOTALL)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Excel, and a workbook with a password
_ZIP: Final = b"PK\x03\x04"
_MAX_UNPACKED: Final = 100_000_000
_MAX_CELLS: Final = 3_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file; `number` counts its lines from 1."""

    number: int
    cells: tuple[str, ...]

    def is_empty(self) -> bool:
        """Whether nothing stands in it."""
        return not any(self.cells)


@dataclass(frozen=True, slots=True)
class Grid:
    """All lines of a file; `open_quotes` are numbers of lines whose quotation never closes.

    `is_guess`: its bytes were taken as Windows-1252, which cannot be told for certain.
    """

    lines: tuple[Line, ...]
    open_quotes: tuple[int, ...] = ()
    is_guess: bool = False


def read_grid(data: bytes) -> Grid:
    """Return the lines of a file, whose form is found from its content.

    Raises ReportUnreadableError.
    """
    if len(data) > MAX_BYTES:
        raise ReportUnreadableError(Unreadable.TOO_LARGE, most=MAX_BYTES // 1_000_000)
    if data.startswith(_OLE):
        raise ReportUnreadableError(Unreadable.LOCKED)
    grid = _read_workbook(data) if data.startswith(_ZIP) else _read_plain(data)
    if all(line.is_empty() for line in grid.lines):
        raise ReportUnreadableError(Unreadable.EMPTY)
    if len(grid.lines) > MAX_ROWS:
        raise ReportUnreadableError(Unreadable.TOO_LONG, most=MAX_ROWS)
    return grid


def _read_plain(data: bytes) -> Grid:
    decoded = decode(data)
    return replace(_read_text(decoded.text), is_guess=decoded.is_guess)


def _read_text(text: str) -> Grid:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) > 2 * MAX_ROWS:
        raise ReportUnreadableError(Unreadable.TOO_LONG, most=MAX_ROWS)
    return _split(lines, _find_delimiter(lines[:_SAMPLE]))


def _find_delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter by which one line has the most headings, else that makes most cells."""

    def score(delimiter: str) -> tuple[int, int]:
        rows = [line.cells for line in _split(lines, delimiter).lines]
        return max(map(_count_heads, rows), default=0), sum(len(row) for row in rows)

    return max(_DELIMITERS, key=score)


def _count_heads(cells: Sequence[str]) -> int:
    short = [cell for cell in cells[:_MAX_HEADINGS] if len(cell) <= _LONGEST_HEADING]
    return len({head_of(cell) for cell in short} - {None})


def _split(lines: Sequence[str], delimiter: str) -> Grid:
    """Split lines into cells. A quotation that does not close stands for itself, on its line."""
    opens = re.compile(rf'(?:^|{delimiter})[ ]*"')
    found: list[Line] = []
    unclosed: list[int] = []
    place = 0
    while place < len(lines):
        taken = 1
        if lines[place].count('"') % 2 and opens.search(lines[place]):
            taken = _reach_of_quote(lines, place)
        cells = _cells_of("\n".join(lines[place : place + taken]), delimiter) if taken else None
        if cells is None:
            taken, cells = 1, lines[place].replace('"', "").split(delimiter)
            unclosed.append(place + 1)
        found.append(Line(place + 1, _tidy(cells)))
        place += taken
    return Grid(tuple(found), tuple(unclosed))


def _reach_of_quote(lines: Sequence[str], place: int) -> int:
    """Return how many lines a quotation covers that is open at the end of a line, or 0."""
    for ahead, more in enumerate(lines[place + 1 : place + _LONGEST_CELL], 2):
        if more.count('"') % 2:
            return ahead
    return 0


def _cells_of(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a line break outside of quotations, a cell beyond all measure
        return None


def _tidy(cells: Sequence[str]) -> tuple[str, ...]:
    """Return cells without spaces at their edges, and out of the formulas that keep them text."""
    tidy = []
    for cell in cells:
        text = cell.strip()
        if text.startswith("="):
            match = _FORMULA.fullmatch(text)
            text = match[1].replace('""', '"').strip() if match else text
        tidy.append(text.strip("\ufeff\u200b"))
    return tuple(tidy)


def _read_workbook(data: bytes) -> Grid:
    """Return the first visible sheet that holds something. Formulas give their last value."""
    from python_calamine import (  # noqa: PLC0415 - only where a workbook is read
        CalamineError,
        CalamineWorkbook,
        SheetVisibleEnum,
    )

    _refuse_giants(data)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for meta in book.sheets_metadata:
                if meta.visible is not SheetVisibleEnum.Visible:
                    continue
                rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False)
                if rows:
                    return _opened(rows)
    except CalamineError:
        raise ReportUnreadableError(Unreadable.BROKEN) from None
    raise ReportUnreadableError(Unreadable.EMPTY)


def _opened(rows: Sequence[Sequence[object]]) -> Grid:
    """Return the rows of a sheet; text that a program put whole into one column is split."""
    if all(len([cell for cell in row if cell != ""]) <= 1 for row in rows):
        lines = [next((str(cell) for cell in row if cell != ""), "") for row in rows]
        return _split(lines, _find_delimiter(lines[:_SAMPLE]))
    return Grid(
        tuple(
            Line(number, _tidy([_text(cell) for cell in row])) for number, row in enumerate(rows, 1)
        )
    )


def _text(cell: object) -> str:
    match cell:
        case datetime():
            return (cell + timedelta(milliseconds=500)).strftime("%Y-%m-%d %H:%M:%S")
        case date():
            return cell.isoformat()
        case time():
            return cell.strftime("%H:%M:%S")
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(cell)


def _refuse_giants(data: bytes) -> None:
    """Refuse what would unfold to more than a report can be, before it is read whole."""
    try:
        giant = unfolds_beyond(data, most_bytes=_MAX_UNPACKED, most_cells=_MAX_CELLS)
    except ValueError:
        raise ReportUnreadableError(Unreadable.BROKEN) from None
    if giant:
        raise ReportUnreadableError(Unreadable.TOO_LONG, most=MAX_ROWS)
