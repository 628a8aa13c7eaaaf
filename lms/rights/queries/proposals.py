"""Reads of publications that wait, or waited, for a second person."""

from dataclasses import dataclass

from sqlalchemy import select

from lms.infra.db import db
from lms.people.queries import is_id
from lms.rights.models import PublicationProposal
from lms.rights.queries.overrides import names_of


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """A proposal with the names of who proposed it and who decided."""

    proposal: PublicationProposal
    requested_by: str
    decided_by: str


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
