"""Writing down what was done at a host that is beyond this site."""

from datetime import datetime

from lms.infra.audit import record_act
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.recordings.models import MediaKind, Recording
from lms.recordings.rules import host_of
from lms.rights.operations.opening import open_recording
from lms.rights.policy import require_rights_desk
from lms.rights.queries.elsewhere import REMOVED


def report_removed_elsewhere(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Write down that a recording was taken down where it is held.

    Raises NotFoundError, also for what is held here.
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if recording.kind != MediaKind.LINK:
        raise NotFoundError
    record_act(
        actor, REMOVED, "recording", recording.id, at=at,
        media_version=recording.media_version, host=host_of(recording.source_url),
    )  # fmt: skip
    return recording
