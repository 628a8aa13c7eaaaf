"""Catalogue, course page and lesson, as visitors and members see them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms.courses.models import Edition, Programme
from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from lms.records.models import LessonReading
from lms.sessions.models import LiveSession
from tests.conftest import NOW, Cast
from tests.pages.conftest import Catalogue, seat

SignIn = Callable[[Person], FlaskClient]
ECONOMICS = "course-labour-economics"
LECTURES = "course-international-labour-lectures"


@pytest.mark.parametrize("text", ["経済", "econ", "ECON", "ｅｃｏｎ", "労働 経済"])
@time_machine.travel(NOW, tick=False)
def test_search_finds_a_course_however_it_is_typed(
    client: FlaskClient, catalogue: Catalogue, text: str
) -> None:
    assert catalogue.economics.id
    page = client.get("/courses", query_string={"q": text}).text
    assert ECONOMICS in page


@time_machine.travel(NOW, tick=False)
def test_search_that_finds_nothing_says_so(client: FlaskClient, catalogue: Catalogue) -> None:
    assert catalogue.economics.id
    answer = client.get("/courses", query_string={"q": "zebra"})
    assert answer.status_code == 200
    assert ECONOMICS not in answer.text
    assert 'data-testid="catalogue"' not in answer.text


@time_machine.travel(NOW, tick=False)
def test_the_catalogue_shows_purpose_audience_and_seats_without_an_account(
    client: FlaskClient, catalogue: Catalogue
) -> None:
    with unit_of_work():
        db.session.execute(
            update(Edition).where(Edition.id == catalogue.economics.id).values(capacity=30)
        )
    page = client.get("/courses", headers={"Accept-Language": "en"}).text
    programme = db.session.scalars(
        select(Programme).where(Programme.slug == "labour-economics")
    ).one()
    assert programme.purpose["en"] in page
    assert programme.audience["en"] in page
    assert "30 of 30 seats left" in page


@time_machine.travel(NOW, tick=False)
def test_what_is_for_members_is_hidden_from_others(
    client: FlaskClient, catalogue: Catalogue, cast: Cast, sign_in: SignIn
) -> None:
    with unit_of_work():
        db.session.execute(
            update(Programme).where(Programme.slug == "labour-economics").values(reach="affiliate")
        )
    address = f"/courses/labour-economics/{catalogue.economics.slug}"
    assert ECONOMICS not in client.get("/courses").text
    assert client.get(address).status_code == 404
    assert sign_in(cast.overseas).get(address).status_code == 404
    member = sign_in(cast.trainee)
    assert ECONOMICS in member.get("/courses").text
    assert member.get(address).status_code == 200


@time_machine.travel(NOW, tick=False)
def test_filters_narrow_and_nonsense_is_no_filter(
    client: FlaskClient, catalogue: Catalogue
) -> None:
    assert catalogue.lectures.id
    page = client.get("/courses", query_string={"kind": "web_lecture"}).text
    assert "course-web-lecture" in page
    assert ECONOMICS not in page
    assert ECONOMICS in client.get("/courses", query_string={"kind": "nonsense"}).text


@time_machine.travel(NOW, tick=False)
def test_a_course_page_offers_the_way_in_to_who_has_none(
    client: FlaskClient, catalogue: Catalogue, cast: Cast, sign_in: SignIn
) -> None:
    address = f"/courses/international-labour-lectures/{catalogue.lectures.slug}"
    anonymous = client.get(address)
    assert anonymous.status_code == 200
    assert "/sign-in?next=" in anonymous.text
    assert 'data-testid="apply"' in sign_in(cast.trainee).get(address).text


@time_machine.travel(NOW, tick=False)
def test_an_enrolled_person_sees_the_join_button_and_never_the_real_address(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    address = f"/courses/international-labour-lectures/{catalogue.lectures.slug}"
    page = sign_in(cast.trainee).get(address).text
    assert 'data-testid="join"' in page
    assert "secret-room" not in page
    assert 'data-testid="completion"' in page


@time_machine.travel(NOW, tick=False)
def test_a_lesson_is_read_marked_and_taken_back(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn
) -> None:
    address = f"/courses/labour-economics/{catalogue.economics.slug}/lessons/supply-and-demand"
    client = sign_in(cast.trainee)
    page = client.get(address)
    assert page.status_code == 200
    assert "<svg" in page.text
    assert 'lang="ja"' in page.text
    assert client.post(f"{address}/read").status_code == 303
    assert db.session.scalars(select(LessonReading.person_id)).all() == [cast.trainee.id]
    assert 'data-testid="mark-unread"' in client.get(address).text
    client.post(f"{address}/read", data={"undo": "1"})
    assert db.session.scalars(select(LessonReading.person_id)).all() == []
    assert client.get(f"{address}x").status_code == 404


@time_machine.travel(NOW, tick=False)
def test_a_missing_translation_is_labelled_with_its_language(
    client: FlaskClient, catalogue: Catalogue
) -> None:
    with unit_of_work():
        db.session.execute(
            update(Programme)
            .where(Programme.slug == "labour-economics")
            .values(title={"ja": "労働経済入門"})
        )
    page = client.get(
        f"/courses/labour-economics/{catalogue.economics.slug}",
        headers={"Accept-Language": "en"},
    ).text
    assert '<span lang="ja">労働経済入門</span>' in page
    assert "Japanese only" in page


@time_machine.travel(NOW, tick=False)
def test_a_part_with_many_sessions_folds_them_under_their_number(
    catalogue: Catalogue, client: FlaskClient
) -> None:
    first = catalogue.session
    page = client.get("/courses/international-labour-lectures/first").text
    assert 'data-testid="course-sessions"' not in page
    with unit_of_work():
        for day in range(1, 6):
            later = timedelta(days=day)
            db.session.add(
                LiveSession(
                    edition_id=first.edition_id, part_id=first.part_id,
                    title={"ja": f"Day {day}", "en": f"Day {day}"}, timezone=first.timezone,
                    starts_local=first.starts_local + later, ends_local=first.ends_local + later,
                    starts_at=first.starts_at + later, ends_at=first.ends_at + later,
                    venue_name={}, venue_address={}, venue_access={}, created_at=first.created_at,
                )
            )  # fmt: skip

    page = client.get("/courses/international-labour-lectures/first").text

    folded = page.partition('data-testid="course-sessions"')[2].partition("</details>")[0]
    assert "全6回" in folded
    assert "2026年10月12日" in folded
    assert "2026年10月17日" in folded
    assert [f"Day {day}" in folded for day in range(1, 6)] == [True] * 5
