"""What is still to be done about a recording held elsewhere that nobody may see any more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.recordings.models import MediaKind
from lms.recordings.rules import host_of
from lms.rights.queries.desk import RightsDesk
from lms.rights.rules.standing import Standing

REMOVED = "recording.removed_elsewhere"


@dataclass(frozen=True, slots=True)
class RemovalTask:
    """It is hidden here since a moment; to be taken down at its host too, or done (`done_at`)."""

    host: str
    address: str
    since: datetime
    done_at: datetime | None


def find_removal_task(desk: RightsDesk) -> RemovalTask | None:
    """Return what is to be done after a withdrawal or takedown; None while nothing is.

    One query, and only for what is held elsewhere and was withdrawn or taken down.
    """
    recording = desk.recording
    if recording.kind != MediaKind.LINK or not recording.source_url:
        return None
    moments = [
        withdrawal.at
        for line in desk.lines
        if line.standing is Standing.WITHDRAWN
        for withdrawal in line.withdrawals
    ]
    if desk.takedown is not None:
        moments.append(desk.takedown.from_at)
    if not moments:
        return None
    since = max(moments)
    done_at = db.session.scalar(
        select(AuditEntry.at)
        .where(
            AuditEntry.action == REMOVED,
            AuditEntry.subject_id == recording.id,
            AuditEntry.at >= since,
        )
        .order_by(AuditEntry.at.desc())
        .limit(1)
    )
    return RemovalTask(host_of(recording.source_url), recording.source_url, since, done_at)
