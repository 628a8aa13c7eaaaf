"""Numbers of a figure: where the ticks stand, how numbers are written, how wide text is."""

import math
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

MINUS = "\u2212"
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from the first to the last tick; `decimals` is what its ticks need."""

    ticks: tuple[float, ...]
    decimals: int

    @property
    def low(self) -> float:
        """The value at its beginning."""
        return self.ticks[0]

    @property
    def high(self) -> float:
        """The value at its end."""
        return self.ticks[-1]

    def place(self, value: float, start: float, end: float) -> float:
        """Return where a value lies between two places."""
        return start + (end - start) * (value - self.low) / (self.high - self.low)


def make_axis(low: float, high: float, wanted: int) -> Axis:
    """Return an axis of about `wanted` steps of 1, 2, 2.5 or 5 times a power of ten."""
    if high - low < _EPSILON:
        low, high = low - 1, high + 1
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in _STEPS if factor * power >= raw - _EPSILON * power)
    first = math.floor(low / step + _EPSILON)
    last = math.ceil(high / step - _EPSILON)
    decimals = next(n for n in range(13) if abs(round(step, n) - step) < step * 1e-6)
    # Adding nought makes a negative nought a plain one.
    ticks = tuple(round(number * step, 12) + 0.0 for number in range(first, last + 1))
    return Axis(ticks, decimals)


def axis_from_zero(values: list[float], wanted: int) -> Axis:
    """Return an axis that holds nought: the length of a bar must be its value."""
    return make_axis(min(0.0, *values), max(0.0, *values), wanted)


def axis_around(values: list[float], wanted: int) -> Axis:
    """Return an axis for lines: with nought, unless all values lie far from it."""
    low, high = min(values), max(values)
    if 0 <= low <= high * 0.5:
        low = 0.0
    elif high <= 0 and high >= low * 0.5:
        high = 0.0
    return make_axis(low, high, wanted)


def write_number(value: float | None, decimals: int, *, separated: bool = True) -> str:
    """Write a number with a real minus; None is a dash."""
    if value is None:
        return "\u2013"
    text = f"{value:,.{decimals}f}" if separated else f"{value:.{decimals}f}"
    return text.replace("-", MINUS)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def text_width(text: str, size: float) -> float:
    """Estimate the width of a line of text; fonts differ, so it errs on the wide side."""
    return sum(size if _is_wide(c) else size * (0.68 if c.isupper() else 0.56) for c in text)


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break text into lines of at most `width`: at spaces, and between wide characters."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and text_width((line + piece).rstrip(), size) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Return what is not broken within: words, and wide characters with their punctuation."""
    if not text:
        return []
    pieces = [text[0]]
    for before, after in pairwise(text):
        closing = unicodedata.category(after) in {"Pe", "Pf", "Po", "Lm"} and _is_wide(after)
        opening = unicodedata.category(before) in {"Ps", "Pi"}
        space = before == " "
        wide = _is_wide(before) or _is_wide(after)
        if space or (wide and not closing and not opening):
            pieces.append(after)
        else:
            pieces[-1] += after
    return pieces
