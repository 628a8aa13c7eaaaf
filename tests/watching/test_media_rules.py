"""Tokens, playlists with hidden parts, and when a lease is due."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.recordings.rules import Cue
from lms.watching.rules import (
    MediaToken,
    TokenFault,
    cut_segments,
    is_lease_due,
    keep_cues,
    read_token,
    render_playlist,
    sign_token,
)

SECRET = b"s" * 32
TOKEN = MediaToken("p" * 26, "r" * 26, "q" * 26, 3, 1_000)


def test_a_token_says_what_it_names_until_it_expires() -> None:
    text = sign_token(SECRET, TOKEN)
    assert read_token(SECRET, text, TOKEN.recording_id, 999) == TOKEN
    assert read_token(SECRET, text, TOKEN.recording_id, 1_000) is TokenFault.EXPIRED
    assert read_token(SECRET, text, "x" * 26, 999) is TokenFault.UNKNOWN
    assert read_token(b"t" * 32, text, TOKEN.recording_id, 999) is TokenFault.UNKNOWN


def test_a_token_of_an_earlier_version_opens_nothing() -> None:
    payload = f"a:{TOKEN.play_id}:{TOKEN.recording_id}:{TOKEN.rendition_id}:3:1000".encode()
    signature = hmac.new(SECRET, b"media-token:" + payload, hashlib.sha256).digest()[:16]
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (payload, signature))
    assert read_token(SECRET, ".".join(parts), TOKEN.recording_id, 999) is TokenFault.UNKNOWN


@given(st.data())
def test_no_other_text_is_a_token(data: st.DataObject) -> None:
    text = sign_token(SECRET, TOKEN)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    altered = text[:place] + letter + text[place + 1 :]
    read = read_token(SECRET, altered, TOKEN.recording_id, 999)
    assert read == TOKEN if altered == text else read is TokenFault.UNKNOWN


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "A" * 5000, "é.é", "%00.%00", "=.="])
def test_nonsense_is_no_token(text: str) -> None:
    assert read_token(SECRET, text, "r", 0) is TokenFault.UNKNOWN


def test_hidden_ranges_are_widened_to_segments_and_left_out() -> None:
    cut = cut_segments([6000, 6000, 6000, 6000], [(6500, 7000), (11_999, 12_001)])
    assert cut.kept == (0, 3)
    assert cut.hidden == ((6000, 18_000),)

    text = render_playlist([6000, 6000, 6000, 4500], [0, 0, 1, 1], cut.kept)

    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-KEY:METHOD=AES-128,URI="k0.key",IV=0x00000000000000000000000000000000',
        "#EXTINF:6.000,",
        "0.ts",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-KEY:METHOD=AES-128,URI="k1.key",IV=0x00000000000000000000000000000003',
        "#EXTINF:4.500,",
        "3.ts",
        "#EXT-X-ENDLIST",
    ]


def test_words_spoken_in_hidden_ranges_are_left_out() -> None:
    cues = [Cue(0, 6000, "a"), Cue(5999, 6001, "b"), Cue(12_000, 13_000, "c")]
    assert [cue.text for cue in keep_cues(cues, ((6000, 12_000),))] == ["a", "c"]


@pytest.mark.parametrize(
    ("lease_until", "facts_written", "last_report", "due"),
    [
        (1_000_000, None, 500_000, False),
        (575_000, None, 500_000, True),
        (575_001, None, 500_000, False),
        (1_000_000, 489_999, 500_000, False),
        (1_000_000, 490_000, 500_000, True),
    ],
)
def test_a_lease_is_due_near_its_end_or_when_the_rights_changed(
    lease_until: int, facts_written: int | None, last_report: int, *, due: bool
) -> None:
    assert is_lease_due(lease_until, facts_written, last_report, 500_000) is due
