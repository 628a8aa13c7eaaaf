"""Every page is looked at as a visitor's browser does: no barrier, no fault, nothing cut off."""

from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.browser.conftest import BROWSER, Browse
from tests.browser.demo_world import Demo

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

AXE = Axe()
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}

# Addresses by who visits them; a name without a slash is one of the demo's own.
ANONYMOUS = (
    "/courses", "/courses?q=nothing-of-this-kind", "/sign-in", "/forgotten-password",
    "/time-zone", "/new-password/nonsense", "/nothing-here", "/verify/nothing", "/demo/mailbox",
    "mail", "course", "lesson", "verify",
)  # fmt: skip
TRAINEE = (
    "/my", "/my/schedule", "/my/record", "/my/consents", "/account", "/account/address",
    "/account/password", "course", "course-hybrid", "apply", "apply-open", "lesson",
    "live-session", "watch-2", "watch-3", "handout-2", "handout-1",
)  # fmt: skip
ORGANISER = (
    "/desk", "/desk/programmes", "/desk/editions/new", "/desk/editions/new/web-lecture",
    "/desk/editions/new/staged", "/desk/people", "/desk/people/new", "/desk/organisations",
    "/desk/organisations/new", "/desk/mail", "/desk/completion/questions", "/desk/settings",
    "/desk/recordings/new", "desk-edition", "desk-settings-of-edition", "desk-parts",
    "desk-part", "desk-lesson", "desk-draft-settings", "desk-programme", "desk-applications",
    "desk-application", "desk-roster", "desk-sessions", "desk-session-new", "desk-session",
    "desk-attendance", "desk-sheet", "desk-recordings", "desk-upload", "desk-completion",
    "desk-completion-people", "desk-person", "desk-person-edit", "desk-membership",
    "desk-organisation", "desk-recording-1", "desk-rights-1", "desk-rights-3",
    "desk-rights-paper-1", "desk-agreement",
)  # fmt: skip
OTHERS = (
    ("auditor", "/desk/audit"), ("admin", "desk-role"), ("admin", "desk-organisation-name"),
    ("speaker", "/my/consents"), ("coordinator", "/desk/people"),
)  # fmt: skip

ROUNDS = (
    # Language, theme and width; each page is seen in two of them that differ in all three.
    (("ja", "light", 360), ("en", "dark", 1280)),
    (("ja", "dark", 1280), ("en", "light", 360)),
    (("en", "dark", 360), ("ja", "light", 1280)),
    (("en", "light", 1280), ("ja", "dark", 360)),
)


@dataclass
class Visitor:
    """A browser of somebody, kept for all pages seen in the same language, theme and width."""

    context: BrowserContext
    page: Page
    said: list[str]


def visitor(visit: Browse, who: str | None, language: str, theme: str, width: int) -> Visitor:
    context = visit(who, language, width, color_scheme=theme)
    page = context.new_page()
    said: list[str] = []

    def hear(line: ConsoleMessage) -> None:
        # That an answer is a 404 is said for every page that is one; those are asked for here.
        if line.type in ("error", "warning") and "the server responded" not in line.text:
            said.append(line.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    return Visitor(context, page, said)


def look(seen: Visitor, address: str, language: str) -> list[str]:
    """Open a page; return all that is wrong with it."""
    seen.said.clear()
    seen.page.goto(address)
    wrong = list(seen.said)
    if seen.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("scrolls sideways")
    if seen.page.evaluate("document.documentElement.lang") != language:
        wrong.append("is in another language")
    found = AXE.run(seen.page, options=OPTIONS).response["violations"]
    wrong += [f"{one['id']}: {[node['html'] for node in one['nodes']][:3]}" for one in found]
    return [f"{address} ({language}): {text}" for text in wrong]


def look_at_all(
    demo: Demo, visit: Browse, who: str | None, names: tuple[str, ...], turn: int
) -> list[str]:
    wrong: list[str] = []
    for half in (0, 1):
        seen: dict[tuple[str, str, int], Visitor] = {}
        for number, name in enumerate(names):
            manner = ROUNDS[2 * (turn % 2) + number % 2][half]  # few browsers: each begins cold
            if manner not in seen:
                seen[manner] = visitor(visit, who, *manner)
            address = name if name.startswith("/") else demo.paths[name]
            wrong += look(seen[manner], address, manner[0])
        for one in seen.values():
            one.context.close()
    return wrong


def test_what_anyone_sees(demo: Demo, visit: Browse) -> None:
    assert look_at_all(demo, visit, None, ANONYMOUS, 0) == []


def test_what_a_learner_sees(demo: Demo, visit: Browse) -> None:
    assert look_at_all(demo, visit, "trainee", TRAINEE, 1) == []


@pytest.mark.parametrize("part", range(3))
def test_what_an_organiser_sees(demo: Demo, visit: Browse, part: int) -> None:
    assert look_at_all(demo, visit, "organiser", ORGANISER[part::3], part) == []


def test_what_others_see(demo: Demo, visit: Browse) -> None:
    for number, (who, name) in enumerate(OTHERS):
        assert look_at_all(demo, visit, who, (name,), number) == []
