"""Adding, changing, replacing and deleting recordings and handouts."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lms.courses.queries import find_part
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId, new_id
from lms.kernel.localized import Localized
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.operations.receiving import Received, Target, receive
from lms.recordings.operations.versions import keep_version
from lms.recordings.policy import require_recording_adder, require_recording_editor
from lms.recordings.queries import (
    find_live_session,
    find_processing,
    get_recording,
)

# A killed worker costs an attempt; five broken ones in a row are no accident.
_ATTEMPTS = 5
_PROCESSED = (MediaKind.VIDEO, MediaKind.AUDIO)


@dataclass(frozen=True, slots=True)
class Details:
    """What staff write about a recording: where it belongs, its title and language (BCP 47)."""

    title: Localized
    language: str = "ja"
    part_id: str | None = None
    live_session_id: str | None = None


def add_recording(
    actor: Actor,
    edition_id: str,
    kind: MediaKind,
    details: Details,
    at: datetime,
    *,
    received: Received | None = None,
    recording_id: str | None = None,
    planned: bool = False,
) -> Recording:
    """Add a recording or handout to an edition, with its file when it has come in already.

    `recording_id` is the id under which the file was received; `planned`: of a session to come.
    Raises InvalidInputError (title_ja, place, file), RecordingRefusedError as
    `require_recordable`.
    """
    require_recording_adder(actor, edition_id)
    recording = Recording(
        id=recording_id or new_id(),
        edition_id=edition_id,
        kind=kind,
        title={},
        language=details.language,
        stage=Stage.PLANNED if planned else Stage.DRAFT,
        generation=1,
        media_version=1,
        source_key="",
        poster_key="",
        error_code="",
        created_by=actor.person_id,
        created_at=at,
    )
    _set_details(recording, details)
    db.session.add(recording)
    db.session.flush()
    record_act(actor, "recording.added", "recording", recording.id, at=at, kind=kind.value)
    if received is not None:
        _take_file(recording, received)
        keep_version(actor, recording, at)
    _changed(recording, at)
    return recording


def attach_file(
    actor: Actor, recording_id: str, received: Received, at: datetime, *, note: str = ""
) -> Recording:
    """Give a recording its file, or replace it: coverage starts anew with a new version.

    A film is processed again and waits for review; captions want a new look too. `note` says
    what changed. Raises InvalidInputError (file) when it is of the other kind.
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    if recording.kind == MediaKind.LINK:
        raise InvalidInputError("file", "link_takes_no_file")
    replaced = bool(recording.source_key)
    if replaced:
        keep_version(actor, recording, recording.created_at)
        recording.media_version += 1
        enqueue("destroy_files", {"recording_id": recording.id}, run_at=at)
        for caption in db.session.query(Caption).filter_by(recording_id=recording.id):
            caption.status = "draft"
    _take_file(recording, received)
    keep_version(actor, recording, at, note=note)
    record_act(
        actor, "recording.file_replaced" if replaced else "recording.file_added", "recording",
        recording.id, at=at, media_version=recording.media_version,
    )  # fmt: skip
    _changed(recording, at)
    return recording


def require_recordable(recording: Recording) -> None:
    """Refuse a recording of a session of which nothing may be recorded.

    Raises RecordingRefusedError: recording_forbidden, or recording_not_agreed for one that was
    planned while those who speak have not agreed yet.
    """
    if recording.live_session_id is None or recording.kind not in _PROCESSED:
        return
    meeting = find_live_session(recording.live_session_id)
    state = "" if meeting is None else meeting.recording_state
    if state == "forbidden":
        raise RecordingRefusedError("recording_forbidden")
    if state == "asked" and recording.stage == Stage.PLANNED:
        raise RecordingRefusedError("recording_not_agreed")


def next_target(recording: Recording) -> Target:
    """Return for what a file sent now would come in. Raises as `require_recordable`."""
    require_recordable(recording)
    version = recording.media_version + (1 if recording.source_key else 0)
    return Target(recording.id, version, MediaKind(recording.kind))


def import_file(
    actor: Actor, storage: Storage, recording_id: str, path: Path, at: datetime
) -> Recording:
    """Take a file of this machine as if it had been uploaded (commands, the demo).

    The file is copied. Raises MediaFaultError when it is not of the recording's kind.
    """
    recording = get_recording(recording_id)
    require_recording_editor(actor, recording)
    with path.open("rb") as stream:
        received = receive(storage, next_target(recording), stream, path.name)
    return attach_file(actor, recording_id, received, at)


def change_details(actor: Actor, recording_id: str, details: Details, at: datetime) -> Recording:
    """Change title, language or place. Raises InvalidInputError (title_ja, place)."""
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    _set_details(recording, details)
    record_act(actor, "recording.changed", "recording", recording.id, at=at)
    _changed(recording, at)
    return recording


def retry_processing(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Process a film once more whose processing failed or was given up.

    Raises RecordingRefusedError (not_failed).
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    processing = find_processing(recording)
    given_up = processing is not None and processing.given_up
    if recording.kind not in _PROCESSED or not (recording.stage == Stage.FAILED or given_up):
        raise RecordingRefusedError("not_failed")
    _process(recording)
    record_act(actor, "recording.retried", "recording", recording.id, at=at)
    _changed(recording, at)
    return recording


def delete_recording(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Delete for good: nobody sees it from now on, and a job destroys its files.

    The row stays, as evidence that it existed.
    """
    recording = _locked(recording_id)
    require_recording_editor(actor, recording)
    recording.stage = Stage.DELETED
    enqueue("destroy_files", {"recording_id": recording.id}, run_at=at)
    record_act(actor, "recording.deleted", "recording", recording.id, at=at)
    _changed(recording, at)
    return recording


def _locked(recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage in (Stage.DELETED, Stage.DESTROYED):
        raise NotFoundError
    return recording


def check_details(edition_id: str, details: Details) -> None:
    """Say before a large file is sent what would be wrong with the rest, writing nothing.

    Raises InvalidInputError (title_ja, place).
    """
    _set_details(Recording(edition_id=edition_id), details)


def _set_details(recording: Recording, details: Details) -> None:
    if not any(text.strip() for text in details.title.values()):
        raise InvalidInputError("title_ja", "recording_title_missing")
    part_id = details.part_id
    if details.live_session_id is not None:
        meeting = find_live_session(details.live_session_id)
        if meeting is None or meeting.edition_id != recording.edition_id:
            raise InvalidInputError("place", "recording_place_unknown")
        part_id = part_id or meeting.part_id
    if part_id is not None:
        part = find_part(part_id)
        if part is None or part.edition_id != recording.edition_id:
            raise InvalidInputError("place", "recording_place_unknown")
    recording.title = details.title
    recording.language = details.language
    recording.part_id = part_id
    recording.live_session_id = details.live_session_id


def _take_file(recording: Recording, received: Received) -> None:
    if received.kind != recording.kind:
        raise InvalidInputError("file", "recording_kind_differs")
    require_recordable(recording)
    recording.source_key = received.key
    recording.source_name = received.name
    recording.source_size = received.size
    recording.source_sha256 = received.sha256
    recording.pages = received.pages
    recording.duration_ms = None
    recording.poster_key = ""
    recording.published_at = None
    if recording.stage != Stage.RECORDED:  # from the shelves: nothing is made of it unasked
        work_on_file(recording)


def work_on_file(recording: Recording) -> None:
    """Let the worker process a film, or have a handout wait for review; without a file: draft."""
    recording.error_code = ""
    if not recording.source_key:
        recording.stage = Stage.DRAFT
    elif recording.kind in _PROCESSED:
        _process(recording)
    else:
        recording.stage = Stage.REVIEW


def _process(recording: Recording) -> None:
    recording.stage = Stage.PROCESSING
    recording.error_code = ""
    recording.job_id = enqueue(
        "transcode",
        {"recording_id": recording.id, "media_version": recording.media_version},
        max_attempts=_ATTEMPTS,
    )


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
