"""Sessions on the course page and the first screen: by the way chosen for each."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from lms.sessions.models import LiveSession, SessionSpeaker, SessionWay
from tests.conftest import NOW, Cast
from tests.pages.conftest import Catalogue, seat

SignIn = Callable[[Person], FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")
COURSE = "/courses/international-labour-lectures/"


@pytest.fixture
def frozen() -> Iterator[None]:
    """The moment of all tests here: ten minutes before the start."""
    with time_machine.travel(NOW, tick=False):
        yield


def english(person: Person) -> Person:
    """Let somebody read English."""
    with unit_of_work():
        db.session.get_one(Person, person.id).language = "en"
    return person


@pytest.fixture
def room(catalogue: Catalogue) -> LiveSession:
    """The session of the catalogue, with a room as well."""
    with unit_of_work():
        row = db.session.get_one(LiveSession, catalogue.session.id)
        row.venue_name = {"ja": "第一会議室", "en": "Room 1"}
    return row


def page(client: FlaskClient, catalogue: Catalogue) -> str:
    return client.get(COURSE + catalogue.lectures.slug).text


@pytest.mark.parametrize(
    ("enrolled", "chosen", "joins"),
    [("venue", "web", True), ("web", "venue", False), ("venue", None, False), ("web", None, True)],
)
def test_the_course_page_goes_by_the_way_chosen_for_the_session(
    sign_in: SignIn, cast: Cast, catalogue: Catalogue, room: LiveSession, now: datetime, *,
    enrolled: str, chosen: str | None, joins: bool,
) -> None:  # fmt: skip
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    with unit_of_work():
        db.session.query(Enrolment).update({"attending": enrolled})
        if chosen:
            db.session.add(
                SessionWay(
                    live_session_id=room.id, person_id=cast.trainee.id, way=chosen, changed_at=now
                )
            )

    text = page(sign_in(cast.trainee), catalogue)

    assert ('data-testid="join"' in text) is joins
    assert 'data-testid="to-timetable"' in text


def run(catalogue: Catalogue, cast: Cast, role: str) -> None:
    """Let the speaker of the cast run the session without a seat."""
    with unit_of_work():
        if role == "host":
            db.session.get_one(LiveSession, catalogue.session.id).host_id = cast.speaker.id
        else:
            db.session.add(
                SessionSpeaker(
                    live_session_id=catalogue.session.id,
                    person_id=cast.speaker.id,
                    name={},
                    role=role,
                )
            )


@pytest.mark.parametrize(
    ("role", "sentence"),
    [
        ("host", "You host this session"),
        ("speaker", "You speak in this session"),
        ("interpreter", "You interpret in this session"),
    ],
)
def test_who_only_runs_a_session_finds_it_everywhere(
    sign_in: SignIn, cast: Cast, catalogue: Catalogue, role: str, sentence: str
) -> None:
    run(catalogue, cast, role)
    client = sign_in(english(cast.speaker))

    first = client.get("/my").text
    schedule = client.get("/my/schedule").text
    course = page(client, catalogue)

    assert sentence in first
    assert 'data-testid="to-timetable"' in first
    assert sentence in schedule
    assert f"/live-sessions/{catalogue.session.id}" in course
    assert 'data-testid="join"' in course
    timetable = client.get(f"{COURSE}{catalogue.lectures.slug}/timetable")
    assert timetable.status_code == 200


def test_who_may_not_know_of_the_session_sees_its_time_alone(
    client: FlaskClient, sign_in: SignIn, cast: Cast, catalogue: Catalogue
) -> None:
    with unit_of_work():  # a name only: that of nobody here
        db.session.add(
            SessionSpeaker(
                live_session_id=catalogue.session.id, name={"en": "A guest"}, role="speaker"
            )
        )
    for visitor in (client, sign_in(cast.other_trainee)):
        text = page(visitor, catalogue)
        assert 'data-testid="course-session"' in text
        assert "/live-sessions/" not in text
        assert 'data-testid="join"' not in text
        assert 'data-testid="to-timetable"' not in text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"is_recorded": True}, "This session is recorded. The camera may stay off."),
        ({"is_recorded": False}, "The camera may stay off."),
        ({"is_recorded": True, "recording_state": "forbidden"}, "Nothing may be recorded"),
        ({"is_recorded": True, "recording_state": "asked"}, "not settled yet"),
        ({"is_recorded": True, "recording_state": "allowed"}, "This session is recorded"),
    ],
)
def test_beside_the_button_stands_what_is_recorded_and_that_the_camera_may_stay_off(
    sign_in: SignIn, cast: Cast, catalogue: Catalogue, now: datetime, *,
    values: dict[str, Any], said: str,
) -> None:  # fmt: skip
    seat(cast.trainee.id, catalogue.lectures, 1, now)
    with unit_of_work():
        row = db.session.get_one(LiveSession, catalogue.session.id)
        for name, value in values.items():
            setattr(row, name, value)
    client = sign_in(english(cast.trainee))
    session = f"/live-sessions/{catalogue.session.id}"

    for path in ("/my", COURSE + catalogue.lectures.slug, session):
        text = client.get(path).text
        assert said in text, path
        assert "amera may stay off." in text, path


def test_the_first_screen_says_nothing_of_the_camera_at_a_venue_alone(
    sign_in: SignIn, cast: Cast, catalogue: Catalogue, room: LiveSession, now: datetime
) -> None:
    with unit_of_work():
        db.session.get_one(LiveSession, room.id).web_url = ""
    seat(cast.trainee.id, catalogue.lectures, 1, now)

    assert "beside-button" not in sign_in(cast.trainee).get("/my").text


def test_who_comes_to_the_room_finds_the_ticket_on_the_first_screen(
    sign_in: SignIn, cast: Cast, catalogue: Catalogue, room: LiveSession, now: datetime
) -> None:
    with unit_of_work():
        db.session.get_one(LiveSession, room.id).name_format = {"en": "{organisation} {name}"}
    for person, way in ((cast.trainee, "venue"), (cast.other_trainee, "web")):
        with unit_of_work():
            db.session.query(Enrolment).delete()
        seat(person.id, catalogue.lectures, 1, now)
        with unit_of_work():
            db.session.query(Enrolment).update({"attending": way})

        first = sign_in(person).get("/my").text

        assert ('data-testid="to-ticket"' in first) is (way == "venue")
        assert ('data-testid="beside-button"' in first) is (way == "web")
        assert ('data-testid="to-name"' in first) is (way == "web")
