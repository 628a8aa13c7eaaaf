"""Finding what is to be changed, with everyone else kept out."""

from lms.infra.db import db, lock_row
from lms.kernel.errors import NotFoundError
from lms.people.queries import is_id
from lms.recordings.models import Recording, Stage
from lms.rights.models import Agreement


def open_recording(recording_id: str) -> Recording:
    """Lock a recording for the rest of the transaction. Raises NotFoundError."""
    recording: Recording | None = lock_row(Recording, recording_id) if is_id(recording_id) else None
    if recording is None or recording.stage == Stage.DELETED:
        raise NotFoundError
    return recording


def open_agreement(agreement_id: str) -> tuple[Agreement, Recording]:
    """Return an agreement with its recording, which is locked. Raises NotFoundError."""
    agreement = db.session.get(Agreement, agreement_id) if is_id(agreement_id) else None
    if agreement is None:
        raise NotFoundError
    return agreement, open_recording(agreement.recording_id)
