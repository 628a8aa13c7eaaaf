"""Figures without numbers: steps with arrows, a timeline, levels from top to bottom."""

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from lms.infra.i18n import N_, translate
from lms.infra.markup.blocks import Diagram, Item
from lms.infra.markup.scale import text_width, wrap
from lms.infra.markup.sheet import LINE, NARROW, SIZE, WIDE, Drawn, Sheet, frame

_INSIDE = 11.0  # between the edge of a box and its words
_BOLD = 1.08  # how much wider a label is than plain text
_ASIDE = 26.0  # room for the way back of a cycle
_ACROSS, _DOWN = 34.0, 32.0  # between boxes
_MOST_ACROSS = 4


def draw_diagram(diagram: Diagram, *, narrow: bool) -> Drawn:
    """Return width, height and the marks of a drawing."""
    sheet = Sheet(NARROW if narrow else WIDE)
    if diagram.kind == "steps":
        _draw_steps(sheet, diagram, narrow=narrow)
    elif diagram.kind == "timeline":
        _draw_timeline(sheet, diagram.items)
    else:
        _draw_levels(sheet, diagram.items, narrow=narrow)
    return sheet.drawn


def _label_lines(text: str, width: float) -> list[str]:
    return wrap(text, width / _BOLD, SIZE)


def _across(labels: Sequence[str], items: Sequence[Item], width: float) -> int:
    """Return how many boxes stand side by side: as many as have room for their longest word."""
    words = [word for label in labels for word in label.split()]
    widest = max(
        max((text_width(word, SIZE) * _BOLD for word in words if word.isascii()), default=0),
        max(
            (
                text_width(word, SIZE)
                for one in items
                for word in one.text.split()
                if word.isascii()
            ),
            default=0,
        ),
    )
    for wanted in range(min(_MOST_ACROSS, len(items)), 1, -1):
        rows = -(-len(items) // wanted)
        across = -(-len(items) // rows)
        if (width - _ACROSS * (across - 1)) / across - 2 * _INSIDE >= widest:
            return across
    return 1


def _draw_steps(sheet: Sheet, diagram: Diagram, *, narrow: bool) -> None:
    items = diagram.items
    labels = [f"{number}. {one.label}" for number, one in enumerate(items, 1)]
    across = 1 if narrow else _across(labels, items, sheet.width - _ASIDE)
    one_row = across == len(items)
    left = _ASIDE if diagram.cycle and not one_row else 0.0
    width = (sheet.width - left - 1 - _ACROSS * (across - 1)) / across
    y = 1.0
    boxes: list[tuple[float, float, float, float]] = []
    for start in range(0, len(items), across):
        texts = [
            (_label_lines(label, width - 2 * _INSIDE), wrap(one.text, width - 2 * _INSIDE, SIZE))
            for label, one in zip(
                labels[start : start + across], items[start : start + across], strict=True
            )
        ]
        height = max((len(head) + len(body)) * LINE for head, body in texts) + 20
        for place, (head, body) in enumerate(texts):
            x = left + place * (width + _ACROSS)
            sheet.box(x, y, width, height)
            sheet.lines(x + _INSIDE, y + 21, head, "word", "start")
            sheet.lines(x + _INSIDE, y + 21 + len(head) * LINE, body, "label", "start")
            boxes.append((x, y, width, height))
        y += height + _DOWN
    for one, other in pairwise(boxes):
        _connect(sheet, one, other)
    sheet.height = y - _DOWN + 1
    if diagram.cycle:
        _close(sheet, boxes, one_row=one_row)


def _connect(
    sheet: Sheet,
    one: tuple[float, float, float, float],
    other: tuple[float, float, float, float],
) -> None:
    """Lead from a box to the next one, beside it or in the row below."""
    if one[1] == other[1]:
        y = one[1] + one[3] / 2
        sheet.arrow((one[0] + one[2] + 4, y), (other[0] - 4, y))
        return
    x1, x2 = one[0] + one[2] / 2, other[0] + other[2] / 2
    bottom, top = one[1] + one[3] + 3, other[1] - 3
    middle = (bottom + top) / 2 - 3
    if abs(x1 - x2) < 1:
        sheet.arrow((x1, bottom), (x2, top))
    else:
        sheet.arrow((x1, bottom), (x1, middle), (x2, middle), (x2, top))


def _close(
    sheet: Sheet, boxes: Sequence[tuple[float, float, float, float]], *, one_row: bool
) -> None:
    """Lead from the last box back to the first."""
    first, last = boxes[0], boxes[-1]
    x, bottom = last[0] + last[2] / 2, last[1] + last[3] + 3
    low = bottom + 17
    if one_row:
        back = first[0] + first[2] / 2
        sheet.arrow((x, bottom), (x, low), (back, low), (back, first[1] + first[3] + 3))
    else:
        y = first[1] + first[3] / 2
        sheet.arrow((x, bottom), (x, low), (5, low), (5, y), (first[0] - 4, y))
    sheet.height = low + 4


def _draw_timeline(sheet: Sheet, items: Sequence[Item]) -> None:
    widest = max(text_width(one.when, SIZE) * _BOLD for one in items)
    beside = widest <= sheet.width * 0.3
    at = widest + 20 if beside else 7.0
    begin = at + 20
    y, dots = 4.0, []
    for one in items:
        texts = wrap(one.label, sheet.width - begin, SIZE)
        if beside:
            sheet.text(at - 18, y + 13, one.when, "word", "end")
        else:
            sheet.text(begin, y + 13, one.when, "word", "start")
        dots.append(y + 8.5)
        above = 0 if beside else LINE
        sheet.lines(begin, y + 13 + above, texts, "label", "start")
        y += above + len(texts) * LINE + 15
    sheet.line(at, dots[0], at, dots[-1], "axis")
    sheet.marks += [
        f'<circle class="chart__mark chart__s1" cx="{at:.1f}" cy="{dot:.1f}" r="5"/>'
        for dot in dots
    ]
    sheet.height = y - 8


def _draw_levels(sheet: Sheet, items: Sequence[Item], *, narrow: bool) -> None:
    """Bands that grow broader downwards, where there is room; label and text in each."""
    y = 1.0
    for place, one in enumerate(items):
        share = 1.0 if narrow else 0.66 + 0.34 * place / (len(items) - 1)
        width = (sheet.width - 2) * share
        x = (sheet.width - width) / 2
        aside = 0.0 if narrow else width * 0.36
        head = _label_lines(one.label, (aside or width) - 2 * _INSIDE)
        body = wrap(one.text, width - aside - 2 * _INSIDE, SIZE)
        lines = max(len(head), len(body)) if aside else len(head) + len(body)
        height = lines * LINE + 20
        sheet.box(x, y, width, height)
        sheet.lines(x + _INSIDE, y + 21, head, "word", "start")
        below = y + 21 + (0 if aside else len(head) * LINE)
        sheet.lines(x + aside + _INSIDE, below, body, "label", "start")
        y += height + 7
    sheet.height = y - 6


def diagram_html(diagram: Diagram, number: int, language: str) -> Markup:
    """Return the figure with the same words as a list."""

    def draw(narrow: bool) -> Drawn:  # noqa: FBT001 - what `frame` calls
        return draw_diagram(diagram, narrow=narrow)

    return frame(diagram, number, language, draw, _list(diagram, language))


def _list(diagram: Diagram, language: str) -> str:
    summary = translate(language, N_("The figure as a list"))
    tag = "ol" if diagram.kind == "steps" else "ul"
    items = "".join(
        f"<li><strong>{escape(one.when or one.label)}</strong>"
        f" {escape(one.label if one.when else one.text)}</li>"
        for one in diagram.items
    )
    return (
        f'<details class="chart__numbers"><summary>{escape(summary)}</summary>'
        f"<{tag}>{items}</{tag}></details>"
    )
