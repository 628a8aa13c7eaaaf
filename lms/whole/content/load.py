"""Brings checked content into the database; may be run again at any time.

Every row that a load writes is remembered with a hash of what it wrote (`content_record`). A row
that no longer has that hash was edited in the browser since; it is left alone and listed, unless
the operator says otherwise. What the files do not say (dates that they leave open, the state of
an edition) belongs to the browser and is neither compared nor written.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lms.completion.models import CompletionRule, Requirement
from lms.courses.events import EditionChanged
from lms.courses.models import ContentRecord, Edition, EditionState, Lesson, Part, Programme
from lms.courses.operations import search_key_of
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import SYSTEM
from lms.kernel.ids import EditionId
from lms.kernel.wall import WallTime
from lms.whole.content.documents import EditionDocument, LessonDocument, ProgrammeDocument

# What a load writes and compares, by table. The second group only where the file says it.
_FIELDS: dict[str, tuple[str, ...]] = {
    "programme": (
        "kind", "title", "summary", "purpose", "audience", "reach", "languages", "leads_to_id",
        "keywords",
    ),
    "edition": ("title", "mode", "languages", "approval"),
    "part": ("position", "title", "summary"),
    "lesson": (
        "part_id", "position", "title", "minutes", "objectives", "body", "sources", "glossary",
    ),
    "completion_rule": ("combine", "needed"),
    "requirement": ("part_id", "position", "title", "routes"),
}  # fmt: skip
_WHERE_SAID = ("capacity", "starts_on", "ends_on", "apply_until_at")
_MODELS: dict[str, type[Any]] = {
    model.__tablename__: model
    for model in (Programme, Edition, Part, Lesson, CompletionRule, Requirement)
}
# In this order rows may go when their file no longer names them.
_REMOVABLE = ("requirement", "lesson", "part")
_HASH_LENGTH = 60
_KEY_LENGTH = 200


@dataclass(slots=True)
class LoadReport:
    """What a load did: keys by outcome, in order.

    `kept` were edited or removed in the browser and left as they are; `removed` were no longer
    in the files and used by nobody; `left` are no longer in the files but stay, because people
    have used them, because they were edited, or because they are editions or programmes.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def load_content(
    programmes: Sequence[ProgrammeDocument], *, at: datetime, overwrite: bool = False
) -> LoadReport:
    """Write checked documents in the current transaction and say what became of each record.

    Rows are found by their key and changed in place, so that enrolments, readings and
    completions stay with them. New editions are drafts. With `overwrite`, what was edited in
    the browser is replaced by what the files say.
    """
    loader = _Loader(at=at, overwrite=overwrite)
    for document in _targets_first(programmes):
        loader.load_programme(document)
    loader.remove_what_is_gone()
    report = loader.report
    if report.created or report.updated or report.removed:
        counts = {
            outcome: len(getattr(report, outcome))
            for outcome in ("created", "updated", "kept", "removed")
        }
        record_act(SYSTEM, "content.loaded", "site", "content", at=at, **counts)
    return report


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
    """One load: the records known before, the keys seen, the report."""

    def __init__(self, *, at: datetime, overwrite: bool):
        self.report = LoadReport()
        self._at = at
        self._overwrite = overwrite
        self._records = {row.key: row for row in db.session.scalars(select(ContentRecord))}
        self._seen: set[str] = set()
        self._programme_ids: dict[str, str] = {}

    def load_programme(self, document: ProgrammeDocument) -> None:
        """Write a programme with everything below it."""
        leads_to_id = self._programme_ids.get(document.leads_to or "")
        row = self._put(
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
        before = self._find(key, Edition, place)
        zone = before.timezone if before is not None else "Asia/Tokyo"
        said: dict[str, Any] = {
            "capacity": document.capacity,
            "starts_on": document.starts_on,
            "ends_on": document.ends_on,
            "apply_until_at": document.apply_until
            and WallTime(document.apply_until, zone).instant(),
        }
        row = self._put(
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
        if self.report.updated and self.report.updated[-1] == key:
            raise_event(EditionChanged(EditionId(row.id), self._at))
        part_ids = self._load_parts(key, row.id, document)
        lesson_ids = self._load_lessons(key, document, part_ids, programme.lessons)
        self._load_completion(key, row.id, document, part_ids, lesson_ids)

    def _load_parts(self, key: str, edition_id: str, document: EditionDocument) -> dict[str, str]:
        """Write the parts; return their ids by slug."""
        part_ids = {}
        for position, part in enumerate(document.parts, 1):
            row = self._put(
                f"{key}/{part.slug}",
                Part,
                {"position": position, "title": part.title, "summary": part.summary},
                place={"edition_id": edition_id, "slug": part.slug},
            )
            if row is not None:
                part_ids[part.slug] = row.id
        return part_ids

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
                    self._keep(lesson_key)
                    continue
                part_id = part_ids[part.slug]
                row = self._put(
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
        self._put(
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
                self._keep(requirement_key)
                continue
            self._put(
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

    def _keep(self, key: str) -> None:
        self._seen.add(_fitting(key))
        self.report.kept.append(key)

    def _find(self, key: str, model: type[Any], place: Mapping[str, Any] | None) -> Any:
        """Return the row that a key means: the one loaded before, else one of the same slug."""
        record = self._records.get(_fitting(key))
        if record is not None:
            return lock_row(model, record.row_id)
        if place is None:
            return None
        return db.session.scalar(select(model).filter_by(**place).with_for_update())

    def _put(
        self,
        key: str,
        model: type[Any],
        values: dict[str, Any],
        *,
        place: Mapping[str, Any] | None,
        once: Mapping[str, Any] | None = None,
    ) -> Any:
        """Create, update or leave the row of a key; return it, or None when it was removed.

        `values` are what the files say; `place` is how a row made in the browser is known;
        `once` is set at creation only.
        """
        self._seen.add(_fitting(key))
        record = self._records.get(_fitting(key))
        row = self._find(key, model, place)
        if row is None:
            if record is not None and not self._overwrite:
                self.report.kept.append(key)
                return None
            row = model(**{**(place or {}), **(once or {}), **values})
            db.session.add(row)
            db.session.flush()
            self.report.created.append(key)
        elif all(getattr(row, name) == value for name, value in values.items()):
            self.report.unchanged.append(key)
        elif not self._overwrite and (record is None or _was_edited(row, record)):
            self.report.kept.append(key)
            return row
        else:
            for name, value in values.items():
                setattr(row, name, value)
            if hasattr(row, "version"):
                row.version += 1  # whoever has the form open learns of it
            db.session.flush()
            self.report.updated.append(key)
        self._remember(key, row, tuple(values))
        return row

    def _remember(self, key: str, row: Any, names: Iterable[str]) -> None:
        fitting = _fitting(key)
        row_hash = _row_hash(row, [name in names for name in _WHERE_SAID])
        record = self._records.get(fitting)
        if record is None:
            record = ContentRecord(key=fitting, table_name=row.__tablename__)
            self._records[fitting] = record
            db.session.add(record)
        elif record.row_hash == row_hash and record.row_id == _row_id(row):
            return
        record.row_id, record.row_hash, record.loaded_at = _row_id(row), row_hash, self._at

    def remove_what_is_gone(self) -> None:
        """Remove parts, lessons and requirements that files no longer name, if nobody used them.

        Only within editions that the files still have. Editions and programmes always stay.
        """
        gone = [record for key, record in self._records.items() if key not in self._seen]
        for table in _REMOVABLE:
            for record in [one for one in gone if one.table_name == table]:
                row = lock_row(_MODELS[table], record.row_id)
                if row is None:  # removed in the browser too
                    db.session.delete(record)
                elif self._may_go(record, row) and _delete(row):
                    db.session.delete(record)
                    self.report.removed.append(record.key)
                else:
                    self.report.left.append(record.key)
        self.report.left += [one.key for one in gone if one.table_name not in _REMOVABLE]

    def _may_go(self, record: ContentRecord, row: Any) -> bool:
        edition_key = "/".join(record.key.split("/")[:2])
        if edition_key not in self._seen:
            return False
        return self._overwrite or not _was_edited(row, record)


def _delete(row: Any) -> bool:
    """Delete a row; False when something (a reading, a recording, a session) hangs on it."""
    try:
        with db.session.begin_nested():
            db.session.delete(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def _fitting(key: str) -> str:
    """Return a key that fits its column; a long one ends in a hash."""
    if len(key) <= _KEY_LENGTH:
        return key
    return f"{key[:150]}~{hashlib.sha256(key.encode()).hexdigest()[:40]}"


def _row_id(row: Any) -> str:
    return str(row.edition_id if isinstance(row, CompletionRule) else row.id)


def _row_hash(row: Any, said: Sequence[bool]) -> str:
    """Return the hash of what a load compares, and at its end which optional fields those are."""
    table = row.__tablename__
    names = [*_FIELDS[table]]
    if table == "edition":
        names += [name for name, is_said in zip(_WHERE_SAID, said, strict=True) if is_said]
    values = {name: getattr(row, name) for name in names}
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, default=lambda v: v.isoformat())
    bits = sum(1 << place for place, is_said in enumerate(said) if is_said)
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH] + f"{bits:04x}"


def _was_edited(row: Any, record: ContentRecord) -> bool:
    bits = int(record.row_hash[_HASH_LENGTH:], 16)
    said = [bool(bits >> place & 1) for place in range(len(_WHERE_SAID))]
    return _row_hash(row, said) != record.row_hash


def _lesson_values(document: LessonDocument) -> dict[str, Any]:
    texts = document.texts
    return {
        "title": {tag: text.title for tag, text in texts.items()},
        "minutes": max(text.minutes for text in texts.values()),
        "objectives": {tag: text.objectives for tag, text in texts.items()},
        "body": {tag: text.body for tag, text in texts.items()},
        "sources": {tag: text.sources for tag, text in texts.items()},
        "glossary": {tag: text.glossary for tag, text in texts.items()},
    }


def _route(
    route: Mapping[str, Any], part_ids: Mapping[str, str], lesson_ids: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return a route with ids for slugs, or None when what it names is not there.

    A file cannot name a meeting or a recording, which do not exist yet: attend and watch name
    the part, and stand for every meeting and every recording of it.
    """
    kind = route["kind"]
    if kind == "read":
        lesson_id = lesson_ids.get(route["lesson"])
        return {"kind": kind, "lesson_id": lesson_id} if lesson_id is not None else None
    part_id = part_ids.get(route["part"])
    if part_id is None:
        return None
    found: dict[str, Any] = {"kind": kind, "part_id": part_id}
    if kind == "watch":
        found["permille"] = route["percent"] * 10
    return found
