"""A recording is gone: what was earned stays, and who still needs it is told to the organisers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from lms.completion.queries import progress_of
from lms.completion.queries.dependants import count_dependants, list_dependants
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.kernel.ids import PersonId
from lms.pages.queries import Need, find_desk
from lms.recordings.models import Recording
from lms.rights.operations import (
    AgreementDetails,
    TermDetails,
    add_agreement,
    lift_takedown,
    rewrite_facts,
    take_down,
    withdraw_agreement,
)
from lms.rights.operations.closing import close_recording
from lms.rights.queries.gone import Gone, find_gone
from lms.worker import run_worker
from tests.completion.conftest import Course
from tests.conftest import NOW, Cast

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def earned(course: Course) -> list[str]:
    return [one.person_id for one in course.achievements() if one.revoked_at is None]


@pytest.fixture
def watched(course: Course, cast: Cast) -> Course:
    """One has completed by watching, one has begun, one has done nothing."""
    course.rule(course.requirement(0, "watch"))
    for person in (cast.other_trainee, cast.overseas):
        course.enrol(person)
    course.watch(cast.trainee, 0, 950)
    course.watch(cast.other_trainee, 0, 300)
    assert earned(course) == [cast.trainee.id]
    with unit_of_work():
        for recording in course.recordings:
            rewrite_facts(recording.id, NOW)
    return course


def gone(course: Course, how: str) -> None:
    """Take the recording of the first part from everyone."""
    recording_id, actor = course.recordings[0].id, course.organiser
    with unit_of_work():
        agreement = add_agreement(
            actor, recording_id,
            AgreementDetails(
                holder_name="白浜 汐里", signed_on=NOW.date() - timedelta(days=9),
                recording_consent=True,
                grants=(TermDetails({"actions": ["play"], "audience": {"reach": "outside"}}),),
            ),
            NOW,
        )  # fmt: skip
    assert find_gone(NOW, recording_ids=[recording_id]) == {}
    with unit_of_work():
        if how == "withdrawn":
            withdraw_agreement(actor, agreement.id, NOW, reason="x")
        elif how == "taken_down":
            take_down(actor, recording_id, "x", NOW)
        else:
            close_recording(actor, recording_id, "x", (), NOW)
    db.session.expire_all()


WAYS = ("withdrawn", "taken_down", "destroyed")


@pytest.mark.parametrize("how", WAYS)
def test_what_was_earned_stays_and_the_others_are_named(
    watched: Course, cast: Cast, how: str
) -> None:
    gone(watched, how)
    recording = watched.recordings[0]
    assert find_gone(NOW, recording_ids=[recording.id])[recording.id][1] is Gone(how)
    assert earned(watched) == [cast.trainee.id]
    mine = progress_of(PersonId(cast.trainee.id), [watched.id]).editions[watched.id]
    assert mine.is_earned
    assert mine.outcome.is_met  # the requirement too stays met by what was watched
    people = list_dependants(recording)
    assert {one.person_id: (one.permille, one.other_ways) for one in people} == {
        cast.other_trainee.id: (300, False), cast.overseas.id: (0, False),
    }  # fmt: skip


@pytest.mark.parametrize("how", WAYS)
def test_organisers_are_told_once_and_the_desk_shows_it(
    app: Flask, watched: Course, sign_in: SignIn, cast: Cast, how: str
) -> None:
    tasks = [task.need for task in find_desk(watched.organiser, NOW).today]
    assert Need.RECORDING_GONE not in tasks
    gone(watched, how)
    while run_worker(app, once=True):
        pass
    db.session.rollback()
    mails = db.session.scalars(
        select(OutboxMail).order_by(OutboxMail.id).where(OutboxMail.template == "rights_dependants")
    ).all()
    assert [(mail.to_address, mail.params["count"]) for mail in mails] == [
        ("organiser@demo.example", 2)
    ]
    task = next(
        task for task in find_desk(watched.organiser, NOW).today if task.need is Need.RECORDING_GONE
    )
    assert (task.thing.id, task.count) == (watched.recordings[0].id, 2)
    page = sign_in(cast.organiser).get(f"/desk/recordings/{task.thing.id}/dependants").text
    assert "髙森 夏子" in page
    assert "山瀬 春夫" not in page
    assert 'data-testid="gone"' in page
    assert (
        f"/desk/recordings/{task.thing.id}/dependants" in sign_in(cast.organiser).get("/desk").text
    )


def test_another_way_takes_the_need_away(watched: Course, cast: Cast) -> None:
    gone(watched, "taken_down")
    recording = watched.recordings[0]
    watched.rule(watched.requirement(0, "attend", "watch"))
    assert all(one.other_ways for one in list_dependants(recording))
    watched.attend(cast.other_trainee, 0)
    assert [one.person_id for one in list_dependants(recording)] == [cast.overseas.id]


def test_lifted_again_nobody_is_in_need(app: Flask, watched: Course) -> None:
    gone(watched, "taken_down")
    recording_id = watched.recordings[0].id
    with unit_of_work():
        lift_takedown(watched.organiser, recording_id, NOW)
    while run_worker(app, once=True):
        pass
    db.session.rollback()
    assert find_gone(NOW, recording_ids=[recording_id]) == {}
    told = (
        select(OutboxMail).order_by(OutboxMail.id).where(OutboxMail.template == "rights_dependants")
    )
    assert db.session.scalars(told).all() == []


def test_a_new_recording_takes_the_place_of_a_destroyed_one(watched: Course, cast: Cast) -> None:
    gone(watched, "destroyed")
    with unit_of_work():
        new = Recording(
            edition_id=watched.id, part_id=watched.parts[0].id, kind="video", title={"ja": "新"},
            stage="published", published_at=NOW, created_at=NOW,
        )  # fmt: skip
        db.session.add(new)
    rule = progress_of(PersonId(cast.overseas.id), [watched.id]).editions[watched.id].rule
    assert rule.lines[0].facts.routes[0].recording_ids == (new.id,)


def test_nothing_gone_costs_one_query_and_no_more(watched: Course) -> None:
    said: list[str] = []
    edition_id = watched.id

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            said.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert find_gone(NOW, edition_ids=[edition_id]) == {}
        assert count_dependants([]) == {}
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(said) == 1


def test_who_may_see_the_list(watched: Course, cast: Cast, sign_in: SignIn) -> None:
    path = f"/desk/recordings/{watched.recordings[0].id}/dependants"
    for person in (cast.trainee, cast.coordinator, cast.auditor):
        assert sign_in(person).get(path).status_code == 404
    assert sign_in(cast.organiser).get(path).status_code == 200
    assert sign_in(cast.organiser).get("/desk/recordings/x/dependants").status_code == 404
