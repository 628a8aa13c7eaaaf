"""Chapters are written one a line and lie inside the recording."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.infra.audit.models import AuditEntry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.models import Person
from lms.recordings.errors import ChapterFault, RecordingRefusedError
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import Details, add_recording, import_file, set_chapters
from lms.recordings.queries import list_chapters
from lms.recordings.rules import read_chapters, write_chapter
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

SignIn = Callable[[Person], FlaskClient]
HOUR = 3_600_000


@pytest.fixture
def film(cast: Cast, course: Course) -> Recording:
    """A film of an hour that waits for review."""
    with unit_of_work():
        row = add_recording(
            cast.actor("organiser"), course.edition.id, MediaKind.VIDEO, Details({"en": "x"}), NOW
        )
        row.stage, row.duration_ms = Stage.REVIEW, HOUR
    return row


def write(cast: Cast, film: Recording, text: str) -> int:
    with unit_of_work():
        return set_chapters(cast.actor("organiser"), film.id, text, NOW)


def titles(film: Recording) -> list[tuple[int, dict[str, str]]]:
    return [(row.at_ms, row.title) for row in list_chapters(film.id)]


def test_chapters_are_stored_in_order_in_two_languages(cast: Cast, film: Recording) -> None:
    text = "１２：３０　質疑応答 | Questions\n0:00 はじめに\n\n59:59.5 The end\n"

    assert write(cast, film, text) == 3

    assert titles(film) == [
        (0, {"ja": "はじめに"}),
        (750_000, {"ja": "質疑応答", "en": "Questions"}),
        (3_599_500, {"en": "The end"}),
    ]
    entry = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "chapters.changed")
    ).one()
    assert entry.details["count"] == 3


def test_what_is_written_anew_replaces_all_and_nothing_empties_the_list(
    cast: Cast, film: Recording
) -> None:
    write(cast, film, "0:00 a\n1:00 b")
    write(cast, film, "2:00 c")
    assert titles(film) == [(120_000, {"en": "c"})]

    assert write(cast, film, "  \n") == 0
    assert titles(film) == []


@pytest.mark.parametrize(
    ("text", "fault", "lines"),
    [
        ("0:00 a\nlater b", ChapterFault.TIME, (2,)),
        ("0:00 a\n1:99 b\n2:60 c", ChapterFault.TIME, (2, 3)),
        ("0:00", ChapterFault.TITLE, (1,)),
        ("0:00 " + "x" * 201, ChapterFault.TITLE, (1,)),
        ("0:00 |", ChapterFault.TITLE, (1,)),
        ("60:00 a", ChapterFault.OUTSIDE, (1,)),
        ("1:00:00 a", ChapterFault.OUTSIDE, (1,)),
        ("0:10 a\n0:10 b", ChapterFault.TWICE, (2,)),
        ("\n".join(f"{n // 60}:{n % 60:02} x" for n in range(201)), ChapterFault.TOO_MANY, ()),
    ],
)
def test_a_line_that_does_not_fit_is_named(
    text: str, fault: ChapterFault, lines: tuple[int, ...]
) -> None:
    assert read_chapters(text, HOUR).faults[0] == (fault, lines)


@pytest.mark.parametrize(
    "title",
    [{"ja": "はじめに"}, {"en": "Start"}, {"ja": "はじめに", "en": "Start"}, {"ja": "DX"},
     {"en": "About 修了証"}],
)  # fmt: skip
def test_what_is_shown_for_change_reads_back(title: dict[str, str]) -> None:
    reading = read_chapters(write_chapter(61_000, title), HOUR)

    assert [(line.at_ms, line.title) for line in reading.chapters] == [(61_000, title)]


def test_a_refused_list_changes_nothing(cast: Cast, film: Recording) -> None:
    write(cast, film, "0:00 a")

    with pytest.raises(InvalidInputError) as caught:
        write(cast, film, "0:00 b\n99:00 c")

    assert (caught.value.code, caught.value.facts["lines"]) == ("chapters_outside", "2")
    assert titles(film) == [(0, {"en": "a"})]


def test_chapters_behind_the_end_of_a_shorter_file_are_kept_but_not_shown(
    cast: Cast, film: Recording
) -> None:
    write(cast, film, "0:00 a\n50:00 b")
    with unit_of_work():
        db.session.get_one(Recording, film.id).duration_ms = 10 * 60_000

    assert titles(film) == [(0, {"en": "a"})]
    assert len(list_chapters(film.id, outside_too=True)) == 2


def test_what_has_no_length_yet_and_papers_have_none(
    cast: Cast, course: Course, papers: Path
) -> None:
    with unit_of_work():
        actor = cast.actor("organiser")
        new = add_recording(actor, course.edition.id, MediaKind.VIDEO, Details({"en": "x"}), NOW)
        paper = add_recording(actor, course.edition.id, MediaKind.PAPER, Details({"en": "y"}), NOW)
        import_file(actor, current_storage(), paper.id, papers / "three.pdf", NOW)

    for row in (new, paper):
        with pytest.raises(RecordingRefusedError):
            write(cast, row, "0:00 a")


@pytest.mark.parametrize("name", ["trainee", "coordinator", "speaker", "stranger"])
def test_only_its_organisers_may(cast: Cast, film: Recording, name: str) -> None:
    with pytest.raises(NotFoundError), unit_of_work():
        set_chapters(cast.actor(name), film.id, "0:00 a", NOW)


def test_an_organiser_writes_chapters(sign_in: SignIn, cast: Cast, film: Recording) -> None:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    address = f"/desk/recordings/{film.id}/chapters"
    assert client.get(address).status_code == 200

    answer = client.post(address, data={"chapters": "0:00 はじめに | Start\r\n1:00 <b>x</b>"})
    assert (answer.status_code, answer.location) == (303, address)
    page = client.get(address).text
    assert "0:00:00 はじめに | Start" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page

    refused = client.post(address, data={"chapters": "0:00 a\n2:00:00 b"})
    assert refused.status_code == 422
    assert "after the end of the recording in line 2" in refused.text
    assert "2:00:00 b" in refused.text  # nothing typed is lost
    assert len(titles(film)) == 2
