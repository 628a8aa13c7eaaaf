"""A reader with a telephone goes through every lesson of ours, in both languages.

Nothing is cut off, axe finds no barrier, every linked word opens its card, every answer of the
check says why, the harder path opens.
"""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from lms.config import ROOT
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.infra.db import db, unit_of_work
from lms.whole.content.check import Checked, check_content
from lms.whole.content.load import load_content
from tests.browser.conftest import BROWSER, note_faults
from tests.conftest import NOW

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

CONTENT = ROOT / "content"
AXE = Axe()
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
PARTS = 4  # so that several processes share the work
LESSON = "labour-economics/how-wages-are-set"

# Everything that a reader may open, opened one after another; what does not is told.
OPEN_ALL = """() => {
  const wrong = [];
  const shown = (element) => element && element.getBoundingClientRect().height > 0;
  const terms = [...document.querySelectorAll("a.term")];
  document.querySelectorAll("details.deeper > summary").forEach((one) => one.click());
  for (const one of document.querySelectorAll("details.deeper")) {
    if (!one.open || !shown(one.lastElementChild)) wrong.push("the harder path stays folded");
  }
  for (const summary of document.querySelectorAll(".chart__numbers > summary")) {
    summary.click();
    if (!shown(summary.nextElementSibling)) wrong.push("no table or list beside a figure");
  }
  for (const svg of document.querySelectorAll(".chart")) {
    const seen = [...svg.querySelectorAll("svg[role=img]")].filter(shown);
    if (seen.length !== 1) wrong.push(`${seen.length} drawings of a figure are shown`);
  }
  for (const summary of document.querySelectorAll(".quiz__option > summary")) {
    summary.click();
    const why = summary.nextElementSibling;
    if (!shown(why) || why.textContent.trim().length < 10) wrong.push("an answer without a reason");
  }
  for (const link of terms) {
    link.click();
    const card = document.querySelector(".term-card:popover-open");
    const box = card?.getBoundingClientRect();
    if (!shown(card)) wrong.push(`no card for ${link.textContent}`);
    else if (box.left < 0 || box.right > innerWidth) wrong.push(`cut off: ${link.textContent}`);
  }
  const ids = new Set([...document.querySelectorAll("[id]")].map((one) => one.id));
  for (const link of document.querySelectorAll("article a[href^='#']")) {
    if (!ids.has(link.getAttribute("href").slice(1))) wrong.push(`leads nowhere: ${link.href}`);
  }
  if (!terms.length) wrong.push("no word is linked");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways");
  return wrong;
}"""

Read = Callable[..., BrowserContext]


@cache
def _checked() -> Checked:
    return check_content(CONTENT)


@pytest.fixture
def lessons(app: Flask) -> dict[str, str]:
    """Our own content, published; the address of each lesson by `programme/lesson`."""
    checked = _checked()
    with unit_of_work():
        load_content(checked.programmes, checked.terms, at=NOW)
        db.session.execute(update(Edition).values(state="published", published_at=NOW))
        db.session.execute(update(Programme).values(reach="outside"))
    rows = db.session.execute(
        select(Programme.slug, Edition.slug, Lesson.slug)
        .join(Edition, Edition.programme_id == Programme.id)
        .join(Part, Part.edition_id == Edition.id)
        .join(Lesson, Lesson.part_id == Part.id)
        .order_by(Programme.slug, Edition.slug, Part.position, Lesson.position)
    ).all()
    db.session.remove()
    del app
    return {
        f"{programme}/{lesson}": f"/courses/{programme}/{edition}/lessons/{lesson}"
        for programme, edition, lesson in rows
    }


@pytest.fixture
def reader(lessons: dict[str, str], live: str, chromium: Browser) -> Iterator[Read]:
    """Return a function that gives a browser of somebody who is not signed in."""
    del lessons  # loaded before anything is asked for
    opened: list[BrowserContext] = []

    def begin(language: str, width: int = 360, *, scripts: bool = True) -> BrowserContext:
        context = chromium.new_context(
            base_url=live,
            viewport={"width": width, "height": 760},
            locale=language,
            java_script_enabled=scripts,
        )
        opened.append(context)
        return context

    yield begin
    for context in opened:
        context.close()


def read(page: Page, address: str, language: str) -> list[str]:
    """Open a lesson and all that can be opened in it; return what is wrong."""
    faults: list[str] = []
    note_faults(page, faults)
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    wrong: list[str] = page.evaluate(OPEN_ALL)
    if page.evaluate("document.querySelector('article').lang") != language:
        wrong.append("is in another language")
    found = AXE.run(page, options=OPTIONS).response["violations"]
    wrong += [f"{one['id']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]
    return [f"{address} ({language}): {text}" for text in (*wrong, *faults)]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_lesson_can_be_read_on_a_telephone(
    lessons: dict[str, str], reader: Read, part: int, language: str
) -> None:
    page = reader(language).new_page()
    wrong = [
        fault
        for address in list(lessons.values())[part::PARTS]
        for fault in read(page, address, language)
    ]
    assert wrong == []


def test_no_lesson_is_left_out(lessons: dict[str, str]) -> None:
    written = {
        f"{path.parent.parent.name}/{path.name.split('.')[0]}"
        for path in CONTENT.glob("*/lessons/*.md")
    }
    assert set(lessons) == written


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_glossary_can_be_read_on_a_telephone(reader: Read, language: str) -> None:
    page = reader(language).new_page()
    page.goto("/glossary")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert AXE.run(page, options=OPTIONS).response["violations"] == []
    target = page.locator(".terms__entry .meta a[href^='#']").first
    slug = (target.get_attribute("href") or "")[1:]
    target.click()
    expect(page.locator(f"[id='{slug}']")).to_be_in_viewport()


def test_a_card_is_reached_and_left_with_the_keyboard(
    lessons: dict[str, str], reader: Read
) -> None:
    page = reader("en").new_page()
    page.goto(lessons[LESSON])
    card = page.locator(".term-card:popover-open")
    first, second = page.locator("a.term").nth(0), page.locator("a.term").nth(1)
    page.keyboard.press("Tab")  # the keyboard is in use from here on
    first.focus()
    expect(card).to_have_count(1)
    assert first.evaluate("link => document.activeElement === link")
    assert first.get_attribute("aria-expanded") == "true"
    second.focus()
    expect(card).to_have_attribute("id", f"card-{second.get_attribute('data-term')}")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    page.keyboard.press("Enter")
    expect(card).to_be_focused()
    page.keyboard.press("Tab")
    expect(card.get_by_role("link")).to_be_focused()
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(second).to_be_focused()
    assert second.get_attribute("aria-expanded") == "false"


def test_a_card_comes_under_the_mouse_and_goes_with_it(
    lessons: dict[str, str], reader: Read
) -> None:
    page = reader("en", 1280).new_page()
    page.goto(lessons[LESSON])
    card = page.locator(".term-card:popover-open")
    link = page.locator("a.term").first
    link.scroll_into_view_if_needed()
    link.hover()
    expect(card).to_be_visible()
    card.hover()  # one may read on within it
    page.wait_for_timeout(400)
    expect(card).to_be_visible()
    page.mouse.move(5, 5)
    expect(card).to_have_count(0)
    link.click()
    page.mouse.move(5, 5)
    page.wait_for_timeout(400)
    expect(card).to_be_visible()  # kept by the click
    page.mouse.click(5, 5)
    expect(card).to_have_count(0)


def test_without_scripts_a_word_leads_to_its_entry(lessons: dict[str, str], reader: Read) -> None:
    page = reader("en", scripts=False).new_page()
    page.goto(lessons[LESSON])
    expect(page.locator(".term-card").first).to_be_hidden()
    own = page.locator("a.term[href^='#term-']").first
    slug = own.get_attribute("data-term")
    own.click()
    expect(page.locator(f"#term-{slug}")).to_be_in_viewport()
    page.locator(f"#term-{slug} a").click()
    assert page.url.endswith(f"/glossary#{slug}")
    expect(page.locator(f"[id='{slug}']")).to_be_in_viewport()


def test_the_harder_path_opens_by_link_and_on_paper(lessons: dict[str, str], reader: Read) -> None:
    page = reader("en", 1280).new_page()
    page.goto(lessons[LESSON])
    fold = page.locator("details.deeper")
    inside = fold.locator("p").last
    expect(inside).to_be_hidden()
    page.emulate_media(media="print")
    expect(inside).to_be_visible()
    page.emulate_media(media="screen")
    expect(inside).to_be_hidden()
    page.locator(".contents a", has_text="Going deeper").click()
    expect(inside).to_be_visible()
