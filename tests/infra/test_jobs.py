"""The ledger of jobs: claiming, retrying, the fence, leaving and ticks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from lms.infra.audit.models import AuditEntry
from lms.infra.audit.writing import record_act
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.models import Job, JobState
from lms.infra.jobs.running import (
    LEASE,
    Claim,
    JobContext,
    JobGivenBack,
    JobLost,
    JobRefused,
    claim_job,
    retry_pause,
    run_claim,
    sweep_expired,
)
from lms.kernel.actor import SYSTEM
from lms.worker import Worker, run_worker

pytestmark = pytest.mark.usefixtures("app")
START = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
Handler = Callable[[JobContext, dict[str, Any]], None]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def handle(app: Flask) -> Iterator[Callable[[Handler], None]]:
    """Return a function that sets the handler of the kind `try_out`."""
    before = app.extensions["jobs"], app.extensions["ticks"]
    app.extensions["ticks"] = {}

    def set_handler(handler: Handler) -> None:
        app.extensions["jobs"] = {"try_out": handler}

    yield set_handler
    app.extensions["jobs"], app.extensions["ticks"] = before


def add_job(**options: Any) -> str:
    with unit_of_work():
        return enqueue("try_out", {"thing": "t1"}, **options)


def job_row(job_id: str) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id, populate_existing=True)


def effect(job_id: str) -> None:
    record_act(SYSTEM, "try_out.done", "job", job_id, at=START)


def effects() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0


def write_effect(context: JobContext, _payload: dict[str, Any]) -> None:
    with context.finish():
        effect(context.job_id)


def test_a_due_job_runs_once_with_its_payload(
    app: Flask, handle: Callable[[Handler], None]
) -> None:
    seen: list[dict[str, Any]] = []

    def handler(context: JobContext, payload: dict[str, Any]) -> None:
        seen.append(payload)
        write_effect(context, payload)

    handle(handler)
    job = add_job()
    run_worker(app, once=True)
    run_worker(app, once=True)
    row = job_row(job)
    assert seen == [{"thing": "t1"}]
    assert effects() == 1
    assert (row.state, row.progress, row.attempts, row.owner) == (JobState.DONE, 1000, 1, None)
    assert row.finished_at == START


def test_a_job_exists_only_if_its_change_does() -> None:
    def act() -> None:
        with unit_of_work():
            enqueue("try_out", {})
            raise OSError("undone")

    with pytest.raises(OSError, match="undone"):
        act()
    assert db.session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_handler_that_writes_nothing_is_done_too(
    app: Flask, handle: Callable[[Handler], None]
) -> None:
    handle(lambda _context, _payload: None)
    job = add_job()
    run_worker(app, once=True)
    assert job_row(job).state == JobState.DONE


def test_the_same_key_is_the_same_job() -> None:
    assert add_job(key="k") == add_job(key="k")
    assert add_job(key="other") != add_job(key="k")


def test_a_job_of_later_waits(
    app: Flask, handle: Callable[[Handler], None], clock: time_machine.Traveller
) -> None:
    handle(write_effect)
    add_job(run_at=START + timedelta(minutes=5))
    run_worker(app, once=True)
    assert effects() == 0
    clock.shift(timedelta(minutes=5))
    run_worker(app, once=True)
    assert effects() == 1


def test_a_kind_nobody_knows_stays_in_the_queue(app: Flask) -> None:
    job = add_job()
    run_worker(app, once=True)
    assert job_row(job).state == JobState.QUEUED


def test_a_failure_is_tried_again_after_growing_pauses_and_then_given_up(
    app: Flask, handle: Callable[[Handler], None], clock: time_machine.Traveller
) -> None:
    def fails(_context: JobContext, _payload: dict[str, Any]) -> None:
        raise OSError("disk\nfull")

    handle(fails)
    job = add_job(max_attempts=3)
    run_worker(app, once=True)
    row = job_row(job)
    assert (row.state, row.attempts, row.last_error) == (JobState.QUEUED, 1, "OSError: disk")
    assert row.run_at == START + timedelta(seconds=30)
    run_worker(app, once=True)
    assert job_row(job).attempts == 1  # not before its time
    clock.move_to(row.run_at)
    run_worker(app, once=True)
    row = job_row(job)
    assert row.run_at == START + timedelta(seconds=150)
    clock.move_to(row.run_at)
    run_worker(app, once=True)
    row = job_row(job)
    assert (row.state, row.attempts) == (JobState.FAILED, 3)
    assert row.finished_at == row.run_at


def test_pauses_grow_to_six_hours() -> None:
    pauses = [retry_pause(attempt).total_seconds() for attempt in range(1, 9)]
    assert pauses == [30, 120, 480, 1920, 7680, 21600, 21600, 21600]


def test_a_refusal_is_not_tried_again(app: Flask, handle: Callable[[Handler], None]) -> None:
    def refuses(_context: JobContext, _payload: dict[str, Any]) -> None:
        raise JobRefused("no_video")

    handle(refuses)
    job = add_job()
    run_worker(app, once=True)
    row = job_row(job)
    assert (row.state, row.attempts, row.last_error) == (JobState.FAILED, 1, "no_video")


def test_an_error_inside_finish_leaves_neither_effect_nor_done(
    app: Flask, handle: Callable[[Handler], None]
) -> None:
    def breaks(context: JobContext, _payload: dict[str, Any]) -> None:
        with context.finish():
            effect(context.job_id)
            raise OSError

    handle(breaks)
    job = add_job()
    run_worker(app, once=True)
    assert effects() == 0
    assert job_row(job).state == JobState.QUEUED


def test_an_error_after_finish_does_not_run_the_job_again(
    app: Flask, handle: Callable[[Handler], None]
) -> None:
    def breaks(context: JobContext, payload: dict[str, Any]) -> None:
        write_effect(context, payload)
        raise OSError

    handle(breaks)
    job = add_job()
    run_worker(app, once=True)
    assert effects() == 1
    assert job_row(job).state == JobState.DONE


def claimed(at: datetime = START) -> Claim:
    claim = claim_job(["try_out"], "w", at, LEASE)
    assert claim is not None
    return claim


def test_phases_are_seen_by_others_and_renew_the_lease(clock: time_machine.Traveller) -> None:
    seen: list[tuple[object, ...]] = []

    def handler(context: JobContext, _payload: dict[str, Any]) -> None:
        clock.shift(timedelta(seconds=40))
        context.phase(250)
        row = job_row(context.job_id)
        seen.append((row.progress, row.heartbeat_at, row.lease_until))

    add_job()
    run_claim(claimed(), handler, LEASE, Event())
    assert seen == [(250, START + timedelta(seconds=40), START + timedelta(seconds=100))]


def test_loaded_rows_stay_usable_after_a_phase() -> None:
    names: list[str] = []

    def handler(context: JobContext, _payload: dict[str, Any]) -> None:
        row = db.session.get_one(Job, context.job_id)
        context.phase(500)
        db.session.expunge(row)
        names.append(row.kind)

    add_job()
    run_claim(claimed(), handler, LEASE, Event())
    assert names == ["try_out"]


def test_writing_outside_finish_fails() -> None:
    def handler(context: JobContext, _payload: dict[str, Any]) -> None:
        effect(context.job_id)
        context.phase(500)

    job = add_job()
    run_claim(claimed(), handler, LEASE, Event())
    assert effects() == 0
    assert (job_row(job).last_error or "").startswith("RuntimeError")


def test_a_silent_worker_loses_the_job_and_its_effect_is_fenced_off() -> None:
    job = add_job()
    stale = claimed()
    later = START + LEASE + timedelta(seconds=1)
    assert sweep_expired(START + LEASE - timedelta(seconds=1)) == 0
    assert sweep_expired(later) == 1
    row = job_row(job)
    assert (row.state, row.last_error) == (JobState.QUEUED, "worker_fell_silent")
    fresh = claimed(later)
    run_claim(stale, write_effect, LEASE, Event())
    assert effects() == 0
    assert job_row(job).owner == fresh.owner
    run_claim(fresh, write_effect, LEASE, Event())
    assert effects() == 1
    assert (job_row(job).state, job_row(job).attempts) == (JobState.DONE, 2)


def test_phase_tells_a_worker_that_its_job_is_gone() -> None:
    add_job()
    stale = claimed()
    sweep_expired(START + 2 * LEASE)
    context = JobContext(stale, db.engine, LEASE, Event())
    with pytest.raises(JobLost):
        context.phase(100)


def test_a_job_that_kills_every_worker_is_given_up() -> None:
    job = add_job(max_attempts=2)
    at = START
    for state in (JobState.QUEUED, JobState.FAILED):
        claimed(at)
        at += 2 * LEASE
        sweep_expired(at)
        assert job_row(job).state == state
    assert claim_job(["try_out"], "w", at, LEASE) is None


def test_a_stopped_job_cannot_finish() -> None:
    job = add_job()
    claim = claimed()
    with unit_of_work():
        db.session.get_one(Job, job).state = JobState.STOPPED
    run_claim(claim, write_effect, LEASE, Event())
    assert effects() == 0
    assert job_row(job).state == JobState.STOPPED


def test_a_leaving_worker_gives_the_job_back_uncounted() -> None:
    job = add_job()
    leaving = Event()
    leaving.set()

    def handler(context: JobContext, _payload: dict[str, Any]) -> None:
        context.phase(100)

    with pytest.raises(JobGivenBack):
        run_claim(claimed(), handler, LEASE, leaving)
    row = job_row(job)
    assert (row.state, row.attempts, row.owner) == (JobState.QUEUED, 0, None)


def test_the_heartbeat_keeps_a_long_job() -> None:
    beaten = Event()
    short = timedelta(milliseconds=40)  # so that a beat comes within the test

    def handler(context: JobContext, _payload: dict[str, Any]) -> None:
        while job_row(context.job_id).lease_until == START + LEASE:
            pass
        beaten.set()

    add_job()
    run_claim(claimed(), handler, short, Event())
    assert beaten.is_set()


def test_each_tick_is_one_job_however_many_workers(
    app: Flask, handle: Callable[[Handler], None], clock: time_machine.Traveller
) -> None:
    handle(write_effect)
    app.extensions["ticks"] = {"try_out": 60}
    first, second = Worker(app), Worker(app)
    for worker in (first, second, first, second):
        while worker.step():
            pass
    assert effects() == 1
    clock.shift(timedelta(seconds=60))
    for worker in (second, first):
        while worker.step():
            pass
    assert effects() == 2


def test_done_ticks_are_tidied_away_and_other_jobs_kept(
    app: Flask, handle: Callable[[Handler], None], clock: time_machine.Traveller
) -> None:
    handle(write_effect)
    app.extensions["ticks"] = {"try_out": 3600}
    kept = add_job(key="kept")
    run_worker(app, once=True)
    slot = int(START.timestamp()) // 3600
    assert db.session.scalar(select(Job.id).where(Job.idempotency_key == f"tick:try_out:{slot}"))
    clock.shift(timedelta(days=1, minutes=1))
    run_worker(app, once=True)
    db.session.rollback()
    keys = set(db.session.scalars(select(Job.idempotency_key)))
    assert f"tick:try_out:{slot}" not in keys
    assert f"tick:try_out:{slot + 24}" in keys
    assert job_row(kept).state == JobState.DONE


def test_a_worker_stops_when_told(app: Flask) -> None:
    stop = Event()
    stop.set()
    add_job()
    assert run_worker(app, stop=stop) == 0
