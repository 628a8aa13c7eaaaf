"""The player in a real browser: qualities, languages, passages left out, transcript, outage."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.recordings.jobs import JOBS
from lms.recordings.models import Chapter, Recording, Rendition
from lms.recordings.operations import add_track, receive, track_target
from lms.recordings.rules import Cue
from lms.watching.models import Watch
from lms.watching.rules import MediaToken, read_token
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import ENCODE, Course, picture, run_ffmpeg, sound
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = BROWSER

Browse = Callable[..., BrowserContext]
PLAYING = "() => document.querySelector('video').currentTime > {0}"
AXE = Axe()


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film of half a minute that is large enough for two qualities."""
    folder = tmp_path_factory.mktemp("large")
    run_ffmpeg(*picture("854x480", 30), *sound(30), *ENCODE, str(folder / "large.mp4"))
    run_ffmpeg(*sound(30), str(folder / "booth.mp3"))
    return folder


@pytest.fixture
def shelf(course: Course, large: Path, papers: Path) -> Shelf:
    return Shelf(course, large, papers)


@pytest.fixture
def recording(shelf: Shelf, large: Path) -> Recording:
    """A film for everyone: high, low and sound alone; an interpreter; captions and chapters."""
    recording = shelf.film("large.mp4")
    path = large / "booth.mp3"
    with path.open("rb") as stream:
        received = receive(current_storage(), track_target(recording), stream, path.name)
    with unit_of_work():
        add_track(SYSTEM, recording.id, received, "en", clock.now())
    at = clock.now() + timedelta(days=1)
    while (claim := claim_job(list(JOBS), "w", at, LEASE)) is not None:
        run_claim(claim, JOBS[claim.kind], LEASE, threading.Event())
    shelf.caption(
        recording, Cue(0, 4000, "おはようございます。"), Cue(7000, 9000, "よその図"),
        Cue(13_000, 16_000, "春季交渉のチン"), Cue(16_000, 19_000, "ギンについて"),
    )  # fmt: skip
    shelf.caption(
        recording, Cue(0, 4000, "Good morning."), Cue(7000, 9000, "A picture of others"),
        Cue(13_000, 16_000, "Wages"), Cue(16_000, 19_000, "and prices: wages again"),
        language="en", status="machine",
    )  # fmt: skip
    with unit_of_work():
        for at_ms, title in ((0, "Opening"), (13_000, "Wages in spring")):
            db.session.add(Chapter(recording_id=recording.id, at_ms=at_ms, title={"en": title}))
    shelf.agree(recording)
    shelf.publish(recording)
    return recording


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def asked(app: Flask) -> Callable[[Page, Recording], set[str]]:
    """Return a function that notes whose segments a page asks for, by the renditions' names."""

    def watch(page: Page, recording: Recording) -> set[str]:
        names = dict(
            db.session.execute(
                select(Rendition.id, Rendition.name).where(Rendition.recording_id == recording.id)
            ).all()
        )
        found: set[str] = set()
        secret = app.extensions["settings"].secret_key.encode()

        def note(address: str) -> None:
            match = re.search(r"/media/([^/]+)/[^/]+/\d+\.ts$", address)
            if match is not None:
                token = read_token(secret, match[1], recording.id, 0)
                assert isinstance(token, MediaToken)
                found.add(names[token.rendition_id])

        page.on("request", lambda request: note(request.url))
        return found

    return watch


def visit(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str], more: str = "", **how: int
) -> Page:
    page = browse(cast.trainee, **how).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/recordings/{recording.id}{more}")
    return page


def watch_of(cast: Cast) -> Watch:
    db.session.rollback()
    return db.session.scalars(select(Watch).where(Watch.person_id == cast.trainee.id)).one()


def test_quality_and_language_of_the_sound_are_chosen_and_remembered(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str],
    asked: Callable[[Page, Recording], set[str]],
) -> None:  # fmt: skip
    page = visit(browse, cast, recording, faults)
    names = asked(page, recording)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    assert "a-en" in names  # who reads English hears the interpreter
    expect(page.get_by_test_id("audio-language")).to_have_value("en")
    expect(page.get_by_test_id("captions-language")).to_have_value("en")
    assert page.get_by_test_id("quality").locator("option").all_text_contents() == [
        "Automatic", "High", "Low (less data)", "Sound only",
    ]  # fmt: skip

    page.get_by_test_id("player-settings").click()
    page.get_by_test_id("audio-language").select_option("ja")
    page.wait_for_function(PLAYING.format(2))
    names.clear()
    page.get_by_test_id("quality").select_option("low")
    page.wait_for_function(PLAYING.format(4))
    before = page.evaluate("() => document.querySelector('video').currentTime")
    names.clear()
    page.get_by_test_id("quality").select_option("sound")
    page.wait_for_function(f"() => document.querySelector('video').currentTime > {before} + 1")
    assert names == {"audio"}  # no picture at all, and the speaker as chosen
    assert page.evaluate("() => document.querySelector('video').videoWidth") == 0
    page.keyboard.press("Escape")

    page.reload()
    names.clear()
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(5))
    assert names == {"audio"}
    page.get_by_test_id("player-settings").click()
    page.get_by_test_id("quality").select_option("low")
    names.clear()
    page.wait_for_function("() => document.querySelector('video').videoHeight === 360")
    assert names == {"low"}
    page.get_by_test_id("quality").select_option("high")
    page.wait_for_function("() => document.querySelector('video').videoHeight === 480")
    watch = watch_of(cast)
    assert 4_000 <= watch.resume_ms <= 20_000  # no change of quality lost the place


def test_who_saves_data_begins_with_the_low_one(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str],
    asked: Callable[[Page, Recording], set[str]],
) -> None:  # fmt: skip
    context = browse(cast.trainee, "ja", 360)
    context.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'connection', {get: () => ({saveData: true})})"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    names = asked(page, recording)
    page.goto(f"/recordings/{recording.id}")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    expect(page.get_by_test_id("quality")).to_have_value("low")
    assert names == {"low"}


def test_passages_left_out_are_jumped_over_and_times_stay_those_of_the_film(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    shelf.segment(recording, 7_000, 8_000)
    page = visit(browse, cast, recording, faults)
    expect(page.get_by_test_id("left-out")).to_contain_text("left out here")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(0.3))
    length = page.evaluate("() => document.querySelector('video').duration")
    assert abs(length - 24) < 0.5

    page.evaluate("() => { document.querySelector('video').currentTime = 4.5 }")
    # Over the gap: the player's seventh second is the film's thirteenth.
    page.wait_for_function(PLAYING.format(7.2))
    expect(page.locator("[data-captions] span")).to_have_text("Wages")
    expect(page.get_by_test_id("time")).to_contain_text(re.compile(r"^0:1[34] / 0:30"))
    expect(page.get_by_test_id("transcript")).not_to_contain_text("A picture of others")
    with page.expect_response("**/events"):
        page.keyboard.press("k")
    page.get_by_test_id("transcript").get_by_text("Wages", exact=True).click()
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 7) < 0.3")
    page.get_by_test_id("chapters").get_by_text("Opening").click()
    page.wait_for_function("() => document.querySelector('video').currentTime < 0.5")
    page.keyboard.press("n")
    page.wait_for_function("() => Math.abs(document.querySelector('video').currentTime - 7) < 0.3")
    for _turn in range(100):
        if watch_of(cast).resume_ms >= 13_000:
            break
        page.wait_for_timeout(100)
    watch = watch_of(cast)
    assert watch.required_ms == (recording.duration_ms or 0) - 6_000
    assert watch.resume_ms >= 13_000


def test_more_hidden_while_somebody_watches_goes_on_without_it(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, faults: list[str]
) -> None:
    page = visit(browse, cast, recording, faults)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    shelf.segment(recording, 20_000, 21_000)
    with page.expect_response("**/play-sessions") as again:
        page.keyboard.press("k")  # a pause is reported
    assert again.value.status == 201
    page.wait_for_function("() => Math.abs(document.querySelector('video').duration - 24) < 0.5")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.8")
    expect(page.locator("[data-overlay]")).to_be_hidden()


def test_the_transcript_is_searched_and_jumps(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = visit(browse, cast, recording, faults, "?t=14")
    expect(page.get_by_test_id("play")).to_contain_text("Play from 0:14")
    # Before anything is played.
    page.get_by_test_id("transcript-query").fill("ＷＡＧＥＳ")
    expect(page.get_by_test_id("transcript-found")).to_have_text("Found 2 times")
    assert page.locator(".transcript .is-hit").count() == 2
    page.get_by_test_id("transcript-language").select_option("ja")
    page.get_by_test_id("transcript-query").fill("ちんぎん")  # broken over two captions
    expect(page.get_by_test_id("transcript-found")).to_have_text("Found once")
    page.get_by_test_id("transcript-query").fill("よそ")
    expect(page.get_by_test_id("transcript-found")).to_have_text("Found once")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(14))
    assert page.evaluate("() => document.querySelector('video').currentTime") < 20

    page.get_by_test_id("to-transcript").click()
    page.get_by_test_id("query").fill("春季")
    page.get_by_test_id("filter-bar-submit").click()
    expect(page.get_by_test_id("found")).to_contain_text("1 place found.")
    page.get_by_test_id("lines").get_by_text("春季交渉のチン").click()
    expect(page.get_by_test_id("play")).to_contain_text("Play from 0:13")


def test_what_was_watched_without_a_network_is_told_afterwards(
    browse: Browse, cast: Cast, recording: Recording, faults: list[str]
) -> None:
    page = visit(browse, cast, recording, faults)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    page.wait_for_function(  # what is fetched ahead goes on without a network
        "() => { const b = document.querySelector('video').buffered;"
        " return b.length && b.end(b.length - 1) > 12 }"
    )
    page.context.set_offline(True)
    page.wait_for_function(PLAYING.format(6))
    page.keyboard.press("k")
    page.wait_for_timeout(300)
    assert watch_of(cast).covered_ms == 0
    page.context.set_offline(False)  # nobody presses anything

    page.wait_for_function("() => document.querySelector('[data-coverage] progress').value > 150")
    assert 5_000 <= watch_of(cast).covered_ms <= 8_000


def test_the_mark_across_the_picture_moves(
    browse: Browse, cast: Cast, shelf: Shelf, faults: list[str]
) -> None:
    recording = shelf.film("large.mp4")
    shelf.agree(recording, obligations=["watermark"])
    shelf.publish(recording)
    page = browse(cast.trainee).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.clock.install()
    page.goto(f"/recordings/{recording.id}")
    page.get_by_test_id("play").click()
    mark = page.get_by_test_id("watermark")
    expect(mark).to_contain_text(re.compile(r"\d{2}:\d{2}"))
    places = set()
    for _turn in range(3):
        page.clock.run_for(20_000)
        places.add(mark.get_attribute("data-place"))
    assert len(places) == 3


def test_a_recording_of_sound_plays_and_counts(
    browse: Browse, cast: Cast, shelf: Shelf, faults: list[str]
) -> None:
    recording = shelf.talk("booth.mp3")
    shelf.agree(recording)
    shelf.publish(recording)
    page = visit(browse, cast, recording, faults)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(2))
    expect(page.locator("[data-frame]")).to_have_class(re.compile("is-sound"))
    expect(page.get_by_test_id("quality")).to_be_hidden()
    with page.expect_response("**/events"):
        page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('[data-coverage] progress').value > 40")
    assert watch_of(cast).covered_ms >= 1_500


def test_when_the_permission_cannot_be_renewed_playing_ends_with_a_sentence(
    browse: Browse, cast: Cast, shelf: Shelf, faults: list[str]
) -> None:
    recording = shelf.talk("booth.mp3")
    shelf.agree(recording)
    shelf.publish(recording)
    page = browse(cast.trainee).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.clock.install()
    page.goto(f"/recordings/{recording.id}")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))
    page.keyboard.press("k")
    page.context.set_offline(True)
    page.clock.run_for(270_000)
    expect(page.locator("[data-overlay]")).to_be_hidden()
    page.clock.run_for(40_000)

    expect(page.get_by_test_id("player-message")).to_contain_text("could not be renewed")
    assert page.evaluate("() => document.querySelector('video').readyState") == 0
    page.context.set_offline(False)
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(1))  # it goes on where it was


@pytest.mark.parametrize("how", [("ja", 360), ("en", 1280)])
def test_the_page_keeps_everyone_in(
    browse: Browse, cast: Cast, shelf: Shelf, recording: Recording, how: tuple[str, int]
) -> None:
    shelf.segment(recording, 7_000, 8_000)
    page = browse(cast.trainee, *how).new_page()
    page.goto(f"/recordings/{recording.id}")
    page.get_by_test_id("play").click()
    page.wait_for_function(PLAYING.format(0.3))
    page.keyboard.press("k")
    page.get_by_test_id("player-settings").click()
    page.get_by_test_id("transcript-query").fill("a")
    look(page, how[1])
    page.goto(f"/recordings/{recording.id}/transcript?q=a")
    look(page, how[1])


def look(page: Page, width: int) -> None:
    """Nothing is cut off, and axe finds no barrier."""
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    found = AXE.run(page, options={"resultTypes": ["violations"]})
    assert found.response["violations"] == [], found.generate_report()
