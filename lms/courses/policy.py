"""Who may look after programmes and editions."""

from lms.courses.models import Edition, Programme
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError


def may_create_programmes(actor: Actor) -> bool:
    """Whether the actor may add programmes: an organiser without limits, or an administrator."""
    return actor.has_everywhere(Role.ORGANISER) or actor.has_everywhere(Role.ADMIN)


def may_manage_programme(actor: Actor, programme_id: str) -> bool:
    """Whether the actor looks after this programme (an organiser may be limited to some)."""
    return may_create_programmes(actor) or (
        f"programme:{programme_id}" in actor.scopes(Role.ORGANISER)
    )


def may_manage_edition(actor: Actor, edition: Edition) -> bool:
    """Whether the actor looks after this edition."""
    return may_manage_programme(actor, edition.programme_id)


def require_programme_creator(actor: Actor) -> None:
    """Refuse, as if nothing were there, who may not add programmes."""
    if not may_create_programmes(actor):
        raise NotFoundError


def require_programme_manager(actor: Actor, programme: Programme) -> None:
    """Refuse, as if nothing were there, who does not look after the programme."""
    if not may_manage_programme(actor, programme.id):
        raise NotFoundError


def require_edition_manager(actor: Actor, edition: Edition) -> None:
    """Refuse, as if nothing were there, who does not look after the edition."""
    if not may_manage_edition(actor, edition):
        raise NotFoundError
