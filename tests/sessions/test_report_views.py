import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.models import AttendanceReport, ReportedPerson, ReportMapping, ReportRow
from lms.sessions.queries.reports import attendance_rule_of
from tests.sessions.conftest import World
from tests.sessions.test_reporting import MINE, NOON, line, reported, zoom


@pytest.fixture
def trainee(world: World) -> PersonId:
    return world.enrol(world.cast.trainee)


@pytest.fixture
def key(world: World) -> LiveSessionId:
    return world.add()


@pytest.fixture
def desk(world: World, sign_in: Callable[[Person], FlaskClient]) -> Iterator[FlaskClient]:
    with time_machine.travel(NOON, tick=False):
        yield sign_in(world.cast.organiser)


def count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def send(client: FlaskClient, key: str, data: bytes, **more: str) -> Any:
    return client.post(
        f"/desk/sessions/{key}/reports",
        data={"file": (io.BytesIO(data), "report.csv"), "zone": "Asia/Tokyo", "date_order": "",
              **more},
        content_type="multipart/form-data",
    )  # fmt: skip


def test_a_report_is_shown_applied_and_told_apart(
    world: World, key: LiveSessionId, trainee: PersonId, desk: FlaskClient
) -> None:
    family = world.cast.trainee.family_name
    sent = send(desk, key, zoom(line(f"{family}さん", "", 0, 90)))
    assert sent.status_code == 303
    shown = desk.get(sent.location)
    assert shown.status_code == 200
    assert count(ReportRow) == 0

    applied = desk.post(f"{sent.location}/apply")
    assert applied.location.endswith("/reconciliation")
    page = desk.get(applied.location).text
    assert 'data-testid="suggestion"' in page
    assert queries.attendance_of([key], trainee)[key].status is None

    one = reported(f"{family}さん").id
    found = desk.get(applied.location, query_string={"who": one, "q": family}).text
    assert 'data-testid="hit"' in found
    done = desk.post(f"{applied.location}/{one}", data={"act": "accept", "person": trainee})
    assert done.status_code == 303
    assert queries.attendance_of([key], trainee)[key].status == "present"
    attendance = desk.get(f"/desk/sessions/{key}/attendance").text
    assert 'data-testid="by-report"' in attendance
    assert "16:00–17:30" in attendance

    assert desk.get(applied.location, query_string={"show": "matched"}).status_code == 200
    desk.post(f"{applied.location}/{one}", data={"act": "reopen", "show": "matched"})
    desk.post(f"{applied.location}/{one}", data={"act": "dismiss"})
    assert queries.attendance_of([key], trainee)[key].status is None
    assert desk.get(applied.location, query_string={"show": "dismissed"}).status_code == 200
    lines = desk.get(sent.location)
    assert 'data-testid="lines"' in lines.text


def test_a_wrong_sessions_report_is_warned_of_and_not_applied(
    key: LiveSessionId, desk: FlaskClient
) -> None:
    sent = send(desk, key, zoom(line("x", MINE, 0, 90, day=5)))
    page = desk.get(sent.location).text
    assert 'data-testid="fit"' in page
    assert 'data-testid="apply-report"' not in page

    refused = desk.post(f"{sent.location}/apply", data={"confirmed": "1"})
    assert refused.status_code == 422
    assert 'data-testid="refused"' in refused.text
    assert count(ReportedPerson) == 0
    assert desk.post(f"{sent.location}/drop").status_code == 303
    assert count(AttendanceReport) == 0


def test_an_unknown_table_is_told_apart_once_and_remembered(
    world: World, key: LiveSessionId, trainee: PersonId, desk: FlaskClient
) -> None:
    head = "参加者,連絡先,入った,出た\r\n"
    row = f"甲,{MINE},2026-10-12 16:00,2026-10-12 17:30\r\n"
    sent = send(desk, key, (head + row).encode("cp932"))
    assert sent.location.endswith("/columns")
    assert desk.get(sent.location).status_code == 200

    wrong = desk.post(sent.location, data={"name": "参加者", "zone": "Asia/Tokyo"})
    assert wrong.status_code == 422
    told = desk.post(
        sent.location,
        data={"name": "参加者", "email": "連絡先", "joined": "入った", "left": "出た",
              "zone": "Asia/Tokyo", "date_order": ""},
    )  # fmt: skip
    assert told.status_code == 303
    assert count(ReportMapping) == 1
    desk.post(f"{told.location}/apply")
    assert queries.attendance_of([key], trainee)[key].status == "present"

    other = world.add()
    again = send(desk, other, (head + row + row).encode("utf-8"))
    assert not again.location.endswith("/columns")
    assert desk.get(again.location).status_code == 200


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (b"", {}),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), {}),
        (zoom(line("x", MINE, 0, 90)), {"zone": "Asia/Nowhere"}),
    ],
)
def test_what_cannot_be_read_is_a_sentence_and_leaves_nothing(
    key: LiveSessionId, desk: FlaskClient, data: bytes, more: dict[str, str]
) -> None:
    answer = send(desk, key, data, **more)

    assert answer.status_code == 422
    assert 'class="error"' in answer.text or "error" in answer.text
    assert count(AttendanceReport) == 0


def test_a_report_is_read_again_in_another_zone(key: LiveSessionId, desk: FlaskClient) -> None:
    data = zoom(line("x", MINE, 0, 90))
    sent = send(desk, key, data, zone="America/New_York")
    assert 'data-testid="apply-report"' not in desk.get(sent.location).text

    again = desk.post(f"{sent.location}/reading", data={"zone": "Asia/Tokyo", "date_order": ""})
    assert again.status_code == 303
    assert 'data-testid="apply-report"' in desk.get(sent.location).text
    bad = desk.post(f"{sent.location}/reading", data={"zone": "x", "date_order": ""})
    assert bad.status_code == 422


def test_an_unknown_button_is_refused_and_decides_nothing(
    world: World, key: LiveSessionId, desk: FlaskClient
) -> None:
    world.enrol(world.cast.trainee)
    sent = send(desk, key, zoom(line(f"{world.cast.trainee.family_name}さん", "", 0, 90)))
    desk.post(f"{sent.location}/apply")
    one = reported(f"{world.cast.trainee.family_name}さん")
    answer = desk.post(f"/desk/sessions/{key}/reconciliation/{one.id}", data={"act": "marry"})

    assert answer.status_code == 400
    assert 'data-testid="refused"' in answer.text
    assert reported(one.name).state == "waiting"


def test_of_many_people_those_suggested_and_found_are_shown(
    world: World, key: LiveSessionId, desk: FlaskClient
) -> None:
    family = world.cast.trainee.family_name
    for person in (world.cast.trainee, world.cast.other_trainee, world.cast.overseas):
        world.enrol(person)
    sent = send(desk, key, zoom(line(f"{family}さん", "", 0, 90)))
    desk.post(f"{sent.location}/apply")
    one, path = reported(f"{family}さん").id, f"/desk/sessions/{key}/reconciliation"

    alone = desk.get(path).text
    assert alone.count('data-testid="suggestion"') == 1
    assert 'data-testid="hit"' not in alone
    kana = world.cast.other_trainee.family_kana
    hits = desk.get(path, query_string={"who": one, "q": kana}).text
    assert hits.count('data-testid="hit"') == 1
    nobody = desk.get(path, query_string={"who": one, "q": "% _ \0"})
    assert nobody.status_code == 200
    assert 'data-testid="hit"' not in nobody.text


def test_all_reports_are_taken_away(key: LiveSessionId, desk: FlaskClient) -> None:
    sent = send(desk, key, zoom(line("x", "", 0, 90)))
    desk.post(f"{sent.location}/apply")
    assert send(desk, key, zoom(line("x", "", 0, 90))).status_code == 303  # the same file
    assert 'data-testid="discard-reports"' in desk.get(f"/desk/sessions/{key}/reports").text

    assert desk.post(f"/desk/sessions/{key}/reports/discard").status_code == 303
    assert count(ReportedPerson) == 0


def test_the_rule_is_set_and_shown(world: World, desk: FlaskClient) -> None:
    path = f"/desk/editions/{world.edition_id}/attendance-rule"
    assert desk.get(path).status_code == 200
    form = {"min_minutes": "45", "min_percent": "80", "late_minutes": "5", "early_minutes": "0",
            "missing_is_absent": "y"}  # fmt: skip

    assert desk.post(path, data={**form, "min_percent": "101"}).status_code == 422
    assert desk.post(path, data=form).status_code == 303
    rule = attendance_rule_of(world.edition_id)
    assert (rule.min_minutes, rule.min_percent, rule.late_minutes) == (45, 80, 5)
    assert (rule.press_counts, rule.missing_is_absent) == (False, True)
    assert desk.post(path, data=form).status_code == 303


@pytest.mark.usefixtures("trainee")
def test_the_attendance_of_an_edition_as_csv(
    world: World, key: LiveSessionId, desk: FlaskClient
) -> None:
    world.add()
    sent = send(desk, key, zoom(line("x", MINE, 0, 40)))
    desk.post(f"{sent.location}/apply")

    lines = desk.get(f"/desk/editions/{world.edition_id}/attendance.csv").text.splitlines()
    assert len(lines) == 3
    assert sum(",40," in one for one in lines) == 1
    assert lines[0].startswith("\ufeff")
