"""People and organisations at the desk, in the browser."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.people import queries
from lms.people.models import Person
from tests.conftest import Cast, grant

SignIn = Callable[[Person], FlaskClient]


def person_form(**more: str) -> dict[str, str]:
    return {
        "family_name": "新井",
        "given_name": "望",
        "family_kana": "あらい",
        "given_kana": "ノゾミ",
        "language": "ja",
        "timezone": "Asia/Tokyo",
        "country": "",
        "login_id": "ＡＲＡＩ－１",
        "address": "arai@demo.example",
        "organisation_id": "",
        **more,
    }


def test_a_person_is_added_invited_and_found(cast: Cast, sign_in: SignIn, told: list[Any]) -> None:
    client = sign_in(cast.organiser)
    form = person_form(organisation_id=cast.affiliate_a.id, invite="y")
    answer = client.post("/desk/people/new", data=form)
    assert answer.status_code == 303
    person = queries.find_person_by_login_id("arai-1")
    assert person is not None
    assert answer.location == f"/desk/people/{person.id}"
    assert (person.family_kana, person.country) == ("アライ", None)
    assert [event.person_id for event in told] == [person.id]
    (membership,) = queries.list_memberships(person.id)
    assert membership.organisation_id == cast.affiliate_a.id
    assert "新井 望" in client.get("/desk/people?q=arai").text


def test_a_refused_person_leaves_nothing(cast: Cast, sign_in: SignIn, told: list[Any]) -> None:
    client = sign_in(cast.organiser)
    for change, field in (
        ({"login_id": "trainee"}, "login_id"),
        ({"login_id": "a\x00b"}, "login_id"),
        ({"login_id": "x" * 61}, "login_id"),
        ({"address": "x@"}, "address"),
        ({"family_name": "", "given_name": ""}, "family_name"),
        ({"organisation_id": "nowhere"}, "organisation_id"),
        ({"organisation_id": "\x00"}, "organisation_id"),
    ):
        answer = client.post("/desk/people/new", data=person_form(invite="y", **change))
        assert answer.status_code == 422, change
        assert f'id="{field}-error"' in answer.text
    assert db.session.query(Person).filter_by(family_name="新井").count() == 0
    assert told == []


def test_a_person_without_an_own_address_gets_a_link_to_hand_over(
    cast: Cast, sign_in: SignIn
) -> None:
    answer = sign_in(cast.organiser).post(
        "/desk/people/new", data=person_form(address="", invite="y")
    )
    assert answer.status_code == 200
    assert 'data-testid="hand-over-link"' in answer.text


def test_a_person_is_edited(cast: Cast, sign_in: SignIn) -> None:
    form = person_form(login_id="trainee", address="trainee@demo.example")
    answer = sign_in(cast.organiser).post(f"/desk/people/{cast.trainee.id}/edit", data=form)
    assert answer.status_code == 303
    db.session.expire_all()
    assert queries.get_person(cast.trainee.id).family_name == "新井"


def test_a_coordinator_reads_and_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.coordinator)
    listed = client.get("/desk/people")
    assert "山瀬 春夫" in listed.text
    assert "髙森 夏子" not in listed.text
    assert 'data-testid="add-person"' not in listed.text
    assert cast.industrial_b.id not in listed.text
    own = f"/desk/people/{cast.trainee.id}"
    page = client.get(own)
    assert page.status_code == 200
    assert "trainee@demo.example" not in page.text
    assert 'data-testid="suspend-person"' not in page.text
    assert client.get(f"/desk/people/{cast.other_trainee.id}").status_code == 404
    for path in (f"{own}/suspend", f"{own}/invite", f"{own}/edit", f"{own}/memberships/new"):
        assert client.post(path, data=person_form()).status_code == 404
    assert client.get("/desk/organisations").status_code == 404


def test_an_organiser_of_one_programme_sees_nobody(cast: Cast, sign_in: SignIn) -> None:
    with unit_of_work():
        grant(cast.stranger, Role.ORGANISER, "programme:" + "0" * 26)
    client = sign_in(cast.stranger)
    assert "山瀬" not in client.get("/desk/people").text
    for path in (f"/desk/people/{cast.trainee.id}", "/desk/people/new", "/desk/organisations"):
        assert client.get(path).status_code == 404


def test_an_administrators_account_is_closed_to_organisers(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    path = f"/desk/people/{cast.admin.id}"
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/edit").status_code == 403
    assert client.post(f"{path}/invite").status_code == 403


def test_suspending_and_restoring(cast: Cast, sign_in: SignIn) -> None:
    client, trainee = sign_in(cast.organiser), sign_in(cast.trainee)
    path = f"/desk/people/{cast.trainee.id}"
    assert client.post(f"{path}/suspend").status_code == 303
    assert trainee.get("/account").status_code == 303
    assert 'data-testid="restore-person"' in client.get(path).text
    client.post(f"{path}/restore")
    assert 'data-testid="suspend-person"' in client.get(path).text


def test_memberships_with_dates_in_any_hand(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    base = f"/desk/people/{cast.stranger.id}/memberships"
    form = {
        "organisation_id": cast.affiliate_b.id,
        "post": "執行委員",
        "starts_on": "令和8年4月1日",
        "ends_on": "２０２７／３／３１",
    }
    assert client.post(f"{base}/new", data=form).status_code == 303
    (membership,) = queries.list_memberships(cast.stranger.id)
    assert (membership.starts_on, membership.ends_on) == (date(2026, 4, 1), date(2027, 3, 31))
    for change, field in (
        ({"starts_on": "2026-02-30"}, "starts_on"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"organisation_id": "x"}, "organisation_id"),
        ({"post": "x" * 121}, "post"),
    ):
        answer = client.post(f"{base}/{membership.id}", data={**form, **change})
        assert answer.status_code == 422, change
        assert f'id="{field}-error"' in answer.text
    assert client.post(f"{base}/{membership.id}", data={**form, "ends_on": ""}).status_code == 303
    assert client.post(f"{base}/{membership.id}/remove").status_code == 303
    assert queries.list_memberships(cast.stranger.id) == []


def test_roles_are_given_and_taken(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    path = f"/desk/people/{cast.stranger.id}"
    form = {"role": "coordinator", "organisation_id": cast.industrial_b.id}
    assert client.post(f"{path}/roles/new", data=form).status_code == 303
    (role,) = queries.list_roles(cast.stranger.id)
    assert role.scope == f"org:{cast.industrial_b.id}"
    assert "髙森" in sign_in(cast.stranger).get("/desk/people").text
    assert client.post(f"{path}/roles/new", data=form).status_code == 422
    wrong = {"role": "auditor", "organisation_id": cast.industrial_b.id}
    answer = client.post(f"{path}/roles/new", data=wrong)
    assert answer.status_code == 422
    assert 'id="organisation_id-error"' in answer.text
    assert client.post(f"{path}/roles/new", data={"role": "king"}).status_code == 422
    assert client.post(f"{path}/roles/{role.id}/revoke").status_code == 303
    assert queries.list_roles(cast.stranger.id) == []


def place_form(**more: str) -> dict[str, str]:
    return {
        "code": "N1",
        "level": "affiliate",
        "parent_id": "",
        "order": "１０",
        "country": "JP",
        "name_ja": "新労働組合",
        "name_en": "New Union",
        **more,
    }


def test_an_organisation_is_added_moved_and_renamed(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.organiser)
    form = place_form(parent_id=cast.industrial_a.id)
    answer = client.post("/desk/organisations/new", data=form)
    assert answer.status_code == 303
    organisation = queries.find_organisation_by_code("N1")
    assert organisation is not None
    assert (organisation.protocol_order, organisation.parent_id) == (10, cast.industrial_a.id)
    path = f"/desk/organisations/{organisation.id}"
    moved = {**form, "parent_id": cast.industrial_b.id, "order": "2"}
    assert client.post(path, data=moved).status_code == 303
    name = {"name_ja": "新総連合", "name_en": "", "starts_on": "2027-04-01", "ends_on": ""}
    assert client.post(f"{path}/names/new", data=name).status_code == 303
    db.session.expire_all()
    organisation = queries.get_organisation(organisation.id)
    assert organisation.parent_id == cast.industrial_b.id
    names = sorted(organisation.names, key=lambda n: n.starts_on or date.min)
    assert [n.ends_on for n in names] == [date(2027, 3, 31), None]
    kept = {"name_ja": "旧", "name_en": "Old", "starts_on": "", "ends_on": "2027-03-31"}
    assert client.post(f"{path}/names/{names[0].id}", data=kept).status_code == 303
    for change, field in (
        ({"name_ja": "", "name_en": " "}, "name_ja"),
        ({"starts_on": "2027-03-31"}, "starts_on"),
        ({"starts_on": "2030-01-01", "ends_on": "2029-01-01"}, "ends_on"),
        ({"name_en": "x" * 201}, "name_en"),
    ):
        answer = client.post(f"{path}/names/{names[1].id}", data={**name, **change})
        assert answer.status_code == 422, change
        assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"code": "HQ"}, "code"),
        ({"code": "\x00"}, "code"),
        ({"level": "galaxy"}, "level"),
        ({"parent_id": "x"}, "parent_id"),
        ({"level": "branch"}, "parent_id"),
        ({"order": "first"}, "order"),
        ({"order": "9" * 30}, "order"),
        ({"country": "??"}, "country"),
        ({"name_ja": "", "name_en": ""}, "name_ja"),
    ],
)
def test_an_organisation_that_does_not_fit(
    cast: Cast, sign_in: SignIn, change: dict[str, str], field: str
) -> None:
    client = sign_in(cast.organiser)
    answer = client.post("/desk/organisations/new", data=place_form(**change))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert queries.find_organisation_by_code("N1") is None


@pytest.mark.parametrize(
    "query", ["q=%00", "page=%EF%BC%91", "page=x", "page=99999999999999999999", "page=-1",
              "organisation=%00", "q=" + "a" * 5000, "suspended=maybe"],
)  # fmt: skip
def test_a_list_answers_any_question(cast: Cast, sign_in: SignIn, query: str) -> None:
    assert sign_in(cast.organiser).get(f"/desk/people?{query}").status_code == 200


def test_without_the_token_of_the_form_nothing_happens(
    cast: Cast, app: Flask, sign_in: SignIn
) -> None:
    client = sign_in(cast.admin)
    app.config["WTF_CSRF_ENABLED"] = True
    base = f"/desk/people/{cast.trainee.id}"
    for path in (
        "/desk/people/new",
        f"{base}/edit",
        f"{base}/suspend",
        f"{base}/invite",
        f"{base}/memberships/new",
        f"{base}/roles/new",
        "/desk/organisations/new",
        f"/desk/organisations/{cast.hq.id}",
        f"/desk/organisations/{cast.hq.id}/names/new",
    ):
        assert client.post(path, data=person_form()).status_code == 400, path
    db.session.expire_all()
    assert queries.get_person(cast.trainee.id).suspended_at is None
