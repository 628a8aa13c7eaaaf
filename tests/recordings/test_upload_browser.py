"""Sending a film in a real browser: the bar, the stop, the faults, the wait for the worker."""

import gc
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from lms.infra.db import db
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import Recording, Stage
from tests.conftest import Cast
from tests.recordings.conftest import Course

pytestmark = [
    pytest.mark.browser,
    # Werkzeug leaves what came of a broken-off upload for the collector to close.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"),
]


@pytest.fixture
def page(app: Flask, cast: Cast, sign_in: Callable[[Person], FlaskClient]) -> Iterator[Page]:
    """A page of a real browser, signed in as the organiser in English."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium here: install Debian's, or name one with CHROMIUM")
    client = sign_in(cast.organiser)
    with client.session_transaction() as session:
        session["language"] = "en"
    cookie = client.get_cookie("tomoni")
    assert cookie is not None
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = browser.new_context(base_url=address)
            context.add_cookies([{"name": "tomoni", "value": cookie.value, "url": address}])
            opened = context.new_page()
            faults: list[str] = []
            opened.on("pageerror", lambda error: faults.append(str(error)))
            yield opened
            assert faults == []
            browser.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        gc.collect()


def work() -> None:
    claim = claim_job(["transcode"], "w", clock.now() + timedelta(days=1), LEASE)
    assert claim is not None
    run_claim(claim, JOBS["transcode"], LEASE, threading.Event())


def test_a_film_is_sent_with_a_bar_and_waited_for(
    page: Page, course: Course, films: Path, papers: Path, tmp_path: Path
) -> None:
    big = tmp_path / "big.mp4"  # what follows the last box of a film is passed over
    big.write_bytes((films / "short.mp4").read_bytes() + bytes(20_000_000))
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.get_by_test_id("upload-file").set_input_files(papers / "three.pdf")
    page.fill("#title_en", "A lecture")
    page.get_by_test_id("upload-submit").click()

    page.get_by_test_id("error-summary").get_by_text("This file is a PDF").wait_for()
    assert page.input_value("#title_en") == "A lecture"

    said: list[str] = []

    def hear(text: str) -> None:
        said.append(text)

    page.expose_function("heard", hear)
    page.evaluate(
        """() => new MutationObserver(([m]) => heard(m.target.textContent))
        .observe(document.querySelector("[data-upload-text]"), {childList: true})"""
    )
    page.get_by_test_id("upload-file").set_input_files(big)
    page.get_by_test_id("upload-submit").click()
    page.wait_for_url("**/desk/recordings/0*")

    assert any(text.startswith("Sending: ") and text.endswith(" of 20 MB)") for text in said)
    assert page.get_by_test_id("toast").inner_text() == "The file has arrived whole."
    assert page.get_by_test_id("processing-text").inner_text() == "Waiting for its turn."
    work()
    page.get_by_test_id("processing-done").click()
    page.get_by_test_id("stage").get_by_text("In review").wait_for()
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).one().stage == Stage.REVIEW


def test_sending_can_be_stopped_and_leaves_nothing(
    page: Page, course: Course, tmp_path: Path
) -> None:
    film = tmp_path / "long.mp4"
    film.write_bytes(bytes(40_000_000))
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.fill("#title_en", "A lecture")
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {
            "offline": False, "latency": 0, "downloadThroughput": -1,
            "uploadThroughput": 1_000_000,
        },
    )  # fmt: skip
    page.get_by_test_id("upload-file").set_input_files(film)
    page.get_by_test_id("upload-submit").click()
    page.get_by_role("button", name="Stop sending").click()

    assert page.get_by_test_id("upload-text").inner_text() == (
        "Sending was stopped. Nothing was stored."
    )
    assert page.get_by_test_id("upload-submit").is_enabled()
    db.session.expire_all()
    assert db.session.scalars(select(Recording)).all() == []


def test_a_film_that_is_too_large_is_not_even_sent(
    page: Page, course: Course, tmp_path: Path
) -> None:
    film = tmp_path / "huge.mp4"
    with film.open("wb") as file:
        file.truncate(64_000_001)
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.get_by_test_id("upload-file").set_input_files(film)
    page.get_by_test_id("upload-submit").click()

    assert page.get_by_test_id("upload-text").inner_text() == (
        "This file has 64 MB; at most 64 MB are taken."
    )


def test_without_javascript_the_plain_form_sends(page: Page, course: Course, papers: Path) -> None:
    browser = page.context.browser
    assert browser is not None
    state = page.context.storage_state()
    page.goto("/")
    address = page.url
    plain = browser.new_context(
        base_url=address, java_script_enabled=False, storage_state=state
    ).new_page()
    plain.goto(f"/desk/recordings/new?edition={course.edition.id}")
    assert plain.locator("noscript p").is_visible()
    plain.fill("#title_en", "Figures")
    plain.get_by_label("Handout (PDF)").check()
    plain.get_by_test_id("upload-file").set_input_files(papers / "three.pdf")
    plain.get_by_test_id("upload-submit").click()

    plain.get_by_test_id("stage").get_by_text("In review").wait_for()
