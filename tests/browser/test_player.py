"""The player in a real browser: it plays, counts, reports, and stops when it must."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.recordings.models import Caption, Recording
from lms.recordings.rules import Cue, render_vtt
from lms.rights.models import PlaySession
from lms.watching.models import Watch
from tests.conftest import Cast
from tests.recordings.conftest import Course
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    # Chromium breaks off requests when a page is left; what came of them is closed later.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"),
]

Browse = Callable[..., BrowserContext]
PLAYING = "() => document.querySelector('video').currentTime > {0}"


@pytest.fixture
def shelf(course: Course, films: Path, papers: Path) -> Shelf:
    return Shelf(course, films, papers)


@pytest.fixture
def recording(shelf: Shelf) -> Recording:
    """A film of half a minute with captions, for everyone."""
    recording = shelf.film()
    with unit_of_work():
        cues = [Cue(0, 4000, "Good morning."), Cue(15_000, 18_000, "Wages and prices")]
        db.session.add(
            Caption(
                recording_id=recording.id, language="en", status="reviewed",
                vtt=render_vtt(cues), updated_at=clock.now(),
            )
        )  # fmt: skip
    return recording


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def opened(browse: Browse, cast: Cast, recording: Recording, faults: list[str]) -> Page:
    page = browse(cast.trainee).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if "Content Security" in line.text else None,
    )
    page.goto(f"/recordings/{recording.id}")
    return page


def watch_of(cast: Cast) -> Watch:
    db.session.rollback()
    return db.session.scalars(select(Watch).where(Watch.person_id == cast.trainee.id)).one()


def test_playing_counts_and_goes_on_where_it_stopped(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    expect(page.get_by_test_id("coverage-text")).to_have_text("Watched: 0 %")

    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(0.5))
    expect(page.locator("[data-captions] span")).to_have_text("Good morning.")
    page.wait_for_function(PLAYING.format(4.2))
    expect(page.locator("[data-captions]")).to_be_hidden()
    page.keyboard.press("k")

    expect(page.get_by_test_id("coverage-text")).not_to_have_text("Watched: 0 %")
    watch = watch_of(cast)
    assert 3_500 <= watch.covered_ms <= 9_000
    assert abs(watch.resume_ms - watch.covered_ms) <= 600

    page.get_by_text("Wages and prices").click()  # the transcript
    page.wait_for_function(PLAYING.format(14.9))
    page.keyboard.press(">")
    expect(page.get_by_test_id("rate")).to_have_value("1.25")
    with page.expect_response("**/events") as sent:
        page.keyboard.press("k")
        page.wait_for_function(PLAYING.format(16))
        page.keyboard.press("k")
    assert sent.value.ok
    page.wait_for_timeout(300)
    watch = watch_of(cast)
    assert watch.covered_ms < 13_000  # what was jumped over is not counted
    assert watch.resume_ms >= 15_000

    page.goto("/styleguide-of-nothing")  # leaves
    page.goto(f"/recordings/{recording.id}")
    expect(page.get_by_test_id("play")).to_contain_text("Resume at 0:1")
    db.session.rollback()
    assert db.session.scalars(select(PlaySession)).one().closed_why == "ended"
    with page.expect_response("**/play-sessions"):
        page.get_by_test_id("play").click()
    page.goto("/styleguide-of-nothing")  # leaves before the film is there: the place stays
    page.goto(f"/recordings/{recording.id}")
    expect(page.get_by_test_id("play")).to_contain_text("Resume at 0:1")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(14.9))


def test_an_outage_loses_nothing(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    page.context.route("**/api/**", lambda route: route.abort())
    page.wait_for_function(PLAYING.format(3))
    page.keyboard.press("k")  # this report does not arrive
    page.wait_for_timeout(300)
    assert watch_of(cast).covered_ms == 0

    page.context.unroute("**/api/**")
    page.reload()
    page.get_by_test_id("play").click()
    page.wait_for_function("() => document.querySelector('[data-coverage] progress').value > 60")

    assert watch_of(cast).covered_ms >= 2_500


def test_a_withdrawal_takes_the_film_away(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    agreement = shelf.agree(recording)
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))

    shelf.withdraw(agreement)
    page.keyboard.press("k")  # a pause is reported, and the answer is to stop

    expect(page.get_by_test_id("player-message")).to_have_text("This material is not available.")
    assert page.evaluate("() => document.querySelector('video').src") == ""
    assert page.evaluate("() => document.querySelector('video').readyState") == 0


def test_the_country_is_asked_for_before_playing(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording, territory=["JP"])
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    page.get_by_test_id("country").select_option("MY")
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("player-message")).to_have_text(
        "This material cannot be viewed from the country you are in."
    )

    page.get_by_test_id("country").select_option("JP")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(0.5))
    page.get_by_test_id("to-transcript").click()  # the statement holds there too
    expect(page.get_by_test_id("lines")).to_contain_text("Wages and prices")


def test_a_connection_that_goes_while_the_player_is_fetched(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    page.route("**/vendor/hls*", lambda route: route.abort())
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("player-message")).to_contain_text("connection was lost")
    page.unroute("**/vendor/hls*")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(0.5))


def test_playing_in_a_third_place_ends_it_in_the_first(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    first = opened(browse, cast, recording, faults)
    first.get_by_test_id("play").click()
    first.wait_for_function(PLAYING.format(0.5))
    for _place in range(2):
        page = opened(browse, cast, recording, faults)
        page.get_by_test_id("play").click()
        page.wait_for_function(PLAYING.format(0.2))
    first.keyboard.press("k")

    expect(first.get_by_test_id("player-message")).to_contain_text("two other places")
    first.get_by_test_id("play").click()  # "Go on here"
    first.wait_for_function(PLAYING.format(0.5))
    first.keyboard.press("k")
    expect(first.get_by_test_id("coverage-text")).not_to_have_text("Watched: 0 %")


def test_the_whole_player_answers_the_keyboard(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    page = opened(browse, cast, recording, faults)
    page.get_by_test_id("play").press("Enter")
    page.wait_for_function(PLAYING.format(0.2))
    page.keyboard.press(" ")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.keyboard.press("l")
    page.wait_for_function(PLAYING.format(9.9))
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('video').currentTime < 6")
    page.keyboard.press("m")
    assert page.evaluate("() => document.querySelector('video').muted")
    for _step in range(9):
        page.keyboard.press(">")
    assert page.evaluate("() => document.querySelector('video').playbackRate") == 2
    page.keyboard.press("c")
    expect(page.get_by_test_id("captions-language")).to_have_value("")
    page.keyboard.press("c")
    expect(page.get_by_test_id("captions-language")).to_have_value("en")
