"""The private address of one's own sessions, read by a parser that did not write it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
import vobject
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bench.world import counted
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.models import CalendarFeed
from lms.sessions.operations import SpeakerPlan, cancel_live_session, change_live_session
from lms.sessions.operations.subscribing import make_feed, revoke_feed
from tests.conftest import NOW
from tests.sessions.conftest import CANARY_PASSCODE, CANARY_URL, PLAN, World

SignIn = Callable[[Person], FlaskClient]
EMOJI = "🚆 電車が止まった日の集まり；場所、時間 \\ 次の行\n👩🏽‍🏫 " + "労働組合の歴史と賃金" * 12


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def address_of(world: World, name: str) -> str:
    with unit_of_work():
        secret = make_feed(world.cast.actor(name), at=NOW)
    return f"/calendar/{secret}.ics"


def events(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    calendar = vobject.readOne(answer.get_data(as_text=True))
    found = calendar.contents.get("vevent", [])
    return {
        event.uid.value.removeprefix("live-session-").partition("@")[0]: event for event in found
    }


def test_it_holds_what_one_is_in_or_runs_and_nothing_else(
    world: World, client: FlaskClient
) -> None:
    own = world.add()
    speaking = world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
    cancelled = world.add()
    with unit_of_work():
        cancel_live_session(world.organiser, cancelled, at=NOW)
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.stranger, state=EnrolmentState.WITHDRAWN)

    trainee = events(client.get(address_of(world, "trainee")))
    speaker = events(client.get(address_of(world, "speaker")))
    stranger = events(client.get(address_of(world, "stranger")))

    assert set(trainee) == {own, speaking, cancelled}
    assert set(speaker) == {speaking}
    assert stranger == {}
    assert trainee[cancelled].status.value == "CANCELLED"
    assert trainee[own].status.value == "CONFIRMED"
    assert trainee[own].url.value == f"http://localhost:8000/live-sessions/{own}"
    assert "attendee" not in trainee[own].contents


def test_past_sessions_stay_for_ninety_days(
    world: World, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    address = address_of(world, "trainee")
    ends = datetime(2026, 10, 12, 8, 30, tzinfo=UTC)

    clock.move_to(ends + timedelta(days=90) - timedelta(seconds=1))
    assert set(events(client.get(address))) == {key}
    clock.move_to(ends + timedelta(days=90))
    assert events(client.get(address)) == {}


def test_lines_are_folded_between_characters_and_texts_come_back_whole(
    world: World, client: FlaskClient
) -> None:
    key = world.add(
        title={"ja": EMOJI}, venue_name={"ja": "会館; 3階, 大会議室"}, timezone="America/New_York"
    )
    world.enrol(world.cast.trainee)

    answer = client.get(address_of(world, "trainee"))

    data = answer.data
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut in two
    assert b"\n" not in data.replace(b"\r\n", b"")
    event = events(answer)[key]
    assert event.summary.value == EMOJI
    assert event.location.value.startswith("会館; 3階, 大会議室")
    assert event.dtstart.value.astimezone(UTC) == datetime(2026, 10, 12, 20, 0, tzinfo=UTC)
    calendar = vobject.readOne(data.decode())
    assert [zone.tzid.value for zone in calendar.vtimezone_list] == ["America/New_York"]


def test_the_way_into_a_meeting_is_not_in_it(world: World, client: FlaskClient) -> None:
    world.add()
    world.enrol(world.cast.trainee)
    text = client.get(address_of(world, "trainee")).data.replace(b"\r\n ", b"").decode()
    assert CANARY_URL not in text
    assert CANARY_PASSCODE not in text


def test_programs_that_have_it_already_are_told_so(
    world: World, client: FlaskClient, clock: time_machine.Traveller
) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    address = address_of(world, "trainee")
    first = client.get(address)
    mark = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache, max-age=0"
    assert first.headers["Referrer-Policy"] == "no-referrer"

    clock.shift(timedelta(hours=5))
    again = client.get(address, headers={"If-None-Match": mark})
    assert (again.status_code, again.data) == (304, b"")

    with unit_of_work():
        change_live_session(
            world.organiser,
            key,
            replace(PLAN, venue_name={"ja": "会館"}),
            at=NOW + timedelta(hours=5),
        )
    changed = client.get(address, headers={"If-None-Match": mark})
    assert changed.status_code == 200
    assert events(changed)[key].sequence.value == "1"


def test_only_the_fingerprint_is_kept_and_a_new_address_ends_the_old(
    world: World, client: FlaskClient
) -> None:
    first = address_of(world, "trainee")
    second = address_of(world, "trainee")

    rows = db.session.scalars(select(CalendarFeed)).all()
    secrets = [
        address.removeprefix("/calendar/").removesuffix(".ics") for address in (first, second)
    ]
    assert len(rows) == 2
    assert not {row.secret_hash for row in rows} & set(secrets)
    assert all(len(row.secret_hash) == 64 for row in rows)
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200
    with unit_of_work():
        assert revoke_feed(world.cast.actor("trainee"), at=NOW)
    with unit_of_work():
        assert not revoke_feed(world.cast.actor("trainee"), at=NOW)
    assert client.get(second).status_code == 410
    kept = " ".join(str(entry.details) for entry in db.session.scalars(select(AuditEntry)))
    assert not any(secret in kept for secret in secrets)


@pytest.mark.parametrize("secret", ["x", "..", "%00", "%ff", "a" * 5000, "漢"])
def test_a_secret_that_is_none_finds_nothing(
    world: World, client: FlaskClient, secret: str
) -> None:
    address_of(world, "trainee")
    assert client.get(f"/calendar/{secret}.ics").status_code == 404


def test_who_is_suspended_gives_nothing_away(world: World, client: FlaskClient) -> None:
    address = address_of(world, "trainee")
    with unit_of_work():
        db.session.get_one(Person, world.cast.trainee.id).suspended_at = NOW
    assert client.get(address).status_code == 404


def test_the_page_shows_the_address_once(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.trainee)
    assert 'data-testid="feed-make"' in client.get("/account/calendar").text
    made = client.post("/account/calendar/address")
    assert made.status_code == 200
    assert made.headers["Referrer-Policy"] == "no-referrer"
    address = made.text.partition('value="http://localhost:8000/calendar/')[2].partition('"')[0]
    assert client.get(f"/calendar/{address}").status_code == 200
    assert f"webcal://localhost:8000/calendar/{address}" in made.text
    assert address not in str(made.headers)
    page = client.get("/account/calendar").text
    assert address not in page
    assert 'data-testid="feed-on"' in page
    assert client.post("/account/calendar/address/revoke").status_code == 303
    assert client.get(f"/calendar/{address}").status_code == 410


def test_more_sessions_ask_no_more(world: World, app: Flask) -> None:
    world.enrol(world.cast.trainee)
    address = address_of(world, "trainee")
    counts = []
    for more in (1, 20):
        for _ in range(more):
            world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
        db.session.remove()
        app.test_client().get(address)
        with counted() as sent:
            answer = app.test_client().get(address)
        counts.append(len(sent))
        assert answer.status_code == 200
    assert counts[0] == counts[1] <= 4


def test_a_cancelled_course_stays_as_cancelled(world: World, client: FlaskClient) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    address = address_of(world, "trainee")
    with unit_of_work():
        cancel_live_session(world.organiser, key, at=NOW)
        row = db.session.scalars(select(Enrolment)).one()
        row.state, row.seat = EnrolmentState.CANCELLED, None
    event = events(client.get(address))[key]
    assert (event.status.value, event.sequence.value) == ("CANCELLED", "1")
