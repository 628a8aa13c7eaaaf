"""Brings checked content into the database; may be run again at any time (see `rows`)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lms.completion.models import CompletionRule, Requirement
from lms.courses.events import EditionChanged
from lms.courses.models import Edition, EditionState, GlossaryTerm, Lesson, Part, Programme
from lms.courses.operations import search_key_of
from lms.infra.audit import record_act
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM
from lms.kernel.ids import EditionId
from lms.kernel.wall import WallTime
from lms.sessions.models import PlannedSession, SeminarGroup
from lms.whole.content.documents import (
    EditionDocument,
    LessonDocument,
    ProgrammeDocument,
    TermDocument,
)
from lms.whole.content.rows import GLOSSARY, LoadReport, Rows


def load_content(
    programmes: Sequence[ProgrammeDocument],
    terms: Sequence[TermDocument] = (),
    *,
    at: datetime,
    overwrite: bool = False,
) -> LoadReport:
    """Write checked documents in the current transaction and say what became of each record.

    Rows are found by their key and changed in place, so that enrolments, readings and
    completions stay with them. New editions are drafts. With `overwrite`, what was edited in
    the browser is replaced by what the files say.
    """
    rows = Rows(at=at, overwrite=overwrite)
    loader = _Loader(rows, at=at)
    for document in _targets_first(programmes):
        loader.load_programme(document)
    for term in terms:
        _load_term(rows, term)
    loader.finish()
    report = rows.report
    if report.created or report.updated or report.removed:
        counts = {
            outcome: len(getattr(report, outcome))
            for outcome in ("created", "updated", "kept", "removed")
        }
        record_act(SYSTEM, "content.loaded", "site", "content", at=at, **counts)
    return report


def _load_term(rows: Rows, document: TermDocument) -> None:
    texts = document.texts
    rows.put(
        f"{GLOSSARY}{document.slug}",
        GlossaryTerm,
        {
            "term": {tag: text.term for tag, text in texts.items()},
            "reading": texts["ja"].reading if "ja" in texts else "",
            "also": {tag: list(text.also) for tag, text in texts.items() if text.also},
            "meaning": {tag: text.meaning for tag, text in texts.items()},
            "see": list(document.see),
        },
        place={"slug": document.slug},
    )


def _targets_first(programmes: Sequence[ProgrammeDocument]) -> list[ProgrammeDocument]:
    """Return the programmes so that each stands after the one it leads to."""
    known = {one.slug: one for one in programmes}
    ordered: dict[str, ProgrammeDocument] = {}

    def take(document: ProgrammeDocument) -> None:
        if document.slug in ordered:
            return
        if document.leads_to in known:
            take(known[document.leads_to])
        ordered[document.slug] = document

    for document in programmes:
        take(document)
    return list(ordered.values())


class _Loader:
    """One load: documents become rows, slugs become ids."""

    def __init__(self, rows: Rows, *, at: datetime):
        self._rows = rows
        self._at = at
        self._programme_ids: dict[str, str] = {}
        #: Editions that stood before and whose settings or rule are others now.
        self._changed: set[str] = set()

    def load_programme(self, document: ProgrammeDocument) -> None:
        """Write a programme with everything below it."""
        leads_to_id = self._programme_ids.get(document.leads_to or "")
        row = self._rows.put(
            document.slug,
            Programme,
            {
                "kind": document.kind,
                "title": document.title,
                "summary": document.summary,
                "purpose": document.purpose,
                "audience": document.audience,
                "reach": document.reach,
                "languages": list(document.languages),
                "leads_to_id": leads_to_id,
                "keywords": {tag: list(words) for tag, words in document.keywords.items()},
            },
            place={"slug": document.slug},
            once={"created_at": self._at},
        )
        if row is None:
            return
        row.search_key = search_key_of(row)
        self._programme_ids[document.slug] = row.id
        for edition in document.editions:
            self._load_edition(document, row.id, edition)

    def _load_edition(
        self, programme: ProgrammeDocument, programme_id: str, document: EditionDocument
    ) -> None:
        key = f"{programme.slug}/{document.slug}"
        place = {"programme_id": programme_id, "slug": document.slug}
        before = self._rows.find(key, Edition, place)
        zone = before.timezone if before is not None else "Asia/Tokyo"
        said: dict[str, Any] = {
            "capacity": document.capacity,
            "starts_on": document.starts_on,
            "ends_on": document.ends_on,
            "apply_until_at": document.apply_until
            and WallTime(document.apply_until, zone).instant(),
        }
        row = self._rows.put(
            key,
            Edition,
            {
                "title": document.title,
                "mode": document.mode,
                "languages": list(programme.languages),
                "approval": document.approval,
                **{name: value for name, value in said.items() if value is not None},
            },
            place=place,
            once={"state": EditionState.DRAFT, "timezone": zone, "created_at": self._at},
        )
        if row is None:
            return
        is_new = self._rows.report.created[-1:] == [key]
        is_changed = self._rows.report.updated[-1:] == [key]
        part_ids = self._load_parts(key, row.id, document)
        lesson_ids = self._load_lessons(key, document, part_ids, programme.lessons)
        self._load_groups(key, row.id, document)
        self._load_timetable(key, row.id, document, part_ids)
        before_rule = self._rows.written()
        self._load_completion(key, row.id, document, part_ids, lesson_ids)
        if not is_new and (is_changed or self._rows.written() > before_rule):
            self._changed.add(row.id)

    def _load_parts(self, key: str, edition_id: str, document: EditionDocument) -> dict[str, str]:
        """Write the parts; return their ids by slug."""
        part_ids = {}
        for position, part in enumerate(document.parts, 1):
            row = self._rows.put(
                f"{key}/{part.slug}",
                Part,
                {"position": position, "title": part.title, "summary": part.summary},
                place={"edition_id": edition_id, "slug": part.slug},
            )
            if row is not None:
                part_ids[part.slug] = row.id
        return part_ids

    def _load_groups(self, key: str, edition_id: str, document: EditionDocument) -> None:
        """Write the seminar groups; tutor, room and seats belong to the browser."""
        for position, group in enumerate(document.groups, 1):
            self._rows.put(
                f"{key}/groups/{group.slug}",
                SeminarGroup,
                {"position": position, "title": group.title, "theme": group.theme},
                place={"edition_id": edition_id, "slug": group.slug},
                once={"created_at": self._at, "room": {}, "tutor_name": {}},
            )

    def _load_timetable(
        self, key: str, edition_id: str, document: EditionDocument, part_ids: Mapping[str, str]
    ) -> None:
        """Write the planned timetable. An entry has no slug: title and groups make its key."""
        times: dict[str, int] = {}
        for entry in document.timetable:
            told = json.dumps([entry.title, entry.groups], sort_keys=True, ensure_ascii=True)
            name = hashlib.sha256(told.encode()).hexdigest()[:16]
            times[name] = times.get(name, 0) + 1
            again = f"~{times[name]}" if times[name] > 1 else ""
            entry_key = f"{key}/timetable/{name}{again}"
            if entry.part is not None and entry.part not in part_ids:
                self._rows.keep(entry_key)  # the part was removed in the browser
                continue
            self._rows.put(
                entry_key,
                PlannedSession,
                {
                    "day": entry.day,
                    "starts": entry.starts,
                    "ends": entry.ends,
                    "title": entry.title,
                    "part_id": part_ids[entry.part] if entry.part is not None else None,
                    "room": entry.room,
                    "groups": list(entry.groups),
                    "place": entry.where,
                },
                place=None,
                once={"edition_id": edition_id},
            )

    def _load_lessons(
        self,
        key: str,
        document: EditionDocument,
        part_ids: Mapping[str, str],
        lessons: Mapping[str, LessonDocument],
    ) -> dict[str, str]:
        """Write the lessons; return their ids by slug (the first, where one stands twice).

        A lesson's key does not name its part: one that moves to another part keeps its readers.
        """
        lesson_ids: dict[str, str] = {}
        times: dict[str, int] = {}
        for part in document.parts:
            for position, slug in enumerate(part.lessons, 1):
                times[slug] = times.get(slug, 0) + 1
                again = f"~{times[slug]}" if times[slug] > 1 else ""
                lesson_key = f"{key}/lessons/{slug}{again}"
                if part.slug not in part_ids:  # the part was removed in the browser
                    self._rows.keep(lesson_key)
                    continue
                part_id = part_ids[part.slug]
                row = self._rows.put(
                    lesson_key,
                    Lesson,
                    {"part_id": part_id, "position": position, **_lesson_values(lessons[slug])},
                    place={"part_id": part_id, "slug": slug},
                )
                if row is not None:
                    lesson_ids.setdefault(slug, row.id)
        return lesson_ids

    def _load_completion(
        self,
        key: str,
        edition_id: str,
        document: EditionDocument,
        part_ids: Mapping[str, str],
        lesson_ids: Mapping[str, str],
    ) -> None:
        """Write the rule and its requirements. Routes name ids: see `_route`."""
        self._rows.put(
            f"{key}/completion/rule",
            CompletionRule,
            {"combine": document.combine, "needed": document.needed},
            place={"edition_id": edition_id},
        )
        lesson_parts = {slug: part.slug for part in document.parts for slug in part.lessons}
        times: dict[str, int] = {}
        for position, requirement in enumerate(document.requirements, 1):
            routes = [_route(route, part_ids, lesson_ids) for route in requirement.routes]
            first = requirement.routes[0]
            about = first.get("part") or lesson_parts[first["lesson"]]
            # A requirement has no slug: it is known by the first way to meet it.
            name = f"{first['kind']}-{first.get('part') or first['lesson']}"
            times[name] = times.get(name, 0) + 1
            again = f"~{times[name]}" if times[name] > 1 else ""
            requirement_key = f"{key}/completion/{name}{again}"
            known = [route for route in routes if route is not None]
            if len(known) < len(routes):  # a part or lesson was removed in the browser
                self._rows.keep(requirement_key)
                continue
            self._rows.put(
                requirement_key,
                Requirement,
                {
                    "part_id": part_ids[about],
                    "position": position,
                    "title": requirement.title,
                    "routes": known,
                },
                place=None,
                once={"edition_id": edition_id},
            )

    def finish(self) -> None:
        """Remove what is gone; let other features hear of editions that are others now."""
        self._changed |= self._rows.remove_what_is_gone()
        for edition_id in sorted(self._changed):
            raise_event(EditionChanged(EditionId(edition_id), self._at))


def _lesson_values(document: LessonDocument) -> dict[str, Any]:
    texts = document.texts
    return {
        "title": {tag: text.title for tag, text in texts.items()},
        "minutes": max(text.minutes for text in texts.values()),
        "objectives": {tag: text.objectives for tag, text in texts.items()},
        "body": {tag: text.body for tag, text in texts.items()},
        "sources": {tag: text.sources for tag, text in texts.items()},
        "glossary": {
            tag: [*({"slug": slug} for slug, _line in text.terms), *text.glossary]
            for tag, text in texts.items()
        },
    }


def _route(
    route: Mapping[str, Any], part_ids: Mapping[str, str], lesson_ids: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return a route with ids for slugs, or None when what it names is not there.

    A file cannot name a meeting or a recording, which do not exist yet: attend and watch name
    the part, and stand for every meeting (one is enough, or a share of them is needed) and every
    recording of it.
    """
    kind = route["kind"]
    if kind == "read":
        lesson_id = lesson_ids.get(route["lesson"])
        return {"kind": kind, "lesson_id": lesson_id} if lesson_id is not None else None
    part_id = part_ids.get(route["part"])
    if part_id is None:
        return None
    found: dict[str, Any] = {"kind": kind, "part_id": part_id}
    if "percent" in route:
        found["permille"] = route["percent"] * 10
    return found
