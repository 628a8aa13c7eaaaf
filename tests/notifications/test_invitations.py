"""Invitations as they arrive: one guest, one UID, a number that rises, and the last word."""

import email
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import time_machine
import vobject
from flask import Flask
from flask.testing import FlaskClient

from lms.courses.operations.editions import cancel_edition
from lms.enrolment.operations import apply_for_edition, withdraw_enrolment
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import MailState, OutboxMail
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.operations import (
    ChangeKind,
    MovePlan,
    SpeakerPlan,
    announce_change,
    change_live_session,
)
from lms.worker import run_worker
from tests.conftest import NOW
from tests.sessions.conftest import CANARY_URL, PLAN, World

SignIn = Callable[[Person], FlaskClient]
LATER = replace(
    PLAN,
    title={"ja": "懇談会🚆 " + "賃金と労働時間の話" * 9, "en": "Round-table"},
    starts_local=datetime(2026, 11, 2, 16, 0),  # noqa: DTZ001 - wall time
    ends_local=datetime(2026, 11, 2, 17, 30),  # noqa: DTZ001
    venue_name={"ja": "会館; 3階", "en": "Hall, 3rd floor"},
)
MOVE = MovePlan(
    starts_local=datetime(2026, 11, 3, 18, 0),  # noqa: DTZ001
    ends_local=datetime(2026, 11, 3, 19, 30),  # noqa: DTZ001
    timezone="Asia/Tokyo",
    venue_name={"ja": "別館", "en": "Annexe"},
)


pytestmark = pytest.mark.usefixtures("clock")


class Post:
    """What arrived, read by the standard library and by vobject."""

    def __init__(self, app: Flask):
        self.app = app
        self.seen: set[str] = set()

    def fetch(self) -> dict[str, list[tuple[str, Any]]]:
        """Return (method, event) of every calendar part that came since, by recipient."""
        run_worker(self.app, once=True)
        db.session.rollback()  # the next page reads what the worker wrote
        folder = self.app.extensions["settings"].mail_folder
        found: dict[str, list[tuple[str, Any]]] = {}
        for file in sorted(folder.glob("*.eml")):
            if file.name in self.seen:
                continue
            self.seen.add(file.name)
            raw = file.read_bytes()
            assert CANARY_URL.encode() not in raw
            message = email.message_from_bytes(raw, policy=SMTP)
            assert isinstance(message, EmailMessage)
            address = message["To"].addresses[0].addr_spec
            for part in message.walk():
                if part.get_content_type() == "text/calendar":
                    found.setdefault(address, []).append(self._read(part, address))
        return found

    @staticmethod
    def _read(part: Any, address: str) -> tuple[str, Any]:
        data = part.get_payload(decode=True)
        assert CANARY_URL.encode() not in data.replace(b"\r\n ", b"")
        for line in data.split(b"\r\n"):
            assert len(line) <= 75
            line.decode()  # folded between characters
        calendar = vobject.readOne(data.decode())
        method = calendar.method.value
        assert part["Content-Type"].params["method"] == method
        assert [zone.tzid.value for zone in calendar.vtimezone_list] == ["Asia/Tokyo"]
        event = calendar.vevent
        assert event.organizer.value == "mailto:tomoni@localhost"
        assert [guest.value for guest in event.attendee_list] == [f"mailto:{address}"]
        return method, event


@pytest.fixture
def post(app: Flask) -> Post:
    return Post(app)


def words(parts: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(method, event.sequence.value) for method, event in parts]


def enrol(world: World, name: str) -> None:
    with unit_of_work():
        apply_for_edition(world.edition_id, actor=world.cast.actor(name), at=NOW)


def test_request_update_cancel_with_one_uid_and_a_rising_number(world: World, post: Post) -> None:
    key = world.add(**vars_of(LATER, speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),)))
    enrol(world, "trainee")
    enrol(world, "overseas")
    first = post.fetch()
    assert {address: words(parts) for address, parts in first.items()} == {
        "trainee@demo.example": [("REQUEST", "0")],
        "overseas@demo.example": [("REQUEST", "0")],
        "speaker@demo.example": [("REQUEST", "0")],
    }
    [(_method, japanese)] = first["trainee@demo.example"]
    [(_method, english)] = first["overseas@demo.example"]
    assert japanese.summary.value == LATER.title["ja"]
    assert japanese.location.value.startswith("会館; 3階")
    assert english.location.value.startswith("Hall, 3rd floor")
    assert "Kuala Lumpur time" in english.description.value
    assert english.url.value == f"http://localhost:8000/live-sessions/{key}"

    with unit_of_work():
        announce_change(
            world.organiser, key, ChangeKind.MOVED, move=MOVE, at=NOW,
            message={"ja": "台風のため延期します。", "en": "Put off: a typhoon."},
        )  # fmt: skip
    second = post.fetch()
    assert {address: words(parts) for address, parts in second.items()} == {
        address: [("REQUEST", "1")] for address in first
    }
    [(_method, moved)] = second["overseas@demo.example"]
    assert moved.dtstart.value.astimezone(UTC) == datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    assert "Put off: a typhoon." in moved.description.value

    with unit_of_work():
        announce_change(world.organiser, key, ChangeKind.CANCELLED, at=NOW)
    last = post.fetch()
    assert {address: words(parts) for address, parts in last.items()} == {
        address: [("CANCEL", "2")] for address in first
    }
    uids = {
        event.uid.value for letter in (first, second, last)
        for parts in letter.values() for _method, event in parts
    }  # fmt: skip
    assert uids == {f"live-session-{key}@localhost"}


def vars_of(plan: Any, **more: Any) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in plan.__dataclass_fields__} | more


def test_who_withdraws_is_taken_out_and_who_returns_is_asked_anew(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    keys = [world.add(**vars_of(LATER)), world.add(**vars_of(LATER))]
    enrol(world, "trainee")
    enrol(world, "overseas")
    assert words(post.fetch()["trainee@demo.example"]) == [("REQUEST", "0")] * 2

    clock.shift(timedelta(minutes=1))
    with unit_of_work():
        withdraw_enrolment(
            world.edition_id, actor=world.cast.actor("trainee"), at=NOW + timedelta(minutes=1)
        )
    gone = post.fetch()
    assert set(gone) == {"trainee@demo.example"}
    assert words(gone["trainee@demo.example"]) == [("CANCEL", "1")] * 2
    uids = {event.uid.value for _method, event in gone["trainee@demo.example"]}
    assert uids == {f"live-session-{key}@localhost" for key in keys}
    assert "status" not in gone["trainee@demo.example"][0][1].contents  # RFC 5546 3.2.5

    clock.shift(timedelta(minutes=1))
    with unit_of_work():
        apply_for_edition(
            world.edition_id, actor=world.cast.actor("trainee"), at=NOW + timedelta(minutes=2)
        )
    assert words(post.fetch()["trainee@demo.example"]) == [("REQUEST", "2")] * 2

    with unit_of_work():
        announce_change(
            world.organiser, keys[0], ChangeKind.MOVED, move=MOVE, at=NOW + timedelta(minutes=3)
        )
    told = post.fetch()
    assert words(told["trainee@demo.example"]) == [("REQUEST", "3")]  # never lower than before
    assert words(told["overseas@demo.example"]) == [("REQUEST", "1")]


def test_a_cancelled_course_takes_every_session_out_of_every_calendar(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    speakers = (SpeakerPlan(PersonId(world.cast.speaker.id)),)
    keys = [world.add(**vars_of(LATER, speakers=speakers)), world.add(**vars_of(LATER))]
    enrol(world, "trainee")
    post.fetch()
    clock.shift(timedelta(minutes=1))
    with unit_of_work():
        cancel_edition(world.edition_id, actor=world.organiser, at=NOW + timedelta(minutes=1))
    told = post.fetch()
    assert words(told["trainee@demo.example"]) == [("CANCEL", "1")] * 2
    assert {event.uid.value for _method, event in told["trainee@demo.example"]} == {
        f"live-session-{key}@localhost" for key in keys
    }
    assert {event.status.value for _m, event in told["trainee@demo.example"]} == {"CANCELLED"}
    assert words(told["speaker@demo.example"]) == [("CANCEL", "1")]


def test_speakers_who_come_and_go_are_told(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    key = world.add(**vars_of(LATER))
    post.fetch()
    speaker = (SpeakerPlan(PersonId(world.cast.speaker.id)),)
    for minute, speakers, method, number in (
        (1, speaker, "REQUEST", "0"), (2, (), "CANCEL", "1"), (3, speaker, "REQUEST", "2"),
    ):  # fmt: skip
        clock.move_to(NOW + timedelta(minutes=minute))
        with unit_of_work():
            change_live_session(
                world.organiser, key, replace(LATER, speakers=speakers),
                at=NOW + timedelta(minutes=minute),
            )  # fmt: skip
        told = post.fetch()
        assert {address: words(parts) for address, parts in told.items()} == {
            "speaker@demo.example": [(method, number)]
        }


def test_a_mail_that_waited_says_what_holds_when_it_goes(
    world: World, post: Post, clock: time_machine.Traveller
) -> None:
    world.add(**vars_of(LATER))
    enrol(world, "trainee")  # the mail is written and not sent yet
    clock.shift(timedelta(minutes=1))
    with unit_of_work():
        withdraw_enrolment(
            world.edition_id, actor=world.cast.actor("trainee"), at=NOW + timedelta(minutes=1)
        )
    told = post.fetch()["trainee@demo.example"]
    assert words(told) == [("CANCEL", "1")] * 2  # no REQUEST after all, in either order


# --- the one act, and who was told ---------------------------------------------------------------

FORM = {
    "kind": "moved", "day": "2026-11-03", "starts": "18:00", "ends": "19:30",
    "timezone": "Asia/Tokyo", "venue_name_ja": "別館", "venue_name_en": "Annexe",
    "message_ja": "台風のため延期します。", "message_en": "Put off: a typhoon.",
}  # fmt: skip


def test_one_act_changes_pages_calendar_and_mail_and_tells_who_was_told(
    world: World, post: Post, sign_in: SignIn
) -> None:
    key = world.add(**vars_of(LATER))
    for name in ("trainee", "overseas", "stranger"):
        enrol(world, name)
    with unit_of_work():
        db.session.get_one(Person, world.cast.stranger.id).address = None  # reaches nobody
    post.fetch()
    desk = sign_in(world.cast.organiser)

    answer = desk.post(f"/desk/sessions/{key}/change", data=FORM)
    assert (answer.status_code, answer.location) == (303, f"/desk/sessions/{key}/told")
    waiting = desk.get(answer.location).text
    assert waiting.count('data-testid="told-unwritten"') == 1
    assert words(post.fetch()["overseas@demo.example"]) == [("REQUEST", "1")]

    told = desk.get(answer.location).text
    assert 'data-testid="told-unwritten"' not in told
    assert told.index("遠野 渡") < told.index("山瀬 春夫")  # who was not reached stands first
    for client, message, was in (
        (sign_in(world.cast.overseas), "Put off: a typhoon.", "2 November 2026 (Mon) 16:00"),
        (sign_in(world.cast.trainee), "台風のため延期します。", "2026年11月2日(月) 16:00"),
    ):
        for page in (f"/live-sessions/{key}", "/courses/labour-lectures/2026", "/my"):
            text = client.get(page).text
            assert 'data-testid="change-notice"' in text, page
            assert message in text
            assert was in text
    mail = db.session.query(OutboxMail).filter_by(template="session_changed").first()
    assert mail is not None
    assert mail.params["change"]["message"]["en"] == "Put off: a typhoon."


def test_the_banner_goes_when_the_session_is_over(
    world: World, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    key = world.add(**vars_of(LATER))
    enrol(world, "trainee")
    sign_in(world.cast.organiser).post(f"/desk/sessions/{key}/change", data=FORM)
    ends_at = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
    for moment, shown in ((ends_at - timedelta(seconds=1), True), (ends_at, False)):
        clock.move_to(moment)
        page = sign_in(world.cast.trainee).get(f"/live-sessions/{key}").text
        assert ('data-testid="change-notice"' in page) is shown


def test_on_the_web_only_today(world: World, sign_in: SignIn, post: Post) -> None:
    key = world.add(**vars_of(LATER))
    bare = world.add(**vars_of(LATER, web_url="", web_passcode=""))
    enrol(world, "trainee")
    desk = sign_in(world.cast.organiser)
    post.fetch()
    refused = desk.post(f"/desk/sessions/{bare}/change", data={"kind": "web_only"})
    assert refused.status_code == 422
    assert post.fetch() == {}
    assert desk.post(f"/desk/sessions/{key}/change", data={"kind": "web_only"}).status_code == 303
    [(method, event)] = post.fetch()["trainee@demo.example"]
    assert (method, event.sequence.value, event.location.value) == ("REQUEST", "1", "Web")
    page = sign_in(world.cast.trainee).get(f"/live-sessions/{key}").text
    assert "会館; 3階" in page  # where it was to be
    again = desk.post(f"/desk/sessions/{key}/change", data={"kind": "web_only"})
    assert (again.status_code, again.location) == (303, f"/desk/sessions/{key}/change")
    assert post.fetch() == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": ""}, {"kind": "other"}, {"day": ""}, {"starts": "25:00"}, {"ends": "17:00"},
        {"day": "2026-10-01"}, {"timezone": "Asia/Nowhere"}, {"map_url": "javascript:alert(1)"},
        {"day": "2027-03-28", "starts": "02:30", "ends": "04:00", "timezone": "Europe/Berlin"},
        {"message_ja": "あ" * 501},
    ],
    ids=lambda changes: " ".join(f"{key} {value[:20]}" for key, value in changes.items()),
)  # fmt: skip
def test_what_does_not_fit_changes_nothing_and_tells_nobody(
    world: World, sign_in: SignIn, post: Post, changes: dict[str, str]
) -> None:
    key = world.add(**vars_of(LATER))
    enrol(world, "trainee")
    post.fetch()
    answer = sign_in(world.cast.organiser).post(
        f"/desk/sessions/{key}/change", data={**FORM, **changes}
    )
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert post.fetch() == {}


def test_a_change_of_what_was_cancelled_is_refused(
    world: World, sign_in: SignIn, post: Post
) -> None:
    key = world.add(**vars_of(LATER))
    desk = sign_in(world.cast.organiser)
    cancelled = {"kind": "cancelled", "message_ja": "中止"}
    assert desk.post(f"/desk/sessions/{key}/change", data=cancelled).status_code == 303
    assert desk.post(f"/desk/sessions/{key}/change", data=FORM).status_code == 409
    post.fetch()
    states = {mail.state for mail in db.session.query(OutboxMail)}
    assert states <= {MailState.SENT.value}


@pytest.mark.parametrize("name", ["trainee", "coordinator", "stranger"])
def test_nobody_but_organisers_changes_or_reads_who_was_told(
    world: World, sign_in: SignIn, name: str
) -> None:
    key = world.add(**vars_of(LATER))
    client = sign_in(getattr(world.cast, name))
    assert client.post(f"/desk/sessions/{key}/change", data=FORM).status_code == 404
    assert client.get(f"/desk/sessions/{key}/told").status_code == 404
