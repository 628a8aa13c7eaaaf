"""Which pages of a paper are shown, and where in them words stand."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lms.kernel.intervals import Intervals, contains
from lms.kernel.japanese import search_key

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
    wanted = _bare(query)
    if not wanted:
        return ()
    hits = []
    for number in sorted(words):
        lines = words[number].splitlines()
        if wanted not in _bare(words[number]):
            continue
        line = next((one for one in lines if wanted in _bare(one)), lines[0])
        hits.append(PageHit(number, _excerpt(line, wanted)))
    return tuple(hits)


def _bare(text: str) -> str:
    return "".join(search_key(text).split())


def _excerpt(line: str, wanted: str) -> str:
    """Return a long line from a little before what was searched for."""
    if len(line) <= _LONGEST_EXCERPT:
        return line
    start = 0
    while start < len(line) - 1 and wanted in _bare(line[start + 1 :]):
        start += 1
    start = max(0, start - _LONGEST_EXCERPT // 4)
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
