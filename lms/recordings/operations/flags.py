"""Flagging pages of a paper for the channels through which they must not go."""

from dataclasses import dataclass
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.events import RecordingChanged
from lms.recordings.models import ChannelFlag, MediaKind, Recording, Stage
from lms.recordings.policy import require_recording_editor
from lms.recordings.rules import Channel, judge_flag

_LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class FlagDetails:
    """Pages from 1, both ends included, and the channels through which they must not go."""

    first_page: int
    last_page: int
    barred: frozenset[Channel]
    note: str = ""


def add_flag(actor: Actor, recording_id: str, details: FlagDetails, at: datetime) -> ChannelFlag:
    """Flag pages of a paper. Raises InvalidInputError (first_page, last_page, barred, note)."""
    recording = _locked_paper(actor, recording_id)
    flag = ChannelFlag(recording_id=recording.id, first_page=1, last_page=1)
    _set(flag, recording, details)
    db.session.add(flag)
    _changed(actor, recording, "recording.pages_flagged", flag, at)
    return flag


def change_flag(
    actor: Actor, recording_id: str, flag_id: str, details: FlagDetails, at: datetime
) -> ChannelFlag:
    """Flag other pages, or for other channels. Raises like `add_flag`, and NotFoundError."""
    recording = _locked_paper(actor, recording_id)
    flag = _flag(recording, flag_id)
    _set(flag, recording, details)
    _changed(actor, recording, "recording.pages_flagged", flag, at)
    return flag


def delete_flag(actor: Actor, recording_id: str, flag_id: str, at: datetime) -> None:
    """Let the pages go through every channel again. Raises NotFoundError."""
    recording = _locked_paper(actor, recording_id)
    flag = _flag(recording, flag_id)
    db.session.delete(flag)
    _changed(actor, recording, "recording.pages_unflagged", flag, at)


def _locked_paper(actor: Actor, recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if (
        recording is None
        or recording.stage in (Stage.DELETED, Stage.DESTROYED)
        or recording.kind != MediaKind.PAPER
    ):
        raise NotFoundError
    require_recording_editor(actor, recording)
    return recording


def _flag(recording: Recording, flag_id: str) -> ChannelFlag:
    flag = db.session.get(ChannelFlag, flag_id)
    if flag is None or flag.recording_id != recording.id:
        raise NotFoundError
    return flag


def _set(flag: ChannelFlag, recording: Recording, details: FlagDetails) -> None:
    fault = judge_flag(details.first_page, details.last_page, recording.pages, details.barred)
    if fault is not None:
        raise InvalidInputError(fault.field, fault.value, pages=recording.pages)
    note = details.note.strip()
    if len(note) > _LONGEST_NOTE:
        raise InvalidInputError("note", "flag_note_too_long")
    flag.first_page, flag.last_page, flag.note = details.first_page, details.last_page, note
    flag.room = Channel.ROOM not in details.barred
    flag.live = Channel.LIVE not in details.barred
    flag.later = Channel.LATER not in details.barred
    flag.download = Channel.DOWNLOAD not in details.barred


def _changed(actor: Actor, recording: Recording, act: str, flag: ChannelFlag, at: datetime) -> None:
    db.session.flush()
    record_act(
        actor, act, "recording", recording.id, at=at, flag=flag.id,
        pages=[flag.first_page, flag.last_page], room=flag.room, live=flag.live,
        later=flag.later, download=flag.download,
    )  # fmt: skip
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
