"""Films become encrypted segments that an independent player reads back."""

import re
from pathlib import Path

import pytest

from lms.infra.storage import LocalStorage
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.operations import Film, MadeRendition, clean_leftovers, make_rendition
from lms.recordings.operations.encoding import probe
from lms.recordings.rules import media_key, parse_media
from tests.recordings.conftest import run_ffmpeg

MASTER = b"m" * 32


def make(tmp_path: Path, film: Path, name: str = "rec1") -> tuple[LocalStorage, MadeRendition]:
    storage = LocalStorage(tmp_path / "media")
    key = f"recordings/{name}/v1-x/source"
    with film.open("rb") as stream:
        storage.put(key, stream)
    made = make_rendition(
        storage, MASTER, tmp_path / "work", Film(name, 1, key), lambda _permille: None
    )
    return storage, made


def playlist(made: MadeRendition, folder: Path, name: str = "rec1") -> Path:
    """Write a playlist with its keys beside it, as a player would fetch them."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:7", "#EXT-X-MEDIA-SEQUENCE:0"]
    for sequence, (file, duration, number) in enumerate(made.segments):
        (folder / f"k{number}.key").write_bytes(media_key(MASTER, name, 1, number))
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


def test_ffmpeg_plays_the_encrypted_segments_with_the_derived_keys(
    films: Path, tmp_path: Path
) -> None:
    storage, made = make(tmp_path, films / "long.mp4")

    assert [number for _file, _ms, number in made.segments] == [0, 0, 0, 0, 0, 1]
    assert [ms for _file, ms, _number in made.segments] == [6000] * 5 + [2000]
    assert made.duration_ms == 32_000
    assert (made.shape.width, made.shape.height) == (96, 54)
    told = decoded(playlist(made, storage.local_path(made.folder)))
    assert re.findall(r"^frame=(\d+)$", told, re.MULTILINE)[-1] == "320"
    facts = parse_media(told)
    assert facts is not None
    assert facts.has_audio
    assert made.codecs == "avc1.4d401f,mp4a.40.2"


def test_every_segment_starts_with_a_key_frame(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "long.mp4")
    folder = storage.local_path(made.folder)
    playlist(made, folder)
    file, _ms, number = made.segments[3]
    # The fourth segment alone, opened with its own key and vector.
    (folder / "one.m3u8").write_text(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:3\n"
        f'#EXT-X-KEY:METHOD=AES-128,URI="k{number}.key",IV=0x{3:032x}\n'
        f"#EXTINF:6.000,\n{file}\n#EXT-X-ENDLIST\n"
    )

    told = decoded(folder / "one.m3u8")

    assert re.findall(r"^frame=(\d+)$", told, re.MULTILINE)[-1] == "60"


def test_a_segment_without_its_key_is_noise(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "short.mp4")

    sealed = storage.read(f"{made.folder}/{made.segments[0][0]}")

    assert len(sealed) % 16 == 0
    assert probe(storage.local_path(f"{made.folder}/{made.segments[0][0]}")) is None
    assert b"FFmpeg" not in sealed


def test_a_film_held_upright_stays_upright(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "portrait.mp4")

    assert (made.shape.width, made.shape.height) == (90, 160)
    facts = parse_media(decoded(playlist(made, storage.local_path(made.folder))))
    assert facts is not None
    assert facts.video is not None
    assert (facts.video.width, facts.video.height, facts.video.rotation) == (90, 160, 0.0)


def test_a_film_without_sound_is_taken(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "silent.mp4")

    assert made.codecs == "avc1.4d401f"
    facts = parse_media(decoded(playlist(made, storage.local_path(made.folder))))
    assert facts is not None
    assert not facts.has_audio


def test_sound_that_goes_on_after_the_picture_is_kept(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "talk.mp4")

    assert [ms for _file, ms, _number in made.segments] == [6000, 3000]
    told = decoded(playlist(made, storage.local_path(made.folder)))
    assert re.findall(r"^frame=(\d+)$", told, re.MULTILINE)[-1] == "90"


def test_the_poster_is_a_picture_of_the_rendition(films: Path, tmp_path: Path) -> None:
    storage, made = make(tmp_path, films / "short.mp4")

    assert made.poster_key == f"{made.folder}/poster.jpg"
    assert storage.read(made.poster_key)[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("name", "fault"), [("cut.mp4", MediaFault.CUT_OFF), ("headless.mp4", MediaFault.BROKEN)]
)
def test_a_broken_film_leaves_nothing(
    films: Path, tmp_path: Path, name: str, fault: MediaFault
) -> None:
    with pytest.raises(MediaFaultError) as caught:
        make(tmp_path, films / name)

    assert caught.value.fault is fault
    assert list(LocalStorage(tmp_path / "media").list("recordings")) == [
        "recordings/rec1/v1-x/source"
    ]
    assert list((tmp_path / "work").iterdir()) == []


def test_progress_is_told_and_may_stop_the_work(films: Path, tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "media")
    with (films / "long.mp4").open("rb") as stream:
        storage.put("recordings/rec1/v1-x/source", stream)
    told: list[int] = []

    def stop(permille: int) -> None:
        told.append(permille)
        if permille >= 900:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_rendition(
            storage, MASTER, tmp_path / "work",
            Film("rec1", 1, "recordings/rec1/v1-x/source"), stop,
        )  # fmt: skip

    assert told[-1] == 900
    assert told == sorted(told)
    assert list(storage.list("recordings")) == ["recordings/rec1/v1-x/source"]


def test_what_a_killed_worker_left_is_removed_before_the_next_try(
    films: Path, tmp_path: Path, app: object
) -> None:
    del app  # the database says which renditions are known
    storage = LocalStorage(tmp_path / "media")
    with (films / "silent.mp4").open("rb") as stream:
        storage.put("recordings/rec1/v1/r-dead/00000.ts", stream)
    (tmp_path / "work" / "rec1-dead").mkdir(parents=True)

    assert clean_leftovers(storage, "rec1", 1) == 1
    make(tmp_path, films / "silent.mp4")

    assert not storage.exists("recordings/rec1/v1/r-dead/00000.ts")
    assert list((tmp_path / "work").iterdir()) == []
