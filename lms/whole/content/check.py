"""Checks all content at once, without database or settings."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from lms.infra.markup.blocks import Chart, Diagram
from lms.whole.content.documents import (
    Deck,
    Fault,
    Faults,
    LessonDocument,
    LessonText,
    ProgrammeDocument,
    TermDocument,
)
from lms.whole.content.glossary import check_terms, read_glossary
from lms.whole.content.house import check_house, read_house
from lms.whole.content.lessons import read_deck, read_lesson
from lms.whole.content.programmes import ProgrammeFile, read_programme
from lms.whole.content.shape import LANGUAGE_NAMES, LANGUAGES, SLUG, SLUG_LENGTH

#: Folders beside the programmes that other parts of the product read.
NO_PROGRAMMES = frozenset({"forms", "glossary"})
_NAME = re.compile(rf"(.+)\.({'|'.join(LANGUAGES)})")


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, and what is wrong with it, in the order of files and lines.

    `warnings` are missing translations that a site of one language lets pass (`lenient`).
    `unlike_house` is what is sound but not as the house asks: it can be loaded.
    """

    programmes: tuple[ProgrammeDocument, ...]
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    unlike_house: tuple[Fault, ...] = ()
    terms: tuple[TermDocument, ...] = ()

    def counts(self) -> str:
        """Return in one line what is there."""
        editions = [edition for one in self.programmes for edition in one.editions]
        lessons = [lesson for one in self.programmes for lesson in one.lessons.values()]
        texts = [text for lesson in lessons for text in lesson.texts.values()]
        return (
            f"{len(self.programmes)} programmes, {len(editions)} editions,"
            f" {sum(len(edition.parts) for edition in editions)} parts, {len(lessons)} lessons"
            f" in {len(texts)} texts, {sum(text.figures for text in texts)} figures,"
            f" {len(self.terms)} terms: no faults."
        )


def check_content(folder: Path, *, lenient: bool = False) -> Checked:
    """Read every file of a content folder and find every fault in it.

    Documents of files with faults may be incomplete: load only what has none.
    """
    faults = Faults()
    files: list[ProgrammeFile] = []
    if not folder.is_dir():
        faults.add(folder, 1, "There is no such folder.")
    else:
        folders = sorted(
            one
            for one in folder.iterdir()
            if one.is_dir() and not one.name.startswith(".") and one.name not in NO_PROGRAMMES
        )
        if not folders:
            faults.add(folder, 1, "The folder holds no programmes.")
        for one in folders:
            file = _read_folder(one, faults)
            if file is not None:
                files.append(file)
    _check_paths(files, faults)
    terms = read_glossary(folder / "glossary", faults)
    programmes = [file.document for file in files if file.document is not None]
    for programme in programmes:
        for lesson in programme.lessons.values():
            for text in lesson.texts.values():
                check_terms(text, terms, faults)
    house, unlike = read_house(folder, faults), Faults()
    check_house(house, programmes, unlike)
    if len(terms) < house.glossary:
        sentence = f"The glossary must have at least {house.glossary} terms, not {len(terms)}."
        unlike.add(folder / "glossary", 1, sentence)
    found = sorted(set(faults.found))
    return Checked(
        programmes=tuple(programmes),
        faults=tuple(fault for fault in found if not (lenient and fault.lenient)),
        warnings=tuple(fault for fault in found if lenient and fault.lenient),
        unlike_house=tuple(sorted(set(unlike.found))),
        terms=tuple(terms.values()),
    )


def read_lessons(folder: Path) -> dict[str, LessonDocument]:
    """Return the lessons of one programme's folder with their decks, whatever is wrong in them."""
    faults = Faults()
    lessons = _read_lessons(folder / "lessons", faults)
    _read_slides(folder / "slides", lessons, faults)
    return lessons


def _read_folder(folder: Path, faults: Faults) -> ProgrammeFile | None:
    """Read a programme with its lessons and slides."""
    lessons = _read_lessons(folder / "lessons", faults)
    _read_slides(folder / "slides", lessons, faults)
    path = folder / "programme.yaml"
    if not path.is_file():
        faults.add(path, 1, "The folder has no programme.yaml.")
        return None
    file = read_programme(path, faults)
    if file is None or file.document is None:
        return file
    for slug, line in file.lessons:
        if slug not in lessons:
            faults.add(path, line, f"There is no lesson {slug!r} in {folder.name}/lessons.")
    listed = {slug for slug, _line in file.lessons}
    for slug, lesson in lessons.items():
        if slug not in listed:
            text = next(iter(lesson.texts.values()), None)
            if text is not None:
                faults.add(text.path, 1, "No part of the programme lists this lesson.")
    for slug, line in file.read:
        if slug in lessons and lessons[slug].texts and not lessons[slug].has_check:
            sentence = f"The lesson {slug!r} has no check, so that reading it cannot count."
            faults.add(path, line, sentence)
    file.document = replace(file.document, lessons=lessons)
    return file


def _named(folder: Path, ending: str, faults: Faults) -> dict[str, dict[str, Path]]:
    """Return the files of a folder by slug and language; other files are faults."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        match = _NAME.fullmatch(path.name.removesuffix(ending))
        if match is None or not path.name.endswith(ending) or not path.is_file():
            names = " or ".join(f"<slug>.{language}{ending}" for language in LANGUAGES)
            faults.add(path, 1, f"A file here is named {names}.")
        elif not SLUG.fullmatch(match[1]) or len(match[1]) > SLUG_LENGTH:
            faults.add(path, 1, "The slug in the name must be small letters, digits and hyphens.")
        else:
            found.setdefault(match[1], {})[match[2]] = path
    return found


def _check_languages(paths: dict[str, Path], thing: str, faults: Faults) -> None:
    for language in LANGUAGES:
        if language not in paths:
            path = next(iter(paths.values()))
            sentence = (
                f"This {thing} has no {LANGUAGE_NAMES[language]} text beside it ({language})."
            )
            faults.add(path, 1, sentence, lenient=True)


def _read_lessons(folder: Path, faults: Faults) -> dict[str, LessonDocument]:
    lessons = {}
    for slug, paths in _named(folder, ".md", faults).items():
        _check_languages(paths, "lesson", faults)
        texts = {
            language: text
            for language, path in paths.items()
            if (text := read_lesson(path, language, faults)) is not None
        }
        lessons[slug] = LessonDocument(slug, texts)
        _compare(list(texts.values()), faults)
    return lessons


def _compare(texts: list[LessonText], faults: Faults) -> None:
    """Report where the languages of a lesson do not have the same figures and questions."""
    for one in texts[1:]:
        first = texts[0]
        other = LANGUAGE_NAMES[first.language]
        if one.figures != first.figures:
            sentence = f"It has {one.figures} figures; the {other} text has {first.figures}."
            faults.add(one.path, 1, sentence)
        else:
            for number, pair in enumerate(
                zip(one.found.charts, first.found.charts, strict=True), 1
            ):
                if None not in pair and _values_of(pair[0]) != _values_of(pair[1]):
                    sentence = f"Its figure {number} does not show what the {other} one shows:"
                    faults.add(one.path, 1, f"{sentence} type and values must be the same.")
        if one.has_check != first.has_check:
            which, language = (first, one.language) if one.has_check else (one, first.language)
            sentence = f"It has no check; the {LANGUAGE_NAMES[language]} text has one."
            faults.add(which.path, 1, sentence)
        elif one.check is not None and first.check is not None and one.check != first.check:
            sentence = f"Its check must have as many questions and options as the {other} one."
            faults.add(one.path, 1, sentence)


def _values_of(figure: Chart | Diagram | None) -> object:
    """Return what a figure shows whatever its language."""
    if isinstance(figure, Chart):
        values = [one.values for one in figure.series]
        return figure.kind, figure.x_values or len(figure.x), values
    return figure and (figure.kind, figure.cycle, len(figure.items))


def _read_slides(folder: Path, lessons: dict[str, LessonDocument], faults: Faults) -> None:
    for slug, paths in _named(folder, ".yaml", faults).items():
        _check_languages(paths, "deck", faults)
        decks: list[Deck] = []
        for language, path in paths.items():
            if slug not in lessons:
                faults.add(path, 1, f"There is no lesson {slug!r} to which the deck belongs.")
            deck = read_deck(path, language, faults)
            if deck is not None:
                decks.append(deck)
                if slug in lessons:
                    lessons[slug].decks[language] = deck
        for deck in decks[1:]:
            mine, other = len(deck.slides), len(decks[0].slides)
            if mine != other:
                sentence = f"It has {mine} slides; the other language has {other}."
                faults.add(deck.path, 1, sentence)


def _check_paths(files: Iterable[ProgrammeFile], faults: Faults) -> None:
    """Report programmes of one name, and paths that lead nowhere or in a circle."""
    known: dict[str, ProgrammeFile] = {}
    for file in files:
        if file.slug in known:
            other = known[file.slug].path.parent.name
            sentence = f"The programme in {other!r} has the slug {file.slug!r} already."
            faults.add(file.path, file.slug_line, sentence)
        elif file.slug:
            known[file.slug] = file
    for file in known.values():
        if file.leads_to is None:
            continue
        if file.leads_to not in known:
            sentence = f"'leads_to' names {file.leads_to!r}, which is no programme here."
            faults.add(file.path, file.leads_to_line, sentence)
        elif _is_in_circle(file, known):
            sentence = f"'leads_to' makes a circle that comes back to {file.slug!r}."
            faults.add(file.path, file.leads_to_line, sentence)


def _is_in_circle(start: ProgrammeFile, known: dict[str, ProgrammeFile]) -> bool:
    at, steps = start.leads_to, 0
    while at is not None and at in known and steps <= len(known):
        if at == start.slug:
            return True
        at, steps = known[at].leads_to, steps + 1
    return False
