"""What happened to recordings and handouts."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId, RecordingId


@dataclass(frozen=True, slots=True)
class RecordingChanged:
    """Stage, file or captions of a recording changed."""

    recording_id: RecordingId
    edition_id: EditionId
    at: datetime
