"""What killed processes leave is found and removed; what is somebody's stays."""

import io
import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from lms.config import Settings
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.ledger import enqueue
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.storage import IncomingFolder
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.recordings.cli import recordings
from lms.recordings.jobs import JOBS, TICKS
from lms.recordings.models import MediaKind, Recording, Rendition, Upload
from lms.recordings.operations import (
    Details,
    Purpose,
    Room,
    UploadPlan,
    add_recording,
    begin_upload,
    import_file,
    note_received,
)
from tests.conftest import Cast
from tests.recordings.conftest import Course


@pytest.fixture(autouse=True)
def _empty(settings: Settings) -> None:
    for name in ("uploads", "work"):
        shutil.rmtree(settings.var_dir / name, ignore_errors=True)


@pytest.fixture
def recording(cast: Cast, course: Course, films: Path) -> Recording:
    """A film that has come in and was processed, as far as rows and files tell."""
    actor = cast.actor("organiser")
    with unit_of_work():
        row = add_recording(
            actor, course.edition.id, MediaKind.VIDEO, Details({"ja": "講義"}), clock.now()
        )
    with unit_of_work():
        import_file(actor, current_storage(), row.id, films / "silent.mp4", clock.now())
    folder = f"recordings/{row.id}/v1/r-{new_id()}/720p"
    current_storage().put(f"{folder}/00000.ts", io.BytesIO(b"sealed"))
    with unit_of_work():
        db.session.add(
            Rendition(
                recording_id=row.id, media_version=1, name="720p", folder=folder, width=1280,
                height=720, bandwidth=1, codecs="", segments=[], ready_at=clock.now(),
            )
        )  # fmt: skip
    return row


def run(kind: str) -> None:
    with unit_of_work():
        enqueue(kind, {"slot": 1})
    claim = claim_job([kind], "w", clock.now() + timedelta(days=9), LEASE)
    assert claim is not None
    run_claim(claim, JOBS[kind], LEASE, threading.Event())


def lost_files(recording: Recording) -> list[str]:
    """Put files into the store as killed processes leave them; return their keys."""
    lost = [
        f"recordings/{recording.id}/v2-{new_id()}/source",  # came in, was never attached
        f"recordings/{recording.id}/v1/r-{new_id()}/720p/00000.ts",  # encoded, never published
        f"recordings/{recording.id}/v1/r-{new_id()}/720p/00001.ts",
        f"recordings/{recording.id}/v1/t-{new_id()}-{new_id()}/00001.ts",
        f"recordings/{new_id()}/v1-{new_id()}/source",  # its recording was never written down
    ]
    for key in lost:
        current_storage().put(key, io.BytesIO(b"lost"))
    return lost


def kept_files(recording: Recording) -> list[str]:
    """Put more files into the store that are somebody's; return all that must stay."""
    for key in (
        f"recordings/{recording.id}/v1-pages/1.png", f"recordings/{recording.id}/v1-copies/a.pdf",
        f"recordings/{recording.id}/v1/of-a-kind-to-come/x", "site/logo", "certificates/x.pdf",
    ):  # fmt: skip
        current_storage().put(key, io.BytesIO(b"kept"))
    names = ("recordings", "site", "certificates")
    return [key for name in names for key in current_storage().list(name)]


def test_the_job_removes_what_no_row_knows_after_a_day(recording: Recording) -> None:
    kept, lost = kept_files(recording), lost_files(recording)
    storage = current_storage()
    run("sweep_files")
    assert all(storage.exists(key) for key in lost)  # it may still be on its way to its row
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        run("sweep_files")
    assert [key for key in lost if storage.exists(key)] == []
    assert [key for key in kept if not storage.exists(key)] == []


def test_the_command_tells_before_it_removes(
    app: Flask, recording: Recording, settings: Settings
) -> None:
    lost = lost_files(recording)
    (settings.var_dir / "work" / f"{recording.id}-{new_id()}").mkdir(parents=True)
    settings.upload_dir.mkdir()
    (settings.upload_dir / new_id()).write_bytes(b"nobody's")

    def call(*arguments: str) -> str:
        done = CliRunner().invoke(recordings, ["sweep", *arguments], obj=lambda: app)
        assert done.exit_code == 0, done.output
        return done.output

    assert "removed: 0 stored files in 0 folders, 0 broken-off uploads" in call()
    with time_machine.travel(clock.now() + timedelta(days=2)):
        told = call("--dry-run")
        expected = (
            "5 stored files in 5 folders, 1 broken-off uploads, 0 unfinished writes,"
            " 1 folders of killed workers"
        )
        assert f"would go: {expected}" in told
        assert all(key.rpartition("/")[0].removesuffix("/720p") in told for key in lost)
        assert all(current_storage().exists(key) for key in lost)
        assert f"removed: {expected}" in call()
        assert "removed: 0 stored files in 0 folders, 0 broken-off uploads" in call()
    assert not any(current_storage().exists(key) for key in lost)
    assert list(settings.upload_dir.iterdir()) == []


def test_a_worker_at_work_keeps_its_folder(settings: Settings, recording: Recording) -> None:
    folder = settings.var_dir / "work" / f"{recording.id}-{new_id()}"
    folder.mkdir(parents=True)
    os.utime(folder, (0, 0))
    (folder / "00000.ts").write_bytes(b"of this minute")
    run("sweep_files")
    assert folder.is_dir()


def test_uploads_whose_time_is_over_go_with_their_bytes(
    cast: Cast, course: Course, settings: Settings, recording: Recording
) -> None:
    actor, folder = cast.actor("organiser"), IncomingFolder(settings.upload_dir)
    plan = UploadPlan(Purpose.RECORDING, course.edition.id, "video", "a.mp4", 10)
    uploads = []
    for _turn in range(2):
        with unit_of_work():
            uploads.append(begin_upload(actor, plan, Room(100, 100), clock.now()))
        with folder.locked(uploads[-1].key):
            folder.append(uploads[-1].key, 0, io.BytesIO(b"01234"), 10)
    old, fresh = uploads
    with time_machine.travel(clock.now() + timedelta(days=2)), unit_of_work():
        note_received(actor, fresh.id, 0, 5, clock.now())
    run("sweep_uploads")
    assert len(list(settings.upload_dir.iterdir())) == 2
    with time_machine.travel(clock.now() + timedelta(days=4)):
        run("sweep_uploads")
        run("sweep_files")  # what has a row stays, however old its file is
    assert list(db.session.scalars(select(Upload.id))) == [fresh.id]
    assert [path.name for path in settings.upload_dir.iterdir()] == [fresh.key]
    assert folder.path(fresh.key).read_bytes() == b"01234"
    assert not folder.path(old.key).exists()
    assert current_storage().exists(recording.source_key)


def test_both_sweeps_recur() -> None:
    assert {"sweep_uploads": 3600, "sweep_files": 86400}.items() <= TICKS.items()
    assert set(TICKS) <= set(JOBS)
