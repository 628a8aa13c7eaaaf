"""Taking jobs up: claiming under a lease, the heartbeat, retries, and the fence of the effect.

A handler is `handler(context, payload) -> None`. It prepares outside any write transaction
(reads, files, network), says how far it is with `context.phase(permille)` and writes its effect
inside `with context.finish():`, the one short transaction in which the job becomes done too.
A handler that returns without `finish` is marked done by the runner.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event, Thread
from types import TracebackType
from typing import Any, TypeAlias

import structlog
from sqlalchemy import Select, Update, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from lms.infra.db import BEGIN_MODE, db, unit_of_work
from lms.infra.jobs.models import Job, JobState
from lms.kernel import clock
from lms.kernel.ids import new_id

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=6)


class JobLost(Exception):  # noqa: N818 - what happened to the job, nobody's error
    """The lease went to another worker, or a person stopped the job: leave everything alone."""


class JobRefused(Exception):  # noqa: N818 - a refusal, like those of the rules
    """Raised by a handler: trying again would not help. `code` is kept as the job's error."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


class JobGivenBack(BaseException):
    """The worker must go: the job returns to the queue and the attempt does not count.

    Not an Exception, so that no handler swallows it.
    """


@dataclass(frozen=True, slots=True)
class Claim:
    """A job taken up. `owner` names this claim alone, so that it fences against every other."""

    job_id: str
    kind: str
    payload: Mapping[str, Any]
    owner: str
    attempt: int
    max_attempts: int


class JobContext:
    """What a handler knows of its job and may tell about it."""

    def __init__(self, claim: Claim, engine: Engine, lease: timedelta, leaving: Event):
        self._claim = claim
        self._engine = engine
        self._lease = lease
        self._leaving = leaving
        self.finished = False

    @property
    def job_id(self) -> str:
        """The id of the job's row."""
        return self._claim.job_id

    @property
    def attempt(self) -> int:
        """Which attempt this is, counted from 1."""
        return self._claim.attempt

    @property
    def is_last_attempt(self) -> bool:
        """Whether a failure now is final."""
        return self._claim.attempt >= self._claim.max_attempts

    def phase(self, permille: int) -> None:
        """Write down how far the job is and renew its lease, at once and for all to see.

        Ends the read transaction (loaded rows stay usable). Raises JobLost when the lease went
        to another; a worker that has to leave gives the job back here.
        """
        if db.session.new or db.session.dirty or db.session.deleted:
            raise RuntimeError("A job writes its effect inside context.finish() only.")
        db.session.commit()
        if self._leaving.is_set():
            raise JobGivenBack
        if not self.renew(progress=max(0, min(1000, permille))):
            raise JobLost(self.job_id)

    @contextmanager
    def finish(self) -> Iterator[None]:
        """Open the job's one write transaction: the effect and "done" commit together.

        Raises JobLost, with nothing written, when the lease went to another. Rows read before
        must be read again inside.
        """
        with unit_of_work():
            self._settle(state=JobState.DONE, progress=1000, finished_at=clock.now())
            yield
        self.finished = True

    def renew(self, **more: Any) -> bool:
        """Renew the lease on a connection of its own; False when it went to another."""
        at = clock.now()
        statement = self._mine().values(lease_until=at + self._lease, heartbeat_at=at, **more)
        with self._engine.connect() as plain:
            connection = plain.execution_options(**{BEGIN_MODE: "IMMEDIATE"})
            with connection.begin():
                return connection.execute(statement).rowcount == 1

    def _mine(self) -> Update:
        return (
            update(Job)
            .where(
                Job.id == self._claim.job_id,
                Job.owner == self._claim.owner,
                Job.state == JobState.RUNNING,
            )
            .execution_options(synchronize_session=False)
        )

    def _settle(self, **values: Any) -> None:
        """Change the job's row in the current transaction if it is still ours, else JobLost."""
        statement = self._mine().values(owner=None, lease_until=None, **values)
        if db.session.connection().execute(statement).rowcount != 1:
            raise JobLost(self.job_id)

    def give_back(self) -> None:
        """Return the job to the queue; the attempt does not count."""
        with unit_of_work():
            self._settle(state=JobState.QUEUED, attempts=Job.attempts - 1, run_at=clock.now())

    def fail(self, error: str, *, final: bool) -> None:
        """Write a failure down: for good, or to be tried again after a growing pause."""
        at = clock.now()
        with unit_of_work():
            if final or self.is_last_attempt:
                self._settle(state=JobState.FAILED, last_error=error, finished_at=at)
            else:
                self._settle(
                    state=JobState.QUEUED, last_error=error, run_at=at + retry_pause(self.attempt)
                )


Handler: TypeAlias = Callable[[JobContext, dict[str, Any]], None]


def retry_pause(attempt: int) -> timedelta:
    """Return how long to wait after the attempt of that number: 30 s, 2 min, 8 min … 6 h."""
    factor: int = 4 ** min(attempt - 1, 10)
    return min(_FIRST_RETRY * factor, _LONGEST_RETRY)


def claim_job(kinds: Sequence[str], worker: str, at: datetime, lease: timedelta) -> Claim | None:
    """Take up the job that has waited longest among those due, or return None.

    An idle look is one read without a lock. PostgreSQL: FOR UPDATE SKIP LOCKED; SQLite: the
    write transaction begins IMMEDIATE, so that nobody else claims at the same moment.
    """
    if db.session.scalar(_due(kinds, at).with_only_columns(Job.id)) is None:
        db.session.rollback()
        return None
    with unit_of_work():
        job = db.session.scalar(_due(kinds, at).with_for_update(skip_locked=True))
        if job is None:
            return None
        job.state = JobState.RUNNING
        job.owner = f"{worker[:36]}:{new_id()}"
        job.attempts += 1
        job.heartbeat_at = at
        job.lease_until = at + lease
        return Claim(job.id, job.kind, dict(job.payload), job.owner, job.attempts, job.max_attempts)


def _due(kinds: Sequence[str], at: datetime) -> Select[Job]:
    return (
        select(Job)
        .where(Job.state == JobState.QUEUED, Job.run_at <= at, Job.kind.in_(kinds))
        .order_by(Job.run_at, Job.id)
        .limit(1)
    )


def sweep_expired(at: datetime) -> int:
    """Return jobs whose worker fell silent to the queue, or give them up; return how many."""
    expired = select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < at)
    if db.session.scalar(expired.with_only_columns(Job.id).limit(1)) is None:
        db.session.rollback()
        return 0
    with unit_of_work():
        jobs = db.session.scalars(expired.with_for_update(skip_locked=True)).all()
        for job in jobs:
            given_up = job.attempts >= job.max_attempts
            job.state = JobState.FAILED if given_up else JobState.QUEUED
            job.finished_at = at if given_up else None
            job.owner = job.lease_until = None
            job.last_error = "worker_fell_silent"
        count = len(jobs)
    log.warning("leases_expired", count=count)
    return count


class _Heartbeat:
    """Renews a lease while the handler works; stops when the lease went to another."""

    def __init__(self, context: JobContext, every: timedelta):
        self._context = context
        self._every = every.total_seconds()
        self._stop = Event()
        self._thread = Thread(target=self._beat, daemon=True)

    def _beat(self) -> None:
        while not self._stop.wait(self._every):
            try:
                if not self._context.renew():
                    return
            except SQLAlchemyError as error:  # a busy or absent database: the next beat may do
                log.warning("heartbeat_missed", error=type(error).__name__)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()


def run_claim(claim: Claim, handler: Handler, lease: timedelta, leaving: Event) -> None:
    """Run one claimed job to its end and write down what came of it.

    Call inside an application context of its own. Only JobGivenBack and other signs that the
    process must end come out of here.
    """
    context = JobContext(claim, db.engine, lease, leaving)
    try:
        with _Heartbeat(context, lease / 4):
            _run(context, claim, handler)
    except JobLost:
        log.warning("job_lost", job_id=claim.job_id, kind=claim.kind)


def _run(context: JobContext, claim: Claim, handler: Handler) -> None:
    try:
        handler(context, dict(claim.payload))
        if not context.finished:
            with context.finish():
                pass
    except JobLost:
        db.session.rollback()
        raise
    except JobRefused as refusal:
        log.warning("job_refused", job_id=claim.job_id, kind=claim.kind, code=refusal.code)
        context.fail(refusal.code, final=True)
    except Exception as error:  # noqa: BLE001 - whatever failed is written down and tried again
        _note_failure(claim, error)
        if not context.finished:
            context.fail(_told(error), final=False)
    except BaseException:
        if not context.finished:
            context.give_back()
        raise


def _note_failure(claim: Claim, error: Exception) -> None:
    """Log where it failed. The text of an exception may hold names and addresses: not a log's."""
    log.error(
        "job_failed",
        job_id=claim.job_id,
        kind=claim.kind,
        attempt=claim.attempt,
        error=type(error).__name__,
        place="".join(traceback.format_tb(error.__traceback__)),
    )


def _told(error: Exception) -> str:
    text = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {text}"[:300]
