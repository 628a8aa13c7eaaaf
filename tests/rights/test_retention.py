"""Retention: what is forgotten after how long, what never is, and the preview."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.retention import all_kept
from lms.infra.site import SiteSettings, read_site
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.pages.operations import change_site
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    PlaySession,
    RefusalLog,
    Rightsholder,
    Withdrawal,
)
from lms.rights.operations import log_refusal, withdraw_agreement
from lms.rights.operations.retaining import set_retention
from lms.rights.queries.retention import preview_retention
from lms.watching.models import Watch, WatchSession
from lms.worker import run_worker
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk, granted

SignIn = Callable[[Any], FlaskClient]
PAGE = "/desk/rights/retention"


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def ago(days: int) -> datetime:
    return NOW - timedelta(days=days)


def add_play(course: Course, cast: Cast, days: int, *, numbered: bool = False) -> str:
    """Add a play session that was closed so many days ago, with its coverage."""
    moment = ago(days)
    play = PlaySession(
        recording_id=course.recording_id, person_id=cast.trainee.id, media_version=1, generation=1,
        started_at=moment, first_key_at=moment, last_report_at=moment, lease_until=moment,
        closed_at=moment, closed_why="ended",
    )  # fmt: skip
    db.session.add(play)
    db.session.flush()
    if numbered:
        db.session.add(WatchSession(play_session_id=play.id, seen=b"", closed=True))
    return play.id


@pytest.fixture
def old(course: Course, desk: Desk, cast: Cast) -> Course:
    """Records of every kind, old and young, beside what must never go."""
    agreement = desk.agree()
    with unit_of_work():
        log_refusal(cast.actor("stranger"), course.recording_id, "play", "NOT_PUBLISHED", ago(800))
        log_refusal(cast.actor("stranger"), course.recording_id, "play", "NOT_PUBLISHED", ago(10))
        add_play(course, cast, 1200, numbered=True)
        add_play(course, cast, 10)
        db.session.add(
            Watch(
                person_id=cast.trainee.id, recording_id=course.recording_id, media_version=1,
                covered_ms=5, required_ms=10,
            )
        )  # fmt: skip
        holder = Rightsholder(name="白浜 汐里", created_at=NOW)
        db.session.add(holder)
        db.session.flush()
        for number, (days, state) in enumerate(((500, "open"), (500, "answered"), (20, "open"))):
            request = ConsentRequest(
                rightsholder_id=holder.id, state=state, token_sha256=f"{number}" * 64,
                expires_at=ago(days), created_at=ago(days),
                answered_at=ago(days) if state == "answered" else None,
            )  # fmt: skip
            db.session.add(request)
            db.session.flush()
            db.session.add(
                ConsentItem(request_id=request.id, agreement_id=agreement.id, proposal={})
            )
    with unit_of_work():
        withdraw_agreement(cast.actor("organiser"), agreement.id, ago(900), reason="x")
    return course


def counts() -> dict[str, int]:
    db.session.rollback()
    models = (RefusalLog, PlaySession, WatchSession, ConsentRequest, ConsentItem)
    return {
        model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
        for model in models
    }


def test_the_preview_counts_what_the_job_forgets(app: Flask, old: Course) -> None:
    preview = {line.kind.name: line.count for line in preview_retention(NOW)}
    assert preview == {
        "refusals": 1, "requests": 1, "shelf_lists": 0, "watch_sessions": 1, "plays": 0,
        "walk_ins": 0, "request_contacts": 0,
    }  # fmt: skip
    before = counts()
    while run_worker(app, once=True):
        pass
    assert counts() == {
        "refusal_log": before["refusal_log"] - 1,
        "play_session": before["play_session"] - 1,  # once its numbers are gone
        "watch_session": 0,
        "consent_request": before["consent_request"] - 1,
        "consent_item": before["consent_item"] - 1,
    }
    assert old.recording_id


@pytest.mark.usefixtures("old")
def test_what_is_never_touched(app: Flask, cast: Cast) -> None:
    with unit_of_work():
        set_retention(
            cast.actor("admin"),
            {"refusals": 30, "requests": 30, "watch_sessions": 1, "plays": 90},
            NOW,
        )
    audited = db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    with time_machine.travel(NOW + timedelta(days=2000), tick=False):
        while run_worker(app, once=True):
            pass
    assert set(counts().values()) == {0, 1}  # the answered letter and its item stay
    assert db.session.scalars(select(Agreement)).one() is not None
    assert db.session.scalars(select(Withdrawal)).one() is not None
    assert db.session.scalars(select(Watch)).one().covered_ms == 5
    assert (db.session.scalar(select(func.count()).select_from(AuditEntry)) or 0) >= audited
    refused = select(func.count()).where(AuditEntry.action == "rights.refused")
    assert db.session.scalar(refused) == 2
    applied = (
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "retention.applied")
    )
    assert db.session.scalars(applied).first() is not None


@pytest.mark.usefixtures("old")
def test_zero_keeps_for_ever(app: Flask, cast: Cast) -> None:
    with unit_of_work():
        set_retention(cast.actor("admin"), {kind.name: 0 for kind in all_kept()}, NOW)
    before = counts()
    with time_machine.travel(NOW + timedelta(days=3000), tick=False):
        while run_worker(app, once=True):
            pass
    assert counts() == before


def test_counted_views_are_not_forgotten(
    app: Flask, course: Course, desk: Desk, cast: Cast
) -> None:
    desk.agree(grants=(granted(max_views=1),))
    with unit_of_work():
        add_play(course, cast, 5000)
    while run_worker(app, once=True):
        pass
    assert counts()["play_session"] == 1


def test_bad_numbers_are_refused_in_words(cast: Cast, sign_in: SignIn) -> None:
    actor = cast.actor("admin")
    for days in ({"refusals": 5}, {"refusals": -1}, {"plays": 40_000}, {"something": 3}):
        with pytest.raises(InvalidInputError), unit_of_work():
            set_retention(actor, days, NOW)
    good = {
        "refusals": "60", "requests": "60", "watch_sessions": "2", "plays": "100",
        "shelf_lists": "7", "walk_ins": "90", "request_contacts": "400",
    }  # fmt: skip
    office = sign_in(cast.organiser)
    for wrong in ("", "-3", "abc", "5", "99999999"):
        answer = office.post(PAGE, data={**good, "refusals": wrong})
        assert answer.status_code == 422, wrong
        assert 'data-testid="error-summary"' in answer.text
    assert read_site().retention == {}
    assert office.post(PAGE, data=good).status_code == 303
    assert read_site().retention == {
        "refusals": 60, "requests": 60, "watch_sessions": 2, "plays": 100, "shelf_lists": 7,
        "walk_ins": 90, "request_contacts": 400,
    }  # fmt: skip


@pytest.mark.usefixtures("old")
def test_counting_first_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    data = {
        "refusals": "30", "requests": "0", "watch_sessions": "1", "plays": "90",
        "shelf_lists": "30", "walk_ins": "365", "request_contacts": "730", "how": "preview",
    }  # fmt: skip
    before = counts()
    answer = sign_in(cast.organiser).post(PAGE, data=data)
    assert answer.status_code == 200
    assert read_site().retention == {}
    assert counts() == before


def test_who_may_set_it(cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.trainee, cast.coordinator, cast.auditor, cast.speaker):
        assert sign_in(person).get(PAGE).status_code == 404
        assert sign_in(person).post(PAGE, data={}).status_code == 404
    with pytest.raises(NotFoundError), unit_of_work():
        set_retention(cast.actor("auditor"), {}, NOW)
    assert sign_in(cast.organiser).get(PAGE).status_code == 200


def test_the_other_settings_do_not_lose_it(cast: Cast) -> None:
    with unit_of_work():
        set_retention(cast.actor("admin"), {"refusals": 60}, NOW)
    with unit_of_work():
        change_site(cast.actor("admin"), SiteSettings(name={"ja": "連合"}), at=NOW)
    assert read_site().retention == {"refusals": 60}
