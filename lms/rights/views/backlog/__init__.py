"""The backlog: what the federation has on its shelves, on its way to be asked for and shown."""

from lms.rights.views.backlog.answers import backlog_answer, backlog_letter
from lms.rights.views.backlog.board import backlog
from lms.rights.views.backlog.files import backlog_files
from lms.rights.views.backlog.imports import backlog_import, backlog_preview

__all__ = [
    "backlog",
    "backlog_answer",
    "backlog_files",
    "backlog_import",
    "backlog_letter",
    "backlog_preview",
]
