"""The blueprint, and the words its templates use."""

from typing import Any

from flask import Blueprint

from lms.courses.policy import may_manage_edition
from lms.courses.queries import get_edition
from lms.infra.web.access import current_actor
from lms.recordings.models import Stage
from lms.recordings.texts import (
    STAGE_CHIPS,
    caption_state_text,
    fault_text,
    kind_text,
    language_text,
    processing_text,
    stage_text,
)

blueprint = Blueprint("recordings", __name__, template_folder="../templates")


def _runs(edition_id: str) -> bool:
    """Whether who asks looks after the whole edition: only they are shown the way to the rest."""
    return may_manage_edition(current_actor(), get_edition(edition_id))


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "recording_words": {
            "stage": stage_text,
            "chip": lambda stage: STAGE_CHIPS[Stage(stage)],
            "runs": _runs,
            "kind": kind_text,
            "language": language_text,
            "fault": fault_text,
            "caption_state": caption_state_text,
            "processing": processing_text,
        }
    }
