"""How a rendition is cut into segments and which key opens which of them."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from itertools import accumulate

SEGMENT_SECONDS = 6
#: A withdrawal ends playback at the next key, so a key opens half a minute at most.
KEY_SECONDS = 30
_SEGMENTS_PER_KEY = KEY_SECONDS // SEGMENT_SECONDS
_KEY_LENGTH = 16

#: The best picture is named after its height; of a recording's renditions only one is.
_MAIN_NAME = re.compile(r"^\d+p$")
#: Borders of two renditions may lie this far apart, in ms: a cut by segment number is the same
#: cut in both.
_BORDER_MS = 250

_EXTINF = re.compile(r"^#EXTINF:(\d+(?:\.\d+)?)")


def parse_playlist(text: str) -> list[tuple[str, int]]:
    """Return (file name, duration in ms) of each segment of a media playlist, in order."""
    segments: list[tuple[str, int]] = []
    duration: int | None = None
    for line in text.splitlines():
        if match := _EXTINF.match(line):
            duration = round(float(match[1]) * 1000)
        elif line and not line.startswith("#") and duration is not None:
            segments.append((line.strip(), duration))
            duration = None
    return segments


def parse_segment_list(text: str, offset_ms: int) -> list[tuple[str, int]]:
    """Return (file name, duration in ms) of each line `name,begin,end` (seconds), in order.

    Ends are counted from the first moment, which stands at `offset_ms`: what a decoder needs
    before it is no part of the first segment.
    """
    segments: list[tuple[str, int]] = []
    last = 0
    for line in text.splitlines():
        name, _begin, end = line.rsplit(",", 2)
        at = round(float(end) * 1000) - offset_ms
        segments.append((name, at - last))
        last = at
    return segments


def number_keys(count: int) -> list[int]:
    """Return the key number of each of `count` segments: a new key every 30 seconds."""
    return [place // _SEGMENTS_PER_KEY for place in range(count)]


def media_key(
    master: bytes, recording_id: str, media_version: int, number: int, rendition: str = ""
) -> bytes:
    """Return the 16 bytes of key `number` of one rendition of a version of a recording.

    `rendition` is the row's name. Derived, so that no key is stored: whoever may ask the key
    endpoint gets it made anew. The rendition named after its height (or unnamed) keeps the
    name that keys had when there was one alone; every other has keys of its own.
    """
    name = f"{recording_id}:{media_version}:{number}"
    if rendition and not _MAIN_NAME.match(rendition):
        name += f":{rendition}"
    return hmac.new(master, name.encode(), hashlib.sha256).digest()[:_KEY_LENGTH]


def segment_iv(sequence: int) -> bytes:
    """Return the initialisation vector of a segment: its media sequence number, big-endian."""
    return sequence.to_bytes(16, "big")


def peak_bandwidth(sizes: Sequence[int], durations_ms: Sequence[int]) -> int:
    """Return the highest bit rate of any segment in bit/s, as BANDWIDTH asks (RFC 8216)."""
    return max(
        (
            -(-size * 8000 // duration)
            for size, duration in zip(sizes, durations_ms, strict=True)
            if duration > 0
        ),
        default=1,
    )


def borders_differ(reference_ms: Sequence[int], other_ms: Sequence[int]) -> bool:
    """Whether segment n of two renditions covers different times; lengths of segments in ms.

    Counts must be equal and every border within a quarter of a second: what is hidden is cut
    from every rendition by the numbers of its segments.
    """
    if len(reference_ms) != len(other_ms):
        return True
    pairs = zip(accumulate(reference_ms), accumulate(other_ms), strict=True)
    return any(abs(one - other) > _BORDER_MS for one, other in pairs)
