"""Closing a recording: nobody sees it from now on, its files are destroyed, the evidence stays."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.models import (
    AudioTrack,
    Caption,
    ChannelFlag,
    Chapter,
    MediaCopy,
    Recording,
    Rendition,
    Stage,
    TranscriptIndex,
)
from lms.recordings.operations import bump_generation
from lms.rights.errors import RightsRefusedError
from lms.rights.events import RecordingClosed
from lms.rights.models import DestructionRecord, PlaySession, Publication
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.opening import open_recording
from lms.rights.operations.play_sessions import end_leases
from lms.rights.policy import require_rights_desk

_ATTEMPTS: Final = 8
#: Rows that hold parts of the recording itself or say where its files lie.
CONTENT: Final[Sequence[Any]] = (
    Rendition, Caption, TranscriptIndex, AudioTrack, MediaCopy, Chapter, ChannelFlag,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A file that is to be destroyed: its key in the store, its length in bytes, what it is."""

    key: str
    size: int
    what: str


def list_stored(storage: Storage, recording: Recording) -> tuple[StoredPart, ...]:
    """Return every file of a recording with its length. Outside any transaction.

    `what` is source, rendition, copy, page, poster or other.
    """
    found = [
        StoredPart(file.key, file.size, _what(recording, file.key))
        for file in storage.list_files(_folder(recording.id))
    ]
    keys = {recording.source_key, recording.poster_key} - {"", *(part.key for part in found)}
    apart = [key for key in sorted(keys) if storage.exists(key)]  # taken in under another folder
    found += [StoredPart(key, storage.size(key), _what(recording, key)) for key in apart]
    return tuple(found)


def _folder(recording_id: str) -> str:
    return f"recordings/{recording_id}"


def _what(recording: Recording, key: str) -> str:
    if key == recording.source_key:
        return "source"
    if key == recording.poster_key:
        return "poster"
    place = key.removeprefix(_folder(recording.id) + "/")
    for mark, what in (("pages/", "page"), ("copy", "copy"), ("hls", "rendition"),
                       ("source", "source"), ("track", "track")):  # fmt: skip
        if mark in place:
            return what
    return "rendition" if place.endswith((".ts", ".m4s", ".mp4", ".m3u8")) else "other"


def close_recording(
    actor: Actor,
    recording_id: str,
    reason: str,
    stored: Iterable[StoredPart],
    at: datetime,
    *,
    by_hand: Sequence[str] = (),
    record_id: str | None = None,
) -> DestructionRecord:
    """Close a recording or handout for good: nobody sees it, a job destroys its files.

    `stored` is what `list_stored` found; `by_hand` names copies elsewhere (a shelf, an address)
    that a person must destroy. Raises RightsRefusedError (already_closed), InvalidInputError
    (reason). Agreements, evidence, coverage and completions stay.
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if recording.stage == Stage.DESTROYED:
        raise RightsRefusedError("already_closed")
    if not reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    files: list[dict[str, Any]] = [
        {"key": part.key, "size": part.size, "what": part.what} for part in stored
    ]
    files += [
        {"where": place, "what": "by_hand", "done_at": None, "by": None}
        for place in dict.fromkeys(text.strip() for text in by_hand)
        if place
    ]
    record = DestructionRecord(
        recording_id=recording.id,
        title=dict(recording.title),
        reason=reason.strip(),
        files=files,
        by_id=actor.person_id,
        at=at,
    )
    if record_id is not None:
        record.id = record_id
    db.session.add(record)
    db.session.flush()
    _end(recording, at)
    record_act(
        actor, "rights.closed", "recording", recording.id, at=at,
        record=record.id, files=sum("key" in one for one in files),
        bytes=sum(one.get("size", 0) for one in files), copies=sum("where" in one for one in files),
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    enqueue(
        "destroy_closed", {"record_id": record.id}, key=f"destroy:{record.id}",
        max_attempts=_ATTEMPTS,
    )  # fmt: skip
    raise_event(
        RecordingClosed(record.id, RecordingId(recording.id), EditionId(recording.edition_id), at)
    )
    return record


def _end(recording: Recording, at: datetime) -> None:
    """Take a recording from everyone: publications end, media addresses and leases too."""
    for row in db.session.scalars(
        select(Publication).where(
            Publication.recording_id == recording.id, Publication.ended_at.is_(None)
        )
    ):
        row.ended_at = at
    bump_generation(SYSTEM, recording.id, at)
    end_leases(recording.id, at)
    recording.stage = Stage.DESTROYED
    db.session.flush()


def destroy_stored(storage: Storage, record: DestructionRecord) -> int:
    """Destroy the files of a record; return how many went. Outside any transaction.

    May be broken off and begun again. Raises RuntimeError when one would not go.
    """
    folder = _folder(record.recording_id)
    count = storage.delete_tree(folder)
    for key in _keys(record.files):
        if not key.startswith(folder + "/") and storage.exists(key):
            count += storage.delete_tree(key)
    left = [*storage.list(folder), *(key for key in _keys(record.files) if storage.exists(key))]
    if left:
        raise RuntimeError(f"{len(left)} files of a closed recording would not go")
    return count


def _keys(files: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(one["key"]) for one in files if one.get("key")]


def finish_destruction(actor: Actor, record_id: str, at: datetime) -> DestructionRecord | None:
    """Write down that the files are gone, and remove the rows that told of them.

    The words of captions go with them; play sessions and coverage stay. None when it was done.
    """
    record: DestructionRecord | None = lock_row(DestructionRecord, record_id)
    if record is None or record.done_at is not None:
        return None
    recording = open_recording(record.recording_id)
    require_rights_desk(actor, recording)
    for model in CONTENT:
        db.session.execute(delete(model).where(model.recording_id == recording.id))
    recording.source_key = recording.poster_key = ""
    record.done_at = at
    for play in db.session.scalars(
        select(PlaySession).where(
            PlaySession.recording_id == recording.id, PlaySession.closed_at.is_(None)
        )
    ):
        play.closed_at, play.closed_why = at, "refused"
    record_act(
        actor, "rights.destroyed", "recording", recording.id, at=at,
        record=record.id, files=len(_keys(record.files)),
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return record


def tick_copy(actor: Actor, record_id: str, number: int, at: datetime) -> DestructionRecord:
    """Write down that a copy elsewhere was destroyed by hand: the entry `number` of the list.

    Raises NotFoundError, RightsRefusedError (already_ticked).
    """
    record: DestructionRecord | None = lock_row(DestructionRecord, record_id)
    if record is None:
        raise NotFoundError
    recording = open_recording(record.recording_id)
    require_rights_desk(actor, recording)
    files = [dict(one) for one in record.files]
    if not 0 <= number < len(files) or "where" not in files[number]:
        raise NotFoundError
    if files[number].get("done_at"):
        raise RightsRefusedError("already_ticked")
    files[number]["done_at"] = at.isoformat()
    files[number]["by"] = actor.person_id
    record.files = files
    record_act(
        actor, "rights.copy_destroyed", "recording", recording.id, at=at,
        record=record.id, entry=number,
    )  # fmt: skip
    return record
