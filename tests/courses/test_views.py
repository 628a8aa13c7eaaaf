"""Setting a course up in the browser."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.courses import operations
from lms.courses.models import Edition, Part, Programme
from lms.courses.queries import get_edition, list_parts
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.people.models import Person
from tests.conftest import NOW, Cast, add_person, grant
from tests.courses.conftest import WEB_LECTURE, Draft

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def visible_fields(html: str) -> list[str]:
    """Return the names of the inputs outside everything folded."""
    form = html[html.index('data-testid="draft-form"') :]
    open_part = re.sub(r"<details.*?</details>", "", form[: form.index("</form>")], flags=re.DOTALL)
    names = re.findall(r'<(?:input|textarea|select)[^>]*\bname="([^"]+)"', open_part)
    return [name for name in names if name != "csrf_token"]


def only(model: Any) -> Any:
    return db.session.scalars(select(model)).one()


def test_a_web_lecture_asks_for_eight_fields_on_one_page(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.organiser).get("/desk/editions/new/web-lecture")
    names = visible_fields(page.text)
    assert len(names) == 8
    assert names == [
        "title_ja", "purpose_ja", "audience_ja", "day", "starts", "ends", "web_url", "capacity",
    ]  # fmt: skip


def test_from_the_preset_to_published_in_two_presses(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    assert "/desk/editions/new/web-lecture" in client.get("/desk/editions/new").text
    made = client.post("/desk/editions/new/web-lecture", data=WEB_LECTURE)
    edition = only(Edition)
    assert made.status_code == 303
    assert made.location == f"/desk/editions/{edition.id}/settings"
    page = client.get(made.location)
    assert 'data-testid="publish-edition"' in page.text
    assert client.post(f"/desk/editions/{edition.id}/publish").status_code == 303
    edition = get_edition(edition.id)
    assert (edition.state, edition.mode, edition.capacity) == ("published", "web", 30)
    assert edition.starts_on == edition.ends_on == date(2026, 11, 2)
    # A deadline always has a time: without another, applications end as the lecture begins.
    assert edition.apply_until_at == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def test_full_width_digits_and_the_era_are_read(cast: Cast, sign_in: SignIn) -> None:
    data = {**WEB_LECTURE, "day": "令和８年１１月２日", "starts": "１８：３０", "capacity": "３０"}
    assert (
        sign_in(cast.organiser).post("/desk/editions/new/web-lecture", data=data).status_code == 303
    )
    assert (only(Edition).starts_on, only(Edition).capacity) == (date(2026, 11, 2), 30)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title_ja": ""}, "Please fill this in."),
        ({"title_ja": "長" * 201}, "At most 200 characters fit here."),
        ({"purpose_ja": " "}, "Please fill this in."),
        ({"day": ""}, "Please fill this in."),
        ({"day": "2026-02-30"}, "There is no such date or time."),
        ({"day": "tomorrow"}, "Please write a date such as 2026-10-12."),
        ({"starts": "25:00"}, "There is no such date or time."),
        ({"ends": "18:30"}, "The end must lie after the start."),
        ({"ends": "17:00"}, "The end must lie after the start."),
        ({"web_url": "javascript:alert(1)"}, "Please enter a web address that begins with https://."),
        ({"web_url": "https://[broken"}, "Please enter a web address that begins with https://."),
        ({"capacity": "many"}, "Please write a whole number, such as 30."),
        ({"capacity": "0"}, "Please write a number from 1 to 100000."),
        ({"capacity": "-3"}, "Please write a number from 1 to 100000."),
        ({"reach": "everybody"}, "Please choose one of these."),
        ({"timezone": "Moon/Base"}, "This time zone is not known."),
        ({"languages": ""}, None),
        ({"approval": "lottery"}, None),
        ({"deadline_on": "2026-11-01"}, "A deadline always has a time."),
        ({"deadline_time": "12:00"}, "Please enter the day of the deadline too."),
        ({"timezone": "America/New_York", "day": "2027-03-14", "starts": "02:30", "ends": "04:00"},
         "There is no such date or time."),
    ],
)  # fmt: skip
def test_input_that_does_not_fit_is_answered_at_its_field_and_leaves_nothing(
    cast: Cast, sign_in: SignIn, change: dict[str, str], sentence: str | None
) -> None:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    data = {key: value for key, value in {**WEB_LECTURE, **change}.items() if value}
    data["title_ja"] = change.get("title_ja", WEB_LECTURE["title_ja"])
    answer = client.post("/desk/editions/new/web-lecture", data=data)
    assert answer.status_code == 422
    if sentence is not None:
        assert sentence in answer.text
    assert db.session.scalar(select(func.count()).select_from(Programme)) == 0


def test_a_series_makes_its_parts_on_their_days(cast: Cast, sign_in: SignIn) -> None:
    data = {**WEB_LECTURE, "count": "３", "every_weeks": "2"}
    assert sign_in(cast.organiser).post("/desk/editions/new/series", data=data).status_code == 303
    edition = only(Edition)
    assert (edition.starts_on, edition.ends_on) == (date(2026, 11, 2), date(2026, 11, 30))
    assert [p.title["en"] for p in list_parts(edition.id)] == ["Part 1", "Part 2", "Part 3"]


@pytest.mark.parametrize(("count", "weeks"), [("0", "1"), ("31", "1"), ("3", "0"), ("3", "53")])
def test_a_series_has_bounds(cast: Cast, sign_in: SignIn, count: str, weeks: str) -> None:
    data = {**WEB_LECTURE, "count": count, "every_weeks": weeks}
    assert sign_in(cast.organiser).post("/desk/editions/new/series", data=data).status_code == 422


def test_a_residential_course_has_stages_and_is_decided_on(cast: Cast, sign_in: SignIn) -> None:
    data = {
        **WEB_LECTURE, "first_day": "2026-11-02", "last_day": "2026-11-14", "starts": "13:00",
        "ends": "18:00", "venue": "京都研修所", "stages": "前期\n\n後期\n", "approval": "organiser",
    }  # fmt: skip
    answer = sign_in(cast.organiser).post("/desk/editions/new/residential", data=data)
    assert answer.status_code == 303
    edition = only(Edition)
    assert (edition.mode, edition.approval) == ("venue", "organiser")
    assert (edition.starts_on, edition.ends_on) == (date(2026, 11, 2), date(2026, 11, 14))
    assert [p.title for p in list_parts(edition.id)] == [{"ja": "前期"}, {"ja": "後期"}]
    assert edition.apply_until_at is None


def test_a_course_on_request_may_leave_its_date_open(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    data = {**WEB_LECTURE, "day": "", "starts": "", "ends": "", "venue": "地方会館"}
    made = client.post("/desk/editions/new/on-request", data=data)
    assert made.status_code == 303
    edition = only(Edition)
    assert (edition.mode, edition.starts_on) == ("hybrid", None)
    refused = client.post(f"/desk/editions/{edition.id}/publish")
    assert refused.status_code == 409
    assert 'data-testid="refusal"' in refused.text
    half = client.post("/desk/editions/new/on-request", data={**data, "day": "2026-11-02"})
    assert half.status_code == 422


def test_a_staged_seminar_has_its_two_stages(cast: Cast, sign_in: SignIn) -> None:
    data = {
        **WEB_LECTURE, "basic_day": "2026-11-02", "basic_starts": "13:00", "basic_ends": "17:00",
        "practice_day": "2026-12-02", "practice_starts": "10:00", "practice_ends": "17:00",
        "approval": "organiser",
    }  # fmt: skip
    client = sign_in(cast.organiser)
    assert client.post("/desk/editions/new/staged", data=data).status_code == 303
    assert [p.title["en"] for p in list_parts(only(Edition).id)] == [
        "Basic stage",
        "Practice stage",
    ]
    wrong = {**data, "practice_day": "2026-10-30"}
    assert client.post("/desk/editions/new/staged", data=wrong).status_code == 422


def test_another_edition_of_a_programme_asks_for_no_purpose(
    cast: Cast, sign_in: SignIn, draft: Draft
) -> None:
    programme_id = draft().programme_id
    client = sign_in(cast.organiser)
    url = f"/desk/editions/new/web-lecture?programme={programme_id}"
    assert visible_fields(client.get(url).text) == ["day", "starts", "ends", "web_url", "capacity"]
    data = {k: v for k, v in WEB_LECTURE.items() if not k.endswith("_ja")}
    assert client.post(url, data=data).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Programme)) == 1
    assert db.session.scalar(select(func.count()).select_from(Edition)) == 2


def form_data(edition: Edition, **more: str) -> dict[str, str]:
    return {
        "title_ja": "第1回",
        "mode": "web",
        "languages": "ja",
        "starts_on": "2026-11-02",
        "ends_on": "2026-11-02",
        "timezone": "Asia/Tokyo",
        "capacity": "30",
        "deadline_on": "",
        "deadline_time": "",
        "approval": "first_come",
        "version": str(edition.version),
        **more,
    }


def test_settings_show_what_is_stored_and_save_it(
    cast: Cast, sign_in: SignIn, draft: Draft
) -> None:
    edition = draft(apply_until_at=datetime(2026, 11, 1, 3, 0, tzinfo=UTC))
    client = sign_in(cast.organiser)
    url = f"/desk/editions/{edition.id}/settings"
    page = client.get(url).text
    for value in ('value="2026-11-02"', 'value="2026-11-01"', 'value="12:00"', 'value="30"'):
        assert value in page
    data = form_data(edition, capacity="12", deadline_on="R8.10.31", deadline_time="17時")
    assert client.post(url, data=data).status_code == 303
    changed = get_edition(edition.id)
    assert changed.capacity == 12
    assert changed.apply_until_at == datetime(2026, 10, 31, 8, 0, tzinfo=UTC)


def test_an_empty_capacity_means_no_limit(cast: Cast, sign_in: SignIn, draft: Draft) -> None:
    edition = draft()
    url = f"/desk/editions/{edition.id}/settings"
    assert (
        sign_in(cast.organiser).post(url, data=form_data(edition, capacity="")).status_code == 303
    )
    assert get_edition(edition.id).capacity is None


@pytest.mark.parametrize(
    "change",
    [
        {"ends_on": "2026-11-01"},
        {"starts_on": ""},
        {"starts_on": "2026-13-01"},
        {"mode": "carrier pigeon"},
        {"title_ja": ""},
        {"deadline_on": "2026-11-01"},
        {"timezone": "nowhere"},
    ],
)
def test_settings_that_do_not_fit_change_nothing(
    cast: Cast, sign_in: SignIn, draft: Draft, change: dict[str, str]
) -> None:
    edition = draft()
    url = f"/desk/editions/{edition.id}/settings"
    data = form_data(edition, capacity="9", **change)
    assert sign_in(cast.organiser).post(url, data=data).status_code == 422
    assert get_edition(edition.id).capacity == 30


@pytest.mark.parametrize("version", ["0", "", "abc", "-1", "9" * 40])
def test_a_form_that_is_out_of_date_is_a_conflict(
    cast: Cast, sign_in: SignIn, draft: Draft, version: str
) -> None:
    edition = draft()
    url = f"/desk/editions/{edition.id}/settings"
    answer = sign_in(cast.organiser).post(
        url, data=form_data(edition, capacity="9", version=version)
    )
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert get_edition(edition.id).capacity == 30


def test_a_draft_that_lacks_something_shows_no_way_to_publish(
    cast: Cast, sign_in: SignIn, draft: Draft
) -> None:
    edition = draft(starts_on=None, ends_on=None)
    page = sign_in(cast.organiser).get(f"/desk/editions/{edition.id}/settings").text
    assert 'data-testid="publish-blocked"' in page
    assert 'data-testid="publish-edition"' not in page


def test_programmes_are_listed_changed_archived_and_brought_back(
    cast: Cast, sign_in: SignIn, draft: Draft
) -> None:
    programme_id = draft().programme_id
    client = sign_in(cast.organiser)
    assert "賃金の決まり方" in client.get("/desk/programmes").text
    url = f"/desk/programmes/{programme_id}"
    assert client.get(url).status_code == 200
    data = {
        "title_ja": "物価", "purpose_ja": "学ぶ", "audience_ja": "皆", "reach": "hq",
        "languages": "ja", "leads_to": "", "version": "1",
    }  # fmt: skip
    assert client.post(url, data=data).status_code == 303
    assert client.post(url, data=data).status_code == 409
    assert client.post(url, data={**data, "leads_to": "nothing"}).status_code == 422
    assert client.post(url, data={**data, "purpose_ja": ""}).status_code == 422
    assert only(Programme).title == {"ja": "物価"}
    assert client.post(f"{url}/archive").status_code == 303
    refused = client.post(
        f"/desk/editions/new/web-lecture?programme={programme_id}", data=WEB_LECTURE
    )
    assert refused.status_code == 409
    assert client.post(f"{url}/restore").status_code == 303
    assert only(Programme).archived_at is None


def test_parts_and_lessons_are_written_in_the_browser(
    cast: Cast, sign_in: SignIn, draft: Draft
) -> None:
    edition = draft()
    client = sign_in(cast.organiser)
    url = f"/desk/editions/{edition.id}/parts"
    assert client.post(url, data={"title_ja": "質疑"}).status_code == 303
    assert client.post(url, data={"title_ja": ""}).status_code == 422
    first, second = list_parts(edition.id)
    assert client.post(f"/desk/parts/{second.id}/move", data={"way": "up"}).status_code == 303
    assert [p.id for p in list_parts(edition.id)] == [second.id, first.id]
    assert client.get(f"/desk/parts/{first.id}").status_code == 200
    renamed = {"title_ja": "講演", "version": "1"}
    assert client.post(f"/desk/parts/{first.id}", data=renamed).status_code == 303
    assert client.post(f"/desk/parts/{first.id}", data=renamed).status_code == 409
    lesson = {
        "title_ja": "賃金", "body_ja": "## 賃金\r\n本文", "objectives_ja": "知る\n\n話す",
        "minutes": "１５",
    }  # fmt: skip
    new = f"/desk/parts/{second.id}/lessons/new"
    assert client.get(new).status_code == 200
    assert client.post(new, data=lesson).status_code == 303
    assert client.post(new, data={**lesson, "minutes": "0"}).status_code == 422
    assert client.post(new, data={**lesson, "minutes": "long"}).status_code == 422
    assert client.post(new, data={**lesson, "body_ja": "字" * 60_001}).status_code == 422
    page = client.get(url).text
    (lesson_id,) = re.findall(r"/desk/lessons/([a-z0-9]+)\"", page)
    shown = client.get(f"/desk/lessons/{lesson_id}").text
    assert "## 賃金\n本文" in shown
    assert "知る\n話す" in shown
    refused = client.post(f"/desk/parts/{second.id}/remove")
    assert refused.status_code == 409
    assert 'data-testid="refusal"' in refused.text
    assert client.post(f"/desk/lessons/{lesson_id}/remove").status_code == 303
    assert client.post(f"/desk/parts/{second.id}/remove").status_code == 303
    assert [p.id for p in list_parts(edition.id)] == [first.id]


GETS = (
    "/desk/programmes/{programme}", "/desk/editions/{edition}/settings",
    "/desk/editions/{edition}/parts", "/desk/parts/{part}", "/desk/parts/{part}/lessons/new",
    "/desk/lessons/{lesson}", "/desk/editions/new/web-lecture?programme={programme}",
)  # fmt: skip
POSTS = (
    *GETS, "/desk/programmes/{programme}/archive", "/desk/programmes/{programme}/restore",
    "/desk/editions/{edition}/publish", "/desk/editions/{edition}/unpublish",
    "/desk/editions/{edition}/close", "/desk/editions/{edition}/cancel",
    "/desk/parts/{part}/move", "/desk/parts/{part}/remove", "/desk/lessons/{lesson}/move",
    "/desk/lessons/{lesson}/remove",
)  # fmt: skip


def test_what_is_not_one_s_own_is_not_there(cast: Cast, sign_in: SignIn, draft: Draft) -> None:
    own, other = draft(), draft()
    (part,) = list_parts(other.id)
    texts = operations.LessonTexts({"ja": "題"}, 5, {}, {"ja": "本文"})
    with unit_of_work():
        lesson_id = operations.add_lesson(part.id, texts, actor=cast.actor("organiser"), at=NOW)
        scoped = add_person("scoped", "限", "定")
        grant(scoped, Role.ORGANISER, f"programme:{own.programme_id}")
    ids = {
        "programme": other.programme_id, "edition": other.id, "part": part.id, "lesson": lesson_id,
    }  # fmt: skip
    missing = dict.fromkeys(ids, "0" * 26)
    signed_in = [sign_in(scoped), sign_in(cast.trainee), sign_in(cast.coordinator)]
    for client in signed_in:
        for path in GETS:
            theirs, nothing = client.get(path.format(**ids)), client.get(path.format(**missing))
            assert (theirs.status_code, nothing.status_code) == (404, 404), path
        for path in POSTS:
            answer = client.post(path.format(**ids), data=WEB_LECTURE)
            assert answer.status_code == 404, path
    assert get_edition(other.id).state == "draft"
    assert db.session.get(Part, part.id) is not None
    organiser = sign_in(cast.organiser)
    for path in GETS:
        assert organiser.get(path.format(**ids)).status_code == 200, path
        assert organiser.get(path.format(**missing)).status_code == 404, path
    assert organiser.get("/desk/editions/new/tea-party").status_code == 404


def test_who_is_not_signed_in_is_asked_to(client: FlaskClient, draft: Draft) -> None:
    edition = draft()
    for path in (f"/desk/editions/{edition.id}/settings", "/desk/editions/new", "/desk/programmes"):
        assert client.get(path).status_code == 303, path


@pytest.mark.parametrize(
    "odd", ["%00", "a%00b", "%F0%9F%92%A3", "'; drop table edition;--", "x" * 3000]
)
def test_odd_addresses_are_nothing_and_odd_texts_are_texts(
    cast: Cast, sign_in: SignIn, odd: str
) -> None:
    client = sign_in(cast.organiser)
    ids = dict.fromkeys(("programme", "edition", "part", "lesson"), odd)
    for path in GETS:
        assert client.get(path.format(**ids)).status_code == 404, path
    for path in POSTS:
        assert client.post(path.format(**ids), data=WEB_LECTURE).status_code == 404, path
    assert client.get(f"/courses/{odd}/{odd}/apply").status_code == 404
    data = {**WEB_LECTURE, "title_ja": "題\0名", "purpose_ja": "\0目的"}
    assert client.post("/desk/editions/new/web-lecture", data=data).status_code == 303
    assert only(Programme).title == {"ja": "題名"}
