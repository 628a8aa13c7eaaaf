"""Reads of closing: what stays of a recording, and the record of its destruction."""

from dataclasses import dataclass

from sqlalchemy import func, select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.recordings.models import Recording
from lms.rights.models import Agreement, DestructionRecord, PlaySession


@dataclass(frozen=True, slots=True)
class Kept:
    """What stays when a recording is closed, in numbers."""

    agreements: int
    documents: int
    plays: int
    entries: int


def count_kept(recording: Recording) -> Kept:
    """Return how much evidence of a recording stays. One query."""
    of_it = Agreement.recording_id == recording.id
    row = db.session.execute(
        select(
            select(func.count()).select_from(Agreement).where(of_it).scalar_subquery(),
            select(func.count())
            .select_from(Agreement)
            .where(of_it, Agreement.document_key != "")
            .scalar_subquery(),
            select(func.count())
            .select_from(PlaySession)
            .where(PlaySession.recording_id == recording.id)
            .scalar_subquery(),
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.subject_kind == "recording", AuditEntry.subject_id == recording.id)
            .scalar_subquery(),
        )
    ).one()
    return Kept(*row)


def find_destruction(recording_id: str) -> DestructionRecord | None:
    """Return the record of a recording's destruction, or None."""
    return db.session.scalar(
        select(DestructionRecord)
        .where(DestructionRecord.recording_id == recording_id)
        .order_by(DestructionRecord.at.desc())
        .limit(1)
    )


def get_record(record_id: str) -> DestructionRecord | None:
    """Return a record by its id, or None."""
    return db.session.get(DestructionRecord, record_id)
