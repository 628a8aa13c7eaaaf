"""The journal: written after the fact, once each; replayed after a restore, twice without harm."""

import dataclasses
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from lms.config import Settings, load_settings
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.recordings.models import Recording
from lms.rights.cli import rights
from lms.rights.models import (
    Agreement,
    AgreementTerm,
    DestructionRecord,
    Publication,
    Takedown,
    Withdrawal,
)
from lms.rights.operations import lift_takedown, rewrite_facts, take_down, withdraw_agreement
from lms.rights.operations.closing import close_recording
from lms.rights.operations.journal import FILE, append_missing, read_journal, replay, unreplayed
from lms.rights.rules import Code, Decision
from lms.worker import _refuse_unreplayed, run_worker
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk

Ask = Callable[..., Decision]
SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@dataclasses.dataclass
class Life:
    """A recording that is published, and what may happen to it."""

    cast: Cast
    course: Course
    agreement_id: str

    def withdraw(self) -> None:
        with unit_of_work():
            withdraw_agreement(
                self.cast.actor("organiser"), self.agreement_id, NOW, reason="本人の申し出"
            )

    def take_down(self) -> None:
        with unit_of_work():
            take_down(self.cast.actor("organiser"), self.course.recording_id, "苦情", NOW)

    def lift(self) -> None:
        with unit_of_work():
            lift_takedown(
                self.cast.actor("organiser"), self.course.recording_id, NOW + timedelta(hours=1)
            )

    def close(self) -> None:
        with unit_of_work():
            close_recording(self.cast.actor("organiser"), self.course.recording_id, "期限", (), NOW)

    def lose(self) -> None:
        """Make the database that of the night before: what happened since is not in it."""
        with unit_of_work():
            for model in (Withdrawal, Takedown, DestructionRecord):
                db.session.execute(delete(model))
            recording = db.session.get(Recording, self.course.recording_id)
            assert recording is not None
            recording.stage = "published"
            db.session.execute(update(Publication).values(ended_at=None))
            db.session.flush()
            rewrite_facts(recording.id, NOW)


@pytest.fixture
def life(cast: Cast, course: Course, desk: Desk) -> Life:
    agreement = desk.agree()
    desk.publish(enrolled_only=False)
    return Life(cast, course, agreement.id)


def entries(folder: Path) -> list[str]:
    return [line["entry"] for line in read_journal(folder).lines]


def test_each_is_written_once(life: Life, folder: Path) -> None:
    assert append_missing(folder) == 0
    assert not folder.exists()
    life.withdraw()
    assert append_missing(folder) == 1
    assert append_missing(folder) == 0
    life.take_down()
    life.lift()
    life.close()
    assert append_missing(folder) == 3
    assert sorted(entries(folder)) == ["closing", "lifted", "takedown", "withdrawal"]
    assert entries(folder)[-1] == "lifted"


def test_what_was_rolled_back_is_not_told(life: Life, folder: Path) -> None:
    def broken() -> None:
        with unit_of_work():
            take_down(life.cast.actor("organiser"), life.course.recording_id, "x", NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    append_missing(folder)
    assert entries(folder) == []


@pytest.mark.parametrize(
    ("act", "code"),
    [
        ("withdraw", Code.RIGHTS_WITHDRAWN),
        ("take_down", Code.TAKEDOWN),
        ("close", Code.RECORDING_DELETED),
    ],
)
def test_a_restore_cannot_undo_it(life: Life, folder: Path, ask: Ask, act: str, code: Code) -> None:
    getattr(life, act)()
    append_missing(folder)
    mails = len(db.session.scalars(select(OutboxMail)).all())
    life.lose()
    assert ask("trainee").code is Code.ALLOW  # what a restore alone would do
    assert len(unreplayed(folder)) == 1
    with unit_of_work():
        done = replay(folder, NOW)
    assert (done.applied, done.known, done.damaged) == (1, 0, 0)
    assert ask("trainee").code is code
    assert unreplayed(folder) == []
    with unit_of_work():
        again = replay(folder, NOW)
    assert (again.applied, again.known) == (0, 1)
    assert append_missing(folder) == 0
    assert len(db.session.scalars(select(OutboxMail)).all()) == mails  # nobody is told again
    replayed = (
        select(AuditEntry)
        .order_by(AuditEntry.id)
        .where(AuditEntry.action == "rights.journal_replayed")
    )
    assert len(db.session.scalars(replayed).all()) == 1


def test_a_takedown_that_was_lifted_comes_back_lifted(life: Life, folder: Path, ask: Ask) -> None:
    life.take_down()
    append_missing(folder)
    life.lift()
    append_missing(folder)
    life.lose()
    with unit_of_work():
        assert replay(folder, NOW).applied == 2
    later = NOW + timedelta(hours=2)
    assert ask("trainee", at=later).code is Code.ALLOW
    assert unreplayed(folder) == []


def test_the_lost_lifting_alone_comes_back(life: Life, folder: Path, ask: Ask) -> None:
    life.take_down()
    life.lift()
    append_missing(folder)
    with unit_of_work():
        takedown = db.session.scalars(select(Takedown)).one()
        takedown.until_at = None
        db.session.flush()
        rewrite_facts(life.course.recording_id, NOW)
    with unit_of_work():
        assert replay(folder, NOW).applied == 1
    assert ask("trainee", at=NOW + timedelta(hours=2)).code is Code.ALLOW


def test_a_line_that_broke_off_harms_nothing_else(life: Life, folder: Path) -> None:
    life.withdraw()
    append_missing(folder)
    path = folder / FILE
    path.write_bytes(path.read_bytes() + b'{"entry": "takedo')  # the machine died here
    life.take_down()
    assert append_missing(folder) == 1
    journal = read_journal(folder)
    assert [line["entry"] for line in journal.lines] == ["withdrawal", "takedown"]
    assert journal.damaged == 1


def test_an_altered_line_is_not_applied(life: Life, folder: Path, ask: Ask) -> None:
    life.take_down()
    append_missing(folder)
    path = folder / FILE
    line = json.loads(path.read_text(encoding="utf-8"))
    line["actions"] = ["download"]
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    life.lose()
    with unit_of_work():
        done = replay(folder, NOW)
    assert (done.applied, done.damaged) == (0, 1)
    assert ask("trainee").code is Code.ALLOW


def test_what_the_database_does_not_know_is_no_reason_to_stop(life: Life, folder: Path) -> None:
    life.withdraw()
    append_missing(folder)
    with unit_of_work():
        for model in (Withdrawal, AgreementTerm, Agreement):
            db.session.execute(delete(model))
        rewrite_facts(life.course.recording_id, NOW)
    assert unreplayed(folder) == []
    with unit_of_work():
        done = replay(folder, NOW)
    assert (done.applied, done.known, done.without_object, done.damaged) == (0, 0, 1, 0)


def test_a_withdrawal_by_a_lost_renewal_ends_what_it_renewed(
    life: Life, desk: Desk, folder: Path, ask: Ask
) -> None:
    renewal = desk.agree(lineage=life.agreement_id)
    dataclasses.replace(life, agreement_id=renewal.id).withdraw()
    append_missing(folder)
    with unit_of_work():  # the backup is older than the renewal
        db.session.execute(delete(Withdrawal))
        of_it = AgreementTerm.agreement_id == renewal.id
        db.session.execute(delete(AgreementTerm).where(of_it))
        db.session.execute(delete(Agreement).where(Agreement.id == renewal.id))
        rewrite_facts(life.course.recording_id, NOW)
    assert ask("trainee").code is Code.ALLOW
    with unit_of_work():
        assert replay(folder, NOW).applied == 1
    assert ask("trainee").code is Code.RIGHTS_WITHDRAWN
    assert unreplayed(folder) == []


@pytest.fixture
def journalled(app: Flask, life: Life, settings: Settings, folder: Path) -> Any:
    """The application with a journal of its own that holds what its database has lost."""
    life.withdraw()
    append_missing(folder)
    life.lose()
    guard = app.extensions["journal_guard"]
    app.extensions["settings"] = dataclasses.replace(settings, journal_folder=folder)
    guard.fine, guard.look_at = False, 0.0
    yield app
    app.extensions["settings"] = settings
    guard.fine, guard.look_at = True, 0.0


def test_nothing_is_served_before_it_is_replayed(
    journalled: Flask, life: Life, sign_in: SignIn
) -> None:
    client = sign_in(life.cast.trainee)
    answer = client.get(f"/recordings/{life.course.recording_id}")
    assert answer.status_code == 503
    assert client.get(f"/api/v1/recordings/{life.course.recording_id}/probe").status_code == 503
    runner = CliRunner()
    made = runner.invoke(rights, ["replay-journal", "--check"], obj=lambda: journalled)
    assert (made.exit_code, made.output) == (1, "To be replayed: 1.\n")
    made = runner.invoke(rights, ["replay-journal"], obj=lambda: journalled)
    assert (made.exit_code, made.output) == (0, "Replayed: 1. Known already: 0.\n")
    made = runner.invoke(rights, ["replay-journal", "--check"], obj=lambda: journalled)
    assert made.exit_code == 0
    journalled.extensions["journal_guard"].look_at = 0.0
    assert client.get(f"/recordings/{life.course.recording_id}").status_code == 403


def test_the_worker_refuses_to_start_before_it_is_replayed(journalled: Flask) -> None:
    with pytest.raises(click.ClickException, match="replay-journal"):
        _refuse_unreplayed(journalled)
    with unit_of_work():
        replay(journalled.extensions["settings"].journal_dir, NOW)
    _refuse_unreplayed(journalled)


def test_a_damaged_journal_is_said(journalled: Flask) -> None:
    path = journalled.extensions["settings"].journal_dir / FILE
    path.write_bytes(path.read_bytes() + b"broken\n")
    made = CliRunner().invoke(rights, ["replay-journal"], obj=lambda: journalled)
    assert made.exit_code == 2
    assert "Damaged lines, which could not be read: 1." in made.output


def test_the_worker_writes_it_by_itself(app: Flask, life: Life) -> None:
    life.take_down()
    run_worker(app, once=True)
    assert entries(app.extensions["settings"].journal_dir)[-1] == "takedown"


def test_the_folder_is_a_setting(tmp_path: Path) -> None:
    env = {"TOMONI_VAR": str(tmp_path), "TOMONI_SECRET_KEY": "s" * 32}
    assert load_settings(env).journal_dir == tmp_path / "journal"
    apart = {**env, "TOMONI_JOURNAL": str(tmp_path / "backups" / "journal")}
    assert load_settings(apart).journal_dir == tmp_path / "backups" / "journal"
