"""Take the pictures of README and guides from a running demo.

    make demo                                  in one terminal
    .venv/bin/python tools/pictures.py         in another: the pictures that the texts use
    .venv/bin/python tools/pictures.py --all   every page, ja and en, at 360 and 1280 pixels

Signs in with one click as each of the cast, photographs what stands in `SHOTS`, and brings every
picture down to a few colours, so that it stays small. Names: my-learning.ja.360.png. The
program starts nothing but the browser (Debian's Chromium, or the one that CHROMIUM names).
"""

import argparse
import io
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs/pictures"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
LANGUAGES = ("ja", "en")
#: Width of the window -> its height and how many dots a pixel has.
SIZES = {360: (720, 2), 1280: (860, 1)}
MOST_BYTES = 250_000
COURSE = "/courses/labour-economics/first"
#: The recording of the demo with captions, chapters and a part that belongs to another.
FILM = re.compile(
    r"^(\u7b2c1\u56de.*\u9700\u8981\u3068\u4f9b\u7d66|Part 1: Supply and demand for labour)$"
)
RESIDENTIAL = re.compile(r"\u7b2c12\u56de|Twelfth")
_NAMED = re.compile(r"pictures/([a-z-]+)\.(ja|en)\.(\d+)\.png")


def _go(address: str, scroll_to: str = "") -> Callable[[Page], None]:
    """Open an address, and bring something of the page to the top of the window."""

    def way(page: Page) -> None:
        page.goto(address)
        if scroll_to:
            page.locator(scroll_to).first.evaluate("it => it.scrollIntoView({block: 'start'})")

    return way


def _follow(address: str, *links: str, scroll_to: str = "") -> Callable[[Page], None]:
    """Open an address, then press one thing after another."""

    def way(page: Page) -> None:
        page.goto(address)
        for link in links:
            page.locator(link).first.click()
            page.wait_for_load_state()
        if scroll_to:
            page.locator(scroll_to).first.evaluate("it => it.scrollIntoView({block: 'start'})")

    return way


def _play(page: Page) -> None:
    """Go on with the recording that was left half-watched, and stop after a moment."""
    page.goto("/my")
    page.get_by_test_id("resume").first.click()
    _play_here(page)


def _play_here(page: Page) -> None:
    """Play what stands on the page, and stop after two seconds of it."""
    page.wait_for_load_state("networkidle")  # a press before the script is there does nothing
    page.get_by_test_id("play").click()
    film = page.get_by_test_id("video")
    start = film.evaluate("it => it.currentTime")
    for _half_second in range(60):
        page.wait_for_timeout(500)
        if film.evaluate("it => it.currentTime") > start + 2:
            break
    page.get_by_test_id("toggle").click()
    page.wait_for_timeout(700)


def _film(end: str, scroll_to: str = "") -> Callable[[Page], None]:
    """Open a page of the recording with a marked part; `end` is what its address ends with."""

    def way(page: Page) -> None:
        page.goto("/desk/rights/register")
        address = page.get_by_role("link", name=FILM).first.get_attribute("href") or ""
        _go(address.removesuffix("/rights") + end, scroll_to)(page)

    return way


def _beside(link: str, end: str) -> Callable[[Page], None]:
    """Open what lies beside a page that the desk links to: its address with another last word."""

    def way(page: Page) -> None:
        page.goto("/desk")
        address = page.locator(f'a[href$="{link}"]').first.get_attribute("href") or ""
        page.goto(address.removesuffix(link) + end)

    return way


def _residential(end: str) -> Callable[[Page], None]:
    """Open a page of the leadership course, which has seminar groups."""

    def way(page: Page) -> None:
        page.goto("/desk/programmes")
        link = page.locator("a", has_text=RESIDENTIAL).first
        address = link.get_attribute("href") or ""
        page.goto("/".join(address.split("/")[:4]) + end)

    return way


def _watch_film(page: Page) -> None:
    """Open the recording with chapters from the library, play a moment and stop."""
    page.goto("/recordings")
    page.get_by_role("link", name=FILM).first.click()
    _play_here(page)
    page.locator("[data-transcript-card]").wait_for()
    page.evaluate("scrollTo(0, 0)")


def _read_along(page: Page) -> None:
    """Look at the chapters and the transcript beside what is played."""
    _watch_film(page)
    page.locator("#chapters").evaluate("it => it.scrollIntoView({block: 'start'})")


def _letter(page: Page) -> None:
    """Open the link of the letter that asks a speaker for consent, as it came by mail."""
    page.goto("/demo/mailbox")
    for mail in page.locator("main a").all():
        address = mail.get_attribute("href") or ""
        text = page.request.get(address).text()
        found = re.search(r"/consents/[A-Za-z0-9_.-]+", text)
        if found:
            page.goto(found.group())
            return
    raise LookupError("The letter has not been sent yet: the worker is still busy with films.")


@dataclass(frozen=True)
class Shot:
    """A page: its name, whose it is, and how one gets there. `who` empty: not signed in."""

    name: str
    who: str
    way: Callable[[Page], None]
    height: int = 0  # of the window, where it is not the usual one


SHOTS = (
    Shot("sign-in", "", _go("/sign-in")),
    Shot("catalogue", "", _go("/courses")),
    Shot("my-learning", "trainee", _go("/my"), height=960),
    Shot("course", "trainee", _go(COURSE)),
    Shot("lesson", "trainee", _go(f"{COURSE}/lessons/how-wages-are-set", "main figure")),
    Shot("watch", "trainee", _play),
    Shot("record", "trainee", _go("/my/record")),
    Shot("my-schedule", "overseas", _go("/my/schedule")),
    Shot("session", "overseas", _follow("/my", '[data-testid="next-session"] h3 a')),
    Shot("desk", "organiser", _go("/desk")),
    Shot("new-edition", "organiser", _go("/desk/editions/new")),
    Shot("draft", "organiser", _go("/desk/editions/new/web-lecture")),
    Shot("applications", "organiser", _follow("/desk", 'a[href$="/applications"]')),
    Shot("attendance", "organiser", _follow("/desk", 'a[href$="/attendance"]')),
    Shot("check-in", "organiser", _beside("/attendance", "/check-in"), height=1000),
    Shot("change", "organiser", _beside("/attendance", "/change")),
    Shot("timetable", "organiser", _beside("/applications", "/timetable")),
    Shot(
        "ticket",
        "trainee",
        _follow("/my", '[data-testid="next-session"] h3 a', 'a[href$="/ticket"]'),
    ),
    Shot("groups", "organiser", _residential("/groups"), height=1100),
    Shot("postpone", "organiser", _residential("/postpone"), height=1100),
    Shot("meeting-requests", "organiser", _go("/desk/meeting-requests")),
    Shot("ask-meeting", "coordinator", _go("/desk/meeting-requests/new"), height=960),
    Shot("glossary", "trainee", _go("/glossary")),
    Shot("rights", "organiser", _follow("/desk", 'a[href$="/rights"]'), height=1420),
    Shot("recording", "organiser", _film(""), height=1180),
    Shot("captions", "organiser", _film("/captions/ja")),
    Shot("segments", "organiser", _film("/segments"), height=1240),
    Shot("evidence", "organiser", _film("/evidence")),
    Shot("register", "organiser", _go("/desk/rights/register")),
    Shot("expiry", "organiser", _go("/desk/rights/expiry")),
    Shot("clearing", "organiser", _go("/desk/rights/clearing")),
    Shot("backlog", "organiser", _go("/desk/rights/backlog"), height=1240),
    Shot("requests", "organiser", _go("/desk/rights/requests")),
    Shot("consent-form", "", _letter, height=1100),
    Shot("player", "trainee", _watch_film, height=860),
    Shot("transcript", "trainee", _read_along, height=960),
    Shot("library", "trainee", _go("/recordings?q=ILO")),
    Shot("people", "coordinator", _go("/desk/people")),
    Shot("consents", "speaker", _go("/my/consents")),
    Shot("audit", "auditor", _go("/desk/audit")),
)


def used() -> set[tuple[str, str, int]]:
    """Return the pictures that the texts show: name, language, width."""
    texts = [ROOT / "README.md", ROOT / "README.ja.md", *(ROOT / "docs").rglob("*.md")]
    return {
        (name, language, int(width))
        for text in texts
        if text.exists()
        for name, language, width in _NAMED.findall(text.read_text(encoding="utf-8"))
    }


def sign_in(page: Page, who: str) -> None:
    """Sign in as one of the cast, by the button that only a demo has."""
    page.goto("/sign-in")
    page.get_by_test_id(f"demo-sign-in-{who}").click()
    page.wait_for_load_state()


def speak(page: Page, language: str) -> None:
    """Switch the page's language when it is another."""
    if page.locator("html").get_attribute("lang") != language:
        page.get_by_test_id(f"language-{language}").click()
        page.wait_for_load_state()


def shrink(png: bytes) -> bytes:
    """Bring a picture down to as many colours as fit into a file of the size allowed."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    data = png
    for colours in (192, 96, 48, 24):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        data = out.getvalue()
        if len(data) <= MOST_BYTES:
            break
    return data


def take(browser: Browser, base: str, shot: Shot, language: str, width: int) -> bytes:
    """Return one picture."""
    usual, dots = SIZES[width]
    context = browser.new_context(
        base_url=base,
        locale=language,
        color_scheme="light",
        reduced_motion="reduce",
        viewport={"width": width, "height": shot.height or usual},
        device_scale_factor=dots,
    )
    try:
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.goto("/sign-in")
        if shot.who:
            sign_in(page, shot.who)
        speak(page, language)
        shot.way(page)
        speak(page, language)  # a letter opens in its reader's language
        page.evaluate("document.fonts.ready")
        return shrink(page.screenshot(animations="disabled"))
    finally:
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", default="http://localhost:8000", help="address of the demo")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true", help="every page, language and width")
    parser.add_argument("--only", default="", help="names of pages, with commas between")
    given = parser.parse_args()
    wanted = used()
    only = {name for name in given.only.split(",") if name}
    given.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for shot in SHOTS:
            for language in LANGUAGES:
                for width in SIZES:
                    if only and shot.name not in only:
                        continue
                    if not given.all and (shot.name, language, width) not in wanted:
                        continue
                    name = f"{shot.name}.{language}.{width}.png"
                    try:
                        data = take(browser, given.base, shot, language, width)
                    except Exception as error:  # noqa: BLE001 - the other pictures go on
                        print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
                        failed += 1
                        continue
                    (given.folder / name).write_bytes(data)
                    print(f"{name}: {len(data) // 1000} kB")
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
