"""The playlists of one viewer: segments without what is hidden, every key with its IV."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lms.kernel.intervals import Intervals, normalise, subtract


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

    `kept` and `gone` are the places of the segments; `hidden` the ranges left out, widened to
    the borders of segments, in ms of the uncut recording.
    """

    kept: tuple[int, ...]
    gone: tuple[int, ...]
    hidden: Intervals


def cut_segments(
    durations: Sequence[int], hide: Iterable[tuple[int, int]], places: Iterable[int] = ()
) -> Cut:
    """Leave out every segment that a hidden range touches, and those at `places`.

    `durations` in ms, of the rendition that the others are cut like: a segment's number stands
    for the same time in each of them, so the same numbers are left out of all.
    """
    ranges, gone = normalise(hide), frozenset(places)
    kept: list[int] = []
    left_out: list[int] = []
    hidden: list[tuple[int, int]] = []
    start = 0
    for place, duration in enumerate(durations):
        end = start + duration
        if place in gone or any(a < end and start < b for a, b in ranges):
            left_out.append(place)
            hidden.append((start, end))
        else:
            kept.append(place)
        start = end
    # What lies past the last segment is hidden as it is: there is nothing to widen it to.
    hidden += [(max(a, start), b) for a, b in ranges if b > start]
    return Cut(tuple(kept), tuple(left_out), normalise(hidden))


def hides_more(before: Intervals, now: Intervals) -> bool:
    """Whether something is to be hidden `now` that was not left out `before` (ms, normalised)."""
    return bool(subtract(now, before))


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
