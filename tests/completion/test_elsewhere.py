"""Recordings held elsewhere satisfy no watch requirement, and staff are told so."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from lms.completion.queries import progress_of
from lms.infra.db import db, unit_of_work
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.recordings.models import MediaKind, Recording
from tests.completion.conftest import Course

SignIn = Callable[[Person], FlaskClient]


def become(course: Course, part: int, kind: MediaKind) -> None:
    """Let the recording of a part be of another kind, as if it had been listed so."""
    with unit_of_work():
        row = db.session.get(Recording, course.recordings[part].id)
        assert row is not None
        row.kind = kind
        if kind is MediaKind.LINK:
            row.source_url = "https://video.example.org/a"


@pytest.mark.parametrize(
    ("kind", "counted"),
    [
        (MediaKind.VIDEO, True),
        (MediaKind.AUDIO, True),
        (MediaKind.PAPER, False),
        (MediaKind.LINK, False),
    ],
)
def test_only_what_is_played_here_satisfies_a_watch_requirement(
    course: Course, kind: MediaKind, *, counted: bool
) -> None:
    course.rule(course.requirement(0, "watch"))
    become(course, 0, kind)
    course.watch(course.cast.trainee, 0, 1000)  # whatever a row of coverage might say

    db.session.rollback()
    found = progress_of(PersonId(course.cast.trainee.id), [course.id]).editions[course.id]

    assert (found.left == 0) is counted
    assert bool(course.achievements()) is counted


def test_staff_are_told_where_they_set_the_rule(course: Course, sign_in: SignIn) -> None:
    client = sign_in(course.cast.organiser)
    page = f"/desk/editions/{course.id}/completion"
    assert 'data-testid="elsewhere"' not in client.get(page).text

    become(course, 1, MediaKind.LINK)

    assert 'data-testid="elsewhere"' in client.get(page).text
