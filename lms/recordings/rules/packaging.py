"""How a rendition is cut into segments and which key opens which of them."""

import hashlib
import hmac
import re
from collections.abc import Sequence

SEGMENT_SECONDS = 6
#: A withdrawal ends playback at the next key, so a key opens half a minute at most.
KEY_SECONDS = 30
_SEGMENTS_PER_KEY = KEY_SECONDS // SEGMENT_SECONDS
_KEY_LENGTH = 16

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


def number_keys(count: int) -> list[int]:
    """Return the key number of each of `count` segments: a new key every 30 seconds."""
    return [place // _SEGMENTS_PER_KEY for place in range(count)]


def media_key(master: bytes, recording_id: str, media_version: int, number: int) -> bytes:
    """Return the 16 bytes of key `number` of one version of a recording.

    Derived, so that no key is stored: whoever may ask the key endpoint gets it made anew.
    """
    name = f"{recording_id}:{media_version}:{number}".encode()
    return hmac.new(master, name, hashlib.sha256).digest()[:_KEY_LENGTH]


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
