"""A withdrawal while somebody watches, in a real browser: how long it plays on."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from lms.people.models import Person
from lms.recordings.models import Recording
from tests.browser.conftest import BROWSER
from tests.conftest import Cast
from tests.recordings.conftest import ENCODE, Course, picture, run_ffmpeg, sound
from tests.watching.conftest import Shelf, course, films, make_course, papers

__all__ = ["course", "films", "make_course", "papers"]

pytestmark = [*BROWSER, pytest.mark.sqlite_only]

Browse = Callable[..., BrowserContext]

UNAVAILABLE = "This material is not available."
#: How long a film may play on, in s, at normal and at half speed.
BOUNDS = {1.0: 60, 0.5: 120}
KEY = re.compile(r"/k1\.key$")
STATE = """() => {
  const video = document.querySelector("video");
  return [video.currentTime, video.readyState, document.querySelector("[data-overlay]").hidden];
}"""


@dataclass
class Player:
    """A page in which a film plays; `mute`: its reports are lost, so that only keys stop it."""

    page: Page
    recording: Recording
    rate: float
    mute: bool
    key_at: float | None = None
    position: float = 0
    stopped_at: float | None = None

    def watch(self) -> None:
        """Note when the second key comes: the first half minute ends soon."""

        def note(response: Response) -> None:
            if KEY.search(response.url) and response.ok:
                self.key_at = time.monotonic()

        self.page.on("response", note)
        self.page.add_init_script(f"localStorage.setItem('rate', '{self.rate}')")
        if self.mute:
            self.page.route("**/play-sessions/*/events", lambda route: route.abort())
        self.page.goto(f"/recordings/{self.recording.id}")
        self.page.get_by_test_id("play").click()

    def look(self) -> None:
        """Note the moment at which nothing is left of the film."""
        place, ready, playing = self.page.evaluate(STATE)
        told = self.page.get_by_test_id("player-message").text_content()
        if self.stopped_at is None and not playing and ready == 0 and told == UNAVAILABLE:
            self.stopped_at = time.monotonic()
        elif self.stopped_at is None:
            self.position = place


@pytest.fixture
def shelf(course: Course, tmp_path: Path, papers: Path) -> Shelf:
    run_ffmpeg(*picture("96x54", 100, 5), *sound(100), *ENCODE, str(tmp_path / "lecture.mp4"))
    return Shelf(course, tmp_path, papers)


def test_playing_ends_within_the_bounds(browse: Browse, cast: Cast, shelf: Shelf) -> None:
    players: list[Player] = []
    people: dict[float, Person] = {1.0: cast.trainee, 0.5: cast.other_trainee}
    agreements = {}
    for rate, person in people.items():
        recording = shelf.film("lecture.mp4")
        agreements[rate] = shelf.agree(recording)
        shelf.publish(recording)
        players += [
            Player(browse(person).new_page(), recording, rate, mute) for mute in (False, True)
        ]
    for player in players:
        player.watch()

    withdrawn: dict[float, float] = {}
    until = time.monotonic() + 170
    while time.monotonic() < until and any(p.stopped_at is None for p in players):
        for rate, agreement in agreements.items():
            mine = [p for p in players if p.rate == rate]
            if rate not in withdrawn and all(p.key_at for p in mine):
                # Right after a key was fetched: half a minute of film can still be opened.
                shelf.withdraw(agreement)
                withdrawn[rate] = time.monotonic()
                assert withdrawn[rate] - max(p.key_at or 0 for p in mine) < 2
                assert all(p.page.evaluate(STATE)[2] for p in mine)
        for player in players:
            player.look()
        players[0].page.wait_for_timeout(250)

    for player in players:
        assert player.stopped_at is not None, (player.rate, player.mute)
        after = player.stopped_at - withdrawn[player.rate]
        assert after < BOUNDS[player.rate], f"{player.rate}x, reports lost: {player.mute}"
        assert player.position < 60  # nothing beyond the key that was there
        expect(player.page.get_by_test_id("player-message")).to_have_text(UNAVAILABLE)
        assert player.page.evaluate("() => document.querySelector('video').src") == ""
        expect(player.page.locator("[data-captions]")).to_be_hidden()
    # What begins now does not begin.
    for player in players:
        player.page.get_by_test_id("play").click()
        expect(player.page.get_by_test_id("player-message")).to_have_text(UNAVAILABLE)
