"""Reading what ffmpeg says, and what is made of it."""

import pytest

from lms.recordings.errors import MediaFault
from lms.recordings.rules import (
    MAX_DURATION_MS,
    MediaFacts,
    VideoStream,
    choose_shape,
    judge_made,
    judge_sound,
    judge_video,
    looks_like_pdf,
    media_key,
    missing_picture,
    number_keys,
    parse_media,
    parse_playlist,
    parse_progress,
    peak_bandwidth,
    poster_position,
    safe_name,
    segment_iv,
)

PHONE = """Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:x':
  Metadata:
    major_brand     : isom
  Duration: 01:02:03.45, start: 0.000000, bitrate: 171 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p(progressive), 1920x1080 [SAR 1:1 DAR 16:9], 95 kb/s, 29.97 fps, 30 tbr, 12800 tbn (default)
    Side data:
      Display Matrix: rotation of -90.00 degrees
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, mono, fltp, 69 kb/s (default)
At least one output file must be specified
"""  # noqa: E501
SONG = """Input #0, mp3, from 'file:x':
  Duration: 00:03:00.00, start: 0.000000, bitrate: 128 kb/s
  Stream #0:0: Audio: mp3, 44100 Hz, stereo, fltp, 128 kb/s
  Stream #0:1: Video: mjpeg (Baseline), yuvj420p(pc), 600x600 [SAR 1:1 DAR 1:1], 90k tbr, 90k tbn (attached pic)
"""  # noqa: E501
SCREEN = """Input #0, matroska,webm, from 'file:x':
  Duration: N/A, start: 0.000000, bitrate: N/A
  Stream #0:0: Video: vp8, yuv420p(tv), 720x480, SAR 32:27 DAR 16:9, 1k fps, 1k tbr, 1k tbn
"""


def test_a_phone_film_is_read_with_its_rotation() -> None:
    facts = parse_media(PHONE)

    assert facts == MediaFacts(
        container="mov,mp4,m4a,3gp,3g2,mj2",
        duration_ms=3_723_450,
        video=VideoStream(0, 1920, 1080, 1.0, -90.0, 29.97),
        has_audio=True,
    )


def test_a_cover_picture_is_no_film() -> None:
    facts = parse_media(SONG)

    assert facts is not None
    assert facts.video is None
    assert judge_video(facts) is MediaFault.NO_PICTURE


def test_of_sound_its_sound_is_judged_whatever_else_there_is() -> None:
    for told in (SONG, PHONE):
        assert judge_sound(parse_media(told)) is None
    assert judge_sound(parse_media(SCREEN)) is MediaFault.NO_SOUND
    assert judge_sound(None) is MediaFault.NOT_SOUND
    long = MediaFacts("mp3", MAX_DURATION_MS + 1, None, has_audio=True)
    assert judge_sound(long) is MediaFault.TOO_LONG


def test_a_length_that_is_only_guessed_is_none() -> None:
    told = "[mp3 @ 0x5] Estimating duration from bitrate, this may be inaccurate\n" + SONG

    facts = parse_media(told)

    assert facts is not None
    assert facts.duration_ms is None


def test_a_browser_recording_has_no_length_and_wide_pixels() -> None:
    facts = parse_media(SCREEN)

    assert facts is not None
    assert facts.duration_ms is None
    assert facts.video == VideoStream(0, 720, 480, 32 / 27, 0.0, 1000.0)
    assert judge_video(facts) is None


def test_what_ffmpeg_cannot_open_is_no_film() -> None:
    told = "[in#0 @ 0x5] Error opening input: Invalid data found when processing input"

    assert parse_media(told) is None
    assert judge_video(parse_media(told)) is MediaFault.NOT_VIDEO


def test_a_film_longer_than_a_viewer_can_earn_is_refused() -> None:
    video = VideoStream(0, 640, 360)

    assert judge_video(MediaFacts("mov", MAX_DURATION_MS, video, has_audio=True)) is None
    assert (
        judge_video(MediaFacts("mov", MAX_DURATION_MS + 1, video, has_audio=True))
        is MediaFault.TOO_LONG
    )


@pytest.mark.parametrize(
    ("video", "size", "fps"),
    [
        (VideoStream(0, 1920, 1080, fps=60.0), (1280, 720), 30.0),
        (VideoStream(0, 1920, 1080, rotation=-90.0, fps=29.97), (720, 1280), 29.97),
        (VideoStream(0, 1920, 1080, rotation=180.0), (1280, 720), 30.0),
        (VideoStream(0, 640, 360, fps=25.0), (640, 360), 25.0),
        (VideoStream(0, 720, 480, 32 / 27, fps=50.0), (854, 480), 30.0),
        (VideoStream(0, 1024, 768, fps=1.0), (960, 720), 10.0),
        (VideoStream(0, 3840, 800), (1280, 266), 30.0),
        (VideoStream(0, 641, 361), (640, 360), 30.0),
        (VideoStream(0, 161, 91), (160, 90), 30.0),
        (VideoStream(0, 4000, 2), (1280, 16), 30.0),
    ],
)
def test_the_rendition_keeps_the_picture_upright_and_within_720p(
    video: VideoStream, size: tuple[int, int], fps: float
) -> None:
    shape = choose_shape(video)

    assert (shape.width, shape.height) == size
    assert shape.fps == fps
    assert shape.name == f"{min(size)}p"


@pytest.mark.parametrize(
    ("declared", "made", "fault"),
    [
        (60_000, 60_000, None),
        (60_000, 58_000, None),
        (60_000, 57_999, MediaFault.CUT_OFF),
        (3_600_000, 3_528_000, None),
        (3_600_000, 3_527_999, MediaFault.CUT_OFF),
        (None, 5_000, None),
        (None, 0, MediaFault.BROKEN),
        (None, MAX_DURATION_MS + 1, MediaFault.TOO_LONG),
    ],
)
def test_a_film_that_ends_early_was_cut_off(
    declared: int | None, made: int, fault: MediaFault | None
) -> None:
    assert judge_made(declared, made) is fault


def test_the_last_picture_is_held_while_the_sound_goes_on() -> None:
    assert missing_picture(15_000, 4_000) == 11_000
    assert missing_picture(6_000, 4_000) == 0
    assert missing_picture(4_000, 6_000) == 0


def test_the_poster_is_taken_a_tenth_in() -> None:
    assert poster_position(60_000) == 6_000
    assert poster_position(None) == 0


def test_progress_lines_are_read_and_others_left() -> None:
    assert parse_progress("out_time_us=1500000\n") == 1500
    assert parse_progress("out_time_us=N/A\n") is None
    assert parse_progress("out_time_ms=1500000\n") is None


def test_the_mark_of_a_pdf_may_stand_a_little_way_in() -> None:
    assert looks_like_pdf(b"%PDF-1.7\n")
    assert looks_like_pdf(b"\n" * 1000 + b"%PDF-1.7")
    assert not looks_like_pdf(b"\n" * 1024 + b"%PDF-1.7")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\films\\第1回 講義.mp4", "第1回 講義.mp4"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.mp4", "ab.mp4"),
        ("x" * 500, "x" * 200),
    ],
)
def test_file_names_are_kept_as_labels_only(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_a_playlist_gives_names_and_lengths() -> None:
    text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:6.000000,\n00000.ts\n#EXTINF:1.234567,\n00001.ts\n#EXT-X-ENDLIST\n"  # noqa: E501

    assert parse_playlist(text) == [("00000.ts", 6000), ("00001.ts", 1235)]


def test_every_thirty_seconds_have_a_key_of_their_own() -> None:
    assert number_keys(11) == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]


def test_keys_differ_by_recording_version_and_number_and_come_out_the_same() -> None:
    # HMAC-SHA256 of "r1:1:0" under 32 times "m", computed with `openssl dgst -hmac`.
    key = media_key(b"m" * 32, "r1", 1, 0)

    assert key.hex() == "321f53cee7ab4d06f7d563bef26e9b83"
    others = {
        media_key(b"m" * 32, "r1", 1, 1),
        media_key(b"m" * 32, "r1", 2, 0),
        media_key(b"m" * 32, "r2", 1, 0),
        media_key(b"n" * 32, "r1", 1, 0),
    }
    assert len(others | {key}) == 5


def test_renditions_beside_the_best_picture_have_keys_of_their_own() -> None:
    plain = media_key(b"m" * 32, "r1", 1, 0)

    # What was encrypted when there was one rendition alone is still opened.
    assert media_key(b"m" * 32, "r1", 1, 0, "720p") == plain
    others = {media_key(b"m" * 32, "r1", 1, 0, name) for name in ("low", "audio", "a-en", "a-ms")}
    assert len(others | {plain}) == 5


def test_the_vector_is_the_sequence_number() -> None:
    assert segment_iv(258) == bytes(14) + b"\x01\x02"


def test_the_bandwidth_is_that_of_the_heaviest_segment() -> None:
    assert peak_bandwidth([1_000_000, 500_000], [6000, 2000]) == 2_000_000
    assert peak_bandwidth([], []) == 1
