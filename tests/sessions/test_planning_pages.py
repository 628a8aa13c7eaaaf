"""Venues, series, timetable and clashes as a browser meets them."""

import re
from collections.abc import Callable, Iterator
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.db import db
from lms.kernel.actor import Role
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.models import LiveSession, Venue, VenueRoom
from lms.sessions.operations import SpeakerPlan
from lms.sessions.queries.venues import list_venues
from tests.conftest import NOW, grant
from tests.sessions.conftest import CANARY_URL, World, add_edition

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def _stand_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def form(**changes: object) -> dict[str, object]:
    """Return what the form of a session sends: a quiet Tuesday."""
    return {
        "title_ja": "労働講座",
        "title_en": "Lecture",
        "day": "2026-10-13",
        "starts": "18:30",
        "ends": "20:00",
        "timezone": "Asia/Tokyo",
        "join_opens_minutes": "15",
        "grace_minutes": "15",
        **changes,
    }


def body(answer: object) -> str:
    return unescape(answer.get_data(as_text=True))  # type: ignore[attr-defined]


def mark_of(page: str, testid: str) -> str:
    """Return what a button sends, found by its test id."""
    button = re.search(rf'<button[^>]*data-testid="{testid}"[^>]*>', page)
    assert button is not None, testid
    value = re.search(r'value="([^"]+)"', button[0])
    assert value is not None
    return value[1]


def rows() -> list[LiveSession]:
    db.session.expire_all()
    return list(db.session.scalars(select(LiveSession).order_by(LiveSession.starts_at)))


def new(world: World) -> str:
    return f"/desk/editions/{world.edition_id}/sessions/new"


def series(world: World) -> str:
    return f"/desk/editions/{world.edition_id}/sessions/series"


# --- venues and the fields of a meeting --------------------------------------------------------


def test_a_venue_is_kept_with_its_rooms_and_fills_the_form(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)

    made = client.post(
        "/desk/venues/new",
        data={
            "name_ja": "つばき会館", "name_en": "Tsubaki Hall", "address_ja": "東京都千代田区1",
            "map_url": "https://maps.example/t", "rooms-0-name_ja": "大会議室",
            "rooms-0-name_en": "Large room", "rooms-0-seats": "８０", "rooms-1-name_ja": "",
        },
    )  # fmt: skip
    (venue,) = list_venues()
    pick = f"{venue.id}:{venue.rooms[0].id}"
    filled = client.post(new(world), data=form(venue_pick=pick, fill="1"))
    nothing_yet = rows()
    saved = client.post(new(world), data=form(venue_pick=pick))

    assert made.status_code == 303
    assert filled.status_code == 200
    assert nothing_yet == []
    assert 'value="つばき会館"' in body(filled)
    assert 'value="80"' in body(filled)
    assert saved.status_code == 303
    (row,) = rows()
    assert row.venue_name == {"ja": "つばき会館", "en": "Tsubaki Hall"}
    assert (row.room, row.seats) == ({"ja": "大会議室", "en": "Large room"}, 80)
    assert row.map_url == "https://maps.example/t"


def test_a_venue_that_changes_moves_no_session_and_no_edit_is_lost(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    data = {"name_ja": "つばき会館", "rooms-0-name_ja": "1号室"}
    client.post("/desk/venues/new", data=data)
    (venue,) = list_venues()
    client.post(new(world), data=form(venue_pick=venue.id))
    path = f"/desk/venues/{venue.id}"

    first = client.post(path, data={"name_ja": "さざんか会館", "version": str(venue.version)})
    second = client.post(path, data={"name_ja": "やまぶき会館", "version": str(venue.version)})

    assert first.status_code == 303
    assert second.status_code == 422
    assert "ほかの" in body(second) or "meantime" in body(second)
    assert [one.name for one in list_venues()] == [{"ja": "さざんか会館"}]
    assert db.session.scalar(select(func.count()).select_from(VenueRoom)) == 0
    assert rows()[0].venue_name == {"ja": "つばき会館"}


def test_a_venue_taken_off_the_list_is_offered_no_more(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    client.post("/desk/venues/new", data={"name_ja": "つばき会館"})
    (venue,) = list_venues()

    client.post(f"/desk/venues/{venue.id}/unlist")
    late = client.post(new(world), data=form(venue_pick=venue.id))

    assert list_venues() == ()
    assert late.status_code == 422
    assert rows() == []
    client.post(f"/desk/venues/{venue.id}/list")
    assert [one.id for one in list_venues()] == [venue.id]


@pytest.mark.parametrize(
    "bad",
    [
        {"name_ja": "会館", "map_url": "javascript:alert(1)"},
        {"name_ja": ""},
        {"name_ja": "会館", "rooms-0-seats": "10"},
        {"name_ja": "会館", "rooms-0-name_ja": "室", "rooms-0-seats": "0"},
        {"name_ja": "会館", "rooms-0-name_ja": "室", "rooms-0-seats": "many"},
    ],
)
def test_a_venue_that_does_not_fit_is_refused_whole(
    world: World, sign_in: SignIn, bad: dict[str, str]
) -> None:
    answer = sign_in(world.cast.organiser).post("/desk/venues/new", data=bad)

    assert answer.status_code == 422
    assert 'class="field__error"' in body(answer) or 'role="alert"' in body(answer)
    assert db.session.scalar(select(func.count()).select_from(Venue)) == 0


def test_who_is_no_organiser_finds_no_venues(world: World, sign_in: SignIn) -> None:
    for person in (world.cast.trainee, world.cast.coordinator):
        assert sign_in(person).get("/desk/venues").status_code == 404


def test_host_dial_in_channels_and_names_are_kept_and_shown_again(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)
    handle = world.cast.speaker.login_id or world.cast.speaker.id

    saved = client.post(
        new(world),
        data=form(
            host=handle, dial_in="+81 3 0000 0000, 1234#", channels=["en", "ms"],
            name_format_ja="組織_氏名", name_format_en="Organisation_Name",
        ),
    )  # fmt: skip
    (row,) = rows()
    page = body(client.get(f"/desk/sessions/{row.id}"))

    assert saved.status_code == 303
    assert row.host_id == world.cast.speaker.id
    assert row.channels == ["en", "ms"]
    assert row.interpretation
    assert row.name_format == {"ja": "組織_氏名", "en": "Organisation_Name"}
    assert row.zone_rules != ""
    assert "+81 3 0000 0000, 1234#" in page
    assert 'value="組織_氏名"' in page


@pytest.mark.parametrize(
    "bad",
    [
        {"web_url": "javascript:alert(1)"},
        {"map_url": "data:text/html,x"},
        {"seats": "0"},
        {"seats": "-3"},
        {"host": "nobody-here"},
        {"channels": ["en", "x; drop"]},
        {"timezone": "Mars/Olympus"},
        {"timezone": "../../etc/passwd"},
        {"day": "2026-03-29", "starts": "02:30", "ends": "04:00", "timezone": "Europe/Berlin"},
        {"venue_pick": "nowhere"},
        {"venue_pick": "a:b:c"},
    ],
)
def test_a_session_that_does_not_fit_is_refused_in_a_sentence(
    world: World, sign_in: SignIn, bad: dict[str, object]
) -> None:
    client = sign_in(world.cast.organiser)

    answer = client.post(new(world), data=form(**bad))

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in body(answer)
    assert rows() == []


def test_a_time_that_comes_twice_is_said_and_the_first_is_meant(
    world: World, sign_in: SignIn
) -> None:
    client = sign_in(world.cast.organiser)

    client.post(
        new(world),
        data=form(day="2026-10-25", starts="02:30", ends="05:00", timezone="Europe/Berlin"),
    )
    (row,) = rows()
    told = body(client.get(f"/desk/editions/{world.edition_id}/sessions"))
    page = body(client.get(f"/desk/sessions/{row.id}"))

    assert row.starts_at.isoformat() == "2026-10-25T00:30:00+00:00"
    assert "02:30" in told
    assert 'data-testid="repeated-time"' in page


# --- clashes ----------


def test_a_holiday_is_told_before_saving_and_never_forbids(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    holiday = form(day="2026-10-12")

    first = client.post(new(world), data=holiday)
    page = body(first)
    before = rows()
    moved = client.post(
        new(world), data=form(day="2026-11-03", anyway=mark_of(page, "save-anyway"))
    )
    anyway = client.post(new(world), data={**holiday, "anyway": mark_of(page, "save-anyway")})

    assert first.status_code == 422
    assert "スポーツの日" in page or "Sports Day" in page
    assert before == []
    # What was accepted holds for what was shown, not for another day's holiday.
    assert moved.status_code == 422
    assert anyway.status_code == 303
    assert [row.starts_local.day for row in rows()] == [12]


def test_speaker_room_host_and_people_elsewhere_are_told(world: World, sign_in: SignIn) -> None:
    cast = world.cast
    _programme, other = add_edition("other-lectures", "published", world.now)
    here, world.edition = world.edition, other
    place = {"venue_name": {"ja": "つばき会館"}, "room": {"ja": "大会議室"}}
    world.add(
        title={"en": "Elsewhere"}, speakers=(SpeakerPlan(PersonId(cast.speaker.id)),),
        host_id=cast.speaker.id, **place,
    )  # fmt: skip
    world.enrol(cast.trainee)
    world.edition = here
    world.enrol(cast.trainee)
    client = sign_in(cast.organiser)
    data = form(
        day="2026-10-12", starts="17:00", ends="18:00", venue_name_ja="つばき会館",
        room_ja="大会議室", host=cast.speaker.login_id,
    )  # fmt: skip
    data["speakers-0-handle"] = cast.speaker.login_id

    page = body(client.post(new(world), data=data))
    later = client.post(new(world), data={**data, "starts": "17:30"})

    notice = page[page.index('data-testid="clashes"') :]
    assert notice.count("Elsewhere") == 4
    assert cast.trainee.family_name in notice
    # One may begin when the other ends: only the holiday is left.
    assert "Elsewhere" not in body(later)


def test_a_course_one_does_not_look_after_is_not_named(world: World, sign_in: SignIn) -> None:
    cast = world.cast
    _programme, other = add_edition("secret-lectures", "published", world.now)
    here, world.edition = world.edition, other
    world.add(title={"en": "Secret elsewhere"})
    world.enrol(cast.trainee)
    world.edition = here
    world.enrol(cast.trainee)
    limited = cast.other_trainee
    grant(limited, Role.ORGANISER, f"programme:{world.programme.id}")
    db.session.commit()

    page = body(
        sign_in(limited).post(new(world), data=form(day="2026-10-12", starts="16:30", ends="18:00"))
    )

    notice = page[page.index('data-testid="clashes"') :]
    assert "Secret" not in notice
    assert cast.trainee.family_name not in notice
    assert re.search(r"1名|1 person", notice)


def test_who_speaks_here_and_learns_elsewhere_is_told_and_the_other_way_round(
    world: World, sign_in: SignIn
) -> None:
    cast = world.cast
    _programme, other = add_edition("other-lectures", "published", world.now)
    here, world.edition = world.edition, other
    world.add(title={"en": "Elsewhere"}, speakers=(SpeakerPlan(PersonId(cast.trainee.id)),))
    world.enrol(cast.speaker)
    world.edition = here
    world.enrol(cast.trainee)
    data = form(day="2026-10-12", starts="17:00", ends="18:00", host=cast.speaker.login_id)
    client = sign_in(cast.organiser)

    page = body(client.post(new(world), data=data))
    later = body(client.post(new(world), data={**data, "starts": "17:30"}))

    notice = page[page.index('data-testid="clashes"') :]
    assert notice.count("Elsewhere") == 2
    assert cast.speaker.family_name in notice  # sits there while needed here
    assert cast.trainee.family_name in notice  # sits here while needed there
    assert "Elsewhere" not in later


def test_an_edit_tells_only_what_is_new_in_the_way(world: World, sign_in: SignIn) -> None:
    key = world.add()  # on a holiday
    client = sign_in(world.cast.organiser)
    same = form(title_ja="改題", day="2026-10-12", starts="16:00", ends="17:30", web_url=CANARY_URL)

    renamed = client.post(f"/desk/sessions/{key}", data=same)
    moved = client.post(f"/desk/sessions/{key}", data={**same, "day": "2026-11-03"})

    assert renamed.status_code == 303
    assert moved.status_code == 422
    assert rows()[0].starts_local.day == 12


def test_friday_prayer_is_told_for_who_takes_part_from_there(world: World, sign_in: SignIn) -> None:
    world.enrol(world.cast.overseas)
    client = sign_in(world.cast.organiser)

    # 14:00-15:00 in Japan is 13:00-14:00 in Malaysia.
    page = body(client.post(new(world), data=form(day="2026-10-16", starts="14:00", ends="15:00")))
    free = client.post(new(world), data=form(day="2026-10-16", starts="16:00", ends="17:00"))

    assert re.search("礼拝|prayer", page)
    assert free.status_code == 303


# --- series ----------


def test_a_series_is_previewed_then_added_in_one_act(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    data = form(
        title_ja="講座 第{n}回", title_en="Lecture {n}", day="2026-10-06", pattern="weekly",
        count="5", weekdays=["1", "3"],
    )  # fmt: skip

    page = body(client.post(series(world), data=data))
    before = rows()
    added = client.post(series(world), data={**data, "anyway": mark_of(page, "save-series")})

    assert before == []
    assert added.status_code == 303
    assert [row.starts_local.day for row in rows()] == [6, 8, 13, 15, 20]
    assert [row.title["en"] for row in rows()] == [f"Lecture {n}" for n in range(1, 6)]


def test_a_changed_series_is_shown_again_before_it_is_added(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    data = form(day="2026-10-06", pattern="weekly", count="2")
    mark = mark_of(body(client.post(series(world), data=data)), "save-series")

    answer = client.post(series(world), data={**data, "count": "3", "anyway": mark})

    assert answer.status_code == 200
    assert rows() == []


def test_given_days_are_read_from_any_hand(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    data = form(pattern="given", days="2026年10月14日(水)\n2026-10-06\n\n令和8年10月6日", day="")

    page = body(client.post(series(world), data=data))
    client.post(series(world), data={**data, "anyway": mark_of(page, "save-series")})

    assert [row.starts_local.day for row in rows()] == [6, 14]


@pytest.mark.parametrize(
    "bad",
    [
        {"pattern": "given", "days": "2026-10-06\n2026-02-30"},
        {"pattern": "given", "days": "soon"},
        {"pattern": "given", "days": ""},
        {"pattern": "weekly", "count": "0"},
        {"pattern": "weekly", "count": "61"},
        {"pattern": "weekly", "day": ""},
        {"pattern": "weekly", "day": "9999-12-31"},
        {"pattern": "never"},
        {"web_url": "javascript:alert(1)", "pattern": "weekly"},
        # One of the three nights lacks 02:30: none is added.
        {
            "pattern": "weekly", "day": "2026-03-22", "count": "3", "starts": "02:30",
            "ends": "04:00", "timezone": "Europe/Berlin",
        },
    ],
)  # fmt: skip
def test_a_series_that_does_not_fit_adds_nothing(
    world: World, sign_in: SignIn, bad: dict[str, object]
) -> None:
    client = sign_in(world.cast.organiser)
    data = {**form(day="2026-10-06", count="2"), **bad}

    answer = client.post(series(world), data=data)
    page = body(answer)
    mark = re.search(r'value="([0-9a-f]{32})"', page)
    if mark is not None:
        answer = client.post(series(world), data={**data, "anyway": mark[1]})

    assert answer.status_code == 422
    assert rows() == []


def test_an_interpreter_is_let_in_and_told_apart(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    data = form(day="2026-10-13", web_url=CANARY_URL)
    data["speakers-0-handle"] = world.cast.speaker.login_id
    data["speakers-0-role"] = "interpreter"

    wrong = client.post(new(world), data={**data, "speakers-0-role": "singer"})
    right = client.post(new(world), data=data)
    (row,) = rows()
    with time_machine.travel(row.starts_at, tick=False):
        page = body(sign_in(world.cast.speaker).get(f"/live-sessions/{row.id}"))

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert 'data-testid="join"' in page
    assert "(interpreter)" in page or "通訳" in page
    assert 'value="interpreter" selected' in body(
        client.get(f"/desk/sessions/{row.id}")
    ) or 'selected value="interpreter"' in body(client.get(f"/desk/sessions/{row.id}"))


def test_the_way_in_by_telephone_is_shown_after_the_press_alone(
    world: World, sign_in: SignIn
) -> None:
    key = world.add(
        dial_in="+81-3-0000-0000", channels=("ms", "tlh"), venue_name={"en": "Hall"},
        room={"en": "Blue room"},
    )  # fmt: skip
    world.enrol(world.cast.overseas)
    client = sign_in(world.cast.overseas)
    (row,) = rows()

    with time_machine.travel(row.starts_at, tick=False):
        before = body(client.get(f"/live-sessions/{key}"))
        client.post(f"/live-sessions/{key}/join")
        after = body(client.get(f"/live-sessions/{key}"))

    assert "+81-3-0000-0000" not in before
    assert "+81-3-0000-0000" in after
    assert "Malay" in before
    assert "Blue room" in before


def test_a_night_without_that_time_is_named_in_the_preview(world: World, sign_in: SignIn) -> None:
    data = form(
        pattern="weekly", day="2026-03-22", count="2", starts="02:30", ends="04:00",
        timezone="Europe/Berlin",
    )  # fmt: skip

    page = body(sign_in(world.cast.organiser).post(series(world), data=data))

    assert "2026年3月29日(日) 02:30–04:00 Europe/Berlin" in page
    assert 'data-testid="save-series"' not in page
