"""Which pages of a paper are shown, and where in them words stand."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lms.kernel.intervals import Intervals, contains
from lms.kernel.japanese import search_document, search_key

_LONGEST_EXCERPT = 120


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page in which what was searched for stands, with the first line that holds it."""

    number: int
    line: str


def visible_pages(pages: int, hidden: Intervals) -> tuple[int, ...]:
    """Return the numbers (from 1) of the pages that are shown; `hidden` counts pages from 0."""
    return tuple(number for number in range(1, pages + 1) if not contains(hidden, number - 1))


def hidden_pages(pages: int, hidden: Intervals) -> tuple[tuple[int, int], ...]:
    """Return what is left out as first and last page (from 1), as people are told it."""
    return tuple((a + 1, min(b, pages)) for a, b in hidden if a < pages)


def nearest_page(visible: Sequence[int], wanted: int) -> int:
    """Return the page to show for the page asked for: itself, else the next one, else the last.

    `visible` is in order and not empty.
    """
    return next((number for number in visible if number >= wanted), visible[-1])


def find_in_pages(words: Mapping[int, str], query: str) -> tuple[PageHit, ...]:
    """Return the pages in which `query` stands, in order, whatever the width or kind of kana.

    Words that go on over the end of a line are found too: then the page's first line is told.
    """
    wanted = _bare(search_key(query))
    if not wanted:
        return ()
    hits = []
    for number in sorted(words):
        lines = words[number].splitlines()
        if not _holds(words[number], wanted):
            continue
        line = next((one for one in lines if _holds(one, wanted)), lines[0])
        hits.append(PageHit(number, _excerpt(line, wanted)))
    return tuple(hits)


def _bare(key: str) -> str:
    return "".join(key.split())


def _holds(text: str, wanted: str) -> bool:
    return any(wanted in _bare(form) for form in search_document(text).split("\n"))


def _excerpt(line: str, wanted: str) -> str:
    """Return a long line from a little before what was searched for."""
    if len(line) <= _LONGEST_EXCERPT:
        return line
    # From where on it is not held any more: what is held from one place on is held from before it.
    gone = bisect_left(range(len(line)), x=True, key=lambda at: not _holds(line[at:], wanted))
    start = max(0, gone - 1 - _LONGEST_EXCERPT // 4)
    end = start + _LONGEST_EXCERPT
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


def page_ranges(numbers: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return page numbers as ranges of neighbours, both ends included."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
