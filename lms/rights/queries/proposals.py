"""Reads of publications that wait, or waited, for a second person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.courses.models import Edition
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.people.queries import is_id
from lms.recordings.models import Recording, Stage
from lms.rights.models import Override, PublicationProposal
from lms.rights.queries.overrides import names_of
from lms.rights.queries.register import visible_to

_MOST = 50


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal with the names of who proposed it and who decided."""

    proposal: PublicationProposal
    requested_by: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for a second person: a publication, or an exception."""

    is_override: bool
    recording: Recording
    requested_by: str
    requested_at: datetime
    own: bool


def list_waiting(actor: Actor, at: datetime) -> list[Waiting]:
    """Return what waits over the recordings that the actor looks after, oldest first.

    At most three queries. `own`: the actor asked for it, so somebody else has to decide.
    """
    proposals = _of_recordings(actor, PublicationProposal).where(
        PublicationProposal.state == "waiting"
    )
    overrides = _of_recordings(actor, Override).where(
        Override.approved_at.is_(None), Override.refused_at.is_(None), Override.until_at > at
    )
    rows = [
        *db.session.execute(proposals.order_by(PublicationProposal.requested_at).limit(_MOST)),
        *db.session.execute(overrides.order_by(Override.requested_at).limit(_MOST)),
    ]
    names = names_of({one.requested_by for one, _recording in rows if one.requested_by})
    found = [
        Waiting(
            isinstance(one, Override), recording, names.get(one.requested_by or "", ""),
            one.requested_at, own=one.requested_by == actor.person_id,
        )
        for one, recording in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.requested_at)


def _of_recordings(actor: Actor, model: Any) -> Any:
    return (
        select(model, Recording)
        .join(Recording, Recording.id == model.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(
            visible_to(actor),
            Recording.stage.not_in((Stage.DELETED.value, Stage.DESTROYED.value)),
        )
    )


def list_proposals(recording_id: str) -> list[ProposalLine]:
    """Return the proposals of a recording, newest first; two queries."""
    rows = list(
        db.session.scalars(
            select(PublicationProposal)
            .where(PublicationProposal.recording_id == recording_id)
            .order_by(PublicationProposal.requested_at.desc(), PublicationProposal.id.desc())
        )
    )
    names = names_of(
        {key for row in rows for key in (row.requested_by, row.decided_by) if key is not None}
    )
    return [
        ProposalLine(
            row, names.get(row.requested_by or "", ""), names.get(row.decided_by or "", "")
        )
        for row in rows
    ]


def find_proposal(proposal_id: str) -> PublicationProposal | None:
    """Return a proposal, or None."""
    return db.session.get(PublicationProposal, proposal_id) if is_id(proposal_id) else None
