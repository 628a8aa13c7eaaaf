"""Opening a recording or handout as evidence: a rights officer's, for a reason, for a while."""

from datetime import datetime

from lms.infra.audit import record_act
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError
from lms.rights.operations.opening import open_recording
from lms.rights.policy import require_evidence_viewer
from lms.rights.queries.evidence import OPENED


def open_evidence(actor: Actor, recording_id: str, reason: str, at: datetime) -> None:
    """Let a rights officer see a recording as evidence for the coming four hours.

    Whatever rights and publication say: also when it was withdrawn or taken down. The reason
    stands in the audit, and each viewing is logged there. Raises NotFoundError, InvalidInputError
    (reason).
    """
    recording = open_recording(recording_id)
    require_evidence_viewer(actor, recording)
    if not reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    record_act(actor, OPENED, "recording", recording.id, at=at, reason=reason.strip()[:500])
