"""Whose play session it is."""

from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.people.models import Person
from lms.rights.models import PlaySession


def may_use_play(actor: Actor, play: PlaySession) -> bool:
    """Whether the play session is the actor's (nobody's belongs to who is not signed in)."""
    return play.person_id == actor.person_id


def require_own_play(actor: Actor, play: PlaySession) -> None:
    """Refuse, as if there were none, who did not open the play session."""
    if not may_use_play(actor, play):
        raise NotFoundError


def may_still_act(person: Person, epoch: int) -> bool:
    """Whether a browser that was signed in with this epoch still is."""
    return person.suspended_at is None and person.session_epoch == epoch
