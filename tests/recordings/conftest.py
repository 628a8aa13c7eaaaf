"""Films of a few seconds, handouts, and an edition to put them in."""

import re
import subprocess
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest

from lms.courses.models import Edition, Part, Programme
from lms.infra.db import db, unit_of_work
from lms.kernel.localized import Localized
from lms.recordings.operations.encoding import ffmpeg_path
from tests.conftest import NOW, Cast
from tests.watching.encoded import encoded_once


def run_ffmpeg(*arguments: str) -> str:
    """Run ffmpeg, which must succeed; return what it printed."""
    done = subprocess.run(
        [ffmpeg_path(), "-hide_banner", "-nostdin", "-y", *arguments],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def picture(size: str, seconds: float, rate: int = 10) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"testsrc=s={size}:r={rate}:d={seconds}")


def sound(seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


def heard_ms(told: str) -> int:
    """Return how far ffmpeg came, from what it printed with `-progress pipe:1`."""
    return int(re.findall(r"^out_time_us=(\d+)$", told, re.MULTILINE)[-1]) // 1000


def loud_parts(path: Path) -> list[tuple[float, float]]:
    """Return from when to when a file can be heard, in s from its beginning, to 0.05 s."""
    done = subprocess.run(
        [ffmpeg_path(), "-v", "error", "-nostdin", "-i", str(path), "-vn", "-ac", "1",
         "-ar", "8000", "-f", "s16le", "-"],
        check=True, capture_output=True,
    )  # fmt: skip
    samples = array("h", done.stdout)
    step = 400
    parts: list[tuple[float, float]] = []
    for place in range(0, len(samples), step):
        begin = place / 8000
        if max(map(abs, samples[place : place + step])) < 300:
            continue
        if parts and begin - parts[-1][1] < 0.001:
            parts[-1] = (parts[-1][0], begin + 0.05)
        else:
            parts.append((begin, begin + 0.05))
    return parts


ENCODE = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")


@pytest.fixture(scope="package", autouse=True)
def _encoded_once(kept_folder: Callable[[str], Path]) -> Iterator[None]:
    """Tests of the encoder call it itself; the others may have what it made before."""
    with encoded_once(kept_folder("films")):
        yield


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of made films: `short` 4 s, `long` 32 s, `silent`, `portrait`, `cut` and others."""
    folder = tmp_path_factory.mktemp("films")
    run_ffmpeg(*picture("160x90", 4), *sound(4), *ENCODE, str(folder / "short.mp4"))
    run_ffmpeg(*picture("96x54", 32), *sound(32), *ENCODE, str(folder / "long.mp4"))
    run_ffmpeg(*picture("160x90", 3), *ENCODE, str(folder / "silent.mp4"))
    run_ffmpeg(
        "-display_rotation", "90", "-i", str(folder / "short.mp4"), "-c", "copy",
        str(folder / "portrait.mp4"),
    )  # fmt: skip
    run_ffmpeg(
        "-i", str(folder / "long.mp4"), "-c", "copy", "-movflags", "+faststart",
        str(folder / "begin.mp4"),
    )  # fmt: skip
    whole = (folder / "begin.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    plain = (folder / "short.mp4").read_bytes()
    (folder / "headless.mp4").write_bytes(plain[: len(plain) // 2])
    run_ffmpeg(*picture("160x90", 2), *sound(9), *ENCODE, str(folder / "talk.mp4"))
    run_ffmpeg(*sound(3), "-c:a", "aac", str(folder / "sound.m4a"))
    return folder


@pytest.fixture(scope="session")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of handouts: `three.pdf`, `locked.pdf`, `cut.pdf`."""
    folder = tmp_path_factory.mktemp("papers")
    with pikepdf.new() as pdf:
        for _page in range(3):
            pdf.add_blank_page()
        pdf.save(folder / "three.pdf")
        pdf.save(folder / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    whole = (folder / "three.pdf").read_bytes()
    (folder / "cut.pdf").write_bytes(whole[: len(whole) * 2 // 3])
    return folder


@dataclass
class Course:
    """An edition with two parts, in a programme of its own."""

    programme: Programme
    edition: Edition
    parts: list[Part]


@pytest.fixture
def make_course(cast: Cast) -> Callable[[str], Course]:
    """Return a function that adds a published edition under a slug, the cast being there."""
    del cast

    def make(slug: str) -> Course:
        with unit_of_work():
            words: Localized = {"ja": "労働経済入門", "en": "Labour economics"}
            programme = Programme(
                slug=slug, kind="series", title=words, summary={}, purpose={}, audience={},
                languages=["ja"], created_at=NOW,
            )  # fmt: skip
            db.session.add(programme)
            db.session.flush()
            edition = Edition(
                programme_id=programme.id, slug="2026", title={"ja": "第1期", "en": "First run"},
                mode="web", languages=["ja"], state="published", created_at=NOW,
            )  # fmt: skip
            db.session.add(edition)
            db.session.flush()
            parts = [
                Part(
                    edition_id=edition.id, slug=f"part-{n}", position=n,
                    title={"ja": f"第{n}回", "en": f"Part {n}"}, summary={},
                )
                for n in (1, 2)
            ]  # fmt: skip
            db.session.add_all(parts)
        return Course(programme, edition, parts)

    return make


@pytest.fixture
def course(make_course: Callable[[str], Course]) -> Course:
    return make_course("economics")
