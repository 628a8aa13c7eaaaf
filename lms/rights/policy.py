"""Who looks after rights and publication."""

from lms.courses.queries import get_edition
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Recording
from lms.recordings.policy import may_edit_recording
from lms.rights.models import Agreement


def may_manage_rights(actor: Actor, recording: Recording) -> bool:
    """Whether the actor looks after rights and publication: its organisers, the rights desk.

    A rights officer may be limited to a recording or to a programme.
    """
    if actor.has_everywhere(Role.RIGHTS_OFFICER) or may_edit_recording(actor, recording):
        return True
    scopes = actor.scopes(Role.RIGHTS_OFFICER)
    if not scopes:
        return False
    programme_id = get_edition(recording.edition_id).programme_id
    return not scopes.isdisjoint((f"recording:{recording.id}", f"programme:{programme_id}"))


def require_rights_desk(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who does not look after the recording's rights."""
    if not may_manage_rights(actor, recording):
        raise NotFoundError


def is_holder(actor: Actor, agreement: Agreement) -> bool:
    """Whether the agreement is the actor's own."""
    return actor.person_id is not None and agreement.holder_person_id == actor.person_id


def require_withdrawer(actor: Actor, agreement: Agreement, recording: Recording) -> None:
    """Refuse, as if nothing were there, anyone but the rightsholder and the rights desk."""
    if not (is_holder(actor, agreement) or may_manage_rights(actor, recording)):
        raise NotFoundError
