"""The packed form of intervals and of sequence numbers."""

import random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lms.kernel.intervals import Intervals, normalise
from lms.watching.rules import (
    MAX_STORED,
    pack_intervals,
    pack_numbers,
    unpack_intervals,
    unpack_numbers,
)

VALUES = st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40))).map(normalise)
NUMBERS = st.sets(st.integers(0, 300)).map(
    lambda numbers: normalise((number, number + 1) for number in numbers)
)


@given(VALUES)
def test_intervals_come_back(intervals: Intervals) -> None:
    assert unpack_intervals(pack_intervals(intervals)) == intervals


@given(NUMBERS)
def test_numbers_come_back(numbers: Intervals) -> None:
    assert unpack_numbers(pack_numbers(numbers)) == numbers


@given(st.binary(max_size=24))
@example(b"\x80")
@example(b"\x05")
@example(b"\x00\x00")
@example(b"\x00\x01\x00\x01")
@example(b"\x80\x00\x01")
def test_bytes_are_read_only_if_they_can_have_been_packed(packed: bytes) -> None:
    try:
        intervals = unpack_intervals(packed)
    except ValueError:
        return
    assert pack_intervals(intervals) == packed


@pytest.mark.parametrize("packed", [b"\x80", b"\x05", b"\x00\x00", b"\x00\x01\x00\x01"])
def test_damaged_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="packed"):
        unpack_intervals(packed)


@pytest.mark.parametrize(
    "value", [((-1, 5),), ((5, 5),), ((0, 5), (5, 6)), ((0, 5), (3, 6)), ((9, 10), (0, 1))]
)
def test_what_is_not_normalised_is_not_packed(value: Intervals) -> None:
    with pytest.raises(ValueError, match="sorted"):
        pack_intervals(value)


def test_usual_values_are_small() -> None:
    assert pack_intervals(()) == b""
    assert len(pack_intervals(((0, 5_400_000),))) <= 5
    assert len(pack_numbers(((1, 101),))) == 2
    # Someone who seeks to a place, watches half a minute and seeks again, forty times.
    source = random.Random(1)  # noqa: S311 - a fixed example
    places = sorted(source.sample(range(0, 5_400_000, 60_000), 40))
    jumps = normalise((place, place + source.randint(1_000, 50_000)) for place in places)
    assert len(jumps) == 40
    assert len(pack_intervals(jumps)) <= 240


def test_full_store_stays_below_two_kilobytes() -> None:
    full = normalise((n * 20_000, n * 20_000 + 10_000) for n in range(MAX_STORED))
    assert len(pack_intervals(full)) <= 2_048
