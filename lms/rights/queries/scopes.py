"""What somebody looks after at the rights desk, by their roles, as a condition of queries."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, true

from lms.courses.models import Edition
from lms.kernel.actor import Actor, Role
from lms.recordings.models import Recording


@dataclass(frozen=True, slots=True)
class DeskScope:
    """What somebody looks after: everything, or some programmes and recordings."""

    everything: bool = False
    programme_ids: frozenset[str] = frozenset()
    recording_ids: frozenset[str] = frozenset()


def desk_scope(actor: Actor) -> DeskScope:
    """Return what an organiser, a rights officer or an administrator looks after."""
    roles = (Role.ORGANISER, Role.RIGHTS_OFFICER)
    if any(actor.has_everywhere(role) for role in (*roles, Role.ADMIN)):
        return DeskScope(everything=True)
    scopes = frozenset(scope for role in roles for scope in actor.scopes(role))

    def ids(prefix: str) -> frozenset[str]:
        return frozenset(s.removeprefix(prefix) for s in scopes if s.startswith(prefix))

    return DeskScope(programme_ids=ids("programme:"), recording_ids=ids("recording:"))


def in_scope(scope: DeskScope) -> ColumnElement[bool]:
    """Return the condition on Edition and Recording of a query that joins both."""
    if scope.everything:
        return true()
    return or_(Edition.programme_id.in_(scope.programme_ids), Recording.id.in_(scope.recording_ids))
