"""The desk's page of flagged pages, and the cue sheet of a session."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from flask.testing import FlaskClient

from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import Recording
from lms.recordings.queries import list_flags
from lms.recordings.rules import Channel
from lms.rights.models import Segment
from lms.rights.operations import rewrite_facts
from lms.rights.queries.channels import read_channels
from lms.sessions.models import LiveSession
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture
def shelf(course: Course, films: Any, papers: Any) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def meeting(course: Course) -> LiveSession:
    with unit_of_work():
        row = LiveSession(
            edition_id=course.edition.id, title={"ja": "第1回 講義", "en": "Lecture 1"},
            venue_name={}, venue_address={}, venue_access={},
            starts_local=(NOW + timedelta(days=1)).replace(tzinfo=None),
            ends_local=(NOW + timedelta(days=1, hours=1)).replace(tzinfo=None),
            timezone="Asia/Tokyo", starts_at=NOW + timedelta(days=1),
            ends_at=NOW + timedelta(days=1, hours=1), created_at=NOW,
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
    return row


@pytest.fixture
def paper(shelf: Shelf, meeting: LiveSession) -> Recording:
    found = shelf.paper(title="Slides")
    shelf.agree(found, actions=["display", "download", "screen"])
    shelf.publish(found)
    with unit_of_work():
        row = db.session.get(Recording, found.id)
        assert row is not None
        row.live_session_id = meeting.id
    return found


def staff(cast: Cast, sign_in: SignIn, language: str = "en") -> FlaskClient:
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = language
    return client


def test_pages_are_flagged_and_the_conflicts_with_agreements_pointed_out(
    cast: Cast, paper: Recording, sign_in: SignIn
) -> None:
    client = staff(cast, sign_in)
    page = f"/desk/recordings/{paper.id}/channels"

    first = client.get(page).text
    assert "No agreement allows streaming it live" in first
    assert "No agreement allows showing it to people in a room." not in first
    bad = client.post(page, data={"first_page": "2", "last_page": "9", "barred": ["live"]})
    assert bad.status_code == 422
    assert "This paper has 3 pages only." in bad.text
    none = client.post(page, data={"first_page": "2", "last_page": ""})
    assert none.status_code == 422
    assert list_flags(paper.id) == []

    good = client.post(
        page, data={"first_page": "２", "last_page": "", "barred": ["later", "download"]}
    )

    assert good.status_code == 303
    mark = list_flags(paper.id)[0]
    assert (mark.first_page, mark.last_page, mark.room, mark.later) == (2, 2, True, False)
    shown = client.get(page).text
    assert "Slide 2" in shown
    assert "not in the recording: pause the recording" in shown
    changed = client.post(
        f"{page}/{mark.id}",
        data={f"{mark.id}-first_page": "3", f"{mark.id}-barred": ["download"]},
    )
    assert changed.status_code == 303
    db.session.expire_all()
    assert (list_flags(paper.id)[0].first_page, list_flags(paper.id)[0].later) == (3, True)
    assert client.post(f"{page}/{mark.id}/delete").status_code == 303
    db.session.expire_all()
    assert list_flags(paper.id) == []


def test_the_file_given_out_is_made_without_flagged_pages(
    cast: Cast, paper: Recording, sign_in: SignIn
) -> None:
    client = staff(cast, sign_in)
    page = f"/desk/recordings/{paper.id}/channels"
    client.post(page, data={"first_page": "2", "last_page": "2", "barred": ["download"]})
    reader = sign_in(cast.trainee)
    assert reader.get(f"/recordings/{paper.id}/file.pdf").status_code == 403
    assert 'data-testid="cut-paper"' in staff(cast, sign_in).get(page).text

    assert staff(cast, sign_in).post(f"{page}/copy").status_code == 303
    claim = claim_job(["make_copy"], "w", clock.now() + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS["make_copy"], LEASE, threading.Event())

    assert 'data-testid="copy-ready"' in staff(cast, sign_in).get(page).text
    reader = sign_in(cast.trainee)
    with reader.get(f"/recordings/{paper.id}/file.pdf", follow_redirects=True) as answer:
        assert answer.status_code == 200
        with pypdfium2.PdfDocument(answer.data) as document:
            assert len(document) == 2


def test_only_who_looks_after_the_paper_flags_it(
    cast: Cast, paper: Recording, meeting: LiveSession, shelf: Shelf, sign_in: SignIn
) -> None:
    page = f"/desk/recordings/{paper.id}/channels"
    for person in (cast.trainee, cast.coordinator, cast.stranger):
        client = sign_in(person)
        assert client.get(page).status_code == 404
        assert client.post(page, data={"first_page": "1", "barred": ["live"]}).status_code == 404
        assert client.get(f"/desk/live-sessions/{meeting.id}/cue-sheet").status_code == 404
        assert client.get(f"/desk/live-sessions/{meeting.id}/cue-sheet.pdf").status_code == 404
    client = staff(cast, sign_in)
    film = shelf.film("short.mp4")
    assert client.get(f"/desk/recordings/{film.id}/channels").status_code == 404
    assert client.get(f"/desk/recordings/{'0' * 26}/channels").status_code == 404
    assert client.get(f"/desk/live-sessions/{'0' * 26}/cue-sheet").status_code == 404
    assert client.post(f"{page}/{'0' * 26}/delete").status_code == 404
    assert client.post(f"{page}/{'0' * 26}").status_code == 404


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_cue_sheet_prints_on_the_page_and_as_pdf(
    cast: Cast, paper: Recording, meeting: LiveSession, sign_in: SignIn, language: str
) -> None:
    told = {
        "en": ("Cue sheet", "Slide 2", "stop sharing in the live stream", "From slide 3"),
        "ja": ("第1回 講義",),
    }[language]
    client = staff(cast, sign_in, language)
    client.post(
        f"/desk/recordings/{paper.id}/channels",
        data={"first_page": "2", "barred": ["live"], "note": "第三者の図表 #let x = 1"},
    )
    sheet = f"/desk/live-sessions/{meeting.id}/cue-sheet"

    page = client.get(sheet).text
    answer = client.get(f"{sheet}.pdf")

    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    with pypdfium2.PdfDocument(answer.data) as document:
        text = "".join(one.get_textpage().get_text_bounded() for one in document)
    for words in (*told, "第三者の図表 #let x = 1"):
        assert words in page, words
        assert "".join(words.split()) in "".join(text.split()), words


def test_a_session_without_papers_has_a_sheet_that_says_so(
    cast: Cast, meeting: LiveSession, sign_in: SignIn
) -> None:
    client = staff(cast, sign_in)
    assert "This session has no papers." in client.get(
        f"/desk/live-sessions/{meeting.id}/cue-sheet"
    ).text  # fmt: skip
    assert client.get(f"/desk/live-sessions/{meeting.id}/cue-sheet.pdf").status_code == 200


def test_pages_of_others_that_are_not_cleared_stand_on_the_sheet(paper: Recording) -> None:
    with unit_of_work():
        db.session.add(
            Segment(
                recording_id=paper.id, a=1, b=2, kind="slide", disposition="unresolved",
                on_deny="hide", created_at=NOW,
            )
        )  # fmt: skip
        rewrite_facts(paper.id, clock.now())
    row = db.session.get(Recording, paper.id)
    assert row is not None

    read = read_channels(row, clock.now())

    assert read.closed == {Channel.LIVE}
    assert [(one.first, one.last) for one in read.barred] == [(2, 2)]
    assert read.barred[0].barred == {Channel.ROOM, Channel.LATER, Channel.DOWNLOAD}
    first = read.cues[0]
    assert first.first == 2
    assert first.stop == (Channel.ROOM, Channel.LATER, Channel.DOWNLOAD)
