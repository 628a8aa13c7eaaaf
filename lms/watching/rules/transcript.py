"""A transcript: what of the captions a viewer reads, and where a word is said in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lms.kernel.japanese import search_document, search_key

_LATIN = re.compile(r"[0-9A-Za-z\u00c0-\u024f]")
#: A question longer than this is no word that somebody looks for.
MAX_QUERY = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Where a word is said: the places of the lines (rising), and how many times in all."""

    lines: tuple[int, ...]
    count: int


def search_lines(lines: Sequence[str], query: str) -> Found:
    """Find a word in lines that follow each other, however it is written.

    Kana, width, case, accents and variants of characters do not matter, as in every search here.
    A word that begins in one line and ends in the next is found: captions break anywhere.
    """
    key = search_key(query[:MAX_QUERY])
    if not key:
        return Found((), 0)
    counts = [_times(line, key) for line in lines]
    hits = {place for place, times in enumerate(counts) if times}
    total = sum(counts)
    for place in range(len(lines) - 1):
        both = _times(_joined(lines[place], lines[place + 1]), key)
        across = both - counts[place] - counts[place + 1]
        if across > 0:
            hits |= {place, place + 1}
            total += across
    return Found(tuple(sorted(hits)), total)


def _times(line: str, key: str) -> int:
    # A line's key may stand there in two forms; a word found in both is still said once.
    return max((form.count(key) for form in search_document(line).split("\n")), default=0)


def _joined(one: str, other: str) -> str:
    space = one and other and (_LATIN.match(one[-1]) or _LATIN.match(other[0]))
    return f"{one} {other}" if space else one + other
