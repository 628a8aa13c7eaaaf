"""The transcript: searched as people write, printed where that is granted, decided each time."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.infra.db import db, unit_of_work
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.recordings.rules import Cue
from lms.rights.models import Agreement, RefusalLog
from lms.rights.rules.consent import ConsentTerms
from lms.watching.rules import Found, search_lines
from tests.conftest import Cast
from tests.watching.conftest import Shelf

SignIn = Callable[[Person], FlaskClient]

LINES = (
    "春季生活闘争の賃金",
    "要求について",
    "ＧＤＰと物価",
    "Wages and",
    "prices in Tōkyō",
    "サーバー",
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("賃金", Found((0,), 1)),  # two characters are a word
        ("賃金要求", Found((0, 1), 1)),  # broken between two captions
        ("gdp", Found((2,), 1)),
        ("ｇｄｐ", Found((2,), 1)),
        ("WAGES", Found((3,), 1)),
        ("and prices", Found((3, 4), 1)),
        ("andprices", Found((), 0)),
        ("tokyo", Found((4,), 1)),
        ("サーバ", Found((5,), 1)),
        ("さーばー", Found((5,), 1)),
        ("ｻｰﾊﾞｰ", Found((5,), 1)),
        ("", Found((), 0)),
        ("  ", Found((), 0)),
        ("無い語", Found((), 0)),
        ("賃" * 5000, Found((), 0)),
    ],
)
def test_a_word_is_found_however_it_is_written(query: str, found: Found) -> None:
    assert search_lines(LINES, query) == found


def test_every_place_is_counted_once() -> None:
    assert search_lines(("賃金と賃金", "賃金"), "賃金") == Found((0, 1), 3)
    assert search_lines(("aa", "aa"), "aaaa") == Found((), 0)  # two words, not one


@given(st.lists(st.text("賃金要求a ", min_size=1), min_size=1), st.text("賃金要求a", min_size=1))
def test_what_is_found_is_there(lines: list[str], query: str) -> None:
    found = search_lines(lines, query)
    assert bool(found.lines) == bool(found.count)
    assert list(found.lines) == sorted(set(found.lines))
    assert all(0 <= place < len(lines) for place in found.lines)
    for place, line in enumerate(lines):
        if query in line:
            assert place in found.lines


@pytest.fixture
def recording(shelf: Shelf) -> Recording:
    recording = shelf.film()
    shelf.caption(
        recording, Cue(0, 4000, "<v 講師>春季<ruby>闘争<rt>とうそう</rt></ruby>"),
        Cue(7000, 8000, "よその図の説明"), Cue(13_000, 14_000, "物価 &amp; 賃金"),
    )  # fmt: skip
    shelf.caption(recording, Cue(0, 4000, "Spring offensive"), language="en", status="machine")
    return recording


def in_english(client: FlaskClient) -> FlaskClient:
    with client.session_transaction() as browser:
        browser["language"] = "en"
    return client


def test_it_is_read_in_the_readers_language_or_the_one_asked_for(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    client = in_english(sign_in(cast.trainee))
    address = f"/api/v1/recordings/{recording.id}/transcript"

    told = client.get(address).get_json()
    assert told["language"] == "en"
    assert told["cues"] == [[0, 4000, "Spring offensive"]]
    assert [one["label"] for one in told["languages"]] == [
        "English (by machine, not checked)", "Japanese",
    ]  # fmt: skip
    japanese = client.get(f"{address}?language=ja&q=ちんぎん").get_json()
    assert [cue[2] for cue in japanese["cues"]] == [
        "春季闘争（とうそう）", "よその図の説明", "物価 & 賃金",
    ]  # fmt: skip
    assert (japanese["hits"], japanese["count"]) == ([], 0)  # kanji are no reading
    assert client.get(f"{address}?language=ja&q=賃金").get_json()["hits"] == [2]
    assert client.get(f"{address}?language=xx").get_json()["language"] == "en"
    assert client.get(f"{address}?q={'x' * 3000}&language=%00").status_code == 200


def test_what_is_hidden_is_neither_read_nor_found(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    shelf.agree(recording)
    shelf.publish(recording)
    shelf.segment(recording, 6_500, 6_600)  # the segment of 6 to 12 s goes
    client = sign_in(cast.trainee)
    told = client.get(f"/api/v1/recordings/{recording.id}/transcript?q=図").get_json()
    assert len(told["cues"]) == 2
    assert told["count"] == 0
    page = client.get(f"/recordings/{recording.id}/transcript?language=ja&q=図")
    assert "よその図" not in page.text
    assert f"/recordings/{recording.id}?t=13" in page.text


def test_it_prints_where_printing_is_granted(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    agreement = shelf.agree(recording)
    shelf.publish(recording)
    client = in_english(sign_in(cast.trainee))
    address = f"/recordings/{recording.id}/transcript"
    page = client.get(address)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert 'data-testid="not-printed"' not in page.text
    shelf.withdraw(agreement)
    assert client.get(address).status_code == 403
    other = shelf.film("short.mp4")
    shelf.caption(other, Cue(0, 1000, "Good morning."), language="en")
    shelf.agree(other, actions=["play"])
    shelf.publish(other)
    page = client.get(f"/recordings/{other.id}/transcript")
    assert "Good morning." in page.text
    assert 'data-testid="not-printed"' in page.text
    assert 'transcript--page no-print"' in page.text


def test_without_captions_there_is_none(cast: Cast, shelf: Shelf, sign_in: SignIn) -> None:
    recording = shelf.shown("short.mp4")
    client = sign_in(cast.trainee)
    assert client.get(f"/recordings/{recording.id}/transcript").status_code == 404
    told = client.get(f"/api/v1/recordings/{recording.id}/transcript").get_json()
    assert (told["languages"], told["cues"]) == ([], [])
    assert "data-transcript-card" not in client.get(f"/recordings/{recording.id}").text


def test_the_country_is_asked_for_here_too(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    shelf.agree(recording, territory=["JP"])
    shelf.publish(recording)
    client = sign_in(cast.overseas)
    address = f"/api/v1/recordings/{recording.id}/transcript"
    assert client.get(address).status_code == 403
    assert db.session.scalar(select(func.count()).select_from(RefusalLog)) == 0
    assert client.get(f"{address}?country=JP").status_code == 200
    assert client.get(f"{address}?country=MY").status_code == 403
    assert client.get(f"/recordings/{recording.id}/transcript").status_code == 403
    assert client.get(f"/recordings/{recording.id}/transcript?country=JP").status_code == 200


def test_strangers_find_nothing(
    cast: Cast, shelf: Shelf, sign_in: SignIn, recording: Recording
) -> None:
    shelf.agree(recording, audience={"reach": "hq"})
    shelf.publish(recording, audience={"reach": "hq"})
    stranger = sign_in(cast.stranger)
    for address in ("/recordings/{}/transcript", "/api/v1/recordings/{}/transcript"):
        answer = stranger.get(address.format(recording.id))
        missing = stranger.get(address.format("none"))
        assert answer.status_code == missing.status_code == 404
        assert "春季" not in answer.text


@pytest.mark.parametrize(
    ("ticked", "read", "shown"),
    [
        ({"captions", "translation", "transcript"}, ["en", "ja"], ["en", "ja"]),
        ({"captions", "transcript"}, ["ja"], ["ja"]),
        ({"captions", "translation"}, [], ["en", "ja"]),
        ({"transcript"}, ["ja"], []),
        (set(), [], []),
    ],
)
def test_what_a_rightsholder_does_not_allow_is_neither_shown_nor_read(
    cast: Cast,
    shelf: Shelf,
    sign_in: SignIn,
    recording: Recording,
    *,
    ticked: set[str],
    read: list[str],
    shown: list[str],
) -> None:
    agreement = shelf.agree(recording)
    terms = ConsentTerms(uses=frozenset({"play"}), **dict.fromkeys(ticked, True))  # type: ignore[arg-type]
    with unit_of_work():
        db.session.get_one(Agreement, agreement.id).answers = {"given": terms.to_json()}
    shelf.publish(recording)
    client = in_english(sign_in(cast.trainee))
    told = client.get(f"/api/v1/recordings/{recording.id}/transcript").get_json()
    assert sorted(one["language"] for one in told["languages"]) == read
    assert bool(told["cues"]) is bool(read)
    page = client.get(f"/recordings/{recording.id}/transcript")
    assert page.status_code == (200 if read else 404)
    opened = client.post(f"/api/v1/recordings/{recording.id}/play-sessions").get_json()
    assert sorted(one["language"] for one in opened["captions"]) == shown
    ways = opened["playlist"].removesuffix("index.m3u8")
    for language in ("ja", "en"):
        answer = client.get(f"{ways}captions/{language}.vtt")
        assert answer.status_code == (200 if language in shown else 404)
