"""Writing audit entries."""

from datetime import datetime
from typing import Any

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.actor import Actor


def record_act(
    actor: Actor, action: str, subject_kind: str, subject_id: str, *, at: datetime, **details: Any
) -> None:
    """Write an entry in the current transaction.

    `action` is a static dotted name (`enrolment.decided`); `details` must be JSON, hold ids
    and codes, and never names, addresses or secrets.
    """
    db.session.add(
        AuditEntry(
            at=at,
            actor_id=actor.person_id,
            action=action,
            subject_kind=subject_kind,
            subject_id=subject_id,
            details=details,
        )
    )
