"""Sets of integers as intervals, held against Python's own sets."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

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

PAIRS = st.lists(st.tuples(st.integers(-30, 60), st.integers(-30, 60)), max_size=12)


def numbers(pairs: list[Interval] | Intervals) -> set[int]:
    return {number for a, b in pairs for number in range(a, b)}


def as_intervals(held: set[int]) -> Intervals:
    """Build the one normalised value of a set the slow way."""
    starts = sorted(number for number in held if number - 1 not in held)
    ends = sorted(number + 1 for number in held if number + 1 not in held)
    return tuple(zip(starts, ends, strict=True))


@given(PAIRS)
def test_normalised_value_is_the_one_spelling_of_the_set(pairs: list[Interval]) -> None:
    assert normalise(pairs) == as_intervals(numbers(pairs))


@given(PAIRS, PAIRS)
def test_set_algebra(left: list[Interval], right: list[Interval]) -> None:
    one, other = normalise(left), normalise(right)
    assert union(one, other) == as_intervals(numbers(left) | numbers(right))
    assert intersect(one, other) == as_intervals(numbers(left) & numbers(right))
    assert subtract(one, other) == as_intervals(numbers(left) - numbers(right))
    assert length(one) == len(numbers(left))


@given(PAIRS, st.integers(-40, 70), st.integers(-40, 70))
def test_clip_keeps_what_is_inside(pairs: list[Interval], low: int, high: int) -> None:
    assert clip(pairs, low, high) == as_intervals(numbers(pairs) & set(range(low, high)))


@given(PAIRS, st.integers(-40, 70))
def test_contains_agrees_with_the_set(pairs: list[Interval], number: int) -> None:
    assert contains(normalise(pairs), number) == (number in numbers(pairs))


@given(PAIRS, PAIRS, st.integers(0, 6))
def test_gaps_close_whatever_the_order(
    left: list[Interval], right: list[Interval], gap: int
) -> None:
    held = sorted(numbers(left) | numbers(right))
    bridged = set(held)
    for one, following in pairwise(held):
        if following - one - 1 <= gap:
            bridged |= set(range(one, following))
    expected = as_intervals(bridged)
    assert union(left, right, gap) == expected
    assert union(normalise(right, gap), left, gap) == expected


def test_gap_is_closed_at_its_limit_and_not_beyond() -> None:
    assert normalise([(0, 10), (15, 20)], 5) == ((0, 20),)
    assert normalise([(0, 10), (16, 20)], 5) == ((0, 10), (16, 20))


def test_empty_pair_bridges_nothing() -> None:
    assert normalise([(0, 10), (14, 14), (18, 20)], 4) == ((0, 10), (18, 20))
