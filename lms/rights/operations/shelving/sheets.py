"""Files -> tables of cells: XLSX, and CSV in the encodings that offices here write."""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from lms.kernel.workbooks import unfolds_beyond
from lms.rights.rules.shelf import COLUMNS, Cell, Sheet, SheetFault, ShelfWords, plain_key
from lms.rights.rules.shelf import read_sheet as read_table

MAX_BYTES: Final = 5_000_000
"""What a sheet may weigh, in bytes; larger ones hold pictures or no list."""

_MAX_UNPACKED: Final = 80_000_000
_MAX_CELLS: Final = 2_000_000
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # old Excel, and a workbook with a password


class SheetFaultError(Exception):
    """A file that is no sheet to be read."""

    def __init__(self, fault: SheetFault, **facts: str):
        super().__init__(fault.value)
        self.fault = fault
        self.facts = facts


@cache
def _words() -> Mapping[str, Any]:
    text = Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    words: Mapping[str, Any] = yaml.safe_load(text)
    return words


@cache
def shelf_words() -> ShelfWords:
    """Return how columns and values may be written in either language."""

    def keys(part: str) -> dict[str, str]:
        return {
            plain_key(word): name
            for name, several in _words()[part].items()
            for word in (name, *(one for words in several.values() for one in words))
        }

    examples = frozenset(plain_key(str(note)) for note in _words()["example"]["note"].values())
    return ShelfWords(
        keys("columns"), keys("kinds"), keys("languages"), keys("holder_kinds"), examples
    )


def column_name(column: str, language: str) -> str:
    """Return how the template calls a column in a language (English for one it does not have)."""
    several = _words()["columns"][column]
    return str(several.get(language, several["en"])[0])


def example_row(language: str) -> dict[str, str]:
    """Return the row of the template that shows how it is meant, by column."""
    return {
        column: str(texts.get(language, texts["en"]))
        for column, texts in _words()["example"].items()
    }


def value_names(part: str, language: str) -> list[str]:
    """Return how the template writes the values of `kinds`, `languages` or `holder_kinds`."""
    return [str(several.get(language, several["en"])[0]) for several in _words()[part].values()]


def read_file(content: bytes) -> tuple[Sheet, str]:
    """Return the rows of a file, judged one by one by their form, and its SHA-256 in hex.

    The form of the file is found from its content, never from its name. Raises SheetFaultError
    when it is none that can be read.
    """
    if not content:
        raise SheetFaultError(SheetFault.EMPTY)
    if len(content) > MAX_BYTES:
        raise SheetFaultError(SheetFault.TOO_LARGE, most=str(MAX_BYTES // 1_000_000))
    table = _read_workbook(content) if content.startswith(b"PK") else _read_text(content)
    sheet = read_table(table, shelf_words())
    if sheet.fault is not None:
        raise SheetFaultError(sheet.fault, **sheet.facts)
    return sheet, hashlib.sha256(content).hexdigest()


def _read_workbook(content: bytes) -> Iterable[Sequence[Cell]]:
    """Return the first visible sheet that holds something. Formulas give their last value."""
    from python_calamine import (  # noqa: PLC0415 - only where a sheet is read
        CalamineError,
        CalamineWorkbook,
        SheetVisibleEnum,
    )

    _refuse_giants(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            for meta in book.sheets_metadata:
                if meta.visible is not SheetVisibleEnum.Visible:
                    continue
                rows: list[list[Cell]] = [
                    list(row)
                    for row in book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False)
                ]
                if rows:
                    return rows
    except CalamineError:
        raise SheetFaultError(SheetFault.BROKEN) from None
    raise SheetFaultError(SheetFault.EMPTY)


def _refuse_giants(content: bytes) -> None:
    """Refuse what would unfold to more than a list can be, before it is read whole."""
    try:
        giant = unfolds_beyond(content, most_bytes=_MAX_UNPACKED, most_cells=_MAX_CELLS)
    except ValueError:
        raise SheetFaultError(SheetFault.BROKEN) from None
    if giant:
        raise SheetFaultError(SheetFault.TOO_LARGE, most=str(MAX_BYTES // 1_000_000))


def _read_text(content: bytes) -> Iterable[Sequence[Cell]]:
    if content.startswith(_OLE):
        raise SheetFaultError(SheetFault.LOCKED)
    text = _decode(content)
    if "\0" in text:
        raise SheetFaultError(SheetFault.FORMAT)
    if not text.strip():
        raise SheetFaultError(SheetFault.EMPTY)
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows: list[list[Cell]] = [list(row) for row in reader]
    except csv.Error:  # quotes that do not close: the file was cut off
        raise SheetFaultError(SheetFault.BROKEN) from None
    return rows


def _decode(content: bytes) -> str:
    """Decode by BOM, else as strict UTF-8, else as CP932; never with characters replaced."""
    named = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    for encoding in (named,) if named else ("utf-8", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetFaultError(SheetFault.ENCODING)


def template_rows(language: str) -> list[list[str]]:
    """Return headings and the example of the template, in the order of the columns."""
    example = example_row(language)
    return [
        [column_name(column, language) for column in COLUMNS],
        [example[column] for column in COLUMNS],
    ]


def template_csv(language: str) -> bytes:
    """Return the template as CSV: UTF-8 with BOM, lines ended by CRLF."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(template_rows(language))
    return out.getvalue().encode("utf-8-sig")


def template_workbook(language: str) -> bytes:
    """Return the template as a workbook, with lists of values to choose from."""
    import xlsxwriter  # noqa: PLC0415 - only where a sheet is written

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1})
    text = book.add_format({"num_format": "@"})
    sheet.set_column(0, len(COLUMNS) - 1, 20, text)
    names, example = template_rows(language)
    sheet.write_row(0, 0, names, head)
    for place, value in enumerate(example):
        sheet.write_string(1, place, value, text)
    for column, part in (("kind", "kinds"), ("language", "languages")):
        place = COLUMNS.index(column)
        choices = {"validate": "list", "source": value_names(part, language)}
        sheet.data_validation(1, place, 2000, place, {**choices, "error_type": "warning"})
    sheet.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
