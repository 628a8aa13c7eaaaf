"""Who may set rules, confirm and revoke; who may fetch a certificate."""

from lms.completion.models import Certificate
from lms.completion.queries import edition_of_certificate
from lms.courses.models import Edition
from lms.courses.policy import may_manage_edition, require_edition_manager
from lms.kernel.actor import Actor

__all__ = ["may_fetch_certificate", "may_manage_completion", "require_edition_manager"]


def may_manage_completion(actor: Actor, edition: Edition) -> bool:
    """Whoever manages the edition."""
    return may_manage_edition(actor, edition)


def may_fetch_certificate(actor: Actor, certificate: Certificate) -> bool:
    """Whose it is, and whoever manages its edition."""
    if actor.person_id == certificate.person_id:
        return True
    return actor.is_staff and may_manage_edition(actor, edition_of_certificate(certificate))
