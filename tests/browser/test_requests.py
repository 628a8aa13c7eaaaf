"""Asking for a study meeting on a telephone, and the answer, in a real browser."""

import pytest
import time_machine
from playwright.sync_api import Page, expect

from tests.browser.conftest import BROWSER, Browse
from tests.conftest import NOW
from tests.requests.conftest import Desk, desk, wished

__all__ = ["desk"]

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

LIST = "/desk/meeting-requests"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def fill(page: Page, number: int, day: str, starts: str, ends: str) -> None:
    page.get_by_test_id(f"day-{number}").fill(day)
    page.get_by_test_id(f"starts-{number}").fill(starts)
    page.get_by_test_id(f"ends-{number}").fill(ends)


def test_a_meeting_is_asked_for_and_decided(desk: Desk, browse: Browse) -> None:
    with time_machine.travel(NOW, tick=True):
        phone = browse(desk.cast.coordinator, "en", 360).new_page()
        phone.goto("/courses")
        phone.get_by_test_id("askable").get_by_role("link", name="Ask for").click()
        phone.get_by_test_id("organisation").select_option(label="\u2003Aozora Union One")
        phone.get_by_test_id("purpose").fill("New officers are to learn the practice")
        fill(phone, 1, "2026-11-05", "10:00", "12:00")
        phone.get_by_text("A second and a third date").click()
        fill(phone, 2, "2026-11-03", "13:30", "16:00")
        phone.get_by_test_id("place").fill("Nagoya")
        phone.get_by_test_id("people").fill("40")
        phone.get_by_test_id("contact-phone").fill("052-000-0000")
        phone.get_by_test_id("contact-phone").press("Enter")
        expect(phone.get_by_test_id("request-state")).to_be_visible()

        office = browse(desk.cast.organiser, "en").new_page()
        office.goto("/desk")
        office.get_by_test_id("desk-today").get_by_role("link", name="study meetings").click()
        office.get_by_test_id("requests-table").get_by_role("link").first.click()
        office.get_by_test_id("message-text").fill("We are asking a speaker.")
        office.get_by_test_id("send-message").click()
        office.get_by_test_id("to-accept").click()
        expect(office.get_by_test_id("date-notes")).to_contain_text("Culture Day")
        office.get_by_label("3 November").check()
        office.get_by_test_id("accept").click()
        expect(office.get_by_test_id("clashes")).to_contain_text("Culture Day")
        office.get_by_test_id("accept-anyway").click()
        expect(office).to_have_url(office.url.partition("/desk")[0] + "/desk/editions/"
                                   + office.url.split("/")[-2] + "/settings")  # fmt: skip

        phone.reload()
        expect(phone.get_by_test_id("request-standing")).to_contain_text("3 November 2026")
        expect(phone.get_by_test_id("conversation")).to_contain_text("We are asking a speaker.")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_pages_fit_a_telephone(desk: Desk, browse: Browse, language: str) -> None:
    with time_machine.travel(NOW, tick=True):
        asked = desk.ask(dates=(wished("2026-11-03 10:00"), wished("2026-11-12 13:30", "16:00")))
        for person, pages in (
            (desk.cast.coordinator, ("", "/new", f"/{asked.id}", f"/{asked.id}/edit")),
            (desk.cast.organiser, ("", "/new", f"/{asked.id}", f"/{asked.id}/accept")),
        ):
            page = browse(person, language, 360).new_page()
            for one in pages:
                page.goto(f"{LIST}{one}")
                assert page.evaluate(WIDER) <= 0, one
