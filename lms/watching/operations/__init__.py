"""Writes of watching."""

from lms.watching.operations.closing import close_idle_plays
from lms.watching.operations.keys import Gate, begin_view, decide_play
from lms.watching.operations.opening import PLAYED, Opened, open_play
from lms.watching.operations.papers import (
    Stamp,
    draw_page,
    plain_letters,
    printable,
    read_words,
)
from lms.watching.operations.reporting import Reported, end_watch, report_watch
from lms.watching.operations.stamping import COPY_KEPT, copy_key, make_copy, read_serial

__all__ = [
    "COPY_KEPT",
    "PLAYED",
    "Gate",
    "Opened",
    "Reported",
    "Stamp",
    "begin_view",
    "close_idle_plays",
    "copy_key",
    "decide_play",
    "draw_page",
    "end_watch",
    "make_copy",
    "open_play",
    "plain_letters",
    "printable",
    "read_serial",
    "read_words",
    "report_watch",
]
