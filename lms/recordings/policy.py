"""Who may look after recordings and handouts."""

from collections.abc import Sequence

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


def is_rights_officer(actor: Actor, recording: Recording) -> bool:
    """Whether the actor looks after the recording's rights by their role.

    A rights officer may be limited to a recording or to a programme.
    """
    if actor.has_everywhere(Role.RIGHTS_OFFICER):
        return True
    scopes = actor.scopes(Role.RIGHTS_OFFICER)
    if not scopes:
        return False
    programme_id = get_edition(recording.edition_id).programme_id
    return not scopes.isdisjoint((f"recording:{recording.id}", f"programme:{programme_id}"))


def may_read_recording(actor: Actor, recording: Recording) -> bool:
    """Whether the actor sees what the desk holds of it: its editors, and its rights officers."""
    return is_rights_officer(actor, recording) or may_edit_recording(actor, recording)


def readable_recordings(
    actor: Actor, edition_id: str, recordings: Sequence[Recording]
) -> list[Recording]:
    """Return those of all recordings of an edition that the actor may read at the desk.

    Raises NotFoundError, as if nothing were there, for who neither looks after the edition nor
    after any of them.
    """
    found = [one for one in recordings if may_read_recording(actor, one)]
    if not found and not may_manage_edition(actor, get_edition(edition_id)):
        raise NotFoundError
    return found


def require_recording_reader(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who looks after neither the recording nor its rights."""
    if not may_read_recording(actor, recording):
        raise NotFoundError


def require_recording_editor(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who does not look after the recording."""
    if not may_edit_recording(actor, recording):
        raise NotFoundError


def require_recording_adder(actor: Actor, edition_id: str) -> None:
    """Refuse, as if nothing were there, who may not add recordings to the edition."""
    if not may_manage_edition(actor, get_edition(edition_id)):
        raise NotFoundError
