"""Who may look after people and organisations."""

from datetime import datetime

from lms.kernel.actor import Actor, Role
from lms.kernel.errors import ForbiddenError, NotFoundError
from lms.people.models import Person
from lms.people.queries import is_admin, may_see_person


def may_manage_people(actor: Actor) -> bool:
    """Whether the actor may add and change people and organisations.

    Administrators and organisers without limits.
    """
    return actor.has(Role.ADMIN) or actor.has_everywhere(Role.ORGANISER)


def require_manage_people(actor: Actor) -> None:
    """Refuse, as if nothing were there, who may not manage people."""
    if not may_manage_people(actor):
        raise NotFoundError


def may_manage_person(actor: Actor, person: Person) -> bool:
    """Whether the actor may change this account. An administrator's: administrators only.

    Else an organiser could give an administrator's account their own address and take it over.
    """
    if not may_manage_people(actor):
        return False
    return actor.has(Role.ADMIN) or not is_admin(person.id)


def require_manage_person(actor: Actor, person: Person) -> None:
    """Refuse who may not change this account."""
    require_manage_people(actor)
    if not may_manage_person(actor, person):
        raise ForbiddenError("admin_account")


def require_see_person(actor: Actor, person: Person, at: datetime) -> None:
    """Refuse, as if nothing were there, who may not see this person at a desk."""
    if not may_see_person(actor, person.id, at):
        raise NotFoundError


def may_grant_roles(actor: Actor) -> bool:
    """Whether the actor may give and take roles: administrators."""
    return actor.has(Role.ADMIN)


def require_grant_roles(actor: Actor) -> None:
    """Refuse, as if nothing were there, who may not give roles."""
    if not may_grant_roles(actor):
        raise NotFoundError


def require_self(actor: Actor, person: Person) -> None:
    """Refuse, as if nothing were there, anyone but the person."""
    if not actor.system and actor.person_id != person.id:
        raise NotFoundError
