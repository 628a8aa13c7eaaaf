"""The decision log of a recording and of a person."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.infra.audit.chain import verify_chain
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS, Role
from lms.recordings.queries import get_recording
from lms.rights.operations import log_refusal, take_down, withdraw_agreement
from lms.rights.operations.play_sessions import start_play
from lms.rights.queries import decide, viewer_facts
from lms.rights.queries.evidence import (
    Group,
    LogFilter,
    group_of,
    list_codes,
    person_log,
    read_log,
    recording_log,
)
from lms.rights.rules import Code
from lms.watching.queries import decide_viewing
from tests.conftest import NOW, Cast, grant
from tests.rights.conftest import Course, Desk

SignIn = Callable[[Any], FlaskClient]


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def history(cast: Cast, course: Course, desk: Desk) -> Course:
    """Signed, published, played by one, refused to another, withdrawn, taken down."""
    agreement = desk.agree()
    desk.publish(enrolled_only=False)
    actor = cast.actor("trainee")
    with unit_of_work():
        at = NOW + timedelta(minutes=1)
        recording = get_recording(course.recording_id)
        decision = decide(viewer_facts(actor, at), recording.id, at=at)
        start_play(actor, recording, decision, at, country="JP")
    with unit_of_work():
        log_refusal(
            cast.actor("stranger"), course.recording_id, "play", "RIGHTS_AUDIENCE",
            NOW + timedelta(minutes=2),
        )  # fmt: skip
        log_refusal(ANONYMOUS, course.recording_id, "play", "LOGIN_REQUIRED", NOW)
    with unit_of_work():
        withdraw_agreement(
            cast.actor("organiser"), agreement.id, NOW + timedelta(minutes=3), reason="本人の申し出"
        )
    with unit_of_work():
        take_down(cast.actor("organiser"), course.recording_id, "苦情", NOW + timedelta(minutes=4))
    return course


def told(course: Course, **wanted: str) -> list[Any]:
    db.session.rollback()
    return list(read_log(recording_log(course.recording_id, LogFilter(**wanted)), 1).entries)


def page(course: Course, rest: str = "") -> str:
    return f"/desk/recordings/{course.recording_id}/evidence{rest}"


def test_everything_stands_there_in_order(history: Course) -> None:
    groups = [entry.group for entry in told(history)]
    assert groups[:4] == [Group.TAKEDOWN, Group.WITHDRAWAL, Group.REFUSAL, Group.PLAY]
    assert {Group.PUBLICATION, Group.AGREEMENT, Group.REFUSAL} <= set(groups)
    moments = [entry.at for entry in told(history)]
    assert moments == sorted(moments, reverse=True)


def test_a_play_names_the_permission_that_held_then(history: Course) -> None:
    (play,) = told(history, group="play")
    assert play.code == "ALLOW"
    assert play.holders == ("白浜 汐里",)  # withdrawn since, in force at that moment
    assert play.published_at == NOW


def test_filters(history: Course, cast: Cast) -> None:
    assert {e.actor_id for e in told(history, person="遠野")} == {cast.stranger.id}
    assert {e.actor_id for e in told(history, person=cast.stranger.id)} == {cast.stranger.id}
    assert [e.code for e in told(history, code="RIGHTS_AUDIENCE")] == ["RIGHTS_AUDIENCE"]
    assert {e.group for e in told(history, group="refusal")} == {Group.REFUSAL}
    assert told(history, person="誰もいない") == []
    assert dict(list_codes(history.recording_id)) == {
        "ALLOW": 1, "RIGHTS_AUDIENCE": 1, "LOGIN_REQUIRED": 1,
    }  # fmt: skip


def test_every_act_belongs_to_one_group(history: Course) -> None:
    for group in Group:
        assert all(e.group is group for e in told(history, group=group.value)), group
    total = sum(len(told(history, group=group.value)) for group in Group)
    assert total == len(told(history))
    assert group_of("rights.override_asked") is Group.OVERRIDE
    assert group_of("recording.added") is Group.OTHER


@pytest.mark.usefixtures("history")
def test_each_refusal_is_in_the_chain_of_the_audit() -> None:
    refused = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "rights.refused")
    ).all()
    assert sorted(entry.details["code"] for entry in refused) == [
        "LOGIN_REQUIRED",
        "RIGHTS_AUDIENCE",
    ]
    with db.engine.connect() as connection:
        assert verify_chain(connection).faults == ()


def test_what_one_person_saw(history: Course, cast: Cast) -> None:
    actor = cast.actor("auditor")
    log = read_log(person_log(actor, cast.trainee.id, LogFilter()), 1)
    assert [(e.group, e.recording_id) for e in log.entries] == [(Group.PLAY, history.recording_id)]
    assert log.entries[0].title["ja"] == "賃金はどう決まるか"


def test_who_may_read_it(history: Course, cast: Cast, sign_in: SignIn) -> None:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER, "programme:01arz3ndektsv4rrffq69g5fav")
    for person, status in (
        (cast.auditor, 200), (cast.organiser, 200), (cast.admin, 200),
        (cast.front_desk, 404), (cast.trainee, 404), (cast.speaker, 404),
    ):  # fmt: skip
        assert sign_in(person).get(page(history)).status_code == status
        assert sign_in(person).get(page(history, ".csv")).status_code == status
    missing = "/desk/recordings/01arz3ndektsv4rrffq69g5fav/evidence"
    assert sign_in(cast.auditor).get(missing).status_code == 404
    # Limited to another programme: the person's log holds nothing of this one.
    limited = cast.actor("front_desk")
    assert read_log(person_log(limited, cast.trainee.id, LogFilter()), 1).total == 0


def test_the_csv_is_read_by_another_reader_and_is_logged_itself(
    history: Course, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.auditor)
    with client.session_transaction() as session:
        session["language"] = "en"
    answer = client.get(page(history, ".csv"))
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    play = next(row for row in rows if row["Act"] == "play.started")
    assert play["Actor"] == "山瀬 春夫"
    assert play["Code"] == "ALLOW"
    assert play["Permission"].startswith("agreements of 白浜 汐里")
    exported = told(history, group="evidence")
    assert [(e.action, e.actor_id) for e in exported] == [
        ("rights.evidence_exported", cast.auditor.id)
    ]


@pytest.mark.usefixtures("history")
def test_the_page_of_a_person(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.auditor)
    empty = client.get("/desk/rights/evidence")
    assert empty.status_code == 200
    found = client.get("/desk/rights/evidence", query_string={"person": "山瀬"}).text
    assert "play.started" in found
    nobody = client.get("/desk/rights/evidence", query_string={"person": "無名"})
    assert nobody.status_code == 200
    assert "play.started" not in nobody.text
    csv_of = f"/desk/rights/evidence.csv?person={cast.trainee.id}"
    assert "play.started" in client.get(csv_of).text
    assert client.get("/desk/rights/evidence.csv?person=x").status_code == 404


def test_a_limited_officer_finds_only_people_of_their_own_logs(
    history: Course, cast: Cast, sign_in: SignIn
) -> None:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER, f"programme:{history.programme_id}")
        grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:01arz3ndektsv4rrffq69g5fav")
    csv_of = "/desk/rights/evidence.csv?person="
    for person, named, status in (
        (cast.auditor, "髙森", 200), (cast.front_desk, "髙森", 404), (cast.stranger, "髙森", 404),
        (cast.auditor, "山瀬", 200), (cast.front_desk, "山瀬", 200), (cast.stranger, "山瀬", 404),
    ):  # fmt: skip
        who = cast.other_trainee if named == "髙森" else cast.trainee
        client = sign_in(person)
        page = client.get("/desk/rights/evidence", query_string={"person": named})
        assert (who.given_name in page.text) is (status == 200)
        assert client.get(csv_of + who.id).status_code == status


def test_an_officer_of_other_courses_is_not_told_that_a_recording_is_there(
    history: Course, cast: Cast, sign_in: SignIn
) -> None:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER, f"recording:{history.recording_id}")
        grant(cast.stranger, Role.RIGHTS_OFFICER, "programme:01arz3ndektsv4rrffq69g5fav")
    for address in (f"/recordings/{history.recording_id}",
                    f"/api/v1/recordings/{history.recording_id}/probe"):  # fmt: skip
        assert sign_in(cast.front_desk).get(address).status_code in {200, 403}
        assert sign_in(cast.stranger).get(address).status_code == 404


def test_the_log_costs_the_same_however_long_it_is(
    history: Course, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.auditor)
    client.get(page(history))
    with counted() as few:
        client.get(page(history))
    with unit_of_work():
        for _number in range(30):
            log_refusal(cast.actor("speaker"), history.recording_id, "play", "NOT_PUBLISHED", NOW)
    with counted() as many:
        assert client.get(page(history)).text.count("rights.refused") > 30
    assert len(many) == len(few)
    assert len(many) <= 16


@pytest.fixture
def officer(cast: Cast) -> Any:
    with unit_of_work():
        grant(cast.front_desk, Role.RIGHTS_OFFICER)
    return cast.front_desk


def seen_as(cast: Cast, name: str, course: Course, at: Any = NOW) -> tuple[str, Code]:
    db.session.rollback()
    viewing = decide_viewing(viewer_facts(cast.actor(name), at), course.recording_id, "play", at)
    return str(viewing.action), viewing.decision.code


REASON = "本人からの問い合わせ"
LATER = NOW + timedelta(minutes=10)


def test_an_officer_sees_as_evidence_what_is_withdrawn_and_taken_down(
    history: Course, cast: Cast, officer: Any, sign_in: SignIn
) -> None:
    assert seen_as(cast, "front_desk", history, LATER) == ("play", Code.TAKEDOWN)
    client = sign_in(officer)
    assert 'data-testid="open-evidence"' in client.get(page(history)).text
    with time_machine.travel(LATER, tick=False):
        answer = client.post(
            page(history, "/open"), data={"evidence-reason": "本人からの問い合わせ"}
        )
    assert answer.status_code == 303
    assert answer.location.endswith(f"/recordings/{history.recording_id}")
    assert seen_as(cast, "front_desk", history, LATER) == ("evidence_review", Code.ALLOW_EVIDENCE)
    viewing = decide_viewing(
        viewer_facts(cast.actor("front_desk"), LATER), history.recording_id, "play", LATER
    )
    assert viewing.decision.obligations.watermark
    assert viewing.decision.obligations.stream_only
    # Four hours, and nobody else.
    assert seen_as(cast, "front_desk", history, LATER + timedelta(hours=4)) == (
        "play", Code.TAKEDOWN,
    )  # fmt: skip
    assert seen_as(cast, "organiser", history, LATER)[1] is Code.TAKEDOWN
    assert [e.details["reason"] for e in told(history, group="evidence")] == [
        "本人からの問い合わせ"
    ]


def test_evidence_wants_a_reason_and_an_officer(
    history: Course, cast: Cast, officer: Any, sign_in: SignIn
) -> None:
    good = {"evidence-reason": "x"}
    assert sign_in(officer).post(page(history, "/open"), data={}).status_code == 422
    for person in (cast.organiser, cast.admin, cast.auditor, cast.trainee):
        assert sign_in(person).post(page(history, "/open"), data=good).status_code == 404
        assert 'data-testid="open-evidence"' not in sign_in(person).get(page(history)).text
    assert told(history, group="evidence") == []
