"""Whether captions can be read in the time they stand: advice for who writes them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from lms.recordings.rules.captions import Cue, text_without_readings

MAX_LINES = 2
#: Full-width characters that a line of Japanese should have, and may have.
IDEAL_WIDE = 13
MAX_WIDE = 16
#: Letters that a line in another script may have.
MAX_LETTERS = 42
#: Signs a second that can be read: full-width ones, letters.
WIDE_SPEED = 7
LETTER_SPEED = 20
_WIDE_LANGUAGES = frozenset({"ja", "zh", "ko"})


class CaptionAdvice(StrEnum):
    """What is hard to read, or cannot be shown."""

    LONG_LINE = "long_line"
    MANY_LINES = "many_lines"
    FAST = "fast"
    OVERLAP = "overlap"
    REVERSED = "reversed"
    OUTSIDE = "outside"
    EMPTY = "empty"

    @property
    def forbids(self) -> bool:
        """Whether captions like this cannot be stored."""
        return self in (CaptionAdvice.REVERSED, CaptionAdvice.OUTSIDE)


@dataclass(frozen=True, slots=True)
class Remark:
    """One piece of advice on the caption at `place` (from 0); `number` of `most` signs or lines."""

    place: int
    advice: CaptionAdvice
    number: int = 0
    most: int = 0


def measure_line(text: str) -> int:
    """Return how wide a line is in half-width characters: a kanji or kana has two."""
    wide = {"F", "W", "A"}
    return sum(2 if unicodedata.east_asian_width(c) in wide else 1 for c in text)


def check_captions(
    cues: Sequence[Cue], language: str, duration_ms: int | None
) -> tuple[Remark, ...]:
    """Return what should be changed in captions that follow each other, in their order.

    `language` is a BCP 47 tag: Japanese, Chinese and Korean are counted in full-width characters,
    everything else in letters. Readings (ruby) stand above their line and are not counted.
    """
    wide = language.split("-", 1)[0].lower() in _WIDE_LANGUAGES
    remarks: list[Remark] = []
    for place, cue in enumerate(cues):
        remarks += _check_time(place, cue, cues, duration_ms)
        remarks += _check_words(place, cue, wide=wide)
    return tuple(remarks)


def _check_time(place: int, cue: Cue, cues: Sequence[Cue], duration_ms: int | None) -> list[Remark]:
    if cue.end_ms <= cue.start_ms:
        return [Remark(place, CaptionAdvice.REVERSED)]
    found = []
    if duration_ms is not None and cue.start_ms >= duration_ms:
        found.append(Remark(place, CaptionAdvice.OUTSIDE))
    if place and cue.start_ms < cues[place - 1].end_ms:
        found.append(Remark(place, CaptionAdvice.OVERLAP))
    return found


def _check_words(place: int, cue: Cue, *, wide: bool) -> list[Remark]:
    lines = [line for line in text_without_readings(cue.text).split("\n") if line.strip()]
    if not lines:
        return [Remark(place, CaptionAdvice.EMPTY)]
    found = []
    if len(lines) > MAX_LINES:
        found.append(Remark(place, CaptionAdvice.MANY_LINES, len(lines), MAX_LINES))
    sizes = [-(-measure_line(line) // 2) if wide else len(line) for line in lines]
    most = MAX_WIDE if wide else MAX_LETTERS
    if max(sizes) > most:
        found.append(Remark(place, CaptionAdvice.LONG_LINE, max(sizes), most))
    speed = WIDE_SPEED if wide else LETTER_SPEED
    length = cue.end_ms - cue.start_ms
    if length > 0 and sum(sizes) * 1000 > speed * length:
        found.append(Remark(place, CaptionAdvice.FAST, -(-sum(sizes) * 1000 // length), speed))
    return found
