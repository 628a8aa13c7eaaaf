import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from typing_extensions import override

from lms.courses.models import Part
from lms.infra.db import db, unit_of_work
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.models import Attendance, JoinPress, LiveSession
from lms.sessions.operations import SessionPlan, SpeakerPlan, change_live_session
from tests.sessions.conftest import (
    CANARY_PASSCODE,
    CANARY_URL,
    ENDS_AT,
    OPEN_AT,
    PLAN,
    STARTS_AT,
    World,
)

SignIn = Callable[[Person], FlaskClient]
DAY_BEFORE = STARTS_AT - timedelta(days=1)


@pytest.fixture(autouse=True)
def _sign_in_before() -> Iterator[None]:
    """Let people sign in two days before, since a cookie from later is refused."""
    with time_machine.travel(STARTS_AT - timedelta(days=2), tick=False):
        yield


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return unescape(answer.get_data(as_text=True))


def presses() -> int:
    return db.session.scalar(select(func.count()).select_from(JoinPress)) or 0


# --- the page of a session --------------------------------------------------------------------


def test_the_page_says_when_in_both_zones(world: World, sign_in: SignIn) -> None:
    key = world.add(interpretation=True)
    world.enrol(world.cast.overseas)
    world.enrol(world.cast.trainee)

    with time_machine.travel(world.now, tick=False):
        abroad = text_of(sign_in(world.cast.overseas), f"/live-sessions/{key}")
        here = text_of(sign_in(world.cast.trainee), f"/live-sessions/{key}")

    assert "12 October 2026 (Mon) 16:00–17:30 Japan time (JST)" in abroad
    assert "12 October 2026 (Mon) 15:00–16:30 Kuala Lumpur time" in abroad
    assert "2026年10月12日(月) 16:00–17:30" in here
    assert "15:00–16:30" not in here
    assert "Part 4: web round-table" in abroad
    assert 'data-testid="recorded-note"' in abroad


def test_who_goes_to_the_venue_sees_where(world: World, sign_in: SignIn) -> None:
    key = world.add(
        venue_name={"ja": "東和会館 3階", "en": "Towa Hall, third floor"},
        venue_address={"ja": "東京都千代田区一番町1"},
        map_url="https://maps.example/towa",
    )
    world.enrol(world.cast.overseas, attending="venue")

    with time_machine.travel(OPEN_AT, tick=False):
        page = text_of(sign_in(world.cast.overseas), f"/live-sessions/{key}")

    assert "Towa Hall, third floor" in page
    assert "https://maps.example/towa" in page
    assert "Join by web instead" in page
    assert "Japanese only" in page  # the address is written in Japanese


def test_a_page_from_stored_text_is_escaped(world: World, sign_in: SignIn) -> None:
    key = world.add(title={"ja": "<script>alert(1)</script>"})
    world.enrol(world.cast.trainee)

    page = sign_in(world.cast.trainee).get(f"/live-sessions/{key}").get_data(as_text=True)

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (STARTS_AT - timedelta(hours=1), "You can join from 12 October 2026 (Mon) 14:45"),
        (ENDS_AT + timedelta(hours=1), "This session is over."),
    ],
)
def test_outside_the_window_the_button_says_why(
    world: World, sign_in: SignIn, at: datetime, reason: str
) -> None:
    key = world.add()
    world.enrol(world.cast.overseas)
    client = sign_in(world.cast.overseas)

    with time_machine.travel(at, tick=False):
        page = text_of(client, f"/live-sessions/{key}")
        answer = client.post(f"/live-sessions/{key}/join")

    assert 'data-testid="join-blocked"' in page
    assert 'data-testid="join"' not in page
    assert reason in page
    assert answer.status_code == 409
    assert reason in unescape(answer.get_data(as_text=True))
    assert presses() == 0


def bare(client: FlaskClient, key: str, path: str) -> str:
    """Return a page without what differs from one answer to the next."""
    page = client.get(f"/live-sessions/{key}{path}").get_data(as_text=True)
    return re.sub(r'(nonce|value)="[^"]*"', "", page.replace(key, "ID"))


def test_others_get_what_is_missing(world: World, sign_in: SignIn, client: FlaskClient) -> None:
    key = world.add()
    stranger = sign_in(world.cast.stranger)

    for path in ("", "/calendar.ics"):
        assert stranger.get(f"/live-sessions/{key}{path}").status_code == 404
        own = bare(stranger, key, path)
        assert own == bare(stranger, "0" * 26, path)
        assert "round-table" not in own
        assert "懇談会" not in own
    assert stranger.post(f"/live-sessions/{key}/join").status_code == 404
    assert stranger.get("/live-sessions/%00").status_code == 404
    assert client.get(f"/live-sessions/{key}").status_code == 303  # to sign in
    assert presses() == 0


# --- joining ----------------------------------------------------------------------------------


def test_only_a_post_records_and_leads_on(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    client = sign_in(world.cast.trainee)

    with time_machine.travel(OPEN_AT, tick=False):
        for method in (client.get, client.head):
            assert method(f"/live-sessions/{key}/join").status_code == 405
        assert presses() == 0

        answer = client.post(f"/live-sessions/{key}/join")

    assert (answer.status_code, answer.headers["Location"]) == (303, CANARY_URL)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert presses() == 1


def test_reloading_the_page_records_nothing(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    client = sign_in(world.cast.trainee)

    with time_machine.travel(OPEN_AT, tick=False):
        for _again in range(3):
            text_of(client, f"/live-sessions/{key}")

    assert presses() == 0


def test_join_needs_the_token(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    client = sign_in(world.cast.trainee)
    client.application.config["WTF_CSRF_ENABLED"] = True

    with time_machine.travel(OPEN_AT, tick=False):
        assert client.post(f"/live-sessions/{key}/join").status_code == 400
    assert presses() == 0


def test_the_passcode_is_shown_after_the_press_inside_the_window(
    world: World, sign_in: SignIn
) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    client = sign_in(world.cast.trainee)

    with time_machine.travel(OPEN_AT, tick=False):
        assert CANARY_PASSCODE not in text_of(client, f"/live-sessions/{key}")
        client.post(f"/live-sessions/{key}/join")
        assert CANARY_PASSCODE in text_of(client, f"/live-sessions/{key}")
    with time_machine.travel(ENDS_AT + timedelta(hours=1), tick=False):
        assert CANARY_PASSCODE not in text_of(client, f"/live-sessions/{key}")


def test_an_applicant_is_told_and_not_let_in(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.overseas, state="waitlisted")
    client = sign_in(world.cast.overseas)

    with time_machine.travel(OPEN_AT, tick=False):
        page = text_of(client, f"/live-sessions/{key}")
        answer = client.post(f"/live-sessions/{key}/join")

    assert "Only people who are enrolled can join this session." in page
    assert answer.status_code == 403
    assert CANARY_URL not in answer.get_data(as_text=True)
    assert presses() == 0


@pytest.mark.parametrize("who", ["trainee", "other_trainee", "overseas", "speaker", "stranger"])
@pytest.mark.parametrize(
    "at", [STARTS_AT - timedelta(days=1), OPEN_AT, ENDS_AT + timedelta(days=1)]
)
def test_the_real_address_is_in_no_answer(
    world: World, sign_in: SignIn, who: str, at: datetime
) -> None:
    key = world.add(
        venue_name={"ja": "会館"}, speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),)
    )
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas, attending="venue")
    world.enrol(world.cast.other_trainee, state="applied")
    with time_machine.travel(at, tick=False):
        client = sign_in(getattr(world.cast, who))
    rules = client.application.url_map.iter_rules()
    paths = [
        "/".join(
            {"<live_session_id>": key, "<edition_id>": world.edition_id}.get(part, part)
            for part in rule.rule.split("/")
        )
        for rule in rules
        if rule.endpoint.startswith("sessions.") and "GET" in (rule.methods or ())
    ]
    assert len(paths) >= 6

    with time_machine.travel(at, tick=False):
        status = client.get(f"/live-sessions/{key}").status_code
        assert status == (404 if who == "stranger" else 200)
        for path in paths:
            assert b"canary" not in client.get(path).get_data(), path
        if at != OPEN_AT:
            assert b"canary" not in client.post(f"/live-sessions/{key}/join").get_data()


def test_organisers_see_the_address_at_the_desk_only(world: World, sign_in: SignIn) -> None:
    key = world.add()
    client = sign_in(world.cast.organiser)

    with time_machine.travel(OPEN_AT, tick=False):
        assert CANARY_URL in text_of(client, f"/desk/sessions/{key}")
        assert CANARY_URL not in text_of(client, f"/live-sessions/{key}")


@pytest.mark.parametrize("more", [0, 30])
def test_the_page_keeps_its_budget_of_queries(world: World, sign_in: SignIn, more: int) -> None:
    key = world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
    for _number in range(more):
        world.add()
    world.enrol(world.cast.trainee)
    client = sign_in(world.cast.trainee)

    with time_machine.travel(OPEN_AT, tick=False):
        client.post(f"/live-sessions/{key}/join")
        statements: list[str] = []
        event.listen(
            db.engine,
            "before_cursor_execute",
            lambda *args: statements.append(args[2]),
        )
        text_of(client, f"/live-sessions/{key}")

    assert len([s for s in statements if s.lstrip().upper().startswith("SELECT")]) <= 8


# --- the desk ---------------------------------------------------------------------------------


def filled(**changes: str) -> dict[str, str]:
    return {
        "title_ja": "第1回 開講",
        "title_en": "Part 1",
        "day": "2026-10-20",
        "starts": "18:30",
        "ends": "20:00",
        "timezone": "Asia/Tokyo",
        "web_url": "https://meet.example/j/1",
        "join_opens_minutes": "15",
        "grace_minutes": "15",
    } | changes


def only_session() -> LiveSession:
    return db.session.scalars(select(LiveSession)).one()


def test_a_session_is_added(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    with unit_of_work():
        part = Part(
            edition_id=world.edition_id, slug="p", position=1, title={"ja": "第一部"}, summary={}
        )
        db.session.add(part)
    path = f"/desk/editions/{world.edition_id}/sessions"
    assert "第一部" in text_of(client, f"{path}/new")

    answer = client.post(
        f"{path}/new",
        data=filled(
            part_id=part.id,
            is_recorded="y",
            **{
                "speakers-0-handle": "ｓｐｅａｋｅｒ",
                "speakers-1-name_ja": "北野 栄",
            },
        ),
    )

    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    row = only_session()
    assert (row.title, row.part_id, row.is_recorded) == (
        {"ja": "第1回 開講", "en": "Part 1"},
        part.id,
        True,
    )
    assert row.starts_at.isoformat() == "2026-10-20T09:30:00+00:00"
    assert [s.person_id for s in queries.speakers_of([row.id])[row.id]] == [  # type: ignore[index]
        world.cast.speaker.id,
        None,
    ]
    assert "第1回 開講" in text_of(client, path)


@pytest.mark.parametrize(
    "day", ["令和８年１０月２０日", "2026年10月20日(火)", "２０２６／１０／２０", "R8.10.20"]
)
def test_days_and_times_are_read_from_japanese_hands(
    world: World, sign_in: SignIn, day: str
) -> None:
    answer = sign_in(world.cast.organiser).post(
        f"/desk/editions/{world.edition_id}/sessions/new",
        data=filled(
            day=day, starts="１８：３０", ends="20時", join_opens_minutes="３０", grace_minutes="0"
        ),
    )

    assert answer.status_code == 303
    row = only_session()
    assert row.starts_local.isoformat() == "2026-10-20T18:30:00"
    assert row.ends_local.isoformat() == "2026-10-20T20:00:00"
    assert (row.join_opens_minutes, row.grace_minutes) == (30, 0)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title_ja": "", "title_en": ""}, "Please give the session a title"),
        ({"title_ja": "あ" * 201}, "Please use at most 200 characters."),
        ({"day": ""}, "Please fill this in."),
        ({"day": "2026-02-30"}, "There is no such date or time."),
        ({"day": "来週"}, "Please write a date such as 2026-10-12."),
        ({"day": "1999-12-31"}, "Please check the year"),
        ({"starts": "25:00"}, "There is no such date or time."),
        ({"ends": "18:00"}, "The end must be after the start."),
        ({"ends_day": "2026-10-25"}, "A session can last 24 hours at most."),
        ({"timezone": ""}, "This is not a known time zone."),
        ({"timezone": "../etc/passwd"}, "This is not a known time zone."),
        (
            {"timezone": "America/New_York", "day": "2027-03-14", "starts": "2:30", "ends": "5:00"},
            "This time does not exist in America/New_York on that day",
        ),
        (
            {"timezone": "America/New_York", "day": "2027-03-14", "starts": "1:30", "ends": "2:30"},
            "This time does not exist in America/New_York on that day",
        ),
        ({"web_url": "javascript:alert(1)"}, "Please enter a web address"),
        ({"map_url": "maps.example"}, "Please enter a web address"),
        ({"name_format_en": "{union} {name}"}, "Only {name}, {kana}, {latin}, {organisation}"),
        ({"join_opens_minutes": "十五"}, "Please write a whole number"),
        ({"join_opens_minutes": "9999"}, "Please write a number of minutes"),
        ({"grace_minutes": "-5"}, "Please write a number of minutes"),
        ({"part_id": "0" * 26}, "This part does not belong to the edition."),
        ({"part_id": "x\x00y"}, "This part does not belong to the edition."),
        ({"speakers-0-handle": "nobody@demo.example"}, "No single person signs in with this id"),
    ],
)
def test_what_does_not_fit_is_said_at_the_field(
    world: World, sign_in: SignIn, changes: dict[str, str], sentence: str
) -> None:
    client = sign_in(world.cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"

    answer = client.post(f"/desk/editions/{world.edition_id}/sessions/new", data=filled(**changes))

    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert sentence in page
    assert 'class="error"' in page
    assert 'value="https://meet.example/j/1"' in page or "web_url" in changes
    assert db.session.scalar(select(func.count()).select_from(LiveSession)) == 0


def test_control_characters_never_reach_the_tables(world: World, sign_in: SignIn) -> None:
    answer = sign_in(world.cast.organiser).post(
        f"/desk/editions/{world.edition_id}/sessions/new",
        data=filled(title_ja="第\x001回\u202e", venue_access_ja="一行目\r\n二行目"),
    )

    assert answer.status_code == 303
    assert only_session().title["ja"] == "第1回"
    assert only_session().venue_access == {"ja": "一行目\n二行目"}


def test_saving_the_form_as_it_was_changes_nothing(world: World, sign_in: SignIn) -> None:
    key = world.add(
        venue_name={"ja": "会館"},
        starts_local=datetime(2026, 10, 12, 23, 0),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 10, 13, 1, 0),  # noqa: DTZ001
        speakers=(SpeakerPlan(PersonId(world.cast.speaker.id), {"ja": "白浜先生"}),),
    )
    client = sign_in(world.cast.organiser)

    answer = client.post(f"/desk/sessions/{key}", data=sent_from(client, key))

    assert answer.status_code == 303
    row = db.session.get(LiveSession, key)
    assert row is not None
    assert row.sequence == 0
    assert row.ends_local.isoformat() == "2026-10-13T01:00:00"
    assert queries.speakers_of([key])[key][0].person_id == world.cast.speaker.id


class Fields(HTMLParser):
    """The fields of one form, as a browser would send them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.inside, self.area = form, False, ""
        self.found: dict[str, str] = {}

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("data-testid") == self.form
        if not self.inside or "name" not in given:
            return
        if tag == "textarea":
            self.area = given["name"]
            self.found[self.area] = ""
        elif tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.found[given["name"]] = given.get("value", "")

    @override
    def handle_data(self, data: str) -> None:
        if self.area:
            self.found[self.area] += data.strip()

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.area = ""


def sent_from(client: FlaskClient, key: str) -> dict[str, str]:
    """Return what a browser would send back of the form as it stands."""
    fields = Fields("session-form")
    fields.feed(client.get(f"/desk/sessions/{key}").get_data(as_text=True))
    return fields.found


def test_a_session_is_cancelled_at_the_desk(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.overseas)
    client = sign_in(world.cast.organiser)

    with time_machine.travel(world.now, tick=False):
        assert client.post(f"/desk/sessions/{key}/cancel").status_code == 303
        page = text_of(sign_in(world.cast.overseas), f"/live-sessions/{key}")
        assert client.post(f"/desk/sessions/{key}", data=filled()).status_code == 409

    assert 'data-testid="cancelled-notice"' in page
    assert 'data-testid="join"' not in page


@pytest.mark.parametrize("who", ["trainee", "coordinator", "auditor", "speaker", "stranger"])
def test_the_desk_is_for_organisers(world: World, sign_in: SignIn, who: str) -> None:
    key = world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
    client = sign_in(getattr(world.cast, who))

    for path in (
        f"/desk/editions/{world.edition_id}/sessions",
        f"/desk/editions/{world.edition_id}/sessions/new",
        f"/desk/sessions/{key}",
        f"/desk/sessions/{key}/attendance",
        f"/desk/sessions/{key}/sign-in-sheet",
    ):
        assert client.get(path).status_code == 404, path
    for path in (
        f"/desk/editions/{world.edition_id}/sessions/new",
        f"/desk/sessions/{key}",
        f"/desk/sessions/{key}/cancel",
        f"/desk/sessions/{key}/attendance",
    ):
        assert client.post(path, data=filled()).status_code == 404, path
    assert only_session().cancelled_at is None


# --- attendance -------------------------------------------------------------------------------


def row_data(person_id: str, status: str, was: str = "", reason: str = "") -> dict[str, str]:
    return {
        f"was-{person_id}": was,
        f"status-{person_id}": status,
        f"way-{person_id}": "venue",
        f"reason-{person_id}": reason,
    }


def test_attendance_is_recorded_in_one_go(world: World, sign_in: SignIn) -> None:
    key = world.add()
    trainee, other = world.enrol(world.cast.trainee), world.enrol(world.cast.other_trainee)
    with time_machine.travel(OPEN_AT, tick=False):
        sign_in(world.cast.trainee).post(f"/live-sessions/{key}/join")
        sign_in(world.cast.organiser).post(f"/live-sessions/{key}/join")
    client = sign_in(world.cast.organiser)
    path = f"/desk/sessions/{key}/attendance"
    page = text_of(client, path)
    data = row_data(trainee, "") | row_data(other, "late") | {"rest": "leave"}

    first = client.post(path, data=data)
    again = client.post(path, data=data)

    assert "山瀬 春夫" in page
    assert "ヤマセ ハルオ" in page
    assert "青空第一労働組合" in page
    assert "冬木 誠" in page  # pressed too, without a seat
    assert (first.status_code, again.status_code) == (303, 303)
    assert {(a.person_id, a.status) for a in db.session.scalars(select(Attendance))} == {
        (other, "late")
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"status": "asleep"}, "Please choose one of the statuses."),
        ({"status": "absent", "was": "present"}, "Please give the reason for this correction."),
        ({"status": "absent", "was": "late", "reason": "x"}, "Somebody else changed this entry"),
        ({"status": "late", "was": "present", "reason": "x" * 501}, "at most 500 characters"),
        ({"status": "late", "was": "present", "reason": "\x00"}, "Please give the reason"),
    ],
)
def test_a_faulty_row_is_shown_again(
    world: World, sign_in: SignIn, data: dict[str, str], sentence: str
) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    client = sign_in(world.cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    path = f"/desk/sessions/{key}/attendance"
    assert (
        client.post(path, data={**row_data(trainee, "present"), "rest": "leave"}).status_code == 303
    )

    answer = client.post(path, data={**row_data(trainee, **data), "rest": "leave"})

    assert answer.status_code == 422
    assert sentence in unescape(answer.get_data(as_text=True))
    assert queries.attendance_of([key], trainee)[key].status == "present"


def test_people_of_other_editions_are_not_recorded(world: World, sign_in: SignIn) -> None:
    key = world.add()
    stranger = PersonId(world.cast.stranger.id)

    sign_in(world.cast.organiser).post(
        f"/desk/sessions/{key}/attendance",
        data={**row_data(stranger, "present"), "rest": "present"},
    )

    assert queries.attended_session_ids(stranger) == set()


def test_an_unknown_choice_for_the_rest_is_refused(world: World, sign_in: SignIn) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)

    answer = sign_in(world.cast.organiser).post(
        f"/desk/sessions/{key}/attendance", data={**row_data(trainee, ""), "rest": "everyone"}
    )

    assert answer.status_code == 422


def test_the_sheet_to_sign(world: World, sign_in: SignIn) -> None:
    key = world.add(venue_name={"ja": "東和会館"})
    world.enrol(world.cast.trainee, attending="venue")

    page = text_of(sign_in(world.cast.organiser), f"/desk/sessions/{key}/sign-in-sheet")

    assert "山瀬 春夫" in page
    assert "東和会館" in page
    assert "2026年10月12日(月) 16:00–17:30" in page


def test_changes_show_on_the_page(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    with unit_of_work():
        change_live_session(
            world.organiser,
            key,
            SessionPlan(
                title={"ja": "移動した会"},
                starts_local=PLAN.starts_local,
                ends_local=PLAN.ends_local,
                timezone="Asia/Bangkok",
            ),
            at=world.now,
        )

    with time_machine.travel(world.now, tick=False):
        page = text_of(sign_in(world.cast.trainee), f"/live-sessions/{key}")

    assert "移動した会" in page
    assert "2026年10月12日(月) 18:00–19:30" in page  # in Japan
