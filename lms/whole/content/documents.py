"""What content files say, once read: plain values without database or files."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from lms.infra.markup import Body
from lms.kernel.localized import Localized


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong at a line of a file. `lenient`: a site of one language may let it pass."""

    path: str
    line: int
    sentence: str
    lenient: bool = False

    @override
    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


@dataclass(slots=True)
class Faults:
    """The faults found so far."""

    found: list[Fault] = field(default_factory=list)

    def add(self, path: Path, line: int, sentence: str, *, lenient: bool = False) -> None:
        """Note a fault."""
        self.found.append(Fault(_shown(path), line, sentence, lenient))

    def within(self, path: Path) -> "FileFaults":
        """Return where faults of one file are noted."""
        return FileFaults(self, path)


@dataclass(frozen=True, slots=True)
class FileFaults:
    """Notes faults of one file; a `Report` for the readers of YAML."""

    faults: Faults
    path: Path

    def __call__(self, line: int, sentence: str) -> None:
        """Note a fault."""
        self.faults.add(self.path, line, sentence)

    def lenient(self, line: int, sentence: str) -> None:
        """Note a fault that a site of one language may let pass."""
        self.faults.add(self.path, line, sentence, lenient=True)


def _shown(path: Path) -> str:
    """Return a path as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_absolute() and path.is_relative_to(here) else path)


@dataclass(frozen=True, slots=True)
class LessonText:
    """A lesson in one language; `line` is that of its front matter, for faults."""

    path: Path
    language: str
    title: str
    minutes: int
    objectives: list[str]
    sources: list[dict[str, str]]
    glossary: list[dict[str, str]]
    #: The slugs of the shared glossary that the lesson lists, with their lines.
    terms: tuple[tuple[str, int], ...]
    body: str
    found: Body
    figures: int
    #: The number of options of each question; None when the check has faults.
    check: tuple[int, ...] | None
    has_check: bool


@dataclass(frozen=True, slots=True)
class TermText:
    """A term in one language; `also` are other ways in which texts write it."""

    term: str
    meaning: str
    reading: str = ""
    also: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """Every way in which it is written."""
        return (self.term, *self.also)


@dataclass(frozen=True, slots=True)
class TermDocument:
    """An entry of the shared glossary; `see` are the slugs of others."""

    path: Path
    line: int
    slug: str
    texts: dict[str, TermText]
    see: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deck:
    """The slides of a lesson in one language: titles with their lines."""

    path: Path
    title: str
    slides: tuple[tuple[str, tuple[str, ...]], ...]
    #: The line of the file on which each slide begins.
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LessonDocument:
    """A lesson in its languages."""

    slug: str
    texts: dict[str, LessonText]
    decks: dict[str, Deck] = field(default_factory=dict)

    @property
    def has_check(self) -> bool:
        """Whether there are questions to answer."""
        return any(text.has_check for text in self.texts.values())


@dataclass(frozen=True, slots=True)
class PartDocument:
    """A part of an edition."""

    slug: str
    title: Localized
    summary: Localized
    lessons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequirementDocument:
    """A requirement; routes name parts and lessons by slug, as the file does."""

    title: Localized
    routes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class GroupDocument:
    """A seminar group of an edition."""

    slug: str
    title: Localized
    theme: Localized


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """An entry of the planned timetable; part and groups by slug, times as HH:MM.

    `day` counts from 1; `groups` empty: for everybody; `where` is venue, web or both.
    """

    day: int
    starts: str
    ends: str
    title: Localized
    part: str | None
    room: Localized
    groups: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class EditionDocument:
    """An edition. `apply_until` is wall time of the site's zone."""

    slug: str
    title: Localized
    mode: str
    capacity: int | None
    starts_on: date | None
    ends_on: date | None
    apply_until: datetime | None
    approval: str
    parts: tuple[PartDocument, ...]
    combine: str
    needed: int | None
    requirements: tuple[RequirementDocument, ...]
    groups: tuple[GroupDocument, ...] = ()
    timetable: tuple[PlannedDocument, ...] = ()


@dataclass(frozen=True, slots=True)
class ProgrammeDocument:
    """A programme with everything below it."""

    slug: str
    kind: str
    title: Localized
    summary: Localized
    purpose: Localized
    audience: Localized
    reach: str
    languages: tuple[str, ...]
    leads_to: str | None
    keywords: dict[str, tuple[str, ...]]
    editions: tuple[EditionDocument, ...]
    lessons: dict[str, LessonDocument]
