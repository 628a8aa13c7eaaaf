"""The worker's part of live sessions."""

from typing import Any

import structlog

from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.sessions.operations.recomputing import recompute_times
from lms.sessions.providers.asking import JOBS as MEETING_JOBS
from lms.sessions.providers.asking import TICKS as MEETING_TICKS

log = structlog.get_logger()


def recompute_session_times(context: JobContext, payload: dict[str, Any]) -> None:
    """Derive the moments of sessions again once the rules of time zones are newer."""
    del payload
    with context.finish():
        outcomes = recompute_times(at=clock.now())
    for one in outcomes:
        log.warning(
            "session_moved", live_session=one.live_session_id, was=one.was_at.isoformat(),
            now=one.starts_at.isoformat(), is_lost=one.is_lost,
        )  # fmt: skip


# A worker that starts takes up the slot of time in which it starts.
JOBS = {"recompute_session_times": recompute_session_times, **MEETING_JOBS}
TICKS = {"recompute_session_times": 600, **MEETING_TICKS}
