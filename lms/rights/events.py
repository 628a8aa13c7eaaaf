"""What happened to rights and publication."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import AgreementId, EditionId, RecordingId


@dataclass(frozen=True, slots=True)
class RecordingPublished:
    """A recording or handout may be seen from now on, within its rights."""

    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class RecordingTakenDown:
    """A recording was stopped for everyone."""

    recording_id: RecordingId
    edition_id: EditionId
    at: datetime


@dataclass(frozen=True, slots=True)
class AgreementWithdrawn:
    """A rightsholder took an agreement back."""

    agreement_id: AgreementId
    recording_id: RecordingId
    edition_id: EditionId
    at: datetime
