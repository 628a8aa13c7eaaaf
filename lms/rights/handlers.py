"""What rights do when a recording changes; in the same transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from lms.infra.jobs.ledger import enqueue
from lms.kernel.actor import SYSTEM
from lms.recordings.events import RecordingChanged
from lms.recordings.models import Stage
from lms.recordings.operations import bump_generation
from lms.recordings.queries import find_recording
from lms.rights import operations
from lms.rights.events import AgreementWithdrawn, RecordingClosed, RecordingTakenDown
from lms.rights.queries import find_agreement


def freeze(event: RecordingChanged) -> None:
    """Stage and length are part of what the decision reads; its session may be another one."""
    operations.rewrite_facts(event.recording_id, event.at)
    operations.review_recording_states(event.edition_id, event.at)


def cut_short(event: AgreementWithdrawn) -> None:
    """End the playlists that still hold a part whose rightsholder took it back.

    The whole is stopped at the next key by the decision; of a part the rest goes on, by a new
    playlist.
    """
    agreement = find_agreement(event.agreement_id)
    recording = find_recording(event.recording_id)
    if agreement is None or agreement.scope == "whole" or recording is None:
        return
    if recording.stage == Stage.PUBLISHED:
        bump_generation(SYSTEM, recording.id, event.at)


def note_in_journal(event: AgreementWithdrawn | RecordingTakenDown | RecordingClosed) -> None:
    """Have the journal written as soon as this is committed, not only at its next minute."""
    moment = event.at.isoformat(timespec="microseconds")
    enqueue("write_journal", {}, key=f"journal:{event.recording_id}:{moment}")


HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {
    RecordingChanged: (freeze,),
    AgreementWithdrawn: (cut_short, note_in_journal),
    RecordingTakenDown: (note_in_journal,),
    RecordingClosed: (note_in_journal,),
}
