"""Sets of integers kept as sorted, disjoint half-open intervals `[a, b)`.

A normalised value is a tuple of `(a, b)` pairs with `a < b`, sorted, and with at least one
integer missing between neighbours, so that equal sets are equal tuples. Every function returns
a normalised value and, where it says so, expects one. The unit is the caller's (milliseconds
of a recording, sequence numbers, places).
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import itemgetter
from typing import TypeAlias

Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]


def normalise(pairs: Iterable[Interval], gap: int = 0) -> Intervals:
    """Return the union of any `pairs`, closing gaps of at most `gap` between neighbours.

    The pairs may overlap and come in any order; an empty or reversed pair holds nothing and is
    dropped (and closes no gap).
    """
    merged: list[Interval] = []
    end = start = 0
    pending = False
    for a, b in sorted(pairs):
        if a >= b:
            continue
        if not pending:
            start, end, pending = a, b, True
        elif a - end <= gap:
            end = max(end, b)
        else:
            merged.append((start, end))
            start, end = a, b
    if pending:
        merged.append((start, end))
    return tuple(merged)


def union(one: Iterable[Interval], other: Iterable[Interval], gap: int = 0) -> Intervals:
    """Return what is in `one` or `other`, closing gaps of at most `gap`."""
    return normalise([*one, *other], gap)


def length(intervals: Intervals) -> int:
    """Return how many integers a normalised value holds."""
    return sum(b - a for a, b in intervals)


def contains(intervals: Intervals, number: int) -> bool:
    """Tell whether `number` is in a normalised value (logarithmic)."""
    place = bisect_right(intervals, number, key=itemgetter(0)) - 1
    return place >= 0 and number < intervals[place][1]


def clip(intervals: Iterable[Interval], low: int, high: int) -> Intervals:
    """Return the part inside `[low, high)`; what becomes empty is dropped."""
    return normalise((max(a, low), min(b, high)) for a, b in intervals)


def intersect(one: Intervals, other: Intervals) -> Intervals:
    """Return what two normalised values have in common."""
    common: list[Interval] = []
    i = j = 0
    while i < len(one) and j < len(other):
        a, b = one[i]
        c, d = other[j]
        low, high = max(a, c), min(b, d)
        if low < high:
            common.append((low, high))
        if b < d:
            i += 1
        else:
            j += 1
    return tuple(common)


def subtract(one: Intervals, other: Intervals) -> Intervals:
    """Return what is in normalised `one` and not in normalised `other`."""
    rest: list[Interval] = []
    j = 0
    for a, b in one:
        start = a
        while j < len(other) and other[j][1] <= start:
            j += 1
        k = j
        while k < len(other) and other[k][0] < b:
            c, d = other[k]
            if start < c:
                rest.append((start, c))
            start = max(start, d)
            k += 1
        if start < b:
            rest.append((start, b))
    return tuple(rest)
