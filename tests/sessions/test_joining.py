"""Joining: by which way, one's name there, the check, the host's sheet, the release in need."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import jwt
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.config import JitsiSettings
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import LiveSessionId, PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.errors import LiveSessionRefusedError, NotAdmittedError, SessionInputError
from lms.sessions.models import (
    AddressRelease,
    JoinPress,
    LiveSession,
    PersonalLink,
    ProviderMeeting,
    SessionWay,
)
from lms.sessions.operations import SpeakerPlan, join_live_session
from lms.sessions.operations.joining import release_address, switch_way
from lms.sessions.queries.joining import admitted_ids, names_in_meeting
from lms.sessions.rules import JoinOutcome, Standing
from lms.sessions.rules.joining import (
    PLACES,
    ReleaseFacts,
    ReleaseFault,
    SwitchFacts,
    SwitchFault,
    check_opens_at,
    fill_name_format,
    is_name_format,
    judge_release,
    judge_switch,
    service_of,
    way_in_session,
)
from tests.sessions.conftest import CANARY_PASSCODE, CANARY_URL, ENDS_AT, OPEN_AT, STARTS_AT, World

SignIn = Callable[[Person], FlaskClient]
HALL = {"ja": "東和会館", "en": "Towa Hall"}
CLOSES_AT = ENDS_AT + timedelta(minutes=15)


def row_of(key: str) -> LiveSession:
    return db.session.get_one(LiveSession, key, populate_existing=True)


def set_row(key: str, **values: Any) -> None:
    with unit_of_work():
        row = db.session.get_one(LiveSession, key)
        for name, value in values.items():
            setattr(row, name, value)


def standing(world: World, key: LiveSessionId, who: str, at: datetime = OPEN_AT) -> Standing:
    actor = world.cast.actor(who)
    found = queries.find_live_session_for(key, actor.person_id, at, lambda _p: False)
    assert found is not None
    return found.standing


# --- rules --------------------------------------------------------------------------------------

SWITCH = SwitchFacts(
    is_enrolled=True, is_cancelled=False, closes_at=CLOSES_AT, has_venue=True, has_web=True,
    seats=2, taken=1,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "to", "fault"),
    [
        ({}, "venue", None),
        ({"taken": 2}, "venue", SwitchFault.VENUE_FULL),
        ({"taken": 2}, "web", None),
        ({"seats": None, "taken": 900}, "venue", None),
        ({"has_venue": False}, "venue", SwitchFault.ONE_WAY),
        ({"has_web": False}, "web", SwitchFault.ONE_WAY),
        ({"is_enrolled": False}, "web", SwitchFault.NOT_ADMITTED),
        ({"is_cancelled": True}, "web", SwitchFault.CANCELLED),
        ({"closes_at": OPEN_AT}, "web", SwitchFault.ENDED),
    ],
)
def test_who_may_change_over(changes: dict[str, Any], to: str, fault: SwitchFault | None) -> None:
    assert judge_switch(replace(SWITCH, **changes), to, OPEN_AT) is fault


def test_a_session_without_a_room_takes_everyone_to_the_web() -> None:
    assert way_in_session("venue", has_venue=False) == "web"
    assert way_in_session("venue", has_venue=True) == "venue"


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("{organisation} {name}", "青空第一労働組合 山瀬 春夫"),
        ("{organisation}_{name}({kana})", "青空第一労働組合_山瀬 春夫(ヤマセ ハルオ)"),
        ("{name} ({call_me})", "山瀬 春夫"),
        ("{ NAME }／{country}", "山瀬 春夫／JP"),
        ("{latin}/{organisation}", "YAMASE Haruo/青空第一労働組合"),
        ("所属と氏名", "所属と氏名 山瀬 春夫"),
        ("{unknown}", "山瀬 春夫"),
    ],
)
def test_ones_name_is_written_as_the_session_wants_it(pattern: str, written: str) -> None:
    known = {
        "name": "山瀬 春夫", "kana": "ヤマセ ハルオ", "latin": "YAMASE Haruo",
        "organisation": "青空第一労働組合", "country": "JP",
    }  # fmt: skip
    assert set(known) == set(PLACES)
    assert fill_name_format(pattern, known) == written


def test_what_is_not_known_leaves_no_marks_behind() -> None:
    assert fill_name_format("{organisation}_{name}（{kana}）", {"name": "Aminah"}) == "Aminah"


def test_a_format_with_a_place_that_cannot_be_filled_is_found() -> None:
    assert is_name_format("{organisation} {name}")
    assert is_name_format("Union, name")
    assert not is_name_format("{union} {name}")
    assert not is_name_format("{name")


def test_the_check_opens_as_the_day_before_begins_at_the_place() -> None:
    opens = check_opens_at(STARTS_AT, ZoneInfo("Asia/Tokyo"))
    assert opens == datetime.fromisoformat("2026-10-11T00:00:00+09:00")


RELEASE = ReleaseFacts(STARTS_AT, CLOSES_AT, has_link=True, is_cancelled=False, was_released=False)


@pytest.mark.parametrize(
    ("changes", "at", "fault"),
    [
        ({}, STARTS_AT - timedelta(hours=1), None),
        ({}, CLOSES_AT - timedelta(seconds=1), None),
        ({}, STARTS_AT - timedelta(hours=1, seconds=1), ReleaseFault.TOO_EARLY),
        ({}, CLOSES_AT, ReleaseFault.ENDED),
        ({"has_link": False}, STARTS_AT, ReleaseFault.NO_LINK),
        ({"is_cancelled": True}, STARTS_AT, ReleaseFault.CANCELLED),
        ({"was_released": True}, STARTS_AT, ReleaseFault.DONE),
    ],
)
def test_when_the_address_may_be_released(
    changes: dict[str, Any], at: datetime, fault: ReleaseFault | None
) -> None:
    assert judge_release(replace(RELEASE, **changes), at) is fault


@pytest.mark.parametrize(
    ("url", "service"),
    [
        ("https://us02web.zoom.us/j/1", "zoom"),
        ("https://zoom.us.evil.example/j/1", ""),
        ("https://teams.microsoft.com/l/meetup-join/x", "teams"),
        ("https://union.webex.com/meet/a", "webex"),
        ("https://meet.union.example/room", ""),
        ("", ""),
    ],
)
def test_a_service_is_known_by_its_host(url: str, service: str) -> None:
    assert service_of(url) == service


# --- changing over ------------------------------------------------------------------------------


def test_who_comes_to_the_room_changes_over_for_this_session_alone(world: World) -> None:
    key, other = world.add(venue_name=HALL), world.add(venue_name=HALL)
    world.enrol(world.cast.trainee, attending="venue")
    actor = world.cast.actor("trainee")
    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        join_live_session(actor, key, at=OPEN_AT)
    assert refused.value.code == JoinOutcome.IN_VENUE
    assert db.session.scalar(select(func.count()).select_from(JoinPress)) == 0

    with unit_of_work():
        assert switch_way(actor, key, "web", at=OPEN_AT)
    with unit_of_work():
        assert not switch_way(actor, key, "web", at=OPEN_AT)
    with unit_of_work():
        assert join_live_session(actor, key, at=OPEN_AT).url == CANARY_URL

    assert standing(world, key, "trainee") is Standing.WEB
    assert standing(world, other, "trainee") is Standing.VENUE
    roster = queries.list_roster(key, world.edition_id, OPEN_AT.date())
    assert [row.attending for row in roster] == ["web"]


def test_changing_back_leaves_nothing_behind(world: World) -> None:
    key = world.add(venue_name=HALL)
    world.enrol(world.cast.trainee, attending="venue")
    for way in ("web", "venue"):
        with unit_of_work():
            switch_way(world.cast.actor("trainee"), key, way, at=OPEN_AT)
    assert db.session.scalar(select(func.count()).select_from(SessionWay)) == 0


def test_the_room_gives_no_more_seats_than_it_has(world: World) -> None:
    key = world.add(venue_name=HALL, seats=1)
    world.enrol(world.cast.trainee, attending="venue")
    world.enrol(world.cast.overseas)
    world.enrol(world.cast.other_trainee, state="applied")
    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        switch_way(world.cast.actor("overseas"), key, "venue", at=OPEN_AT)
    assert refused.value.code == "venue_full"

    with unit_of_work():
        switch_way(world.cast.actor("trainee"), key, "web", at=OPEN_AT)
    with unit_of_work():
        assert switch_way(world.cast.actor("overseas"), key, "venue", at=OPEN_AT)
    with pytest.raises(LiveSessionRefusedError), unit_of_work():
        switch_way(world.cast.actor("trainee"), key, "venue", at=OPEN_AT)


def test_only_who_has_a_seat_changes_over_and_only_to_ways_there_are(world: World) -> None:
    key = world.add(venue_name=HALL)
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.other_trainee, state="applied")
    with pytest.raises(NotFoundError), unit_of_work():
        switch_way(world.cast.actor("stranger"), key, "web", at=OPEN_AT)
    for who in ("other_trainee", "organiser"):
        with pytest.raises(NotAdmittedError), unit_of_work():
            switch_way(world.cast.actor(who), key, "venue", at=OPEN_AT)
    with pytest.raises(SessionInputError), unit_of_work():
        switch_way(world.cast.actor("trainee"), key, "moon", at=OPEN_AT)


def test_web_only_today_lets_those_of_the_room_in(world: World) -> None:
    key = world.add(venue_name=HALL)
    world.enrol(world.cast.trainee, attending="venue")
    set_row(key, venue_name={}, venue_address={})
    with unit_of_work():
        assert join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT).url == CANARY_URL


def test_changing_over_on_the_page(world: World, sign_in: SignIn) -> None:
    key = world.add(venue_name=HALL, seats=1)
    world.enrol(world.cast.overseas, attending="venue")
    with time_machine.travel(OPEN_AT, tick=False):
        client = sign_in(world.cast.overseas)
        page = client.get(f"/live-sessions/{key}").text
        assert 'data-testid="go-to-venue"' in page
        assert 'data-testid="switch-web"' in page
        assert 'data-testid="join"' not in page
        assert client.post(f"/live-sessions/{key}/join").status_code == 409
        first = client.get("/my").text
        assert 'data-testid="switch-web"' in first

        answer = client.post(f"/live-sessions/{key}/way", data={"way": "web"})
        assert (answer.status_code, answer.location) == (303, f"/live-sessions/{key}")
        page = client.get(f"/live-sessions/{key}").text
        assert 'data-testid="join"' in page
        assert 'data-testid="switch-venue"' in page
        assert 'data-testid="join"' in client.get("/my").text

        world.enrol(world.cast.trainee, attending="venue")
        page = client.get(f"/live-sessions/{key}").text
        assert 'data-testid="venue-full"' in page
        assert 'data-testid="switch-venue"' not in page
        answer = client.post(f"/live-sessions/{key}/way", data={"way": "venue"})
        assert answer.status_code == 409
        assert "All seats at the venue are taken" in answer.text
        assert client.post(f"/live-sessions/{key}/way", data={"way": ""}).status_code == 422


def test_the_host_is_let_in_whatever_their_way(world: World, sign_in: SignIn) -> None:
    key = world.add(venue_name=HALL)
    set_row(key, host_id=world.cast.speaker.id)
    assert standing(world, key, "speaker") is Standing.HOST
    with time_machine.travel(OPEN_AT, tick=False):
        page = sign_in(world.cast.speaker).get(f"/live-sessions/{key}").text
        answer = sign_in(world.cast.speaker).post(f"/live-sessions/{key}/join")
    assert 'data-testid="host-sheet"' in page
    assert answer.location == CANARY_URL


# --- beside the button --------------------------------------------------------------------------


def test_the_page_says_how_to_write_ones_name(world: World, sign_in: SignIn) -> None:
    key = world.add(name_format={"ja": "{organisation}_{name}", "en": "{name} ({organisation})"})
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas)
    with time_machine.travel(OPEN_AT, tick=False):
        here = sign_in(world.cast.trainee).get(f"/live-sessions/{key}").text
        abroad = sign_in(world.cast.overseas).get(f"/live-sessions/{key}").text
    assert "青空第一労働組合_山瀬 春夫" in here
    assert "Aminah binti Salleh (Melati Workers&#39; Union)" in abroad
    assert 'data-testid="recorded-note"' in abroad
    assert "カメラ" in here


def test_without_a_format_the_own_name_stands(world: World) -> None:
    known = names_in_meeting(PersonId(world.cast.trainee.id), "ja", OPEN_AT, organisation=False)
    assert known["name"] == "山瀬 春夫"
    assert known["organisation"] == ""


# --- the check ----------------------------------------------------------------------------------


def test_the_check_opens_the_day_before(world: World, sign_in: SignIn) -> None:
    key = world.add(web_url="https://us02web.zoom.us/j/canary-4711")
    world.enrol(world.cast.overseas)
    early = datetime.fromisoformat("2026-10-10T23:59:00+09:00")
    with time_machine.travel(early, tick=False):
        client = sign_in(world.cast.overseas)
        page = client.get(f"/live-sessions/{key}/check")
        assert "<h1" in page.text
        assert 'data-testid="check-closed"' in page.text
        assert "connection.mjs" not in page.text
    with time_machine.travel(early + timedelta(minutes=1), tick=False):
        page = client.get(f"/live-sessions/{key}/check")
        assert 'data-testid="check-device"' in page.text
        assert 'data-place-zone="Asia/Tokyo"' in page.text
        assert 'data-own-zone="Asia/Kuala_Lumpur"' in page.text
        assert "https://zoom.us/test" in page.text
        assert "canary" not in page.text
        assert "microphone=(self)" in page.headers["Permissions-Policy"]
        other = client.get(f"/live-sessions/{key}")
        assert "microphone=()" in other.headers["Permissions-Policy"]
        assert 'data-testid="check-connection"' in other.text
    with time_machine.travel(CLOSES_AT, tick=False):
        assert client.get(f"/live-sessions/{key}/check").status_code == 404


def test_who_does_not_join_has_nothing_to_check(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.other_trainee, state="applied")
    with time_machine.travel(OPEN_AT, tick=False):
        for person in (world.cast.other_trainee, world.cast.stranger):
            assert sign_in(person).get(f"/live-sessions/{key}/check").status_code == 404


def test_the_clock_tells_the_time_to_anybody(client: FlaskClient) -> None:
    with time_machine.travel(OPEN_AT, tick=False):
        answer = client.get("/clock")
    assert answer.json == {"now": int(OPEN_AT.timestamp()) * 1000}
    assert "no-store" in answer.headers["Cache-Control"]


# --- the host's sheet and the release -------------------------------------------------------------


@pytest.fixture
def in_need(world: World) -> LiveSessionId:
    """A session in both ways with everyone around it, whose host is the front desk's person."""
    key = world.add(
        venue_name=HALL, dial_in="+81 3 0000 0000",
        speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),),
    )  # fmt: skip
    set_row(key, host_id=world.cast.front_desk.id)
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas, attending="venue")
    world.enrol(world.cast.other_trainee, state="applied")
    return key


def test_the_sheet_is_for_organisers_and_the_host_alone(
    world: World, in_need: LiveSessionId, sign_in: SignIn
) -> None:
    for who in ("organiser", "front_desk"):
        page = sign_in(getattr(world.cast, who)).get(f"/live-sessions/{in_need}/host-sheet")
        assert page.status_code == 200
        assert CANARY_URL in page.text
        assert CANARY_PASSCODE in page.text
        assert "+81 3 0000 0000" in page.text
        assert "山瀬 春夫" in page.text
        assert "Aminah" not in page.text
    for who in ("trainee", "speaker", "other_trainee", "coordinator", "auditor", "stranger"):
        client = sign_in(getattr(world.cast, who))
        assert client.get(f"/live-sessions/{in_need}/host-sheet").status_code == 404
        assert client.post(f"/live-sessions/{in_need}/release-address").status_code == 404
    assert db.session.scalar(select(func.count()).select_from(AddressRelease)) == 0


def test_the_address_is_released_once_to_those_admitted(
    app: Flask, world: World, in_need: LiveSessionId, sign_in: SignIn
) -> None:
    with time_machine.travel(STARTS_AT - timedelta(hours=2), tick=False):
        client = sign_in(world.cast.front_desk)
        early = client.post(f"/live-sessions/{in_need}/release-address")
        assert early.status_code == 409
    with time_machine.travel(OPEN_AT, tick=False):
        assert client.post(f"/live-sessions/{in_need}/release-address").status_code == 303
        again = client.post(f"/live-sessions/{in_need}/release-address")
        assert again.status_code == 409
        for _turn in range(2):
            _run(app, "tell_of_release")
        sheet = client.get(f"/live-sessions/{in_need}/host-sheet").text
    assert 'data-testid="released"' in sheet

    mails = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "address_released")
    ).all()
    cast = world.cast
    assert {mail.person_id for mail in mails} == {
        cast.trainee.id, cast.speaker.id, cast.front_desk.id,
    }  # fmt: skip
    assert len(mails) == 3
    for mail in mails:
        subject, body = render_text(mail, app.extensions["settings"])
        assert CANARY_URL in body
        assert CANARY_PASSCODE in body
        assert "canary" not in subject
        assert set(mail.params) >= {"secrets", "not_after"}
    [entry] = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "live_session.address_released")
    )
    assert entry.actor_id == cast.front_desk.id
    assert "canary" not in str(entry.details)


def _run(app: Flask, kind: str) -> None:
    """Run the job of a kind that waits, if any."""
    claim = claim_job([kind], "w", clock.now(), LEASE)
    if claim is not None:
        run_claim(claim, app.extensions["jobs"][kind], LEASE, threading.Event())


def test_who_changed_to_the_web_is_among_those_admitted(
    world: World, in_need: LiveSessionId
) -> None:
    with unit_of_work():
        switch_way(world.cast.actor("overseas"), in_need, "web", at=OPEN_AT)
    assert world.cast.overseas.id in admitted_ids(in_need)


def test_an_address_that_is_not_there_is_not_released(world: World) -> None:
    key = world.add(web_url="", web_passcode="", venue_name=HALL)
    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        release_address(world.organiser, key, at=OPEN_AT)
    assert refused.value.code == "no_link"


def test_hosts_hold_the_address_a_day_before_once_for_each_address(
    app: Flask, world: World, in_need: LiveSessionId
) -> None:
    tell = app.extensions["jobs"]["tell_hosts"]

    class Context:
        def phase(self, _permille: int) -> None:
            db.session.commit()

    def told() -> list[str | None]:
        rows = select(OutboxMail.person_id).where(OutboxMail.template == "host_sheet")
        return sorted(db.session.scalars(rows), key=str)

    with time_machine.travel(STARTS_AT - timedelta(hours=25), tick=False):
        tell(Context(), {})
        assert told() == []
    people = sorted([world.cast.organiser.id, world.cast.front_desk.id])
    with time_machine.travel(STARTS_AT - timedelta(hours=23), tick=False):
        tell(Context(), {})
        tell(Context(), {})
        assert told() == people
        set_row(in_need, web_url="https://meet.example/j/another")
        tell(Context(), {})
    assert told() == sorted(people * 2)
    mail = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == "host_sheet").order_by(OutboxMail.id)
    ).first()
    assert mail is not None
    _subject, body = render_text(mail, app.extensions["settings"])
    assert CANARY_URL in body
    assert "山瀬 春夫" in body


# --- a way of one's own ---------------------------------------------------------------------------


def _held(key: str, provider: str, room: str) -> None:
    with unit_of_work():
        db.session.add(
            ProviderMeeting(
                live_session_id=key, provider=provider, state="ready", meeting_id=room,
                join_url=CANARY_URL, created_at=OPEN_AT,
            )
        )  # fmt: skip


def test_the_press_leads_to_ones_own_link(world: World, sign_in: SignIn) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas)
    _held(key, "zoom", "857")
    with unit_of_work():
        db.session.add(
            PersonalLink(
                live_session_id=key, person_id=world.cast.trainee.id, meeting_id="857",
                registrant_id="r-1", join_url="https://zoom.example/w/857?tk=own",
                created_at=OPEN_AT,
            )
        )  # fmt: skip
    with time_machine.travel(OPEN_AT, tick=False):
        own = sign_in(world.cast.trainee).post(f"/live-sessions/{key}/join")
        plain = sign_in(world.cast.overseas).post(f"/live-sessions/{key}/join")
        page = sign_in(world.cast.trainee).get(f"/live-sessions/{key}").text
    assert own.location == "https://zoom.example/w/857?tk=own"
    assert plain.location == CANARY_URL
    assert "tk=own" not in page


def test_the_press_makes_a_token_for_the_room(
    app: Flask, world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "0123456789abcdef" * 2
    settings = replace(
        app.extensions["settings"],
        jitsi=JitsiSettings("https://meet.union.example", "tomoni", secret, subject="sub"),
    )
    monkeypatch.setitem(app.extensions, "settings", settings)
    key = world.add(name_format={"ja": "{organisation} {name}"})
    world.enrol(world.cast.trainee)
    _held(key, "jitsi", "tomoni-room")
    at = datetime.fromisoformat("2026-10-12T06:50:00+00:00")
    with time_machine.travel(at, tick=False):
        locations = [
            sign_in(person).post(f"/live-sessions/{key}/join").location
            for person in (world.cast.trainee, world.cast.organiser)
        ]
    claims = []
    for location in locations:
        assert location is not None
        assert re.match(r"https://meet\.union\.example/tomoni-room\?jwt=", location)
        [text] = parse_qs(urlsplit(location).query)["jwt"]
        claims.append(
            jwt.decode(
                text, secret, algorithms=["HS256"], audience="jitsi",
                options={"verify_exp": False, "verify_nbf": False},
            )
        )  # fmt: skip
    users = [one["context"]["user"] for one in claims]
    assert [(user["name"], user["moderator"]) for user in users] == [
        ("青空第一労働組合 山瀬 春夫", "false"), ("東和金属労働組合協議会 冬木 誠", "true"),
    ]  # fmt: skip
    assert {one["exp"] for one in claims} == {int(CLOSES_AT.timestamp())}
    assert {one["room"] for one in claims} == {"tomoni-room"}


def test_a_service_that_is_set_up_no_more_leaves_the_plain_address(
    world: World, sign_in: SignIn
) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    _held(key, "jitsi", "tomoni-room")
    with time_machine.travel(OPEN_AT, tick=False):
        answer = sign_in(world.cast.trainee).post(f"/live-sessions/{key}/join")
    assert answer.location == CANARY_URL
