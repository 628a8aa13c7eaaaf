"""The backlog in words: states, what is wrong with a row, a sheet or a file."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.web.locale import ui_language
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.recordings.errors import MediaFault
from lms.recordings.texts import MEDIA_FAULTS
from lms.rights.errors import RightsRefusedError
from lms.rights.operations.shelving import column_name
from lms.rights.rules.shelf import Fault, ItemState, RowState, SheetFault

STATES: Final[Mapping[ItemState, Any]] = {
    ItemState.NOT_ASKED: _l("Not asked"),
    ItemState.ASKED: _l("Asked"),
    ItemState.YES: _l("Yes"),
    ItemState.NARROWER: _l("Yes, but narrower"),
    ItemState.NO: _l("No"),
    ItemState.NOT_FOUND: _l("Not found"),
    ItemState.NOT_MINE: _l("Somebody else holds it"),
    ItemState.WITHDRAWN: _l("Withdrawn"),
}

STATE_CHIPS: Final[Mapping[ItemState, str]] = {
    ItemState.NOT_ASKED: "plain",
    ItemState.ASKED: "wait",
    ItemState.YES: "done",
    ItemState.NARROWER: "done",
    ItemState.NO: "no",
    ItemState.NOT_FOUND: "no",
    ItemState.NOT_MINE: "wait",
    ItemState.WITHDRAWN: "no",
}

OUTCOME_NAMES: Final[Mapping[str, Any]] = {
    "yes": _l("Yes, as asked for"),
    "narrower": _l("Yes, but narrower"),
    "no": _l("No"),
    "not_found": _l("Not found: nobody could be asked"),
}

ROW_STATES: Final[Mapping[RowState, Any]] = {
    RowState.NEW: _l("Will be entered"),
    RowState.KNOWN: _l("Already here"),
    RowState.FAULTY: _l("To be corrected"),
}

ROW_CHIPS: Final[Mapping[RowState, str]] = {
    RowState.NEW: "done",
    RowState.KNOWN: "plain",
    RowState.FAULTY: "no",
}

_SHEET_FAULTS: Final[Mapping[SheetFault, Any]] = {
    SheetFault.MISSING: _l("There is no list. Please choose an XLSX or CSV file."),
    SheetFault.EMPTY: _l("This file is empty. Please choose another."),
    SheetFault.TOO_LARGE: _l(
        "This list is too large. Lists up to %(most)s MB are read: please remove pictures and "
        "stray cells far below or to the right, or send it in parts."
    ),
    SheetFault.TOO_LONG: _l("This list has more than %(most)s rows. Please send it in parts."),
    SheetFault.BROKEN: _l(
        "This file is damaged or was cut off and cannot be read. Please save it again."
    ),
    SheetFault.LOCKED: _l(
        "This file is protected by a password or of an old Excel form (.xls). "
        "Please save it as .xlsx without a password."
    ),
    SheetFault.ENCODING: _l(
        "The characters of this file cannot be read. Please save it as XLSX, or as CSV in UTF-8."
    ),
    SheetFault.FORMAT: _l("This is no list. Please choose an XLSX or CSV file."),
    SheetFault.COLUMNS: _l(
        "These columns were not found: %(columns)s. Please use the headings of the template."
    ),
    SheetFault.COLUMN_TWICE: _l("The column %(column)s stands twice. Please keep one of them."),
    SheetFault.NO_ROWS: _l("There are headings, but no rows below them."),
}

_ROW_FAULTS: Final[Mapping[str, Any]] = {
    "title_missing": _l("There is no title in Japanese or English."),
    "kind_missing": _l("It does not say what it is: video, sound or paper."),
    "value_unknown": _l("“%(text)s” is not known here."),
    "text_too_long": _l("The text is longer than %(most)s characters."),
    "formula": _l("This is a formula, not a value. Please write the value."),
    "unstorable": _l("There is a character in this text that cannot be stored."),
    "day_unreadable": _l("“%(text)s” is no date. Please write it such as 2019-06-14."),
    "day_impossible": _l("“%(text)s” is not in the calendar."),
    "day_to_come": _l("This day has not come yet."),
    "kana_wrong": _l("“%(text)s” is not kana."),
    "address_wrong": _l("“%(text)s” is no e-mail address."),
    "speaker_missing": _l("There is an address or a reading, but no name."),
    "holder_unreadable": _l(
        "“%(text)s” cannot be read. Please write: kind: name (organisation) <e-mail>; and so on."
    ),
    "holder_kind_unknown": _l(
        "“%(text)s” is no kind of rightsholder. Known are speaker, author, music, performer, "
        "person shown and interpreter."
    ),
    "place_missing": _l("It names no course. Please say where such rows go."),
    "course_unknown": _l("There is no course “%(text)s” that you look after."),
    "course_several": _l("Several courses are called “%(text)s”. Please write the code."),
    "course_closed": _l("The course is archived and takes nothing new without an edition."),
    "edition_unknown": _l("There is no edition “%(text)s” of this course."),
    "edition_several": _l(
        "Several editions are called “%(text)s”. Please name the course, or write the code."
    ),
    "row_twice": _l("The same item stands in line %(line)s."),
    "address_of_other_line": _l(
        "This address stands in line %(line)s with another name: %(name)s."
    ),
    "address_of_known": _l("This address belongs to another rightsholder on file: %(name)s."),
    "namesake": _l(
        "%(name)s stands in this list with different organisations or addresses: "
        "they become different rightsholders."
    ),
    "file_twice": _l(
        "Another item has the file name %(name)s too: the file will have to be added by hand."
    ),
    "nobody_named": _l("No rightsholder is named. It can be added on the board."),
}

_FILE_FAULTS: Final[Mapping[str, Any]] = {
    "file_unexpected": _l("No item of the backlog has this file name."),
    "file_several": _l("Several items of the backlog have this file name."),
    "item_has_file": _l("The item with this file name has its file already."),
    "item_gone": _l("The item is not in the backlog any more."),
    "file_known": _l("The same file is here already, with another recording or paper."),
    "file_unchecked": _l("This file could not be checked. Please send it again."),
    "file_other_kind": _l("This file is of another kind than the item."),
}

_REFUSALS: Final[Mapping[str, Any]] = {
    "import_over": _l("This list was entered or dropped already."),
    "import_empty": _l("No row can be entered. Please correct the list and send it again."),
    "import_meanwhile": _l(
        "Somebody else entered the same items in this moment, so nothing was written. "
        "Please look at the list again."
    ),
    "answered_already": _l("This was agreed to already. Changes are made on its rights page."),
    "holder_unnamed": _l("This rightsholder is not named for this item any more."),
    "holder_answered": _l(
        "They were asked or have answered, so their name stays with the item. "
        "A letter can be taken back on its own page."
    ),
    "holder_named": _l("This rightsholder is named for this item already."),
    "nobody_agreed": _l("It can be taken on once its speaker (of a paper, its author) has agreed."),
}

_INVALID: Final[Mapping[str, Any]] = {
    "place_unknown": _l("Please choose one of the places."),
    "items_missing": _l("Please choose at least one item."),
    "items_many": _l("Please choose at most %(most)s items for one letter."),
    "search_missing": _l("Please write what was done to find them."),
}


def sheet_fault_text(
    fault: SheetFault, facts: Mapping[str, str], language: str | None = None
) -> str:
    """Return the sentence for a file that is no list; columns by the template's names."""
    language = language or ui_language()
    values = dict(facts)
    if "columns" in values:
        names = [column_name(one, language) for one in values["columns"].split(",")]
        values["columns"] = str(_(", ")).join(names)
    if "column" in values:
        values["column"] = column_name(values["column"], language)
    return str(_SHEET_FAULTS[fault]) % values


def row_fault_text(fault: Fault, language: str | None = None) -> str:
    """Return the sentence for what is wrong with a row, begun with its column."""
    sentence = str(_ROW_FAULTS[fault.code]) % dict(fault.facts)
    if not fault.column:
        return sentence
    return str(
        _("%(column)s: %(sentence)s", column=column_name(fault.column, language or ui_language()),
          sentence=sentence)
    )  # fmt: skip


def file_fault_text(code: str) -> str:
    """Return the sentence for a file that was not taken."""
    if code in _FILE_FAULTS:
        return str(_FILE_FAULTS[code])
    return str(MEDIA_FAULTS[MediaFault(code)])


def shelf_sentence_of(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of the backlog, or None."""
    if isinstance(error, RightsRefusedError) and error.code in _REFUSALS:
        return str(_REFUSALS[error.code])
    if isinstance(error, InvalidInputError) and error.code in _INVALID:
        return str(_INVALID[error.code]) % dict(error.facts)
    return None
