"""Closing: what goes, what stays, and the record that says so."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.current import current_storage
from lms.infra.db import Model, db, unit_of_work
from lms.infra.jobs.models import Job
from lms.infra.jobs.running import sweep_expired
from lms.infra.mail.models import OutboxMail
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Caption, Recording, Rendition
from lms.recordings.operations import Details, change_details
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, DestructionRecord, Publication
from lms.rights.operations import rewrite_facts
from lms.rights.operations.closing import (
    CONTENT,
    close_recording,
    destroy_stored,
    list_stored,
)
from lms.rights.rules import Code, Decision
from lms.worker import run_worker
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk

ROOT = Path(__file__).resolve().parents[2]
SignIn = Callable[[Any], FlaskClient]
Ask = Callable[..., Decision]
FILES = {"v1-source/film.mp4": b"film" * 100, "hls/v1/a/seg1.ts": b"x" * 64, "poster.jpg": b"p"}


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def stored(course: Course, desk: Desk) -> Course:
    """A published recording with files, a rendition, captions and a copy on a shelf."""
    desk.agree()
    desk.publish(enrolled_only=False)
    storage, root = current_storage(), f"recordings/{course.recording_id}"
    for name, content in FILES.items():
        storage.put(f"{root}/{name}", io.BytesIO(content))
    with unit_of_work():
        recording = db.session.get(Recording, course.recording_id)
        assert recording is not None
        recording.source_key, recording.poster_key = (
            f"{root}/v1-source/film.mp4",
            f"{root}/poster.jpg",
        )
        recording.shelf = "本部3階 棚B"
        db.session.add(
            Rendition(
                recording_id=recording.id, media_version=1, name="a", folder=f"{root}/hls/v1/a",
                width=1, height=1, bandwidth=1, codecs="x", segments=[], ready_at=NOW,
            )
        )  # fmt: skip
        db.session.add(
            Caption(recording_id=recording.id, language="ja", vtt="WEBVTT", updated_at=NOW)
        )
        rewrite_facts(recording.id, NOW)
    return course


def keys(course: Course) -> list[str]:
    return list(current_storage().list(f"recordings/{course.recording_id}"))


def address(course: Course, rest: str = "close") -> str:
    return f"/desk/recordings/{course.recording_id}/{rest}"


FORM = {
    "reason": "契約の期間が終わったため",
    "sure": "y",
    "by_hand": "本部3階 棚B\n\n外付けディスク1\n",
}


def close(office: FlaskClient, course: Course, **more: str) -> Any:
    return office.post(address(course), data={**FORM, **more})


def test_the_preview_lists_files_and_destroys_nothing(
    stored: Course, cast: Cast, sign_in: SignIn
) -> None:
    page = sign_in(cast.organiser).get(address(stored)).text
    for name in FILES:
        assert name in page
    assert "400 B" in page
    assert "本部3階 棚B" in page
    assert len(keys(stored)) == len(FILES)


def test_no_transaction_stays_open_while_the_store_is_asked(
    stored: Course, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, held = current_storage(), []
    list_files = storage.list_files

    def asked(folder: str) -> Any:
        for one in list_files(folder):
            held.append(db.session().in_transaction())
            yield one

    monkeypatch.setattr(storage, "list_files", asked)
    assert sign_in(cast.organiser).get(address(stored)).status_code == 200
    assert held == [False] * len(FILES)


@pytest.mark.parametrize("missing", ["reason", "sure"])
def test_a_reason_and_a_tick_are_asked_for(
    stored: Course, cast: Cast, sign_in: SignIn, missing: str
) -> None:
    answer = close(sign_in(cast.organiser), stored, **{missing: ""})
    assert answer.status_code == 422
    assert 'data-testid="error-summary"' in answer.text
    assert db.session.scalars(select(DestructionRecord)).all() == []


def test_nobody_sees_it_at_once_and_the_files_go(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn, ask: Ask
) -> None:
    assert ask("trainee").code is Code.ALLOW
    assert close(sign_in(cast.organiser), stored).status_code == 303
    assert ask("trainee").code is Code.RECORDING_DELETED
    assert ask("organiser", "preview").code is Code.RECORDING_DELETED
    assert len(keys(stored)) == len(FILES)  # not within the page's answer
    assert run_worker(app, once=True) > 0
    assert keys(stored) == []
    db.session.rollback()
    record = db.session.scalars(select(DestructionRecord)).one()
    assert record.done_at is not None
    listed = {one["key"].split("/", 2)[2]: one["size"] for one in record.files if "key" in one}
    assert listed == {name: len(content) for name, content in FILES.items()}
    assert db.session.scalars(select(Rendition)).all() == []
    assert db.session.scalars(select(Caption)).all() == []
    assert len(db.session.scalars(select(Agreement)).all()) == 1  # the evidence stays
    assert all(row.ended_at for row in db.session.scalars(select(Publication)))
    assert "rights_closed" in set(db.session.scalars(select(OutboxMail.template)))


def test_a_job_that_was_killed_in_the_middle_is_finished_by_the_next(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn
) -> None:
    close(sign_in(cast.organiser), stored)
    # The first attempt removed one file and died.
    current_storage().delete_tree(keys(stored)[0])
    assert run_worker(app, once=True) > 0
    db.session.rollback()
    assert keys(stored) == []
    assert db.session.scalars(select(DestructionRecord)).one().done_at is not None


def test_a_file_that_would_not_go_is_tried_again_and_not_called_done(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(sign_in(cast.organiser), stored)
    with monkeypatch.context() as patch:
        patch.setattr(type(current_storage()), "delete_tree", lambda _self, _prefix: 0)
        run_worker(app, once=True)
    db.session.rollback()
    assert db.session.scalars(select(DestructionRecord)).one().done_at is None
    job = db.session.scalars(select(Job).where(Job.kind == "destroy_closed")).one()
    assert job.state == "queued"
    with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
        run_worker(app, once=True)
    db.session.rollback()
    assert db.session.scalars(select(DestructionRecord)).one().done_at is not None


def test_copies_elsewhere_are_ticked_one_by_one(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn
) -> None:
    office = sign_in(cast.organiser)
    close(office, stored)
    run_worker(app, once=True)
    page = office.get(address(stored, "destruction")).text
    assert page.count('data-testid="tick-copy"') == 2
    number = len(FILES)
    assert office.post(address(stored, f"destruction/copies/{number}")).status_code == 303
    assert office.post(address(stored, f"destruction/copies/{number}")).status_code == 409
    assert office.post(address(stored, "destruction/copies/0")).status_code == 404
    assert office.post(address(stored, "destruction/copies/99")).status_code == 404
    db.session.rollback()
    entry = db.session.scalars(select(DestructionRecord)).one().files[number]
    assert entry["where"] == "本部3階 棚B"
    assert entry["by"] == cast.organiser.id
    assert office.get(address(stored, "destruction")).text.count('data-testid="tick-copy"') == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ["契約の期間が終わったため", "賃金はどう決まるか"]), ("en", ["Record of destruction"])],
)
def test_the_record_is_printed(  # noqa: PLR0917 - fixtures
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn, language: str, words: list[str]
) -> None:
    office = sign_in(cast.organiser)
    with time_machine.travel(NOW + timedelta(microseconds=123_456), tick=False):
        close(office, stored)
        run_worker(app, once=True)
    answer = office.get(address(stored, f"destruction.pdf?lang={language}"))
    assert answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(answer.data)
    text = "".join(page.get_textpage().get_text_bounded() for page in document)
    text = "".join(text.split())
    for word in [*words, "film.mp4", "hls/v1/a/(1)", "本部3階棚B"]:
        assert "".join(word.split()) in text
    document.close()


def test_what_is_closed_cannot_be_closed_changed_or_published_again(
    stored: Course, cast: Cast, sign_in: SignIn, desk: Desk
) -> None:
    office = sign_in(cast.organiser)
    close(office, stored)
    assert office.get(address(stored)).status_code == 303
    desk_page = office.get(f"/desk/recordings/{stored.recording_id}")
    assert desk_page.location.endswith("/destruction")
    actor = cast.actor("organiser")
    with pytest.raises(RightsRefusedError, match="already_closed"), unit_of_work():
        close_recording(actor, stored.recording_id, "again", (), NOW)
    with pytest.raises(RightsRefusedError, match="not_ready"):
        desk.publish()
    with pytest.raises(NotFoundError), unit_of_work():
        change_details(actor, stored.recording_id, Details({"en": "New"}), NOW)


def test_who_may_close(stored: Course, cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.trainee, cast.coordinator, cast.auditor, cast.speaker):
        assert sign_in(person).get(address(stored)).status_code == 404
        assert close(sign_in(person), stored).status_code == 404
    assert sign_in(cast.organiser).get(address(stored, "destruction")).status_code == 404
    close(sign_in(cast.organiser), stored)
    assert sign_in(cast.auditor).get(address(stored, "destruction")).status_code == 200
    assert sign_in(cast.trainee).get(address(stored, "destruction")).status_code == 404


def test_a_file_taken_in_elsewhere_goes_too(course: Course, cast: Cast) -> None:
    storage = current_storage()
    storage.put("sources/x", io.BytesIO(b"old"))
    recording = db.session.get(Recording, course.recording_id)
    assert recording is not None
    found = list_stored(storage, recording)
    assert [(part.key, part.size, part.what) for part in found] == [("sources/x", 3, "source")]
    with unit_of_work():
        record = close_recording(cast.actor("organiser"), recording.id, "x", found, NOW)
    assert destroy_stored(storage, record) == 1
    assert not storage.exists("sources/x")


# A worker that takes up the job, has destroyed one file, and is killed there.
PROGRAM = """
import json, sys, threading, time
from pathlib import Path
from lms.app import create_app
from lms.config import Settings
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.storage import LocalStorage
from lms.kernel import clock
from lms.rights.jobs import JOBS

told = json.loads(sys.argv[1])
app = create_app(Settings(database_url=told["url"], secret_key="t" * 64,
                          var_dir=Path(told["var"]), testing=True, media_master_key=b"m" * 32))
whole = LocalStorage.delete_tree

def slow(self, prefix):
    whole(self, next(iter(self.list(prefix))))
    print("in the middle", flush=True)
    time.sleep(120)

LocalStorage.delete_tree = slow
with app.app_context():
    claim = claim_job(["destroy_closed"], "doomed", clock.now(), LEASE)
    run_claim(claim, JOBS["destroy_closed"], LEASE, threading.Event())
"""


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_is_followed_by_one_that_finishes(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn, settings: Settings
) -> None:
    close(sign_in(cast.organiser), stored)
    told = {"url": app.config["SQLALCHEMY_DATABASE_URI"], "var": str(settings.var_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(told)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        os.kill(process.pid, signal.SIGKILL)
    db.session.expire_all()
    assert len(keys(stored)) == len(FILES) - 1
    assert db.session.scalars(select(DestructionRecord)).one().done_at is None
    with time_machine.travel(clock.now() + timedelta(days=60), tick=False):
        assert sweep_expired(clock.now()) == 1
        while run_worker(app, once=True):
            pass
    db.session.expire_all()
    assert keys(stored) == []
    assert db.session.scalars(select(DestructionRecord)).one().done_at is not None


def test_no_table_keeps_what_was_in_it(
    app: Flask, stored: Course, cast: Cast, sign_in: SignIn
) -> None:
    """Every table of recordings is either emptied of it, or names the evidence that stays."""
    of_it = {
        name
        for name, table in Model.metadata.tables.items()
        if "recording_id" in table.columns
        and any(mapper.class_.__module__.startswith("lms.recordings.models")
                for mapper in Model.registry.mappers if mapper.local_table is table)
    }  # fmt: skip
    assert of_it == {model.__tablename__ for model in CONTENT} | {"file_version"}
    close(sign_in(cast.organiser), stored)
    while run_worker(app, once=True):
        pass
    db.session.rollback()
    left = {
        model.__tablename__
        for model in CONTENT
        if db.session.execute(
            select(model).where(model.recording_id == stored.recording_id)
        ).first()
    }
    assert left == set()
