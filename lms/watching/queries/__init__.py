"""Reads of watching."""

from lms.watching.queries.coverage import (
    Continue,
    Covered,
    continue_watching,
    coverage_of,
    coverage_of_people,
    covered_of,
    permille,
)
from lms.watching.queries.deciding import (
    Shown,
    Viewing,
    decide_for,
    decide_viewing,
    get_shown,
    may_show_cover,
    view_action,
)
from lms.watching.queries.media import (
    MediaPlace,
    find_media,
    list_tracks,
    reference_lengths,
    reference_lengths_of,
)
from lms.watching.queries.papers import (
    HandedCopy,
    decide_paper,
    find_handed_copy,
    get_source_key,
    may_use_paper,
)
from lms.watching.queries.plays import (
    WatchedPlay,
    find_play,
    list_open_sessions,
    lock_watch,
    lock_watched_play,
)

__all__ = [
    "Continue",
    "Covered",
    "HandedCopy",
    "MediaPlace",
    "Shown",
    "Viewing",
    "WatchedPlay",
    "continue_watching",
    "coverage_of",
    "coverage_of_people",
    "covered_of",
    "decide_for",
    "decide_paper",
    "decide_viewing",
    "find_handed_copy",
    "find_media",
    "find_play",
    "get_shown",
    "get_source_key",
    "list_open_sessions",
    "list_tracks",
    "lock_watch",
    "lock_watched_play",
    "may_show_cover",
    "may_use_paper",
    "permille",
    "reference_lengths",
    "reference_lengths_of",
    "view_action",
]
