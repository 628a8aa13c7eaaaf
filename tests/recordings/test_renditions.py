"""All renditions of a film share one clock and are cut at the same moments."""

import re
from itertools import accumulate
from pathlib import Path

import pytest

from lms.infra.storage import LocalStorage
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.operations import (
    Film,
    MadeMedia,
    MadeRendition,
    TrackFile,
    make_media,
    make_track,
)
from lms.recordings.operations.encoding import decrypt
from lms.recordings.rules import (
    Shape,
    borders_differ,
    canonical_tag,
    choose_low,
    judge_track,
    media_key,
    parse_segment_list,
    segment_iv,
    track_name,
)
from tests.recordings.conftest import ENCODE, loud_parts, picture, run_ffmpeg, sound

MASTER = b"m" * 32


def quiet(_permille: int) -> None:
    """Take a report and do nothing with it."""


def plain(storage: LocalStorage, made: MadeRendition, folder: Path) -> list[Path]:
    """Return the segments of a rendition, decrypted into files."""
    files = []
    for sequence, (name, _length, number) in enumerate(made.segments):
        key = media_key(MASTER, "rec1", 1, number, made.name)
        path = folder / f"{made.name}-{name}"
        sealed = storage.read(f"{made.folder}/{name}")
        path.write_bytes(decrypt(sealed, key, segment_iv(sequence)))
        files.append(path)
    return files


def first_stamp(path: Path, kind: str) -> float:
    """Return the time stamp of the first picture (v) or sound (a) in a segment, in s."""
    told = run_ffmpeg(
        "-v", "error", "-copyts", "-i", str(path), "-map", f"0:{kind}:0", "-c", "copy",
        "-f", "framecrc", "-",
    )  # fmt: skip
    base = re.search(r"^#tb 0: 1/(\d+)$", told, re.MULTILINE)
    assert base is not None
    stamps = [int(line.split(",")[2]) for line in told.splitlines() if line[0].isdigit()]
    return min(stamps) / int(base[1])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirteen seconds, large enough for a small rendition beside it."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    run_ffmpeg(*picture("720x404", 13, 25), *sound(13), *ENCODE, str(path))
    return path


@pytest.fixture(scope="module")
def made(
    film: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LocalStorage, MadeMedia, Path]:
    root = tmp_path_factory.mktemp("made")
    storage = LocalStorage(root / "media")
    with film.open("rb") as stream:
        storage.put("recordings/rec1/v1-x/source", stream)
    media = make_media(
        storage, MASTER, root / "work", Film("rec1", 1, "recordings/rec1/v1-x/source"), quiet
    )
    (root / "plain").mkdir()
    return storage, media, root


def test_a_film_gets_its_picture_a_small_one_and_its_sound(
    made: tuple[LocalStorage, MadeMedia, Path],
) -> None:
    _storage, media, _root = made

    best, low, audio = media.renditions
    assert [(r.name, r.role, r.width, r.height) for r in media.renditions] == [
        ("404p", "video", 720, 404),
        ("low", "video", 640, 360),
        ("audio", "audio", 0, 0),
    ]
    assert best.bandwidth > low.bandwidth > audio.bandwidth
    assert audio.bandwidth < 130_000
    assert low.codecs == "avc1.4d401e,mp4a.40.2"
    assert {r.folder.rpartition("/")[0] for r in media.renditions} == {media.folder}


def test_segment_n_covers_the_same_time_in_all_of_them(
    made: tuple[LocalStorage, MadeMedia, Path],
) -> None:
    storage, media, root = made
    borders = [0, *accumulate(media.renditions[0].borders_ms)]
    assert borders == [0, 6000, 12_000, 13_000]

    for rendition in media.renditions:
        assert [0, *accumulate(rendition.borders_ms)] == pytest.approx(borders, abs=80)
        files = plain(storage, rendition, root / "plain")
        for path, begin in zip(files, borders, strict=False):
            # Measured in the segments themselves: 2.4 s is where the film begins in all.
            if rendition.role == "video":
                assert first_stamp(path, "v") == pytest.approx(2.4 + begin / 1000, abs=0.001)
            assert first_stamp(path, "a") == pytest.approx(2.4 + begin / 1000, abs=0.1)


def test_each_rendition_has_keys_of_its_own(made: tuple[LocalStorage, MadeMedia, Path]) -> None:
    storage, media, _root = made
    low = media.renditions[1]
    sealed = storage.read(f"{low.folder}/{low.segments[0][0]}")

    other = media_key(MASTER, "rec1", 1, 0)
    try:
        opened = decrypt(sealed, other, segment_iv(0))
    except ValueError:
        opened = b""
    assert opened[:1] != b"\x47"  # of a transport stream
    assert decrypt(sealed, media_key(MASTER, "rec1", 1, 0, "low"), segment_iv(0))[:1] == b"\x47"


def track(
    made: tuple[LocalStorage, MadeMedia, Path], file: Path, shift_ms: int = 0
) -> tuple[MadeRendition, list[tuple[float, float]], list[Path]]:
    """Make a track of the film; return it, where it can be heard (s), and its plain segments."""
    storage, media, root = made
    with file.open("rb") as stream:
        storage.put("recordings/rec1/v1-t/source", stream)
    source = TrackFile(
        "trk1", "rec1", 1, "recordings/rec1/v1-t/source", "en", shift_ms,
        media.renditions[0].borders_ms,
    )  # fmt: skip
    rendition = make_track(storage, MASTER, root / "work", source, quiet)
    files = plain(storage, rendition, root / "plain")
    whole = root / "plain" / "whole.ts"
    whole.write_bytes(b"".join(path.read_bytes() for path in files))
    return rendition, loud_parts(whole), files


@pytest.mark.parametrize(
    ("seconds", "shift_ms", "heard"),
    [
        (3, 0, (0, 3)),
        (3, 2000, (2, 5)),
        (3, -1000, (0, 2)),
        (4, 11_000, (11, 13)),
        (30, -5000, (0, 13)),
    ],
)
def test_a_track_is_moved_and_fills_its_film(
    made: tuple[LocalStorage, MadeMedia, Path],
    tmp_path: Path,
    seconds: int,
    shift_ms: int,
    heard: tuple[float, float],
) -> None:
    file = tmp_path / "booth.mp3"
    run_ffmpeg(*sound(seconds), str(file))

    rendition, parts, _files = track(made, file, shift_ms)

    assert (rendition.name, rendition.role, rendition.language) == ("a-en", "audio", "en")
    assert rendition.borders_ms == pytest.approx([6000, 6000, 1000], abs=80)
    assert len(parts) == 1
    assert parts[0] == pytest.approx(heard, abs=0.12)


def test_a_track_has_the_clock_of_its_film(
    made: tuple[LocalStorage, MadeMedia, Path], tmp_path: Path
) -> None:
    file = tmp_path / "booth.wav"
    run_ffmpeg(*sound(13), str(file))

    _rendition, _parts, files = track(made, file)

    stamps = [first_stamp(path, "a") for path in files]
    assert stamps == pytest.approx([2.4, 8.4, 14.4], abs=0.05)


def test_of_a_film_sent_as_a_track_the_sound_is_taken(
    made: tuple[LocalStorage, MadeMedia, Path], film: Path
) -> None:
    _rendition, parts, _files = track(made, film)

    assert parts == [pytest.approx((0, 13), abs=0.12)]


def test_a_track_for_a_film_of_one_segment(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    file = tmp_path / "booth.m4a"
    run_ffmpeg(*sound(2), str(file))
    with file.open("rb") as stream:
        storage.put("recordings/rec1/v1-t/source", stream)
    source = TrackFile("trk1", "rec1", 1, "recordings/rec1/v1-t/source", "ms", 0, [4000])

    rendition = make_track(storage, MASTER, tmp_path / "work", source, quiet)

    assert rendition.borders_ms == pytest.approx([4000], abs=80)


@pytest.mark.parametrize(
    ("shift_ms", "fault"),
    [(13_000, MediaFault.TRACK_OUTSIDE), (-3000, MediaFault.TRACK_OUTSIDE)],
)
def test_a_track_that_would_not_be_heard_is_refused(
    made: tuple[LocalStorage, MadeMedia, Path],
    tmp_path: Path,
    shift_ms: int,
    fault: MediaFault,
) -> None:
    storage, _media, root = made
    file = tmp_path / "booth.wav"
    run_ffmpeg(*sound(3), str(file))
    before = list(storage.list("recordings/rec1/v1"))

    with pytest.raises(MediaFaultError) as caught:
        track(made, file, shift_ms)

    assert caught.value.fault is fault
    assert list(storage.list("recordings/rec1/v1")) == before
    assert list((root / "work").iterdir()) == []


# The rules.


@pytest.mark.parametrize(
    ("best", "low"),
    [
        ((1280, 720), (640, 360)),
        ((720, 1280), (360, 640)),
        ((960, 720), (480, 360)),
        ((1280, 266), (640, 132)),
        ((640, 360), None),
        ((160, 90), None),
    ],
)
def test_the_small_rendition_is_smaller_or_not_made(
    best: tuple[int, int], low: tuple[int, int] | None
) -> None:
    shape = choose_low(Shape("x", *best, 25.0))

    assert (None if shape is None else (shape.width, shape.height)) == low
    assert shape is None or (shape.name, shape.fps) == ("low", 25.0)


@pytest.mark.parametrize(
    ("written", "tag"),
    [
        ("EN", "en"),
        ("zh_hant_tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        (" ms ", "ms"),
        ("fil", "fil"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("english", None),
        ("e", None),
        ("", None),
        ("en-", None),
        ("../en", None),
        ("en-x-private", None),
        ("sl-rozaj-biske-1994-nedis", None),
    ],
)
def test_language_tags_are_written_in_one_way(written: str, tag: str | None) -> None:
    assert canonical_tag(written) == tag


def test_no_name_of_a_track_is_too_long_or_that_of_another_rendition() -> None:
    assert track_name("sr-Latn-RS") == "a-sr-Latn-RS"
    assert len(track_name("sl-rozaj-1994-abcd"[:18])) <= 20


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ([6000, 6000], [6000, 6000], False),
        ([6000, 6000], [5900, 6200], False),
        ([6000, 6000], [5749, 6000], True),
        ([6000, 6000], [6000, 6251], True),
        ([6000, 6000], [6000], True),
        ([], [], False),
    ],
)
def test_borders_may_differ_by_a_quarter_of_a_second(
    one: list[int], other: list[int], *, differ: bool
) -> None:
    assert borders_differ(one, other) is differ


def test_a_list_of_segments_is_counted_from_the_first_moment() -> None:
    text = "00000.ts,0.978667,6.997333\n00001.ts,6.997333,9.050000\n"

    assert parse_segment_list(text, 1000) == [("00000.ts", 5997), ("00001.ts", 2053)]


@pytest.mark.parametrize(
    ("track_ms", "shift_ms", "fault"),
    [
        (3000, 0, None),
        (3000, -2999, None),
        (3000, -3000, MediaFault.TRACK_OUTSIDE),
        (None, -3000, None),
        (3000, 9999, None),
        (3000, 10_000, MediaFault.TRACK_OUTSIDE),
    ],
)
def test_a_shift_must_leave_something_to_hear(
    track_ms: int | None, shift_ms: int, fault: MediaFault | None
) -> None:
    assert judge_track(track_ms, shift_ms, 10_000) is fault
