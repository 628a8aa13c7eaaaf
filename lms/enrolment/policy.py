"""Who may act on enrolments."""

from lms.courses.models import Edition
from lms.courses.policy import may_manage_edition
from lms.enrolment.models import Enrolment
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError


def require_signed_in(actor: Actor) -> None:
    """Refuse who is nobody known."""
    if not actor.signed_in:
        raise NotFoundError


def require_own(actor: Actor, enrolment: Enrolment | None) -> None:
    """Refuse, as if nothing were there, what is not the actor's own enrolment."""
    if enrolment is None or actor.person_id is None or enrolment.person_id != actor.person_id:
        raise NotFoundError


def may_decide(actor: Actor, edition: Edition) -> bool:
    """Whether the actor decides on applications: who looks after the edition does."""
    return may_manage_edition(actor, edition)


def require_decider(actor: Actor, edition: Edition) -> None:
    """Refuse, as if nothing were there, who does not look after the edition."""
    if not may_decide(actor, edition):
        raise NotFoundError


def require_system(actor: Actor) -> None:
    """Only the product itself moves the list after a change made elsewhere."""
    if not actor.system:
        raise NotFoundError
