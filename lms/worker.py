"""The worker: polls the ledger of jobs, runs what is due, and keeps the ticks going.

There is no broker. Several workers may run on one database; each job goes to one of them. Start
as many processes of `lms worker` as jobs should run at the same time.
"""

import os
import signal
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Event
from types import FrameType

import click
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from lms.infra.audit.sealing import JOBS as AUDIT_JOBS
from lms.infra.audit.sealing import TICKS as AUDIT_TICKS
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.ledger import enqueue, is_enqueued
from lms.infra.jobs.running import (
    LEASE,
    Handler,
    JobGivenBack,
    claim_job,
    run_claim,
    sweep_expired,
)
from lms.infra.jobs.tidying import JOBS as LEDGER_JOBS
from lms.infra.jobs.tidying import TICKS as LEDGER_TICKS
from lms.infra.mail.sending import JOBS as MAIL_JOBS
from lms.infra.mail.sending import TICKS as MAIL_TICKS
from lms.kernel import clock

log = structlog.get_logger()

POLL_SECONDS = 0.5
GRACE_SECONDS = 20
_SWEEP_EVERY = timedelta(seconds=5)


class Worker:
    """One process's hands: an application, the jobs it knows, and its name among workers."""

    def __init__(self, app: Flask, *, lease: timedelta = LEASE, leaving: Event | None = None):
        self.app = app
        self.handlers: Mapping[str, Handler] = {
            **MAIL_JOBS,
            **AUDIT_JOBS,
            **LEDGER_JOBS,
            **app.extensions["jobs"],
        }
        self.ticks: Mapping[str, int] = {
            **MAIL_TICKS,
            **AUDIT_TICKS,
            **LEDGER_TICKS,
            **app.extensions.get("ticks", {}),
        }
        self.kinds = sorted(self.handlers)
        self.name = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self.lease = lease
        self.leaving = leaving or Event()
        self.in_hand = False
        self._slots: dict[str, int] = {}
        self._swept_at: datetime | None = None

    def step(self) -> bool:
        """Sweep, tick, and run one job that is due; return whether there was one."""
        at = clock.now()
        with self.app.app_context():
            if self._swept_at is None or not timedelta() <= at - self._swept_at < _SWEEP_EVERY:
                sweep_expired(at)
                self._swept_at = at
            self._tick(at)
            claim = claim_job(self.kinds, self.name, at, self.lease)
        if claim is None:
            return False
        # A context of its own gives the handler a database session of its own.
        with self.app.app_context():
            self.in_hand = True
            try:
                run_claim(claim, self.handlers[claim.kind], self.lease, self.leaving)
            finally:
                self.in_hand = False
        return True

    def _tick(self, at: datetime) -> None:
        """Write down the jobs that recur, one for each kind and slot of time, once for all."""
        for kind, seconds in self.ticks.items():
            slot = int(at.timestamp()) // seconds
            if self._slots.get(kind) == slot:
                continue
            key = f"tick:{kind}:{slot}"
            if not is_enqueued(key):
                try:
                    with unit_of_work():
                        enqueue(kind, {"slot": slot}, key=key, max_attempts=3)
                except IntegrityError:
                    log.debug("tick_taken", kind=kind)  # another worker was a moment earlier
            self._slots[kind] = slot
        db.session.rollback()


def run_worker(
    app: Flask,
    *,
    once: bool = False,
    stop: Event | None = None,
    lease: timedelta = LEASE,
    poll_seconds: float = POLL_SECONDS,
) -> int:
    """Run jobs until `stop` is set, or with `once` until none is due; return how many ran."""
    stop = stop or Event()
    return _work(Worker(app, lease=lease), stop, once=once, poll_seconds=poll_seconds)


def _work(worker: Worker, stop: Event, *, once: bool, poll_seconds: float) -> int:
    count = 0
    while not stop.is_set():
        try:
            if worker.step():
                count += 1
                continue
        except SQLAlchemyError as error:
            # The database is away or busy: its answer to the next look decides.
            log.warning("ledger_unreachable", error=type(error).__name__)
            if once:
                raise
        if once:
            break
        stop.wait(poll_seconds)
    return count


def leave_on_signals(worker: Worker, stop: Event, grace_seconds: float = GRACE_SECONDS) -> None:
    """At SIGTERM or SIGINT take no more jobs; the one in hand ends or is given back in time.

    A handler that calls `phase` gives back there; any other has `grace_seconds` to finish, then
    it is interrupted wherever it is.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        if not stop.is_set():
            log.info("worker_leaving")
            stop.set()
            worker.leaving.set()
            signal.setitimer(signal.ITIMER_REAL, grace_seconds)

    def out_of_time(_number: int, _frame: FrameType | None) -> None:
        if worker.in_hand:
            raise JobGivenBack

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGALRM, out_of_time)


def work_until_told(
    app: Flask, *, lease: timedelta = LEASE, grace_seconds: float = GRACE_SECONDS
) -> None:
    """Be a worker process: run jobs until SIGTERM or SIGINT."""
    stop = Event()
    worker = Worker(app, lease=lease)
    leave_on_signals(worker, stop, grace_seconds)
    log.info("worker_started", worker=worker.name)
    try:
        _work(worker, stop, once=False, poll_seconds=POLL_SECONDS)
    except JobGivenBack:
        log.info("job_given_back")


def _refuse_unreplayed(app: Flask) -> None:
    """Do not work on a restored database that has lost what rightsholders took back."""
    from lms.rights.operations.journal import unreplayed  # noqa: PLC0415 - with the application

    with app.app_context():
        try:
            lost = len(unreplayed(app.extensions["settings"].journal_dir))
        except SQLAlchemyError as error:  # the loop waits for the database, and says so
            log.warning("journal_not_compared", error=type(error).__name__)
            return
    if lost:
        raise click.ClickException(
            f"The journal holds {lost} withdrawals, takedowns or closings that this database "
            "has lost. Run `lms rights replay-journal` first."
        )


@click.command()
@click.option("--once", is_flag=True, help="Run what is due and end.")
def worker(*, once: bool) -> None:
    """Run jobs: mail, recordings, reminders, sealing of the audit."""
    from lms.app import create_app  # noqa: PLC0415 - the command line must not need it

    app = create_app()
    _refuse_unreplayed(app)
    if once:
        run_worker(app, once=True)
    else:
        work_until_told(app)
