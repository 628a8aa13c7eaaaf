"""The worker's part: destroying what was closed, and the journal beside the backups."""

from typing import Any

from lms.infra.current import current_settings, current_storage
from lms.infra.jobs.running import JobContext
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.rights.operations.closing import destroy_stored, finish_destruction
from lms.rights.operations.journal import append_missing
from lms.rights.queries.closing import get_record


def destroy_closed(context: JobContext, payload: dict[str, Any]) -> None:
    """Destroy the files of a closed recording, then write down that they are gone.

    Killed in the middle it begins again: what is gone is gone.
    """
    record = get_record(str(payload["record_id"]))
    if record is None or record.done_at is not None:
        return
    context.phase(0)
    destroy_stored(current_storage(), record)
    context.phase(900)
    with context.finish():
        finish_destruction(SYSTEM, record.id, clock.now())


def write_journal(context: JobContext, _payload: dict[str, Any]) -> None:
    """Write withdrawals, takedowns and closings that the journal does not hold yet."""
    del context
    append_missing(current_settings().journal_dir)


JOBS = {"destroy_closed": destroy_closed, "write_journal": write_journal}
TICKS = {"write_journal": 60}
