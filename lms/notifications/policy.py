"""Who may look after mail."""

from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError


def may_manage_mail(actor: Actor) -> bool:
    """Whether the actor may see and stop mail: it tells of people of every organisation."""
    return actor.has(Role.ADMIN) or actor.has_everywhere(Role.ORGANISER)


def require_manage_mail(actor: Actor) -> None:
    """Refuse, as if nothing were there, who may not manage mail."""
    if not may_manage_mail(actor):
        raise NotFoundError


def require_read_audit(actor: Actor) -> None:
    """Refuse, as if nothing were there, who may not read the audit."""
    if not (actor.has(Role.AUDITOR) or actor.has(Role.ADMIN)):
        raise NotFoundError
