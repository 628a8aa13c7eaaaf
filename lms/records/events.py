"""What happened to the record of learning."""

from dataclasses import dataclass
from datetime import datetime

from lms.kernel.ids import EditionId, LessonId, PersonId


@dataclass(frozen=True, slots=True)
class LessonRead:
    """A person marked a lesson as read, or took that back."""

    lesson_id: LessonId
    edition_id: EditionId
    person_id: PersonId
    at: datetime
