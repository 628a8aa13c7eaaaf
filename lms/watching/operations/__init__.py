"""Writes of watching."""

from lms.watching.operations.closing import close_idle_plays, forget_closed_sessions
from lms.watching.operations.keys import Gate, begin_view, decide_play
from lms.watching.operations.opening import Opened, open_play
from lms.watching.operations.papers import (
    PageText,
    Stamp,
    draw_page,
    read_page,
    stamped_copy,
)
from lms.watching.operations.reporting import Reported, end_watch, report_watch

__all__ = [
    "Gate",
    "Opened",
    "PageText",
    "Reported",
    "Stamp",
    "begin_view",
    "close_idle_plays",
    "decide_play",
    "draw_page",
    "end_watch",
    "forget_closed_sessions",
    "open_play",
    "read_page",
    "report_watch",
    "stamped_copy",
]
