"""Other languages' sound: an interpreter's channel recorded beside the floor.

A file comes in with its language and how much later than the film it begins; a job cuts it at
the moments of the film's segments, so that the player may change the language at any time.
"""

from datetime import datetime

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import MediaFault, RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import AudioTrack, MediaKind, Recording, Rendition, Stage
from lms.recordings.operations.permitting import require_words
from lms.recordings.operations.receiving import Received, Target
from lms.recordings.operations.removing import queue_removal
from lms.recordings.operations.rendering import MadeRendition, rendition_root
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_track
from lms.recordings.rules import MAX_DURATION_MS, canonical_tag, track_name

_ATTEMPTS = 5
_WITH_SOUND = (MediaKind.VIDEO, MediaKind.AUDIO)
_GONE = (Stage.DELETED, Stage.DESTROYED)


def track_target(recording: Recording) -> Target:
    """Return for what a file of another language's sound comes in: see `receive`."""
    return Target(recording.id, recording.media_version, MediaKind.AUDIO)


def add_track(
    actor: Actor,
    recording_id: str,
    received: Received,
    language: str,
    at: datetime,
    *,
    shift_ms: int = 0,
) -> AudioTrack:
    """Add another language's sound, or put it in the place of the one in that language.

    `language` is a BCP 47 tag; `shift_ms` how much later than the film it begins, negative for
    earlier. What is there already is heard until the new one is ready. Raises InvalidInputError
    (language, shift, file) and RecordingRefusedError (tracks_for_paper).
    """
    recording = _locked(actor, recording_id)
    tag = check_track(recording, language, shift_ms, at)
    root = rendition_root(recording.id, recording.media_version)
    if not received.key.startswith(f"{root}-"):  # the film was replaced while it came in
        raise InvalidInputError("file", "track_of_old_version")
    track = db.session.scalar(
        select(AudioTrack).where(
            AudioTrack.recording_id == recording.id,
            AudioTrack.media_version == recording.media_version,
            AudioTrack.language == tag,
        )
    )
    replaced = track is not None
    if track is None:
        track = AudioTrack(
            recording_id=recording.id,
            media_version=recording.media_version,
            language=tag,
            created_at=at,
        )
        db.session.add(track)
    else:
        queue_removal(track.source_key)
    track.source_key = received.key
    track.source_name = received.name
    track.source_size = received.size
    track.source_sha256 = received.sha256
    track.shift_ms = shift_ms
    _make_again(track, recording)
    record_act(
        actor, "track.replaced" if replaced else "track.added", "recording", recording.id, at=at,
        language=tag, sha256=received.sha256,
    )  # fmt: skip
    _changed(recording, at)
    return track


def change_track(actor: Actor, track_id: str, shift_ms: int, at: datetime) -> AudioTrack:
    """Move another language's sound against the film; it is made anew.

    Raises InvalidInputError (shift).
    """
    track, recording = _found(actor, track_id)
    _check_shift(shift_ms)
    track.shift_ms = shift_ms
    _make_again(track, recording)
    record_act(
        actor, "track.changed", "recording", recording.id, at=at,
        language=track.language, shift_ms=shift_ms,
    )  # fmt: skip
    _changed(recording, at)
    return track


def delete_track(actor: Actor, track_id: str, at: datetime) -> Recording:
    """Take another language's sound away at once; a job removes its files."""
    track, recording = _found(actor, track_id)
    _drop_rendition(track)
    queue_removal(track.source_key)
    db.session.delete(track)
    record_act(
        actor, "track.deleted", "recording", recording.id, at=at, language=track.language
    )  # fmt: skip
    _changed(recording, at)
    return recording


def queue_track(track: AudioTrack) -> None:
    """Have a track made; the film it belongs to is ready."""
    track.state = "waiting"
    track.error_code = ""
    track.job_id = enqueue(
        "make_track", {"track_id": track.id, "key": track.source_key}, max_attempts=_ATTEMPTS
    )


def publish_track(
    actor: Actor, track_id: str, job_id: str, made: MadeRendition, at: datetime
) -> bool:
    """Make a finished track the recording's, in the place of an older one.

    False, and nothing written, when it was changed, replaced or deleted meanwhile.
    """
    found = _waited_for(track_id, job_id)
    if found is None:
        return False
    track, recording = found
    require_recording_editor(actor, recording)
    _drop_rendition(track)
    db.session.add(as_row(recording.id, track.media_version, made, at))
    track.state = "ready"
    track.error_code = ""
    record_act(actor, "track.processed", "recording", recording.id, at=at, language=track.language)
    _changed(recording, at)
    return True


def fail_track(actor: Actor, track_id: str, job_id: str, fault: MediaFault, at: datetime) -> bool:
    """Write down why a track cannot be used; False when it is not waited for any more."""
    found = _waited_for(track_id, job_id)
    if found is None:
        return False
    track, recording = found
    require_recording_editor(actor, recording)
    track.state = "failed"
    track.error_code = fault.value
    record_act(
        actor, "track.failed", "recording", recording.id, at=at,
        language=track.language, code=fault.value,
    )  # fmt: skip
    _changed(recording, at)
    return True


def clean_track(storage: Storage, track: AudioTrack) -> int:
    """Remove what killed workers left of a track; return how many files went.

    Only the job that makes the track calls this.
    """
    root = rendition_root(track.recording_id, track.media_version)
    known = {
        folder.rpartition("/")[0]
        for folder in db.session.scalars(
            select(Rendition.folder).where(Rendition.recording_id == track.recording_id)
        )
    }
    made = {"/".join(key.split("/")[:4]) for key in storage.list(root)}
    left = {key for key in made - known if key.startswith(f"{root}/t-{track.id}-")}
    return sum(storage.delete_tree(folder) for folder in sorted(left))


def as_row(recording_id: str, media_version: int, made: MadeRendition, at: datetime) -> Rendition:
    """Return the row of a finished rendition."""
    return Rendition(
        recording_id=recording_id,
        media_version=media_version,
        name=made.name,
        role=made.role,
        language=made.language,
        folder=made.folder,
        width=made.width,
        height=made.height,
        bandwidth=made.bandwidth,
        codecs=made.codecs,
        segments=[list(segment) for segment in made.segments],
        ready_at=at,
    )


def _make_again(track: AudioTrack, recording: Recording) -> None:
    """Have a track made now, or once its film is ready."""
    track.state = "waiting"
    track.error_code = ""
    track.job_id = None
    db.session.flush()
    if recording.stage in (Stage.REVIEW, Stage.PUBLISHED):
        queue_track(track)


def _waited_for(track_id: str, job_id: str) -> tuple[AudioTrack, Recording] | None:
    """Lock a track, with its recording, if it still waits for this very job."""
    track = find_track(track_id)
    if track is None:
        return None
    recording: Recording | None = lock_row(Recording, track.recording_id)
    track = lock_row(AudioTrack, track_id)
    if track is None or track.job_id != job_id or track.state != "waiting":
        return None
    if recording is None or recording.stage in _GONE:
        return None
    return (track, recording) if track.media_version == recording.media_version else None


def _found(actor: Actor, track_id: str) -> tuple[AudioTrack, Recording]:
    track = find_track(track_id)
    if track is None:
        raise NotFoundError
    recording = _locked(actor, track.recording_id)
    if track.media_version != recording.media_version:
        raise NotFoundError
    return track, recording


def _locked(actor: Actor, recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage in _GONE:
        raise NotFoundError
    require_recording_editor(actor, recording)
    if recording.kind not in _WITH_SOUND:
        raise RecordingRefusedError("tracks_for_paper")
    return recording


def check_track(recording: Recording, language: str, shift_ms: int, at: datetime) -> str:
    """Return the tag under which a track would be added, before its file is sent.

    Raises InvalidInputError (language, also where a rightsholder allows no translation; shift) and
    RecordingRefusedError (tracks_for_paper).
    """
    if recording.kind not in _WITH_SOUND:
        raise RecordingRefusedError("tracks_for_paper")
    _check_shift(shift_ms)
    tag = canonical_tag(language)
    if tag is None:
        raise InvalidInputError("language", "language_unknown")
    if tag == recording.language:
        raise InvalidInputError("language", "track_in_own_language")
    require_words(recording, tag, "language", at)
    return tag


def _check_shift(shift_ms: int) -> None:
    if abs(shift_ms) > MAX_DURATION_MS:
        raise InvalidInputError("shift", "shift_too_large")


def _drop_rendition(track: AudioTrack) -> None:
    """Take what was made of a track from the player, and have its files removed."""
    row = db.session.scalar(
        select(Rendition).where(
            Rendition.recording_id == track.recording_id,
            Rendition.media_version == track.media_version,
            Rendition.name == track_name(track.language),
        )
    )
    if row is not None:
        queue_removal(row.folder)
        db.session.delete(row)
        db.session.flush()


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
