"""How large a workbook (XLSX, ECMA-376) unfolds, seen before it is read whole."""

import io
import re
import zipfile
from typing import Final

# A cell that holds something, with its place: however the writing program orders and quotes.
_CELL: Final = re.compile(
    rb"""<(?:\w+:)?c\s(?:[^>]*\s)?r=["']([A-Za-z]{1,3})(\d{1,7})["'][^>]*(?<!/)>"""
)
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml")


def unfolds_beyond(data: bytes, *, most_bytes: int, most_cells: int) -> bool:
    """Whether a workbook unpacks to more bytes, or holds a larger sheet, than somebody takes.

    A cell in the last corner of a sheet makes a table of billions of empty ones. Raises
    ValueError for what is no workbook, or a damaged one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            return sum(info.file_size for info in infos) > most_bytes or any(
                _SHEET.fullmatch(info.filename) and _area(archive.read(info)) > most_cells
                for info in infos
            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError("No workbook that can be opened.") from error


def _area(xml: bytes) -> int:
    """Return how many cells the table has that holds every filled cell of a sheet."""
    widest = lowest = 0
    for found in _CELL.finditer(xml):
        column = 0
        for letter in found[1].upper():
            column = column * 26 + letter - 64
        widest, lowest = max(widest, column), max(lowest, int(found[2]))
    return widest * lowest
