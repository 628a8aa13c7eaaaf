"""What will be recorded of a session: planned recordings, and the points of the venue."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import LiveSessionId
from lms.kernel.localized import Localized
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import Details, add_recording
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, ConsentItem, RightsPlan
from lms.rights.operations.asking import open_request
from lms.rights.policy import require_request_desk
from lms.rights.rules.consent import CHECKLIST
from lms.sessions.models import LiveSession
from lms.sessions.policy import require_organiser_of_session

_KINDS = (MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PAPER)


def plan_recording(
    actor: Actor,
    live_session_id: str,
    kind: str,
    at: datetime,
    *,
    title: Localized,
    language: str,
) -> Recording:
    """Plan a recording or a paper of a session; whom to ask follows, and no file comes before.

    Raises NotFoundError, RightsRefusedError (session_cancelled), InvalidInputError (kind,
    title_ja).
    """
    edition = require_organiser_of_session(actor, live_session_id)
    if kind not in _KINDS:
        raise InvalidInputError("kind", "choice_unknown")
    if db.session.get_one(LiveSession, live_session_id).cancelled_at is not None:
        raise RightsRefusedError("session_cancelled")
    details = Details(title, language, live_session_id=LiveSessionId(live_session_id))
    return add_recording(actor, edition.edition_id, MediaKind(kind), details, at, planned=True)


def tick_checklist(
    actor: Actor, live_session_id: str, done: Collection[str], at: datetime
) -> tuple[str, ...]:
    """Write down which points of the venue were seen to, in the order of the list.

    They hold for every recording of the session. Raises NotFoundError, RightsRefusedError
    (nothing_planned), InvalidInputError (done).
    """
    require_organiser_of_session(actor, live_session_id)
    if not set(done) <= set(CHECKLIST):
        raise InvalidInputError("done", "choice_unknown")
    points = tuple(point for point in CHECKLIST if point in set(done))
    recordings = db.session.scalars(
        select(Recording.id).where(
            Recording.live_session_id == live_session_id,
            Recording.kind.in_((MediaKind.VIDEO, MediaKind.AUDIO)),
            Recording.stage.not_in((Stage.DELETED, Stage.DESTROYED)),
        )
    ).all()
    if not recordings:
        raise RightsRefusedError("nothing_planned")
    for recording_id in recordings:
        plan = db.session.get(RightsPlan, recording_id)
        if plan is None:
            plan = RightsPlan(
                recording_id=recording_id, responsible_id=actor.person_id, updated_at=at
            )
            db.session.add(plan)
        plan.checklist = list(points)
        plan.updated_at = at
    record_act(
        actor, "rights.checklist_ticked", "live_session", live_session_id, at=at, done=list(points)
    )
    return points


def take_over_request(actor: Actor, request_id: str, at: datetime) -> None:
    """Become the person responsible for a letter and what it asks for. Raises NotFoundError."""
    request = open_request(request_id)
    require_request_desk(actor, request)
    request.created_by = actor.person_id
    for agreement in db.session.scalars(
        select(Agreement).where(
            Agreement.id.in_(
                select(ConsentItem.agreement_id).where(ConsentItem.request_id == request.id)
            )
        )
    ):
        agreement.responsible_id = actor.person_id
    record_act(actor, "consent.taken_over", "consent_request", request.id, at=at)
