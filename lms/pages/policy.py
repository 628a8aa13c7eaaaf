"""Who may change what belongs to the whole site."""

from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError


def may_manage_site(actor: Actor) -> bool:
    """Administrators, and organisers of everything."""
    return actor.has(Role.ADMIN) or actor.has_everywhere(Role.ORGANISER)


def require_site_manager(actor: Actor) -> None:
    """Raise NotFoundError for whoever may not change the site's settings."""
    if not may_manage_site(actor):
        raise NotFoundError
