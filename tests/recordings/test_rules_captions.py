"""Captions as people send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.recordings.errors import CaptionFault
from lms.recordings.rules import (
    Cue,
    LineFault,
    decode_captions,
    parse_cues,
    plain_text,
    read_captions,
    render_vtt,
)

SRT = "1\n00:00:01,000 --> 00:00:02,500\n髙森さんの話\n\n2\n00:00:03,000 --> 00:00:04,000\n賃金①\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.500\n髙森さんの話\n\n2\n00:00:03.000 --> 00:00:04.000\n賃金①\n"
CUES = (Cue(1000, 2500, "髙森さんの話"), Cue(3000, 4000, "賃金①"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
@pytest.mark.parametrize("text", [SRT, VTT])
def test_every_usual_encoding_and_format_gives_the_same_cues(text: str, encoding: str) -> None:
    decoded = decode_captions(text.replace("\n", "\r\n").encode(encoding))

    assert decoded is not None
    reading = read_captions(decoded, 10_000)
    assert reading.faults == ()
    assert reading.cues == CUES
    assert reading.dropped == 0


@pytest.mark.parametrize(
    "data",
    [
        b"WEBVTT\n\n\xff\xfe\x00",
        SRT.replace("髙", "高").replace("①", "").encode("euc-jp"),
        "1\n00:00:01,000 --> 00:00:02,000\n話\n".encode("iso-2022-jp"),
        b"\xff\xfe1",
        b"\x00\x01\x02",
    ],
)
def test_what_is_none_of_them_is_not_guessed(data: bytes) -> None:
    assert decode_captions(data) is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("00:00:05.000 --> 00:00:04.000\nx", LineFault(3, CaptionFault.END_BEFORE_START)),
        ("00:00:05.000 --> 00:00:05.000\nx", LineFault(3, CaptionFault.END_BEFORE_START)),
        ("00:00:05.000 -> 00:00:06.000\nx", LineFault(0, CaptionFault.NO_CUES)),
        ("00:00:5x --> 00:00:06.000\nx", LineFault(3, CaptionFault.TIMING)),
        ("00:61:00.000 --> 00:62:00.000\nx", LineFault(3, CaptionFault.TIMING)),
        ("00:00:10.000 --> 00:00:11.000\nx", LineFault(3, CaptionFault.OUTSIDE)),
        ("00:00:09.000 --> 00:00:12.001\nx", LineFault(3, CaptionFault.OUTSIDE)),
        ("00:00:01.000 --> 00:00:02.000\n ", LineFault(0, CaptionFault.NO_CUES)),
        ("", LineFault(0, CaptionFault.NO_CUES)),
    ],
)
def test_faults_are_named_with_their_line(body: str, fault: LineFault) -> None:
    reading = read_captions(f"WEBVTT\n\n{body}\n", 10_000)

    assert reading.faults == (fault,)
    assert reading.cues == ()


def test_all_faulty_lines_are_told_at_once() -> None:
    text = "WEBVTT\n\n00:05.000 --> 00:04.000\na\n\n00:01.000 --> 00:02.000\nb\n\nx --> y\nc\n"

    assert read_captions(text, None).faults == (
        LineFault(3, CaptionFault.END_BEFORE_START),
        LineFault(9, CaptionFault.TIMING),
    )


@pytest.mark.parametrize("text", ["Dear colleagues,\n\nhello\n", "WEBVTTX\n\n", "{}"])
def test_what_is_neither_format_is_refused(text: str) -> None:
    assert read_captions(text, None).faults == (LineFault(0, CaptionFault.FORMAT),)


def test_nothing_is_refused_as_empty() -> None:
    assert read_captions(" \n\n", None).faults == (LineFault(0, CaptionFault.EMPTY),)


def test_cues_without_words_are_left_out_and_counted() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n\n00:03.000 --> 00:04.000\n<i></i>\n\n00:05.000 --> 00:06.000\nx\n"  # noqa: E501
    reading = read_captions(text, None)

    assert reading.cues == (Cue(5000, 6000, "x"),)
    assert reading.dropped == 2


def test_an_end_just_past_the_recording_is_cut() -> None:
    reading = read_captions("WEBVTT\n\n00:09.000 --> 00:11.500\nx\n", 10_000)

    assert reading.cues == (Cue(9000, 10_000, "x"),)


def test_notes_and_styles_are_no_cues() -> None:
    text = "WEBVTT - Lecture\n\nNOTE a --> b\n\nSTYLE\n::cue { color: red }\n\n00:01.000 --> 00:02.000\nx\n"  # noqa: E501
    reading = read_captions(text, None)

    assert reading.cues == (Cue(1000, 2000, "x"),)
    assert reading.dropped == 0


def test_tags_that_carry_meaning_stay_and_others_go() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000 line:80% region:a align:start\n"
        "<v 白浜>賃<ruby>金<rt>きん</rt></ruby> <c.big>5 < 6 & 7</c> <script>x</script>\n"
    )
    (cue,) = read_captions(text, None).cues

    assert cue.text == "<v 白浜>賃<ruby>金<rt>きん</rt></ruby> 5 &lt; 6 &amp; 7 x"
    assert cue.settings == "line:80% align:start"
    assert plain_text(cue.text) == "賃金きん 5 < 6 & 7 x"


def test_position_codes_of_subrip_go() -> None:
    (cue,) = read_captions(
        "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color='red'>上</font>\n", None
    ).cues

    assert cue.text == "上"


def test_cues_are_put_in_order_of_their_start() -> None:
    text = "WEBVTT\n\n00:05.000 --> 00:06.000\nb\n\n00:01.000 --> 00:02.000\na\n"

    assert [cue.text for cue in read_captions(text, None).cues] == ["a", "b"]


# Without the marks of tags and entities, which are tried above.
WORDS = st.text(
    st.characters(
        blacklist_categories=["C", "Z"], blacklist_characters="<>&{}", max_codepoint=0x9FFF
    ),
    min_size=1,
)


@given(
    st.lists(st.tuples(st.integers(0, 8 * 3_600_000), st.integers(1, 60_000), WORDS), min_size=1)
)
def test_what_is_stored_reads_back_the_same(rows: list[tuple[int, int, str]]) -> None:
    cues = sorted(
        (Cue(start, start + length, text) for start, length, text in rows),
        key=lambda cue: (cue.start_ms, cue.end_ms),
    )
    stored = render_vtt(cues)

    assert parse_cues(stored) == tuple(cues)
    reading = read_captions(stored, None)
    assert reading.faults == ()
    assert reading.cues == tuple(cues)
    assert reading.dropped == 0
