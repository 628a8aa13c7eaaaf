"""Signing in and out: who gets in, what is told, how often one may try."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.config import Settings
from lms.infra.db import db, unit_of_work
from lms.people import operations
from lms.people.errors import TooManyAttemptsError
from lms.people.models import Person, SignInAttempt
from lms.people.operations import passwords
from tests.conftest import NOW, Cast
from tests.people.conftest import PASSWORD

Give = Callable[..., Person]


def sign_in(client: FlaskClient, identifier: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/sign-in", data={"identifier": identifier, "password": password}, **more)


@pytest.mark.parametrize(
    "identifier",
    [
        "trainee",
        "TRAINEE",
        "ｔｒａｉｎｅｅ",
        " trainee ",
        "trainee@demo.example",
        "Trainee@Demo.Example",
        "ｔｒａｉｎｅｅ＠ｄｅｍｏ．ｅｘａｍｐｌｅ",
    ],
)
def test_an_id_or_an_address_signs_in(
    cast: Cast, client: FlaskClient, with_password: Give, identifier: str
) -> None:
    with_password(cast.trainee)
    assert sign_in(client, identifier).status_code == 303
    assert client.get("/account").status_code == 200


def test_a_password_from_a_full_width_keyboard_is_the_same(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with_password(cast.trainee, "quietlake1234")
    assert sign_in(client, "trainee", "ｑｕｉｅｔｌａｋｅ１２３４").status_code == 303


def text_of(answer: Any) -> str:
    """Return a page without what differs at every request."""
    text = re.sub(r'nonce="[^"]+"|value="[^"]*"', "", answer.text)
    return re.sub(r'name="csrf_token"[^>]*', "", text)


def test_nothing_tells_whether_an_account_exists(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with_password(cast.trainee)
    with unit_of_work():
        operations.suspend_person(cast.actor("admin"), cast.other_trainee.id, at=NOW)
    with_password(cast.other_trainee)
    wrong = sign_in(client, "trainee", "another password")
    for identifier in (
        "nobody",
        "nobody@demo.example",
        "speaker",
        "other",
        "x@",
        "ａ" * 300,
    ):
        other = sign_in(client, identifier, PASSWORD)
        assert other.status_code == 422
        assert text_of(other) == text_of(wrong)


def test_a_shared_address_is_never_guessed(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with unit_of_work():
        for person in (cast.trainee, cast.other_trainee):
            found = db.session.get(Person, person.id)
            assert found is not None
            found.address = "office@union.example"
    with_password(cast.trainee)
    with_password(cast.other_trainee, "some other password")
    assert sign_in(client, "office@union.example").status_code == 422
    assert sign_in(client, "trainee").status_code == 303


def test_a_session_from_before_signing_in_does_not_live_on(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with_password(cast.trainee)
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
        session["language"] = "en"
    sign_in(client, "trainee")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["language"] == "en"
        assert session["person"] == cast.trainee.id
        assert session.permanent


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/courses?q=a", "/courses?q=a"),
        ("/my/schedule", "/my/schedule"),
        ("//elsewhere.example/", "/signed-in"),
        ("/\\elsewhere.example", "/signed-in"),
        ("https://elsewhere.example/", "/signed-in"),
        ("javascript:alert(1)", "/signed-in"),
        ("/a\r\nLocation: x", "/signed-in"),
        ("/\x00", "/signed-in"),
        ("/" + "a" * 3000, "/signed-in"),
        ("", "/signed-in"),
    ],
)
def test_one_comes_back_to_local_pages_only(
    cast: Cast, client: FlaskClient, with_password: Give, wanted: str, leads_to: str
) -> None:
    with_password(cast.trainee)
    answer = client.post(
        f"/sign-in?next={quote(wanted)}", data={"identifier": "trainee", "password": PASSWORD}
    )
    assert (answer.status_code, answer.location) == (303, leads_to)


def test_each_begins_where_they_work(cast: Cast, client: FlaskClient, with_password: Give) -> None:
    with_password(cast.organiser)
    with_password(cast.trainee)
    sign_in(client, "organiser")
    assert client.get("/signed-in").location == "/desk"
    client.post("/sign-out")
    sign_in(client, "trainee")
    assert client.get("/signed-in").location == "/my"


def test_signing_out_takes_a_post(cast: Cast, client: FlaskClient, with_password: Give) -> None:
    with_password(cast.trainee)
    sign_in(client, "trainee")
    assert client.get("/sign-out").status_code == 405
    assert client.get("/account").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert client.get("/account").status_code == 303


def test_signing_out_everywhere_ends_other_browsers(
    cast: Cast, app: Flask, with_password: Give
) -> None:
    with_password(cast.trainee)
    one, other = app.test_client(), app.test_client()
    sign_in(one, "trainee")
    sign_in(other, "trainee")
    one.post("/account/sign-out-everywhere")
    assert one.get("/account").status_code == 303
    assert other.get("/account").status_code == 303
    sign_in(other, "trainee")
    assert other.get("/account").status_code == 200


def test_a_suspended_person_is_out_at_once(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with_password(cast.trainee)
    sign_in(client, "trainee")
    with unit_of_work():
        operations.suspend_person(cast.actor("organiser"), cast.trainee.id, at=NOW)
    assert client.get("/account").status_code == 303
    assert sign_in(client, "trainee").status_code == 422


def test_ten_failures_close_an_id_for_a_while(cast: Cast, app: Flask, with_password: Give) -> None:
    with_password(cast.trainee)
    with time_machine.travel(NOW, tick=False):
        for number in range(10):
            client = app.test_client()  # another browser does not help
            answer = sign_in(
                client, "trainee", "wrong", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}
            )
            assert answer.status_code == 422
        answer = sign_in(app.test_client(), "ＴＲＡＩＮＥＥ")
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "900"
        assert "10:15" in answer.text
        unknown = [sign_in(app.test_client(), "nobody", "wrong").status_code for _ in range(11)]
        assert unknown == [422] * 10 + [429]
    with time_machine.travel(NOW + timedelta(minutes=15, seconds=1), tick=False):
        assert sign_in(app.test_client(), "trainee").status_code == 303


def test_a_success_begins_the_count_anew(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    with_password(cast.trainee)
    for _round in range(3):
        for _try in range(9):
            assert sign_in(client, "trainee", "wrong").status_code == 422
        assert sign_in(client, "trainee").status_code == 303
        client.post("/sign-out")


@pytest.mark.usefixtures("cast")
def test_one_source_trying_many_ids_is_stopped(client: FlaskClient) -> None:
    with time_machine.travel(NOW, tick=False):
        with unit_of_work():
            for number in range(200):
                operations.begin_attempt(
                    kind="sign-in",
                    subject=f"guess{number}",
                    source="127.0.0.1",
                    limits=operations.SIGN_IN,
                    secret_key="t" * 64,
                    at=NOW,
                )
        assert sign_in(client, "trainee").status_code == 429
        other = {"REMOTE_ADDR": "192.0.2.1"}
        assert sign_in(client, "trainee", environ_base=other).status_code == 422


@pytest.mark.usefixtures("cast")
def test_attempts_keep_neither_ids_nor_sources(client: FlaskClient) -> None:
    sign_in(client, "trainee")
    attempt = db.session.scalars(select(SignInAttempt)).one()
    assert re.fullmatch("[0-9a-f]{64}", attempt.subject_hash)
    assert re.fullmatch("[0-9a-f]{64}", attempt.source_hash)


def test_a_hash_of_former_cost_is_made_anew(
    cast: Cast, client: FlaskClient, settings: Settings
) -> None:
    with unit_of_work():
        found = db.session.get(Person, cast.trainee.id)
        assert found is not None
        found.password_hash = operations.hash_password(PASSWORD, (2, 2048))
    assert sign_in(client, "trainee").status_code == 303
    db.session.expire_all()
    found = db.session.get(Person, cast.trainee.id)
    assert found is not None
    assert found.password_hash is not None
    assert not operations.needs_rehash(found.password_hash, settings.password_cost)
    assert operations.verify_password(found.password_hash, PASSWORD, settings.password_cost)


def test_the_language_switch_works_for_everyone(
    cast: Cast, client: FlaskClient, with_password: Give
) -> None:
    answer = client.post("/language", data={"language": "en", "next": "/sign-in?next=/my"})
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=/my")
    assert '<html lang="en"' in client.get("/sign-in").text
    with_password(cast.trainee)
    sign_in(client, "trainee")
    client.post("/language", data={"language": "ja", "next": "//elsewhere.example"})
    assert '<html lang="ja"' in client.get("/account").text


@pytest.mark.parametrize("language", ["", "fr", "ja\x00", "j" * 5000])
def test_an_unknown_language_is_refused(client: FlaskClient, language: str) -> None:
    assert client.post("/language", data={"language": language}).status_code == 422


def test_the_time_zone_of_a_visitor_and_of_a_person(
    cast: Cast, client: FlaskClient, sign_in: Callable[[Person], FlaskClient]
) -> None:
    answer = client.post("/time-zone?next=/courses", data={"timezone": "Asia/Jakarta"})
    assert (answer.status_code, answer.location) == (303, "/courses")
    with client.session_transaction() as session:
        assert session["timezone"] == "Asia/Jakarta"
    sign_in(cast.overseas).post("/time-zone", data={"timezone": "Asia/Tokyo"})
    db.session.expire_all()
    found = db.session.get(Person, cast.overseas.id)
    assert found is not None
    assert found.timezone == "Asia/Tokyo"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Asia/Tokyo\x00"])
def test_an_unknown_time_zone_is_refused(client: FlaskClient, zone: str) -> None:
    assert client.post("/time-zone", data={"timezone": zone}).status_code == 422


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-out", "/forgotten-password", "/language", "/time-zone"]
)
def test_without_the_token_of_the_form_nothing_happens(
    app: Flask, client: FlaskClient, path: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    data = {"identifier": "trainee", "password": "x", "language": "en", "timezone": "Asia/Tokyo"}
    assert client.post(path, data=data).status_code == 400
    with client.session_transaction() as session:
        assert "language" not in session


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"identifier": "", "password": ""},
        {"identifier": "trainee\x00", "password": "x"},
        {"identifier": "a" * 5000, "password": "x"},
        {"identifier": "trainee", "password": "x" * 100_000},
        {"identifier": "trainee", "password": "\x00\x00"},
        {"identifier": ["a", "b"], "password": ["c", "d"]},
    ],
)
def test_bad_input_is_answered_at_the_form(client: FlaskClient, data: dict[str, Any]) -> None:
    assert client.post("/sign-in", data=data).status_code == 422


def test_an_unknown_account_costs_as_much_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is not measured; that the slow work is done once either way is."""
    cost = (1, 1024)
    kept = passwords.hash_password(PASSWORD, cost)
    hasher = passwords._hasher(cost)
    worked: list[str] = []
    real = hasher.verify

    def verify(_self: object, kept_hash: str, text: str) -> bool:
        worked.append(kept_hash)
        return real(kept_hash, text)

    monkeypatch.setattr(type(hasher), "verify", verify)
    assert passwords.verify_password(kept, PASSWORD, cost)
    assert not passwords.verify_password(None, PASSWORD, cost)
    assert len(worked) == 2
    assert worked[1].split("$")[:4] == kept.split("$")[:4]


@pytest.mark.usefixtures("cast")
def test_the_limit_holds_for_attempts_at_the_same_time(app: Flask) -> None:
    """Each thread has its own connection, as each process has."""
    db.session.remove()

    def attempt(number: int) -> bool:
        with app.app_context():
            try:
                with unit_of_work():
                    operations.begin_attempt(
                        kind="sign-in",
                        subject="trainee",
                        source=f"192.0.2.{number}",
                        limits=operations.SIGN_IN,
                        secret_key="t" * 64,
                        at=NOW,
                    )
            except TooManyAttemptsError:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        heard = list(pool.map(attempt, range(24)))
    assert heard.count(True) == 10
