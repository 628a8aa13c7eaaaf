"""The web edge of live sessions."""

from lms.sessions.views import (
    attendance,
    board,
    calendar,
    changing,
    cloning,
    connection,
    desk,
    desk_in,
    door_papers,
    hosting,
    learner,
    meeting,
    reports,
    series,
    ticket,
    timetable,
    venues,
)
from lms.sessions.views.blueprint import blueprint

__all__ = [
    "attendance",
    "blueprint",
    "board",
    "calendar",
    "changing",
    "cloning",
    "connection",
    "desk",
    "desk_in",
    "door_papers",
    "hosting",
    "learner",
    "meeting",
    "reports",
    "series",
    "ticket",
    "timetable",
    "venues",
]
