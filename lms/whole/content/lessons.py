"""Reads a lesson file and a deck of slides."""

import re
from dataclasses import dataclass
from pathlib import Path

from yaml.nodes import Node

from lms.infra.markup import find_faults
from lms.infra.markup.nodes import read_yaml
from lms.infra.markup.words import word
from lms.whole.content.documents import Faults, FileFaults, LessonText
from lms.whole.content.shape import FileReader

_FRONT = ("title", "minutes", "objectives", "sources", "glossary")
# How CJK ideographs and kana are written in a pattern, without a letter of them in the code.
_KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005]")
_KANA = re.compile(r"[\u3040-\u30ff\s]+")
_LINE_LENGTHS = {"ja": 45, "en": 90}


def read_text(path: Path, report: FileFaults) -> str | None:
    """Return the text of a file, or None when it cannot be read as UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        report(1, f"The file cannot be read: {error.strerror}.")
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        report(1, "The file begins with a byte order mark; save it as UTF-8 without BOM.")
        raw = raw[3:]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        report(1 + raw[: error.start].count(b"\n"), "The file is not UTF-8 from here on.")
        return None
    if "\r" in text:
        report(1 + text[: text.index("\r")].count("\n"), "Lines must end with LF, not CR LF.")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        report(1, "The file is empty.")
        return None
    return text


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
    charts = [chart for chart in found.charts if chart is not None and chart.kind != "schema"]
    if any(not chart.source.startswith(invented) for chart in charts) and not sources:
        line = read.line(fields["sources"]) if "sources" in fields else 2
        report(line, "'sources' may not be empty in a lesson with figures from statistics.")
    questions = found.questions
    return LessonText(
        path=path,
        language=language,
        title=read.text(fields.get("title"), "'title'", 120),
        minutes=read.whole(fields.get("minutes"), "'minutes'", 1, 120) or 1,
        objectives=objectives,
        sources=sources,
        glossary=_glossary(fields.get("glossary"), language, read),
        body=body.strip("\n") + "\n",
        figures=len(found.charts),
        check=None if questions is None else tuple(len(one.options) for one in questions),
        has_check=found.has_check,
    )


def _glossary(node: Node | None, language: str, read: FileReader) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for number, item in enumerate(read.items(node, "glossary"), 1):
        what = f"glossary[{number}]"
        fields = read.fields(item, what, ("term", "meaning"), ("reading",))
        if fields is None:
            continue
        entry = {"term": read.text(fields.get("term"), f"{what}: 'term'", 60)}
        if "reading" in fields:
            entry["reading"] = read.text(fields["reading"], f"{what}: 'reading'", 80)
            if language != "ja":
                read.fault(fields["reading"], f"{what}: a reading is for Japanese terms only.")
            elif entry["reading"] and not _KANA.fullmatch(entry["reading"]):
                read.fault(fields["reading"], f"{what}: 'reading' must be hiragana or katakana.")
        elif language == "ja" and _KANJI.search(entry["term"]):
            read.fault(item, f"{what} lacks the key 'reading': its term has kanji.")
        entry["meaning"] = read.text(fields.get("meaning"), f"{what}: 'meaning'", 400)
        if entry["term"] and any(entry["term"] == other["term"] for other in found):
            read.fault(item, f"{what} explains {entry['term']!r} a second time.")
        found.append(entry)
    return found


@dataclass(frozen=True, slots=True)
class Deck:
    """A deck of slides in one language: how many there are."""

    path: Path
    slides: int


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
    read.text(fields.get("title"), "'title'", 120)
    slides = read.items(fields.get("slides"), "slides", 3, 20)
    for number, item in enumerate(slides, 1):
        what = f"slides[{number}]"
        slide = read.fields(item, what, ("title", "lines"))
        if slide is None:
            continue
        read.text(slide.get("title"), f"{what}: 'title'", 60)
        for place, line in enumerate(read.items(slide.get("lines"), f"{what}: 'lines'", 3, 4), 1):
            read.text(line, f"{what}: line {place}", _LINE_LENGTHS[language])
    return Deck(path, len(slides))
