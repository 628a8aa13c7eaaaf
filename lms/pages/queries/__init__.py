"""Reads that join several features into one page, within its budget of queries."""

from lms.pages.queries.desk import Desk, Need, Task, find_desk
from lms.pages.queries.reading import (
    Course,
    LessonLine,
    PartLine,
    find_course,
    list_outline,
    programme_titles,
)

__all__ = [
    "Course",
    "Desk",
    "LessonLine",
    "Need",
    "PartLine",
    "Task",
    "find_course",
    "find_desk",
    "list_outline",
    "programme_titles",
]
