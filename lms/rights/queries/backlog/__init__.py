"""Reads of the backlog: what a sheet is judged against, and the board."""

from lms.rights.queries.backlog.board import (
    Backlog,
    BacklogFilter,
    BacklogGroup,
    BacklogLine,
    list_chosen,
    read_backlog,
)
from lms.rights.queries.backlog.importing import (
    PlaceChoice,
    find_import,
    find_place,
    find_same_file,
    find_shelf_file,
    list_expected,
    list_files,
    list_open_imports,
    list_place_choices,
    old_lists,
    read_shelf_facts,
)

__all__ = [
    "Backlog",
    "BacklogFilter",
    "BacklogGroup",
    "BacklogLine",
    "PlaceChoice",
    "find_import",
    "find_place",
    "find_same_file",
    "find_shelf_file",
    "list_chosen",
    "list_expected",
    "list_files",
    "list_open_imports",
    "list_place_choices",
    "old_lists",
    "read_backlog",
    "read_shelf_facts",
]
