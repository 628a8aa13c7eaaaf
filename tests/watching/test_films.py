"""A recording is taken away as a file only as its rights are, and without what may not be seen."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import MediaCopy, Recording
from lms.recordings.operations import request_copy
from lms.recordings.queries import find_copy, get_recording
from lms.rights.models import RightsFacts
from tests.conftest import Cast
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]
TAKEN: dict[str, Any] = {"actions": ["play", "download"]}


def film(shelf: Shelf, **publication: Any) -> Recording:
    """A film that everyone may watch and take away, unless told."""
    recording = shelf.film("short.mp4")
    shelf.agree(recording, **TAKEN)
    shelf.publish(recording, **{**TAKEN, **publication})
    return recording


def copied(recording: Recording, cuts: Sequence[Sequence[int]]) -> MediaCopy:
    """Have the copy made, as the worker does it."""
    with unit_of_work():
        request_copy(SYSTEM, recording.id, cuts, clock.now())
    claim = claim_job(["make_copy"], "w", clock.now() + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS["make_copy"], LEASE, threading.Event())
    db.session.expire_all()
    copy = find_copy(get_recording(recording.id))
    assert copy is not None
    assert copy.state == "ready"
    return copy


def take(client: FlaskClient, recording: Recording, **headers: str) -> TestResponse:
    return client.get(f"/recordings/{recording.id}/film", headers=headers, buffered=True)


def downloads() -> int:
    query = select(AuditEntry.id).where(AuditEntry.action == "recording.downloaded")
    return len(db.session.scalars(query).all())


@pytest.fixture
def trainee(cast: Cast, sign_in: SignIn) -> FlaskClient:
    return sign_in(cast.trainee)


def test_the_copy_is_given_in_ranges_and_logged_once(trainee: FlaskClient, shelf: Shelf) -> None:
    recording = film(shelf)
    copy = copied(recording, [])

    answer = take(trainee, recording)

    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == copy.sha256
    assert answer.mimetype == "video/mp4"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer.headers["Cache-Control"]
    part = take(trainee, recording, Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, answer.data[100:200])
    assert downloads() == 1
    page = trainee.get(f"/recordings/{recording.id}").text
    assert f"/recordings/{recording.id}/film" in page


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=1-"},  # all but nothing is left out
        {"Range": "bytes=-1000"},
        {"Range": "bytes=1-", "If-Range": '"another"'},
    ],
)
def test_no_way_of_asking_leaves_the_log_out(
    trainee: FlaskClient, shelf: Shelf, headers: dict[str, str]
) -> None:
    recording = film(shelf)
    copied(recording, [])

    answer = trainee.get(f"/recordings/{recording.id}/film", headers=headers, buffered=True)

    assert answer.status_code in {200, 206}
    assert downloads() == 1
    assert take(trainee, recording, Range="bytes=100-199").status_code == 206
    assert downloads() == 1  # it goes on


def test_while_there_is_no_copy_that_is_said(trainee: FlaskClient, shelf: Shelf) -> None:
    recording = film(shelf)

    assert take(trainee, recording).status_code == 409
    assert f"/recordings/{recording.id}/film" not in trainee.get(f"/recordings/{recording.id}").text
    assert downloads() == 0


def test_with_a_hidden_passage_only_the_copy_with_exactly_this_cut_is_given(
    trainee: FlaskClient, shelf: Shelf
) -> None:
    recording = film(shelf)
    copied(recording, [])
    shelf.segment(recording, 1000, 2000)
    assert take(trainee, recording).status_code == 403  # the whole holds what is hidden

    copied(recording, [[1000, 1900]])
    assert take(trainee, recording).status_code == 403
    copy = copied(recording, [[1000, 2000]])
    facts = db.session.get_one(RightsFacts, recording.id).facts
    assert facts["cut_rendition"] == [[1000, 2000]]
    answer = take(trainee, recording)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.data).hexdigest() == copy.sha256

    # While another is made, none is there.
    with unit_of_work():
        request_copy(SYSTEM, recording.id, [[0, 2000]], clock.now())
    assert db.session.get_one(RightsFacts, recording.id).facts.get("cut_rendition") is None
    assert take(trainee, recording).status_code == 403


def test_a_copy_that_leaves_out_more_than_it_must_is_another(
    trainee: FlaskClient, shelf: Shelf
) -> None:
    recording = film(shelf)
    copied(recording, [[0, 1000]])

    assert take(trainee, recording).status_code == 409


@pytest.mark.parametrize(
    "publication",
    [
        {"actions": ["play"]},
        {"obligations": ["stream_only"]},
        {"obligations": ["watermark"]},
    ],
)
def test_who_may_only_watch_takes_nothing_away(
    trainee: FlaskClient, shelf: Shelf, publication: dict[str, Any]
) -> None:
    recording = film(shelf, **publication)
    copied(recording, [])

    assert take(trainee, recording).status_code == 403
    page = trainee.get(f"/recordings/{recording.id}")
    assert page.status_code == 200
    assert f"/recordings/{recording.id}/film" not in page.text


def test_a_withdrawal_and_a_takedown_end_it_at_once(trainee: FlaskClient, shelf: Shelf) -> None:
    recording = shelf.film("short.mp4")
    agreement = shelf.agree(recording, **TAKEN)
    shelf.publish(recording, **TAKEN)
    copied(recording, [])
    assert take(trainee, recording).status_code == 200

    shelf.withdraw(agreement)
    answer = take(trainee, recording)
    assert answer.status_code in {403, 404}
    assert b"ftyp" not in answer.data

    shelf.renew(recording, agreement)
    assert take(trainee, recording).status_code == 200
    shelf.take_down(recording)
    assert take(trainee, recording).status_code in {403, 404}


def test_recordings_of_sound_are_taken_away_too(trainee: FlaskClient, shelf: Shelf) -> None:
    recording = shelf.talk("sound.m4a")
    shelf.agree(recording, **TAKEN)
    shelf.publish(recording, **TAKEN)
    copied(recording, [])

    answer = take(trainee, recording)

    assert (answer.status_code, answer.mimetype) == (200, "audio/mp4")


def test_papers_and_what_is_not_there_have_no_film(trainee: FlaskClient, shelf: Shelf) -> None:
    paper = shelf.paper()

    assert take(trainee, paper).status_code == 404
    assert trainee.get("/recordings/nothing/film").status_code == 404


def test_a_copy_whose_file_is_gone_is_said_not_to_be_ready(
    trainee: FlaskClient, shelf: Shelf
) -> None:
    recording = film(shelf)
    copy = copied(recording, [])
    current_storage().delete_tree(copy.key)

    assert take(trainee, recording).status_code == 409
