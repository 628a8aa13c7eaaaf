"""The blueprint, and the words its templates use."""

from typing import Any

from flask import Blueprint

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


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "recording_words": {
            "stage": stage_text,
            "chip": lambda stage: STAGE_CHIPS[Stage(stage)],
            "kind": kind_text,
            "language": language_text,
            "fault": fault_text,
            "caption_state": caption_state_text,
            "processing": processing_text,
        }
    }
