"""Versions: what was said to have changed, who is told, what stays of earlier files."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.current import current_settings, current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.infra.jobs.models import Job
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.kernel.ids import EditionId, RecordingId
from lms.notifications.jobs import JOBS as TELLING
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import FileVersion, Recording, Stage
from lms.recordings.operations import attach_file, next_target, receive
from lms.recordings.queries import list_new_versions, list_versions
from lms.rights.events import RecordingPublished
from lms.rights.models import Publication
from lms.rights.operations import rewrite_facts
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf, enrol

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def shelf(course: Course, films: Any, papers: Any) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def paper(shelf: Shelf) -> Recording:
    found = shelf.paper()
    shelf.agree(found)
    shelf.publish(found)
    return found


def staff(cast: Cast, sign_in: SignIn) -> FlaskClient:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    return client


def replace_file(client: FlaskClient, shelf: Shelf, paper: Recording, note: str) -> int:
    with (shelf.papers / "three.pdf").open("rb") as file:
        return client.post(
            f"/desk/recordings/{paper.id}/file", data={"file": (file, "新版.pdf"), "note": note}
        ).status_code


def published_again(paper: Recording) -> None:
    """Let it be published as the rights desk does, with what follows."""
    with unit_of_work():
        row = db.session.get(Recording, paper.id)
        assert row is not None
        row.stage = Stage.PUBLISHED
        rewrite_facts(paper.id, clock.now())
        raise_event(
            RecordingPublished(RecordingId(paper.id), EditionId(paper.edition_id), clock.now())
        )


def run_jobs(kind: str, jobs: dict[str, Any]) -> int:
    done = 0
    while claim := claim_job([kind], "w", clock.now() + timedelta(days=1), LEASE):
        run_claim(claim, jobs[kind], LEASE, threading.Event())
        done += 1
    return done


def mails() -> list[OutboxMail]:
    db.session.expire_all()
    return list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def test_the_first_file_is_the_first_version(paper: Recording) -> None:
    rows = list_versions(paper.id)
    assert [(row.media_version, row.note, row.pages) for row in rows] == [(1, "", 3)]
    assert rows[0].sha256 == paper.source_sha256
    assert list_new_versions([paper]) == {}


def test_replacing_what_is_published_asks_what_changed(
    cast: Cast, shelf: Shelf, paper: Recording, sign_in: SignIn
) -> None:
    client = staff(cast, sign_in)
    before = paper.source_sha256

    assert replace_file(client, shelf, paper, "  ") == 422
    db.session.expire_all()
    row = db.session.get(Recording, paper.id)
    assert row is not None
    assert (row.media_version, row.stage) == (1, Stage.PUBLISHED)
    assert replace_file(client, shelf, paper, "第3頁の数字を直しました") == 303

    db.session.expire_all()
    rows = list_versions(paper.id)
    assert [row.media_version for row in rows] == [2, 1]
    assert rows[0].note == "第3頁の数字を直しました"
    assert rows[0].by_id == cast.organiser.id
    assert (rows[1].sha256, rows[1].name) == (before, "three.pdf")
    page = client.get(f"/desk/recordings/{paper.id}/versions").text
    assert "第3頁の数字を直しました" in page
    assert "新版.pdf" in page
    assert "three.pdf" in page


def test_the_note_can_be_put_in_other_words_by_who_looks_after_it(
    cast: Cast, paper: Recording, sign_in: SignIn
) -> None:
    client = staff(cast, sign_in)
    page = f"/desk/recordings/{paper.id}/versions"
    assert client.post(f"{page}/1/note", data={"v1-note": "first"}).status_code == 303
    assert client.post(f"{page}/1/note", data={"v1-note": "x" * 1001}).status_code == 422
    assert client.post(f"{page}/7/note", data={"v7-note": "none"}).status_code == 404
    for person in (cast.trainee, cast.coordinator):
        other = sign_in(person)
        assert other.get(page).status_code == 404
        assert other.post(f"{page}/1/note", data={"v1-note": "mine"}).status_code == 404
    db.session.expire_all()
    assert [row.note for row in list_versions(paper.id)] == ["first"]


def test_the_enrolled_are_told_once_of_a_new_version_and_of_what_changed(
    cast: Cast, course: Course, shelf: Shelf, paper: Recording, sign_in: SignIn
) -> None:
    enrol(cast.trainee, course)
    published_again(paper)
    run_jobs("tell_of_recording", TELLING)
    assert [mail.template for mail in mails()] == ["recording_published"]
    replace_file(staff(cast, sign_in), shelf, paper, "図表を<差し替え>ました")

    published_again(paper)
    published_again(paper)
    run_jobs("tell_of_recording", TELLING)

    told = mails()
    assert [mail.template for mail in told] == ["recording_published", "recording_new_version"]
    subject, text = render_text(told[1], current_settings())
    assert "図表を<差し替え>ました" in text
    assert "差し替え" in subject

    reader = sign_in(cast.trainee)
    page = reader.get(f"/recordings/{paper.id}").text
    assert 'data-testid="version"' in page
    assert "図表を&lt;差し替え&gt;ました" in page
    listed = reader.get(f"/courses/{course.programme.slug}/{course.edition.slug}").text
    assert 'data-testid="new-version"' in listed


def test_a_second_file_before_the_first_publication_is_no_new_version_to_anyone(
    cast: Cast, course: Course, shelf: Shelf, sign_in: SignIn
) -> None:
    enrol(cast.trainee, course)
    found = shelf.paper()
    shelf.agree(found)
    assert replace_file(staff(cast, sign_in), shelf, found, "") == 303  # nobody knows the first
    shelf.publish(found)
    with unit_of_work():  # `publish` dates its row in the past
        row = db.session.scalars(select(Publication)).one()
        row.created_at = clock.now()

    published_again(found)
    run_jobs("tell_of_recording", TELLING)

    assert [mail.template for mail in mails()] == ["recording_published"]


def test_files_of_earlier_versions_go_and_what_is_known_of_them_stays(
    cast: Cast, shelf: Shelf, paper: Recording, sign_in: SignIn
) -> None:
    old = paper.source_key
    reader = sign_in(cast.trainee)
    copy = reader.get(f"/recordings/{paper.id}/file.pdf").headers["Location"]
    assert reader.get(f"/recordings/{paper.id}/pages/1.png").status_code == 200
    replace_file(staff(cast, sign_in), shelf, paper, "new")

    assert run_jobs("destroy_files", JOBS) == 1

    left = list(current_storage().list(f"recordings/{paper.id}"))
    assert old not in left
    assert not any("/v1-" in key for key in left)  # nor its pictures, words or stamped copies
    assert sign_in(cast.trainee).get(copy).status_code in (403, 404)
    assert len(db.session.scalars(select(FileVersion)).all()) == 2


def test_a_file_that_came_before_versions_were_kept_is_written_down_when_it_goes(
    shelf: Shelf, paper: Recording
) -> None:
    with unit_of_work():
        for row in list_versions(paper.id):
            db.session.delete(row)
    with (shelf.papers / "three.pdf").open("rb") as stream:
        received = receive(current_storage(), next_target(paper), stream, "b.pdf")
    with unit_of_work():
        attach_file(SYSTEM, paper.id, received, clock.now(), note="b")

    assert [(row.media_version, row.name) for row in list_versions(paper.id)] == [
        (2, "b.pdf"), (1, "three.pdf"),
    ]  # fmt: skip
    job = db.session.scalars(select(Job).where(Job.kind == "destroy_files")).one()
    assert job.payload == {"recording_id": paper.id}
