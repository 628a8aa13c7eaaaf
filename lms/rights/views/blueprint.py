"""The blueprint, and the words its templates use."""

from typing import Any

from flask import Blueprint

from lms.infra.web.access import RIGHTS_DESK
from lms.rights.policy import may_set_retention
from lms.rights.texts import desk
from lms.rights.views.readers import RIGHTS_READERS

blueprint = Blueprint("rights", __name__, template_folder="../templates")


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "rights_words": {
            "kind": lambda kind: desk.KINDS[kind],
            "standing": lambda standing: desk.STANDINGS[standing],
            "chip": lambda standing: desk.STANDING_CHIPS[standing],
            "actions": desk.actions_text,
            "duties": desk.obligation_texts,
            "at_desk": RIGHTS_DESK.admits,
            "keeps": may_set_retention,
            "reads": RIGHTS_READERS.admits,
        }
    }
