"""Qualities, languages of the sound and passages left out, over HTTP as a player asks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.people.models import Person
from lms.recordings.models import Chapter, Recording, Rendition
from lms.recordings.rules import Cue
from lms.rights.operations import rewrite_facts
from lms.watching.models import Watch
from lms.watching.rules import (
    MediaToken,
    Track,
    choose_sound,
    cut_segments,
    list_sounds,
    order_tracks,
    read_token,
    render_variants,
    sign_token,
    unpack_intervals,
)
from lms.watching.rules.tokens import pack_places, unpack_places
from tests.conftest import Cast
from tests.recordings.conftest import run_ffmpeg
from tests.watching.conftest import Shelf, stopped_clock
from tests.watching.test_views import fetch, media, report, start

SignIn = Callable[[Person], FlaskClient]

HIGH = Track("h", "720p", "video", "", 2_000_000, "avc1.64001f,mp4a.40.2", 1280, 720)
LOW = Track("l", "360p", "video", "", 400_000, "avc1.4d401e,mp4a.40.2", 640, 360)
ALONE = Track("a", "audio", "audio", "", 64_000, "mp4a.40.2", 0, 0)
ENGLISH = Track("e", "audio-en", "audio", "en", 66_000, "mp4a.40.2", 0, 0)


def test_the_best_picture_comes_first_and_the_interpreter_last() -> None:
    assert order_tracks([ENGLISH, ALONE, LOW, HIGH]) == [HIGH, LOW, ALONE, ENGLISH]


@pytest.mark.parametrize(
    ("own", "reader", "chosen"),
    [("ja", "ja", "ja"), ("ja", "en", "en"), ("ja", "th", "ja"), ("en-US", "en", "en-US")],
)
def test_the_viewers_language_is_preselected(own: str, reader: str, chosen: str) -> None:
    sounds = list_sounds([HIGH, ENGLISH], own)
    found = choose_sound(sounds, reader)
    assert found is not None
    assert found.language == chosen
    assert choose_sound([], reader) is None


def test_the_list_names_every_way_to_play() -> None:
    tracks = [HIGH, LOW, ALONE, ENGLISH]
    sounds = list_sounds(tracks, "ja")

    text = render_variants(
        tracks, sounds, sounds[1], lambda s: f'"{s.language}"\n', lambda key: f"/media/{key}.m3u8"
    )

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:4",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="ja",LANGUAGE="ja",'
            "DEFAULT=NO,AUTOSELECT=YES"
        ),
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="en",LANGUAGE="en",'
            'DEFAULT=YES,AUTOSELECT=YES,URI="/media/e.m3u8"'
        ),
        (
            '#EXT-X-STREAM-INF:BANDWIDTH=2066000,CODECS="avc1.64001f,mp4a.40.2",'
            'RESOLUTION=1280x720,AUDIO="sound"'
        ),
        "/media/h.m3u8",
        (
            '#EXT-X-STREAM-INF:BANDWIDTH=466000,CODECS="avc1.4d401e,mp4a.40.2",'
            'RESOLUTION=640x360,AUDIO="sound"'
        ),
        "/media/l.m3u8",
        '#EXT-X-STREAM-INF:BANDWIDTH=130000,CODECS="mp4a.40.2",AUDIO="sound"',
        "/media/a.m3u8",
    ]


def test_sound_alone_has_its_own_first() -> None:
    sounds = list_sounds(order_tracks([ENGLISH, ALONE]), "ja")
    assert [(s.language, s.rendition_id, s.own) for s in sounds] == [
        ("ja", "a", True),
        ("en", "e", False),
    ]


@given(st.sets(st.integers(0, 5_000)))
def test_places_come_back_from_a_token(places: set[int]) -> None:
    gone = tuple(sorted(places))
    assert unpack_places(pack_places(gone)) == gone
    token = MediaToken("p", "r", "q", 1, 10, tuple(range(0, 480, 2)))
    assert read_token(b"s", sign_token(b"s", token), "r", 9) == token


def addresses(text: str) -> list[str]:
    """The addresses that a list of renditions names."""
    return re.findall(r'URI="(/[^"]+)"', text) + [
        line for line in text.splitlines() if line.startswith("/")
    ]


def names(text: str) -> list[str]:
    """The segments of a media playlist."""
    return re.findall(r"^\d+\.ts$", text, re.MULTILINE)


def test_every_rendition_stands_under_a_token_of_its_own(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown()
    shelf.track(recording, "en", "audio-en")
    client = sign_in(cast.trainee)
    play = start(client, recording)

    listed = client.get(play["playlist"]).text
    found = addresses(listed)

    assert len({address.split("/")[2] for address in found}) == len(found) >= 2
    assert all(".." not in address for address in found)
    keys = set()
    for address in found:
        answer = client.get(address)
        assert len(names(answer.text)) == 6
        key = fetch(client, address.replace("media.m3u8", "k0.key"))
        assert len(key.data) == 16
        keys.add(key.data)
        assert sign_in(cast.other_trainee).get(address).status_code == 404
    assert len(keys) == len(found)  # each opens its own rendition alone
    for climbing in ("../x/media.m3u8", "..%2fx/media.m3u8", "./media.m3u8/..", "-1.ts"):
        assert media(client, play, climbing).status_code == 404


def test_the_readers_language_of_the_sound_is_the_default(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown("short.mp4")
    shelf.track(recording, "en", "audio-en")
    client = sign_in(cast.trainee)
    for language, default in (("en", "en"), ("ja", "ja")):
        with client.session_transaction() as browser:
            browser["language"] = language
        play = start(client, recording)
        listed = client.get(play["playlist"]).text
        assert re.findall(r'LANGUAGE="(\w+)",DEFAULT=YES', listed) == [default]
        assert [a["language"] for a in play["audio"] if a["selected"]] == [default]


def test_what_is_hidden_is_left_out_of_every_rendition(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown()
    shelf.track(recording, "en", "audio-en")
    shelf.segment(recording, 7_000, 8_000)
    shelf.segment(recording, 19_000, 20_000, "mute")
    shelf.caption(
        recording, Cue(1000, 2000, "一"), Cue(11_000, 11_500, "二"), Cue(13_000, 14_000, "三")
    )
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        listed = client.get(play["playlist"]).text
        lists = {client.get(address).text for address in addresses(listed)}

        for text in lists:
            assert names(text) == ["0.ts", "2.ts", "4.ts", "5.ts"]
            assert text.count("#EXT-X-DISCONTINUITY") == 2
        assert play["map"][:2] == [[0, 0, 6000], [6000, 12_000, 6000]]
        assert play["map"][2][:2] == [12_000, 24_000]
        # One key opens them all, so the hidden ones are not given out.
        for address in addresses(listed):
            for name, status in (("0.ts", 200), ("1.ts", 404), ("2.ts", 200), ("3.ts", 404)):
                assert fetch(client, address.replace("media.m3u8", name)).status_code == status
        text = media(client, play, "captions/ja.vtt").text
        assert "一" in text
        assert "三" in text
        assert "二" not in text
        page = client.get(f"/recordings/{recording.id}")
        assert 'data-testid="left-out"' in page.text
        assert "unresolved" not in page.text

        duration = recording.duration_ms or 0
        assert play["coverage"]["required_ms"] == duration - 12_000
        at.shift(30)
        told = report(client, play, 1, (0, 6000), (12_000, 18_000), (24_000, duration))
        assert told.get_json()["coverage"]["complete"] is True
    watch = db.session.scalars(select(Watch)).one()
    assert unpack_intervals(watch.hidden) == ((6000, 12_000), (18_000, 24_000))


def test_what_remains_plays_from_end_to_end(
    cast: Cast, shelf: Shelf, sign_in: SignIn, tmp_path: Path
) -> None:
    recording = shelf.shown()
    shelf.segment(recording, 7_000, 8_000)
    client = sign_in(cast.trainee)
    play = start(client, recording)
    text = media(client, play, "media.m3u8").text
    for name in [*names(text), *set(re.findall(r"k\d+\.key", text))]:
        (tmp_path / name).write_bytes(media(client, play, name).data)
    (tmp_path / "list.m3u8").write_text(text)

    told = run_ffmpeg(
        "-allowed_extensions", "ALL", "-i", str(tmp_path / "list.m3u8"), "-map", "0:v",
        "-f", "null", "-",
    )  # fmt: skip

    frames = [int(n) for n in re.findall(r"frame=\s*(\d+)", told)]
    assert abs(frames[-1] - 260) <= 2  # 26 s of ten pictures each


def test_a_passage_hidden_while_somebody_watches_ends_it_and_begins_anew(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    with stopped_clock() as at:
        play = start(client, recording)
        at.shift(10)
        report(client, play, 1, (0, 10_000))
        shelf.segment(recording, 13_000, 14_000)
        at.shift(1)

        key = media(client, play, "k0.key")
        assert (key.status_code, key.get_json()["error"]) == (403, "changed")
        assert media(client, play, "media.m3u8").status_code == 403
        told = report(client, play, 2, (10_000, 11_000)).get_json()
        assert (told["result"], told["why"], told["stop"]) == ("OK", "changed", False)
        assert told["coverage"]["covered_ms"] == 11_000
        again = start(client, recording)
        assert names(media(client, again, "media.m3u8").text) == [
            "0.ts", "1.ts", "3.ts", "4.ts", "5.ts"
        ]  # fmt: skip
        assert again["coverage"]["covered_ms"] == 11_000


def test_a_passage_that_is_shown_again_waits_for_the_next_play(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown()
    segment = shelf.segment(recording, 7_000, 8_000)
    client = sign_in(cast.trainee)
    play = start(client, recording)
    with unit_of_work():
        db.session.delete(db.session.merge(segment))
        db.session.flush()
        rewrite_facts(recording.id, clock.now())

    assert "1.ts" not in names(media(client, play, "media.m3u8").text)
    assert media(client, play, "1.ts").status_code == 404
    assert "1.ts" in names(media(client, start(client, recording), "media.m3u8").text)


def test_chapters_and_the_moment_in_the_address(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown()
    shelf.segment(recording, 12_000, 18_000)
    with unit_of_work():
        for at_ms, title in ((0, "Opening"), (12_000, "A slide of others"), (18_000, "Talks")):
            db.session.add(Chapter(recording_id=recording.id, at_ms=at_ms, title={"en": title}))
    page = sign_in(cast.trainee).get(f"/recordings/{recording.id}?t=18").text

    assert "Opening" in page
    assert "?t=18" in page
    assert "A slide of others" not in page  # nothing of it may be seen


def test_no_picture_of_a_hidden_passage_stands_for_the_film(
    cast: Cast, shelf: Shelf, sign_in: SignIn
) -> None:
    recording = shelf.shown()
    client = sign_in(cast.trainee)
    assert fetch(client, f"/recordings/{recording.id}/cover.jpg").status_code == 200
    shelf.segment(recording, 2_000, 4_000)  # the cover is taken at 3.2 s
    play = start(client, recording)
    assert play["poster"] is None
    assert media(client, play, "poster.jpg").status_code == 404
    assert fetch(client, f"/recordings/{recording.id}/cover.jpg").status_code == 404


@pytest.fixture
def talk(shelf: Shelf) -> Recording:
    """A recording of sound alone, as it stands after processing."""
    recording = shelf.shown()
    with unit_of_work():
        row = db.session.get(Recording, recording.id)
        assert row is not None
        row.kind = "audio"
        for rendition in db.session.scalars(
            select(Rendition).where(Rendition.recording_id == recording.id)
        ):
            if rendition.role == "video":
                rendition.role, rendition.width, rendition.height = "audio", 0, 0
            else:
                db.session.delete(rendition)
    return recording


def test_a_recording_of_sound_is_played_too(cast: Cast, talk: Recording, sign_in: SignIn) -> None:
    client = sign_in(cast.trainee)
    play: dict[str, Any] = start(client, talk)

    assert client.get(f"/recordings/{talk.id}").status_code == 200
    listed = client.get(play["playlist"]).text
    assert "RESOLUTION" not in listed
    assert play["qualities"] == []
    assert len(names(client.get(addresses(listed)[0]).text)) == 6
    assert media(client, play, "k1.key").status_code == 200


def test_cut_segments_takes_numbers_too() -> None:
    cut = cut_segments([6000, 6000, 6000], [(20_000, 21_000)], [1])
    assert (cut.kept, cut.gone) == ((0, 2), (1,))
    assert cut.hidden == ((6000, 12_000), (20_000, 21_000))
