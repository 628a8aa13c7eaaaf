"""What is on the shelves, as a sheet tells it: reading rows, judging them, finding their files."""

from lms.rights.rules.shelf.files import file_key, match_files
from lms.rights.rules.shelf.judging import (
    JudgedRow,
    KnownHolder,
    Place,
    PlaceTree,
    RowState,
    ShelfFacts,
    count_states,
    judge_rows,
)
from lms.rights.rules.shelf.rows import (
    COLUMNS,
    MAX_ROWS,
    Cell,
    Fault,
    Holder,
    Sheet,
    SheetFault,
    ShelfRow,
    ShelfWords,
    plain_key,
    read_sheet,
)
from lms.rights.rules.shelf.standing import ItemState, judge_item, needs_answer

__all__ = [
    "COLUMNS",
    "MAX_ROWS",
    "Cell",
    "Fault",
    "Holder",
    "ItemState",
    "JudgedRow",
    "KnownHolder",
    "Place",
    "PlaceTree",
    "RowState",
    "Sheet",
    "SheetFault",
    "ShelfFacts",
    "ShelfRow",
    "ShelfWords",
    "count_states",
    "file_key",
    "judge_item",
    "judge_rows",
    "match_files",
    "needs_answer",
    "plain_key",
    "read_sheet",
]
