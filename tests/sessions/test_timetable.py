"""The timetable by day, on the screen and on paper."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine
from flask.testing import FlaskClient
from pypdf import PdfReader

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.sessions.operations import SpeakerPlan, cancel_live_session
from tests.conftest import NOW
from tests.sessions.conftest import CANARY_PASSCODE, CANARY_URL, World

SignIn = Callable[[Person], FlaskClient]
BUDGET = 8


@pytest.fixture(autouse=True)
def _stand_still() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def add_sessions(world: World, days: int, a_day: int) -> None:
    """Add so many sessions on each of so many days, in a room with a known speaker."""
    for day in range(days):
        for number in range(a_day):
            starts = datetime(2026, 10, 19, 9) + timedelta(days=day, hours=2 * number)  # noqa: DTZ001
            world.add(
                title={
                    "ja": f"{day + 1}日目 第{number + 1}講",
                    "en": f"Day {day + 1}.{number + 1}",
                },
                starts_local=starts,
                ends_local=starts + timedelta(minutes=90),
                venue_name={"ja": "研修所", "en": "Training centre"},
                room={"ja": "大教室", "en": "Large room"},
                speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),),
            )


def path(world: World) -> str:
    return f"/courses/{world.programme.slug}/{world.edition.slug}/timetable"


def text(answer: object) -> str:
    return unescape(answer.get_data(as_text=True))  # type: ignore[attr-defined]


def queries_of(client: FlaskClient, address: str) -> int:
    client.get(address)  # what is read once for everybody is known then
    db.session.remove()
    with counted() as sent:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(sent)


def test_sixty_sessions_over_two_weeks_take_eight_queries_at_most(
    world: World, sign_in: SignIn
) -> None:
    cast = world.cast
    world.enrol(cast.trainee)
    learner, organiser = sign_in(cast.trainee), sign_in(cast.organiser)
    desk = f"/desk/editions/{world.edition_id}/timetable"
    add_sessions(world, 1, 1)
    few = [queries_of(learner, path(world)), queries_of(organiser, desk)]
    add_sessions(world, 12, 5)

    many = [queries_of(learner, path(world)), queries_of(organiser, desk)]

    assert few == many
    assert max(many) <= BUDGET
    assert text(learner.get(path(world))).count('data-testid="timetable-day"') == 12


def test_days_stand_by_the_calendar_of_the_place_and_both_zones_are_named(
    world: World, sign_in: SignIn
) -> None:
    world.enrol(world.cast.overseas)
    world.add(
        starts_local=datetime(2026, 10, 20, 0, 30),  # noqa: DTZ001 - wall time
        ends_local=datetime(2026, 10, 20, 2, 0),  # noqa: DTZ001
    )

    page = text(sign_in(world.cast.overseas).get(path(world)))

    assert "20 October 2026 (Tue)" in page
    assert "00:30–02:00 Japan time (JST)" in page
    # It is the evening before where the reader is.
    assert "19 October 2026 (Mon) 23:30 Kuala Lumpur time" in page


def test_the_reader_in_the_same_zone_sees_one_time(world: World, sign_in: SignIn) -> None:
    world.enrol(world.cast.trainee)
    add_sessions(world, 1, 1)

    page = text(sign_in(world.cast.trainee).get(path(world)))

    assert "2026年10月19日(月)" in page
    assert page.count("09:00–10:30") == 1


@pytest.mark.parametrize("who", ["stranger", "other_trainee", "coordinator", "auditor"])
def test_who_takes_no_part_finds_no_timetable(world: World, sign_in: SignIn, who: str) -> None:
    add_sessions(world, 1, 1)
    client = sign_in(getattr(world.cast, who))

    assert client.get(path(world)).status_code == 404
    assert client.get(f"{path(world)}.pdf").status_code == 404
    assert client.get(f"/desk/editions/{world.edition_id}/timetable.pdf").status_code == 404


def test_speakers_and_applicants_see_it_without_any_way_in(world: World, sign_in: SignIn) -> None:
    add_sessions(world, 1, 1)
    world.enrol(world.cast.other_trainee, state="waitlisted")

    for person in (world.cast.speaker, world.cast.other_trainee):
        page = text(sign_in(person).get(path(world)))
        assert "Day 1.1" in page or "1日目" in page
        assert CANARY_URL not in page
        assert CANARY_PASSCODE not in page


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("ja", ["2026年10月19日(月)", "09:00–10:30", "日本時間", "研修所", "大教室"]),
        ("en", ["19 October 2026 (Mon)", "Japan time (JST)", "Training centre", "Large room"]),
    ],
)
def test_the_paper_holds_the_same_in_both_languages(
    world: World, sign_in: SignIn, language: str, wanted: list[str]
) -> None:
    add_sessions(world, 2, 2)
    client = sign_in(world.cast.organiser)

    answer = client.get(f"/desk/editions/{world.edition_id}/timetable.pdf?language={language}")
    pages = PdfReader(io.BytesIO(answer.get_data())).pages
    words = "".join(page.extract_text() for page in pages).replace("\n", "").replace(" ", "")

    assert answer.mimetype == "application/pdf"
    for one in wanted:
        assert one.replace(" ", "") in words
    assert "canary" not in words


def test_a_cancelled_session_is_marked(world: World, sign_in: SignIn) -> None:
    world.enrol(world.cast.overseas)
    key = world.add()
    with unit_of_work():
        cancel_live_session(world.organiser, key, at=NOW)

    assert "Session cancelled" in text(sign_in(world.cast.overseas).get(path(world)))


def test_an_empty_timetable_says_so(world: World, sign_in: SignIn) -> None:
    world.enrol(world.cast.overseas)

    assert "No sessions yet" in text(sign_in(world.cast.overseas).get(path(world)))
