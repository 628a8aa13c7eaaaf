"""Rows that a load wrote, found again by their keys.

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
from lms.courses.models import ContentRecord, Edition, GlossaryTerm, Lesson, Part, Programme
from lms.infra.db import db, lock_row
from lms.sessions.models import PlannedSession, SeminarGroup

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
    "seminar_group": ("position", "title", "theme"),
    "planned_session": ("day", "starts", "ends", "title", "part_id", "room", "groups", "place"),
    "glossary_term": ("term", "reading", "also", "meaning", "see"),
}  # fmt: skip
_WHERE_SAID = ("capacity", "starts_on", "ends_on", "apply_until_at")
_MODELS: dict[str, type[Any]] = {
    model.__tablename__: model
    for model in (
        Programme, Edition, Part, Lesson, CompletionRule, Requirement, GlossaryTerm, SeminarGroup,
        PlannedSession,
    )
}  # fmt: skip
# In this order rows may go when their file no longer names them.
_REMOVABLE = (
    "requirement", "lesson", "planned_session", "seminar_group", "part", "glossary_term",
)  # fmt: skip
#: How the keys of terms begin. No programme has this slug: its folder would be the glossary's.
GLOSSARY = "glossary/"
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


class Rows:
    """The rows of one load: the records known before, the keys seen, the report."""

    def __init__(self, *, at: datetime, overwrite: bool):
        self.report = LoadReport()
        self._at = at
        self._overwrite = overwrite
        self._records = {row.key: row for row in db.session.scalars(select(ContentRecord))}
        self._seen: set[str] = set()

    def written(self) -> int:
        """Return how many rows were created or updated so far."""
        return len(self.report.created) + len(self.report.updated)

    def keep(self, key: str) -> None:
        """Leave what cannot be placed, because the browser removed where it belongs."""
        self._seen.add(_fitting(key))
        self.report.kept.append(key)

    def find(self, key: str, model: type[Any], place: Mapping[str, Any] | None) -> Any:
        """Return the row that a key means: the one loaded before, else one of the same slug."""
        record = self._records.get(_fitting(key))
        if record is not None:
            return lock_row(model, record.row_id)
        if place is None:
            return None
        return db.session.scalar(select(model).filter_by(**place).with_for_update())

    def put(
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
        row = self.find(key, model, place)
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

    def remove_what_is_gone(self) -> set[str]:
        """Remove parts, lessons and requirements that files no longer name, if nobody used them.

        Only within editions that the files still have. Editions and programmes always stay.
        Return the ids of editions of which a requirement went.
        """
        edition_ids: set[str] = set()
        gone = [record for key, record in self._records.items() if key not in self._seen]
        for table in _REMOVABLE:
            for record in [one for one in gone if one.table_name == table]:
                row = lock_row(_MODELS[table], record.row_id)
                edition_id = getattr(row, "edition_id", None) if table == "requirement" else None
                if row is None:  # removed in the browser too
                    db.session.delete(record)
                elif self._may_go(record, row) and _delete(row):
                    db.session.delete(record)
                    self.report.removed.append(record.key)
                    edition_ids |= {edition_id} if edition_id else set()
                else:
                    self.report.left.append(record.key)
        self.report.left += [one.key for one in gone if one.table_name not in _REMOVABLE]
        return edition_ids

    def _may_go(self, record: ContentRecord, row: Any) -> bool:
        edition_key = "/".join(record.key.split("/")[:2])
        of_glossary = record.table_name == "glossary_term" and any(
            key.startswith(GLOSSARY) for key in self._seen
        )
        if not of_glossary and edition_key not in self._seen:
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
