"""What happened while watching."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId, PersonId, RecordingId


@dataclass(frozen=True, slots=True)
class CoverageChanged:
    """A person's covered time of a recording grew; `completed` at the default threshold.

    Said when the share passes 50, 60, 70, 75, 80, 85, 90, 95 or 100 %, on completion, and when a
    play session ends: not at every report, which may cost four statements in all.
    """

    recording_id: RecordingId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
    completed: bool = False
