"""Writing jobs down. Taking them up is the worker's part, in `lms.infra.jobs.running`."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.jobs.models import Job
from lms.kernel import clock
from lms.kernel.ids import JobId


def enqueue(
    kind: str,
    payload: Mapping[str, str | int],
    *,
    key: str | None = None,
    run_at: datetime | None = None,
    max_attempts: int = 8,
) -> JobId:
    """Write a job in the current transaction: it exists if and only if the change does.

    With `key` (idempotency key) a second call for the same key is the first job.
    """
    if key is not None:
        known = db.session.scalar(select(Job.id).where(Job.idempotency_key == key))
        if known is not None:
            return JobId(known)
    at = clock.now()
    job = Job(
        kind=kind,
        payload=dict(payload),
        idempotency_key=key,
        run_at=run_at or at,
        created_at=at,
        max_attempts=max_attempts,
    )
    db.session.add(job)
    db.session.flush()
    return JobId(job.id)


def is_enqueued(key: str) -> bool:
    """Whether a job with this idempotency key was ever written and is still kept."""
    return db.session.scalar(select(Job.id).where(Job.idempotency_key == key)) is not None
