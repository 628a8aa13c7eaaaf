"""Publishing where the federation wants two people: one proposes, another decides."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId
from lms.people.queries import is_id
from lms.recordings.models import Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.events import PublicationProposed
from lms.rights.models import PublicationProposal
from lms.rights.operations.opening import open_recording
from lms.rights.operations.publishing import (
    PublicationDetails,
    plan_publication,
    publish_opened,
)
from lms.rights.policy import require_rights_desk
from lms.rights.rules import Reach

_NUMBER = 60
_NOTE = 2000


def propose_publication(
    actor: Actor,
    recording_id: str,
    details: PublicationDetails,
    at: datetime,
    *,
    within_rights: bool = True,
) -> PublicationProposal:
    """Propose a publication; nothing is shown until somebody else approves it.

    What could not be published cannot be proposed. One waits at a time. Raises
    RightsRefusedError (proposal_waiting and those of `plan_publication`), InvalidInputError.
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    plan_publication(recording, details, at, within_rights=within_rights)
    waiting = db.session.scalar(
        select(PublicationProposal.id)
        .where(
            PublicationProposal.recording_id == recording.id,
            PublicationProposal.state == "waiting",
        )
        .limit(1)
    )
    if waiting is not None:
        raise RightsRefusedError("proposal_waiting")
    proposal = PublicationProposal(
        recording_id=recording.id,
        details=details_to_json(details),
        within_rights=within_rights,
        state="waiting",
        requested_by=actor.person_id,
        requested_at=at,
    )
    db.session.add(proposal)
    db.session.flush()
    _record(actor, "rights.publication_proposed", proposal, at)
    raise_event(
        PublicationProposed(
            proposal.id, RecordingId(recording.id), EditionId(recording.edition_id), at
        )
    )
    return proposal


def approve_publication(
    actor: Actor, proposal_id: str, number: str, at: datetime
) -> PublicationProposal:
    """Approve a proposal under the number of the decision (決裁番号): it is published.

    What the rightsholders allow is judged anew, at this moment. Raises RightsRefusedError
    (not_waiting, own_proposal and those of `plan_publication`), InvalidInputError (number).
    """
    proposal, recording = _waiting(actor, proposal_id)
    if actor.person_id is None or actor.person_id == proposal.requested_by:
        raise RightsRefusedError("own_proposal")
    if not number.strip():
        raise InvalidInputError("number", "number_missing")
    if len(number.strip()) > _NUMBER:
        raise InvalidInputError("number", "text_too_long", most=_NUMBER)
    _decide(actor, proposal, "approved", at)
    proposal.number = number.strip()
    publish_opened(
        actor,
        recording,
        details_from_json(proposal.details),
        at,
        within_rights=proposal.within_rights,
    )
    _record(actor, "rights.publication_approved", proposal, at)
    return proposal


def refuse_publication(
    actor: Actor, proposal_id: str, note: str, at: datetime
) -> PublicationProposal:
    """Send a proposal back with the reason; its proposer takes it back instead.

    Raises RightsRefusedError (not_waiting, own_proposal), InvalidInputError (note).
    """
    proposal, _recording = _waiting(actor, proposal_id)
    if actor.person_id is None or actor.person_id == proposal.requested_by:
        raise RightsRefusedError("own_proposal")
    if not note.strip():
        raise InvalidInputError("note", "reason_missing")
    if len(note.strip()) > _NOTE:
        raise InvalidInputError("note", "text_too_long", most=_NOTE)
    _decide(actor, proposal, "refused", at)
    proposal.note = note.strip()
    _record(actor, "rights.publication_refused", proposal, at)
    return proposal


def drop_publication(actor: Actor, proposal_id: str, at: datetime) -> PublicationProposal:
    """Take a proposal back, so that another can be made.

    Raises RightsRefusedError (not_waiting).
    """
    proposal, _recording = _waiting(actor, proposal_id)
    _decide(actor, proposal, "dropped", at)
    _record(actor, "rights.publication_dropped", proposal, at)
    return proposal


def details_to_json(details: PublicationDetails) -> dict[str, Any]:
    """Return a publication as it is kept with a proposal."""
    return {
        **asdict(details),
        "actions": sorted(details.actions),
        "reach": None if details.reach is None else details.reach.name.lower(),
        "orgs": sorted(details.orgs),
        "first_on": None if details.first_on is None else details.first_on.isoformat(),
        "last_on": None if details.last_on is None else details.last_on.isoformat(),
    }


def details_from_json(kept: dict[str, Any]) -> PublicationDetails:
    """Read what `details_to_json` wrote."""
    first, last, reach = kept["first_on"], kept["last_on"], kept["reach"]
    return PublicationDetails(
        actions=tuple(kept["actions"]),
        reach=None if reach is None else Reach[reach.upper()],
        orgs=frozenset(kept["orgs"]),
        enrolled_only=kept["enrolled_only"],
        first_on=None if first is None else date.fromisoformat(first),
        last_on=None if last is None else date.fromisoformat(last),
    )


def _waiting(actor: Actor, proposal_id: str) -> tuple[PublicationProposal, Recording]:
    """Return a proposal that waits, locked, with its recording. Raises NotFoundError."""
    proposal: PublicationProposal | None = (
        lock_row(PublicationProposal, proposal_id) if is_id(proposal_id) else None
    )
    if proposal is None:
        raise NotFoundError
    recording = open_recording(proposal.recording_id)
    require_rights_desk(actor, recording)
    if proposal.state != "waiting":
        raise RightsRefusedError("not_waiting")
    return proposal, recording


def _decide(actor: Actor, proposal: PublicationProposal, state: str, at: datetime) -> None:
    proposal.state = state
    proposal.decided_by = actor.person_id
    proposal.decided_at = at


def _record(actor: Actor, act: str, proposal: PublicationProposal, at: datetime) -> None:
    record_act(
        actor, act, "recording", proposal.recording_id, at=at,
        proposal=proposal.id, number=proposal.number,
    )  # fmt: skip
