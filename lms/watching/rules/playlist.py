"""The media playlist of one viewer: segments without what is hidden, every key with its IV."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lms.kernel.intervals import Intervals, normalise


class TimedCue(Protocol):
    """A caption: `[start_ms, end_ms)` of the uncut recording."""

    @property
    def start_ms(self) -> int:
        """The first millisecond."""

    @property
    def end_ms(self) -> int:
        """The first millisecond after it."""


C = TypeVar("C", bound=TimedCue)


@dataclass(frozen=True, slots=True)
class Cut:
    """What of a rendition a viewer gets.

    `kept` are the places of the segments that stay; `hidden` the ranges left out, widened to
    the borders of segments, in ms of the uncut recording.
    """

    kept: tuple[int, ...]
    hidden: Intervals


def cut_segments(durations: Sequence[int], hide: Iterable[tuple[int, int]]) -> Cut:
    """Leave out every segment that a hidden range touches. `durations` in ms."""
    ranges = normalise(hide)
    kept: list[int] = []
    hidden: list[tuple[int, int]] = []
    start = 0
    for place, duration in enumerate(durations):
        end = start + duration
        if any(a < end and start < b for a, b in ranges):
            hidden.append((start, end))
        else:
            kept.append(place)
        start = end
    return Cut(tuple(kept), normalise(hidden))


def render_playlist(durations: Sequence[int], keys: Sequence[int], kept: Sequence[int]) -> str:
    """Return a VOD playlist (RFC 8216) with addresses relative to its own.

    `durations` in ms and `keys` (key numbers) are those of all segments, `kept` the places to
    be played. Each key tag has an explicit IV, the number the segment was encrypted under:
    a player would otherwise count from the first segment, which is wrong once one is cut.
    """
    longest = max((durations[place] for place in kept), default=0)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{-(-longest // 1000)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    before: int | None = None
    for place in kept:
        if before is not None and place != before + 1:
            lines.append("#EXT-X-DISCONTINUITY")
        before = place
        lines += [
            f'#EXT-X-KEY:METHOD=AES-128,URI="k{keys[place]}.key",IV=0x{place:032x}',
            f"#EXTINF:{durations[place] / 1000:.3f},",
            f"{place}.ts",
        ]
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def keep_cues(cues: Iterable[C], hidden: Intervals) -> list[C]:
    """Return the captions of which nothing lies in a hidden range."""
    return [cue for cue in cues if not any(a < cue.end_ms and cue.start_ms < b for a, b in hidden)]
