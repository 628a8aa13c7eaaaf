"""What is seen by an exception from publication: marked with name and time, and written down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.rights.models import Override
from lms.rights.operations import end_override
from tests.conftest import Cast
from tests.watching.conftest import Shelf

SignIn = Callable[[Any], FlaskClient]


def allow(recording_id: str, person_id: str, action: str) -> str:
    """An exception that one asked for and another approved."""
    with unit_of_work():
        row = Override(
            recording_id=recording_id, person_id=person_id, actions=[action],
            from_at=clock.now() - timedelta(hours=1), until_at=clock.now() + timedelta(days=1),
            reason="補講", requested_by="1" * 26, requested_at=clock.now(),
            approved_by="2" * 26, approved_at=clock.now(),
        )  # fmt: skip
        db.session.add(row)
    return row.id


@pytest.fixture
def trainee(sign_in: SignIn, cast: Cast) -> FlaskClient:
    return sign_in(cast.trainee)


def test_a_paper(trainee: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    page = f"/recordings/{paper.id}?page=2"
    assert trainee.get(page).status_code in (403, 404)
    allow(paper.id, cast.trainee.id, "display")
    assert trainee.get(page).status_code == 200
    plain = f"/recordings/{paper.id}/pages/2.png"
    assert trainee.get(plain).status_code == 200
    entries = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "handout.shown")
    )
    assert [(one.actor_id, one.details["code"], one.details["page"]) for one in entries] == [
        (cast.trainee.id, "ALLOW_OVERRIDE", 2)
    ]


def test_a_film_ends_with_the_exception(trainee: FlaskClient, cast: Cast, shelf: Shelf) -> None:
    film = shelf.film()
    shelf.agree(film)
    start = f"/api/v1/recordings/{film.id}/play-sessions"
    assert trainee.post(start, json={}).status_code in (403, 404)
    key = allow(film.id, cast.trainee.id, "play")
    opened = trainee.post(start, json={})
    assert opened.status_code == 201
    assert opened.json is not None
    assert cast.trainee.family_name in opened.json["obligations"]["watermark"]
    report = {"sequence": 1, "intervals": [], "position": 0, "age": 0}
    events = opened.json["events"]
    assert not trainee.post(events, json=report).json["stop"]  # type: ignore[index]
    with unit_of_work():
        end_override(cast.actor("organiser"), key, clock.now())
    again = trainee.post(events, json={**report, "sequence": 2})
    assert again.json is not None
    assert again.json["stop"]
    [started] = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "play.started")
    )
    assert started.details["code"] == "ALLOW_OVERRIDE"
