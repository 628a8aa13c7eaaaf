"""What the worker writes down about a film, and the removal of files nobody needs."""

import re
from datetime import datetime

from sqlalchemy import delete, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.storage import Storage
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import MediaFault
from lms.recordings.events import RecordingChanged
from lms.recordings.models import AudioTrack, Caption, MediaCopy, Recording, Rendition, Stage
from lms.recordings.operations.rendering import MadeMedia, rendition_root
from lms.recordings.operations.tracks import as_row, queue_track
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import list_tracks

_VERSION = re.compile(r"^v(\d+)(?:-|$)")
_GONE = (Stage.DELETED, Stage.DESTROYED)


def _in_processing(recording_id: str, media_version: int) -> Recording | None:
    """Lock the recording if it still waits for this version, else None."""
    recording: Recording | None = lock_row(Recording, recording_id)
    if (
        recording is None
        or recording.stage != Stage.PROCESSING
        or recording.media_version != media_version
    ):
        return None
    return recording


def publish_media(actor: Actor, recording_id: str, made: MadeMedia, at: datetime) -> bool:
    """Make finished renditions the recording's, all of them; it waits for review then.

    Other languages' sound that came in meanwhile is taken up. False, and nothing written, when
    the file was replaced or the recording deleted meanwhile.
    """
    recording = _in_processing(recording_id, made.media_version)
    if recording is None:
        return False
    require_recording_editor(actor, recording)
    db.session.execute(
        delete(Rendition).where(
            Rendition.recording_id == recording.id, Rendition.media_version == made.media_version
        )
    )
    for rendition in made.renditions:
        db.session.add(as_row(recording.id, made.media_version, rendition, at))
    recording.duration_ms = made.duration_ms
    recording.poster_key = made.poster_key
    recording.stage = Stage.REVIEW
    recording.error_code = ""
    for track in list_tracks(recording.id, made.media_version):
        queue_track(track)
    record_act(actor, "recording.processed", "recording", recording.id, at=at,
               media_version=made.media_version)  # fmt: skip
    _changed(recording, at)
    return True


def fail_processing(
    actor: Actor, recording_id: str, media_version: int, fault: MediaFault, at: datetime
) -> bool:
    """Write down why a film cannot be used; False when it is not waited for any more."""
    recording = _in_processing(recording_id, media_version)
    if recording is None:
        return False
    require_recording_editor(actor, recording)
    recording.stage = Stage.FAILED
    recording.error_code = fault.value
    record_act(actor, "recording.failed", "recording", recording.id, at=at, code=fault.value)
    _changed(recording, at)
    return True


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))


def clean_leftovers(storage: Storage, recording_id: str, media_version: int) -> int:
    """Remove what killed workers left of a version's film; return how many files went.

    Only the job that holds the lease calls this: another's folder is one that cannot be
    published any more. Tracks and copies have jobs and folders of their own.
    """
    root = rendition_root(recording_id, media_version)
    known = {
        _attempt(folder)
        for folder in db.session.scalars(
            select(Rendition.folder).where(
                Rendition.recording_id == recording_id, Rendition.media_version == media_version
            )
        )
    }
    folders = {_attempt(key) for key in storage.list(root)}
    left = {folder for folder in folders - known if folder.startswith(f"{root}/r-")}
    return sum(storage.delete_tree(folder) for folder in sorted(left))


def _attempt(key: str) -> str:
    """Return the folder of the attempt that made a file: recordings/<id>/v<n>/r-<attempt>."""
    return "/".join(key.split("/")[:4])


def destroy_files(storage: Storage, recording: Recording) -> int:
    """Remove the files of a deleted recording, or of a recording's earlier versions.

    Outside any transaction; return how many files went.
    """
    root = f"recordings/{recording.id}"
    if recording.stage in _GONE:
        return storage.delete_tree(root)
    count = 0
    for key in list(storage.list(root)):
        match = _VERSION.match(key.split("/")[2])
        if match and int(match[1]) < recording.media_version and key != recording.source_key:
            count += storage.delete_tree(key)
    return count


def forget_files(actor: Actor, recording_id: str) -> None:
    """Remove the rows of files that `destroy_files` has removed."""
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None:
        return
    require_recording_editor(actor, recording)
    gone = recording.stage in _GONE
    for table in (Rendition, AudioTrack, MediaCopy):
        old = delete(table).where(table.recording_id == recording.id)
        if not gone:
            old = old.where(table.media_version < recording.media_version)
        db.session.execute(old)
    if gone:
        recording.source_key = recording.poster_key = ""
        db.session.execute(delete(Caption).where(Caption.recording_id == recording.id))
