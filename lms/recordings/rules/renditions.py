"""Which renditions a recording gets beside its best picture, and what they are called."""

import math
import re

from lms.recordings.errors import MediaFault
from lms.recordings.rules.media import Shape

LOW_NAME = "low"
AUDIO_NAME = "audio"
#: A name is of 20 characters at most, two of them `a-`.
MAX_TAG = 18

_LOW_LONG_SIDE, _LOW_SHORT_SIDE = 640, 360
_MIN_SIDE = 16
#: Well-formed as RFC 5646 has it: language, script, region, variants; no extensions.
_TAG = re.compile(
    r"^([a-z]{2,3})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)$",
    re.IGNORECASE,
)


def choose_low(best: Shape) -> Shape | None:
    """Return the small rendition beside the best one, or None where it would not be smaller.

    At most 640 x 360 either way, and as many frames a second: its key frames then stand at the
    same moments.
    """
    long_side, short_side = max(best.width, best.height), min(best.width, best.height)
    scale = min(_LOW_LONG_SIDE / long_side, _LOW_SHORT_SIDE / short_side)
    if scale >= 1.0:
        return None
    wide, high = (
        max(_MIN_SIDE, 2 * math.ceil(side * scale / 2 - 0.5)) for side in (best.width, best.height)
    )
    return Shape(LOW_NAME, wide, high, best.fps)


def canonical_tag(text: str) -> str | None:
    """Return a language tag (BCP 47) as it is written, `zh-Hant-TW`, or None for what is none."""
    match = _TAG.match(text.strip().replace("_", "-"))
    if match is None:
        return None
    language, script, region, variants = match.groups()
    tag = language.lower() + (script or "").title() + (region or "").upper() + variants.lower()
    return tag if len(tag) <= MAX_TAG else None


def track_name(language: str) -> str:
    """Return the name of the rendition of another language's sound. `language`: a canonical tag."""
    return f"a-{language}"


def judge_track(track_ms: int | None, shift_ms: int, film_ms: int) -> MediaFault | None:
    """Return TRACK_OUTSIDE when a shifted track would not be heard during its film, or None.

    `track_ms` is None where the file does not say how long it is.
    """
    if shift_ms >= film_ms:
        return MediaFault.TRACK_OUTSIDE
    if track_ms is not None and track_ms + shift_ms <= 0:
        return MediaFault.TRACK_OUTSIDE
    return None
