"""Reads of the copies of recordings that may be taken away."""

from typing import Final

from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.intervals import Intervals, normalise
from lms.recordings.models import MediaCopy, Recording
from lms.recordings.queries import find_copy

#: The act of taking a film away, as it is written down.
DOWNLOADED: Final = "recording.downloaded"


def find_fitting_copy(recording: Recording, cuts: Intervals) -> MediaCopy | None:
    """Return the copy that is ready and leaves out exactly these cuts (ms), or None.

    One that leaves out more is another copy; one that leaves out less would give too much.
    """
    copy = find_copy(recording)
    if copy is None or copy.state != "ready" or not copy.key:
        return None
    return copy if normalise((a, b) for a, b in copy.cuts) == cuts else None


def has_begun_copy(person_id: str | None, copy: MediaCopy) -> bool:
    """Whether it is written down that a person (None: without an account) took this copy away."""
    begun = select(AuditEntry.id).where(
        AuditEntry.subject_kind == "recording",
        AuditEntry.subject_id == copy.recording_id,
        AuditEntry.action == DOWNLOADED,
        AuditEntry.actor_id == person_id,
        AuditEntry.details["sha256"].as_string() == copy.sha256,
    )
    return db.session.scalar(begun.limit(1)) is not None
