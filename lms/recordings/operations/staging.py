"""The stage of a recording as publication moves it; called by `rights`, which decides."""

from datetime import datetime

from lms.infra.db import lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Recording, Stage
from lms.recordings.policy import require_recording_editor


def mark_published(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Bring a recording that waits for review, or is published, to the stage `published`.

    Raises RecordingRefusedError (not_ready) at any other stage.
    """
    recording = _locked(actor, recording_id)
    if recording.stage not in (Stage.REVIEW, Stage.PUBLISHED):
        raise RecordingRefusedError("not_ready")
    if recording.stage == Stage.REVIEW:
        recording.stage = Stage.PUBLISHED
        recording.published_at = at
    _changed(recording, at)
    return recording


def mark_in_review(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Bring a published recording back to `review`; at any other stage nothing happens."""
    recording = _locked(actor, recording_id)
    if recording.stage == Stage.PUBLISHED:
        recording.stage = Stage.REVIEW
        recording.published_at = None
    _changed(recording, at)
    return recording


def bump_generation(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Make every media token handed out so far worthless."""
    recording = _locked(actor, recording_id)
    recording.generation += 1
    _changed(recording, at)
    return recording


def _locked(actor: Actor, recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage in (Stage.DELETED, Stage.DESTROYED):
        raise NotFoundError
    require_recording_editor(actor, recording)
    return recording


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
