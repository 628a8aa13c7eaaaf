"""The fenced blocks of a lesson: where they stand, what a figure and a check hold."""

import re
from dataclasses import dataclass
from itertools import pairwise

from yaml.nodes import MappingNode, Node

from lms.infra.markup.nodes import Reader, Report, read_yaml

CHART_TYPES = ("bar", "line", "stacked", "schema")
DIAGRAM_TYPES = ("steps", "timeline", "levels")
_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^`\n]*?)[ \t]*")
BLOCK_KINDS = ("chart", "check")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced chart or check. `first_line` counts from 0 within the Markdown: its fence.

    `source` is the YAML between the fences; `closed` is false when the text ends before it.
    """

    kind: str
    first_line: int
    source: str
    closed: bool


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one name; None where there is no figure."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure. `x` is how the categories are written, `x_values` their numbers if all are."""

    kind: str
    title: str
    alt: str
    unit: str
    x_label: str
    x: tuple[str, ...]
    x_values: tuple[float, ...] | None
    series: tuple[Series, ...]
    source: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Item:
    """A box of a diagram. `when` is written in a timeline only, `text` in the other kinds."""

    label: str
    text: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Diagram:
    """A figure without numbers: steps in order, a timeline, or levels from top to bottom.

    `cycle`: the last step leads to the first again.
    """

    kind: str
    title: str
    alt: str
    items: tuple[Item, ...]
    source: str
    cycle: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An answer that may be chosen, and why it is right or not."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a check with one right option."""

    ask: str
    options: tuple[Option, ...]


def split_blocks(markdown: str) -> tuple[list[str], list[Block]]:
    """Return the lines with every chart and check blanked out, and the blocks in order.

    Fenced blocks of any other kind are code and stay as they are.
    """
    lines = markdown.split("\n")
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        match = _FENCE.fullmatch(lines[at])
        if match is None:
            at += 1
            continue
        end = _closing(lines, at, match[1])
        if match[2] in BLOCK_KINDS:
            source = "\n".join(lines[at + 1 : end])
            blocks.append(Block(match[2], at, source, closed=end < len(lines)))
            for line in range(at, min(end + 1, len(lines))):
                lines[line] = ""
        at = end + 1
    return lines, blocks


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Return the line of the closing fence, or one past the last."""
    for at in range(start + 1, len(lines)):
        mark = lines[at].rstrip()
        if mark.startswith(fence) and not mark.strip(fence[0]):
            return at
    return len(lines)


def read_chart(
    source: str, first_line: int, report: Report, language: str = "en"
) -> Chart | Diagram | None:
    """Read a figure; every fault is reported, and with any the answer is None.

    How long the words of a diagram may be depends on the language that it is written in.
    """
    faults: list[int] = []

    def note(line: int, sentence: str) -> None:
        faults.append(line)
        report(line, sentence)

    node = read_yaml(source, first_line, note)
    if node is None:
        return None
    read = Reader(first_line, note)
    figure = (
        _diagram(node, read, language) if _type_of(node) in DIAGRAM_TYPES else _chart(node, read)
    )
    return None if faults else figure


def _type_of(node: Node) -> str:
    """Return the type that a figure names, before anything of it is checked."""
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "type"), "")


def _chart(node: Node, read: Reader) -> Chart | None:
    required = ("type", "title", "alt", "unit", "x", "series", "source")
    fields = read.fields(node, "The chart", required, ("x_label",))
    if fields is None:
        return None
    kind = read.choice(fields.get("type"), "The chart's type", (*CHART_TYPES, *DIAGRAM_TYPES))
    if kind == "schema" and "x_label" not in fields:
        read.fault(node, "A chart of the type schema lacks the key 'x_label'.")
    if "x_label" in fields and kind not in {"schema", ""}:
        read.fault(fields["x_label"], "Only a chart of the type schema has an x_label.")
    title = read.text(fields.get("title"), "The chart's title", 100)
    alt = read.text(fields.get("alt"), "The chart's alt", 600, 20)
    unit = read.text(fields.get("unit"), "The chart's unit", 40)
    x_label = read.text(fields.get("x_label"), "The chart's x_label", 40)
    labels = [
        read.label(item, f"x[{number}] of the chart")
        for number, item in enumerate(read.items(fields.get("x"), "The chart's x", 2), 1)
    ]
    numbers = tuple(value for _text, value in labels if value is not None)
    if kind == "schema" and "x" in fields:
        rising = all(a < b for a, b in pairwise(numbers))
        if len(numbers) < len(labels) or not rising:
            read.fault(fields["x"], "x of a chart of the type schema must be rising numbers.")
    if len({text for text, _value in labels}) < len(labels):
        read.fault(fields["x"], "x of the chart names a category twice.")
    nodes = read.items(fields.get("series"), "The chart's series", 1, 5)
    series = [
        _series(item, number, kind, len(labels), read) for number, item in enumerate(nodes, 1)
    ]
    written = [value for _series, texts in series for value in texts]
    source = read.text(fields.get("source"), "The chart's source")
    return Chart(
        kind=kind,
        title=title,
        alt=alt,
        unit=unit,
        x_label=x_label,
        x=tuple(text for text, _value in labels),
        x_values=numbers if len(numbers) == len(labels) else None,
        series=tuple(one for one, _texts in series if one is not None),
        source=source,
        decimals=max((_decimals(text) for text in written), default=0),
    )


def _series(
    node: Node, number: int, kind: str, wanted: int, read: Reader
) -> tuple[Series | None, list[str]]:
    """Return a series with its values as they were written, which says how exact they are."""
    what = f"series[{number}] of the chart"
    fields = read.fields(node, what, ("name", "values"))
    if fields is None:
        return None, []
    name = read.text(fields.get("name"), f"The name of {what}", 60)
    nodes = read.items(fields.get("values"), f"The values of {what}")
    gaps = kind in {"bar", "line"}
    values = tuple(
        read.number(item, f"values[{place}] of {what}", may_be_null=gaps)
        for place, item in enumerate(nodes, 1)
    )
    if "values" in fields and len(values) != wanted:
        count = f"{len(values)} values for {wanted} of x"
        read.fault(fields["values"], f"The values of {what} must be as many as x: {count}.")
    if kind == "stacked" and any(value is not None and value < 0 for value in values):
        read.fault(fields["values"], f"The values of {what} must not be negative in a stack.")
    if values and all(value is None for value in values):
        read.fault(fields["values"], f"{what} has no figure at all.")
    return Series(name, values), [str(read.plain(item) or "") for item in nodes]


#: How many items a diagram has: least and most.
_ITEMS = {"steps": (3, 7), "timeline": (3, 9), "levels": (3, 6)}
#: How long its words may be: a box holds half as many characters of a language without spaces.
_LABEL, _TEXT, _WHEN, _EVENT = 24, 80, 16, 60


def _diagram(node: Node, read: Reader, language: str) -> Diagram | None:
    kind = _type_of(node)
    may = ("cycle",) if kind == "steps" else ()
    fields = read.fields(node, "The chart", ("type", "title", "alt", "items", "source"), may)
    if fields is None:
        return None
    nodes = read.items(fields.get("items"), "The chart's items", *_ITEMS[kind])
    items = [_item(item, number, kind, read, language) for number, item in enumerate(nodes, 1)]
    return Diagram(
        kind=kind,
        title=read.text(fields.get("title"), "The chart's title", 100),
        alt=read.text(fields.get("alt"), "The chart's alt", 600, 20),
        items=tuple(one for one in items if one is not None),
        source=read.text(fields.get("source"), "The chart's source"),
        cycle=bool(read.flag(fields.get("cycle"), "The chart's cycle")),
    )


def _item(node: Node, number: int, kind: str, read: Reader, language: str) -> Item | None:
    what = f"items[{number}] of the chart"
    share = 2 if language == "ja" else 1
    if kind == "timeline":
        fields = read.fields(node, what, ("when", "label"))
        if fields is None:
            return None
        when, _value = (
            read.label(fields["when"], f"'when' of {what}", _WHEN)
            if ("when" in fields)
            else ("", None)
        )
        return Item(read.text(fields.get("label"), f"'label' of {what}", _EVENT // share), "", when)
    fields = read.fields(node, what, ("label", "text"))
    if fields is None:
        return None
    return Item(
        read.text(fields.get("label"), f"'label' of {what}", _LABEL // share),
        read.text(fields.get("text"), f"'text' of {what}", _TEXT // share),
    )


def _decimals(text: str) -> int:
    """Count the decimals that a number needs: 1.60 needs one."""
    return len(text.partition(".")[2].rstrip("0"))


def read_check(source: str, first_line: int, report: Report) -> tuple[Question, ...] | None:
    """Read a check; every fault is reported, and with any the answer is None."""
    faults: list[int] = []

    def note(line: int, sentence: str) -> None:
        faults.append(line)
        report(line, sentence)

    node = read_yaml(source, first_line, note)
    if node is None:
        return None
    read = Reader(first_line, note)
    fields = read.fields(node, "The check", ("questions",))
    if fields is None:
        return None
    nodes = read.items(fields.get("questions"), "The check's questions", 2, 5)
    questions = tuple(_question(item, number, read) for number, item in enumerate(nodes, 1))
    return None if faults else tuple(one for one in questions if one is not None)


def _question(node: Node, number: int, read: Reader) -> Question | None:
    what = f"Question {number} of the check"
    fields = read.fields(node, what, ("ask", "options"))
    if fields is None:
        return None
    ask = read.text(fields.get("ask"), f"'ask' of question {number}", 600)
    nodes = read.items(fields.get("options"), f"The options of question {number}", 2, 5)
    options = [
        _option(item, f"Option {place} of question {number}", read)
        for place, item in enumerate(nodes, 1)
    ]
    right = sum(1 for option in options if option is not None and option.right)
    if "options" in fields and right != 1:
        read.fault(node, f"{what} must have exactly one right option, not {right}.")
    texts = [option.text for option in options if option is not None]
    if len(set(texts)) < len([text for text in texts if text]):
        read.fault(node, f"{what} has two options with the same text.")
    return Question(ask, tuple(option for option in options if option is not None))


def _option(node: Node, what: str, read: Reader) -> Option | None:
    fields = read.fields(node, what, ("text", "right", "why"))
    if fields is None:
        return None
    return Option(
        text=read.text(fields.get("text"), f"{what}: 'text'", 400),
        right=bool(read.flag(fields.get("right"), f"{what}: 'right'")),
        why=read.text(fields.get("why"), f"{what}: 'why'", 600),
    )
