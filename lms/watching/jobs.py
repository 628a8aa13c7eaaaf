"""The worker's part: play sessions that nobody closed."""

from typing import Any

from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.watching.operations import close_idle_plays, forget_closed_sessions


def tidy_plays(context: JobContext, payload: dict[str, Any]) -> None:
    """Close idle play sessions as of their last report + 4 h; forget those of yesterday."""
    del payload
    with context.finish():
        close_idle_plays(clock.now())
        forget_closed_sessions(clock.now())


JOBS = {"tidy_plays": tidy_plays}
TICKS = {"tidy_plays": 300}
