"""Sending a film in a real browser: the bar, the stop, the faults, the wait for the worker."""

import gc
import hashlib
import itertools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import CDPSession, Page, Route, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from lms.config import Settings
from lms.infra.db import db
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import Recording, Stage, Upload
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


def slow_down(page: Page, *, offline: bool = False, speed: int = 1_000_000) -> None:
    """Let the page send so many bytes a second, or none at all."""
    if page not in _networks:
        _networks.clear()
        _networks[page] = page.context.new_cdp_session(page)
    _networks[page].send(
        "Network.emulateNetworkConditions",
        {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed},
    )


_networks: dict[Page, CDPSession] = {}


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

    page.get_by_test_id("upload-text").get_by_text("This file is a PDF").wait_for()
    assert page.input_value("#title_en") == "A lecture"
    assert page.get_by_test_id("upload-file").get_attribute("aria-invalid") == "true"
    assert page.evaluate("document.activeElement.id") == "file"

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

    assert any(text.startswith("Sending: ") and " of 20 MB)" in text for text in said)
    assert page.get_by_test_id("toast").inner_text() == "The file has arrived whole."
    assert page.get_by_test_id("processing-text").inner_text() == "Waiting for its turn."
    work()
    page.get_by_test_id("processing-done").click()
    page.get_by_test_id("stage").get_by_text("In review").wait_for()
    db.session.rollback()  # what is read from here on is what others have written
    assert db.session.scalars(select(Recording)).one().stage == Stage.REVIEW


def test_sending_can_be_stopped_and_leaves_nothing(
    page: Page, course: Course, tmp_path: Path, settings: Settings
) -> None:
    film = tmp_path / "long.mp4"
    film.write_bytes(bytes(40_000_000))
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.fill("#title_en", "A lecture")
    slow_down(page)
    page.get_by_test_id("upload-file").set_input_files(film)
    page.get_by_test_id("upload-submit").click()
    page.get_by_role("button", name="Stop sending").click()

    assert page.get_by_test_id("upload-text").inner_text() == (
        "Sending was stopped. Nothing was stored."
    )
    assert page.get_by_test_id("upload-submit").is_enabled()
    page.wait_for_timeout(1_000)
    db.session.rollback()  # what is read from here on is what others have written
    assert db.session.scalars(select(Recording)).all() == []
    assert db.session.scalars(select(Upload)).all() == []
    assert [path for path in settings.upload_dir.glob("*") if path.is_file()] == []
    assert page.evaluate("localStorage.length") == 0


def big_film(films: Path, folder: Path, more: int = 24_000_000) -> Path:
    """A film of several pieces: what follows its last box is passed over."""
    path = folder / "big.mp4"
    path.write_bytes((films / "short.mp4").read_bytes() + bytes(range(256)) * (more // 256))
    return path


def arrived_whole(path: Path, settings: Settings) -> None:
    """See that the only recording's file is the one that was sent."""
    db.session.rollback()  # what is read from here on is what others have written
    row = db.session.scalars(select(Recording)).one()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (row.source_name, row.source_size) == (path.name, path.stat().st_size)
    assert row.source_sha256 == sha256
    assert hashlib.sha256((settings.media_dir / row.source_key).read_bytes()).hexdigest() == sha256
    assert [p for p in settings.upload_dir.glob("*") if p.is_file()] == []


def sent_so_far() -> int:
    db.session.rollback()
    return db.session.scalars(select(Upload)).one().received


def wait_for_bytes(page: Page, least: int) -> int:
    """Wait until so many bytes are written down at the server."""
    for _turn in range(200):
        page.wait_for_timeout(100)
        if (
            db.session.scalars(select(Upload.id)).first() is not None
            and (come := sent_so_far()) >= least
        ):
            return come
        db.session.rollback()
    raise AssertionError("nothing arrived")


def begin_sending(page: Page, course: Course, film: Path) -> None:
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.fill("#title_en", "A lecture")
    page.get_by_test_id("upload-file").set_input_files(film)
    slow_down(page, speed=6_000_000)
    page.get_by_test_id("upload-submit").click()


def test_sending_goes_on_by_itself_after_the_connection_was_gone(
    page: Page, course: Course, films: Path, tmp_path: Path, settings: Settings
) -> None:
    film = big_film(films, tmp_path)
    begin_sending(page, course, film)
    come = wait_for_bytes(page, 8_000_000)

    slow_down(page, offline=True)
    page.get_by_test_id("upload-text").get_by_text("There is no connection").wait_for()
    assert page.get_by_test_id("upload-resume").is_visible()
    page.wait_for_timeout(1_500)
    assert come <= sent_so_far() < film.stat().st_size
    slow_down(page, speed=20_000_000)

    page.wait_for_url("**/desk/recordings/0*")
    arrived_whole(film, settings)


def test_sending_goes_on_after_the_server_was_away(
    page: Page, course: Course, films: Path, tmp_path: Path, settings: Settings
) -> None:
    film = big_film(films, tmp_path)
    patches = itertools.count()

    def away(route: Route) -> None:
        if route.request.method == "PATCH" and next(patches) in {1, 2, 4}:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/desk/uploads/*", away)
    begin_sending(page, course, film)

    page.wait_for_url("**/desk/recordings/0*")
    assert next(patches) >= 7
    arrived_whole(film, settings)


def test_sending_is_paused_and_taken_up_after_the_page_was_closed(
    page: Page, course: Course, films: Path, tmp_path: Path, settings: Settings
) -> None:
    film = big_film(films, tmp_path)
    begin_sending(page, course, film)
    come = wait_for_bytes(page, 8_000_000)
    page.get_by_test_id("upload-pause").click()
    assert page.get_by_test_id("upload-text").inner_text().startswith("Paused at ")
    page.wait_for_timeout(500)
    page.goto("about:blank")

    patched: list[str] = []
    page.on("request", lambda r: patched.append(r.method) if r.method == "PATCH" else None)
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    told = page.get_by_test_id("upload-unfinished")
    told.get_by_text("Sending “big.mp4” stopped at").wait_for()
    page.fill("#title_en", "A lecture")
    page.get_by_test_id("upload-file").set_input_files(film)
    page.get_by_test_id("upload-submit").click()
    page.wait_for_url("**/desk/recordings/0*")

    arrived_whole(film, settings)
    # What had come was not sent again: the whole would take four pieces.
    assert 1 <= len(patched) <= -(-(film.stat().st_size - come) // 8_000_000) < 4
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.wait_for_timeout(300)
    assert not told.is_visible()


def test_what_has_arrived_can_be_forgotten(
    page: Page, course: Course, films: Path, tmp_path: Path, settings: Settings
) -> None:
    begin_sending(page, course, big_film(films, tmp_path))
    wait_for_bytes(page, 8_000_000)
    page.get_by_test_id("upload-pause").click()
    page.wait_for_timeout(500)
    page.reload()
    page.get_by_test_id("upload-forget").click()
    page.get_by_test_id("upload-forget").wait_for(state="hidden")
    db.session.rollback()  # what is read from here on is what others have written
    assert db.session.scalars(select(Upload)).all() == []
    assert [p for p in settings.upload_dir.glob("*") if p.is_file()] == []
    assert page.evaluate("localStorage.length") == 0


def test_an_answer_lost_at_the_very_end_is_asked_for(
    page: Page, course: Course, papers: Path, settings: Settings
) -> None:
    """The proxy gives up while the file is being checked: the page finds out what became of it."""
    posts = itertools.count()

    def lose(route: Route) -> None:
        if route.request.method == "POST" and next(posts) == 1:
            route.fetch()
            route.fulfill(status=504, body="Gateway Timeout")
        else:
            route.continue_()

    page.route("**/desk/recordings/new?*", lose)
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.fill("#title_en", "Figures")
    page.get_by_label("Handout (PDF)").check()
    page.get_by_test_id("upload-file").set_input_files(papers / "three.pdf")
    page.get_by_test_id("upload-submit").click()

    page.get_by_test_id("stage").get_by_text("In review").wait_for()
    arrived_whole(papers / "three.pdf", settings)


def test_the_rest_of_the_form_is_checked_before_a_byte_is_sent(
    page: Page, course: Course, films: Path, tmp_path: Path
) -> None:
    page.goto(f"/desk/recordings/new?edition={course.edition.id}")
    page.get_by_test_id("upload-file").set_input_files(big_film(films, tmp_path))
    page.get_by_test_id("upload-submit").click()
    page.get_by_test_id("error-summary").get_by_text("Please write a title").wait_for()
    db.session.rollback()  # what is read from here on is what others have written
    assert db.session.scalars(select(Upload)).all() == []
    assert page.get_by_test_id("upload-file").evaluate("input => input.files[0].name") == "big.mp4"
    page.fill("#title_en", "A lecture")
    page.get_by_test_id("upload-submit").click()
    page.wait_for_url("**/desk/recordings/0*")


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
