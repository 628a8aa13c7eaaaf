"""From an uploaded film to encrypted segments in the store. Outside any transaction."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from lms.infra.storage import Storage
from lms.kernel.ids import new_id
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.operations.encoding import PLAYLIST, encode, encrypt, probe, take_picture
from lms.recordings.rules import (
    MAX_DURATION_MS,
    MediaFacts,
    Shape,
    choose_shape,
    judge_made,
    judge_video,
    media_key,
    missing_picture,
    number_keys,
    parse_playlist,
    peak_bandwidth,
    poster_position,
    segment_iv,
)

_ENCODED, _DONE = 900, 1000  # thousandths of the whole
_REPORT_SECONDS = 2.0
_VIDEO_CODEC, _AUDIO_CODEC = "avc1.4d401f", "mp4a.40.2"  # main 3.1, AAC-LC: as encoded


@dataclass(frozen=True, slots=True)
class Film:
    """One version of a recording's file, in the store under `source_key`."""

    recording_id: str
    media_version: int
    source_key: str


@dataclass(frozen=True, slots=True)
class MadeRendition:
    """Segments in the store, not yet known to anyone; `segments` as in `Rendition`."""

    media_version: int
    folder: str
    shape: Shape
    bandwidth: int
    codecs: str
    segments: list[tuple[str, int, int]]
    duration_ms: int
    poster_key: str


def rendition_root(recording_id: str, media_version: int) -> str:
    """Return the storage prefix under which renditions of one version lie."""
    return f"recordings/{recording_id}/v{media_version}"


def make_rendition(
    storage: Storage,
    master_key: bytes,
    work_root: Path,
    film: Film,
    report: Callable[[int], None],
) -> MadeRendition:
    """Encode, cut and encrypt a film; `report` gets thousandths and may raise to stop it.

    What fails leaves nothing in the store; a killed process leaves an unnamed folder there and
    one under `work_root`, which `clean_leftovers` and the next call remove. Raises
    MediaFaultError for a film that cannot be used.
    """
    for old in work_root.glob(f"{film.recording_id}-*"):
        shutil.rmtree(old, ignore_errors=True)
    work = work_root / f"{film.recording_id}-{new_id()}"
    work.mkdir(parents=True)
    folder = f"{rendition_root(film.recording_id, film.media_version)}/r-{new_id()}"
    try:
        return _make(storage, master_key, work, folder, film=film, report=report)
    except BaseException:
        storage.delete_tree(folder)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _make(
    storage: Storage,
    master_key: bytes,
    work: Path,
    folder: str,
    *,
    film: Film,
    report: Callable[[int], None],
) -> MadeRendition:
    source = storage.local_path(film.source_key)
    facts, shape = _plan(source)
    cut = _encoded(source, work, facts, shape, _paced(report, facts.duration_ms))
    report(_ENCODED)
    segments, sizes = [], []
    numbers = number_keys(len(cut))
    for sequence, ((name, duration), number) in enumerate(zip(cut, numbers, strict=True)):
        key = media_key(master_key, film.recording_id, film.media_version, number)
        sealed = encrypt((work / name).read_bytes(), key, segment_iv(sequence))
        storage.put(f"{folder}/{name}", BytesIO(sealed))
        segments.append((name, duration, number))
        sizes.append(len(sealed))
        if sequence % 50 == 49:  # noqa: PLR2004 - five minutes of film
            report(_ENCODED + (_DONE - _ENCODED) * sequence // len(cut))
    poster_key = ""
    picture = work / "poster.jpg"
    if take_picture(source, picture, facts, shape, poster_position(facts.duration_ms)):
        poster_key = f"{folder}/poster.jpg"
        storage.put_file(poster_key, picture)
    return MadeRendition(
        media_version=film.media_version,
        folder=folder,
        shape=shape,
        bandwidth=peak_bandwidth(sizes, [duration for _name, duration, _number in segments]),
        codecs=f"{_VIDEO_CODEC},{_AUDIO_CODEC}" if facts.has_audio else _VIDEO_CODEC,
        segments=segments,
        duration_ms=sum(duration for _name, duration, _number in segments),
        poster_key=poster_key,
    )


def _encoded(
    source: Path, work: Path, facts: MediaFacts, shape: Shape, report: Callable[[int], None]
) -> list[tuple[str, int]]:
    """Return the plain segments made in `work`: names and lengths in ms."""
    made_ms = encode(source, work, facts, shape, report)
    cut = _segments(work)
    fault = judge_made(facts.duration_ms, made_ms if cut else 0)
    if fault is not None:
        raise MediaFaultError(fault)
    hold_ms = missing_picture(made_ms, sum(duration for _name, duration in cut))
    if hold_ms:
        encode(source, work, facts, shape, report, hold_ms=hold_ms)
        cut = _segments(work)
    return cut


def _segments(work: Path) -> list[tuple[str, int]]:
    path = work / PLAYLIST
    return parse_playlist(path.read_text()) if path.is_file() else []


def _plan(source: Path) -> tuple[MediaFacts, Shape]:
    if not source.is_file():
        raise MediaFaultError(MediaFault.MISSING)
    facts = probe(source)
    fault = judge_video(facts)
    if fault is not None:
        raise MediaFaultError(fault)
    assert facts is not None
    assert facts.video is not None
    return facts, choose_shape(facts.video)


def _paced(report: Callable[[int], None], duration_ms: int | None) -> Callable[[int], None]:
    """Turn positions in ms into thousandths, reported at most every two seconds."""
    last = -_REPORT_SECONDS

    def tell(position: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _REPORT_SECONDS:
            return
        last = now
        whole = duration_ms or MAX_DURATION_MS
        report(min(_ENCODED, _ENCODED * position // whole))

    return tell
