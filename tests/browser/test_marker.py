"""The marker of parts that belong to others, in a real browser beside a film that plays."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import Recording
from lms.rights.models import PlaySession, Segment
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = BROWSER

Browse = Callable[..., BrowserContext]
AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


@pytest.fixture
def shelf(course: Course, films: Path, papers: Path) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def recording(shelf: Shelf) -> Recording:
    """A film of half a minute whose speaker agreed; nothing is published."""
    recording = shelf.film()
    shelf.agree(recording)
    return recording


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def test_marking_from_the_preview(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = browse(cast.organiser).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/desk/recordings/{recording.id}/segments")
    page.get_by_test_id("marker-play").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 1")
    page.evaluate("() => document.querySelector('video').pause()")
    page.get_by_test_id("start-here").click()
    page.evaluate("() => { document.querySelector('video').currentTime = 8; }")
    expect(page.get_by_test_id("marker-now")).to_contain_text("0:08")
    page.get_by_test_id("end-here").click()
    expect(page.get_by_test_id("segment-end")).to_have_value("0:08")
    page.get_by_test_id("segment-kind").select_option("music")
    page.get_by_test_id("save-segment").click()
    expect(page.get_by_test_id("segments-table")).to_contain_text("Music")
    db.session.rollback()
    [segment] = db.session.scalars(select(Segment)).all()
    assert 1000 <= segment.a < 7000
    assert segment.b == 8000
    # It was lent as a preview, and given back when the page was left.
    [play] = db.session.scalars(select(PlaySession)).all()
    assert play.first_key_at is not None
    page.get_by_role("button", name="Play 0:0").first.click()
    page.wait_for_function("() => document.querySelector('video').currentTime >= 1")


@pytest.mark.parametrize(("width", "language"), [(360, "ja"), (1280, "en")])
def test_the_pages_are_without_barriers(
    browse: Browse, cast: Cast, recording: Recording, width: int, language: str
) -> None:
    page = browse(cast.organiser, language, width).new_page()
    marker = f"/desk/recordings/{recording.id}/segments"
    page.goto(marker)
    for name, value in (("start", "0:02"), ("end", "0:05")):
        page.get_by_test_id(f"segment-{name}").fill(value)
    page.get_by_test_id("segment-title").fill("団結の歌")
    page.get_by_test_id("save-segment").click()
    expect(page.get_by_test_id("segments-table")).to_contain_text("団結の歌")
    db.session.rollback()
    key = db.session.scalars(select(Segment.id)).one()
    for address in (
        marker, f"{marker}?edit={key}", f"/desk/recordings/{recording.id}/rights",
        "/desk/rights/clearing", f"/desk/segments/{key}/ask", f"/desk/segments/{key}/exempt",
    ):  # fmt: skip
        page.goto(address)
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], address
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, address


def test_pages_of_a_paper_are_seen_beside_their_marks(
    browse: Browse, cast: Cast, shelf: Shelf
) -> None:
    paper = shelf.paper()
    shelf.agree(paper)
    page = browse(cast.organiser, "en", 360).new_page()
    page.goto(f"/desk/recordings/{paper.id}/segments")
    first = page.get_by_test_id("page-strip").get_by_role("img", name="Page 1")
    first.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelector('[data-testid=page-strip] img').naturalWidth > 0"
    )
    page.get_by_test_id("segment-pages").fill("2-3")
    page.get_by_test_id("save-segment").click()
    expect(page.get_by_test_id("segments-table")).to_contain_text("Pages 2–3")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
