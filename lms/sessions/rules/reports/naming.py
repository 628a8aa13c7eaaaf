"""Whom a row of a table names."""

import re
from dataclasses import dataclass
from typing import Final

from lms.sessions.rules.reports.layout import Table
from lms.sessions.rules.reports.notes import Notes
from lms.sessions.rules.reports.report import Warned
from lms.sessions.rules.reports.tables import Line
from lms.sessions.rules.reports.words import Head, is_blank, key_of, plain, signs_of, values_of

_LONGEST_NAME: Final = 400
_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_BEHIND: Final = re.compile(r"\s*[(\uff08]([^()\uff08\uff09]*)[)\uff09]\s*$")
_ORIGINAL: Final = re.compile(r"\s+\([^()]*\)\s*$")
_TOGETHER: Final = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]")  # written family name first


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a row names. `email` is lower case."""

    name: str
    email: str = ""
    registrant_id: str = ""

    def key(self) -> tuple[str, str]:
        """Return what makes rows one person: the address, the registration, else the name."""
        if self.email:
            return "email", self.email
        if self.registrant_id:
            return "registrant", self.registrant_id
        return "name", " ".join(self.name.split())


def who_of(table: Table, line: Line, notes: Notes) -> Who:
    """Return whom a line names."""
    name = table.cell(line, Head.NAME)
    if len(name) > _LONGEST_NAME:
        pass  # no name of a person
    elif not name:
        first, last = table.cell(line, Head.FIRST_NAME), table.cell(line, Head.LAST_NAME)
        together = _TOGETHER.search(first + last) is not None
        name = " ".join(part for part in ((last, first) if together else (first, last)) if part)
    elif key_of(table.headings[table.columns[Head.NAME]]) in signs_of("with_original_name"):
        name = _ORIGINAL.sub("", name) or name
    while (
        len(name) <= _LONGEST_NAME
        and (match := _BEHIND.search(name))
        and plain(match[1]) in values_of("suffixes")
    ):
        name = name[: match.start()]
    number = table.cell(line, Head.REGISTRANT_ID)
    return Who(
        "" if is_blank(name) else name.strip(),
        _address(table, line, notes),
        "" if is_blank(number) else number,
    )


def _address(table: Table, line: Line, notes: Notes) -> str:
    for head in (Head.EMAIL, Head.REGISTRATION_EMAIL, Head.UPN):
        text = table.cell(line, head)
        if is_blank(text):
            continue
        address = plain(text)
        if _ADDRESS.fullmatch(address) and "#ext#" not in address:
            return address
        if head is not Head.UPN:
            notes.warn(Warned.BAD_EMAIL, rows=[line.number], example=text)
    return ""
