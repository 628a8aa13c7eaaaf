"""Captions written beside the film, in a real browser."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route, expect
from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import Caption, Recording
from lms.recordings.rules import Cue
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = BROWSER

Browse = Callable[..., BrowserContext]
PLAYING = "() => document.querySelector('video').currentTime > {0}"


@pytest.fixture
def recording(course: Course, films: Path, papers: Path) -> Recording:
    shelf = Shelf(course, films, papers)
    recording = shelf.film()
    shelf.agree(recording)
    shelf.caption(
        recording, Cue(0, 4000, "おはようございます"), Cue(5000, 8000, "春季生活闘争"),
        Cue(20_000, 21_000, "この一行はとても長いので読み切れません"),
    )  # fmt: skip
    return recording


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def opened(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str], width: int = 1280
) -> Page:
    page = browse(cast.organiser, "en", width).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security" in line.text else None,
    )
    page.goto(f"/desk/recordings/{recording.id}/captions/ja")
    return page


def stored() -> Caption:
    db.session.rollback()
    return db.session.scalars(select(Caption)).one()


def test_captions_are_written_beside_the_film(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = opened(browse, cast, recording, faults)
    rows = page.get_by_test_id("rows").locator("li")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("A line has 19 characters; at most 16.")
    expect(rows.nth(0)).not_to_contain_text("characters")

    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(5.2))
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    page.get_by_test_id("toggle").click()
    rows.nth(1).locator("textarea").focus()
    page.get_by_test_id("set-start").click()
    begun = rows.nth(1).locator("[data-start]").input_value()
    assert re.fullmatch(r"0:0[567]\.\d{3}", begun)

    rows.nth(1).locator("textarea").press("Home")
    for _step in range(2):
        rows.nth(1).locator("textarea").press("ArrowRight")
    page.get_by_test_id("split").click()
    expect(rows).to_have_count(4)
    expect(rows.nth(1).locator("textarea")).to_have_value("春季")
    page.get_by_test_id("undo").click()
    expect(rows).to_have_count(3)
    rows.nth(0).locator("textarea").focus()
    page.keyboard.press("Alt+m")
    expect(rows).to_have_count(2)
    page.get_by_test_id("undo").click()
    rows.nth(2).locator("textarea").fill("短い行")
    page.get_by_test_id("insert").click()
    rows.nth(3).locator("textarea").fill("終わり")
    rows.nth(3).locator("[data-end]").fill("２５")
    rows.nth(3).locator("[data-end]").press("Tab")
    page.get_by_test_id("store").click()
    expect(page.get_by_test_id("editor-state")).to_have_text("This time cannot be read.")
    rows.nth(3).locator("[data-end]").fill("0:25")
    rows.nth(3).locator("[data-end]").press("Tab")
    page.get_by_test_id("store").click()
    expect(page.get_by_test_id("editor-state")).to_have_text("4 captions were stored.")

    caption = stored()
    assert caption.revision == 2
    assert caption.vtt.count("-->") == 4
    assert f"00:00:{begun[2:]} --> 00:00:08.000\n春季生活闘争" in caption.vtt
    assert caption.vtt.endswith("00:00:25.000\n終わり\n")


def test_nothing_is_lost_when_somebody_was_quicker_or_the_page_is_left(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = opened(browse, cast, recording, faults)
    other = opened(browse, cast, recording, faults)
    for one, words in ((page, "一人目"), (other, "二人目")):
        one.get_by_test_id("rows").locator("textarea").first.fill(words)
        one.get_by_test_id("store").click()
    expect(page.get_by_test_id("editor-state")).to_contain_text("stored")
    expect(other.get_by_test_id("editor-state")).to_contain_text("Somebody else has changed")
    expect(other.get_by_test_id("rows").locator("textarea").first).to_have_value("二人目")
    assert "一人目" in stored().vtt

    other.on("dialog", lambda dialog: dialog.accept())
    other.reload()  # what was not stored is still in this browser
    expect(other.get_by_test_id("rows").locator("textarea").first).to_have_value("一人目")
    other.get_by_text("Take them").click()
    expect(other.get_by_test_id("rows").locator("textarea").first).to_have_value("二人目")


def test_what_is_written_while_it_is_being_stored_stays(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = opened(browse, cast, recording, faults)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    page.route("**/captions/ja", hold)
    words = page.get_by_test_id("rows").locator("textarea").first
    words.fill("一")
    with page.expect_request(lambda request: request.method == "POST" and "/ja" in request.url):
        page.get_by_test_id("store").click()
    page.get_by_test_id("store").click()  # once more, out of impatience
    words.fill("一と二")
    with page.expect_response("**/captions/ja"):
        held[0].continue_()
    expect(page.get_by_test_id("editor-state")).to_have_text("Not stored yet")
    expect(words).to_have_value("一と二")
    assert len(held) == 1
    page.unroute("**/captions/ja")
    page.get_by_test_id("store").click()
    expect(page.get_by_test_id("editor-state")).to_contain_text("captions were stored")
    assert "一と二" in stored().vtt
    assert stored().revision == 3


def test_rows_stand_in_the_order_in_which_they_were_refused(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = opened(browse, cast, recording, faults)
    other = opened(browse, cast, recording, faults)
    other.get_by_test_id("rows").locator("textarea").first.fill("二人目")
    other.get_by_test_id("store").click()
    expect(other.get_by_test_id("editor-state")).to_contain_text("stored")

    rows = page.get_by_test_id("rows").locator("li")
    for name, moment in (("end", "0:30"), ("start", "0:25")):  # the first becomes the last
        rows.nth(0).locator(f"[data-{name}]").fill(moment)
        rows.nth(0).locator(f"[data-{name}]").press("Tab")
    page.get_by_test_id("store").click()
    expect(page.get_by_test_id("editor-state")).to_contain_text("Somebody else has changed")
    expect(rows.nth(2).locator("textarea")).to_have_value("おはようございます")


def test_it_works_without_scripts(browse: Browse, cast: Cast, recording: Recording) -> None:
    page = browse(cast.organiser, "en", 360, scripts=False).new_page()
    page.goto(f"/desk/recordings/{recording.id}/captions/ja")
    expect(page.get_by_test_id("remarks")).to_contain_text("A line has 19 characters")
    text = page.get_by_test_id("captions-text")
    text.fill(text.input_value().replace("とても", ""))
    page.get_by_test_id("reviewed").check()
    page.get_by_test_id("store").click()
    expect(page.get_by_test_id("remarks")).not_to_contain_text("A line has")
    assert (stored().status, stored().revision) == ("reviewed", 2)


@pytest.mark.parametrize("how", [("ja", 360), ("en", 1280)])
def test_the_page_keeps_everyone_in(
    browse: Browse, cast: Cast, recording: Recording, how: tuple[str, int]
) -> None:
    page = browse(cast.organiser, *how).new_page()
    page.goto(f"/desk/recordings/{recording.id}/captions/ja")
    expect(page.get_by_test_id("rows").locator("li")).to_have_count(3)
    expect(page.get_by_test_id("rows")).to_contain_text("19")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= how[1]
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.response["violations"] == [], found.generate_report()
