"""A real browser on the application as it is served."""

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from werkzeug.serving import make_server

from lms.people.models import Person


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the application, served from the test's database."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    vars(server)["daemon_threads"] = False  # what is still answered ends before the database goes
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        gc.collect()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which may play at once; skipped where there is none."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
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

    def signed_in(person: Person, language: str = "en", width: int = 1280) -> BrowserContext:
        client = sign_in(person)
        with client.session_transaction() as session:
            session["language"] = language
        cookie = client.get_cookie("tomoni")
        assert cookie is not None
        context = chromium.new_context(
            base_url=live, viewport={"width": width, "height": 900}, locale=language
        )
        context.add_cookies([{"name": "tomoni", "value": cookie.value, "url": live}])
        opened.append(context)
        return context

    yield signed_in
    for context in opened:
        context.close()
