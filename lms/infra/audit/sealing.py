"""The sealer: chains what was written since, in order, so that no act has to wait for another."""

from typing import Any

import structlog
from sqlalchemy import select

from lms.infra.audit.chain import GENESIS, seal_hash
from lms.infra.audit.models import AuditEntry, AuditHead
from lms.infra.db import db
from lms.infra.jobs.running import JobContext
from lms.kernel import clock

log = structlog.get_logger()

_BATCH = 5000  # in one write transaction, some 100 ms; the rest waits for the next tick


def seal_audit(context: JobContext, _payload: dict[str, Any]) -> None:
    """Give every unsealed entry its position and hash.

    Two sealers cannot both chain: the second waits for the rows that the first has locked and
    finds them sealed. The new head goes to the log too, a note outside the database.
    """
    with context.finish():
        entries = db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.position.is_(None))
            .order_by(AuditEntry.at, AuditEntry.id)
            .limit(_BATCH)
            .with_for_update()
        ).all()
        if not entries:
            return
        head = db.session.get(AuditHead, 1, with_for_update=True)
        if head is None:
            head = AuditHead(id=1, position=0, hash=GENESIS, sealed_at=clock.now())
            db.session.add(head)
        for entry in entries:
            entry.previous_hash = head.hash
            entry.position = head.position + 1
            entry.hash = seal_hash(head.hash, entry.position, entry)
            head.position, head.hash = entry.position, entry.hash
        head.sealed_at = clock.now()
    log.info("audit_sealed", position=head.position, hash=head.hash)


JOBS = {"seal_audit": seal_audit}
TICKS = {"seal_audit": 60}
