"""A handout as its readers hold it: on a phone, by keyboard, in a room, without barriers."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typst
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect

from lms.infra.db import unit_of_work
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.models import Recording
from lms.recordings.operations import Details, FlagDetails, add_flag, add_link
from lms.recordings.rules import Channel
from lms.watching.operations.papers import font_folder
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import Course, course, films, make_course, papers
from tests.watching.conftest import Shelf

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

Browse = Callable[..., BrowserContext]

AXE = Axe()
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


@pytest.fixture
def shelf(course: Course, films: Path, papers: Path) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def paper(shelf: Shelf) -> Recording:
    """A paper of eight pages with words; the fifth and sixth are not for later."""
    compile_pdf: Any = typst.compile  # its stubs take one kind of text only
    head = '#set page(width: 960pt, height: 540pt)\n#set text(font: "Noto Sans JP", size: 40pt)\n'
    pages = [f"= 第{number}節\n- 賃金交渉の基礎" for number in range(1, 9)]
    made = compile_pdf(
        (head + "\n#pagebreak()\n".join(pages)).encode(),
        font_paths=[str(font_folder())], ignore_system_fonts=True,
    )  # fmt: skip
    (shelf.papers / "slides.pdf").write_bytes(made)
    found = shelf.paper("slides.pdf", "Slides")
    shelf.agree(found)
    shelf.publish(found)
    with unit_of_work():
        add_flag(SYSTEM, found.id, FlagDetails(5, 6, frozenset({Channel.LATER})), clock.now())
    return found


def assert_free_of_barriers(page: Page) -> None:
    found = AXE.run(page, options=OPTIONS).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], page.url
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0, page.url


@pytest.mark.parametrize("seen", [("ja", 360), ("en", 1280)])
def test_pages_of_handouts_have_no_barrier(
    cast: Cast, shelf: Shelf, paper: Recording, browse: Browse, seen: tuple[str, int]
) -> None:
    with unit_of_work():
        link = add_link(
            SYSTEM, shelf.course.edition.id, Details(title={"ja": "公開講演", "en": "A talk"}),
            "https://video.example.org/a", clock.now() - timedelta(minutes=1),
        )  # fmt: skip
    agreement = shelf.agree(link)
    shelf.publish(link)
    reader = browse(cast.trainee, *seen).new_page()
    for address in ("?page=4&q=賃金", "/screen", "/screen?room=hq", "/print"):
        reader.goto(f"/recordings/{paper.id}{address}")
        assert_free_of_barriers(reader)
    reader.goto(f"/recordings/{link.id}")
    assert_free_of_barriers(reader)
    shelf.withdraw(agreement)
    staff = browse(cast.organiser, *seen).new_page()
    for address in (
        f"/desk/recordings/{paper.id}/channels",
        f"/desk/recordings/{paper.id}/versions",
        f"/desk/recordings/{link.id}",
        f"/desk/recordings/{link.id}/rights",
        f"/desk/recordings/new-link?edition={shelf.course.edition.id}",
        "/desk/handouts/copies?serial=x",
    ):
        staff.goto(address)
        assert_free_of_barriers(staff)


def test_pages_turn_and_grow_by_keyboard(cast: Cast, paper: Recording, browse: Browse) -> None:
    page = browse(cast.trainee, "en", 360).new_page()
    page.goto(f"/recordings/{paper.id}")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("go-page")).to_have_value("2")
    page.keyboard.press("End")
    expect(page.get_by_test_id("go-page")).to_have_value("8")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**page=7*")
    page.keyboard.press("PageUp")
    page.wait_for_url("**page=4*")  # over the pages that are left out

    picture = page.get_by_test_id("page")
    before = picture.bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    after = picture.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(before["width"] * 1.5, rel=0.02)
    page.keyboard.press("Home")
    page.wait_for_url("**page=1*")
    kept = page.get_by_test_id("page").bounding_box()  # the size stays from page to page
    assert kept is not None
    assert kept["width"] == pytest.approx(after["width"], rel=0.02)
    page.get_by_test_id("fit").click()
    page.keyboard.press("/")
    page.keyboard.type("基礎")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("hits").locator("li")).to_have_count(6)


def test_a_paper_fills_the_screen_of_a_room(cast: Cast, paper: Recording, browse: Browse) -> None:
    page = browse(cast.trainee).new_page()
    page.goto(f"/recordings/{paper.id}/screen")
    page.get_by_test_id("room").select_option("hq")
    page.get_by_test_id("show-in-room").click()
    page.wait_for_url("**room=hq*")  # loaded, with its scripts
    page.keyboard.press("f")
    expect(page.locator(":fullscreen")).to_have_count(1)
    for _step in range(4):
        page.keyboard.press("ArrowRight")
    picture = page.get_by_test_id("page")
    # Not for later is for the room all the same: the fifth page is shown.
    expect(picture).to_have_attribute("src", f"/recordings/{paper.id}/screen/5.png?room=hq")
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 1400
    page.keyboard.press("ArrowLeft")
    expect(picture).to_have_attribute("alt", "Page 4 of 8 of “Slides”")


def test_buttons_in_a_room_keep_their_key(cast: Cast, paper: Recording, browse: Browse) -> None:
    page = browse(cast.trainee).new_page()
    page.goto(f"/recordings/{paper.id}/screen?room=hq")
    page.get_by_test_id("fullscreen").focus()
    page.keyboard.press("Enter")
    expect(page.locator(":fullscreen")).to_have_count(1)
    expect(page.locator("[data-count]")).to_have_text("1 / 8")


def test_a_page_is_named_in_every_language(cast: Cast, paper: Recording, browse: Browse) -> None:
    page = browse(cast.trainee, "ja").new_page()
    page.goto(f"/recordings/{paper.id}/screen?room=hq")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("page")).to_have_attribute("alt", "「講義」8ページ中2ページ")


def test_a_picture_that_never_comes_opens_the_page_only_once(
    cast: Cast, paper: Recording, browse: Browse
) -> None:
    page = browse(cast.trainee).new_page()
    opened: list[str] = []
    held: list[Route] = []
    page.on("framenavigated", lambda frame: opened.append(frame.url))

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/screen/*.png*", hold)
    with page.expect_request("**/screen/1.png*"):
        page.goto(f"/recordings/{paper.id}/screen?room=hq", wait_until="domcontentloaded")
    held[0].fulfill(status=503)
    page.wait_for_timeout(1500)  # that the page is not opened again shows only in time
    assert len(opened) == 1
