"""The check of one's connection in a real browser, with the devices that a browser pretends."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from lms.kernel import clock
from tests.browser.conftest import BROWSER, PROGRAMS, note_faults
from tests.sessions.conftest import World, heard, world

__all__ = ["heard", "world"]

pytestmark = BROWSER

AXE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
Browse = Callable[..., BrowserContext]


@pytest.fixture
def path(world: World) -> str:
    """The address of the check for a session that begins in an hour."""
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.overseas)
    begin = clock.now().astimezone(clock.JST).replace(tzinfo=None, microsecond=0)
    key = world.add(starts_local=begin + timedelta(hours=1), ends_local=begin + timedelta(hours=2))
    return f"/live-sessions/{key}/check"


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What the page's script complained of: nothing, at the end."""
    found: list[str] = []
    yield found
    assert found == []


def state(page: Page, name: str, wanted: str) -> None:
    expect(page.get_by_test_id(f"check-{name}")).to_have_attribute(
        "data-state", re.compile(wanted), timeout=15_000
    )


def test_browser_connection_and_clock_are_checked_by_themselves(
    browse: Browse, world: World, path: str, faults: list[str]
) -> None:
    page = browse(world.cast.trainee, language="en").new_page()
    note_faults(page, faults)
    page.goto(path)

    state(page, "browser", "done")
    state(page, "speed", "done|part")
    state(page, "clock", "done")
    expect(page.get_by_test_id("check-speed")).to_contain_text("This site answers in")
    state(page, "camera", "todo")  # nothing is switched on unasked
    expect(page.get_by_test_id("check-camera")).to_contain_text("Press the button below")


def test_a_site_that_does_not_answer_and_a_wrong_clock_are_named(
    browse: Browse, world: World, path: str
) -> None:
    page = browse(world.cast.trainee, language="ja").new_page()
    page.goto(path)
    state(page, "speed", "done|part")
    ahead = 600_000

    def wrong(route: Route) -> None:
        route.fulfill(json={"now": clock.to_ms(clock.now()) + ahead})

    page.route("**/clock", wrong)
    page.get_by_test_id("check-again").click()
    state(page, "clock", "part")
    expect(page.get_by_test_id("check-clock")).to_contain_text("600")

    page.unroute("**/clock")
    page.route("**/clock", lambda route: route.abort())
    page.get_by_test_id("check-again").click()
    state(page, "speed", "missed")


def test_who_refuses_the_camera_is_told_that_it_goes_without(
    browse: Browse, world: World, path: str
) -> None:
    page = browse(world.cast.overseas, language="en").new_page()
    page.goto(path)
    page.get_by_test_id("try-camera").click()

    # This browser has no devices, or may not use them: a sentence either way, and no dead end.
    state(page, "camera", "part")
    state(page, "sound", "part")
    expect(page.get_by_test_id("try-camera")).to_be_enabled()
    expect(page.get_by_test_id("stop-camera")).to_be_hidden()


def test_camera_and_microphone_are_tried_and_let_go(
    *, chromium: Browser, browse: Browse, world: World, path: str, live: str, faults: list[str]
) -> None:
    context = browse(world.cast.trainee, language="en")
    cookies = context.cookies()
    program = chromium.browser_type.launch(
        executable_path=os.environ.get("CHROMIUM")
        or next(filter(None, map(shutil.which, PROGRAMS))),
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
        ],
    )
    try:
        own = program.new_context(base_url=live)
        own.add_cookies([{"name": c["name"], "value": c["value"], "url": live} for c in cookies])
        page = own.new_page()
        note_faults(page, faults)
        page.goto(path)
        page.get_by_test_id("try-camera").click()

        state(page, "sound", "done")
        state(page, "camera", "done")
        expect(page.locator("[data-check-video]")).to_be_visible()
        expect(page.get_by_test_id("stop-camera")).to_be_focused()
        page.wait_for_function("() => document.querySelector('[data-check-level]').value > 0")
        page.get_by_test_id("stop-camera").click()
        expect(page.locator("[data-check-video]")).to_be_hidden()
        assert page.evaluate(
            "() => document.querySelector('[data-check-video]').srcObject === null"
        )
    finally:
        program.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_check_is_accessible_in_both_languages(
    browse: Browse, world: World, path: str, width: int, language: str
) -> None:
    page = browse(world.cast.trainee, language=language, width=width).new_page()
    page.goto(path)
    state(page, "speed", "done|part")
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
