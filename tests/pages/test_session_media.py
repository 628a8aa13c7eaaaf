"""The page of a session lists what belongs to it, as far as its reader may know of it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.pages.queries.media import media_of_session
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.recordings.operations import Details, add_link
from lms.sessions.models import LiveSession
from lms.sessions.queries import get_live_session
from tests.conftest import Cast
from tests.recordings.conftest import Course, course, films, make_course, papers
from tests.recordings.test_cues import meeting
from tests.watching.conftest import Shelf, enrol

__all__ = ["course", "films", "make_course", "meeting", "papers"]

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def shelf(course: Course, films: Any, papers: Any) -> Shelf:
    return Shelf(course, films, papers)


def test_papers_and_links_of_a_session_stand_on_its_page(
    cast: Cast, shelf: Shelf, meeting: LiveSession, sign_in: SignIn
) -> None:
    paper = shelf.paper(title="Slides of the day")
    with unit_of_work():
        link = add_link(
            SYSTEM, shelf.course.edition.id,
            Details(title={"en": "A talk elsewhere", "ja": "講演"}, live_session_id=meeting.id),
            "https://video.example.org/a", clock.now() - timedelta(minutes=1),
        )  # fmt: skip
        row = db.session.get(Recording, paper.id)
        assert row is not None
        row.live_session_id = meeting.id
    other = shelf.paper(title="Of another day")
    agreements = [shelf.agree(one) for one in (paper, other, link)]
    for one in (paper, other, link):
        shelf.publish(one)
    enrol(cast.trainee, shelf.course)
    client = sign_in(cast.trainee)
    with client.session_transaction() as session:
        session["language"] = "en"

    page = client.get(f"/live-sessions/{meeting.id}").text

    assert "Slides of the day" in page
    assert "A talk elsewhere" in page
    assert "video.example.org" in page
    assert "We cannot enforce or measure this." in page
    assert "Of another day" not in page

    shelf.withdraw(agreements[-1])

    page = client.get(f"/live-sessions/{meeting.id}").text
    assert f'href="/recordings/{link.id}"' not in page
    assert f'href="/recordings/{paper.id}"' in page


def test_a_session_without_anything_published_lists_nothing(
    cast: Cast, shelf: Shelf, meeting: LiveSession, sign_in: SignIn
) -> None:
    enrol(cast.trainee, shelf.course)
    other = shelf.paper(title="Of another day")
    shelf.agree(other)
    shelf.publish(other)
    page = sign_in(cast.trainee).get(f"/live-sessions/{meeting.id}").text
    assert 'data-testid="session-media"' not in page


def test_a_session_without_anything_asks_no_more_than_that(
    cast: Cast, shelf: Shelf, meeting: LiveSession
) -> None:
    other = shelf.paper(title="Of another day")
    shelf.agree(other)
    shelf.publish(other)
    card, actor = get_live_session(meeting.id), cast.actor("trainee")
    with counted() as asked:
        assert media_of_session(actor, card, clock.now()) == ()
    assert len(asked) == 1
