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
    view_action,
)
from lms.watching.queries.plays import (
    MediaPlace,
    WatchedPlay,
    find_media,
    find_play,
    list_open_sessions,
    lock_watch,
    lock_watched_play,
)

__all__ = [
    "Continue",
    "Covered",
    "MediaPlace",
    "Shown",
    "Viewing",
    "WatchedPlay",
    "continue_watching",
    "coverage_of",
    "coverage_of_people",
    "covered_of",
    "decide_for",
    "decide_viewing",
    "find_media",
    "find_play",
    "get_shown",
    "list_open_sessions",
    "lock_watch",
    "lock_watched_play",
    "permille",
    "view_action",
]
