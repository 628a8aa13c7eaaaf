"""The chapters of a recording, written as a whole."""

from datetime import datetime

from sqlalchemy import delete

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Chapter, MediaKind, Recording, Stage
from lms.recordings.policy import require_recording_editor
from lms.recordings.rules import read_chapters

_LINES_SHOWN = 10
_TIMED = (MediaKind.VIDEO, MediaKind.AUDIO)


def set_chapters(actor: Actor, recording_id: str, text: str, at: datetime) -> int:
    """Put the chapters that a text lists in the place of those there are; return how many.

    See `rules.read_chapters`. Raises InvalidInputError (chapters, with the lines) and
    RecordingRefusedError (chapters_not_ready) where nothing is known of the length.
    """
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage in (Stage.DELETED, Stage.DESTROYED):
        raise NotFoundError
    require_recording_editor(actor, recording)
    if recording.kind not in _TIMED or not recording.duration_ms:
        raise RecordingRefusedError("chapters_not_ready")
    reading = read_chapters(text, recording.duration_ms)
    if reading.faults:
        fault, lines = reading.faults[0]
        shown = ", ".join(map(str, lines[:_LINES_SHOWN]))
        raise InvalidInputError("chapters", fault.value, lines=shown)
    db.session.execute(delete(Chapter).where(Chapter.recording_id == recording.id))
    for line in reading.chapters:
        db.session.add(Chapter(recording_id=recording.id, at_ms=line.at_ms, title=line.title))
    count = len(reading.chapters)
    record_act(actor, "chapters.changed", "recording", recording.id, at=at, count=count)
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
    return count
