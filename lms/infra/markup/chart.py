"""Figures drawn as SVG: classes only, all text escaped; a wide and a narrow drawing of each."""

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from lms.infra.i18n import N_, translate
from lms.infra.markup.blocks import Chart
from lms.infra.markup.scale import (
    Axis,
    axis_around,
    axis_from_zero,
    make_axis,
    text_width,
    wrap,
    write_number,
)
from lms.infra.markup.sheet import LINE, NARROW, SIZE, WIDE, Drawn, Sheet, frame

_MOST_MARKED = 20


def _values(chart: Chart) -> list[float]:
    return [value for one in chart.series for value in one.values if value is not None]


def _stack_values(chart: Chart) -> list[float]:
    return [sum(one.values[place] or 0.0 for one in chart.series) for place in range(len(chart.x))]


def draw(chart: Chart, *, narrow: bool) -> Drawn:
    """Return width, height and the marks of a drawing."""
    sheet = Sheet(NARROW if narrow else WIDE)
    if chart.kind in {"line", "schema"}:
        _draw_lines(sheet, chart, narrow=narrow)
    elif narrow or _crowded(chart):
        _draw_level_bars(sheet, chart)
    else:
        _draw_upright_bars(sheet, chart)
    return sheet.drawn


def _crowded(chart: Chart) -> bool:
    """Whether upright bars would be too thin, or their labels too long."""
    bars = len(chart.x) * (len(chart.series) if chart.kind == "bar" else 1)
    band = (WIDE - 60) / len(chart.x)
    longest = max(len(wrap(label, band - 8, SIZE)) for label in chart.x)
    return bars > 28 or longest > 3  # noqa: PLR2004 - what can still be read


def _draw_unit(sheet: Sheet, chart: Chart, top: float = 14.0) -> float:
    """Write the unit above the upright axis; return where the drawing may begin."""
    texts = wrap(chart.unit, sheet.width - 4, SIZE)
    sheet.lines(0, top, texts, "unit", "start")
    return top + len(texts) * LINE


def _draw_grid(sheet: Sheet, axis: Axis, left: float, top: float, bottom: float) -> None:
    for tick in axis.ticks:
        y = axis.place(tick, bottom, top)
        sheet.line(left, y, sheet.width, y, "grid")
        sheet.text(left - 7, y + 4.5, write_number(tick, axis.decimals), "tick", "end")


def _left_of(axis: Axis) -> float:
    return max(text_width(write_number(tick, axis.decimals), SIZE) for tick in axis.ticks) + 9


def _draw_upright_bars(sheet: Sheet, chart: Chart) -> None:
    stacked = chart.kind == "stacked"
    axis = axis_from_zero(_stack_values(chart) if stacked else _values(chart), 5)
    left, top = _left_of(axis), _draw_unit(sheet, chart) + 14
    bottom = top + 230
    _draw_grid(sheet, axis, left, top, bottom)
    band = (sheet.width - left) / len(chart.x)
    shown = 1 if stacked else len(chart.series)
    bar = min(64.0, band * 0.78 / shown)
    zero = axis.place(0.0, bottom, top)
    for place, _category in enumerate(chart.x):
        start = left + band * (place + 0.5) - bar * shown / 2
        base = 0.0
        for number, one in enumerate(chart.series, 1):
            value = one.values[place]
            if value is None:
                continue
            if stacked:
                y = axis.place(base + value, bottom, top)
                sheet.rect(start, y, bar, axis.place(base, bottom, top) - y, number)
                base += value
                continue
            x, y = start + bar * (number - 1), axis.place(value, bottom, top)
            sheet.rect(x + 1, min(y, zero), bar - 2, abs(y - zero), number)
            text = write_number(value, chart.decimals)
            if text_width(text, SIZE) <= bar + 4:
                sheet.text(x + bar / 2, y + (14.5 if value < 0 else -5), text, "value", "middle")
    sheet.line(left, zero, sheet.width, zero, "axis")
    wrapped = [wrap(label, band - 8, SIZE) for label in chart.x]
    for place, texts in enumerate(wrapped):
        sheet.lines(left + band * (place + 0.5), bottom + 21, texts, "label", "middle")
    sheet.height = bottom + 12 + max(len(texts) for texts in wrapped) * LINE


def _draw_level_bars(sheet: Sheet, chart: Chart) -> None:
    """Bars that lie, each with its number: for phones, long labels and many bars."""
    stacked = chart.kind == "stacked"
    values = _stack_values(chart) if stacked else _values(chart)
    low, high = min(0.0, *values), max(0.0, *values)
    room = max(text_width(write_number(value, chart.decimals), SIZE) for value in values) + 7
    beside = max(text_width(label, SIZE) for label in chart.x)
    aside = beside <= sheet.width * 0.3
    left = (beside + 10 if aside else 0.0) + (room if low < 0 else 0.0)
    right = sheet.width - (room if high > 0 else 0.0)
    scale = (right - left) / ((high - low) or 1.0)
    zero = left - low * scale
    shown = 1 if stacked else len(chart.series)
    thick = 20.0 if shown == 1 else 17.0
    y = _draw_unit(sheet, chart) + 2
    top = y - 4
    for place, label in enumerate(chart.x):
        if aside:
            sheet.text(0, y + (thick * shown) / 2 + 4.5, label, "label", "start")
        else:
            texts = wrap(label, sheet.width, SIZE)
            sheet.lines(0, y + 12, texts, "label", "start")
            y += len(texts) * LINE + 2
        base = zero
        for number, one in enumerate(chart.series, 1):
            value = one.values[place]
            if value is not None:
                length = abs(value) * scale
                start = base if stacked or value >= 0 else zero - length
                sheet.rect(start, y + 1, length, thick - 2, number)
                if stacked:
                    base += length
                else:
                    end = start - 5 if value < 0 else start + length + 5
                    side = "end" if value < 0 else "start"
                    text = write_number(value, chart.decimals)
                    sheet.text(end, y + thick / 2 + 4.5, text, "value", side)
            if not stacked:
                y += thick
        if stacked:
            total = write_number(values[place], chart.decimals)
            sheet.text(base + 5, y + thick / 2 + 4.5, total, "value", "start")
            y += thick
        y += 11
    if aside or low < 0:  # else it would run through the labels
        sheet.line(zero, top, zero, y - 5, "axis")
    sheet.height = y


def _draw_lines(sheet: Sheet, chart: Chart, *, narrow: bool) -> None:
    schema = chart.kind == "schema"
    axis = axis_around(_values(chart), 5)
    left, top = _left_of(axis), _draw_unit(sheet, chart) + 14
    bottom = top + (210 if narrow else 250)
    _draw_grid(sheet, axis, left, top, bottom)
    inset = 0.0 if schema else 22.0
    start, end = left + inset, sheet.width - (12.0 if schema else 26.0)
    positions = chart.x_values or tuple(float(place) for place in range(len(chart.x)))
    if schema:
        level = make_axis(positions[0], positions[-1], 4 if narrow else 6)
        ticks = [(tick, write_number(tick, level.decimals)) for tick in level.ticks]
    else:
        level = (
            Axis(positions, 0)
            if positions == tuple(sorted(positions))
            else Axis(tuple(float(place) for place in range(len(chart.x))), 0)
        )
        ticks = list(zip(level.ticks, chart.x, strict=True))

    def at(value: float) -> float:
        return level.place(value, start, end)

    _draw_level_axis(sheet, ticks, at, bottom)
    marked = not schema and len(chart.x) <= _MOST_MARKED
    places = positions if schema else level.ticks
    for number, one in enumerate(chart.series, 1):
        points = [
            None if value is None else (at(x), axis.place(value, bottom, top))
            for x, value in zip(places, one.values, strict=True)
        ]
        _draw_line(sheet, points, number, marked=marked)
        known = [(point, value) for point, value in zip(points, one.values, strict=True) if point]
        if marked and known and len(chart.series) == 1:
            shown = {known[0][0]: known[0][1], known[-1][0]: known[-1][1]}
            for (x, y), value in shown.items():
                text = write_number(value, chart.decimals)
                sheet.text(x, y - 10, text, "value", "middle")
    sheet.height = bottom + 31
    if chart.x_label:
        texts = wrap(chart.x_label, sheet.width - left, SIZE)
        sheet.lines((left + sheet.width) / 2, bottom + 42, texts, "unit", "middle")
        sheet.height = bottom + 32 + len(texts) * LINE


def _draw_level_axis(
    sheet: Sheet,
    ticks: Sequence[tuple[float, str]],
    at: Callable[[float], float],
    bottom: float,
) -> None:
    """Write as many labels as fit, the last one always."""
    sheet.line(at(ticks[0][0]), bottom, at(ticks[-1][0]), bottom, "axis")
    free = sheet.width + 40
    widest = max(text_width(text, SIZE) for _tick, text in ticks) + 10
    for tick, text in reversed(ticks):
        x = at(tick)
        if x + widest / 2 > free:
            continue
        sheet.line(x, bottom, x, bottom + 5, "axis")
        half = text_width(text, SIZE) / 2
        centre = min(max(x, half), sheet.width - half)
        sheet.text(centre, bottom + 21, text, "label", "middle")
        free = x - widest / 2


def _draw_line(
    sheet: Sheet, points: Sequence[tuple[float, float] | None], number: int, *, marked: bool
) -> None:
    """Draw a line, broken where there is no figure, with a mark of its own shape."""
    path, pen = [], "M"
    for point in points:
        if point is None:
            pen = "M"
            continue
        path.append(f"{pen}{point[0]:.1f} {point[1]:.1f}")
        pen = "L"
    sheet.marks.append(f'<path class="chart__line chart__s{number}" d="{"".join(path)}"/>')
    for point in points:
        if point is not None and (marked or _alone(points, point)):
            sheet.marks.append(_mark(point[0], point[1], number))


def _alone(points: Sequence[tuple[float, float] | None], point: tuple[float, float]) -> bool:
    """Whether a figure has no neighbour, so that no line shows it."""
    at = points.index(point)
    around = [points[near] for near in (at - 1, at + 1) if 0 <= near < len(points)]
    return not any(around)


def _mark(x: float, y: float, number: int) -> str:
    shapes = {
        2: f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        3: f"M{x:.1f} {y - 5:.1f}l5 9h-10z",
        4: f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z",
        5: f"M{x:.1f} {y + 5:.1f}l5-9h-10z",
    }
    if number in shapes:
        return f'<path class="chart__mark chart__s{number}" d="{shapes[number]}"/>'
    return f'<circle class="chart__mark chart__s{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'


def chart_html(chart: Chart, number: int, language: str) -> Markup:
    """Return the figure with the names of its series and the same numbers as a table."""

    def drawn(narrow: bool) -> Drawn:  # noqa: FBT001 - what `frame` calls
        return draw(chart, narrow=narrow)

    return frame(chart, number, language, drawn, _legend(chart) + _table(chart, language))


def legend_keys(chart: Chart) -> list[tuple[int, str, str]]:
    """Return width, marks and name of each key of a chart that has more than one series."""
    if len(chart.series) == 1:
        return []
    keys = []
    for number, one in enumerate(chart.series, 1):
        if chart.kind in {"line", "schema"}:
            width, key = 30, f'<path class="chart__line chart__s{number}" d="M1 8H29"/>'
            key += "" if chart.kind == "schema" else _mark(15, 8, number)
        else:
            width = 16
            key = f'<rect class="chart__bar chart__s{number}" x="1" y="1" width="14" height="14"/>'
        keys.append((width, key, one.name))
    return keys


def _legend(chart: Chart) -> str:
    items = [
        f'<li><svg class="chart__key" aria-hidden="true" viewBox="0 0 {width} 16"'
        f' width="{width}" height="16">{key}</svg><span>{escape(name)}</span></li>'
        for width, key, name in legend_keys(chart)
    ]
    return f'<ul class="chart__legend">{"".join(items)}</ul>' if items else ""


def _table(chart: Chart, language: str) -> str:
    """Return the same numbers as a table; its first column names the categories."""
    summary = translate(language, N_("The numbers as a table"))
    corner = f'<th scope="col">{escape(chart.x_label)}</th>' if chart.x_label else "<td></td>"
    heads = "".join(f'<th scope="col" class="num">{escape(one.name)}</th>' for one in chart.series)
    rows = []
    for place, label in enumerate(chart.x):
        name = label
        if chart.kind == "schema" and chart.x_values:
            name = write_number(chart.x_values[place], len(label.partition(".")[2]))
        cells = "".join(
            f'<td class="num">{write_number(one.values[place], chart.decimals)}</td>'
            for one in chart.series
        )
        rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    caption = f"{escape(chart.title)} <small>({escape(chart.unit)})</small>"
    return (
        f'<details class="chart__numbers"><summary>{escape(summary)}</summary>'
        f"<table><caption>{caption}</caption><thead><tr>{corner}{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></details>"
    )
