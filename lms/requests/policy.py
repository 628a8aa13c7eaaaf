"""Who may ask for a study meeting, who sees that it was asked for, and who answers."""

from lms.courses.policy import may_create_programmes, may_manage_programme
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.people.rules import Tree
from lms.requests.models import MeetingRequest
from lms.requests.queries import organisations_in_charge


def may_answer(actor: Actor, programme_id: str | None) -> bool:
    """Whether the actor answers requests for this programme.

    An organiser limited to some programmes answers for those; a theme of its own (None) is
    answered by organisers without limits.
    """
    if programme_id is None:
        return may_create_programmes(actor)
    return may_manage_programme(actor, programme_id)


def may_ask_for(actor: Actor, organisation_id: str, tree: Tree) -> bool:
    """Whether the actor asks in the name of this organisation: who coordinates it does."""
    return organisation_id in organisations_in_charge(actor, tree)


def may_see(actor: Actor, request: MeetingRequest, tree: Tree) -> bool:
    """Whether the actor sees a request: the organisation's coordinators, and who answers it."""
    return may_answer(actor, request.programme_id) or may_ask_for(
        actor, request.organisation_id, tree
    )


def require_asker(actor: Actor, organisation_id: str, programme_id: str | None, tree: Tree) -> bool:
    """Refuse, as if nothing were there, who may not ask for this organisation.

    Return whether it is asked by the office, on behalf of the organisation.
    """
    if organisation_id not in tree.nodes:
        raise NotFoundError
    if may_ask_for(actor, organisation_id, tree):
        return False
    if may_answer(actor, programme_id):
        return True
    raise NotFoundError


def may_enter(actor: Actor) -> bool:
    """Whether the actor writes down what organisations ask by telephone or on paper."""
    return actor.is_staff


def require_seen(actor: Actor, request: MeetingRequest, tree: Tree) -> None:
    """Refuse, as if nothing were there, who may not know of the request."""
    if not may_see(actor, request, tree):
        raise NotFoundError


def require_answerer(actor: Actor, request: MeetingRequest) -> None:
    """Refuse, as if nothing were there, who does not answer the request."""
    if not may_answer(actor, request.programme_id):
        raise NotFoundError
