"""By keyboard alone: signing in, applying, joining, playing; one always sees where one is."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.clock import JST
from lms.people.operations import hash_password
from lms.sessions.operations import SessionPlan, schedule_live_session
from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo
from tests.browser.test_main_job import publish_course
from tests.conftest import Cast

pytestmark = BROWSER

PASSWORD = "five-blue-herons"

# The focused thing, and whether it looks different for it; a card's link frames its card.
FOCUS = """() => { const one = document.activeElement, box = one.getBoundingClientRect();
  const framed = [one, one.closest("label")].filter(Boolean)
    .flatMap(each => [getComputedStyle(each), getComputedStyle(each, "::after")]);
  return {
    id: one.dataset.testid || one.id || one.textContent.trim(),
    shown: framed.some(look => look.outlineStyle !== "none" && parseFloat(look.outlineWidth) > 1),
    seen: box.bottom > 0 && box.top < innerHeight,
  } }"""


def tab_to(page: Page, testid: str, most: int = 80) -> list[str]:
    """Press Tab until a control has the focus; return what had it on the way."""
    passed: list[str] = []
    for _press in range(most):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert focus["shown"], f"{focus['id']} does not show that it has the focus"
        assert focus["seen"], f"{focus['id']} has the focus out of sight"
        passed.append(focus["id"])
        if focus["id"] == testid:
            return passed
    raise AssertionError(f"{testid} cannot be reached: {passed}")


def test_signing_in_applying_and_joining(live: str, chromium: Browser, cast: Cast) -> None:
    edition = publish_course(cast)
    start = clock.now().astimezone(JST).replace(tzinfo=None, second=0, microsecond=0)
    with unit_of_work():
        schedule_live_session(
            cast.actor("organiser"), edition.id,
            SessionPlan(
                {"en": "The lecture", "ja": "講義"}, start - timedelta(minutes=5),
                start + timedelta(minutes=60), web_url=f"{live}/courses?room=1",
            ),
            at=clock.now(),
        )  # fmt: skip
        person = db.session.merge(cast.trainee)
        person.password_hash = hash_password(PASSWORD, (1, 1024))
    context = chromium.new_context(base_url=live, locale="en")
    page = context.new_page()
    page.goto("/courses")
    tab_to(page, "sign-in-link")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in*")
    tab_to(page, "sign-in-identifier")
    page.keyboard.type("trainee")
    assert tab_to(page, "sign-in-password") == ["sign-in-password"]
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("account-menu")).to_be_visible()

    page.goto("/courses?q=wages")
    tab_to(page, "賃金の決まり方")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("apply")).to_be_visible()
    tab_to(page, "apply")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("apply-form")).to_be_visible()
    tab_to(page, "apply-submit")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("own-enrolment")).to_be_visible()

    page.goto("/my")
    tab_to(page, "join")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live}/courses?room=1")
    context.close()


def test_the_way_past_the_header(browse: Browse, cast: Cast) -> None:
    page = browse(cast.trainee).new_page()
    page.goto("/my")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#main') !== null")


def test_menus_and_dialogs_open_and_close(browse: Browse, cast: Cast) -> None:
    publish_course(cast)
    page = browse(cast.trainee).new_page()
    page.goto("/my")
    tab_to(page, "account-menu")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sign-out")).to_be_hidden()

    page.goto("/courses")
    page.get_by_role("link", name="How wages are set").press("Enter")
    page.get_by_test_id("apply").press("Enter")
    page.get_by_test_id("apply-submit").press("Enter")
    expect(page.get_by_test_id("own-enrolment")).to_be_visible()
    page.wait_for_load_state()  # a Tab on the way to the next page would be lost with the old one
    tab_to(page, "withdraw")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_test_id("withdraw")).to_be_focused()


@pytest.mark.sqlite_only
def test_the_player(demo: Demo, visit: Browse) -> None:
    page = visit("trainee", "en").new_page()
    page.goto(demo.paths["watch-2"])
    tab_to(page, "play")
    page.keyboard.press("Enter")
    playing = (
        "() => { const v = document.querySelector('video'); return !v.paused && v.currentTime > 0 }"
    )
    page.wait_for_function(playing)
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('video').paused")
    tab_to(page, "fullscreen")
    tab_to(page, "player-settings")
    page.keyboard.press("Enter")
    passed = tab_to(page, "captions-language")
    assert "rate" in passed
    page.keyboard.press("ArrowDown")
