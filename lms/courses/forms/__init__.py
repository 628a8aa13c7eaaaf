"""Forms of courses."""

from lms.courses.forms.drafting import DRAFT_FORMS, DraftForm
from lms.courses.forms.editing import (
    EditionForm,
    LessonForm,
    MoveForm,
    PartForm,
    ProgrammeForm,
)

__all__ = [
    "DRAFT_FORMS",
    "DraftForm",
    "EditionForm",
    "LessonForm",
    "MoveForm",
    "PartForm",
    "ProgrammeForm",
]
