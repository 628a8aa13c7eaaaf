"""Recordings and papers from the shelves: entered in bulk, hidden until they are taken on.

Called by `rights`, which decides who may: the actor here is the product itself, and who did it
stands in the audit entry that `rights` writes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.ids import EditionId, RecordingId, new_id
from lms.kernel.localized import Localized
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations.editing import work_on_file


@dataclass(frozen=True, slots=True)
class Shelved:
    """What is known of something on a shelf; `file_name` is that of the file to come."""

    edition_id: str
    kind: MediaKind
    title: Localized
    language: str
    recorded_on: date | None = None
    file_name: str = ""
    shelf: str = ""


def add_shelved(items: Iterable[Shelved], by_id: str | None, at: datetime) -> list[Recording]:
    """Enter recordings and papers at the stage `recorded`, in one statement a few hundred.

    Nothing is raised for each of them: at this stage nobody but the desk can come upon one, and
    without a row of facts the decision denies.
    """
    recordings = [
        Recording(
            id=new_id(),
            edition_id=item.edition_id,
            kind=item.kind.value,
            title=item.title,
            language=item.language,
            stage=Stage.RECORDED,
            generation=1,
            media_version=1,
            source_key="",
            source_name=item.file_name,
            poster_key="",
            error_code="",
            shelf=item.shelf,
            recorded_on=item.recorded_on,
            created_by=by_id,
            created_at=at,
        )
        for item in items
    ]
    db.session.add_all(recordings)
    db.session.flush()
    return recordings


def take_off_shelf(recording_id: str, at: datetime) -> Recording:
    """Take a recording on: its file is processed, or it waits as a draft for the file to come.

    Raises RecordingRefusedError (not_on_shelf) at any other stage.
    """
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage != Stage.RECORDED:
        raise RecordingRefusedError("not_on_shelf")
    work_on_file(recording)
    if not recording.source_key:
        recording.source_name = ""
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
    return recording
