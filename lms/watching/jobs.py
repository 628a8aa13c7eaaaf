"""The worker's part: play sessions that nobody closed."""

from typing import Any

from lms.infra.current import current_storage
from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.watching.operations import close_idle_plays


def tidy_plays(context: JobContext, payload: dict[str, Any]) -> None:
    """Close idle play sessions as of their last report + 4 h."""
    del payload
    with context.finish():
        close_idle_plays(clock.now())


def forget_copy(context: JobContext, payload: dict[str, Any]) -> None:
    """Remove a stamped copy of a handout a day after it was made; its serial stays in the audit."""
    current_storage().delete_tree(str(payload["key"]))
    with context.finish():
        pass


JOBS = {"forget_copy": forget_copy, "tidy_plays": tidy_plays}
TICKS = {"tidy_plays": 300}
