"""Who looks after rights and publication."""

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Recording
from lms.recordings.policy import is_rights_officer, may_read_recording
from lms.rights.models import Agreement, ConsentItem, ConsentRequest


def may_manage_rights(actor: Actor, recording: Recording) -> bool:
    """Whether the actor looks after rights and publication: its organisers, the rights desk.

    A rights officer may be limited to a recording or to a programme.
    """
    return may_read_recording(actor, recording)


def require_rights_desk(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who does not look after the recording's rights."""
    if not may_manage_rights(actor, recording):
        raise NotFoundError


def require_rights_staff(actor: Actor) -> None:
    """Refuse, as if nothing were there, who neither runs courses nor looks after rights."""
    if not (actor.is_staff or actor.has(Role.RIGHTS_OFFICER)):
        raise NotFoundError


def may_manage_request(actor: Actor, request: ConsentRequest) -> bool:
    """Whether the actor looks after the rights of everything that a letter asks for."""
    recordings = db.session.scalars(
        select(Recording).where(
            Recording.id.in_(
                select(Agreement.recording_id)
                .join(ConsentItem, ConsentItem.agreement_id == Agreement.id)
                .where(ConsentItem.request_id == request.id)
            )
        )
    ).all()
    return bool(recordings) and all(may_manage_rights(actor, one) for one in recordings)


def require_request_desk(actor: Actor, request: ConsentRequest) -> None:
    """Refuse, as if nothing were there, who does not look after all that a letter asks for."""
    if not may_manage_request(actor, request):
        raise NotFoundError


def is_holder(actor: Actor, agreement: Agreement) -> bool:
    """Whether the agreement is the actor's own."""
    return actor.person_id is not None and agreement.holder_person_id == actor.person_id


def require_withdrawer(actor: Actor, agreement: Agreement, recording: Recording) -> None:
    """Refuse, as if nothing were there, anyone but the rightsholder and the rights desk."""
    if not (is_holder(actor, agreement) or may_manage_rights(actor, recording)):
        raise NotFoundError


def require_evidence_reader(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who neither looks after the rights nor audits."""
    if not (actor.has(Role.AUDITOR) or may_manage_rights(actor, recording)):
        raise NotFoundError


def may_set_retention(actor: Actor) -> bool:
    """Whether the actor looks after everything: days of keeping hold for all programmes."""
    roles = (Role.ADMIN, Role.ORGANISER, Role.RIGHTS_OFFICER)
    return any(actor.has_everywhere(role) for role in roles)


def require_retention_setter(actor: Actor) -> None:
    """Refuse, as if nothing were there, who does not look after everything."""
    if not may_set_retention(actor):
        raise NotFoundError


def may_view_evidence(actor: Actor, recording: Recording) -> bool:
    """Whether the actor is a rights officer of this recording: nobody else sees evidence."""
    return is_rights_officer(actor, recording)


def require_evidence_viewer(actor: Actor, recording: Recording) -> None:
    """Refuse, as if nothing were there, who is no rights officer of the recording."""
    if not may_view_evidence(actor, recording):
        raise NotFoundError
