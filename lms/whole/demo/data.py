"""Reads what the demo tells: the cast and the stories, from the YAML files beside this one."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from lms.kernel.localized import Localized
from lms.people.operations import Profile
from lms.whole.content.check import read_lessons
from lms.whole.content.documents import LessonDocument
from lms.whole.content.slides import Slide, lesson_slides

HERE: Final = Path(__file__).resolve().parent
#: One for all of the cast: shown on the sign-in page of the demo and in the terminal.
PASSWORD: Final = "tomoni-demo-2026"  # noqa: S105 - public on purpose, and refused elsewhere
DOMAIN: Final = "demo.example"

_PROFILE: Final = frozenset(Profile.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class OrganisationSeed:
    """An organisation of the demo; `parent` is a code."""

    code: str
    level: str
    name: Localized
    parent: str | None = None
    order: int = 0
    country: str = "JP"


@dataclass(frozen=True, slots=True)
class PersonSeed:
    """A person of the demo. `roles` are (role, kind of scope or "", code or slug)."""

    login: str
    address: str
    profile: Profile
    org: str | None
    roles: tuple[tuple[str, str, str], ...]
    card: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone, the organisations they belong to, and what the federation calls itself."""

    site: Mapping[str, Any]
    organisations: tuple[OrganisationSeed, ...]
    people: tuple[PersonSeed, ...]

    @property
    def cards(self) -> tuple[PersonSeed, ...]:
        """Those who are offered on the sign-in page."""
        return tuple(person for person in self.people if person.card)


@dataclass(frozen=True, slots=True)
class Deck:
    """Slides of one lecture by language, as many in each, and those that only paper has."""

    slug: str
    title: Localized
    slides: dict[str, tuple[Slide, ...]] = field(default_factory=dict)
    papers: dict[str, tuple[Slide, ...]] = field(default_factory=dict)


def _read(name: str) -> Any:
    return _parsed(HERE / name)


def _parsed(path: Path) -> Any:
    import yaml  # noqa: PLC0415 - heavy, and only in the demo

    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _role(text: str) -> tuple[str, str, str]:
    """Read `coordinator org:AED`, or a role that holds everywhere."""
    role, _space, scope = text.partition(" ")
    kind, _colon, key = scope.partition(":")
    return role, kind, key


def _person(entry: Mapping[str, Any]) -> PersonSeed:
    names = {
        {"family": "family_name", "given": "given_name"}.get(key, key): value
        for key, value in entry.items()
    }
    return PersonSeed(
        login=entry["login"],
        address=entry.get("address", f"{entry['login']}@{DOMAIN}"),
        profile=Profile(**{key: value for key, value in names.items() if key in _PROFILE}),
        org=entry.get("org"),
        roles=tuple(_role(text) for text in entry.get("roles", ())),
        card=bool(entry.get("card")),
    )


@cache
def read_cast() -> Cast:
    """Return the cast."""
    data = _read("cast.yaml")
    return Cast(
        site=data["site"],
        organisations=tuple(OrganisationSeed(**one) for one in data["organisations"]),
        people=tuple(_person(one) for one in data["people"]),
    )


@cache
def read_stories() -> dict[str, Any]:
    """Return the stories as they stand in the file."""
    data: dict[str, Any] = _read("stories.yaml")
    return data


@cache
def _lessons(folder: Path) -> dict[str, LessonDocument]:
    """Return the lessons of a programme's folder with their decks."""
    return read_lessons(folder)


def read_deck(content: Path, slug: str, programme: str = "labour-economics") -> Deck:
    """Return the slides of a lesson from the content folder, in every language that it has.

    A film shows all but the sources, which a handout has at its end.
    """
    folder = content / programme
    lesson = _lessons(folder)[slug]
    titles = _parsed(folder / "programme.yaml")["title"]
    title: Localized = {}
    slides: dict[str, tuple[Slide, ...]] = {}
    papers: dict[str, tuple[Slide, ...]] = {}
    for language in sorted(lesson.texts):
        text = lesson.texts[language]
        own = lesson.decks.get(language)
        pages = lesson_slides(titles[language], text, own)
        title[language] = own.title if own is not None else text.title
        slides[language] = tuple(slide for slide in pages if slide.kind != "small")
        papers[language] = tuple(slide for slide in pages if slide.kind == "small")
    return Deck(slug, title, slides, papers)


def hash_files(folders: Iterable[Path]) -> str:
    """Return a hash of everything in some folders, to know when the demo must be brought up."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".yaml", ".md", ".typ"} and path.is_file():
                digest.update(str(path.relative_to(folder)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
