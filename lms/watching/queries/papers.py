"""Reads of what of a handout was handed out, and of the file that is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.errors import NotFoundError
from lms.kernel.intervals import Intervals, normalise
from lms.recordings.models import MediaCopy, Recording

_HANDED = ("handout.downloaded", "handout.printed")


@dataclass(frozen=True, slots=True)
class HandedCopy:
    """A copy that was taken away or printed: what, by whom (None: without an account), when."""

    recording: Recording
    person_id: str | None
    at: datetime
    printed: bool
    media_version: int | None
    serial: str


def get_source_key(recording: Recording, cuts: Intervals) -> str:
    """Return the key of the file that may be handed out: the paper, or its cut copy.

    Raises NotFoundError while there is no copy with exactly these cuts (pages from 0).
    """
    if not cuts:
        return recording.source_key
    copy = db.session.scalar(
        select(MediaCopy).where(
            MediaCopy.recording_id == recording.id,
            MediaCopy.media_version == recording.media_version,
            MediaCopy.state == "ready",
        )
    )
    if copy is None or normalise((a, b) for a, b in copy.cuts) != cuts:
        raise NotFoundError
    return copy.key


def find_handed_copy(serial: str) -> HandedCopy | None:
    """Return the copy with a serial, or None."""
    if not serial:
        return None
    row = db.session.execute(
        select(AuditEntry, Recording)
        .join(Recording, Recording.id == AuditEntry.subject_id)
        .where(
            AuditEntry.action.in_(_HANDED),
            AuditEntry.details["serial"].as_string() == serial,
        )
    ).first()
    if row is None:
        return None
    entry, recording = row
    return HandedCopy(
        recording, entry.actor_id, entry.at, entry.action == _HANDED[1],
        entry.details.get("media_version"), serial,
    )  # fmt: skip
