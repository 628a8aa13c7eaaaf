"""Workers that are really killed: nothing is lost, nothing is done twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.config import Settings
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.models import Job, JobState

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

# A worker process whose jobs say that they have begun, take a while, and write one row.
PROGRAM = """
import json, sys, time
from datetime import timedelta
from pathlib import Path
from lms.app import create_app
from lms.config import Settings
from lms.infra.audit.writing import record_act
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.worker import work_until_told

told = json.loads(sys.argv[1])
app = create_app(Settings(database_url=told["url"], secret_key="t" * 64,
                          var_dir=Path(told["var"]), testing=True))

def work(context, payload):
    print("begun", payload["number"], flush=True)
    for step in range(told["steps"]):
        time.sleep(0.02)
        if told["phases"]:
            context.phase(step)
    with context.finish():
        record_act(SYSTEM, "try_out.done", "thing", str(payload["number"]), at=clock.now())
        time.sleep(0.02)
    print("ended", payload["number"], flush=True)

app.extensions["jobs"] = {"try_out": work}
work_until_told(app, lease=timedelta(seconds=1), grace_seconds=told["grace"])
"""

Process: TypeAlias = subprocess.Popen[str]
Start: TypeAlias = Callable[..., Process]


@pytest.fixture
def start(app: Flask, settings: Settings) -> Iterator[Start]:
    started: list[Process] = []
    # The address with its password: the engine's own text hides it.
    url = app.config["SQLALCHEMY_DATABASE_URI"]

    def start_worker(steps: int = 5, *, phases: bool = True, grace: float = 20) -> Process:
        told = {
            "url": url,
            "var": str(settings.var_dir),
            "steps": steps,
            "phases": phases,
            "grace": grace,
        }
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(told)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start_worker
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def wait_for(process: Process, word: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return
    raise AssertionError(f"the worker ended before it said {word}")


def add_jobs(count: int) -> None:
    with unit_of_work():
        for number in range(count):
            enqueue("try_out", {"number": number})


def counts() -> tuple[dict[str, int], Counter[str]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Job.state, func.count()).where(Job.kind == "try_out").group_by(Job.state)
    )
    states = {row[0]: row[1] for row in rows}
    effects = Counter(db.session.scalars(select(AuditEntry.subject_id)))
    db.session.rollback()
    return states, effects


def wait_until_all_done(count: int) -> None:
    for _ in range(600):
        if counts()[0].get(JobState.DONE, 0) == count:
            return
        time.sleep(0.1)
    raise AssertionError(f"not all done: {counts()[0]}")


@pytest.mark.usefixtures("app")
def test_killed_workers_lose_nothing_and_repeat_nothing(start: Start) -> None:
    jobs = 24
    add_jobs(jobs)
    # So slow that jobs are left for every victim, however long a busy machine takes to start it.
    other = start(steps=100)
    for round_number in range(4):
        victim = start()
        wait_for(victim, "begun")
        # From the middle of the work to the middle of the commit.
        time.sleep(0.035 * round_number)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait(30)
    assert counts()[0].get(JobState.DONE, 0) < jobs
    os.kill(other.pid, signal.SIGKILL)
    other.wait(30)
    start()
    wait_until_all_done(jobs)
    states, effects = counts()
    assert states == {JobState.DONE: jobs}
    assert effects == Counter({str(number): 1 for number in range(jobs)})
    assert (db.session.scalar(select(func.max(Job.attempts))) or 0) >= 2  # a kill did hit a job


@pytest.mark.usefixtures("app")
def test_a_worker_told_to_go_gives_its_job_back_at_the_next_phase(start: Start) -> None:
    add_jobs(1)
    process = start(steps=3000)
    wait_for(process, "begun")
    process.terminate()
    assert process.wait(30) == 0
    row = db.session.scalars(select(Job).where(Job.kind == "try_out")).one()
    assert (row.state, row.attempts, row.owner) == (JobState.QUEUED, 0, None)


@pytest.mark.usefixtures("app")
def test_a_worker_told_to_go_finishes_what_ends_in_time(start: Start) -> None:
    add_jobs(3)
    process = start(steps=20, phases=False)
    wait_for(process, "begun")
    process.terminate()
    assert process.wait(30) == 0
    states, effects = counts()
    assert states == {JobState.DONE: 1, JobState.QUEUED: 2}
    assert effects.total() == 1


@pytest.mark.usefixtures("app")
def test_a_job_that_does_not_end_in_time_is_interrupted_and_given_back(start: Start) -> None:
    add_jobs(1)
    process = start(steps=3000, phases=False, grace=0.2)
    wait_for(process, "begun")
    process.terminate()
    assert process.wait(30) == 0
    row = db.session.scalars(select(Job).where(Job.kind == "try_out")).one()
    assert (row.state, row.attempts) == (JobState.QUEUED, 0)
    assert counts()[1].total() == 0


def test_the_command_runs_what_is_due_and_ends(app: Flask, settings: Settings) -> None:
    with unit_of_work():
        enqueue("seal_audit", {"slot": 1})
    environment = {
        **os.environ,
        "TOMONI_DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "TOMONI_VAR": str(settings.var_dir),
    }
    command = [sys.executable, "-c", "from lms.command import main; main()", "worker", "--once"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    states = set(db.session.scalars(select(Job.state)))
    assert states == {JobState.DONE}
