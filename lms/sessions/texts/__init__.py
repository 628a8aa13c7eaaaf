"""The words of live sessions: refusals, statuses, why one cannot join, invitations."""

from lms.sessions.texts.invitation import Reader, calendar_file
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
    "Reader",
    "attending_text",
    "calendar_file",
    "join_reason",
    "refusal_text",
    "status_text",
]
