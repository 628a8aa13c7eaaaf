"""Reads a lesson file and a deck of slides."""

from pathlib import Path

from yaml.nodes import Node, ScalarNode

from lms.infra.markup import find_faults
from lms.infra.markup.blocks import Chart
from lms.infra.markup.nodes import read_yaml
from lms.infra.markup.words import word
from lms.whole.content.documents import Deck, Faults, LessonText
from lms.whole.content.glossary import read_term
from lms.whole.content.shape import FileReader, read_text

_FRONT = ("title", "minutes", "objectives", "sources", "glossary")
_LINE_LENGTHS = {"ja": 45, "en": 90}


def read_lesson(path: Path, language: str, faults: Faults) -> LessonText | None:
    """Read one language of a lesson; None when there is nothing to be had."""
    report = faults.within(path)
    text = read_text(path, report)
    if text is None:
        return None
    lines = text.split("\n")
    end = next((n for n, line in enumerate(lines) if n and line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        report(1, "A lesson begins with its front matter between two lines '---'.")
        return None
    body = "\n".join(lines[end + 1 :])
    found = find_faults(body, language, end + 2, report)
    node = read_yaml("\n".join(lines[1:end]), 2, report)
    if node is None:
        return None
    read = FileReader(2, report)
    fields = read.fields(node, "The front matter", _FRONT)
    if fields is None:
        return None
    objectives = [
        read.text(item, f"objectives[{number}]", 200)
        for number, item in enumerate(read.items(fields.get("objectives"), "objectives", 2, 5), 1)
    ]
    sources = read.sources(fields.get("sources"), "sources", localized=False)
    invented = word("worked_example", language)
    charts = [
        chart for chart in found.charts if isinstance(chart, Chart) and chart.kind != "schema"
    ]
    if any(not chart.source.startswith(invented) for chart in charts) and not sources:
        line = read.line(fields["sources"]) if "sources" in fields else 2
        report(line, "'sources' may not be empty in a lesson with figures from statistics.")
    glossary, terms = _glossary(fields.get("glossary"), language, read)
    questions = found.questions
    return LessonText(
        path=path,
        language=language,
        title=read.text(fields.get("title"), "'title'", 120),
        minutes=read.whole(fields.get("minutes"), "'minutes'", 1, 120) or 1,
        objectives=objectives,
        sources=sources,
        glossary=glossary,
        terms=terms,
        body=body.strip("\n") + "\n",
        found=found,
        figures=len(found.charts),
        check=None if questions is None else tuple(len(one.options) for one in questions),
        has_check=found.has_check,
    )


def _glossary(
    node: Node | None, language: str, read: FileReader
) -> tuple[list[dict[str, str]], tuple[tuple[str, int], ...]]:
    """Return the terms that a lesson explains itself, and the slugs of the shared ones."""
    found: list[dict[str, str]] = []
    slugs: dict[str, int] = {}
    for number, item in enumerate(read.items(node, "glossary"), 1):
        what = f"glossary[{number}]"
        if isinstance(item, ScalarNode):
            slug = read.slug(item, what)
            if slug in slugs:
                read.fault(item, f"{what} lists {slug!r} a second time.")
            elif slug:
                slugs[slug] = read.line(item)
            continue
        fields = read.fields(item, what, ("term", "meaning"), ("reading",))
        if fields is None:
            continue
        text = read_term(item, fields, what, language, read)
        if text.term and any(text.term == other["term"] for other in found):
            read.fault(item, f"{what} explains {text.term!r} a second time.")
        entry = {"term": text.term, "meaning": text.meaning}
        found.append({**entry, "reading": text.reading} if text.reading else entry)
    return found, tuple(slugs.items())


def read_deck(path: Path, language: str, faults: Faults) -> Deck | None:
    """Read one language of a deck; None when there is nothing to be had."""
    report = faults.within(path)
    text = read_text(path, report)
    node = read_yaml(text, 1, report) if text is not None else None
    if node is None:
        return None
    read = FileReader(1, report)
    fields = read.fields(node, "The deck", ("title", "slides"))
    if fields is None:
        return None
    slides, lines = [], []
    nodes = read.items(fields.get("slides"), "slides", 3, 20)
    for number, item in enumerate(nodes, 1):
        what = f"slides[{number}]"
        lines.append(read.line(item))
        slide = read.fields(item, what, ("title", "lines")) or {}
        title = read.text(slide.get("title"), f"{what}: 'title'", 60)
        texts = tuple(
            read.text(line, f"{what}: line {place}", _LINE_LENGTHS[language])
            for place, line in enumerate(
                read.items(slide.get("lines"), f"{what}: 'lines'", 3, 4), 1
            )
        )
        slides.append((title, texts))
    title = read.text(fields.get("title"), "'title'", 120)
    return Deck(path, title, tuple(slides), tuple(lines))
