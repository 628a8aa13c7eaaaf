"""The learner's own screens."""

from collections.abc import Callable
from datetime import datetime

import time_machine
from flask.testing import FlaskClient

from lms.courses.models import Edition
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from tests.conftest import NOW, Cast
from tests.pages.conftest import Catalogue, seat

SignIn = Callable[[Person], FlaskClient]


@time_machine.travel(NOW, tick=False)
def test_the_first_screen_joins_in_one_press_and_says_what_is_left(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    page = sign_in(cast.trainee).get("/my").text
    assert f'action="/live-sessions/{catalogue.session.id}/join"' in page
    assert 'data-testid="requirements"' in page
    assert "secret-room" not in page


@time_machine.travel(NOW, tick=False)
def test_attending_is_shown_as_done(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    client = sign_in(cast.trainee)
    assert "check--done" not in client.get("/my").text
    joined = client.post(f"/live-sessions/{catalogue.session.id}/join")
    assert joined.status_code == 303
    assert joined.headers["Location"] == "https://meet.example.org/secret-room"
    assert "check--done" in client.get("/my").text


@time_machine.travel(NOW, tick=False)
def test_both_zones_stand_on_an_overseas_screen(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    seat(cast.overseas.id, catalogue.lectures, 1, now)
    page = sign_in(cast.overseas).get("/my").text
    assert "12 October 2026 (Mon) 10:05–12:05 Japan time (JST)" in page
    assert "09:05–11:05 Kuala Lumpur time" in page
    assert "次の予定" not in page


@time_machine.travel(NOW, tick=False)
def test_somebody_without_a_course_is_led_to_the_catalogue(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn
) -> None:
    assert catalogue.economics.id
    client = sign_in(cast.stranger)
    assert 'data-testid="no-course"' in client.get("/my").text
    assert client.get("/my/schedule").status_code == 200
    assert client.get("/my/record").status_code == 200


@time_machine.travel(NOW, tick=False)
def test_the_schedule_lists_what_is_to_come(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    page = sign_in(cast.trainee).get("/my/schedule").text
    assert "2026年10月12日(月)" in page
    assert 'data-testid="schedule-session"' in page


def test_signed_in_pages_ask_who_one_is(client: FlaskClient) -> None:
    for address in ("/my", "/my/schedule", "/my/record", "/my/nothing"):
        answer = client.get(address)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=")


@time_machine.travel(NOW, tick=False)
def test_many_courses_are_led_to_the_record(
    catalogue: Catalogue, cast: Cast, sign_in: SignIn, now: datetime
) -> None:
    client = sign_in(cast.trainee)
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    assert 'data-testid="all-courses"' not in client.get("/my").text
    with unit_of_work():
        for number in range(8):
            edition = Edition(
                programme_id=catalogue.economics.programme_id, slug=f"more-{number}",
                title={"ja": f"第{number}期"}, mode="web", languages=["ja"], state="published",
                created_at=now,
            )  # fmt: skip
            db.session.add(edition)
            db.session.flush()
            db.session.add(
                Enrolment(
                    edition_id=edition.id, person_id=cast.trainee.id, state="enrolled", seat=1,
                    applied_at=now, changed_at=now,
                )
            )  # fmt: skip
    page = client.get("/my").text
    assert 'data-testid="all-courses"' in page
    assert "（9）" in page
