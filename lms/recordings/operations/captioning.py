"""Captions: taken in, reviewed, removed."""

from dataclasses import dataclass
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import CaptionFault, RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_caption
from lms.recordings.rules import (
    MAX_CAPTION_BYTES,
    decode_captions,
    read_captions,
    render_vtt,
)

_TOLD_FAULTS = 5  # lines named in one answer


@dataclass(frozen=True, slots=True)
class StoredCaptions:
    """What came of a caption file: how many cues are kept, how many had no words."""

    cues: int
    dropped: int


def put_captions(
    actor: Actor, recording_id: str, language: str, data: bytes, at: datetime
) -> StoredCaptions:
    """Store captions in a language, replacing what was there; they are a draft again.

    Raises InvalidInputError (captions) with a CaptionFault's code and, for faulty lines, the
    facts `lines` (numbers joined by commas) and `more` (how many further ones).
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    if recording.kind != MediaKind.VIDEO:
        raise RecordingRefusedError("captions_for_paper")
    if not data.strip():
        raise _refusal(CaptionFault.EMPTY)
    if len(data) > MAX_CAPTION_BYTES:
        raise _refusal(CaptionFault.TOO_LARGE)
    text = decode_captions(data)
    if text is None:
        raise _refusal(CaptionFault.ENCODING)
    reading = read_captions(text, recording.duration_ms)
    if reading.faults:
        first = reading.faults[0].fault
        lines = [f.line for f in reading.faults if f.fault is first and f.line]
        raise _refusal(
            first,
            lines=", ".join(str(line) for line in lines[:_TOLD_FAULTS]),
            more=max(0, len(reading.faults) - min(len(lines), _TOLD_FAULTS)),
        )
    caption = find_caption(recording_id, language)
    if caption is None:
        caption = Caption(recording_id=recording_id, language=language)
        db.session.add(caption)
    caption.vtt = render_vtt(reading.cues)
    caption.status = "draft"
    caption.updated_at = at
    record_act(actor, "captions.stored", "recording", recording_id, at=at, language=language)
    _changed(recording, at)
    return StoredCaptions(len(reading.cues), reading.dropped)


def _refusal(fault: CaptionFault, **facts: object) -> InvalidInputError:
    return InvalidInputError("captions", fault.value, **facts)


def set_captions_reviewed(
    actor: Actor, recording_id: str, language: str, at: datetime, *, reviewed: bool
) -> None:
    """Say that somebody has read the captions against the film, or take that back."""
    recording, caption = _caption(actor, recording_id, language)
    caption.status = "reviewed" if reviewed else "draft"
    record_act(actor, "captions.reviewed" if reviewed else "captions.reopened", "recording",
               recording_id, at=at, language=language)  # fmt: skip
    _changed(recording, at)


def delete_captions(actor: Actor, recording_id: str, language: str, at: datetime) -> None:
    """Remove the captions in a language."""
    recording, caption = _caption(actor, recording_id, language)
    db.session.delete(caption)
    record_act(actor, "captions.deleted", "recording", recording_id, at=at, language=language)
    _changed(recording, at)


def _locked(recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage == Stage.DELETED:
        raise NotFoundError
    return recording


def _caption(actor: Actor, recording_id: str, language: str) -> tuple[Recording, Caption]:
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    caption = find_caption(recording_id, language)
    if caption is None:
        raise NotFoundError
    return recording, caption


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
