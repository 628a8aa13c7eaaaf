"""A worker killed while it encrypts: no half rendition, and the next one starts afresh."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from lms.config import Settings
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim, sweep_expired
from lms.kernel import clock
from lms.recordings.jobs import JOBS
from lms.recordings.models import MediaKind, Rendition, Stage
from lms.recordings.operations import Details, add_recording, import_file
from lms.recordings.queries import find_rendition, get_recording, list_renditions
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow

# A worker that takes up the job, says when two segments are in the store, and waits there.
PROGRAM = """
import json, sys, threading, time
from pathlib import Path
from lms.app import create_app
from lms.config import Settings
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.recordings.jobs import JOBS
from lms.recordings.operations import rendering

told = json.loads(sys.argv[1])
app = create_app(Settings(database_url=told["url"], secret_key="t" * 64,
                          var_dir=Path(told["var"]), testing=True, media_master_key=b"m" * 32))
encrypt, count = rendering.encrypt, [0]

def slow(data, key, iv):
    count[0] += 1
    if count[0] == 3:
        print("in the middle", flush=True)
        time.sleep(120)
    return encrypt(data, key, iv)

rendering.encrypt = slow
with app.app_context():
    claim = claim_job(["transcode"], "doomed", clock.now(), LEASE)
    run_claim(claim, JOBS["transcode"], LEASE, threading.Event())
"""


def test_a_worker_killed_in_the_middle_leaves_nothing_that_anyone_sees(
    app: Flask, cast: Cast, course: Course, films: Path, settings: Settings
) -> None:
    with unit_of_work():
        row = add_recording(
            cast.actor("organiser"), course.edition.id, MediaKind.VIDEO, Details({"en": "x"}), NOW
        )
        import_file(cast.actor("organiser"), current_storage(), row.id, films / "long.mp4", NOW)
    told = {"url": app.config["SQLALCHEMY_DATABASE_URI"], "var": str(settings.var_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(told)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        os.kill(process.pid, signal.SIGKILL)
    db.session.expire_all()
    root = settings.media_dir / "recordings" / row.id
    left = list(root.glob("v1/r-*/*/*.ts"))
    assert len(left) == 2
    assert get_recording(row.id).stage == Stage.PROCESSING
    assert db.session.scalars(select(Rendition)).all() == []

    assert sweep_expired(clock.now() + 2 * LEASE) == 1
    claim = claim_job(["transcode"], "next", clock.now() + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS["transcode"], LEASE, threading.Event())
    db.session.expire_all()

    found = get_recording(row.id)
    rendition = find_rendition(found)
    assert rendition is not None
    assert (found.stage, len(rendition.segments)) == (Stage.REVIEW, 6)
    assert not any(path.exists() for path in left)
    renditions = list_renditions(found)
    assert [each.name for each in renditions] == ["54p", "audio"]
    folders = {settings.media_dir / each.folder for each in renditions}
    assert {path.parent for path in root.glob("v1/r-*/*/*.ts")} == folders
    assert set((root / "v1").iterdir()) == {folder.parent for folder in folders}
    assert list((settings.var_dir / "work").glob(f"{row.id}-*")) == []
