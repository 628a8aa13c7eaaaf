"""The words of captions in a form in which many transcripts are searched at once.

One line a cue: its times, the search key of its text, and the key of the seam to the next cue,
because captions break anywhere and a word may begin in one and end in the next.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from typing import Final, NamedTuple

from lms.kernel.intervals import Intervals
from lms.kernel.japanese import search_document
from lms.recordings.rules.captions import Cue, readable_text

#: Letters on each side of a seam: a word that is longer on one side is found by its other part.
_SEAM: Final = 12
_FIELD: Final = "\x1f"
_FORM: Final = "\x1e"
_LATIN = re.compile(r"[0-9A-Za-z\u00c0-\u024f]")


class Spoken(NamedTuple):
    """Where words are said: `[start_ms, end_ms)` of the uncut recording."""

    start_ms: int
    end_ms: int


def index_cues(cues: Sequence[Cue]) -> str:
    """Return what a transcript is searched by; empty for none."""
    texts = [reduce(_joined, readable_text(cue.text).splitlines(), "") for cue in cues]
    lines = []
    for place, (cue, text) in enumerate(zip(cues, texts, strict=True)):
        after = texts[place + 1] if place + 1 < len(texts) else ""
        seam = _joined(text[-_SEAM:], after[:_SEAM]) if after else ""
        lines.append(_FIELD.join((f"{cue.start_ms} {cue.end_ms}", _key(text), _key(seam))))
    return "\n".join(lines)


def search_index(words: str, keys: Collection[str], hidden: Intervals = ()) -> list[Spoken]:
    """Return where any of the words (as `kernel.japanese.search_key` gives them) is said.

    Nothing unless each of them is said somewhere. Cues of which anything lies in a hidden range
    do not count, nor does a seam with one of them.
    """
    wanted = [key for key in keys if key]
    if not wanted:
        return []
    rows = [_parsed(line) for line in words.split("\n") if line]
    shown = [not _touches(row[0], hidden) for row in rows]
    found: dict[Spoken, None] = {}
    said: set[str] = set()
    for place, (spoken, own, seam) in enumerate(rows):
        if not shown[place]:
            continue
        after = rows[place + 1][1] if place + 1 < len(rows) and shown[place + 1] else None
        for key in wanted:
            across = after is not None and key in seam and key not in after
            if key in own or across:
                found[spoken] = None
                said.add(key)
    return list(found) if len(said) == len(set(wanted)) else []


def _parsed(line: str) -> tuple[Spoken, str, str]:
    times, own, seam = line.split(_FIELD)
    start, end = times.split(" ")
    return Spoken(int(start), int(end)), own, seam


def _touches(spoken: Spoken, hidden: Iterable[tuple[int, int]]) -> bool:
    return any(a < spoken.end_ms and spoken.start_ms < b for a, b in hidden)


def _key(text: str) -> str:
    return search_document(text).replace("\n", _FORM)


def _joined(one: str, other: str) -> str:
    space = one and other and (_LATIN.match(one[-1]) or _LATIN.match(other[0]))
    return f"{one} {other}" if space else one + other
