"""What happened while watching."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId, PersonId, RecordingId


@dataclass(frozen=True, slots=True)
class CoverageChanged:
    """A person's covered time of a recording grew; `completed` at the default threshold."""

    recording_id: RecordingId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
    completed: bool = False
