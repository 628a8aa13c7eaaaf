"""Captions: taken in, reviewed, removed."""

from dataclasses import dataclass
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import CaptionFault, CaptionsChangedError, RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.operations.permitting import require_words
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_caption
from lms.recordings.rules import (
    MAX_CAPTION_BYTES,
    CaptionReading,
    canonical_tag,
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
    actor: Actor, recording_id: str, language: str, data: bytes, at: datetime, *,
    machine: bool = False,
) -> StoredCaptions:  # fmt: skip
    """Store captions in a language, replacing what was there; nobody has checked them yet.

    `machine`: a program wrote them, which viewers are told until somebody has read them.
    Raises InvalidInputError (caption_language) for what is no language tag or what a rightsholder
    did not allow (captions_not_agreed, translation_not_agreed), and (captions) with
    a CaptionFault's code and, for faulty lines, the facts `lines` (numbers joined by commas) and
    `more` (how many further ones).
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    _check_kind(recording)
    tag = _tag(language)
    require_words(recording, tag, "caption_language", at)
    reading = _read(recording, data)
    caption = find_caption(recording_id, tag)
    _store(recording, caption, tag, reading, status="machine" if machine else "draft", at=at)
    record_act(actor, "captions.stored", "recording", recording_id, at=at, language=tag)
    return StoredCaptions(len(reading.cues), reading.dropped)


def save_captions(
    actor: Actor, recording_id: str, language: str, data: bytes, at: datetime, *,
    revision: int, reviewed: bool,
) -> StoredCaptions:  # fmt: skip
    """Store captions as they were edited, whole. `revision` is the one that was edited (0: none).

    Raises as `put_captions`, and CaptionsChangedError where somebody else has stored others
    since: nothing is stored then.
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    _check_kind(recording)
    tag = _tag(language)
    require_words(recording, tag, "captions", at)
    caption = find_caption(recording_id, tag)
    if revision != (caption.revision if caption else 0):
        raise CaptionsChangedError
    reading = _read(recording, data)
    _store(recording, caption, tag, reading, status="reviewed" if reviewed else "draft", at=at)
    record_act(actor, "captions.edited", "recording", recording_id, at=at, language=tag)
    return StoredCaptions(len(reading.cues), reading.dropped)


def _check_kind(recording: Recording) -> None:
    if recording.kind not in {MediaKind.VIDEO, MediaKind.AUDIO}:
        raise RecordingRefusedError("captions_for_paper")


def _tag(language: str) -> str:
    tag = canonical_tag(language)
    if tag is None:
        raise InvalidInputError("caption_language", "language_unknown")
    return tag


def _read(recording: Recording, data: bytes) -> CaptionReading:
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
    return reading


def _store(
    recording: Recording,
    caption: Caption | None,
    language: str,
    reading: CaptionReading,
    *,
    status: str,
    at: datetime,
) -> None:
    if caption is None:
        caption = Caption(recording_id=recording.id, language=language, revision=0)
        db.session.add(caption)
    caption.vtt = render_vtt(reading.cues)
    caption.status = status
    caption.updated_at = at
    caption.revision += 1
    _changed(recording, at)


def _refusal(fault: CaptionFault, **facts: object) -> InvalidInputError:
    return InvalidInputError("captions", fault.value, **facts)


def set_captions_reviewed(
    actor: Actor, recording_id: str, language: str, at: datetime, *, reviewed: bool
) -> None:
    """Say that somebody has read the captions against the film, or take that back."""
    recording, caption = _caption(actor, recording_id, language)
    if reviewed:
        require_words(recording, caption.language, "captions", at)
    caption.status = "reviewed" if reviewed else "draft"
    caption.revision += 1
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
    if recording is None or recording.stage in (Stage.DELETED, Stage.DESTROYED):
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
