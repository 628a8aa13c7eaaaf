"""Films become encrypted segments that an independent player reads back."""

import re
from pathlib import Path

import pytest

from lms.infra.storage import LocalStorage
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.operations import Film, MadeMedia, MadeRendition, clean_leftovers, make_media
from lms.recordings.operations.encoding import probe
from lms.recordings.rules import media_key, parse_media
from tests.recordings.conftest import ENCODE, heard_ms, picture, run_ffmpeg, sound

MASTER = b"m" * 32


def make(
    tmp_path: Path, film: Path, name: str = "rec1", *, sound_only: bool = False
) -> tuple[LocalStorage, MadeMedia]:
    storage = LocalStorage(tmp_path / "media")
    key = f"recordings/{name}/v1-x/source"
    with film.open("rb") as stream:
        storage.put(key, stream)
    source = Film(name, 1, key, sound_only=sound_only)
    made = make_media(storage, MASTER, tmp_path / "work", source, lambda _permille: None)
    return storage, made


def playlist(made: MadeRendition, folder: Path, name: str = "rec1") -> Path:
    """Write a playlist with its keys beside it, as a player would fetch them."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:7", "#EXT-X-MEDIA-SEQUENCE:0"]
    for sequence, (file, duration, number) in enumerate(made.segments):
        (folder / f"k{number}.key").write_bytes(media_key(MASTER, name, 1, number, made.name))
        lines += [
            f'#EXT-X-KEY:METHOD=AES-128,URI="k{number}.key",IV=0x{sequence:032x}',
            f"#EXTINF:{duration / 1000:.3f},",
            file,
        ]
    path = folder / "list.m3u8"
    path.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    return path


def decoded(path: Path) -> str:
    """Decode everything with ffmpeg, which must find no fault; return what it says."""
    told = run_ffmpeg(
        "-xerror", "-allowed_extensions", "ALL", "-extension_picky", "0",
        "-protocol_whitelist", "file,crypto,data", "-i", str(path),
        "-progress", "pipe:1", "-f", "null", "-",
    )  # fmt: skip
    assert "Error" not in told, told
    return told


def best(made: MadeMedia) -> MadeRendition:
    return made.renditions[0]


def names(made: MadeMedia) -> list[str]:
    return [rendition.name for rendition in made.renditions]


def frames(told: str) -> int:
    return int(re.findall(r"^frame=(\d+)$", told, re.MULTILINE)[-1])


def test_ffmpeg_plays_the_encrypted_segments_with_the_derived_keys(
    films: Path, tmp_path: Path
) -> None:
    storage, made = make(tmp_path, films / "long.mp4")
    picture = best(made)

    assert [number for _file, _ms, number in picture.segments] == [0, 0, 0, 0, 0, 1]
    assert [ms for _file, ms, _number in picture.segments] == [6000] * 5 + [2000]
    assert made.duration_ms == 32_000
    assert (picture.name, picture.width, picture.height) == ("54p", 96, 54)
    told = decoded(playlist(picture, storage.local_path(picture.folder)))
    assert frames(told) == 320
    facts = parse_media(told)
    assert facts is not None
    assert facts.has_audio
    assert picture.codecs == "avc1.4d401f,mp4a.40.2"
    assert names(made) == ["54p", "audio"]  # a small one would not be smaller


def test_every_segment_starts_with_a_key_frame(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "long.mp4")
    folder = storage.local_path(best(made).folder)
    playlist(best(made), folder)
    file, _ms, number = best(made).segments[3]
    # The fourth segment alone, opened with its own key and vector.
    (folder / "one.m3u8").write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:3\n"
        f'#EXT-X-KEY:METHOD=AES-128,URI="k{number}.key",IV=0x{3:032x}\n'
        f"#EXTINF:6.000,\n{file}\n#EXT-X-ENDLIST\n"
    )

    assert frames(decoded(folder / "one.m3u8")) == 60


def test_a_segment_without_its_key_is_noise(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "short.mp4")

    for rendition in made.renditions:
        key = f"{rendition.folder}/{rendition.segments[0][0]}"
        sealed = storage.read(key)
        assert len(sealed) % 16 == 0
        assert probe(storage.local_path(key)) is None
        assert b"FFmpeg" not in sealed


def test_the_poster_is_a_picture_of_the_rendition(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "short.mp4")

    assert made.poster_key == f"{made.folder}/poster.jpg"
    assert storage.read(made.poster_key)[:3] == b"\xff\xd8\xff"


def test_progress_is_told_and_may_stop_the_work(films: Path, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    with (films / "long.mp4").open("rb") as stream:
        storage.put("recordings/rec1/v1-x/source", stream)
    told: list[int] = []

    def stop(permille: int) -> None:
        told.append(permille)
        if permille >= 950:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_media(
            storage, MASTER, tmp_path / "work",
            Film("rec1", 1, "recordings/rec1/v1-x/source"), stop,
        )  # fmt: skip

    assert told[-1] == 950  # one of two renditions sealed
    assert told == sorted(told)
    assert list(storage.list("recordings")) == ["recordings/rec1/v1-x/source"]
    assert list((tmp_path / "work").iterdir()) == []


def test_what_a_killed_worker_left_is_removed_before_the_next_try(
    films: Path, tmp_path: Path, app: object
) -> None:
    del app  # the database says which renditions are known
    storage = LocalStorage(tmp_path / "media")
    with (films / "silent.mp4").open("rb") as stream:
        storage.put("recordings/rec1/v1/r-dead/90p/00000.ts", stream)
    (tmp_path / "work" / "rec1-dead").mkdir(parents=True)

    assert clean_leftovers(storage, "rec1", 1) == 1
    make(tmp_path, films / "silent.mp4")

    assert not storage.exists("recordings/rec1/v1/r-dead/90p/00000.ts")
    assert list((tmp_path / "work").iterdir()) == []


# Films that are not as they should be: each with a real file.


def test_a_film_held_upright_stays_upright(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "portrait.mp4")

    assert (best(made).width, best(made).height) == (90, 160)
    facts = parse_media(decoded(playlist(best(made), storage.local_path(best(made).folder))))
    assert facts is not None
    assert facts.video is not None
    assert (facts.video.width, facts.video.height, facts.video.rotation) == (90, 160, 0.0)


def test_a_film_without_sound_has_no_rendition_of_sound(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "silent.mp4")

    assert names(made) == ["90p"]
    assert best(made).codecs == "avc1.4d401f"
    facts = parse_media(decoded(playlist(best(made), storage.local_path(best(made).folder))))
    assert facts is not None
    assert not facts.has_audio


def test_sound_that_goes_on_after_the_picture_is_kept(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "talk.mp4")

    for rendition in made.renditions:
        lengths = rendition.borders_ms
        assert lengths == pytest.approx([6000, 3000], abs=60)
    told = decoded(playlist(best(made), storage.local_path(best(made).folder)))
    assert frames(told) == 90


def test_picture_that_goes_on_after_the_sound_is_kept(tmp_path: Path) -> None:
    film = tmp_path / "late.mp4"
    run_ffmpeg(*picture("96x54", 8), *sound(3), *ENCODE, str(film))

    storage, made = make(tmp_path, film)

    assert names(made) == ["54p", "audio"]
    assert best(made).borders_ms == [6000, 2000]
    assert made.renditions[1].borders_ms == pytest.approx([6000, 2000], abs=60)
    told = decoded(playlist(made.renditions[1], storage.local_path(made.renditions[1].folder)))
    assert heard_ms(told) == pytest.approx(8000, abs=120)


def test_a_variable_frame_rate_is_evened_out(tmp_path: Path) -> None:
    # Two seconds of 30 pictures, then four of 5: as a screen recording has it.
    film = tmp_path / "variable.mkv"
    run_ffmpeg(
        *picture("96x54", 8, 30), *sound(8),
        "-vf", "select='lt(t,2)+not(mod(n,6))'", "-fps_mode", "vfr", *ENCODE, str(film),
    )  # fmt: skip

    storage, made = make(tmp_path, film)

    assert best(made).borders_ms == pytest.approx([6000, 2000], abs=250)
    told = decoded(playlist(best(made), storage.local_path(best(made).folder)))
    assert frames(told) == pytest.approx(8 * 30, abs=8)
    assert made.renditions[1].borders_ms == pytest.approx(best(made).borders_ms, abs=250)


@pytest.mark.parametrize(
    ("size", "made_size"), [("97x55", (96, 54)), ("17x200", (16, 200)), ("1001x31", (1000, 30))]
)
def test_odd_sizes_become_even(tmp_path: Path, size: str, made_size: tuple[int, int]) -> None:
    film = tmp_path / "odd.mkv"
    run_ffmpeg(*picture(size, 2), "-c:v", "ffv1", str(film))

    storage, made = make(tmp_path, film)

    assert (best(made).width, best(made).height) == made_size
    facts = parse_media(decoded(playlist(best(made), storage.local_path(best(made).folder))))
    assert facts is not None
    assert facts.video is not None
    assert (facts.video.width, facts.video.height) == made_size


def test_a_film_of_which_all_is_between_key_frames_is_damaged(tmp_path: Path) -> None:
    whole, tail = tmp_path / "whole.ts", tmp_path / "tail.ts"
    run_ffmpeg(*picture("96x54", 6), *ENCODE, "-g", "9999", "-f", "mpegts", str(whole))
    data = whole.read_bytes()
    packets = len(data) // 188
    tail.write_bytes(data[packets // 2 * 188 :])

    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, tail)

    # Without the beginning its stream says nothing of its picture; or nothing can be decoded.
    assert caught.value.fault in {MediaFault.BROKEN, MediaFault.NO_PICTURE}


def test_one_key_frame_at_the_beginning_is_enough(tmp_path: Path) -> None:
    film = tmp_path / "one.mp4"
    run_ffmpeg(*picture("96x54", 8), *sound(8), *ENCODE, "-g", "9999", str(film))

    storage, made = make(tmp_path, film)

    assert best(made).borders_ms == [6000, 2000]
    assert frames(decoded(playlist(best(made), storage.local_path(best(made).folder)))) == 80


def test_a_cover_picture_alone_is_no_film(tmp_path: Path, films: Path) -> None:
    cover, song = tmp_path / "cover.png", tmp_path / "song.m4a"
    run_ffmpeg(*picture("64x64", 1), "-frames:v", "1", str(cover))
    run_ffmpeg(
        "-i", str(films / "sound.m4a"), "-i", str(cover), "-map", "0:a", "-map", "1:v",
        "-c", "copy", "-disposition:v:0", "attached_pic", str(song),
    )  # fmt: skip

    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, song)
    assert caught.value.fault is MediaFault.NO_PICTURE

    _storage, made = make(tmp_path, song, "rec2", sound_only=True)
    assert names(made) == ["audio"]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("cut.mp4", MediaFault.CUT_OFF),
        ("headless.mp4", MediaFault.BROKEN),
        ("empty.mp4", MediaFault.NOT_VIDEO),
    ],
)
def test_a_broken_film_leaves_nothing(
    films: Path, tmp_path: Path, name: str, fault: MediaFault
) -> None:
    (films / "empty.mp4").write_bytes(b"")

    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, films / name)

    assert caught.value.fault is fault
    assert list(LocalStorage(tmp_path / "media").list("recordings")) == [
        "recordings/rec1/v1-x/source"
    ]
    assert list((tmp_path / "work").iterdir()) == []


def test_a_file_that_is_gone_is_said_to_be_missing(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")

    with pytest.raises(MediaFaultError) as caught:
        make_media(
            storage, MASTER, tmp_path / "work",
            Film("rec1", 1, "recordings/rec1/v1-x/source"), lambda _permille: None,
        )  # fmt: skip

    assert caught.value.fault is MediaFault.MISSING


# Recordings of sound.


@pytest.mark.parametrize(
    "ending", ["mp3", "wav", "ogg", "flac", "aac", "m4a", "aiff", "caf", "wma"]
)
def test_recordings_of_sound_have_one_rendition(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"talk.{ending}"
    run_ffmpeg(*sound(8), str(file))

    storage, made = make(tmp_path, file, sound_only=True)

    assert names(made) == ["audio"]
    only = best(made)
    assert (only.role, only.width, only.height, only.codecs) == ("audio", 0, 0, "mp4a.40.2")
    assert only.borders_ms == pytest.approx([6000, 2000], abs=150)
    assert made.duration_ms == sum(only.borders_ms)
    assert made.poster_key == ""
    told = decoded(playlist(only, storage.local_path(only.folder)))
    assert heard_ms(told) == pytest.approx(8000, abs=150)


def test_of_a_film_taken_as_sound_the_sound_is_kept_alone(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "short.mp4", sound_only=True)

    facts = parse_media(decoded(playlist(best(made), storage.local_path(best(made).folder))))
    assert facts is not None
    assert facts.video is None
    assert facts.has_audio


@pytest.mark.parametrize(
    ("name", "fault"),
    [("silent.mp4", MediaFault.NO_SOUND), ("empty.mp3", MediaFault.NOT_SOUND)],
)
def test_what_has_no_sound_is_no_recording_of_sound(
    films: Path, tmp_path: Path, name: str, fault: MediaFault
) -> None:
    (films / "empty.mp3").write_bytes(b"")

    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, films / name, sound_only=True)

    assert caught.value.fault is fault


def test_sound_cut_off_in_the_middle_is_found(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.m4a", tmp_path / "cut.m4a"
    run_ffmpeg(*sound(30), "-movflags", "+faststart", str(whole))
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, cut, sound_only=True)

    assert caught.value.fault is MediaFault.CUT_OFF
