"""What a browser sends and is shown: coordinators, organisers, others."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.world import counted
from lms.courses.models import Edition, Programme
from lms.courses.operations import publish_edition
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.people.models import Person
from lms.requests.models import MeetingRequest
from lms.requests.operations import accept_request, decline_request, withdraw_request
from lms.sessions.models import LiveSession
from lms.sessions.operations import SessionPlan, schedule_live_session
from tests.conftest import NOW, grant
from tests.requests.conftest import Desk, wished

SignIn = Callable[[Person], FlaskClient]
LIST = "/desk/meeting-requests"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def coordinator(desk: Desk, sign_in: SignIn) -> FlaskClient:
    return sign_in(desk.cast.coordinator)


@pytest.fixture
def organiser(desk: Desk, sign_in: SignIn) -> FlaskClient:
    return sign_in(desk.cast.organiser)


def sent(desk: Desk, **more: str) -> dict[str, str]:
    """Return what the form of a telephone sends."""
    return {
        "organisation_id": desk.cast.affiliate_a.id,
        "programme_id": desk.programme.id,
        "theme": "",
        "purpose": "実務を学びたい",
        "day_1": "令和8年11月5日", "starts_1": "10:00", "ends_1": "12:00",
        "day_2": "", "starts_2": "", "ends_2": "", "day_3": "", "starts_3": "", "ends_3": "",
        "timezone": "Asia/Tokyo",
        "way": "venue",
        "place": "名古屋",
        "people": "４０",
        "languages": "ja",
        "speaker": "",
        "contact_name": "河﨑 秋江",
        "contact_phone": "",
        "contact_address": "coordinator@demo.example",
        "remarks": "",
        **more,
    }  # fmt: skip


def decided(desk: Desk, **more: str) -> dict[str, str]:
    """Return what the form of acceptance sends."""
    return {
        "choice": "1", "day": "", "starts": "", "ends": "", "timezone": "Asia/Tokyo",
        "programme_id": desk.programme.id, "title_ja": "青空第一労働組合", "title_en": "",
        "mode": "venue", "venue_ja": "名古屋会館", "venue_en": "", "web_url": "",
        "capacity": "40", "languages": "ja", "speaker": "", "message": "", "version": "1", **more,
    }  # fmt: skip


def count(model: type[Any]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_coordinator_asks_on_a_telephone(desk: Desk, coordinator: FlaskClient) -> None:
    page = coordinator.get(f"{LIST}/new?programme={desk.programme.id}").text
    assert f'<option selected value="{desk.programme.id}"' in page
    assert 'value="coordinator@demo.example"' in page  # the contact is the coordinator
    assert desk.cast.affiliate_b.id not in page
    answer = coordinator.post(f"{LIST}/new", data=sent(desk))
    assert answer.status_code == 303
    page = coordinator.get(answer.location).text
    assert "2026年11月5日(木) 10:00–12:00 日本時間(JST)" in page
    assert "青空第一労働組合" in page
    assert 'data-testid="to-edit"' in page
    assert 'data-testid="to-accept"' not in page


def test_the_form_says_what_is_missing_and_keeps_what_was_written(
    desk: Desk, coordinator: FlaskClient
) -> None:
    answer = coordinator.post(
        f"{LIST}/new",
        data=sent(desk, programme_id="", ends_1="", day_2="2026-11-31", people="many", place=""),
    )
    assert answer.status_code == 422
    for field in ("ends_1", "day_2", "people"):
        assert f'id="{field}-error"' in answer.text, field
    assert "令和8年11月5日" in answer.text
    assert re.search(r"<details class=\"more\" open>", answer.text)
    answer = coordinator.post(f"{LIST}/new", data=sent(desk, programme_id=""))
    assert (answer.status_code, 'id="theme-error"' in answer.text) == (422, True)
    assert coordinator.get(f"{LIST}?programme=%00&organisation=%00").status_code == 200
    assert count(MeetingRequest) == 0


@pytest.mark.parametrize(
    ("more", "status", "field"),
    [
        ({"organisation_id": ""}, 422, "organisation_id"),
        ({"organisation_id": "0" * 26}, 422, "organisation_id"),
        ({"programme_id": "0" * 26}, 409, ""),
        ({"way": ""}, 422, "way"),
        ({"languages": "xx"}, 422, "languages"),
        ({"timezone": "Mars/Base"}, 422, "timezone"),
        ({"day_1": "2026-10-01"}, 422, "day_1"),
        ({"ends_1": "09:00"}, 422, "day_1"),
        ({"contact_address": ""}, 422, "contact_phone"),
        ({"purpose": "x" * 4001}, 422, "purpose"),
        ({"theme": "a\0b"}, 422, ""),
        ({"people": "99999"}, 422, "people"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(
    desk: Desk, coordinator: FlaskClient, more: dict[str, str], status: int, field: str
) -> None:
    answer = coordinator.post(f"{LIST}/new", data=sent(desk, **more))
    if field or status != 422:
        assert answer.status_code == status
        assert (f'id="{field}-error"' in answer.text) == bool(field)
    assert answer.status_code < 500
    assert count(MeetingRequest) == (1 if answer.status_code == 303 else 0)


def test_the_organiser_enters_what_came_on_paper(desk: Desk, organiser: FlaskClient) -> None:
    page = organiser.get(f"{LIST}/new").text
    assert 'data-testid="source"' in page
    assert desk.cast.affiliate_b.id in page
    answer = organiser.post(
        f"{LIST}/new",
        data=sent(desk, organisation_id=desk.cast.affiliate_b.id, source="paper"),
    )
    assert answer.status_code == 303
    assert 'data-testid="to-accept"' in organiser.get(answer.location).text
    assert db.session.scalars(select(MeetingRequest.source)).one() == "paper"


def test_lists_show_each_their_own(desk: Desk, sign_in: SignIn, coordinator: FlaskClient) -> None:
    request = desk.ask()
    assert request.id in coordinator.get(LIST).text
    others = sign_in(desk.other_coordinator)
    assert request.id not in others.get(LIST).text
    for method, path in (
        ("GET", f"{LIST}/{request.id}"),
        ("GET", f"{LIST}/{request.id}/edit"),
        ("POST", f"{LIST}/{request.id}/edit"),
        ("POST", f"{LIST}/{request.id}/withdraw"),
        ("POST", f"{LIST}/{request.id}/messages"),
    ):
        assert others.open(path, method=method).status_code == 404, path
    for path in (LIST, f"{LIST}/new", f"{LIST}/{request.id}", f"{LIST}/year.csv"):
        assert sign_in(desk.cast.trainee).get(path).status_code == 404, path
    for act in ("accept", "decline", "talks"):
        assert coordinator.post(f"{LIST}/{request.id}/{act}").status_code == 404, act
    assert request.id in sign_in(desk.limited).get(LIST).text


def test_a_limited_organiser_does_not_see_themes_of_their_own(desk: Desk, sign_in: SignIn) -> None:
    theme = desk.ask(programme_id=None, theme="物価と賃金")
    client = sign_in(desk.limited)
    assert theme.id not in client.get(LIST).text
    assert client.get(f"{LIST}/{theme.id}").status_code == 404


def test_the_list_counts_and_says_how_long_the_oldest_waits(
    desk: Desk, organiser: FlaskClient, clock: time_machine.Traveller
) -> None:
    first = desk.ask()
    with unit_of_work():
        withdraw_request(desk.cast.actor("coordinator"), first.id, at=NOW)
    second = desk.ask(people=3)
    clock.move_to(NOW + timedelta(days=9))
    client = organiser
    page = client.get(LIST, headers={"Accept-Language": "en"}).text
    assert page.index(second.id) < page.index(first.id)  # what is open stands first
    assert 'data-testid="open-requests"' in page
    chosen = client.get(f"{LIST}?state=withdrawn").text
    assert first.id in chosen
    assert second.id not in chosen
    for query, found in (
        (f"programme={desk.programme.id}", True),
        ("programme=none", False),
        (f"organisation={desk.cast.industrial_a.id}", True),
        (f"organisation={desk.cast.industrial_b.id}", False),
        ("q=なごや", False),
        ("q=名古屋", True),
        ("q=青空", True),
        ("q=デュー", False),  # a programme is found by its search document
        ("year=2026", True),
        ("year=2025", False),
        ("state=%00&year=x&page=-1&q=%00", True),
    ):
        assert (second.id in client.get(f"{LIST}?{query}").text) == found, query


def test_the_organiser_says_yes_and_an_edition_is_there(
    desk: Desk, organiser: FlaskClient, coordinator: FlaskClient
) -> None:
    request = desk.ask()
    page = organiser.get(f"{LIST}/{request.id}/accept").text
    assert "2026年11月5日(木) 10:00–12:00" in page
    assert 'value="青空第一労働組合"' in page
    answer = organiser.post(f"{LIST}/{request.id}/accept", data=decided(desk))
    edition = db.session.scalars(select(Edition)).one()
    assert answer.location == f"/desk/editions/{edition.id}/settings"
    overview = organiser.get(f"/desk/editions/{edition.id}").text
    assert f"{LIST}/{request.id}" in overview
    theirs = coordinator.get(f"{LIST}/{request.id}").text
    assert "2026年11月5日(木) 10:00–12:00" in theirs
    assert 'data-testid="to-course"' not in theirs  # a draft is nobody's yet
    assert f"/desk/editions/{edition.id}" not in theirs
    with unit_of_work():
        publish_edition(edition.id, actor=desk.cast.actor("organiser"), at=NOW)
    theirs = coordinator.get(f"{LIST}/{request.id}").text
    assert f"/courses/due-diligence/{edition.slug}" in theirs
    with unit_of_work():
        db.session.get_one(Edition, edition.id).state = "cancelled"
    assert 'data-testid="called-off"' in coordinator.get(f"{LIST}/{request.id}").text


def test_another_date_may_be_agreed_on(desk: Desk, organiser: FlaskClient) -> None:
    request = desk.ask(dates=())
    page = organiser.get(f"{LIST}/{request.id}/accept").text
    assert 'value="other"' in page
    answer = organiser.post(
        f"{LIST}/{request.id}/accept",
        data=decided(desk, choice="other", day="2026-12-01", starts="18:30", ends="20:00"),
    )
    assert answer.status_code == 303
    session = db.session.scalars(select(LiveSession)).one()
    assert f"{session.starts_local:%Y-%m-%d %H:%M}" == "2026-12-01 18:30"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"choice": "9"}, "choice"),
        ({"choice": ""}, "choice"),
        ({"choice": "other"}, "day"),
        ({"choice": "other", "day": "2026-12-01"}, "starts"),
        ({"choice": "other", "day": "2026-10-01", "starts": "10:00", "ends": "11:00"}, "day"),
        ({"title_ja": ""}, "title_ja"),
        ({"mode": "boat"}, "mode"),
        ({"languages": ""}, "languages"),
        ({"programme_id": "0" * 26}, "programme_id"),
        ({"programme_id": ""}, "programme_id"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "x"}, "capacity"),
        ({"mode": "web", "web_url": "javascript:alert(1)"}, "web_url"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"message": "x" * 2001}, "message"),
    ],
)
def test_a_yes_that_does_not_fit_is_told_at_its_field(
    desk: Desk, organiser: FlaskClient, more: dict[str, str], field: str
) -> None:
    request = desk.ask()
    answer = organiser.post(f"{LIST}/{request.id}/accept", data=decided(desk, **more))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert count(Edition) == 0


def test_what_stands_in_the_way_is_shown_before(desk: Desk, organiser: FlaskClient) -> None:
    busy = SessionPlan(
        title={"ja": "別の会合"},
        starts_local=wished("2026-11-05 11:00").starts_local,
        ends_local=wished("2026-11-05 11:00", "13:00").ends_local,
        venue_name={"ja": "名古屋会館"},
    )
    other = desk.ask(people=2, dates=(wished("2026-12-08 10:00"),))
    with unit_of_work():
        edition_id = accept_request(
            desk.cast.actor("organiser"), other.id,
            desk.acceptance(when=wished("2026-12-08 10:00")), version=1, at=NOW,
        )  # fmt: skip
    with unit_of_work():
        schedule_live_session(desk.cast.actor("organiser"), edition_id, busy, at=NOW)
    request = desk.ask()
    answer = organiser.post(f"{LIST}/{request.id}/accept", data=decided(desk))
    assert answer.status_code == 422
    assert "別の会合" in answer.text
    assert count(Edition) == 1
    mark = re.search(r'name="anyway" value="([0-9a-f]+)"', answer.text)
    assert mark is not None
    answer = organiser.post(f"{LIST}/{request.id}/accept", data=decided(desk, anyway=mark[1]))
    assert answer.status_code == 303
    assert count(Edition) == 2


def test_holidays_stand_beside_the_dates(desk: Desk, organiser: FlaskClient) -> None:
    request = desk.ask(dates=(wished("2026-11-03 10:00"), wished("2026-11-05 10:00")))
    page = organiser.get(f"{LIST}/{request.id}/accept").text
    notes = page.split('data-testid="date-notes"')[1].split("</ul>")[0]
    assert "文化の日" in notes
    assert notes.count("<li>") == 1


def test_a_request_that_was_changed_is_not_decided_unseen(
    desk: Desk, organiser: FlaskClient, coordinator: FlaskClient
) -> None:
    request = desk.ask()
    edit = f"{LIST}/{request.id}/edit"
    assert 'value="2026-11-05"' in coordinator.get(edit).text
    answer = coordinator.post(edit, data=sent(desk, people="50", version="1"))
    assert answer.status_code == 303
    assert coordinator.post(edit, data=sent(desk, version="1")).status_code == 409
    answer = organiser.post(f"{LIST}/{request.id}/accept", data=decided(desk))
    assert answer.status_code == 409
    assert count(Edition) == 0
    declining = {"reason": "x", "version": "1"}
    assert organiser.post(f"{LIST}/{request.id}/decline", data=declining).status_code == 409
    assert organiser.post(f"{LIST}/{request.id}/decline", data={"version": "2"}).status_code == 422


def test_talks_messages_and_a_no(
    desk: Desk, organiser: FlaskClient, coordinator: FlaskClient
) -> None:
    request = desk.ask()
    page = f"{LIST}/{request.id}"
    assert organiser.post(f"{page}/talks").status_code == 303
    assert organiser.post(f"{page}/talks").status_code == 409
    assert coordinator.post(f"{page}/messages", data={"text": ""}).status_code == 422
    text = "11月は<b>繁忙期</b>です\n12月なら"
    assert coordinator.post(f"{page}/messages", data={"text": text}).status_code == 303
    shown = organiser.get(page).text
    assert "11月は&lt;b&gt;繁忙期&lt;/b&gt;です<br>12月なら" in shown
    answer = organiser.post(f"{page}/decline", data={"reason": "講師不在", "version": "2"})
    assert answer.status_code == 303
    theirs = coordinator.get(page).text
    assert "講師不在" in theirs.split('data-testid="decline-reason"')[1][:200]
    assert coordinator.get(f"{page}/edit").status_code == 200  # refused when it is sent
    assert coordinator.post(f"{page}/edit", data=sent(desk, version="3")).status_code == 409
    assert organiser.get(f"{page}/accept").status_code == 409
    assert coordinator.post(f"{page}/withdraw").status_code == 409


def test_withdrawing(desk: Desk, coordinator: FlaskClient) -> None:
    request = desk.ask()
    assert coordinator.post(f"{LIST}/{request.id}/withdraw").status_code == 303
    page = coordinator.get(f"{LIST}/{request.id}").text
    assert 'data-testid="withdraw-request"' not in page
    assert 'data-testid="send-message"' not in page


def test_the_year_as_a_table(desk: Desk, organiser: FlaskClient, coordinator: FlaskClient) -> None:
    first = desk.ask(place="=HYPERLINK()", remarks="備考")
    second = desk.ask(programme_id=None, theme="物価と賃金", people=5)
    staff = desk.cast.actor("organiser")
    with unit_of_work():
        accept_request(staff, first.id, desk.acceptance(), version=1, at=NOW + timedelta(days=2))
    with unit_of_work():
        decline_request(staff, second.id, "講師不在", version=1, at=NOW)
    answer = organiser.get(f"{LIST}/year.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(rows) == 3
    assert rows[1][0] == "2026-10-12"
    assert rows[1][1:3] == ["青空第一労働組合", "人権デュー・ディリジェンス勉強会"]
    assert "'=HYPERLINK()" in rows[1]
    assert {"2026-10-14", "2", "2026-11-05", "40"} <= set(rows[1])
    assert rows[2][2] == "物価と賃金"
    assert "講師不在" in rows[2]
    assert "052-000-0000" not in answer.text  # a contact is no figure
    assert len(list(csv.reader(io.StringIO(coordinator.get(f"{LIST}/year.csv").text)))) == 3
    assert len(organiser.get(f"{LIST}/year.csv?year=2025").text.splitlines()) == 1


def test_the_desk_says_how_many_wait(desk: Desk, organiser: FlaskClient) -> None:
    assert f'href="{LIST}"' not in organiser.get("/desk").text.split('data-testid="desk-today"')[1]
    for people in (1, 2, 3):
        desk.ask(people=people)
    today = organiser.get("/desk").text.split('data-testid="desk-today"')[1]
    assert f'href="{LIST}"' in today
    assert "3" in today.split(LIST)[1][:200]


def test_coordinators_find_in_the_catalogue_what_can_be_asked_for(
    desk: Desk, sign_in: SignIn, coordinator: FlaskClient, client: FlaskClient
) -> None:
    new = f"{LIST}/new?programme={desk.programme.id}"
    assert new in coordinator.get("/courses").text
    assert 'data-testid="askable"' not in sign_in(desk.cast.trainee).get("/courses").text
    assert 'data-testid="askable"' not in client.get("/courses").text
    request = desk.ask()
    staff = desk.cast.actor("organiser")
    with unit_of_work():
        edition_id = accept_request(staff, request.id, desk.acceptance(), version=1, at=NOW)
    with unit_of_work():
        publish_edition(edition_id, actor=staff, at=NOW)
    course = f"/courses/due-diligence/{db.session.get_one(Edition, edition_id).slug}"
    assert 'data-testid="ask-for-meeting"' in coordinator.get(course).text
    assert 'data-testid="ask-for-meeting"' not in sign_in(desk.cast.trainee).get(course).text
    with unit_of_work():
        db.session.get_one(Programme, desk.programme.id).takes_requests = False
    assert 'data-testid="ask-for-meeting"' not in coordinator.get(course).text
    assert 'data-testid="askable"' not in coordinator.get("/courses").text


def test_the_organiser_says_whether_a_programme_can_be_asked_for(
    desk: Desk, organiser: FlaskClient
) -> None:
    address = f"/desk/programmes/{desk.programme.id}"
    assert re.search(r'<input[^>]*checked[^>]*name="takes_requests"', organiser.get(address).text)
    fields = {
        "title_ja": "勉強会", "purpose_ja": "学ぶ", "audience_ja": "役員", "reach": "outside",
        "languages": "ja", "leads_to": "", "version": "1",
    }  # fmt: skip
    assert organiser.post(address, data=fields).status_code == 303
    db.session.expire_all()
    assert not db.session.get_one(Programme, desk.programme.id).takes_requests


def test_a_coordinator_of_everything_asks_for_anybody(desk: Desk, sign_in: SignIn) -> None:
    with unit_of_work():
        grant(desk.cast.stranger, Role.COORDINATOR)
    client = sign_in(desk.cast.stranger)
    assert desk.cast.affiliate_b.id in client.get(f"{LIST}/new").text
    assert client.get(f"{LIST}/{desk.ask().id}").status_code == 200


@pytest.mark.parametrize("number", [1, 30])
def test_the_pages_ask_as_much_however_many_requests_there_are(
    desk: Desk, organiser: FlaskClient, number: int
) -> None:
    with unit_of_work():
        for people in range(1, number + 1):
            db.session.add(
                MeetingRequest(
                    organisation_id=desk.cast.affiliate_a.id, programme_id=desk.programme.id,
                    way="web", timezone="Asia/Tokyo", people=people, languages=["ja"],
                    written_in="ja", source="browser", state="received", created_at=NOW,
                    changed_at=NOW,
                )
            )  # fmt: skip
    with counted() as asked:
        assert organiser.get(LIST).status_code == 200
    assert len(asked) <= 10
    request = desk.ask()
    with counted() as asked:
        assert organiser.get(f"{LIST}/{request.id}").status_code == 200
    assert len(asked) <= 8


def test_what_a_coordinator_wrote_keeps_its_way(
    desk: Desk, organiser: FlaskClient, coordinator: FlaskClient
) -> None:
    assert 'data-testid="source"' not in coordinator.get(f"{LIST}/new").text
    request = desk.ask()
    assert 'data-testid="source"' not in organiser.get(f"{LIST}/{request.id}/edit").text
    changed = sent(desk, people="12", version="1", source="telephone")
    assert organiser.post(f"{LIST}/{request.id}/edit", data=changed).status_code == 303
    db.session.expire_all()
    assert db.session.scalars(select(MeetingRequest.source)).one() == "browser"
