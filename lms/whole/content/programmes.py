"""Reads a programme file."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from yaml.nodes import Node

from lms.infra.markup.nodes import Fields, read_yaml
from lms.whole.content.documents import (
    EditionDocument,
    Faults,
    PartDocument,
    ProgrammeDocument,
    RequirementDocument,
)
from lms.whole.content.shape import LANGUAGES, FileReader, read_text
from lms.whole.content.timetables import TimetableReader

KINDS = ("series", "web_lecture", "residential", "on_request", "staged")
MODES = ("venue", "web", "hybrid", "on_demand")
APPROVALS = ("first_come", "organiser")
REACHES = ("outside", "affiliate", "industrial", "hq")
COMBINES = ("all", "any", "at_least")
_PROGRAMME = (
    "slug", "kind", "title", "summary", "purpose", "audience", "reach", "languages", "leads_to",
    "keywords", "sources", "editions",
)  # fmt: skip
_EDITION = ("slug", "title", "mode", "approval", "parts", "completion")
_EDITION_MAY = ("capacity", "starts_on", "ends_on", "apply_until", "groups", "timetable")
_ROUTES = {"attend": ("part",), "watch": ("part", "percent"), "read": ("lesson",)}
_ROUTES_MAY = {"attend": ("percent",)}


@dataclass(slots=True)
class ProgrammeFile:
    """A programme as read, with the lines at which it names others."""

    path: Path
    slug: str
    slug_line: int
    leads_to: str | None
    leads_to_line: int
    #: Lesson slugs that parts list, with the lines.
    lessons: list[tuple[str, int]] = field(default_factory=list)
    #: Lesson slugs that routes name, with the lines.
    read: list[tuple[str, int]] = field(default_factory=list)
    document: ProgrammeDocument | None = None


def read_programme(path: Path, faults: Faults) -> ProgrammeFile | None:
    """Read programme.yaml; None when nothing is to be had. Lessons are joined by the checker."""
    report = faults.within(path)
    text = read_text(path, report)
    node = read_yaml(text, 1, report) if text is not None else None
    if node is None:
        return None
    return _ProgrammeReader(FileReader(1, report), path).read(node)


class _ProgrammeReader:
    """Reads one file and remembers the lines of what it names."""

    def __init__(self, read: FileReader, path: Path):
        self._read = read
        self._file = ProgrammeFile(path, "", 1, None, 1)

    def read(self, node: Node) -> ProgrammeFile | None:
        read = self._read
        fields = read.fields(node, "The programme", _PROGRAMME)
        if fields is None:
            return None
        file = self._file
        file.slug = read.slug(fields.get("slug"), "'slug'")
        file.slug_line = read.line(fields.get("slug", node))
        if file.slug and file.slug != file.path.parent.name:
            read.fault(
                fields["slug"],
                f"'slug' must equal the name of the folder, {file.path.parent.name!r}.",
            )
        file.leads_to = self._leads_to(fields)
        file.leads_to_line = read.line(fields.get("leads_to", node))
        read.sources(fields.get("sources"), "sources", localized=True)
        nodes = read.items(fields.get("editions"), "editions", 1)
        editions = [self._edition(item, f"editions[{n}]") for n, item in enumerate(nodes, 1)]
        self._once(nodes, [one.slug if one else "" for one in editions], "edition")
        file.document = ProgrammeDocument(
            slug=file.slug,
            kind=read.choice(fields.get("kind"), "'kind'", KINDS),
            title=read.localized(fields.get("title"), "'title'", 120),
            summary=read.localized(fields.get("summary"), "'summary'", 300),
            purpose=read.localized(fields.get("purpose"), "'purpose'", 1200),
            audience=read.localized(fields.get("audience"), "'audience'", 1200),
            reach=read.choice(fields.get("reach"), "'reach'", REACHES),
            languages=tuple(
                read.choice(item, "A language", LANGUAGES)
                for item in read.items(fields.get("languages"), "languages", 1, len(LANGUAGES))
            ),
            leads_to=file.leads_to,
            keywords=self._keywords(fields.get("keywords")),
            editions=tuple(one for one in editions if one is not None),
            lessons={},
        )
        return file

    def _leads_to(self, fields: Fields) -> str | None:
        node = fields.get("leads_to")
        if node is None or self._read.is_null(node):
            return None
        return self._read.slug(node, "'leads_to'") or None

    def _keywords(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        fields = self._read.fields(node, "'keywords'", LANGUAGES) if node is not None else None
        return {
            language: tuple(
                self._read.text(item, f"A keyword ({language})", 40)
                for item in self._read.items(value, f"keywords ({language})", 0, 12)
            )
            for language, value in (fields or {}).items()
        }

    def _once(self, nodes: list[Node], slugs: list[str], thing: str) -> None:
        for place, (node, slug) in enumerate(zip(nodes, slugs, strict=True)):
            if slug and slug in slugs[:place]:
                self._read.fault(node, f"Another {thing} has the slug {slug!r} already.")

    def _edition(self, node: Node, what: str) -> EditionDocument | None:
        read = self._read
        fields = read.fields(node, what, _EDITION, _EDITION_MAY)
        if fields is None:
            return None
        starts_on, ends_on, apply_until = self._dates(fields, node, what)
        nodes = read.items(fields.get("parts"), f"{what}: 'parts'", 1)
        parts = [self._part(item, f"{what}.parts[{n}]") for n, item in enumerate(nodes, 1)]
        self._once(nodes, [one.slug if one else "" for one in parts], "part")
        known = [one for one in parts if one is not None]
        combine, needed, requirements = self._completion(fields.get("completion"), what, known)
        planning = TimetableReader(read, what)
        groups = planning.groups(fields.get("groups"))
        entries = planning.entries(fields.get("timetable"), [part.slug for part in known], groups)
        return EditionDocument(
            slug=read.slug(fields.get("slug"), f"{what}: 'slug'"),
            title=read.localized(fields.get("title"), f"{what}: 'title'", 120),
            mode=read.choice(fields.get("mode"), f"{what}: 'mode'", MODES),
            capacity=read.whole(fields.get("capacity"), f"{what}: 'capacity'", 1, 1_000_000),
            starts_on=starts_on,
            ends_on=ends_on,
            apply_until=apply_until,
            approval=read.choice(fields.get("approval"), f"{what}: 'approval'", APPROVALS),
            parts=tuple(known),
            combine=combine,
            needed=needed,
            requirements=requirements,
            groups=groups,
            timetable=entries,
        )

    def _dates(
        self, fields: Fields, node: Node, what: str
    ) -> tuple[date | None, date | None, datetime | None]:
        read = self._read
        starts_on = read.day(fields.get("starts_on"), f"{what}: 'starts_on'")
        ends_on = read.day(fields.get("ends_on"), f"{what}: 'ends_on'")
        apply_until = read.wall_time(fields.get("apply_until"), f"{what}: 'apply_until'")
        if ("starts_on" in fields) != ("ends_on" in fields):
            read.fault(node, f"{what} must have both 'starts_on' and 'ends_on', or neither.")
        if starts_on and ends_on and ends_on < starts_on:
            read.fault(fields["ends_on"], f"{what} ends before it starts.")
        if apply_until and ends_on and apply_until.date() > ends_on:
            read.fault(fields["apply_until"], f"{what}: 'apply_until' is after the end.")
        return starts_on, ends_on, apply_until

    def _part(self, node: Node, what: str) -> PartDocument | None:
        read = self._read
        fields = read.fields(node, what, ("slug", "title", "summary", "lessons"))
        if fields is None:
            return None
        lessons: list[str] = []
        for item in read.items(fields.get("lessons"), f"{what}: 'lessons'"):
            slug = read.slug(item, f"A lesson of {what}")
            if slug in lessons:
                read.fault(item, f"{what} lists the lesson {slug!r} twice.")
            elif slug:
                lessons.append(slug)
                self._file.lessons.append((slug, read.line(item)))
        return PartDocument(
            slug=read.slug(fields.get("slug"), f"{what}: 'slug'"),
            title=read.localized(fields.get("title"), f"{what}: 'title'", 120),
            summary=read.localized(fields.get("summary"), f"{what}: 'summary'", 500),
            lessons=tuple(lessons),
        )

    def _completion(
        self, node: Node | None, edition: str, parts: Collection[PartDocument]
    ) -> tuple[str, int | None, tuple[RequirementDocument, ...]]:
        read, what = self._read, f"{edition}: 'completion'"
        fields = (
            read.fields(node, what, ("combine", "requirements"), ("needed",))
            if node is not None
            else None
        )
        if node is None or fields is None:
            return "", None, ()
        combine = read.choice(fields.get("combine"), f"{edition}: 'combine'", COMBINES)
        items = read.items(fields.get("requirements"), f"{edition}: 'requirements'", 1)
        needed = read.whole(fields.get("needed"), f"{edition}: 'needed'", 1, max(1, len(items)))
        if combine == "at_least" and "needed" not in fields:
            read.fault(node, f"{what} lacks the key 'needed', which at_least asks for.")
        if combine in {"all", "any"} and "needed" in fields:
            read.fault(fields["needed"], f"{edition}: only at_least has 'needed'.")
        requirements = [
            self._requirement(item, f"{edition}.requirements[{n}]", parts)
            for n, item in enumerate(items, 1)
        ]
        return combine, needed, tuple(one for one in requirements if one is not None)

    def _requirement(
        self, node: Node, what: str, parts: Collection[PartDocument]
    ) -> RequirementDocument | None:
        read = self._read
        fields = read.fields(node, what, ("title", "routes"))
        if fields is None:
            return None
        routes = [
            self._route(item, f"{what}.routes[{n}]", parts)
            for n, item in enumerate(read.items(fields.get("routes"), f"{what}: 'routes'", 1), 1)
        ]
        title = read.localized(fields.get("title"), f"{what}: 'title'", 120)
        return RequirementDocument(title, tuple(one for one in routes if one is not None))

    def _route(
        self, node: Node, what: str, parts: Collection[PartDocument]
    ) -> dict[str, Any] | None:
        read = self._read
        loose = read.fields(node, what, ("kind",), ("part", "percent", "lesson"))
        kind = read.choice((loose or {}).get("kind"), f"{what}: 'kind'", tuple(_ROUTES))
        if loose is None or not kind:
            return None
        for key in _ROUTES[kind]:
            if key not in loose:
                read.fault(node, f"{what} lacks the key {key!r}, which {kind} asks for.")
        for key in loose:
            if key not in {"kind", *_ROUTES[kind], *_ROUTES_MAY.get(kind, ())}:
                read.fault(loose[key], f"{what}: a route of the kind {kind} has no {key!r}.")
        route: dict[str, Any] = {"kind": kind}
        if kind == "read":
            route["lesson"] = self._lesson(loose.get("lesson"), what, parts)
            return route
        if "percent" in loose:
            route["percent"] = read.whole(loose.get("percent"), f"{what}: 'percent'", 1, 100)
        if "part" in loose:
            route["part"] = read.slug(loose["part"], f"{what}: 'part'")
            if route["part"] and route["part"] not in {part.slug for part in parts}:
                read.fault(loose["part"], f"{what}: there is no part {route['part']!r}.")
        return route

    def _lesson(self, node: Node | None, what: str, parts: Collection[PartDocument]) -> str:
        slug = self._read.slug(node, f"{what}: 'lesson'")
        if node is None or not slug:
            return ""
        if not any(slug in part.lessons for part in parts):
            self._read.fault(node, f"{what}: no part of this edition lists the lesson {slug!r}.")
        else:
            self._file.read.append((slug, self._read.line(node)))
        return slug
