"""Who may set rules, confirm and revoke."""

from lms.courses.models import Edition
from lms.courses.policy import may_manage_edition, require_edition_manager
from lms.kernel.actor import Actor

__all__ = ["may_manage_completion", "require_edition_manager"]


def may_manage_completion(actor: Actor, edition: Edition) -> bool:
    """Whoever manages the edition."""
    return may_manage_edition(actor, edition)
