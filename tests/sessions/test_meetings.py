"""Meetings that a service holds for a session: made, changed, failed, and who came."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from typing_extensions import override

from lms.config import ZoomSettings
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.models import LiveSession, PersonalLink, ProviderMeeting
from lms.sessions.operations import cancel_live_session, join_live_session
from lms.sessions.operations.meeting import MOST_TRIES, pause_after
from lms.sessions.providers import zoom as zoom_module
from tests.sessions.conftest import ENDS_AT, OPEN_AT, STARTS_AT, World
from tests.sessions.test_providers import CREATE, WANTED
from tests.sessions.zoom_server import Exchange, token, zoom_server

SignIn = Callable[[Person], FlaskClient]
Use = Callable[[ZoomSettings], None]
JOIN_URL = "https://example.zoom.us/j/85746065432?pwd=abc"
LOOKED = Exchange(
    "GET", "/v2/users/me/meetings?type=scheduled&page_size=300", answer={"meetings": []}
)


def made(key: str) -> Exchange:
    """Return the exchange of making a session's meeting."""
    body = {**WANTED, "agenda": f"tomoni:{key}"}
    return replace(CREATE, path="/v2/users/me/meetings", body=body)


@pytest.fixture
def use(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Return what sets a Zoom account up."""
    zoom_module._TOKENS._known.clear()

    def set_up(zoom: ZoomSettings) -> None:
        settings = replace(app.extensions["settings"], zoom=replace(zoom, host="me"))
        monkeypatch.setitem(app.extensions, "settings", settings)

    return set_up


def run(app: Flask, kind: str, at: datetime | None = None) -> bool:
    """Run the job of a kind that is due, if any."""
    claim = claim_job([kind], "w", at or clock.now(), LEASE)
    if claim is not None:
        run_claim(claim, app.extensions["jobs"][kind], LEASE, threading.Event())
    db.session.rollback()
    return claim is not None


def meeting_of(key: str) -> ProviderMeeting:
    found = db.session.scalar(
        select(ProviderMeeting)
        .where(ProviderMeeting.live_session_id == key)
        .execution_options(populate_existing=True)
    )
    assert found is not None
    return found


def web_url(key: str) -> str:
    url = db.session.scalar(select(LiveSession.web_url).where(LiveSession.id == key))
    assert url is not None
    return url


def choose(sign_in: SignIn, world: World, key: str, provider: str) -> int:
    client = sign_in(world.cast.organiser)
    answer = client.post(f"/desk/sessions/{key}/meeting", data={"provider": provider})
    return answer.status_code


def state_of(sign_in: SignIn, world: World, key: str) -> str:
    answer = sign_in(world.cast.organiser).get(f"/desk/sessions/{key}/meeting")
    assert answer.status_code == 200
    return answer.text


def test_zoom_holds_the_meeting_and_gives_everyone_a_link(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add(web_url="", web_passcode="")
    trainee = world.enrol(world.cast.trainee)
    registered = Exchange(
        "POST", "/v2/meetings/85746065432/registrants", status=201,
        body={"email": "trainee@demo.example", "first_name": "山瀬 春夫", "language": "ja-JP",
              "auto_approve": True},
        answer={"registrant_id": "r-1", "join_url": "https://example.zoom.us/w/1?tk=own"},
    )  # fmt: skip
    at = STARTS_AT - timedelta(days=1)
    with (
        zoom_server(token(), LOOKED, made(key), registered) as server,
        time_machine.travel(at, tick=False),
    ):
        use(server.settings)
        assert choose(sign_in, world, key, "zoom") == 303
        assert web_url(key) == ""
        assert run(app, "sync_meeting")
        assert web_url(key) == JOIN_URL
        assert meeting_of(key).state == "ready"
        app.extensions["jobs"]["sync_meetings"](_Ticking(), {})
        assert run(app, "register_people")
        server.check()
        page = state_of(sign_in, world, key)
    assert "Zoom" in page
    assert "85746065432?pwd" not in page
    with unit_of_work():
        way_in = join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT)
    assert way_in.personal_url == "https://example.zoom.us/w/1?tk=own"
    link = db.session.scalars(select(PersonalLink)).one()
    assert (link.person_id, link.registrant_id) == (trainee, "r-1")


class _Ticking:
    """The context of a job that is asked by hand."""

    def phase(self, _permille: int) -> None:
        db.session.commit()

    def finish(self) -> AbstractContextManager[None]:
        return unit_of_work()


def test_an_outage_leaves_the_plain_address_and_is_asked_again(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add()
    world.enrol(world.cast.trainee)
    plain = web_url(key)
    busy = replace(made(key), status=429, answer=None, headers={"Retry-After": "600"})
    at = STARTS_AT - timedelta(hours=2)
    with zoom_server(token(), LOOKED, busy, LOOKED, made(key)) as server:
        use(server.settings)
        with time_machine.travel(at, tick=False):
            choose(sign_in, world, key, "zoom")
            run(app, "sync_meeting")
            assert (meeting_of(key).state, meeting_of(key).fault) == ("wanted", "busy")
            page = state_of(sign_in, world, key)
            assert 'data-testid="meeting-state"' in page
            with unit_of_work():
                assert join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT).url == plain
            assert not run(app, "sync_meeting", at + timedelta(seconds=599))
        with time_machine.travel(at + timedelta(seconds=601), tick=False):
            assert run(app, "sync_meeting")
        server.check()
    assert (meeting_of(key).state, meeting_of(key).fault) == ("ready", "")
    assert web_url(key) == plain  # what people have in hand is not changed under them


def test_it_is_given_up_after_so_many_tries_and_asked_again_by_hand(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add()
    down = replace(made(key), status=503, answer=None)
    with zoom_server(token(), *[LOOKED, down] * MOST_TRIES) as server:
        use(server.settings)
        at = STARTS_AT - timedelta(days=2)
        with time_machine.travel(at, tick=False):
            choose(sign_in, world, key, "zoom")
        for _turn in range(MOST_TRIES):
            at += timedelta(hours=1, minutes=1)
            with time_machine.travel(at, tick=False):
                assert run(app, "sync_meeting")
        server.check()
        assert meeting_of(key).state == "failed"
        with time_machine.travel(at, tick=False):
            assert 'data-testid="choose-zoom"' in state_of(sign_in, world, key)
            assert choose(sign_in, world, key, "zoom") == 303
            assert meeting_of(key).state == "wanted"


@pytest.mark.parametrize(("tries", "seconds"), [(1, 30), (2, 120), (3, 480), (9, 3600)])
def test_the_pauses_grow(tries: int, seconds: int) -> None:
    assert pause_after(tries, None) == timedelta(seconds=seconds)
    assert pause_after(tries, timedelta(hours=3)) == timedelta(hours=3)


def test_a_refusal_is_not_tried_again(app: Flask, world: World, sign_in: SignIn, use: Use) -> None:
    key = world.add(web_url="", web_passcode="")
    refused = replace(made(key), status=400, answer={"code": 300, "message": "No."})
    with zoom_server(token(), LOOKED, refused) as server, time_machine.travel(OPEN_AT, tick=False):
        use(server.settings)
        choose(sign_in, world, key, "zoom")
        assert run(app, "sync_meeting")
        assert not run(app, "sync_meeting", OPEN_AT + timedelta(days=1))
        page = state_of(sign_in, world, key)
    assert (meeting_of(key).state, meeting_of(key).fault) == ("failed", "refused")
    assert 'data-testid="choose-zoom"' in page


def test_a_moved_session_is_moved_there_and_a_cancelled_one_taken_away(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add()
    patched = Exchange(
        "PATCH", "/v2/meetings/85746065432", status=204, body={**made(key).body, "topic": "移動"}
    )
    gone = Exchange("DELETE", "/v2/meetings/85746065432?schedule_for_reminder=false", status=204)
    at = STARTS_AT - timedelta(days=5)
    with (
        zoom_server(token(), LOOKED, made(key), patched, gone) as server,
        time_machine.travel(at, tick=True),
    ):
        use(server.settings)
        choose(sign_in, world, key, "zoom")
        run(app, "sync_meeting")
        app.extensions["jobs"]["sync_meetings"](_Ticking(), {})
        assert not run(app, "sync_meeting")  # nothing is different
        with unit_of_work():
            db.session.get_one(LiveSession, key).title = {"ja": "移動"}
        app.extensions["jobs"]["sync_meetings"](_Ticking(), {})
        assert run(app, "sync_meeting")
        with unit_of_work():
            cancel_live_session(world.organiser, key, at=clock.now())
        app.extensions["jobs"]["sync_meetings"](_Ticking(), {})
        assert run(app, "sync_meeting")
        server.check()
    assert meeting_of(key).state == "removed"


def test_a_worker_that_dies_before_it_writes_makes_no_second_meeting(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add(web_url="", web_passcode="")
    agenda = f"tomoni:{key}"
    found = replace(LOOKED, answer={"meetings": [{"id": 85746065432, "agenda": agenda}]})
    known = Exchange("GET", "/v2/meetings/85746065432", answer={**CREATE.answer, "agenda": agenda})
    same = Exchange("PATCH", "/v2/meetings/85746065432", status=204, body=made(key).body)
    at = STARTS_AT - timedelta(days=1)
    exchanges = (token(), LOOKED, made(key), found, known, same)
    with zoom_server(*exchanges) as server, time_machine.travel(at, tick=False):
        use(server.settings)
        assert choose(sign_in, world, key, "zoom") == 303
        with pytest.raises(SystemExit):  # the service has answered; nothing is written
            app.extensions["jobs"]["sync_meeting"](_Dying(), {"live_session_id": key, "tries": 0})
        db.session.rollback()
        assert web_url(key) == ""
        assert run(app, "sync_meeting")
        server.check()
    assert web_url(key) == JOIN_URL
    assert meeting_of(key).state == "ready"


class _Dying(_Ticking):
    """The context of a job whose worker dies before the answer is written down."""

    @override
    def finish(self) -> AbstractContextManager[None]:
        raise SystemExit


def test_one_cancelled_meanwhile_is_looked_for_and_taken_away(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add(web_url="", web_passcode="")
    agenda = f"tomoni:{key}"
    found = replace(LOOKED, answer={"meetings": [{"id": 85746065432, "agenda": agenda}]})
    known = Exchange("GET", "/v2/meetings/85746065432", answer={**CREATE.answer, "agenda": agenda})
    gone = Exchange("DELETE", "/v2/meetings/85746065432?schedule_for_reminder=false", status=204)
    at = STARTS_AT - timedelta(days=1)
    with (
        zoom_server(token(), found, known, gone) as server,
        time_machine.travel(at, tick=False),
    ):
        use(server.settings)
        choose(sign_in, world, key, "zoom")
        with unit_of_work():
            cancel_live_session(world.organiser, key, at=clock.now())
        assert run(app, "sync_meeting")
        server.check()
    assert meeting_of(key).state == "removed"


def test_a_meeting_given_up_is_not_taken_for_the_new_one(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add(web_url="", web_passcode="")
    old = replace(LOOKED, answer={"meetings": [{"id": 85746065432, "agenda": f"tomoni:{key}"}]})
    at = STARTS_AT - timedelta(days=1)
    with (
        zoom_server(token(), LOOKED, made(key), old, made(f"{key}-1")) as server,
        time_machine.travel(at, tick=True),
    ):
        use(server.settings)
        choose(sign_in, world, key, "zoom")
        assert run(app, "sync_meeting")
        choose(sign_in, world, key, "")
        choose(sign_in, world, key, "zoom")
        assert run(app, "sync_meeting")
        server.check()
    assert meeting_of(key).generation == 1


def test_who_came_is_read_from_zoom_and_counts(
    app: Flask, world: World, sign_in: SignIn, use: Use
) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    with unit_of_work():
        db.session.add(
            ProviderMeeting(
                live_session_id=key, provider="zoom", state="ready", meeting_id="857",
                created_at=OPEN_AT,
            )
        )  # fmt: skip
        db.session.add(
            PersonalLink(
                live_session_id=key, person_id=trainee, meeting_id="857", registrant_id="r-1",
                join_url="https://zoom.example/w", created_at=OPEN_AT,
            )
        )  # fmt: skip
    asked = "participants?page_size=300&include_fields=registrant_id"
    with zoom_server(
        token(),
        Exchange(
            "GET", "/v2/past_meetings/857/instances",
            answer={"meetings": [{"uuid": "u==", "start_time": "2026-10-12T06:58:00Z"}]},
        ),
        Exchange(
            "GET", f"/v2/report/meetings/u%3D%3D/{asked}",
            answer={"next_page_token": "", "participants": [
                {"name": "haru", "user_email": "", "registrant_id": "r-1", "duration": 5400,
                 "join_time": "2026-10-12T07:00:00Z", "leave_time": "2026-10-12T08:30:00Z",
                 "status": "in_meeting"},
            ]},
        ),
    ) as server, time_machine.travel(ENDS_AT + timedelta(minutes=40), tick=False):  # fmt: skip
        use(server.settings)
        answer = sign_in(world.cast.organiser).post(f"/desk/sessions/{key}/meeting/attendance")
        assert answer.status_code == 303
        assert run(app, "fetch_attendance")
        server.check()
        page = state_of(sign_in, world, key)
    assert 'data-testid="fetch-fault"' not in page
    assert meeting_of(key).fetched_at is not None
    decided = queries.attendance_of([key], trainee)[key]
    assert (decided.status, decided.way) == ("present", "web")


def test_there_is_nothing_to_read_before_the_session(world: World, sign_in: SignIn) -> None:
    key = world.add()
    with time_machine.travel(OPEN_AT, tick=False):
        client = sign_in(world.cast.organiser)
        answer = client.post(f"/desk/sessions/{key}/meeting/attendance")
    assert answer.status_code == 409


def test_a_service_that_is_not_set_up_is_not_taken(world: World, sign_in: SignIn) -> None:
    key = world.add()
    for name in ("zoom", "nonsense"):
        assert choose(sign_in, world, key, name) == 422
    page = state_of(sign_in, world, key)
    assert 'data-testid="no-service"' in page
    assert "<h1" in page
