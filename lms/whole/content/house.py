"""What a house asks of its own content beyond the format: `house.yaml` beside the programmes.

A site without that file loads whatever is sound; with it, the same check holds lengths, the order
of sections, decks and the size of the glossary.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yaml.nodes import Node

from lms.infra.markup.faults import Section
from lms.infra.markup.nodes import read_yaml
from lms.infra.markup.words import word
from lms.whole.content.documents import (
    Deck,
    Faults,
    LessonDocument,
    LessonText,
    ProgrammeDocument,
)
from lms.whole.content.shape import LANGUAGES, FileReader, read_text

NAME: Final = "house.yaml"
Range = tuple[float, float]
#: Reading speed and a time for questions and check, from which the minutes are reckoned.
_PACE: Final = {"ja": 400, "en": 150}
_PAUSE: Final = 5
_RANGES: Final = ("questions", "slides", "terms", "minutes")
_LENGTHS: Final = ("text", "section", "deeper", "plain")
_PLACES: Final = ("plain_in", "deeper_in")


@dataclass(frozen=True, slots=True)
class House:
    """The rules of a house, read from its file; what is absent is not asked.

    `lengths` by part and language (words, in Japanese characters); `ranges` of counts, of
    `minutes` as multiples of what is reckoned; `places` are slugs of programmes.
    """

    lengths: Mapping[str, Mapping[str, Range]] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    places: Mapping[str, frozenset[str]] = field(default_factory=dict)
    figure: bool = False
    glossary: int = 0


def read_house(folder: Path, faults: Faults) -> House:
    """Read the rules beside the programmes; without a file none."""
    path = folder / NAME
    if not path.is_file():
        return House()
    report = faults.within(path)
    text = read_text(path, report)
    node = read_yaml(text, 1, report) if text is not None else None
    read = FileReader(1, report)
    known = (*_LENGTHS, *_RANGES, *_PLACES, "figure", "glossary")
    fields = read.fields(node, "The file", (), known) if node is not None else None
    if fields is None:
        return House()
    lengths = {}
    for name in _LENGTHS:
        by_language = read.fields(fields[name], f"{name!r}", LANGUAGES) if name in fields else None
        lengths[name] = {
            tag: _range(value, f"{name!r} ({tag})", read)
            for tag, value in (by_language or {}).items()
        }
    return House(
        lengths=lengths,
        ranges={
            name: _range(fields[name], f"{name!r}", read) for name in _RANGES if name in fields
        },
        places={
            name: frozenset(
                read.slug(item, f"{name!r}") for item in read.items(fields.get(name), f"{name!r}")
            )
            for name in _PLACES
        },
        figure=bool(read.flag(fields.get("figure"), "'figure'")),
        glossary=read.whole(fields.get("glossary"), "'glossary'", 0, 100_000) or 0,
    )


def _range(node: Node, what: str, read: FileReader) -> Range:
    nodes = read.items(node, what, 2, 2)
    values = [read.number(item, what) or 0.0 for item in nodes]
    return (values[0], values[1]) if len(values) > 1 else (0.0, float("inf"))


def check_house(house: House, programmes: Iterable[ProgrammeDocument], faults: Faults) -> None:
    """Report where lessons and decks are not what their house asks."""
    for programme in programmes:
        for lesson in programme.lessons.values():
            for text in lesson.texts.values():
                for line, sentence in _faults_of(house, programme.slug, lesson, text):
                    faults.add(text.path, line, sentence)
            _compare_tables(house, lesson, faults)
            for deck in lesson.decks.values():
                for line, sentence in _deck_faults(house, deck):
                    faults.add(deck.path, line, sentence)


def _within(value: float, limits: Range | None) -> bool:
    return limits is None or limits[0] <= value <= limits[1]


def _between(limits: Range, unit: str) -> str:
    return f"{limits[0]:,.0f} to {limits[1]:,.0f} {unit}"


def _faults_of(
    house: House, programme: str, lesson: LessonDocument, text: LessonText
) -> Iterator[tuple[int, str]]:
    found = text.found
    sections = found.sections
    roles = [section.role for section in sections]
    deeper = sum(section.length for section in sections if section.role == "deeper")
    own = found.length - deeper
    first = sections[0].line if sections else 1
    yield from _length_faults(house, text, own, first)
    if roles.count("plain") and roles[0] != "plain":
        line = sections[roles.index("plain")].line
        yield line, "The section in plain words must stand first."
    for name in ("plain", "deeper"):
        if programme in house.places.get(f"{name}_in", ()) and name not in roles:
            title = word(name, text.language)
            yield first, f"This programme asks for a section titled '## {title}' in each lesson."
    if "deeper" in roles and roles[-2:-1] != ["deeper"]:
        line = sections[roles.index("deeper")].line
        yield line, "The harder passage must stand just before the questions."
    if house.figure and not text.figures and not found.tables:
        yield first, "The lesson has neither figure nor table."
    yield from _count_faults(house, lesson, text)
    reckoned = own / _PACE[text.language] + _PAUSE
    limits = house.ranges.get("minutes")
    if limits is not None and not _within(text.minutes / reckoned, limits):
        near = max(5, round(reckoned / 5) * 5)
        yield 1, f"'minutes' is {text.minutes}; the text asks for about {near}."


def _length_faults(
    house: House, text: LessonText, own: int, first: int
) -> Iterator[tuple[int, str]]:
    unit = "characters" if text.language == "ja" else "words"

    def limits(part: str) -> Range | None:
        return house.lengths.get(part, {}).get(text.language)

    whole = limits("text")
    if whole is not None and not _within(own, whole):
        what = "The text without figures, check and harder passage"
        yield first, f"{what} must have {_between(whole, unit)}, not {own:,}."
    for section in text.found.sections:
        part = section.role if section.role in {"plain", "deeper"} else "section"
        most = limits(part)
        if most is not None and not _within(section.length, most):
            yield section.line, _section_sentence(section, most, unit)


def _section_sentence(section: Section, limits: Range, unit: str) -> str:
    return (
        f"The section {section.title!r} must have {_between(limits, unit)}, not {section.length:,}."
    )


def _count_faults(
    house: House, lesson: LessonDocument, text: LessonText
) -> Iterator[tuple[int, str]]:
    questions, terms = house.ranges.get("questions"), house.ranges.get("terms")
    if questions is not None and text.check is not None and not _within(len(text.check), questions):
        count = len(text.check)
        yield 1, f"The check must have {_between(questions, 'questions')}, not {count}."
    if terms is not None and not _within(len(text.terms), terms):
        count = len(text.terms)
        yield 1, f"'glossary' must list {_between(terms, 'terms')} of the glossary, not {count}."
    if "slides" in house.ranges and text.language not in lesson.decks:
        name = f"slides/{lesson.slug}.{text.language}.yaml"
        yield 1, f"The lesson has no deck of slides ({name})."


def _deck_faults(house: House, deck: Deck) -> Iterator[tuple[int, str]]:
    limits = house.ranges.get("slides")
    if limits is not None and not _within(len(deck.slides), limits):
        yield 1, f"The deck must have {_between(limits, 'slides')}, not {len(deck.slides)}."
    repeated = {
        word(name, language) for name in ("questions", "questions_slide") for language in LANGUAGES
    }
    for (title, _lines), line in zip(deck.slides, deck.lines, strict=True):
        if limits is not None and title in repeated:
            yield line, "The questions are added to the deck from the lesson: leave this slide out."


def _compare_tables(house: House, lesson: LessonDocument, faults: Faults) -> None:
    texts = list(lesson.texts.values())
    for one in texts[1:]:
        mine, other = one.found.tables, texts[0].found.tables
        if house.figure and mine != other:
            shapes = [
                ", ".join(f"{t.rows}x{t.columns}" for t in tables) or "none"
                for tables in (mine, other)
            ]
            sentence = (
                f"Its tables ({shapes[0]}) are not those of the other language ({shapes[1]})."
            )
            faults.add(one.path, 1, sentence)
