"""Keeping the ledger short: ticks that were done are of no interest after a day."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from lms.infra.db import db
from lms.infra.jobs.models import Job, JobState
from lms.infra.jobs.running import JobContext
from lms.kernel import clock

_KEPT = timedelta(days=1)


def tidy_ledger(context: JobContext, _payload: dict[str, Any]) -> None:
    """Delete the rows of ticks that ended more than a day ago (mails keep their jobs)."""
    before = clock.now() - _KEPT
    with context.finish():
        db.session.execute(
            delete(Job)
            .where(
                Job.idempotency_key.startswith("tick:", autoescape=True),
                Job.state == JobState.DONE,
                Job.finished_at < before,
                Job.id != context.job_id,
            )
            .execution_options(synchronize_session=False)
        )


JOBS = {"tidy_ledger": tidy_ledger}
TICKS = {"tidy_ledger": 3600}
