"""What goes with every answer: policy, cookies, caching; and where nobody is sent."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextvars import Context
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.app import create_app
from lms.config import Settings
from lms.infra.db import db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.infra.mail.rendering import render_text
from lms.infra.web.access import PUBLIC, access
from lms.infra.web.assets import asset
from lms.people.models import Person
from lms.people.operations import hash_password
from tests.conftest import Cast

SignIn = Callable[[Person], FlaskClient]
PASSWORD = "a long made-up phrase 7"

ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example",
    "\\\\evil.example", "http:evil.example", "javascript:alert(1)", "/\t/evil.example",
    "https:/evil.example", "/my\r\nSet-Cookie: a=b", "data:text/html,x", "evil.example",
    " //evil.example", "/\u2028/evil.example", "//evil.example\\@localhost/",
)  # fmt: skip


@pytest.fixture
def secure_app(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The application as it runs under an https address, on the same database."""
    del app
    https = dataclasses.replace(
        settings, base_url="https://learn.example", secure_cookies=True, testing=False
    )
    secure = create_app(https)
    secure.config["WTF_CSRF_ENABLED"] = False
    yield secure
    with secure.app_context():
        db.session.remove()
        db.engine.dispose()


def _give_password(person: Person, settings: Settings) -> None:
    with unit_of_work():
        db.session.get_one(Person, person.id).password_hash = hash_password(
            PASSWORD, settings.password_cost
        )


def _policy(csp: str) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in csp.split(";")]
    return {name: value for name, _space, value in parts}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/courses", 200),
        ("GET", "/sign-in", 200),
        ("POST", "/sign-in", 422),
        ("GET", "/", 303),
        ("GET", "/no-such-page", 404),
        ("GET", "/my", 303),
        ("POST", "/courses", 405),
        ("GET", "/theme.css", 200),
        ("POST", "/api/v1/recordings/x/play-sessions", 401),
        ("GET", "/media/a.b/x/index.m3u8", 404),
        ("GET", "/api/v1/no-such-thing", 401),
        ("OPTIONS", "/courses", 200),
        ("HEAD", "/courses", 200),
        ("TRACE", "/courses", 405),
        ("PROPFIND", "/courses", 405),
        ("GET", "/courses/%00/%ff", 404),
    ],
)
def test_every_kind_of_answer_is_guarded(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    with client.open(path, method=method) as answer:
        headers, body = answer.headers, answer.get_data(as_text=True)
    assert answer.status_code == status
    policy = _policy(headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    nonce = re.fullmatch(r"'nonce-([\w-]{22})' 'strict-dynamic'", policy["script-src"])
    assert nonce is not None
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert set(re.findall(r'<(?:script|style)\b[^>]*nonce="([^"]*)"', body)) <= {nonce[1]}
    if method == "TRACE":
        assert "TRACE /courses" not in body


def test_a_crash_is_guarded_too_and_tells_nothing(secure_app: Flask) -> None:
    def fall_over() -> str:
        raise ValueError("the secret of the house")

    secure_app.view_functions["pages.catalogue"] = access(PUBLIC)(fall_over)
    answer = secure_app.test_client().get("/courses")
    assert answer.status_code == 500
    assert "secret of the house" not in answer.text
    assert "Traceback" not in answer.text
    assert "nonce-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_nonce_is_another_each_time(client: FlaskClient) -> None:
    first, second = (Context().run(client.get, "/courses").headers for _n in range(2))
    assert first["Content-Security-Policy"] != second["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/my", "/account", "/desk", "/desk/audit.csv", "/desk/mail"])
def test_private_pages_are_kept_by_no_cache(cast: Cast, sign_in: SignIn, path: str) -> None:
    answer = sign_in(cast.admin).get(path)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    assert "public" not in answer.headers["Cache-Control"]


def _cookie(app: Flask, person: Person) -> str:
    answer = app.test_client().post(
        "/sign-in",
        data={"identifier": person.login_id, "password": PASSWORD},
        base_url="https://learn.example",
    )
    assert answer.status_code == 303, answer.text
    [cookie] = answer.headers.getlist("Set-Cookie")
    return cookie


def test_the_cookie_of_the_sign_in_is_out_of_reach(
    cast: Cast, settings: Settings, secure_app: Flask
) -> None:
    _give_password(cast.trainee, settings)
    with secure_app.app_context():
        parts = {part.strip() for part in _cookie(secure_app, cast.trainee).split(";")}
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_https_is_asked_for_ever_under_an_https_address_only(
    secure_app: Flask, client: FlaskClient
) -> None:
    with secure_app.app_context():
        assert (
            "max-age="
            in secure_app.test_client().get("/courses").headers["Strict-Transport-Security"]
        )
    assert "Strict-Transport-Security" not in client.get("/courses").headers


def test_a_session_given_to_somebody_before_does_not_become_theirs(
    cast: Cast, settings: Settings, client: FlaskClient
) -> None:
    """Fixation: what stood in the browser's session before signing in is gone after."""
    _give_password(cast.trainee, settings)
    client.get("/sign-in")
    with client.session_transaction() as before:
        before["planted"] = "by another"
        before["person"] = cast.stranger.id
        token = before.get("csrf_token")
    client.post("/sign-in", data={"identifier": "trainee", "password": PASSWORD})
    with client.session_transaction() as after:
        assert after["person"] == cast.trainee.id
        assert "planted" not in after
        assert token is None or after.get("csrf_token") != token


def test_signing_out_empties_the_session(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.trainee)
    client.post("/sign-out")
    with client.session_transaction() as session:
        assert "person" not in session
        assert "epoch" not in session
    assert client.get("/my").status_code == 303


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nobody_is_sent_elsewhere(
    cast: Cast, settings: Settings, client: FlaskClient, sign_in: SignIn, target: str
) -> None:
    _give_password(cast.trainee, settings)
    places = [
        client.post("/language", data={"language": "en", "next": target}),
        client.post("/time-zone", data={"timezone": "Asia/Tokyo", "next": target}),
        client.post(f"/sign-in?next={quote(target)}"),
        client.post(
            "/sign-in", data={"identifier": "trainee", "password": PASSWORD, "next": target}
        ),
        sign_in(cast.trainee).get(f"/sign-in?next={quote(target)}"),
        sign_in(cast.trainee).post(f"/sign-out?next={quote(target)}", data={"next": target}),
    ]
    for answer in places:
        location = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", location), location
        assert "evil" not in location.partition("?")[0]
        assert "Set-Cookie: a=b" not in str(answer.headers)
    assert places[3].status_code == 303


def test_next_leads_back_within_the_site(
    cast: Cast, settings: Settings, client: FlaskClient
) -> None:
    _give_password(cast.trainee, settings)
    data = {"identifier": "trainee", "password": PASSWORD, "next": "/my/schedule?a=1"}
    assert client.post("/sign-in", data=data).headers["Location"] == "/my/schedule?a=1"


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_links_in_mail_lead_to_the_address_that_was_set(
    cast: Cast, settings: Settings, client: FlaskClient, header: str
) -> None:
    value = "host=evil.example" if header == "Forwarded" else "evil.example"
    data = {"identifier": cast.trainee.address}
    answer = client.post("/forgotten-password", data=data, headers={header: value})
    assert "evil" not in answer.headers.get("Location", "")
    db.session.expire_all()
    mail = db.session.scalars(select(OutboxMail)).one()
    text = " ".join(render_text(mail, settings))
    assert "/new-password/" in text
    assert "evil.example" not in text
    assert settings.base_url in text


def test_static_files_are_kept_for_ever_and_open_nothing_else(client: FlaskClient) -> None:
    with client.get(asset("css/app.css")) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert "Set-Cookie" not in answer.headers
    for path in (asset("../../config.py"), asset("%2e%2e/%2e%2e/access.py"), "/static/"):
        with client.get(path) as refused:
            assert refused.status_code == 404


def test_asking_by_head_changes_and_tells_nothing_more(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.trainee)
    for path in ("/my", "/courses", "/no-such-page"):
        head, get = client.head(path), client.get(path)
        assert head.status_code == get.status_code
        assert head.get_data() == b""
    assert client.head("/sign-out").status_code == 405
    assert client.options("/sign-out").headers["Allow"].split(", ") != []
    assert client.get("/sign-out").status_code == 405
    assert client.get("/my").status_code == 200
