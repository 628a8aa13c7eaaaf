"""A film plays in a real browser when its segments come from an S3-compatible store."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from lms.infra.storage.s3 import S3Storage
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.s3_server import S3Server, running_s3
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = BROWSER


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with running_s3() as started:
        yield started


@pytest.fixture
def store(
    app: Flask, server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> S3Storage:
    made = S3Storage(server.make_bucket(), tmp_path / "scratch")
    monkeypatch.setitem(app.extensions, "storage", made)
    return made


@pytest.fixture
def shelf(store: S3Storage, course: Course, films: Path, papers: Path) -> Shelf:
    assert store.origin is not None
    return Shelf(course, films, papers)


def test_segments_come_from_the_store_and_everything_else_from_us(
    browse: Callable[..., BrowserContext], cast: Cast, shelf: Shelf, store: S3Storage
) -> None:
    recording = shelf.shown()
    page = browse(cast.trainee).new_page()
    faults: list[str] = []
    fetched: list[tuple[str, int]] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type in {"error", "warning"} else None,
    )
    page.on("response", lambda answer: fetched.append((answer.url, answer.status)))
    page.goto(f"/recordings/{recording.id}")
    page.get_by_test_id("play").click()
    page.wait_for_function("() => document.querySelector('video').currentTime > 2")

    assert faults == []
    elsewhere = [(url, status) for url, status in fetched if url.startswith(f"{store.origin}/")]
    assert len(elsewhere) >= 2
    assert {status for _url, status in elsewhere} <= {200, 206}
    assert all(".ts?" in url for url, _status in elsewhere)
    assert any(url.endswith(".key") and status == 200 for url, status in fetched)
