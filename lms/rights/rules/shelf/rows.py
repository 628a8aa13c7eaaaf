"""Cells -> rows of the backlog, with what is wrong in each of them."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeAlias

from lms.kernel.dates import DateFaultError, plain, read_day
from lms.kernel.japanese import KanaError, to_katakana
from lms.kernel.localized import Localized, localized

Cell: TypeAlias = object
"""What stands in a cell: text, a number, a truth value, a date or a time; empty is ''."""

COLUMNS: Final = (
    "title_ja", "title_en", "course", "edition", "recorded_on", "kind", "language",
    "speaker", "speaker_kana", "organisation", "email", "others", "file", "shelf", "note",
)  # fmt: skip
MAX_ROWS: Final = 2000
"""Rows a sheet may have; more are sent in several."""

_LONGEST: Final = {
    "title_ja": 200, "title_en": 200, "course": 200, "edition": 200, "speaker": 200,
    "speaker_kana": 200, "organisation": 200, "email": 320, "others": 2000, "file": 300,
    "shelf": 200, "note": 2000,
}  # fmt: skip
_SHOWN: Final = 80  # of what cannot be read, this much is said back
_HEAD_ROWS: Final = 20  # how far down the line of headings may stand
_FIRST_SERIAL, _LAST_SERIAL = 18_000, 80_000  # 1949 to 2119, as days of a spreadsheet
_EPOCH: Final = date(1899, 12, 30)
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_OTHER: Final = re.compile(
    r"(?P<kind>[^:]+):\s*(?P<name>[^<(]+?)\s*(?:\((?P<org>[^)]*)\)\s*)?(?:<(?P<mail>[^>]*)>\s*)?"
)


class SheetFault(StrEnum):
    """Why a whole file cannot be read as a list of the backlog."""

    MISSING = "sheet_missing"
    EMPTY = "sheet_empty"
    TOO_LARGE = "sheet_too_large"
    TOO_LONG = "sheet_too_long"
    BROKEN = "sheet_broken"
    LOCKED = "sheet_locked"
    ENCODING = "sheet_encoding"
    FORMAT = "sheet_format"
    COLUMNS = "sheet_columns"
    COLUMN_TWICE = "sheet_column_twice"
    NO_ROWS = "sheet_no_rows"


@dataclass(frozen=True, slots=True)
class ShelfWords:
    """How columns and values may be written, by `plain_key`; and how the product writes them.

    `columns`, `kinds`, `languages` and `holder_kinds` map keys to what they mean; rows whose
    note is among `passed_over` (the template's example) are no items.
    """

    columns: Mapping[str, str]
    kinds: Mapping[str, str]
    languages: Mapping[str, str]
    holder_kinds: Mapping[str, str]
    passed_over: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: in which column, and a code with the facts of its sentence."""

    column: str
    code: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds rights in an item, as the sheet names them."""

    kind: str
    name: str
    kana: str = ""
    organisation: str = ""
    email: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what makes two of them the same: the address, else name and organisation."""
        if self.email:
            return (self.email.casefold(), "", "")
        return ("", plain_key(self.name), plain_key(self.organisation))


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One row: `line` counts from 1 as the spreadsheet shows it. `kind` is a media kind."""

    line: int
    title: Localized
    kind: str = ""
    course: str = ""
    edition: str = ""
    recorded_on: date | None = None
    language: str = "ja"
    holders: tuple[Holder, ...] = ()
    file: str = ""
    shelf: str = ""
    note: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of file name, titles, day and holders: the same row gives the same."""
        parts = [
            plain_key(self.file),
            *(f"{tag}={plain_key(text)}" for tag, text in sorted(self.title.items())),
            "" if self.recorded_on is None else self.recorded_on.isoformat(),
            *sorted(f"{one.kind}:{plain_key(one.name)}" for one in self.holders),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the row as it is kept between preview and confirmation."""
        return {
            "line": self.line,
            "title": self.title,
            "kind": self.kind,
            "course": self.course,
            "edition": self.edition,
            "recorded_on": None if self.recorded_on is None else self.recorded_on.isoformat(),
            "language": self.language,
            "holders": [
                [one.kind, one.name, one.kana, one.organisation, one.email] for one in self.holders
            ],
            "file": self.file,
            "shelf": self.shelf,
            "note": self.note,
            "faults": [[one.column, one.code, dict(one.facts)] for one in self.faults],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "ShelfRow":
        """Return the row that `to_json` wrote."""
        day = kept["recorded_on"]
        return cls(
            line=kept["line"],
            title=kept["title"],
            kind=kept["kind"],
            course=kept["course"],
            edition=kept["edition"],
            recorded_on=None if day is None else date.fromisoformat(day),
            language=kept["language"],
            holders=tuple(Holder(*one) for one in kept["holders"]),
            file=kept["file"],
            shelf=kept["shelf"],
            note=kept["note"],
            faults=tuple(
                Fault(column, code, tuple(facts.items())) for column, code, facts in kept["faults"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it was read. `ignored` are headings that mean nothing here.

    With a `fault` there are no rows; its `facts` fill the sentence.
    """

    rows: tuple[ShelfRow, ...] = ()
    ignored: tuple[str, ...] = ()
    fault: SheetFault | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def plain_key(text: str) -> str:
    """Return the form in which words of a sheet are compared: width, case and marks alike."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in wide if char.isalnum())


def text_of(cell: Cell) -> str:
    """Return a cell as text: whole numbers without a point, days as 2026-10-12."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell)


def read_sheet(table: Iterable[Sequence[Cell]], words: ShelfWords) -> Sheet:
    """Read a table: the line of headings, in Japanese or English, then one item a row.

    Lines above the headings (a title, a date) and empty lines are passed over.
    """
    lines = [
        (line, cells)
        for line, cells in enumerate(table, start=1)
        if any(text_of(cell) for cell in cells)
    ]
    if not lines:
        return Sheet(fault=SheetFault.EMPTY)
    heads = [(place, _columns(cells, words)) for place, (_line, cells) in enumerate(lines)][
        :_HEAD_ROWS
    ]
    found = next((head for head in heads if _is_head(set(head[1].values()))), None)
    if found is None:
        best = max((set(columns.values()) for _place, columns in heads), key=len)
        lacking = [name for name in ("title_ja", "kind") if name not in best]
        return Sheet(fault=SheetFault.COLUMNS, facts={"columns": ",".join(lacking)})
    place, columns = found
    if twice := _twice(columns.values()):
        return Sheet(fault=SheetFault.COLUMN_TWICE, facts={"column": twice})
    rows = []
    for line, cells in lines[place + 1 :]:
        named = {name: cells[at] for at, name in columns.items() if at < len(cells)}
        texts = {name: text_of(cell) for name, cell in named.items()}
        if any(texts.values()) and plain_key(texts.get("note", "")) not in words.passed_over:
            rows.append(_read_row(line, named, words))
    if not rows:
        return Sheet(fault=SheetFault.NO_ROWS)
    if len(rows) > MAX_ROWS:
        return Sheet(fault=SheetFault.TOO_LONG, facts={"most": str(MAX_ROWS)})
    head = [text_of(cell) for cell in lines[place][1]]
    return Sheet(tuple(rows), tuple(t for at, t in enumerate(head) if t and at not in columns))


def _columns(cells: Sequence[Cell], words: ShelfWords) -> dict[int, str]:
    """Return which column stands in which place of a line, where the line names any."""
    return {
        place: words.columns[key]
        for place, cell in enumerate(cells)
        if (key := plain_key(text_of(cell))) in words.columns
    }


def _is_head(found: set[str]) -> bool:
    """Whether a line names what no list can do without: a title, and which kind it is."""
    return bool(found & {"title_ja", "title_en"}) and "kind" in found


def _twice(names: Iterable[str]) -> str:
    listed = list(names)
    return next((name for name in listed if listed.count(name) > 1), "")


def _read_row(line: int, cells: Mapping[str, Cell], words: ShelfWords) -> ShelfRow:
    texts = {name: text_of(cells.get(name, "")) for name in COLUMNS}
    faults = [*_form_faults(texts)]
    day, day_fault = _read_day(cells.get("recorded_on", ""))
    if day_fault:
        faults.append(Fault("recorded_on", day_fault, (("text", texts["recorded_on"][:_SHOWN]),)))
    if not texts["title_ja"] and not texts["title_en"]:
        faults.append(Fault("title_ja", "title_missing"))
    kind = words.kinds.get(plain_key(texts["kind"]), "")
    if not kind:
        code = "value_unknown" if texts["kind"] else "kind_missing"
        faults.append(Fault("kind", code, (("text", texts["kind"][:_SHOWN]),)))
    language = _language(texts["language"], words)
    if not language:
        faults.append(Fault("language", "value_unknown", (("text", texts["language"][:_SHOWN]),)))
    holders, holder_faults = _read_holders(texts, kind, words)
    return ShelfRow(
        line=line,
        title=localized(texts["title_ja"], texts["title_en"]),
        kind=kind,
        course=texts["course"],
        edition=texts["edition"],
        recorded_on=day,
        language=language or "ja",
        holders=tuple(dict.fromkeys(holders)),
        file=texts["file"],
        shelf=texts["shelf"],
        note=texts["note"],
        faults=(*faults, *holder_faults),
    )


def _form_faults(texts: Mapping[str, str]) -> Iterable[Fault]:
    for name, text in texts.items():
        most = _LONGEST.get(name)
        if most is not None and len(text) > most:
            yield Fault(name, "text_too_long", (("most", str(most)),))
        if text.startswith("="):
            yield Fault(name, "formula")
        if any(unicodedata.category(char) == "Cc" and char not in "\t\r\n" for char in text):
            yield Fault(name, "unstorable")


def _read_day(cell: Cell) -> tuple[date | None, str]:
    """Return the day of a cell, and a code when it is none: a date, a serial number, or words."""
    if isinstance(cell, datetime):
        return cell.date(), ""
    if isinstance(cell, date):
        return cell, ""
    text = plain(text_of(cell))
    if not text:
        return None, ""
    if re.fullmatch("[0-9]{5}", text) and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return _EPOCH + timedelta(days=int(text)), ""
    if re.fullmatch(r"(19|20)\d{6}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        return read_day(text.split(" ")[0] if re.match(r"\d{4}-", text) else text), ""
    except DateFaultError as fault:
        return None, "day_impossible" if fault.readable else "day_unreadable"


def _language(text: str, words: ShelfWords) -> str:
    if not text:
        return "ja"
    if known := words.languages.get(plain_key(text)):
        return known
    tag = plain(text)
    return tag if len(tag) <= 20 and _TAG.fullmatch(tag) else ""  # noqa: PLR2004 - the column's


def _read_holders(
    texts: Mapping[str, str], kind: str, words: ShelfWords
) -> tuple[list[Holder], list[Fault]]:
    """Return speaker (of a paper, its author) and the further ones, with what is wrong."""
    holders: list[Holder] = []
    faults: list[Fault] = []
    kana = ""
    try:
        kana = to_katakana(texts["speaker_kana"])
    except KanaError as wrong:
        faults.append(Fault("speaker_kana", "kana_wrong", (("text", wrong.text[:_SHOWN]),)))
    email = plain(texts["email"])
    if email and not _ADDRESS.fullmatch(email):
        faults.append(Fault("email", "address_wrong", (("text", texts["email"][:_SHOWN]),)))
    if texts["speaker"]:
        role = "slides" if kind == "paper" else "speaker"
        holders.append(Holder(role, texts["speaker"], kana, texts["organisation"], email))
    elif email or kana:
        faults.append(Fault("speaker", "speaker_missing"))
    for part in re.split(r"[;\uff1b\r\n]+", texts["others"][: _LONGEST["others"]]):
        if not part.strip():
            continue
        holder = _read_other(part, words)
        if isinstance(holder, Fault):
            faults.append(holder)
        else:
            holders.append(holder)
    return holders, faults


def _read_other(part: str, words: ShelfWords) -> Holder | Fault:
    """Read `kind: name (organisation) <address>`; the last two may be left out."""
    marks = {0xFF1A: ":", 0xFF08: "(", 0xFF09: ")", 0xFF1C: "<", 0xFF1E: ">"}
    # Single spaces, so that a cell full of them costs no time.
    found = _OTHER.fullmatch(" ".join(part.translate(marks).split()))
    if found is None:
        return Fault("others", "holder_unreadable", (("text", part.strip()[:_SHOWN]),))
    kind = words.holder_kinds.get(plain_key(found["kind"]))
    if kind is None:
        return Fault("others", "holder_kind_unknown", (("text", found["kind"].strip()[:_SHOWN]),))
    email = plain(found["mail"] or "")
    if email and not _ADDRESS.fullmatch(email):
        return Fault("others", "address_wrong", (("text", email[:_SHOWN]),))
    return Holder(kind, found["name"].strip(), "", (found["org"] or "").strip(), email)
