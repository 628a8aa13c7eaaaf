"""From an uploaded file to encrypted segments in the store. Outside any transaction."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from lms.infra.storage import Storage
from lms.kernel.ids import new_id
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.operations.encoding import (
    SoundPlan,
    encode,
    encode_sound,
    encrypt,
    list_segments,
    probe,
    take_picture,
)
from lms.recordings.rules import (
    AUDIO_NAME,
    LOW_NAME,
    MAX_DURATION_MS,
    MediaFacts,
    Shape,
    borders_differ,
    choose_low,
    choose_shape,
    judge_made,
    judge_sound,
    judge_track,
    judge_video,
    media_key,
    missing_picture,
    number_keys,
    peak_bandwidth,
    poster_position,
    segment_iv,
    track_name,
)

#: Thousandths of the whole: pictures made, sound made, everything sealed.
_ENCODED, _SOUNDED, _DONE = 850, 900, 1000
_REPORT_SECONDS = 2.0
_AUDIO_CODEC = "mp4a.40.2"  # AAC-LC
_PICTURE_CODEC, _LOW_CODEC = "avc1.4d401f", "avc1.4d401e"  # main 3.1 and 3.0: as encoded
_SOUND_KBITS = 96  # of a recording of sound, which has nothing else

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Film:
    """One version of a recording's file, in the store under `source_key`.

    `sound_only`: of a recording of sound nothing but the sound is made.
    """

    recording_id: str
    media_version: int
    source_key: str
    sound_only: bool = False


@dataclass(frozen=True, slots=True)
class TrackFile:
    """Another language's sound of a recording; `borders_ms` are lengths of its segments."""

    track_id: str
    recording_id: str
    media_version: int
    source_key: str
    language: str
    shift_ms: int
    borders_ms: Sequence[int]


@dataclass(frozen=True, slots=True)
class MadeRendition:
    """Segments in the store, not yet known to anyone; `segments` as in `Rendition`."""

    name: str
    role: str
    folder: str
    width: int
    height: int
    bandwidth: int
    codecs: str
    segments: list[tuple[str, int, int]]
    language: str = ""

    @property
    def borders_ms(self) -> list[int]:
        """The lengths of the segments, in ms."""
        return [duration for _name, duration, _number in self.segments]


@dataclass(frozen=True, slots=True)
class MadeMedia:
    """All renditions of one version, cut at the same moments, the reference first.

    They become known together or not at all. `folder` holds everything that was made.
    """

    media_version: int
    folder: str
    renditions: tuple[MadeRendition, ...]
    duration_ms: int
    poster_key: str


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where one film is worked on: folders of this machine and of the store."""

    storage: Storage
    master_key: bytes
    work: Path
    folder: str
    recording_id: str
    media_version: int


def rendition_root(recording_id: str, media_version: int) -> str:
    """Return the storage prefix under which renditions of one version lie."""
    return f"recordings/{recording_id}/v{media_version}"


@contextmanager
def workplace(work_root: Path, name: str) -> Iterator[Path]:
    """Give an empty folder of this machine, after removing what a killed worker left of `name`.

    `name` is that of one row, on which one job works at a time.
    """
    for old in work_root.glob(f"{name}-*"):
        shutil.rmtree(old, ignore_errors=True)
    work = work_root / f"{name}-{new_id()}"
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def kept_if_whole(storage: Storage, folder: str) -> Iterator[str]:
    """Give a storage prefix; what was put under it goes when the work on it fails."""
    try:
        yield folder
    except BaseException:
        storage.delete_tree(folder)
        raise


def make_media(
    storage: Storage, master_key: bytes, work_root: Path, film: Film, report: Report
) -> MadeMedia:
    """Encode, cut and encrypt a film; `report` gets thousandths and may raise to stop it.

    Makes the best picture, a small one where that is smaller, and the sound alone. What fails
    leaves nothing in the store; a killed process leaves an unnamed folder there and one under
    `work_root`, which `clean_leftovers` and the next call remove. Raises MediaFaultError for a
    film that cannot be used.
    """
    root = rendition_root(film.recording_id, film.media_version)
    with (
        workplace(work_root, film.recording_id) as work,
        kept_if_whole(storage, f"{root}/r-{new_id()}") as folder,
        _opened(storage, film.source_key) as source,
    ):
        bench = _Bench(
            storage, master_key, work, folder, film.recording_id, film.media_version
        )  # fmt: skip
        make = _make_sound if film.sound_only else _make_film
        return make(bench, source, report)


def make_track(
    storage: Storage, master_key: bytes, work_root: Path, track: TrackFile, report: Report
) -> MadeRendition:
    """Encode another language's sound, cut at the moments of the recording's segments.

    Silence fills what it does not cover. Raises MediaFaultError for a file that cannot be used.
    """
    root = rendition_root(track.recording_id, track.media_version)
    name = track_name(track.language)
    with (
        workplace(work_root, track.track_id) as work,
        kept_if_whole(storage, f"{root}/t-{track.track_id}-{new_id()}") as folder,
        _opened(storage, track.source_key) as source,
    ):
        facts = _judged(source, judge_sound)
        whole = sum(track.borders_ms)
        fault = judge_track(facts.duration_ms, track.shift_ms, whole)
        if fault is not None:
            raise MediaFaultError(fault)
        plan = SoundPlan(track.borders_ms, track.shift_ms)
        encode_sound(source, work / name, plan, _paced(report, whole, 0, _SOUNDED))
        cut = list_segments(work / name)
        _require_even(track.borders_ms, cut)
        bench = _Bench(
            storage, master_key, work, folder, track.recording_id, track.media_version
        )  # fmt: skip
        return _sealed(bench, _Sound(name, track.language), cut, _Share(report, _SOUNDED, _DONE))


def _make_film(bench: _Bench, source: Path, report: Report) -> MadeMedia:
    facts = _judged(source, judge_video)
    assert facts.video is not None
    best = choose_shape(facts.video)
    low = choose_low(best)
    shapes = [best] if low is None else [best, low]
    cuts = _encoded(source, bench.work, facts, shapes, report)
    report(_ENCODED)
    parts: list[tuple[Shape | _Sound, list[tuple[str, int]]]]
    parts = list(zip(shapes, cuts, strict=True))
    borders = [duration for _name, duration in cuts[0]]
    if facts.has_audio:
        plan = SoundPlan(borders)
        pace = _paced(report, sum(borders), _ENCODED, _SOUNDED)
        encode_sound(source, bench.work / AUDIO_NAME, plan, pace)
        parts.append((_Sound(AUDIO_NAME), list_segments(bench.work / AUDIO_NAME)))
    for _part, cut in parts:
        _require_even(borders, cut)
    made = []
    step = (_DONE - _SOUNDED) // len(parts)
    for place, (part, cut) in enumerate(parts):
        begin = _SOUNDED + place * step
        share = _Share(report, begin, begin + step)
        made.append(_sealed(bench, part, cut, share, has_audio=facts.has_audio))
    return MadeMedia(
        bench.media_version,
        bench.folder,
        tuple(made),
        sum(borders),
        _poster(bench, source, facts, best),
    )


def _make_sound(bench: _Bench, source: Path, report: Report) -> MadeMedia:
    facts = _judged(source, judge_sound)
    plan = SoundPlan(kbits=_SOUND_KBITS)
    pace = _paced(report, facts.duration_ms, 0, _SOUNDED)
    made_ms = encode_sound(source, bench.work / AUDIO_NAME, plan, pace)
    cut = list_segments(bench.work / AUDIO_NAME)
    fault = judge_made(facts.duration_ms, made_ms if cut else 0)
    if fault is not None:
        raise MediaFaultError(fault)
    made = _sealed(bench, _Sound(AUDIO_NAME), cut, _Share(report, _SOUNDED, _DONE))
    return MadeMedia(bench.media_version, bench.folder, (made,), sum(made.borders_ms), "")


@dataclass(frozen=True, slots=True)
class _Sound:
    """A rendition of sound alone."""

    name: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of the whole work, in thousandths."""

    report: Report
    begin: int
    end: int

    def tell(self, done: int, of: int) -> None:
        self.report(self.begin + (self.end - self.begin) * done // max(of, 1))


def _sealed(
    bench: _Bench,
    part: Shape | _Sound,
    cut: Sequence[tuple[str, int]],
    share: _Share,
    *,
    has_audio: bool = True,
) -> MadeRendition:
    """Encrypt the plain segments of one rendition into the store."""
    folder = f"{bench.folder}/{part.name}"
    segments: list[tuple[str, int, int]] = []
    sizes = []
    for sequence, ((name, duration), number) in enumerate(
        zip(cut, number_keys(len(cut)), strict=True)
    ):
        key = media_key(
            bench.master_key, bench.recording_id, bench.media_version, number, part.name
        )
        plain = bench.work / part.name / name
        sealed = encrypt(plain.read_bytes(), key, segment_iv(sequence))
        plain.unlink()  # the disk holds a long film once, not twice
        bench.storage.put(f"{folder}/{name}", BytesIO(sealed))
        segments.append((name, duration, number))
        sizes.append(len(sealed))
        if sequence % 50 == 49:  # noqa: PLR2004 - five minutes of film
            share.tell(sequence, len(cut))
    share.tell(1, 1)
    bandwidth = peak_bandwidth(sizes, [duration for _name, duration, _number in segments])
    if isinstance(part, _Sound):
        return MadeRendition(
            part.name, "audio", folder, 0, 0, bandwidth, _AUDIO_CODEC, segments, part.language
        )
    codec = _LOW_CODEC if part.name == LOW_NAME else _PICTURE_CODEC
    codecs = f"{codec},{_AUDIO_CODEC}" if has_audio else codec
    return MadeRendition(
        part.name, "video", folder, part.width, part.height, bandwidth, codecs, segments
    )


def _poster(bench: _Bench, source: Path, facts: MediaFacts, shape: Shape) -> str:
    picture = bench.work / "poster.jpg"
    if not take_picture(source, picture, facts, shape, poster_position(facts.duration_ms)):
        return ""
    key = f"{bench.folder}/poster.jpg"
    bench.storage.put_file(key, picture)
    return key


def _encoded(
    source: Path, work: Path, facts: MediaFacts, shapes: Sequence[Shape], report: Report
) -> list[list[tuple[str, int]]]:
    """Return the plain segments made in `work`, of each shape: names and lengths in ms."""
    pace = _paced(report, facts.duration_ms, 0, _ENCODED)
    made_ms = encode(source, work, facts, shapes, pace)
    cut = list_segments(work / shapes[0].name)
    fault = judge_made(facts.duration_ms, made_ms if cut else 0)
    if fault is not None:
        raise MediaFaultError(fault)
    hold_ms = missing_picture(made_ms, sum(duration for _name, duration in cut))
    if hold_ms:
        encode(source, work, facts, shapes, pace, hold_ms=hold_ms)
    return [list_segments(work / shape.name) for shape in shapes]


def _require_even(borders_ms: Sequence[int], cut: Sequence[tuple[str, int]]) -> None:
    if borders_differ(borders_ms, [duration for _name, duration in cut]):
        raise MediaFaultError(MediaFault.UNEVEN)


@contextmanager
def _opened(storage: Storage, key: str) -> Iterator[Path]:
    if not storage.exists(key):
        raise MediaFaultError(MediaFault.MISSING)
    with storage.as_local(key) as source:
        yield source


def _judged(source: Path, judge: Callable[[MediaFacts | None], MediaFault | None]) -> MediaFacts:
    facts = probe(source)
    fault = judge(facts)
    if fault is not None:
        raise MediaFaultError(fault)
    assert facts is not None
    return facts


def _paced(report: Report, duration_ms: int | None, begin: int, end: int) -> Report:
    """Turn positions in ms into thousandths, reported at most every two seconds."""
    last = -_REPORT_SECONDS

    def tell(position: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _REPORT_SECONDS:
            return
        last = now
        whole = duration_ms or MAX_DURATION_MS
        report(begin + min(end - begin, (end - begin) * position // whole))

    return tell
