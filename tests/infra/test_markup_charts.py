"""Figures: what is drawn is what the numbers say."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.infra.markup.blocks import Chart, read_chart
from lms.infra.markup.chart import chart_html, draw
from lms.infra.markup.scale import (
    axis_around,
    axis_from_zero,
    make_axis,
    text_width,
    wrap,
    write_number,
)
from lms.infra.markup.sheet import WIDE

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False, allow_infinity=False).map(lambda v: round(v, 3))


def _chart(kind: str = "bar", x: str = "[2022, 2023, 2024]", values: str = "[2.0, -2.5, null]",
           more: str = "", label: str = "") -> Chart:  # fmt: skip
    faults: list[str] = []
    made = read_chart(
        f"type: {kind}\ntitle: Pay\nalt: What the figure shows to who cannot see it\n"
        f"unit: per cent\nx: {x}\n{label}series:\n  - {{name: pay, values: {values}}}\n{more}"
        "source: Office, 2024\n",
        1,
        lambda _line, sentence: faults.append(sentence),
    )
    assert faults == []
    assert isinstance(made, Chart)
    return made


def _marks(chart: Chart, *, narrow: bool = False) -> ET.Element:
    width, height, marks = draw(chart, narrow=narrow)
    return ET.fromstring(f'<svg width="{width}" height="{height}">{marks}</svg>')  # noqa: S314


def _bars(svg: ET.Element) -> list[dict[str, float]]:
    keys = ("x", "y", "width", "height")
    return [{key: float(bar.attrib[key]) for key in keys} for bar in svg.iter("rect")]


def _zero(svg: ET.Element) -> dict[str, float]:
    axis = next(line for line in svg.iter("line") if line.attrib["class"] == "chart__axis")
    return {key: float(axis.attrib[key]) for key in ("x1", "y1", "x2", "y2")}


@pytest.mark.parametrize("kind", ["bar", "line", "stacked", "schema"])
@pytest.mark.parametrize("narrow", [False, True])
def test_nothing_is_drawn_outside_the_sheet(kind: str, *, narrow: bool) -> None:
    more = "  - {name: other, values: [1, 2.25, 30]}\n"
    label = "x_label: people\n" if kind == "schema" else ""
    svg = _marks(_chart(kind, values="[1234567.5, 2, 3]", more=more, label=label), narrow=narrow)
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    for bar in _bars(svg):
        assert -0.1 <= bar["x"] <= bar["x"] + bar["width"] <= width + 0.1
        assert -0.1 <= bar["y"] <= bar["y"] + bar["height"] <= height + 0.1
    for text in svg.iter("text"):
        x, long = float(text.attrib["x"]), text_width(text.text or "", 13)
        start = (
            x
            - {"start": 0, "middle": long / 2, "end": long}[text.attrib["class"].rsplit("__", 1)[1]]
        )
        assert start >= -1, text.text
        assert start + long <= width + 30, text.text
        assert 0 <= float(text.attrib["y"]) <= height


def test_upright_bars_stand_on_nought_and_hang_from_it() -> None:
    svg = _marks(_chart())
    up, down = _bars(svg)
    zero = _zero(svg)["y1"]
    assert up["y"] + up["height"] == pytest.approx(zero, abs=0.2)
    assert down["y"] == pytest.approx(zero, abs=0.2)
    assert down["height"] / up["height"] == pytest.approx(2.5 / 2.0, abs=0.02)


def test_lying_bars_run_both_ways_from_nought() -> None:
    svg = _marks(_chart(), narrow=True)
    right, left = _bars(svg)
    zero = _zero(svg)["x1"]
    assert right["x"] == pytest.approx(zero, abs=0.2)
    assert left["x"] + left["width"] == pytest.approx(zero, abs=0.2)
    assert left["width"] / right["width"] == pytest.approx(2.5 / 2.0, abs=0.02)


@pytest.mark.parametrize("narrow", [False, True])
def test_stacked_bars_stand_end_to_end(*, narrow: bool) -> None:
    svg = _marks(
        _chart("stacked", "[a, b]", "[1, 2]", more="  - {name: other, values: [3, 1]}\n"),
        narrow=narrow,
    )
    bars = _bars(svg)
    first, second = bars[0], bars[1]
    if narrow:
        assert second["x"] == pytest.approx(first["x"] + first["width"], abs=0.2)
        assert second["width"] == pytest.approx(first["width"] * 3, rel=0.02)
    else:
        assert second["y"] + second["height"] == pytest.approx(first["y"], abs=0.2)
        assert second["height"] == pytest.approx(first["height"] * 3, rel=0.02)


def test_a_line_breaks_where_there_is_no_figure() -> None:
    svg = _marks(_chart("line", "[a, b, c, d]", "[1, 2, null, 3]"))
    path = next(p for p in svg.iter("path") if "chart__line" in p.attrib["class"])
    assert re.findall("[ML]", path.attrib["d"]) == ["M", "L", "M"]
    assert len(list(svg.iter("circle"))) == 3


def test_a_schema_is_drawn_over_its_numbers() -> None:
    svg = _marks(_chart("schema", "[0, 10, 40]", "[5, 5, 5]", label="x_label: people\n"))
    path = next(p for p in svg.iter("path") if "chart__line" in p.attrib["class"])
    x1, x2, x3 = (float(x) for x in re.findall(r"[ML]([\d.]+) ", path.attrib["d"]))
    assert (x2 - x1) / (x3 - x1) == pytest.approx(0.25, abs=0.01)
    assert "people" in [text.text for text in svg.iter("text")]


def test_too_many_bars_lie_down_on_a_wide_page_too() -> None:
    names = ", ".join(f"a rather long name of category {n}" for n in range(12))
    svg = _marks(_chart("bar", f"[{names}]", str(list(range(1, 13)))))
    widths = {bar["height"] for bar in _bars(svg)}
    assert len(widths) == 1
    assert float(svg.attrib["width"]) == WIDE


def test_the_page_has_two_drawings_with_names_of_their_own_and_a_table() -> None:
    made = str(chart_html(_chart(values="[1000, -2.5, null]"), 3, "en"))
    assert made.count('role="img"') == 2
    ids = re.findall(r' id="([^"]+)"', made)
    assert len(ids) == len(set(ids)) == 5
    for name in re.findall(r'aria-labelledby="([^"]+)"', made):
        assert set(name.split()) <= set(ids)
    assert "What the figure shows to who cannot see it" in made
    assert 'style="' not in made
    cells = re.findall(r'<td class="num">([^<]*)</td>', made)
    assert cells == ["1,000.0", "\u22122.5", "–"]
    assert re.findall(r'<th scope="row">([^<]*)</th>', made) == ["2022", "2023", "2024"]
    assert "Source: Office, 2024" in made
    assert "Figure 3" in made


def test_a_single_series_needs_no_legend_and_several_do() -> None:
    assert "chart__legend" not in chart_html(_chart(), 1, "en")
    two = _chart(more="  - {name: other, values: [1, 2, 3]}\n")
    assert chart_html(two, 1, "en").count("chart__key") == 2


@pytest.mark.parametrize(
    ("values", "decimals"), [("[1.60, 2]", 1), ("[1.61, 2.0]", 2), ("[3, 40]", 0), ("[3.0, 1]", 0)]
)
def test_all_values_have_the_decimals_that_any_needs(values: str, decimals: int) -> None:
    assert _chart(x="[a, b]", values=values).decimals == decimals


@given(NUMBERS, NUMBERS, st.integers(2, 8))
def test_an_axis_holds_its_values_on_few_round_ticks(one: float, other: float, wanted: int) -> None:
    low, high = min(one, other), max(one, other)
    axis = make_axis(low, high, wanted)
    unseen = 1e-6 * max(1, abs(low), abs(high))  # far less than the width of a line
    assert axis.low <= low + unseen
    assert axis.high >= high - unseen
    assert 2 <= len(axis.ticks) <= wanted + 3
    written = [write_number(tick, axis.decimals) for tick in axis.ticks]
    assert len(set(written)) == len(written)


@given(st.lists(NUMBERS, min_size=1, max_size=8))
def test_bars_are_drawn_from_nought(values: list[float]) -> None:
    assert 0.0 in axis_from_zero(values, 5).ticks
    around = axis_around(values, 5)
    assert around.low <= min(values) + 1e-6 * max(1, abs(min(values)))


@given(st.text(alphabet=list("ab 字、（）(,"), max_size=60), st.integers(30, 200))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width, 13)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrapping_leaves_no_closing_mark_at_the_start_of_a_line() -> None:
    lines = wrap("大企業（資本金10億円以上）、中企業。", 52, 13)
    assert len(lines) > 2
    assert not [line for line in lines if line[0] in "）、。"]
    assert not [line for line in lines if line[-1] == "（"]


def test_numbers_are_written_with_separators_and_a_real_minus() -> None:
    assert write_number(-1234567.5, 1) == "\u22121,234,567.5"
    assert write_number(None, 1) == "–"
