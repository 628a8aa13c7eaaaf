"""On a phone: one press to join, one to resume, and what is left is there without any."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

PHONE = {"width": 360, "is_mobile": True, "has_touch": True}

# Things to press that are smaller than so many pixels; links in a line of text are exempt.
SMALL = """least => [...document.querySelectorAll(
    "a[href], button, summary, select, input:not([type=hidden]), [role=button]")]
  .filter(one => one.checkVisibility({visibilityProperty: true}))
  .filter(one => !(one.matches("a:not(.btn)") && one.closest("p, li, dd, td, th, h2, h3")))
  .map(one => one.matches("[type=checkbox], [type=radio]") && one.closest("label") || one)
  .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.height < least || box.width < least))
  .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""

MAIN = """() => [...document.querySelectorAll("main .btn--primary, main .btn--now, .tabbar a")]
  .filter(one => one.checkVisibility())
  .map(one => [one.outerHTML.slice(0, 120), one.getBoundingClientRect().height])
  .filter(([, height]) => height < 44)"""


def first_screen(visit: Browse, language: str = "ja") -> Page:
    page = visit("trainee", language, **PHONE).new_page()
    page.goto("/")
    return page


def test_joining_takes_one_press(visit: Browse) -> None:
    page = first_screen(visit)
    page.route("https://meeting.demo.example/**", lambda route: route.fulfill(body="In the room"))
    page.get_by_test_id("next-session").get_by_test_id("join").tap()
    expect(page.get_by_text("In the room")).to_be_visible()


def test_resuming_takes_one_press(visit: Browse, demo: Demo) -> None:
    page = first_screen(visit)
    page.get_by_test_id("continue-watching").get_by_test_id("resume").first.tap()
    expect(page).to_have_url(demo.address + demo.paths["watch-2"])
    expect(page.get_by_test_id("play")).to_be_visible()


def test_what_is_left_is_seen_without_a_press(visit: Browse) -> None:
    page = first_screen(visit, "en")
    left = page.get_by_test_id("completion").first
    expect(left).to_contain_text("Take part 2")
    expect(left).to_contain_text("/3")
    expect(page.get_by_test_id("next-session").get_by_test_id("join")).to_be_in_viewport()


@pytest.mark.parametrize("who", ["trainee", "organiser"])
def test_what_is_pressed_is_large_enough(demo: Demo, visit: Browse, who: str) -> None:
    page = visit(who, "ja", **PHONE).new_page()
    mine = ("/my", "/my/schedule", "/account", "course", "apply-open", "live-session", "watch-2")
    desk = ("/desk", "/desk/editions/new/web-lecture", "desk-rights-1", "desk-attendance")
    found: dict[str, list[str]] = {}
    for name in mine if who == "trainee" else desk:
        page.goto(name if name.startswith("/") else demo.paths[name])
        if wrong := page.evaluate(SMALL, 24) + page.evaluate(MAIN):
            found[name] = wrong
    assert found == {}
