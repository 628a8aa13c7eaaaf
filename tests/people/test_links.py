"""Links by mail: invitation, forgotten password, another address."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.infra.db import db, unit_of_work
from lms.people import operations
from lms.people.errors import PeopleError
from lms.people.events import AddressChangeAsked, PasswordResetAsked, PersonInvited
from lms.people.models import AccountToken, Person
from tests.conftest import NOW, Cast
from tests.people.conftest import NEW_PASSWORD, PASSWORD

Give = Callable[..., Person]
SignIn = Callable[[Person], FlaskClient]
TWICE = {"password": NEW_PASSWORD, "repeat": NEW_PASSWORD}


def invite(cast: Cast, person: Person, at: Any = NOW) -> str | None:
    with unit_of_work():
        return operations.invite_person(cast.actor("organiser"), person.id, at=at)


def share_address(*people: Person, address: str | None = "office@union.example") -> None:
    with unit_of_work():
        for person in people:
            found = db.session.get(Person, person.id)
            assert found is not None
            found.address = address


@pytest.fixture
def at_now() -> Any:
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


@pytest.mark.usefixtures("at_now")
def test_an_invited_person_sets_a_password_and_signs_in(
    cast: Cast, client: FlaskClient, told: list[Any]
) -> None:
    assert invite(cast, cast.trainee) is None
    (event,) = told
    assert isinstance(event, PersonInvited)
    assert event.person_id == cast.trainee.id
    path = f"/invitation/{event.secret}"
    page = client.get(path)
    assert page.status_code == 200
    assert cast.trainee.login_id is not None
    assert cast.trainee.login_id in page.text
    assert client.get(path).status_code == 200  # looking does not use it up
    assert client.post(path, data=TWICE).status_code == 303
    answer = client.post("/sign-in", data={"identifier": "trainee", "password": NEW_PASSWORD})
    assert answer.status_code == 303


def test_only_the_digest_of_a_secret_is_kept(cast: Cast, told: list[Any]) -> None:
    invite(cast, cast.trainee)
    token = db.session.scalars(select(AccountToken)).one()
    assert token.secret_hash == hashlib.sha256(told[0].secret.encode()).hexdigest()
    assert told[0].token_id == token.id


@pytest.mark.usefixtures("at_now")
def test_a_link_works_once(cast: Cast, client: FlaskClient, told: list[Any]) -> None:
    invite(cast, cast.trainee)
    path = f"/invitation/{told[0].secret}"
    client.post(path, data=TWICE)
    for answer in (client.get(path), client.post(path, data=TWICE)):
        assert answer.status_code == 410
        assert 'data-testid="bad-link"' in answer.text


def test_an_expired_link_says_so(
    cast: Cast, client: FlaskClient, told: list[Any], at_now: Any
) -> None:
    invite(cast, cast.trainee)
    path = f"/invitation/{told[0].secret}"
    at_now.shift(timedelta(days=14, seconds=-1))
    assert client.get(path).status_code == 200
    at_now.shift(timedelta(seconds=1))
    for answer in (client.get(path), client.post(path, data=TWICE)):
        assert answer.status_code == 410
        assert 'data-testid="bad-link"' in answer.text
    db.session.expire_all()
    found = db.session.get(Person, cast.trainee.id)
    assert found is not None
    assert found.password_hash is None


@pytest.mark.parametrize("kind", ["invitation", "new-password", "new-address"])
@pytest.mark.parametrize("secret", ["altered", "%00", "%EF%BC%91", "a" * 5000])
def test_an_altered_link_gets_a_clear_page(client: FlaskClient, kind: str, secret: str) -> None:
    for answer in (client.get(f"/{kind}/{secret}"), client.post(f"/{kind}/{secret}", data=TWICE)):
        assert answer.status_code == 404
        assert 'data-testid="bad-link"' in answer.text


@pytest.mark.usefixtures("at_now")
def test_a_link_of_one_kind_is_none_of_another(
    cast: Cast, client: FlaskClient, told: list[Any]
) -> None:
    invite(cast, cast.trainee)
    assert client.get(f"/new-password/{told[0].secret}").status_code == 404
    assert client.post(f"/new-address/{told[0].secret}").status_code == 404


@pytest.mark.usefixtures("at_now")
def test_a_newer_link_replaces_the_one_before(
    cast: Cast, client: FlaskClient, told: list[Any]
) -> None:
    invite(cast, cast.trainee)
    invite(cast, cast.trainee)
    assert client.get(f"/invitation/{told[0].secret}").status_code == 410
    assert client.get(f"/invitation/{told[1].secret}").status_code == 200


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize(
    ("password", "repeat"),
    [
        ("short", "short"),
        ("password123", "password123"),
        ("1234567890", "1234567890"),
        ("trainee@demo.example", "trainee@demo.example"),
        (NEW_PASSWORD, "something else"),
        ("", ""),
        ("quiet\x00lake at dawn", "quiet\x00lake at dawn"),
        ("a" * 5000, "a" * 5000),
        ("long enough " * 40, "long enough " * 40),
    ],
)
def test_a_password_that_does_not_fit_is_refused_at_its_field(
    cast: Cast, client: FlaskClient, told: list[Any], password: str, repeat: str
) -> None:
    invite(cast, cast.trainee)
    path = f"/invitation/{told[0].secret}"
    answer = client.post(path, data={"password": password, "repeat": repeat})
    assert answer.status_code == 422
    assert 'data-testid="error-summary"' in answer.text
    assert client.post(path, data=TWICE).status_code == 303


@pytest.mark.usefixtures("at_now")
def test_a_forgotten_password_is_set_anew_and_open_sign_ins_end(
    cast: Cast, app: Flask, with_password: Give, told: list[Any]
) -> None:
    with_password(cast.trainee)
    old, client = app.test_client(), app.test_client()
    old.post("/sign-in", data={"identifier": "trainee", "password": PASSWORD})
    client.post("/forgotten-password", data={"identifier": "Trainee@demo.example"})
    (event,) = told
    assert isinstance(event, PasswordResetAsked)
    assert client.post(f"/new-password/{event.secret}", data=TWICE).status_code == 303
    assert old.get("/account").status_code == 303
    for password, status in ((PASSWORD, 422), (NEW_PASSWORD, 303)):
        data = {"identifier": "trainee", "password": password}
        assert client.post("/sign-in", data=data).status_code == status


@pytest.mark.usefixtures("at_now")
def test_asking_for_a_link_tells_nothing(cast: Cast, client: FlaskClient, told: list[Any]) -> None:
    with unit_of_work():
        operations.suspend_person(cast.actor("admin"), cast.speaker.id, at=NOW)
    answers = [
        client.post("/forgotten-password", data={"identifier": identifier})
        for identifier in ("trainee", "nobody", "nobody@demo.example", "speaker", "@", "a b")
    ]
    assert {(a.status_code, a.location) for a in answers} == {(303, "/forgotten-password/sent")}
    assert [event.person_id for event in told] == [cast.trainee.id]


@pytest.mark.parametrize("address", [None, "office@union.example"])
def test_help_for_a_person_without_an_own_address_holds_no_secret(
    cast: Cast, client: FlaskClient, told: list[Any], address: str | None
) -> None:
    share_address(cast.trainee, cast.other_trainee, address=address)
    client.post("/forgotten-password", data={"identifier": "trainee"})
    (event,) = told
    assert (event.person_id, event.secret) == (cast.trainee.id, "")
    assert db.session.scalar(select(func.count()).select_from(AccountToken)) == 0
    client.post("/forgotten-password", data={"identifier": "office@union.example"})
    assert len(told) == 1
    client.post("/forgotten-password", data={"identifier": "trainee"})
    assert told[1].token_id != event.token_id


def test_the_desk_hands_over_the_link_of_a_person_without_an_own_address(
    cast: Cast, client: FlaskClient, sign_in: SignIn, told: list[Any]
) -> None:
    share_address(cast.trainee, cast.other_trainee)
    answer = sign_in(cast.organiser).post(f"/desk/people/{cast.trainee.id}/invite")
    assert answer.status_code == 200
    assert told[0].secret == ""
    link = answer.text.split("/invitation/")[1].split('"')[0]
    assert client.get(f"/invitation/{link}").status_code == 200


@pytest.mark.usefixtures("cast", "at_now")
def test_only_so_many_links_an_hour(client: FlaskClient) -> None:
    for identifier in ("trainee", "nobody"):
        data = {"identifier": identifier}
        answers = [client.post("/forgotten-password", data=data) for _ in range(6)]
        assert [a.status_code for a in answers] == [303] * 5 + [429]
        assert answers[-1].headers["Retry-After"] == "3600"


@pytest.mark.usefixtures("at_now")
def test_an_address_changes_when_the_link_there_is_used(
    cast: Cast, app: Flask, sign_in: SignIn, with_password: Give, told: list[Any]
) -> None:
    with_password(cast.trainee)
    client = sign_in(cast.trainee)
    form = {"new_address": "Ｙａｍａｓｅ＠New.example", "current": PASSWORD}
    assert client.post("/account/address", data=form).status_code == 303
    (event,) = told
    assert isinstance(event, AddressChangeAsked)
    assert event.new_address == "yamase@new.example"
    path = f"/new-address/{event.secret}"
    visitor = app.test_client()
    assert visitor.get(path).status_code == 200

    def address() -> str | None:
        db.session.expire_all()
        found = db.session.get(Person, cast.trainee.id)
        assert found is not None
        return found.address

    assert address() == "trainee@demo.example"
    assert visitor.post(path).status_code == 303
    assert address() == "yamase@new.example"
    assert visitor.post(path).status_code == 410


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"new_address": "new@demo.example", "current": "wrong"}, "current"),
        ({"new_address": "no address", "current": PASSWORD}, "new_address"),
        ({"new_address": "trainee@demo.example", "current": PASSWORD}, "new_address"),
        ({"new_address": "a@b.example\x00", "current": PASSWORD}, "new_address"),
        ({"new_address": "a@b.example\nBcc: x@y.example", "current": PASSWORD}, "new_address"),
        ({"new_address": "a" * 300 + "@b.example", "current": PASSWORD}, "new_address"),
        ({"current": PASSWORD}, "new_address"),
    ],
)
def test_a_new_address_that_does_not_fit(
    cast: Cast, sign_in: SignIn, with_password: Give, form: dict[str, str], field: str
) -> None:
    with_password(cast.trainee)
    answer = sign_in(cast.trainee).post("/account/address", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(AccountToken)) == 0


def test_whether_a_new_address_is_somebody_elses_is_not_told(
    cast: Cast, sign_in: SignIn, with_password: Give
) -> None:
    with_password(cast.trainee)
    client = sign_in(cast.trainee)
    for address in ("speaker@demo.example", "free@demo.example"):
        form = {"new_address": address, "current": PASSWORD}
        assert client.post("/account/address", data=form).status_code == 303


def test_a_suspended_person_is_not_invited(cast: Cast) -> None:
    with unit_of_work():
        operations.suspend_person(cast.actor("admin"), cast.trainee.id, at=NOW)
    with pytest.raises(PeopleError, match="suspended"):
        invite(cast, cast.trainee)
