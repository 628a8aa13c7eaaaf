"""A real browser on the application as it is served."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from lms.infra.site.settings import forget_site
from lms.people.models import Person
from tests.browser.demo_world import Demo, bring_up, find_paths, served

BROWSER = [
    pytest.mark.browser,
    pytest.mark.slow,
    # Chromium breaks off requests when a page is left; what came of them is closed later.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"),
]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

Browse = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that mostly waits, so that the others run meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_withdrawal.py")


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the application, served from the test's database."""
    with served(app) as address:
        yield address
    gc.collect()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which may play at once; skipped where there is none."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if path is None:
        pytest.skip("no Chromium here: install Debian's, or name one with CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield browser
        browser.close()


@pytest.fixture
def browse(
    live: str, chromium: Browser, sign_in: Callable[[Person], FlaskClient]
) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that gives a browser signed in as a person, in a language."""
    opened: list[BrowserContext] = []

    def signed_in(
        person: Person, language: str = "en", width: int = 1280, *, scripts: bool = True
    ) -> BrowserContext:
        client = sign_in(person)
        with client.session_transaction() as session:
            session["language"] = language
        cookie = client.get_cookie("tomoni")
        assert cookie is not None
        context = chromium.new_context(
            reduced_motion="reduce",  # a colour on its way to another would be measured as it is
            base_url=live,
            viewport={"width": width, "height": 900},
            locale=language,
            java_script_enabled=scripts,
        )
        context.add_cookies([{"name": "tomoni", "value": cookie.value, "url": live}])
        opened.append(context)
        return context

    yield signed_in
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def demo(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo, served on a database of its own for as long as the tests run."""
    del chromium  # without a browser nothing need be brought up
    app = bring_up(tmp_path_factory.mktemp("demo"))
    paths = find_paths(app)
    with served(app) as address:
        yield Demo(app, address, paths)
    gc.collect()


@pytest.fixture
def visit(demo: Demo, chromium: Browser) -> Iterator[Browse]:
    """Return a function that gives a browser on the demo: of whom, in which language, how wide."""
    opened: list[BrowserContext] = []
    forget_site()  # the process remembers one site's name, whichever database it is from

    def begin(
        who: str | None = None, language: str = "en", width: int = 1280, **more: object
    ) -> BrowserContext:
        options: dict[str, object] = {"locale": language, **more}
        context = chromium.new_context(
            reduced_motion="reduce",  # a colour on its way to another would be measured as it is
            base_url=demo.address,
            viewport={"width": width, "height": 900},
            **options,  # type: ignore[arg-type] # handed on as they are named there
        )
        if who is not None:
            demo.sign_in(context, who, language)
        opened.append(context)
        return context

    yield begin
    for context in opened:
        context.close()
    forget_site()


def note_faults(page: Page, faults: list[str]) -> None:
    """Write down what the page's scripts and the browser's console complain of."""
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type in ("error", "warning") else None,
    )
