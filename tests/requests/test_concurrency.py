"""A button pressed twice in one moment, and two decisions at once, on the engine under test."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

from flask import Flask
from sqlalchemy import func, select

from lms.courses.models import Edition
from lms.infra.db import db, unit_of_work
from lms.requests.errors import MeetingRequestRefusedError
from lms.requests.models import MeetingRequest
from lms.requests.operations import (
    accept_request,
    decline_request,
    submit_request,
    withdraw_request,
)
from tests.conftest import NOW
from tests.requests.conftest import Desk


def _at_once(app: Flask, acts: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Run every act in its own thread and its own database connection, all released together."""
    gate = threading.Barrier(len(acts))
    faults: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait(timeout=30)
            try:
                with unit_of_work():
                    act()
            except BaseException as fault:  # noqa: BLE001 - which ones is what is asked
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return faults


def test_a_button_pressed_many_times_asks_once(app: Flask, desk: Desk) -> None:
    actor, plan = desk.cast.actor("coordinator"), desk.plan()
    assert _at_once(app, [partial(submit_request, actor, plan, at=NOW)] * 8) == []
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
    faults = _at_once(app, acts)
    assert len(faults) == len(acts) - 1
    assert {type(fault) for fault in faults} == {MeetingRequestRefusedError}
    db.session.rollback()
    request = db.session.get_one(MeetingRequest, key, populate_existing=True)
    editions = db.session.scalar(select(func.count()).select_from(Edition))
    assert (request.state == "accepted") == (editions == 1)
