"""Calendar files, read back by a parser that did not write them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
import vobject
from flask import Flask
from flask.testing import FlaskClient

from lms.app import create_app
from lms.config import Settings
from lms.infra.db import unit_of_work
from lms.infra.mail.calendar_parts import CalendarReader, calendar_parts
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.operations import SpeakerPlan, cancel_live_session, change_live_session
from lms.sessions.texts import Reader, calendar_file
from tests.sessions.conftest import CANARY_PASSCODE, CANARY_URL, PLAN, STARTS_AT, World

SignIn = Callable[[Person], FlaskClient]
LONG = "労働組合の歴史と賃金の決まり方について、海外の組合役員とともに考える懇談会" * 4


def read(data: bytes) -> Any:
    return vobject.readOne(data.decode())


def calendar_part(key: str, language: str, zone: str, method: str) -> bytes | None:
    """Return the calendar part of a mail to somebody who was never told of anything before."""
    parts = calendar_parts([(key, method)], CalendarReader(language, zone))
    return parts[0].data if parts else None


def fetched(client: FlaskClient, key: str) -> bytes:
    answer = client.get(f"/live-sessions/{key}/calendar.ics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/calendar; charset=utf-8")
    return bytes(answer.data)


def test_an_independent_reader_finds_the_instant(world: World, sign_in: SignIn) -> None:
    key = world.add(timezone="America/New_York")
    world.enrol(world.cast.trainee)

    calendar = read(fetched(sign_in(world.cast.trainee), key))

    event = calendar.vevent
    assert calendar.method.value == "PUBLISH"
    assert event.uid.value == f"live-session-{key}@localhost"
    assert event.sequence.value == "0"
    assert event.status.value == "CONFIRMED"
    # 16:00 in New York on 12 October is 20:00 UTC: daylight time, from the VTIMEZONE in the file
    assert event.dtstart.value.astimezone(UTC) == datetime(2026, 10, 12, 20, 0, tzinfo=UTC)
    assert event.dtend.value.astimezone(UTC) == datetime(2026, 10, 12, 21, 30, tzinfo=UTC)
    assert event.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["America/New_York"]
    assert [zone.tzid.value for zone in calendar.vtimezone_list] == ["America/New_York"]


def test_japanese_lines_are_folded_between_characters(world: World, sign_in: SignIn) -> None:
    key = world.add(title={"ja": LONG}, venue_name={"ja": "東和会館、3階; 大会議室"})
    world.enrol(world.cast.trainee)

    data = fetched(sign_in(world.cast.trainee), key)

    lines = data.split(b"\r\n")
    assert max(len(line) for line in lines) <= 75
    for line in lines:
        line.decode()  # no character is cut in two
    assert b"\n" not in data.replace(b"\r\n", b"")
    event = read(data).vevent
    assert event.summary.value == LONG
    assert event.location.value.startswith("東和会館、3階; 大会議室")


def test_the_link_in_it_is_the_gated_one(world: World, sign_in: SignIn) -> None:
    key = world.add()
    for person in (world.cast.trainee, world.cast.overseas):
        world.enrol(person)
        data = fetched(sign_in(person), key)

        assert CANARY_URL.encode() not in data.replace(b"\r\n ", b"")
        assert CANARY_PASSCODE.encode() not in data.replace(b"\r\n ", b"")
        event = read(data).vevent
        assert event.url.value == f"http://localhost:8000/live-sessions/{key}"
        assert f"http://localhost:8000/live-sessions/{key}" in event.description.value


def test_it_speaks_the_readers_language_and_zone(world: World, sign_in: SignIn) -> None:
    key = world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))
    world.enrol(world.cast.overseas)
    world.enrol(world.cast.trainee)

    english = read(fetched(sign_in(world.cast.overseas), key)).vevent
    japanese = read(fetched(sign_in(world.cast.trainee), key)).vevent

    assert english.summary.value == "Part 4: web round-table"
    assert english.summary.params["LANGUAGE"] == ["en"]
    assert "12 October 2026 (Mon) 15:00–16:30 Kuala Lumpur time" in english.description.value
    assert "This session is recorded." in english.description.value
    assert japanese.summary.value == "第4部 Web懇談会"
    assert "白浜 汐里" in japanese.description.value
    assert "15:00" not in japanese.description.value


def test_changes_keep_the_uid_and_raise_the_sequence(world: World, app: Flask) -> None:
    del app
    key = world.add()
    first = read(calendar_part(key, "ja", "Asia/Tokyo", "REQUEST") or b"")
    with unit_of_work():
        change_live_session(
            world.organiser, key, replace(PLAN, venue_name={"ja": "会館"}), at=world.now
        )
    second = read(calendar_part(key, "ja", "Asia/Tokyo", "REQUEST") or b"")
    with unit_of_work():
        cancel_live_session(world.organiser, key, at=world.now)
    last = read(calendar_part(key, "ja", "Asia/Tokyo", "CANCEL") or b"")
    late = read(calendar_part(key, "ja", "Asia/Tokyo", "REQUEST") or b"")

    assert [c.vevent.uid.value for c in (first, second, last)] == [
        f"live-session-{key}@localhost"
    ] * 3
    assert [c.vevent.sequence.value for c in (first, second, last)] == ["0", "1", "2"]
    assert [c.method.value for c in (first, second, last)] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [c.vevent.status.value for c in (first, last)] == ["CONFIRMED", "CANCELLED"]
    assert late.method.value == "CANCEL"  # a mail sent after the cancellation invites nobody


def test_a_mail_gets_no_part_of_a_session_that_is_gone(app: Flask) -> None:
    del app
    assert calendar_part("0" * 26, "ja", "Asia/Tokyo", "REQUEST") is None


def test_a_guest_is_named_where_known(world: World, app: Flask) -> None:
    card = queries.get_live_session(world.add())
    data = calendar_file(
        card,
        (),
        app.extensions["settings"],
        reader=Reader("ja", "Asia/Tokyo", "山瀬 春夫", "trainee@demo.example"),
        method="REQUEST",
        at=STARTS_AT,
    )

    event = read(data).vevent
    assert event.attendee.value == "mailto:trainee@demo.example"
    assert event.attendee.params["CN"] == ["山瀬 春夫"]
    assert event.organizer.value == "mailto:tomoni@localhost"
    assert event.dtstamp.value == STARTS_AT


def test_a_method_that_is_none_is_a_fault_of_the_program(world: World, app: Flask) -> None:
    card = queries.get_live_session(world.add())

    with pytest.raises(ValueError, match="No method"):
        calendar_file(
            card,
            (),
            app.extensions["settings"],
            reader=Reader("ja"),
            method="REPLY",
            at=STARTS_AT,
        )


def test_the_file_is_named_after_the_session(world: World, sign_in: SignIn) -> None:
    key = world.add(title={"ja": '第4部 / "懇談会"\r\nX: y'})
    world.enrol(world.cast.trainee)

    answer = sign_in(world.cast.trainee).get(f"/live-sessions/{key}/calendar.ics")

    name = unquote(answer.headers["Content-Disposition"])
    assert "第4部 懇談会 X y.ics" in name


def test_invitations_name_the_site_that_sends_them(
    world: World, app: Flask, settings: Settings
) -> None:
    key = world.add()
    create_app(replace(settings, base_url="https://another.example"))  # in the same process
    assert app.testing
    invitation = read(calendar_part(key, "ja", "Asia/Tokyo", "REQUEST") or b"")
    assert invitation.vevent.uid.value == f"live-session-{key}@localhost"
