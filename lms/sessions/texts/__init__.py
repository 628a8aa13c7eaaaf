"""The words of live sessions: refusals, statuses, why one cannot join, invitations."""

from lms.sessions.texts.invitation import Entry, Reader, calendar_file, feed_file
from lms.sessions.texts.sentences import (
    STATUSES,
    WAYS,
    attending_text,
    join_reason,
    refusal_text,
    status_text,
)

__all__ = [
    "STATUSES",
    "WAYS",
    "Entry",
    "Reader",
    "attending_text",
    "calendar_file",
    "feed_file",
    "join_reason",
    "refusal_text",
    "status_text",
]
