"""Steps, timelines and levels: every word is drawn, within the sheet, and stands in the list."""

import re
from xml.etree import ElementTree as ET

import pytest

from lms.infra.markup import render_lesson
from lms.infra.markup.blocks import Chart, Diagram, read_chart
from lms.infra.markup.diagram import diagram_html, draw_diagram
from lms.infra.markup.printed import printed
from lms.infra.markup.scale import text_width

HEAD = (
    "title: The round\nalt: What the figure shows to who cannot see it\nsource: Our own drawing\n"
)
WORDS = ("Ask people", "Choose", "Decide", "Negotiate", "Vote", "Check what came", "Again")


def _source(kind: str, count: int, more: str = "") -> str:
    if kind == "timeline":
        items = [
            f"  - {{when: {1900 + n}, label: {WORDS[n % 7]} of the year}}" for n in range(count)
        ]
    else:
        items = [
            f"  - {{label: {WORDS[n]}, text: 'Everybody is asked what {WORDS[n]} means'}}"
            for n in range(count)
        ]
    return f"type: {kind}\n{HEAD}{more}items:\n" + "\n".join(items) + "\n"


def _read(source: str, language: str = "en") -> tuple[Chart | Diagram | None, list[str]]:
    faults: list[str] = []
    made = read_chart(
        source, 1, lambda line, sentence: faults.append(f"{line}: {sentence}"), language
    )
    return made, faults


def _diagram(kind: str, count: int, more: str = "") -> Diagram:
    made, faults = _read(_source(kind, count, more))
    assert faults == []
    assert isinstance(made, Diagram)
    return made


CASES = [
    *(("steps", count, more) for count in (3, 4, 5, 6, 7) for more in ("", "cycle: true\n")),
    *(("timeline", count, "") for count in (3, 9)),
    *(("levels", count, "") for count in (3, 6)),
]


@pytest.mark.parametrize(("kind", "count", "more"), CASES)
@pytest.mark.parametrize("narrow", [False, True])
def test_every_word_is_drawn_within_the_sheet(
    kind: str, count: int, more: str, *, narrow: bool
) -> None:
    diagram = _diagram(kind, count, more)
    width, height, marks = draw_diagram(diagram, narrow=narrow)
    svg = ET.fromstring(f"<svg>{marks}</svg>")  # noqa: S314 - our own drawing
    words = " ".join(text.text or "" for text in svg.iter("text"))
    for item in diagram.items:
        for word in f"{item.when} {item.label} {item.text}".split():
            assert word in words
    for text in svg.iter("text"):
        start, long = float(text.attrib["x"]), text_width(text.text or "", 13)
        end = "chart__end" in text.attrib["class"]
        assert start - (long if end else 0) >= -1
        assert start + (0 if end else long) <= width + 1, text.text
        assert 0 <= float(text.attrib["y"]) <= height
    for box in svg.iter("rect"):
        right = float(box.attrib["x"]) + float(box.attrib["width"])
        bottom = float(box.attrib["y"]) + float(box.attrib["height"])
        assert right <= width
        assert bottom <= height


@pytest.mark.parametrize("count", [3, 5, 7])
def test_steps_lead_from_each_to_the_next_and_a_circle_back(count: int) -> None:
    for more, arrows in (("", count - 1), ("cycle: true\n", count)):
        _width, _height, marks = draw_diagram(_diagram("steps", count, more), narrow=False)
        assert marks.count('class="chart__head"') == arrows


def test_boxes_stand_upright_on_a_phone() -> None:
    _width, _height, marks = draw_diagram(_diagram("steps", 5), narrow=True)
    assert len(set(re.findall(r'<rect class="chart__box" x="([\d.]+)"', marks))) == 1


@pytest.mark.parametrize(("kind", "tag"), [("steps", "ol"), ("timeline", "ul"), ("levels", "ul")])
def test_the_same_words_stand_in_a_list_beside(kind: str, tag: str) -> None:
    made = str(diagram_html(_diagram(kind, 3), 2, "en"))
    listed = made[made.index(f"<{tag}>") : made.index(f"</{tag}>")]
    assert listed.count("<li>") == 3
    assert "Figure 2" in made
    assert made.count('role="img"') == 2
    assert "What the figure shows to who cannot see it" in made
    assert "Source: Our own drawing" in made
    assert 'style="' not in made


def test_a_lesson_shows_them_like_any_figure() -> None:
    made = render_lesson(f"a\n\n```chart\n{_source('levels', 4)}```\n\nb\n", "en")
    assert made.figures == 1
    assert "notice--warn" not in made.html


FAULTS = [
    ("steps", "items:", "itmes:", "unknown key 'itmes'"),
    ("steps", "source: Our own drawing\n", "", "lacks the key 'source'"),
    ("steps", "label: Choose", "label: " + "long " * 6, "at most 24"),
    ("steps", "'Everybody is asked what Choose means'", "'" + "long " * 20 + "'", "at most 80"),
    ("steps", HEAD, HEAD + "cycle: maybe\n", "true or false"),
    ("levels", HEAD, HEAD + "cycle: true\n", "unknown key 'cycle'"),
    ("timeline", "label: Choose of the year", "label: " + "long " * 14, "at most 60"),
    ("timeline", "when: 1901", "when: in the year of 1901", "at most 16"),
    ("timeline", "when: 1901, ", "", "lacks the key 'when'"),
    ("levels", "alt: What the figure shows to who cannot see it", "alt: Levels", "at least 20"),
]


@pytest.mark.parametrize(("kind", "old", "new", "words"), FAULTS)
def test_faults_are_named_with_their_line(kind: str, old: str, new: str, words: str) -> None:
    source = _source(kind, 4)
    assert old in source
    made, faults = _read(source.replace(old, new, 1))
    assert made is None
    assert [one for one in faults if words in one], faults


@pytest.mark.parametrize(("kind", "count"), [("steps", 2), ("timeline", 2), ("levels", 7)])
def test_there_are_neither_too_few_nor_too_many(kind: str, count: int) -> None:
    _made, faults = _read(_source(kind, count))
    assert [one for one in faults if "entries" in one]


def test_a_box_holds_half_as_many_characters_of_japanese() -> None:
    source = _source("steps", 3).replace("label: Choose", "label: 一二三四五六七八九十一二三")
    assert _read(source)[1] == []
    assert "at most 12" in _read(source, "ja")[1][0]


def test_a_printed_figure_brings_its_colours_and_keys() -> None:
    picture = printed(_diagram("steps", 3))
    ET.fromstring(picture.svg)  # noqa: S314 - our own drawing
    assert "<style>" in picture.svg
    assert picture.keys == ()
