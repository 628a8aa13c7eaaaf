"""What the pages of completion share."""

from flask import Blueprint

from lms.completion.policy import may_manage_completion
from lms.courses.queries import Entry, get_entry
from lms.infra.web.access import current_actor, found

blueprint = Blueprint("completion", "lms.completion", template_folder="templates")


def own_entry(edition_id: str) -> Entry:
    """Return an edition that the actor looks after, with its programme, or answer 404."""
    entry = get_entry(edition_id)
    found(may_manage_completion(current_actor(), entry.edition) or None)
    return entry
