"""A button pressed twice in one moment, and two decisions at once, on the engine under test."""

from collections.abc import Callable
from functools import partial

from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import Edition
from lms.infra.db import db
from lms.requests.errors import MeetingRequestRefusedError
from lms.requests.models import MeetingRequest
from lms.requests.operations import (
    accept_request,
    decline_request,
    submit_request,
    withdraw_request,
)
from tests.at_once import at_once
from tests.conftest import NOW
from tests.requests.conftest import Desk


def test_a_button_pressed_many_times_asks_once(app: Flask, desk: Desk) -> None:
    actor, plan = desk.cast.actor("coordinator"), desk.plan()
    assert at_once(app, [partial(submit_request, actor, plan, at=NOW)] * 8) == []
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(MeetingRequest)) == 1


def test_of_many_decisions_one_is_made(app: Flask, desk: Desk) -> None:
    key = desk.ask().id
    staff, asker = desk.cast.actor("organiser"), desk.cast.actor("coordinator")
    decision = desk.acceptance()
    acts: list[Callable[[], object]] = [
        *[partial(accept_request, staff, key, decision, version=1, at=NOW)] * 3,
        *[partial(decline_request, staff, key, "no", version=1, at=NOW)] * 3,
        partial(withdraw_request, asker, key, at=NOW),
    ]
    faults = at_once(app, acts)
    assert len(faults) == len(acts) - 1
    assert {type(fault) for fault in faults} == {MeetingRequestRefusedError}
    db.session.rollback()
    request = db.session.get_one(MeetingRequest, key, populate_existing=True)
    editions = db.session.scalar(select(func.count()).select_from(Edition))
    assert (request.state == "accepted") == (editions == 1)
