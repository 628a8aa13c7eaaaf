"""Which file a recording or paper had as which version, and what was said about the change."""

from datetime import datetime

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.models import FileVersion, MediaKind, Recording, Stage
from lms.recordings.policy import require_recording_editor

LONGEST_NOTE = 1000


def keep_version(
    actor: Actor, recording: Recording, at: datetime, *, note: str = ""
) -> FileVersion:
    """Write down the file that the recording has now as its present version.

    Called in the transaction that brings the file, and before a file is replaced that came in
    before versions were kept. What stands already is left as it is.
    """
    require_recording_editor(actor, recording)
    found = find_row(recording.id, recording.media_version)
    if found is not None:
        return found
    is_link = recording.kind == MediaKind.LINK
    row = FileVersion(
        recording_id=recording.id,
        media_version=recording.media_version,
        name=(recording.source_url if is_link else recording.source_name)[:300],
        size=recording.source_size,
        sha256=recording.source_sha256 or "",
        pages=recording.pages,
        note=_checked(note),
        by_id=actor.person_id,
        at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def change_version_note(
    actor: Actor, recording_id: str, media_version: int, note: str, at: datetime
) -> FileVersion:
    """Say in other words what changed with a version. Raises NotFoundError, InvalidInputError."""
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage == Stage.DELETED:
        raise NotFoundError
    require_recording_editor(actor, recording)
    row = find_row(recording_id, media_version)
    if row is None:
        raise NotFoundError
    row.note = _checked(note)
    record_act(
        actor, "recording.version_noted", "recording", recording.id, at=at,
        media_version=media_version,
    )  # fmt: skip
    return row


def find_row(recording_id: str, media_version: int) -> FileVersion | None:
    """Return what was written down about one version, or None."""
    return db.session.scalar(
        select(FileVersion).where(
            FileVersion.recording_id == recording_id,
            FileVersion.media_version == media_version,
        )
    )


def _checked(note: str) -> str:
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidInputError("note", "version_note_too_long")
    return note
