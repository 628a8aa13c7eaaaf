"""What must hold of watched coverage for every order of steps, not only for the cases."""

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.intervals import Interval, length, normalise
from lms.watching.rules import (
    JOIN_GAP,
    MAX_RATE,
    MAX_STORED,
    SLACK,
    WatchedMedia,
    WatchReport,
    WatchState,
    decide_close,
    decide_open,
    decide_report,
    measure_coverage,
)

DURATION = 120_000
PLAYS = st.sampled_from(["a", "b", "c"])
PAIRS = st.lists(
    st.tuples(st.integers(0, DURATION - 1), st.integers(1, 40_000)).map(
        lambda start: (start[0], min(start[0] + start[1], DURATION + 500))
    ),
    max_size=4,
)
HIDDEN = st.lists(
    st.tuples(st.integers(0, DURATION), st.integers(0, 30_000)).map(
        lambda start: (start[0], start[0] + start[1])
    ),
    max_size=3,
)


@dataclass(frozen=True)
class Step:
    verb: str
    play_id: str
    wait: int
    sequence: int
    pairs: list[Interval]
    position: int
    age: int


STEPS = st.lists(
    st.builds(
        Step,
        verb=st.sampled_from(["open", "report", "report", "report", "close"]),
        play_id=PLAYS,
        wait=st.integers(0, 30_000),
        sequence=st.integers(0, 8),
        pairs=PAIRS,
        position=st.integers(0, DURATION),
        age=st.integers(-1_000, 60_000),
    ),
    max_size=30,
)
MEDIA = st.builds(
    WatchedMedia,
    duration=st.just(DURATION),
    threshold=st.integers(0, 1_000),
    hidden=HIDDEN,
)


def take(state: WatchState, media: WatchedMedia, step: Step, now: int) -> tuple[WatchState, str]:
    if step.verb == "open":
        return decide_open(state, step.play_id, now)
    if step.verb == "close":
        return decide_close(state, step.play_id, now)
    report = WatchReport(step.sequence, step.pairs, step.position, step.age)
    return decide_report(state, media, step.play_id, report, now)


@given(MEDIA, STEPS)
def test_coverage_is_bounded_by_the_time_that_passed(
    media: WatchedMedia, steps: list[Step]
) -> None:
    state, now, open_time = WatchState(), 1_000_000, 0
    for step in steps:
        now += step.wait
        open_time += step.wait if state.any_open else 0
        state, _ = take(state, media, step, now)
        assert length(state.intervals) <= MAX_RATE * open_time + SLACK
        assert state.credit >= -SLACK


@given(MEDIA, STEPS)
def test_stored_is_the_union_of_what_was_taken(media: WatchedMedia, steps: list[Step]) -> None:
    state, now = WatchState(), 0
    taken: list[Interval] = []
    for step in steps:
        now += step.wait
        state, result = take(state, media, step, now)
        if step.verb == "report" and result == "OK":
            taken += [(a, min(b, DURATION)) for a, b in step.pairs]
        assert state.intervals == normalise(taken, JOIN_GAP)


@given(MEDIA, STEPS)
def test_every_step_is_safe_to_repeat(media: WatchedMedia, steps: list[Step]) -> None:
    state, now = WatchState(), 0
    for step in steps:
        now += step.wait
        state, result = take(state, media, step, now)
        again, repeated = take(state, media, step, now)
        assert again == state
        if step.verb == "report":
            assert repeated == ("DUPLICATE" if result == "OK" else result)
            later, _ = take(state, media, step, now + 86_400_000)
            if result in ("OK", "DUPLICATE"):
                assert later == state


@given(MEDIA, STEPS)
def test_refused_report_changes_only_what_time_has_earned(
    media: WatchedMedia, steps: list[Step]
) -> None:
    state, now = WatchState(), 0
    for step in steps:
        now += step.wait
        before = state
        state, result = take(state, media, step, now)
        if result == "RATE_IMPOSSIBLE":
            assert state == replace(before, credit=state.credit, last=now)
            # Waiting makes every report possible that the media can hold.
            assert take(state, media, step, now + DURATION)[1] == "OK"
        elif result != "OK":
            assert state == before


@given(MEDIA, STEPS)
def test_completion_is_stamped_once_at_the_first_moment_it_is_reached(
    media: WatchedMedia, steps: list[Step]
) -> None:
    state, now = WatchState(), 0
    stamped: int | None = None
    for step in steps:
        now += step.wait
        state, result = take(state, media, step, now)
        reached = measure_coverage(state.intervals, media).reached
        if stamped is None and step.verb == "report" and result == "OK" and reached:
            stamped = now
        assert state.completed_at == stamped


@given(
    st.lists(st.tuples(PAIRS, st.integers(0, DURATION)), max_size=6).flatmap(
        lambda sent: st.tuples(
            st.just(list(enumerate(sent))), st.permutations(list(enumerate(sent)))
        )
    ),
)
def test_order_of_arrival_does_not_matter(
    orders: tuple[
        list[tuple[int, tuple[list[Interval], int]]], list[tuple[int, tuple[list[Interval], int]]]
    ],
) -> None:
    media = WatchedMedia(DURATION)
    ends: list[WatchState] = []
    for order in orders:
        state = decide_open(WatchState(), "s", 0).state
        for sequence, (pairs, position) in order:
            # All arrive at one moment, with time enough; the age says when they happened.
            age = 10_000 - sequence * 1_000
            report = WatchReport(sequence, pairs, position, age)
            state, result = decide_report(state, media, "s", report, 1_000_000)
            assert result == "OK"
        ends.append(state)
    assert ends[0] == ends[1]


@given(MEDIA, st.integers(0, 400), st.integers(1, 400))
def test_stored_intervals_never_pass_their_limit(
    media: WatchedMedia, first: int, count: int
) -> None:
    long_media = replace(media, duration=2_000_000)
    state = decide_open(WatchState(), "s", 0).state
    for sequence, start in enumerate(range(first, first + count, 150)):
        stop = min(start + 150, first + count)
        pairs = [(n * 1_000, n * 1_000 + 1 + n % 450) for n in range(start, stop)]
        state, result = decide_report(
            state, long_media, "s", WatchReport(sequence, pairs), 2_000_000
        )
        assert result == "OK"
    assert len(state.intervals) == min(count, MAX_STORED)
    assert state.intervals == normalise(state.intervals, JOIN_GAP)
