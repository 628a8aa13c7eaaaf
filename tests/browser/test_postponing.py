"""A typhoon comes: an organiser puts a course off without JavaScript, a participant answers."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from lms.kernel import clock
from tests.browser.conftest import BROWSER, Browse
from tests.conftest import Cast
from tests.sessions.conftest import World, add_edition

pytestmark = [*BROWSER, pytest.mark.sqlite_only]
AXE = Axe()


@pytest.fixture
def world(cast: Cast) -> World:
    at = clock.now()
    programme, edition = add_edition("labour-lectures", "published", at)
    world = World(cast, programme, edition, at)
    for days in (20, 27):
        day = (at + timedelta(days=days)).date()
        world.add(
            starts_local=datetime.combine(day, time(16)),
            ends_local=datetime.combine(day, time(17, 30)),
        )
    for person in (cast.trainee, cast.overseas):
        world.enrol(person)
    return world


def looks_well(page: Page) -> None:
    found: Any = AXE.run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_edition_is_put_off_and_a_participant_answers(world: World, browse: Browse) -> None:
    desk = browse(world.cast.organiser, "en", 360, scripts=False).new_page()
    address = f"/desk/editions/{world.edition_id}"
    desk.goto(f"{address}/sessions")
    desk.get_by_test_id("to-postpone").click()
    desk.locator("input[name=kind][value=moved]").check()
    desk.locator("[name=days]").fill("14")
    desk.locator("[name=words_en]").fill("A typhoon comes.")
    desk.get_by_test_id("postpone-look").click()
    starts = desk.locator("input[name^=starts-]")
    expect(starts).to_have_count(2)
    starts.first.fill("15:00")
    desk.get_by_test_id("postpone-look").click()
    expect(desk.locator("input[name^=starts-]").first).to_have_value("15:00")
    desk.get_by_test_id("postpone-save").click()
    expect(desk.get_by_test_id("answer-counts")).to_contain_text("No answer yet: 2")

    me = browse(world.cast.overseas, "en", 360, scripts=False).new_page()
    me.goto("/my")
    me.get_by_test_id("to-new-dates").click()
    me.get_by_label("I can come").check()
    me.get_by_test_id("send-answer").click()
    expect(me.get_by_test_id("own-answer")).to_contain_text("Can come")
    desk.reload()
    expect(desk.get_by_test_id("answer-counts")).to_contain_text("Can come: 1")

    for language, width in (("ja", 360), ("en", 1280)):
        office = browse(world.cast.organiser, language, width).new_page()
        for path in (address, f"{address}/postpone", f"{address}/postponed"):
            office.goto(path)
            looks_well(office)
        office.goto(f"{address}/postpone")
        office.locator("input[name=kind][value=moved]").check()
        office.get_by_test_id("postpone-look").click()
        expect(office.get_by_test_id("moves")).to_be_visible()
        looks_well(office)
        reader = browse(world.cast.overseas, language, width).new_page()
        for path in (
            "/my",
            "/courses/labour-lectures/2026",
            "/courses/labour-lectures/2026/new-dates",
        ):
            reader.goto(path)
            looks_well(reader)
