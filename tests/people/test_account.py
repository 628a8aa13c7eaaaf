"""One's own account: names kept as typed, kana told, language and zone."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.infra.db import db
from lms.people.models import Person
from tests.conftest import Cast
from tests.people.conftest import NEW_PASSWORD, PASSWORD

Give = Callable[..., Person]
SignIn = Callable[[Person], FlaskClient]


def reread(person: Person) -> Person:
    db.session.expire_all()
    found = db.session.get(Person, person.id)
    assert found is not None
    return found


def profile(**more: str) -> dict[str, str]:
    return {
        "family_name": "山瀬",
        "given_name": "春夫",
        "family_kana": "ヤマセ",
        "given_kana": "ハルオ",
        "romanised_family": "Yamase",
        "romanised_given": "Haruo",
        "romanised_order": "family_first",
        "full_name": "",
        "call_me": "",
        "other_name": "",
        "language": "ja",
        "timezone": "Asia/Tokyo",
        "country": "JP",
        **more,
    }


def test_names_are_kept_as_typed(cast: Cast, sign_in: SignIn) -> None:
    """Even NFC would change U+FA19."""
    client = sign_in(cast.trainee)
    form = profile(family_name="\ufa19﨑", given_name="\ufa1b ①")
    assert client.post("/account", data=form).status_code == 303
    person = reread(cast.trainee)
    assert (person.family_name, person.given_name) == ("\ufa19﨑", "\ufa1b ①")


def test_kana_is_made_full_width_and_the_person_is_told(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.trainee)
    client.post("/language", data={"language": "en"})
    form = profile(family_kana="かんざき", given_kana="ﾌｸﾞｵ")
    answer = client.post("/account", data=form, follow_redirects=True)
    person = reread(cast.trainee)
    assert (person.family_kana, person.given_kana) == ("カンザキ", "フグオ")
    assert "かんざき" in answer.text
    assert "“ﾌｸﾞｵ” is kept as “フグオ”" in answer.text


def test_a_person_without_a_japanese_name(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.overseas)
    form = profile(
        **dict.fromkeys(["family_name", "given_name", "family_kana", "given_kana"], ""),
        romanised_family="",
        romanised_given="",
        full_name="Nurul Aisyah binti Dato' Zainal a/l",
        call_me="Aisyah",
        language="en",
        country="MY",
        timezone="Asia/Kuala_Lumpur",
    )
    assert client.post("/account", data=form).status_code == 303
    person = reread(cast.overseas)
    assert person.full_name == "Nurul Aisyah binti Dato' Zainal a/l"
    assert (person.family_name, person.given_name) == ("", "")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"family_kana": "山せ"}, "family_kana"),
        ({"given_kana": "Haruo"}, "given_kana"),
        ({"family_name": "", "given_name": ""}, "family_name"),
        ({"full_name": "Haruo Yamase"}, "full_name"),
        ({"family_name": "山" * 81}, "family_name"),
        ({"family_name": "山\x00瀬"}, "family_name"),
        ({"given_name": "春\n夫"}, "given_name"),
        ({"call_me": "x" * 81}, "call_me"),
        ({"language": "fr"}, "language"),
        ({"timezone": "Asia/Nowhere"}, "timezone"),
        ({"country": "ZZ"}, "country"),
        ({"country": "日本"}, "country"),
        ({"romanised_order": "none"}, "romanised_order"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(
    cast: Cast, sign_in: SignIn, change: dict[str, str], field: str
) -> None:
    answer = sign_in(cast.trainee).post("/account", data=profile(other_name="仮名", **change))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert reread(cast.trainee).other_name == ""


def test_a_name_of_one_part_is_fine(cast: Cast, sign_in: SignIn) -> None:
    form = profile(given_name="", given_kana="")
    assert sign_in(cast.trainee).post("/account", data=form).status_code == 303


def test_the_language_of_the_profile_takes_effect_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.trainee)
    answer = client.post("/account", data=profile(language="en"), follow_redirects=True)
    assert '<html lang="en"' in answer.text


def test_the_profile_is_ones_own(cast: Cast, sign_in: SignIn) -> None:
    data = {"person_id": cast.speaker.id, "id": cast.speaker.id, **profile()}
    sign_in(cast.trainee).post("/account", data=data)
    assert reread(cast.speaker).family_name == "白浜"


def test_changing_the_password_ends_other_sign_ins(
    cast: Cast, app: Flask, with_password: Give
) -> None:
    with_password(cast.trainee)
    one, other = app.test_client(), app.test_client()
    for client in (one, other):
        client.post("/sign-in", data={"identifier": "trainee", "password": PASSWORD})
    form = {"current": PASSWORD, "password": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    assert one.post("/account/password", data=form).status_code == 303
    assert one.get("/account").status_code == 200
    assert other.get("/account").status_code == 303


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "wrong", "password": NEW_PASSWORD, "repeat": NEW_PASSWORD}, "current"),
        ({"current": PASSWORD, "password": "short", "repeat": "short"}, "password"),
        ({"current": PASSWORD, "password": NEW_PASSWORD, "repeat": "other"}, "repeat"),
        ({"password": NEW_PASSWORD, "repeat": NEW_PASSWORD}, "current"),
    ],
)
def test_a_change_of_password_that_does_not_fit(
    cast: Cast, sign_in: SignIn, with_password: Give, form: dict[str, str], field: str
) -> None:
    with_password(cast.trainee)
    kept = reread(cast.trainee).password_hash
    answer = sign_in(cast.trainee).post("/account/password", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert reread(cast.trainee).password_hash == kept


def test_the_present_password_cannot_be_guessed_for_ever(
    cast: Cast, sign_in: SignIn, with_password: Give
) -> None:
    with_password(cast.trainee)
    client = sign_in(cast.trainee)
    form = {"current": "wrong", "password": NEW_PASSWORD, "repeat": NEW_PASSWORD}
    answers = [client.post("/account/password", data=form).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


@pytest.mark.parametrize("path", ["/account", "/account/password", "/account/sign-out-everywhere"])
def test_without_the_token_of_the_form_nothing_happens(
    cast: Cast, app: Flask, sign_in: SignIn, path: str
) -> None:
    client = sign_in(cast.trainee)
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post(path, data=profile(call_me="x")).status_code == 400
    person = reread(cast.trainee)
    assert (person.call_me, person.session_epoch) == ("", 0)


def test_search_and_order_follow_the_names(cast: Cast, sign_in: SignIn) -> None:
    before: Any = reread(cast.trainee).sort_key
    sign_in(cast.trainee).post("/account", data=profile(family_kana="アマセ"))
    person = reread(cast.trainee)
    assert person.sort_key < before
    assert "アマセ" in person.search_key
