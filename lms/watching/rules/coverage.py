"""Watched coverage: the union of what was played, bounded by the time that really passed.

Positions and moments are whole milliseconds. A position counts from the start of the media, a
moment is the server's clock (any epoch); no clock of the viewer's is trusted, only the age of an
event, and that only for the resume point.

Why coverage never exceeds 2 x real time + 5 s. Let E be the time during which at least one
play session was open and N the sum of all `need`. Credit starts at 0, grows by at most 2 a
millisecond and only while a play session is open, falls by every `need`, and everything else
(the cap, opening the first play session) only lowers it: credit <= 2E - N. A report is taken only
if need <= credit + SLACK, so credit never falls below -SLACK. Hence N <= 2E + SLACK, and what is
stored is never longer than N. A debt survives `min(credit, 0)`: the slack is given once to a
viewer, not once to each play session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from lms.kernel.intervals import (
    Interval,
    Intervals,
    clip,
    contains,
    intersect,
    length,
    normalise,
    subtract,
    union,
)
from lms.watching.errors import WatchResult

#: The fastest playback that earns coverage: media milliseconds in a real one.
MAX_RATE = 2
#: What may be claimed beyond the credit, for clocks and buffers, once.
SLACK = 5_000
#: A hole of at most this long between two intervals counts as played.
JOIN_GAP = 500
#: Credit does not grow beyond this.
CREDIT_CAP = 8 * 3_600_000
#: How far an interval may reach past the end before it is refused.
OVERRUN = 500
#: An event counts as at most this old.
MAX_AGE = 4 * 3_600_000
#: Intervals in one report.
MAX_INTERVALS = 200
#: Intervals kept; of more, the shortest are dropped.
MAX_STORED = 256
#: Completed and resumed within this of the end: start again from the beginning.
END_ZONE = 5_000
#: The default share of the required milliseconds, in permille, that completes.
DEFAULT_THRESHOLD = 900
#: A play session that has not reported for this long is closed (by a job, as of that moment).
IDLE_AFTER = 4 * 3_600_000

#: The bit of a packed byte that says that the number goes on.
_MORE = 0x80


@dataclass(frozen=True, slots=True)
class PlaySession:
    """One opening of the player: whether it is closed, and the sequence numbers stored.

    `seen` holds the numbers as ranges, because a player counts upwards.
    """

    closed: bool = False
    seen: Intervals = ()


@dataclass(frozen=True)
class WatchedMedia:
    """One version of a recording, as it is required of one viewer.

    `duration` in ms; `threshold` in permille of the required milliseconds; `hidden` the
    segments that this viewer may not see, in any order, perhaps overlapping.
    """

    duration: int
    threshold: int = DEFAULT_THRESHOLD
    hidden: Sequence[Interval] = ()

    @cached_property
    def required(self) -> Intervals:
        """Return `[0, duration)` without the hidden segments."""
        return subtract(normalise([(0, self.duration)]), normalise(self.hidden))


@dataclass(frozen=True, slots=True)
class WatchState:
    """What is kept of one viewer, one recording and one media version.

    `plays` needs to hold only the play sessions that are open and the one a step is about.
    `last` is the moment up to which credit has been earned; `resume_moment` is the moment of the
    event that set `resume_position`.
    """

    intervals: Intervals = ()
    credit: int = 0
    last: int = 0
    completed_at: int | None = None
    resume_position: int = 0
    resume_moment: int | None = None
    plays: Mapping[str, PlaySession] = field(default_factory=dict)

    @property
    def any_open(self) -> bool:
        """Tell whether a play session is open, so that time earns credit."""
        return any(not play.closed for play in self.plays.values())


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What a player sends: its count, the intervals as they came, and where it stands.

    `intervals` is unchecked input: each item should be a pair of integers. `position` None
    leaves the resume point alone; `age` is how old the event is by the player's monotonic clock.
    """

    sequence: int
    intervals: Sequence[object]
    position: int | None = None
    age: int = 0


class Judged(NamedTuple):
    """The state after a step, and the answer to it."""

    state: WatchState
    result: WatchResult


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what is required has been watched, in ms and in permille rounded down."""

    covered: int
    required: int
    permille: int
    reached: bool


def decide_open(state: WatchState, play_id: str, now: int) -> Judged:
    """Open a play session at the moment `now`.

    With another one open the time since `last` is earned; with none open nothing is: what credit
    was left is forgotten, a debt stays. Opening one that is open already is a repeated request
    and takes nothing away. One that was closed opens again and still knows its numbers.
    """
    if state.any_open:
        earned = _accrue(state, now)
    else:
        earned = replace(state, credit=min(state.credit, 0), last=now)
    known = state.plays.get(play_id, PlaySession())
    return Judged(_with_play(earned, play_id, replace(known, closed=False)), WatchResult.OK)


def decide_close(state: WatchState, play_id: str, now: int) -> Judged:
    """Close a play session as of the moment `now`; closing it again changes nothing.

    Closing what is closed must not accrue: nothing is earned while none is open.
    """
    play = state.plays.get(play_id)
    if play is None:
        return Judged(state, WatchResult.SESSION_UNKNOWN)
    if play.closed:
        return Judged(state, WatchResult.OK)
    earned = _accrue(state, now)
    return Judged(_with_play(earned, play_id, replace(play, closed=True)), WatchResult.OK)


def decide_report(
    state: WatchState, media: WatchedMedia, play_id: str, report: WatchReport, now: int
) -> Judged:
    """Take or refuse a report that arrived at the moment `now`.

    Only a report that is taken uses up its sequence number. A refused one changes nothing, but
    that the time until `now` is earned before RATE_IMPOSSIBLE is found.
    """
    play = state.plays.get(play_id)
    if play is None:
        return Judged(state, WatchResult.SESSION_UNKNOWN)
    refusal = _judge_session(play, report)
    if refusal is not None:
        return Judged(state, refusal)
    played = _read_intervals(report.intervals, media.duration)
    if played is None:
        return Judged(state, WatchResult.INVALID_INTERVAL)

    earned = _accrue(state, now)
    watched = union(earned.intervals, played, JOIN_GAP)
    need = length(watched) - length(earned.intervals)
    if need > earned.credit + SLACK:
        return Judged(earned, WatchResult.RATE_IMPOSSIBLE)

    stored = _keep_longest(watched)
    completed_at = earned.completed_at
    if completed_at is None and measure_coverage(stored, media).reached:
        completed_at = now
    seen = union(play.seen, [(report.sequence, report.sequence + 1)])
    taken = replace(
        earned, intervals=stored, credit=earned.credit - need, completed_at=completed_at
    )
    moved = _move_resume(taken, media, report, now)
    return Judged(_with_play(moved, play_id, replace(play, seen=seen)), WatchResult.OK)


def measure_coverage(intervals: Intervals, media: WatchedMedia) -> Coverage:
    """Measure watched `intervals` against what is required of this viewer.

    Where nothing is required, nothing is ever reached.
    """
    required = length(media.required)
    covered = length(intersect(intervals, media.required))
    return Coverage(
        covered=covered,
        required=required,
        permille=covered * 1000 // required if required else 0,
        reached=required > 0 and covered * 1000 >= media.threshold * required,
    )


def measure_resume(state: WatchState, media: WatchedMedia) -> int:
    """Return the position at which the player should start."""
    at_end = state.resume_position >= media.duration - END_ZONE
    return 0 if state.completed_at is not None and at_end else state.resume_position


def pack_intervals(intervals: Intervals) -> bytes:
    """Pack a normalised value of numbers from 0 up: for each interval its distance, its length.

    The distance is from the end of the one before. Both are variable-length integers, seven bits
    a byte, lowest first: two bytes for `[0, 100)`, six for most intervals of an hour in ms.
    Raise ValueError for a value that is not normalised or not from 0 up.
    """
    packed = bytearray()
    end = -1
    for a, b in intervals:
        if a <= end or b <= a:
            message = "Only sorted, disjoint intervals of numbers from 0 up can be packed."
            raise ValueError(message)
        for number in (a - max(end, 0), b - a):
            rest = number
            while rest >= _MORE:
                packed.append(rest % _MORE + _MORE)
                rest >>= 7
            packed.append(rest)
        end = b
    return bytes(packed)


def unpack_intervals(packed: bytes) -> Intervals:
    """Return what `pack_intervals` packed; raise ValueError for bytes it cannot have made."""
    numbers: list[int] = []
    number = shift = 0
    for byte in packed:
        number |= byte % _MORE << shift
        shift += 7
        if byte < _MORE:
            numbers.append(number)
            number = shift = 0
    intervals: list[Interval] = []
    end = 0
    for distance, size in zip(numbers[::2], numbers[1::2], strict=False):
        intervals.append((end + distance, end + distance + size))
        end += distance + size
    found = tuple(intervals)
    if pack_intervals(found) != packed:
        message = "These bytes are not packed intervals."
        raise ValueError(message)
    return found


def pack_numbers(numbers: Intervals) -> bytes:
    """Pack sequence numbers seen (as ranges, `PlaySession.seen`): two bytes for 1 to 100."""
    return pack_intervals(numbers)


def unpack_numbers(packed: bytes) -> Intervals:
    """Return what `pack_numbers` packed; raise ValueError for bytes it cannot have made."""
    return unpack_intervals(packed)


def _accrue(state: WatchState, now: int) -> WatchState:
    if now <= state.last:
        return state
    earned = state.credit + (now - state.last) * MAX_RATE
    return replace(state, credit=min(earned, CREDIT_CAP), last=now)


def _with_play(state: WatchState, play_id: str, play: PlaySession) -> WatchState:
    return replace(state, plays={**state.plays, play_id: play})


def _judge_session(play: PlaySession, report: WatchReport) -> WatchResult | None:
    if contains(play.seen, report.sequence):
        return WatchResult.DUPLICATE
    if play.closed:
        return WatchResult.SESSION_CLOSED
    if len(report.intervals) > MAX_INTERVALS:
        return WatchResult.TOO_MANY_INTERVALS
    return None


def _read_intervals(items: Sequence[object], duration: int) -> Intervals | None:
    """Return the intervals inside `[0, duration)`, or None if one of them cannot be."""
    latest = duration + OVERRUN
    pairs: list[Interval] = []
    for item in items:
        match item:
            # `type` and not isinstance: true is no position, and JSON knows it.
            case [a, b] if type(a) is int and type(b) is int and 0 <= a < b <= latest:
                pairs.append((a, b))
            case _:
                return None
    return clip(pairs, 0, duration)


def _keep_longest(intervals: Intervals) -> Intervals:
    """Drop the shortest intervals above the limit; of equally short ones the later go first."""
    if len(intervals) <= MAX_STORED:
        return intervals
    longest = sorted(intervals, key=lambda interval: interval[0] - interval[1])[:MAX_STORED]
    return tuple(sorted(longest))


def _move_resume(
    state: WatchState, media: WatchedMedia, report: WatchReport, now: int
) -> WatchState:
    """Move the resume point unless a younger event has set it: a late batch does not go back."""
    if report.position is None:
        return state
    moment = now - min(max(report.age, 0), MAX_AGE)
    if state.resume_moment is not None and moment < state.resume_moment:
        return state
    position = min(max(report.position, 0), media.duration)
    return replace(state, resume_position=position, resume_moment=moment)
