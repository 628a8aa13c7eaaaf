"""Every page of people opens, for whom it is meant, in both languages."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from tests.conftest import Cast, add_organisation, add_person, join_organisation

SignIn = Callable[[Person], FlaskClient]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    "path", ["/sign-in", "/forgotten-password", "/forgotten-password/sent", "/time-zone"]
)
def test_public_pages_open(client: FlaskClient, path: str, language: str) -> None:
    client.post("/language", data={"language": language})
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    "path", ["/account", "/account/password", "/account/address", "/time-zone"]
)
def test_own_pages_open(cast: Cast, sign_in: SignIn, path: str, language: str) -> None:
    client = sign_in(cast.overseas)
    client.post("/language", data={"language": language})
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text


def desk_pages(cast: Cast) -> list[str]:
    return [
        "/desk/people",
        "/desk/people?q=%E9%AB%98%E6%A3%AE",
        "/desk/people/new",
        f"/desk/people/{cast.trainee.id}",
        f"/desk/people/{cast.trainee.id}/edit",
        f"/desk/people/{cast.trainee.id}/memberships/new",
        "/desk/organisations",
        "/desk/organisations/new",
        f"/desk/organisations/{cast.industrial_a.id}",
        f"/desk/organisations/{cast.industrial_a.id}/names/new",
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_desk_pages_open_for_an_organiser(cast: Cast, sign_in: SignIn, language: str) -> None:
    client = sign_in(cast.organiser)
    client.post("/language", data={"language": language})
    for path in desk_pages(cast):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert f'<html lang="{language}"' in answer.text


@pytest.mark.parametrize("who", ["trainee", "overseas", "auditor", "stranger"])
def test_desk_pages_are_missing_for_others(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    for path in desk_pages(cast):
        assert client.get(path).status_code == 404, path


def test_desk_pages_ask_a_visitor_to_sign_in(cast: Cast, client: FlaskClient) -> None:
    for path in [*desk_pages(cast), "/account", "/desk/people/unknown"]:
        answer = client.get(path)
        assert answer.status_code == 303, path
        assert answer.location.startswith("/sign-in?next=")


def test_role_pages_are_the_administrators(cast: Cast, sign_in: SignIn) -> None:
    path = f"/desk/people/{cast.trainee.id}/roles/new"
    assert sign_in(cast.admin).get(path).status_code == 200
    assert sign_in(cast.organiser).get(path).status_code == 404


def test_an_unknown_id_is_missing_whatever_it_holds(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    for key in ("nobody", "%00", "0" * 26, "%EF%BC%91" * 26, "a" * 3000):
        for path in (
            f"/desk/people/{key}",
            f"/desk/people/{key}/edit",
            f"/desk/people/{cast.trainee.id}/memberships/{key}",
            f"/desk/people/{key}/roles/new",
            f"/desk/organisations/{key}",
            f"/desk/organisations/{cast.hq.id}/names/{key}",
        ):
            assert client.get(path).status_code == 404, path
        for path in (
            f"/desk/people/{key}/suspend",
            f"/desk/people/{key}/restore",
            f"/desk/people/{key}/invite",
            f"/desk/people/{cast.trainee.id}/memberships/{key}/remove",
            f"/desk/people/{cast.trainee.id}/roles/{key}/revoke",
        ):
            assert client.post(path).status_code == 404, path


def queries_of(client: FlaskClient, path: str) -> int:
    seen: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_more: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    db.session.remove()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_pages_ask_the_database_the_same_whatever_their_length(cast: Cast, sign_in: SignIn) -> None:
    organiser, trainee = sign_in(cast.organiser), sign_in(cast.trainee)
    paths = ["/desk/people", "/desk/organisations", f"/desk/people/{cast.trainee.id}"]
    queries_of(organiser, paths[0])  # the site's settings are read once
    before = [queries_of(organiser, path) for path in paths]
    own = queries_of(trainee, "/account")
    with unit_of_work():
        for number in range(30):
            person = add_person(f"many{number}", "列", f"{number:02}")
            union = add_organisation(
                f"U{number}", "affiliate", ("組合", "Union"), cast.industrial_a
            )
            join_organisation(person, union)
            join_organisation(cast.trainee, union)
    assert [queries_of(organiser, path) for path in paths] == before
    assert queries_of(trainee, "/account") == own
    assert own <= 8
    assert max(before) <= 10
