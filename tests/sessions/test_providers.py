"""Meeting services, byte for byte after their published documentation."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lms.config import ConfigError, JitsiSettings, Settings, load_settings
from lms.sessions.providers import (
    Guest,
    Jitsi,
    MeetingPlan,
    Registration,
    ServiceFault,
    ServiceRefusedError,
    ServiceUnavailableError,
    Zoom,
    find_service,
    list_services,
    report_from_zoom,
)
from lms.sessions.providers import zoom as zoom_module
from lms.sessions.providers.web import pause_of
from lms.sessions.providers.zoom import encode_uuid
from lms.sessions.rules.reports import read_report
from tests.sessions.zoom_server import Exchange, token, zoom_server

pytestmark = pytest.mark.sqlite_only

AT = datetime(2026, 10, 12, 6, 50, tzinfo=UTC)
PLAN = MeetingPlan(
    key="01JA0000000000000000000000",
    title="第4部 Web懇談会",
    starts_at=datetime(2026, 10, 12, 7, 0, tzinfo=UTC),
    ends_at=datetime(2026, 10, 12, 8, 30, tzinfo=UTC),
    timezone="Asia/Tokyo",
)
GUEST = Guest("p1", "青空第一労働組合 山瀬 春夫", "haruo@demo.example", "ja")
AGENDA = f"tomoni:{PLAN.key}"
WANTED = {
    "topic": "第4部 Web懇談会",
    "agenda": AGENDA,
    "type": 2,
    "start_time": "2026-10-12T07:00:00Z",
    "duration": 90,
    "timezone": "Asia/Tokyo",
    "settings": {
        "approval_type": 0,
        "registration_type": 1,
        "registrants_confirmation_email": False,
        "registrants_email_notification": False,
        "join_before_host": False,
        "auto_recording": "none",
        "participant_video": False,
    },
}
MADE = {
    "uuid": "aDYlohsHRtCd4ii1uC2+hA==", "id": 85746065432, "host_id": "30R7kT7bTIKSNUFEuH_Qlg",
    "topic": "第4部 Web懇談会", "type": 2, "status": "waiting", "password": "3Gx7Lq",
    "start_url": "https://example.zoom.us/s/85746065432?zak=secret",
    "join_url": "https://example.zoom.us/j/85746065432?pwd=abc",
}  # fmt: skip
CREATE = Exchange(
    "POST", "/v2/users/host@union.example/meetings", body=WANTED, answer=MADE, status=201
)


@pytest.fixture(autouse=True)
def _no_tokens() -> Iterator[None]:
    """Every test begins without a token."""
    zoom_module._TOKENS._known.clear()
    yield
    zoom_module._TOKENS._known.clear()


# --- Zoom ---------------------------------------------------------------------------------------


def test_a_meeting_is_made_changed_and_taken_away_with_one_token() -> None:
    moved = MeetingPlan(
        PLAN.key, "Moved", PLAN.starts_at + timedelta(hours=1),
        PLAN.ends_at + timedelta(hours=1, seconds=30), "Asia/Tokyo",
    )  # fmt: skip
    with zoom_server(
        token(),
        CREATE,
        Exchange(
            "PATCH", "/v2/meetings/85746065432", status=204,
            body={
                **WANTED, "topic": "Moved", "start_time": "2026-10-12T08:00:00Z", "duration": 91,
            },
        ),
        Exchange("DELETE", "/v2/meetings/85746065432?schedule_for_reminder=false", status=204),
    ) as server:  # fmt: skip
        zoom = Zoom(server.settings)
        held = zoom.create_meeting(PLAN)
        zoom.update_meeting(held.id, moved)
        Zoom(server.settings).delete_meeting(held.id)
        server.check()

    assert (held.id, held.join_url, held.passcode) == (
        "85746065432", "https://example.zoom.us/j/85746065432?pwd=abc", "3Gx7Lq",
    )  # fmt: skip


LIST = "/v2/users/host@union.example/meetings?type=scheduled&page_size=300"


def listed(number: int, agenda: str) -> dict[str, Any]:
    """Return a meeting as Zoom's list gives it: without its passcode."""
    return {
        "uuid": "x==", "id": number, "host_id": "30R7kT7bTIKSNUFEuH_Qlg", "topic": "Any",
        "type": 2, "start_time": "2026-10-12T07:00:00Z", "duration": 90, "timezone": "Asia/Tokyo",
        "agenda": agenda, "created_at": "2026-10-01T00:00:00Z",
        "join_url": f"https://example.zoom.us/j/{number}?pwd=abc",
    }  # fmt: skip


def test_a_meeting_made_before_is_found_by_our_own_mark_on_every_page() -> None:
    first = {"page_size": 300, "next_page_token": "n/2", "meetings": [listed(1, "Weekly"), {}]}
    second = {"page_size": 300, "next_page_token": "", "meetings": [listed(85746065432, AGENDA)]}
    with zoom_server(
        token(),
        Exchange("GET", LIST, answer=first),
        Exchange("GET", f"{LIST}&next_page_token=n%2F2", answer=second),
        Exchange("GET", "/v2/meetings/85746065432", answer={**MADE, "agenda": AGENDA}),
    ) as server:
        held = Zoom(server.settings).find_meeting(PLAN)
        server.check()

    assert held is not None
    assert (held.id, held.passcode) == ("85746065432", "3Gx7Lq")


def test_what_is_not_ours_or_gone_since_is_not_found() -> None:
    gone = Exchange("GET", "/v2/meetings/7", status=404, answer={"code": 3001, "message": "x"})
    other = [listed(5, f"{AGENDA}-1"), listed(6, ""), {"id": 8, "agenda": None}]
    with zoom_server(
        token(),
        Exchange("GET", LIST, answer={"meetings": other}),
        Exchange("GET", LIST, answer={"meetings": [listed(7, AGENDA)]}),
        gone,
    ) as server:
        zoom = Zoom(server.settings)
        assert zoom.find_meeting(PLAN) is None
        assert zoom.find_meeting(PLAN) is None
        server.check()


def test_a_token_is_asked_for_again_once_it_has_run_out() -> None:
    with zoom_server(
        token("token-1", lasts=60), CREATE, token("token-2"),
        Exchange("DELETE", "/v2/meetings/1?schedule_for_reminder=false", status=204,
                 token="token-2"),
    ) as server:  # fmt: skip
        Zoom(server.settings).create_meeting(PLAN)
        Zoom(server.settings).delete_meeting("1")
        server.check()


def test_a_token_that_is_not_taken_any_more_is_renewed_once() -> None:
    refused = {"code": 124, "message": "Invalid access token."}
    delete = "/v2/meetings/1?schedule_for_reminder=false"
    with zoom_server(
        token(),
        Exchange("DELETE", delete, answer=refused, status=401),
        token("token-2"),
        Exchange("DELETE", delete, answer=refused, status=401, token="token-2"),
    ) as server:
        with pytest.raises(ServiceRefusedError) as caught:
            Zoom(server.settings).delete_meeting("1")
        server.check()
    assert caught.value.fault is ServiceFault.CREDENTIALS


def test_wrong_credentials_are_no_reason_to_try_again() -> None:
    wrong = Exchange(
        "POST", "/oauth/token", body=token().body, status=400,
        answer={"reason": "Invalid client_id or client_secret", "error": "invalid_client"},
    )  # fmt: skip
    with zoom_server(wrong) as server, pytest.raises(ServiceRefusedError):
        Zoom(server.settings).create_meeting(PLAN)


def test_people_are_registered_and_taken_off() -> None:
    with zoom_server(
        token(),
        Exchange(
            "POST", "/v2/meetings/85746065432/registrants", status=201,
            body={
                "email": "haruo@demo.example", "first_name": "青空第一労働組合 山瀬 春夫",
                "language": "ja-JP", "auto_approve": True,
            },
            answer={
                "id": 85746065432, "registrant_id": "fdgsfh2ey82fuh", "topic": "My Meeting",
                "start_time": "2026-10-12T07:00:00Z",
                "join_url": "https://example.zoom.us/w/85746065432?tk=personal",
            },
        ),
        Exchange(
            "PUT", "/v2/meetings/85746065432/registrants/status", status=204,
            body={
                "action": "cancel",
                "registrants": [{"id": "fdgsfh2ey82fuh", "email": "haruo@demo.example"}],
            },
        ),
    ) as server:  # fmt: skip
        zoom = Zoom(server.settings)
        found = zoom.register("85746065432", GUEST)
        zoom.cancel_registration("85746065432", "fdgsfh2ey82fuh", "haruo@demo.example")
        server.check()
    assert found == Registration(
        "fdgsfh2ey82fuh", "https://example.zoom.us/w/85746065432?tk=personal"
    )


def test_who_has_no_address_is_not_registered() -> None:
    with zoom_server() as server:
        assert Zoom(server.settings).register("1", Guest("p", "Aminah")) is None
        server.check()


@pytest.mark.parametrize(
    ("uuid", "written"),
    [
        ("aDYlohsHRtCd4ii1uC2+hA==", "aDYlohsHRtCd4ii1uC2%2BhA%3D%3D"),
        ("a/b==", "a%2Fb%3D%3D"),
        ("/ajXp112QmuoKj4854875==", "%252FajXp112QmuoKj4854875%253D%253D"),
        ("a//b==", "a%252F%252Fb%253D%253D"),
    ],
)
def test_the_id_of_an_occurrence_is_encoded_twice_where_zoom_wants_it(
    uuid: str, written: str
) -> None:
    assert encode_uuid(uuid) == written


def _person(name: str, joined: str, left: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "30R7kT7bTIKSNUFEuH_Qlg", "user_id": "27423744", "name": name, "user_email": "",
        "join_time": joined, "leave_time": left, "duration": 60, "failover": False,
        "status": "in_meeting", **more,
    }  # fmt: skip


def test_attendance_is_read_from_every_occurrence_and_every_page() -> None:
    first, second = "/ajXp112QmuoKj4854875==", "aDYlohsHRtCd4ii1uC2+hA=="
    asked = "participants?page_size=300&include_fields=registrant_id"
    haruo = {"user_email": "Haruo@demo.example", "registrant_id": "fdgsfh2ey82fuh"}
    with zoom_server(
        token(),
        Exchange(
            "GET", "/v2/past_meetings/85746065432/instances",
            answer={"meetings": [
                {"uuid": second, "start_time": "2026-10-12T07:40:00Z"},
                {"uuid": first, "start_time": "2026-10-12T06:55:00Z"},
            ]},
        ),
        Exchange(
            "GET", f"/v2/report/meetings/%252FajXp112QmuoKj4854875%253D%253D/{asked}",
            answer={
                "next_page_token": "IAfJX3js+W7", "page_count": 2, "page_size": 300,
                "participants": [
                    _person("山瀬 春夫", "2026-10-12T07:00:00Z", "2026-10-12T07:30:00Z", **haruo),
                ],
            },
        ),
        Exchange(
            "GET",
            f"/v2/report/meetings/%252FajXp112QmuoKj4854875%253D%253D/{asked}"
            "&next_page_token=IAfJX3js%2BW7",
            answer={"next_page_token": "", "participants": [
                _person("Aminah", "2026-10-12T07:05:00Z", "2026-10-12T07:25:00Z"),
                _person("Wait", "2026-10-12T07:05:00Z", "2026-10-12T07:06:00Z",
                        status="in_waiting_room", user_email="w@demo.example"),
            ]},
        ),
        Exchange(
            "GET", f"/v2/report/meetings/aDYlohsHRtCd4ii1uC2%2BhA%3D%3D/{asked}",
            answer={"next_page_token": "", "participants": [
                _person("山瀬 春夫", "2026-10-12T07:20:00Z", "2026-10-12T08:30:00Z", **haruo),
            ]},
        ),
    ) as server:  # fmt: skip
        file = Zoom(server.settings).fetch_attendance("85746065432", '第4部, "Web"')
        server.check()

    assert file is not None
    report = read_report(file, zone="UTC")
    assert (report.service, report.meeting.id, report.meeting.title) == (
        "zoom", "85746065432", '第4部, "Web"',
    )  # fmt: skip
    found = {one.name: one for one in report.people}
    assert set(found) == {"山瀬 春夫", "Aminah"}
    assert found["山瀬 春夫"].registrant_id == "fdgsfh2ey82fuh"
    assert found["山瀬 春夫"].email == "haruo@demo.example"
    assert found["山瀬 春夫"].minutes == 90  # what overlaps counts once
    assert found["Aminah"].minutes == 20


def test_what_was_fetched_is_understood_as_a_file_is() -> None:
    people = [
        _person(
            "=1+1", "2026-10-12T07:00:00Z", "2026-10-12T07:30:00+00:00", user_email="A@B.example"
        ),
        _person("No time", "soon", "", duration="x", user_email="n@b.example"),
    ]
    report = report_from_zoom("1", "T", people)
    assert [(one.email, one.minutes) for one in report.people if one.intervals] == [
        ("a@b.example", 30)
    ]


@pytest.mark.parametrize(
    ("exchange", "fault", "pause"),
    [
        (Exchange("", "", status=429, headers={"Retry-After": "90"}), "busy", 90),
        (Exchange("", "", status=429), "busy", None),
        (Exchange("", "", status=503, headers={"Retry-After": "5"}), "down", 5),
        (Exchange("", "", status=500, raw=b"<html>"), "down", None),
        (Exchange("", "", status=200, raw=b"<html>"), "down", None),
        (Exchange("", "", status=200, raw=b"[1]"), "down", None),
        (Exchange("", "", status=201, answer={"id": None}), "down", None),
        (Exchange("", "", hangs=1.5, answer=MADE), "unreachable", None),
    ],
)
def test_what_may_pass_is_told_from_what_does_not(
    exchange: Exchange, fault: str, pause: int | None
) -> None:
    asked = Exchange(
        CREATE.method, CREATE.path, CREATE.body, exchange.answer, exchange.status,
        exchange.headers, raw=exchange.raw, hangs=exchange.hangs,
    )  # fmt: skip
    with zoom_server(token(), asked) as server:
        with pytest.raises(ServiceUnavailableError) as caught:
            Zoom(server.settings).create_meeting(PLAN)
        server.check()
    assert caught.value.fault.value == fault
    assert caught.value.retry_after == (None if pause is None else timedelta(seconds=pause))


def test_nobody_listens() -> None:
    with zoom_server() as server:
        settings = server.settings
    with pytest.raises(ServiceUnavailableError) as caught:
        Zoom(settings).create_meeting(PLAN)
    assert caught.value.fault is ServiceFault.UNREACHABLE


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, 300, ServiceFault.REFUSED),
        (403, 0, ServiceFault.CREDENTIALS),
        (404, 1001, ServiceFault.MISSING),
        (302, 0, ServiceFault.REFUSED),
    ],
)
def test_a_refusal_is_kept_with_its_number(status: int, code: int, fault: ServiceFault) -> None:
    refused = Exchange(
        CREATE.method, CREATE.path, WANTED, {"code": code, "message": "No."}, status,
        {"Location": "https://elsewhere.example/"} if status == 302 else {},
    )  # fmt: skip
    with zoom_server(token(), refused) as server:
        with pytest.raises(ServiceRefusedError) as caught:
            Zoom(server.settings).create_meeting(PLAN)
        server.check()
    assert (caught.value.fault, caught.value.status, caught.value.code) == (fault, status, code)


def test_a_meeting_that_is_gone_is_taken_away() -> None:
    gone = {"code": 3001, "message": "Meeting does not exist: 1."}
    with zoom_server(
        token(),
        Exchange("DELETE", "/v2/meetings/1?schedule_for_reminder=false", answer=gone, status=404),
    ) as server:
        Zoom(server.settings).delete_meeting("1")
        server.check()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Mon, 12 Oct 2026 06:51:00 GMT", 60),
        ("2026-10-12T06:52:00Z", 120),
        ("Mon, 12 Oct 2026 06:49:00 GMT", None),
        ("99999999999", 7 * 86_400),
        ("soon", None),
        ("", None),
    ],
)
def test_the_pause_that_a_service_names(text: str, seconds: int | None) -> None:
    assert pause_of(text, AT) == (None if seconds is None else timedelta(seconds=seconds))


# --- Jitsi --------------------------------------------------------------------------------------

SECRET = "s" * 16 + "0123456789abcdef"
OPENS, CLOSES = AT - timedelta(minutes=5), AT + timedelta(hours=2)


def _read(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _token_of(url: str) -> tuple[str, str, str]:
    [text] = parse_qs(urlsplit(url).query)["jwt"]
    head, body, signature = text.split(".")
    return head, body, signature


def test_a_room_opens_to_a_token_for_one_person_signed_by_our_secret() -> None:
    jitsi = Jitsi(
        JitsiSettings("https://meet.union.example", "tomoni", SECRET, subject="meet.union.example")
    )
    held = jitsi.create_meeting(PLAN)
    url = jitsi.personal_url(
        held.id, Guest("p1", "山瀬 春夫", moderates=True), opens_at=OPENS, closes_at=CLOSES
    )

    assert held.join_url == "https://meet.union.example/tomoni-01ja0000000000000000000000"
    assert url.startswith(held.join_url + "?jwt=")
    head, body, signature = _token_of(url)
    assert _read(head) == {"alg": "HS256", "typ": "JWT"}
    assert _read(body) == {
        "iss": "tomoni",
        "aud": "jitsi",
        "sub": "meet.union.example",
        "room": "tomoni-01ja0000000000000000000000",
        "nbf": int(OPENS.timestamp()),
        "exp": int(CLOSES.timestamp()),
        "context": {
            "user": {
                "id": "p1", "name": "山瀬 春夫", "moderator": "true", "affiliation": "owner",
            }
        },
    }  # fmt: skip
    mac = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert signature == base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def test_a_token_is_signed_by_a_private_key_that_the_server_knows_by_its_id() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()  # fmt: skip
    jitsi = Jitsi(
        JitsiSettings(
            "https://8x8.example/tenant-1", "chat", private_key=pem, key_id="tenant-1/4f4910",
            subject="tenant-1",
        )
    )  # fmt: skip
    url = jitsi.personal_url("room 1", Guest("p2", "Aminah"), opens_at=OPENS, closes_at=CLOSES)

    assert url.startswith("https://8x8.example/tenant-1/room%201?jwt=")
    head, body, signature = _token_of(url)
    assert _read(head) == {"alg": "RS256", "typ": "JWT", "kid": "tenant-1/4f4910"}
    assert _read(body)["context"]["user"]["moderator"] == "false"
    signed = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(signed, f"{head}.{body}".encode(), padding.PKCS1v15(), hashes.SHA256())


# --- what is set up -----------------------------------------------------------------------------

ZOOM_ENV = {
    "TOMONI_ZOOM_ACCOUNT_ID": "a", "TOMONI_ZOOM_CLIENT_ID": "c", "TOMONI_ZOOM_CLIENT_SECRET": "s",
}  # fmt: skip


@pytest.fixture
def env(tmp_path: Any) -> dict[str, str]:
    return {"TOMONI_VAR": str(tmp_path), "TOMONI_SECRET_KEY": "k" * 40}


def test_nothing_is_set_up_unless_told(env: dict[str, str]) -> None:
    settings = load_settings(env)
    assert list_services(settings) == ()
    assert find_service("zoom", settings) is None
    assert find_service("", settings) is None


def test_services_are_set_up_by_the_environment(env: dict[str, str]) -> None:
    settings: Settings = load_settings(
        {
            **env, **ZOOM_ENV, "TOMONI_ZOOM_REGISTERS": "0",
            "TOMONI_JITSI_URL": "https://meet.union.example/", "TOMONI_JITSI_APP_ID": "tomoni",
            "TOMONI_JITSI_SECRET": SECRET,
        }
    )  # fmt: skip
    assert list_services(settings) == ("zoom", "jitsi")
    assert settings.zoom is not None
    assert settings.zoom.registers is False
    assert settings.jitsi is not None
    assert settings.jitsi.base_url == "https://meet.union.example"
    assert settings.jitsi.subject == "meet.union.example"
    assert isinstance(find_service("jitsi", settings), Jitsi)
    assert isinstance(find_service("zoom", settings), Zoom)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"TOMONI_ZOOM_CLIENT_ID": "c"}, "TOMONI_ZOOM_ACCOUNT_ID"),
        ({**ZOOM_ENV, "TOMONI_ZOOM_API_URL": "api.zoom.us"}, "TOMONI_ZOOM_API_URL"),
        ({"TOMONI_JITSI_URL": "https://m.example"}, "TOMONI_JITSI_APP_ID"),
        (
            {"TOMONI_JITSI_URL": "https://m.example", "TOMONI_JITSI_APP_ID": "a"},
            "TOMONI_JITSI_SECRET",
        ),
        (
            {
                "TOMONI_JITSI_URL": "https://m.example", "TOMONI_JITSI_APP_ID": "a",
                "TOMONI_JITSI_SECRET": "short",
            },
            "TOMONI_JITSI_SECRET",
        ),
        (
            {
                "TOMONI_JITSI_URL": "https://m.example", "TOMONI_JITSI_APP_ID": "a",
                "TOMONI_JITSI_KEY_FILE": "/nowhere",
            },
            "TOMONI_JITSI_KEY_FILE",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_does_not_fit_stops_the_start(
    env: dict[str, str], more: dict[str, str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        load_settings({**env, **more})
