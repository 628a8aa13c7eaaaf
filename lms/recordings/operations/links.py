"""Recordings held elsewhere: listed here, neither enforced nor measured."""

from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.recordings.errors import LinkFault
from lms.recordings.events import RecordingChanged
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations.editing import Details, add_recording
from lms.recordings.operations.versions import keep_version
from lms.recordings.policy import require_recording_adder, require_recording_editor
from lms.recordings.rules import host_of, judge_address


def add_link(
    actor: Actor, edition_id: str, details: Details, address: str, at: datetime
) -> Recording:
    """List a recording that is held elsewhere; it waits for review like any other.

    Raises InvalidInputError (address, title_ja, place).
    """
    require_recording_adder(actor, edition_id)
    listed = _judged(address)
    recording = add_recording(actor, edition_id, MediaKind.LINK, details, at)
    recording.source_url = listed
    recording.stage = Stage.REVIEW
    keep_version(actor, recording, at)
    _changed(recording, at)
    return recording


def change_address(actor: Actor, recording_id: str, address: str, at: datetime) -> Recording:
    """Let an entry lead to another address: it is another thing, to be published again.

    Raises InvalidInputError (address), NotFoundError.
    """
    recording = _locked_link(actor, recording_id)
    listed = _judged(address)
    if listed == recording.source_url:
        return recording
    recording.source_url = listed
    recording.media_version += 1
    recording.stage = Stage.REVIEW
    recording.published_at = None
    keep_version(actor, recording, at)
    record_act(
        actor, "recording.address_changed", "recording", recording.id, at=at,
        media_version=recording.media_version, host=host_of(listed),
    )  # fmt: skip
    _changed(recording, at)
    return recording


def _judged(address: str) -> str:
    listed = judge_address(address)
    if isinstance(listed, LinkFault):
        raise InvalidInputError("address", listed.value)
    return listed


def _locked_link(actor: Actor, recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if (
        recording is None
        or recording.stage in (Stage.DELETED, Stage.DESTROYED)
        or recording.kind != MediaKind.LINK
    ):
        raise NotFoundError
    require_recording_editor(actor, recording)
    return recording


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
