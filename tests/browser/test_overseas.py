"""A participant in Malaysia reads English only, and every hour in both zones."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

# Kana, kanji, and the full-width forms that go with them.
JAPANESE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")

# What stands on the page, in attributes too, but for what says itself that it is Japanese.
WORDS = """() => {
  const copy = document.documentElement.cloneNode(true);
  const exempt = "[lang=ja], script, style, select[name=language]";
  for (const one of copy.querySelectorAll(exempt)) one.remove();
  const words = [document.title, copy.textContent];
  for (const one of copy.querySelectorAll("*"))
    for (const name of ["alt", "aria-label", "placeholder", "title", "content", "value"])
      if (one.hasAttribute(name)) words.push(one.getAttribute(name));
  return words.join("\\n");
}"""

PAGES = (
    "/my", "/my/schedule", "/my/record", "/my/consents", "/courses", "/account",
    "/account/address", "/account/password", "/time-zone", "/nothing-here", "course",
    "course-hybrid", "apply", "apply-open", "lesson", "live-session", "watch-1", "watch-2",
    "watch-3", "handout-2",
)  # fmt: skip


def japanese_lines(page: Page) -> list[str]:
    return [line.strip() for line in page.evaluate(WORDS).splitlines() if JAPANESE.search(line)]


def test_every_page_is_in_english(demo: Demo, visit: Browse) -> None:
    page = visit("overseas", "en").new_page()
    found: dict[str, list[str]] = {}
    for name in PAGES:
        address = name if name.startswith("/") else demo.paths[name]
        page.goto(address)
        assert page.evaluate("document.documentElement.lang") == "en"
        if lines := japanese_lines(page):
            found[address] = lines[:5]
    assert found == {}


def test_what_is_only_in_japanese_says_so(demo: Demo, visit: Browse) -> None:
    """The test above must be able to fail: Japanese is seen where it is not labelled."""
    page = visit("overseas", "ja").new_page()
    page.goto(demo.paths["course"])
    assert japanese_lines(page)


def test_both_zones_are_shown(demo: Demo, visit: Browse) -> None:
    page = visit("overseas", "en").new_page()
    page.goto(demo.paths["live-session"])
    when = page.get_by_test_id("session-when")
    expect(when.locator("time")).to_contain_text("Japan time")
    expect(when.locator("small")).to_contain_text("Kuala Lumpur time")
    page.goto("/my")
    expect(page.locator("main")).to_contain_text("Kuala Lumpur time")
    expect(page.locator("main")).to_contain_text("Japan time")
