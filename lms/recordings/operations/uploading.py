"""Files that come in pieces: begun, gone on with, whole, taken or given up.

The bytes are written outside; here stands what is written down about them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete

from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import new_id
from lms.recordings.errors import MediaFault, RecordingRefusedError
from lms.recordings.models import MediaKind, Upload
from lms.recordings.operations.editing import require_recordable
from lms.recordings.policy import require_recording_adder, require_recording_editor
from lms.recordings.queries import get_recording
from lms.recordings.queries.uploads import Arriving, arriving, count_open_uploads
from lms.recordings.rules import safe_name
from lms.recordings.rules.uploads import UPLOAD_KEPT

_MOST_OPEN = 20
#: Longer than checking and storing takes; a process that was killed at it is waited for no longer.
_IN_HAND = timedelta(minutes=30)


class Purpose(StrEnum):
    """What an upload becomes: a new recording's file, a present one's, a track of its sound."""

    RECORDING = "recording"
    FILE = "file"
    TRACK = "track"


class UploadState(StrEnum):
    """Where an upload stands. `taking`: its bytes are being checked and stored."""

    OPEN = "open"
    WHOLE = "whole"
    TAKING = "taking"
    TAKEN = "taken"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What somebody wants to send: `place` is the id of an edition or of a recording."""

    purpose: Purpose
    place: str
    kind: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Room:
    """How much may come in, in bytes: the limit of one file, and what is free for this one."""

    limit: int
    free: int


def begin_upload(actor: Actor, plan: UploadPlan, room: Room, at: datetime) -> Arriving:
    """Write down an upload that begins. Nothing of it has come yet.

    Raises NotFoundError, InvalidInputError (file: file_empty, upload_too_large,
    upload_no_space, upload_kind) and RecordingRefusedError (too_many_uploads, and those of
    `require_recordable`).
    """
    kind = _require_place(actor, plan)
    assert actor.person_id is not None
    if plan.size == 0:
        raise InvalidInputError("file", MediaFault.EMPTY.value)
    if plan.size > room.limit:
        raise InvalidInputError("file", "upload_too_large", size=plan.size, max=room.limit)
    if plan.size > room.free:
        raise InvalidInputError("file", "upload_no_space", size=plan.size)
    if count_open_uploads(actor.person_id) >= _MOST_OPEN:
        raise RecordingRefusedError("too_many_uploads")
    upload_id = new_id()
    row = Upload(
        id=upload_id,
        owner_id=actor.person_id,
        purpose=plan.purpose.value,
        target={"place": plan.place, "kind": kind.value},
        name=safe_name(plan.name),
        size=plan.size,
        received=0,
        key=upload_id,
        state=UploadState.OPEN.value,
        created_at=at,
        updated_at=at,
        expires_at=at + UPLOAD_KEPT,
    )
    db.session.add(row)
    db.session.flush()
    return arriving(row)


def _require_place(actor: Actor, plan: UploadPlan) -> MediaKind:
    """Refuse who may not send there; return of what kind the file must be."""
    if plan.purpose is Purpose.RECORDING:
        require_recording_adder(actor, plan.place)
        if plan.kind not in {MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PAPER}:
            raise InvalidInputError("file", "upload_kind")
        return MediaKind(plan.kind)
    recording = get_recording(plan.place)
    require_recording_editor(actor, recording)
    require_recordable(recording)  # before a byte of it is sent
    if recording.kind == MediaKind.LINK:
        raise InvalidInputError("file", "upload_kind")
    return MediaKind.AUDIO if plan.purpose is Purpose.TRACK else MediaKind(recording.kind)


def note_received(actor: Actor, upload_id: str, start: int, received: int, at: datetime) -> None:
    """Write down that the bytes from `start` up to `received` are safe on the disk.

    Raises RecordingRefusedError (upload_moved_on) when something else was written meanwhile.
    """
    row = _own(actor, upload_id)
    if row.state != UploadState.OPEN or row.received != start:
        raise RecordingRefusedError("upload_moved_on")
    row.received = received
    row.updated_at = at
    row.expires_at = at + UPLOAD_KEPT
    if received >= row.size:
        row.state = UploadState.WHOLE.value


def refuse_upload(actor: Actor, upload_id: str, code: str, at: datetime) -> None:
    """Write down why a file is not taken; its bytes may go."""
    row = _own(actor, upload_id)
    row.state = UploadState.REFUSED.value
    row.error_code = code
    row.updated_at = at


def claim_upload(actor: Actor, upload_id: str, at: datetime) -> Arriving:
    """Take a whole upload in hand, so that nobody else takes it too.

    Raises RecordingRefusedError: upload_not_whole, upload_in_hand, or upload_gone.
    """
    row = _own(actor, upload_id)
    codes = {
        UploadState.OPEN: "upload_not_whole",
        UploadState.TAKING: "upload_in_hand",
        UploadState.TAKEN: "upload_gone",
        UploadState.REFUSED: "upload_gone",
    }
    state = UploadState(row.state)
    if state is UploadState.TAKING and at - row.updated_at > _IN_HAND:
        state = UploadState.WHOLE
    if state is not UploadState.WHOLE:
        raise RecordingRefusedError(codes[state])
    row.state = UploadState.TAKING.value
    row.updated_at = at
    return arriving(row)


def give_upload_back(actor: Actor, upload_id: str, at: datetime) -> None:
    """Let go of an upload in hand whose bytes are still there."""
    row = _own(actor, upload_id)
    row.state = UploadState.WHOLE.value
    row.updated_at = at


def finish_upload(actor: Actor, upload_id: str, recording_id: str, at: datetime) -> None:
    """Write down what an upload has become, in the transaction that makes it so."""
    row = _own(actor, upload_id)
    row.state = UploadState.TAKEN.value
    row.target = {**row.target, "became": recording_id}
    row.updated_at = at


def drop_upload(actor: Actor, upload_id: str) -> Arriving:
    """Forget an upload that its owner stopped. Raises RecordingRefusedError (upload_in_hand)."""
    row = _own(actor, upload_id)
    if row.state == UploadState.TAKING:
        raise RecordingRefusedError("upload_in_hand")
    found = arriving(row)
    db.session.delete(row)
    return found


def forget_uploads(upload_ids: list[str], at: datetime) -> None:
    """Forget uploads whose time is over; one gone on with meanwhile stays."""
    db.session.execute(delete(Upload).where(Upload.id.in_(upload_ids), Upload.expires_at <= at))


def _own(actor: Actor, upload_id: str) -> Any:
    row = lock_row(Upload, upload_id)
    if row is None or row.owner_id != actor.person_id:
        raise NotFoundError
    return row
