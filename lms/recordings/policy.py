"""Who may look after recordings and handouts."""

from lms.courses.policy import may_manage_edition
from lms.courses.queries import get_edition
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Recording


def may_edit_recording(actor: Actor, recording: Recording) -> bool:
    """Whether the actor looks after the recording: its edition's organiser, or its own editor."""
    if f"recording:{recording.id}" in actor.scopes(Role.ORGANISER):
        return True
    return may_manage_edition(actor, get_edition(recording.edition_id))


def require_recording_editor(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who does not look after the recording."""
    if not may_edit_recording(actor, recording):
        raise NotFoundError


def require_recording_adder(actor: Actor, edition_id: str) -> None:
    """Refuse, as if nothing were there, who may not add recordings to the edition."""
    if not may_manage_edition(actor, get_edition(edition_id)):
        raise NotFoundError
