"""The glossary as its page and the lessons need it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from lms.courses.models import Edition, GlossaryTerm, Lesson, Part, Programme
from lms.courses.queries import SHOWN_STATES, reach_condition
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.japanese import kana_sort_key, search_document, search_key
from lms.kernel.localized import Localized, pick

_CACHE_SECONDS = 5.0  # another process's load is seen after this long


@dataclass(frozen=True, slots=True)
class TermLine:
    """A term; texts are keyed by language. `reading` is that of the Japanese term, or empty."""

    slug: str
    term: Localized
    reading: str
    also: Mapping[str, Sequence[str]]
    meaning: Localized
    see: tuple[str, ...]
    document: str

    def forms(self, language: str) -> tuple[str, ...]:
        """Return every way in which texts of a language write it; none where it has no text."""
        term = self.term.get(language)
        return (term, *self.also.get(language, ())) if term else ()

    def other_language(self, language: str) -> str:
        """Return the language of the term beside the one for readers of `language`, or ''."""
        shown = pick(self.term, language).language
        return next((tag for tag in self.term if tag != shown), "")


@dataclass(frozen=True, slots=True)
class Glossary:
    """All terms by slug. `kept` is for what readers work out from them, to be made once."""

    lines: Mapping[str, TermLine] = field(default_factory=dict)
    kept: dict[Any, Any] = field(default_factory=dict, compare=False)

    def ordered(self, language: str) -> list[TermLine]:
        """Return the terms as a reader of a language looks for them: by reading, or A to Z."""
        if language == "ja":
            return sorted(self.lines.values(), key=lambda line: (_kana_key(line), line.slug))
        return sorted(
            self.lines.values(),
            key=lambda line: (pick(line.term, language).text.casefold(), line.slug),
        )

    def found(self, text: str, language: str) -> list[TermLine]:
        """Return the terms, in order, in whose words and meanings every word of a text stands."""
        keys = [key for word in text.split()[:10] if (key := search_key(word))]
        return [
            line for line in self.ordered(language) if all(key in line.document for key in keys)
        ]


def _kana_key(line: TermLine) -> str:
    term = pick(line.term, "ja").text
    return kana_sort_key(line.reading or term, "", term, "")


@dataclass(slots=True)
class _Cache:
    glossary: Glossary | None = None
    until: float = 0.0


_cache = _Cache()


def read_glossary() -> Glossary:
    """Return the glossary; read at most once in five seconds a process."""
    if _cache.glossary is None or time.monotonic() > _cache.until:
        rows = db.session.scalars(select(GlossaryTerm).order_by(GlossaryTerm.slug)).all()
        _cache.glossary = Glossary({row.slug: _line(row) for row in rows})
        _cache.until = time.monotonic() + _CACHE_SECONDS
    return _cache.glossary


def forget_glossary() -> None:
    """Read again next time."""
    _cache.glossary = None


def _line(row: GlossaryTerm) -> TermLine:
    also = {tag: tuple(words) for tag, words in row.also.items()}
    texts = (*row.term.values(), row.reading, *row.meaning.values())
    return TermLine(
        slug=row.slug,
        term=row.term,
        reading=row.reading,
        also=also,
        meaning=row.meaning,
        see=tuple(row.see),
        document=_document(texts + tuple(word for words in also.values() for word in words)),
    )


@lru_cache(maxsize=4096)
def _document(texts: tuple[str, ...]) -> str:
    """Return what is searched; kept, because the same rows are read again every few seconds."""
    return search_document(*texts)


@dataclass(frozen=True, slots=True)
class LessonPlace:
    """A lesson and the course in which it stands."""

    programme_slug: str
    edition_slug: str
    lesson_slug: str
    title: Localized


def lessons_by_term(actor: Actor) -> dict[str, list[LessonPlace]]:
    """Return the lessons that list each term, in one query: of courses that the actor may see.

    A lesson that stands in several editions of a programme is given once, in the newest.
    """
    rows = db.session.execute(
        select(Programme.slug, Edition.slug, Lesson.slug, Lesson.title, Lesson.glossary)
        .join(Edition, Edition.programme_id == Programme.id)
        .join(Part, Part.edition_id == Edition.id)
        .join(Lesson, Lesson.part_id == Part.id)
        .where(
            Edition.state.in_(SHOWN_STATES),
            Programme.archived_at.is_(None),
            reach_condition(actor),
        )
        .order_by(Programme.slug, Edition.id.desc(), Part.position, Lesson.position, Lesson.id)
    )
    found: dict[str, list[LessonPlace]] = {}
    seen: set[tuple[str, str]] = set()
    for programme, edition, slug, title, glossary in rows:
        if (programme, slug) in seen:
            continue
        seen.add((programme, slug))
        for term in dict.fromkeys(_slugs_of(glossary)):
            found.setdefault(term, []).append(LessonPlace(programme, edition, slug, title))
    return found


def _slugs_of(glossary: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    for entries in glossary.values():
        for entry in entries:
            if "slug" in entry:
                yield str(entry["slug"])
