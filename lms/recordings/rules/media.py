"""What a media file is, read from what ffmpeg says about it, and what is made of it."""

import math
import re
import unicodedata
from dataclasses import dataclass

from lms.recordings.errors import MediaFault

#: Watching caps what one viewer can earn at once at eight hours; a lecture is shorter.
MAX_DURATION_MS = 8 * 3_600_000

_LONG_SIDE, _SHORT_SIDE = 1280, 720
_MIN_SIDE = 16  # one macroblock
_MIN_FPS, _MAX_FPS = 10.0, 30.0
_LET_GO_MS = 2000
_PDF_MARK = b"%PDF-"
_PDF_MARK_WITHIN = 1024  # readers accept a header this far into the file
_NAME_LENGTH = 200

_INPUT = re.compile(r"^Input #0, ([^\n]+?), from ", re.MULTILINE)
_DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d)\.(\d+)", re.MULTILINE)
_STREAM = re.compile(r"^  Stream #0:(\d+)[^\n]*?: (Video|Audio): ([^\n]*)$", re.MULTILINE)
_SIZE = re.compile(r", (\d{1,5})x(\d{1,5})\b")
_SAR = re.compile(r"\bSAR (\d+):(\d+)")
_FPS = re.compile(r", (\d+(?:\.\d+)?)(k?) fps")
_ROTATION = re.compile(r"rotation of (-?\d+(?:\.\d+)?) degrees")
_GUESSED = "Estimating duration from bitrate"
_OUT_TIME = re.compile(r"^out_time_us=(\d+)$")


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The picture: stored size in pixels, pixel shape, rotation in degrees, frames a second.

    `index` is its number in the file; `fps` is None where the file does not say.
    """

    index: int
    width: int
    height: int
    pixel_ratio: float = 1.0
    rotation: float = 0.0
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a media file holds. `duration_ms` is None where its header does not say."""

    container: str
    duration_ms: int | None
    video: VideoStream | None
    has_audio: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The rendition to make: upright size in pixels and frames a second."""

    name: str
    width: int
    height: int
    fps: float


def parse_media(told: str) -> MediaFacts | None:
    """Read what `ffmpeg -i` prints on stderr; None when it could not open the file.

    A cover picture of a sound file is no video stream.
    """
    head = _INPUT.search(told)
    if head is None:
        return None
    duration = None
    # Without an index some kinds of sound are given a length by guess: then the file says none.
    if (match := _DURATION.search(told)) and _GUESSED not in told:
        hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
        fraction = int(match[4].ljust(3, "0")[:3])
        duration = ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
    streams = list(_STREAM.finditer(told))
    video = None
    for place, match in enumerate(streams):
        end = streams[place + 1].start() if place + 1 < len(streams) else len(told)
        if match[2] == "Video" and video is None and "(attached pic)" not in match[3]:
            video = _video(int(match[1]), match[3], told[match.end() : end])
    return MediaFacts(
        container=head[1],
        duration_ms=duration or None,
        video=video,
        has_audio=any(match[2] == "Audio" for match in streams),
    )


def _video(index: int, line: str, more: str) -> VideoStream | None:
    size = _SIZE.search(line)
    if size is None or int(size[1]) == 0 or int(size[2]) == 0:
        return None
    sar, fps, rotation = _SAR.search(line), _FPS.search(line), _ROTATION.search(more)
    ratio = int(sar[1]) / int(sar[2]) if sar and int(sar[1]) and int(sar[2]) else 1.0
    return VideoStream(
        index=index,
        width=int(size[1]),
        height=int(size[2]),
        pixel_ratio=ratio,
        rotation=float(rotation[1]) if rotation else 0.0,
        fps=float(fps[1]) * (1000 if fps[2] else 1) if fps else None,
    )


def judge_video(facts: MediaFacts | None) -> MediaFault | None:
    """Return why a file cannot be taken as a video, or None."""
    if facts is None:
        return MediaFault.NOT_VIDEO
    if facts.video is None:
        return MediaFault.NO_PICTURE
    if facts.duration_ms is not None and facts.duration_ms > MAX_DURATION_MS:
        return MediaFault.TOO_LONG
    return None


def judge_sound(facts: MediaFacts | None) -> MediaFault | None:
    """Return why a file cannot be taken as sound, or None. Of a film its sound is taken."""
    if facts is None:
        return MediaFault.NOT_SOUND
    if not facts.has_audio:
        return MediaFault.NO_SOUND
    if facts.duration_ms is not None and facts.duration_ms > MAX_DURATION_MS:
        return MediaFault.TOO_LONG
    return None


def choose_shape(video: VideoStream) -> Shape:
    """Return the rendition for a picture: upright, square pixels, at most 1280 x 720 either way.

    Never enlarged; sides are even, as 4:2:0 needs. Between 10 and 30 frames a second.
    """
    width, height = video.width * video.pixel_ratio, float(video.height)
    if round(video.rotation / 90) % 2 == 1:
        width, height = height, width
    scale = min(1.0, _LONG_SIDE / max(width, height), _SHORT_SIDE / min(width, height))
    wide, high = (
        max(_MIN_SIDE, 2 * math.ceil(side * scale / 2 - 0.5)) for side in (width, height)
    )  # to the nearest even number, halves down
    fps = min(_MAX_FPS, max(_MIN_FPS, video.fps if video.fps is not None else _MAX_FPS))
    return Shape(f"{min(wide, high)}p", wide, high, fps)


def judge_made(declared_ms: int | None, made_ms: int) -> MediaFault | None:
    """Return why what was made of a file is not the whole of it, or None.

    A file cut off in the middle still declares its full length; decoding it ends early
    without an error. Two seconds or a fiftieth may be missing.
    """
    if made_ms <= 0:
        return MediaFault.BROKEN
    if made_ms > MAX_DURATION_MS:
        return MediaFault.TOO_LONG
    if declared_ms is not None and made_ms < declared_ms - max(_LET_GO_MS, declared_ms // 50):
        return MediaFault.CUT_OFF
    return None


def missing_picture(made_ms: int, cut_ms: int) -> int:
    """Return how long the last picture must be held, in ms, because the sound goes on.

    Segments are cut where there is a picture; a length under two seconds is let go.
    """
    return made_ms - cut_ms if made_ms - cut_ms > _LET_GO_MS else 0


def poster_position(duration_ms: int | None) -> int:
    """Return where the poster is taken, in ms: a tenth in, past the black of the beginning."""
    return (duration_ms or 0) // 10


def parse_progress(line: str) -> int | None:
    """Return how far ffmpeg is, in ms, from a line of its `-progress` output, or None."""
    match = _OUT_TIME.match(line.strip())
    return int(match[1]) // 1000 if match else None


def looks_like_pdf(head: bytes) -> bool:
    """Whether the beginning of a file carries the mark of a PDF."""
    return _PDF_MARK in head[:_PDF_MARK_WITHIN]


def safe_name(name: str) -> str:
    """Return the last part of a file name a visitor sent, without control characters."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if unicodedata.category(c)[0] != "C")[:_NAME_LENGTH].strip()
