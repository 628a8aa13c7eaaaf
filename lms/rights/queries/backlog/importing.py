"""What a sheet is judged against: places, rightsholders, items and files that are there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from sqlalchemy import Select, or_, select

from lms.courses.models import Edition, Programme
from lms.infra.db import db
from lms.infra.jobs.models import Job, JobState
from lms.kernel.actor import Actor
from lms.kernel.clock import day_in
from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized
from lms.people.queries import is_id
from lms.recordings.models import Recording, Stage
from lms.rights.models import (
    Rightsholder,
    ShelfArchive,
    ShelfFile,
    ShelfImport,
    ShelfItem,
)
from lms.rights.queries.scopes import DeskScope, desk_scope, in_scope
from lms.rights.rules.shelf import (
    KnownHolder,
    Place,
    PlaceTree,
    ShelfFacts,
    ShelfRow,
    file_key,
)

_CHUNK: Final = 500
_GONE: Final = (Stage.DELETED, Stage.DESTROYED)


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """A place to choose for what names no course. Exactly one of the two ids is set."""

    title: Localized
    edition_title: Localized
    edition_id: str | None = None
    programme_id: str | None = None


def _chunks(values: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(dict.fromkeys(values))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _programmes(scope: DeskScope) -> list[Programme]:
    query = select(Programme).order_by(Programme.id)
    if not scope.everything:
        query = query.where(Programme.id.in_(scope.programme_ids))
    return list(db.session.scalars(query))


def _editions(scope: DeskScope) -> list[tuple[str, str, str, Localized]]:
    query = select(Edition.id, Edition.programme_id, Edition.slug, Edition.title)
    if not scope.everything:
        query = query.where(Edition.programme_id.in_(scope.programme_ids))
    rows = db.session.execute(query.order_by(Edition.id.desc()))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def list_place_choices(actor: Actor) -> list[PlaceChoice]:
    """Return where items may go that name no course: archives first, then editions. 2 queries."""
    scope = desk_scope(actor)
    programmes = {one.id: one for one in _programmes(scope)}
    archives = [
        PlaceChoice(one.title, {}, programme_id=one.id)
        for one in programmes.values()
        if one.archived_at is None
    ]
    editions = [
        PlaceChoice(programmes[programme_id].title, title, edition_id=key)
        for key, programme_id, _slug, title in _editions(scope)
    ]
    return [*archives, *editions]


def _read_places(actor: Actor, fallback: Place | None) -> PlaceTree:
    scope = desk_scope(actor)
    programmes: dict[str, set[str]] = defaultdict(set)
    editions: dict[str, set[tuple[str, str]]] = defaultdict(set)
    closed = set()
    for programme in _programmes(scope):
        for word in (programme.slug, *programme.title.values()):
            programmes[search_key(word)].add(programme.id)
        if programme.archived_at is not None:
            closed.add(programme.id)
    for key, programme_id, slug, title in _editions(scope):
        for word in (slug, *title.values()):
            editions[search_key(word)].add((programme_id, key))
    return PlaceTree(
        {word: frozenset(ids) for word, ids in programmes.items()},
        {word: frozenset(ids) for word, ids in editions.items()},
        {row.programme_id: row.edition_id for row in db.session.scalars(select(ShelfArchive))},
        frozenset(closed),
        fallback,
    )


def read_shelf_facts(
    actor: Actor, rows: Sequence[ShelfRow], fallback: Place | None, at: datetime
) -> ShelfFacts:
    """Return what rows are judged against; three queries and three more for 500 rows each."""
    addresses = [one.email for row in rows for one in row.holders if one.email]
    prints = [row.fingerprint for row in rows]
    files = [file_key(row.file) for row in rows if row.file]
    holders: dict[str, KnownHolder] = {}
    for chunk in _chunks(addresses):
        for holder in db.session.scalars(
            select(Rightsholder)
            .where(Rightsholder.email.in_(chunk))
            .order_by(Rightsholder.created_at.desc(), Rightsholder.id.desc())
        ):
            holders[holder.email] = KnownHolder(holder.id, holder.name)
    known: set[str] = set()
    for chunk in _chunks(prints):
        known.update(
            db.session.scalars(
                select(ShelfItem.fingerprint)
                .join(Recording, Recording.id == ShelfItem.recording_id)
                .where(ShelfItem.fingerprint.in_(chunk), Recording.stage.not_in(_GONE))
            )
        )
    names: set[str] = set()
    for chunk in _chunks(files):
        names.update(
            db.session.scalars(
                select(ShelfItem.file_key)
                .join(Recording, Recording.id == ShelfItem.recording_id)
                .where(ShelfItem.file_key.in_(chunk), Recording.stage == Stage.RECORDED)
            )
        )
    return ShelfFacts(
        _read_places(actor, fallback), holders, frozenset(known), frozenset(names), day_in(at)
    )


def find_import(actor: Actor, import_id: str) -> ShelfImport | None:
    """Return an import that the actor sent, or None; another's is not there."""
    if not is_id(import_id) or actor.person_id is None:
        return None
    return db.session.scalar(
        select(ShelfImport).where(
            ShelfImport.id == import_id, ShelfImport.created_by == actor.person_id
        )
    )


def list_open_imports(actor: Actor) -> list[tuple[str, str, datetime]]:
    """Return (id, file name, moment) of the actor's sheets that wait for confirmation."""
    rows = db.session.execute(
        select(ShelfImport.id, ShelfImport.name, ShelfImport.created_at)
        .where(ShelfImport.created_by == actor.person_id, ShelfImport.state == "preview")
        .order_by(ShelfImport.created_at.desc())
        .limit(5)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def list_expected(actor: Actor) -> list[tuple[str, str, bool]]:
    """Return (recording id, file key, has it) of items that the actor looks after.

    A file that waits to be judged counts as there.
    """
    pending = (
        select(ShelfFile.recording_id)
        .join(Job, Job.id == ShelfFile.job_id)
        .where(
            ShelfFile.state == "waiting",
            ShelfFile.recording_id.is_not(None),
            Job.state.in_((JobState.QUEUED, JobState.RUNNING)),
        )
    )
    rows = db.session.execute(
        select(
            ShelfItem.recording_id,
            ShelfItem.file_key,
            or_(Recording.source_key != "", ShelfItem.recording_id.in_(pending)),
        )
        .join(Recording, Recording.id == ShelfItem.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(
            Recording.stage == Stage.RECORDED,
            ShelfItem.file_key != "",
            in_scope(desk_scope(actor)),
        )
        .order_by(ShelfItem.recording_id)
    )
    return [(row[0], row[1], bool(row[2])) for row in rows]


def find_same_file(sha256: str, *, but: str) -> str | None:
    """Return another recording that has the same file, or None; deleted ones do not count."""
    return db.session.scalar(
        select(Recording.id)
        .where(
            Recording.source_sha256 == sha256,
            Recording.id != but,
            Recording.stage.not_in(_GONE),
        )
        .limit(1)
    )


def list_files(actor: Actor, limit: int = 200) -> list[ShelfFile]:
    """Return the files that the actor sent last, newest first."""
    return list(
        db.session.scalars(
            select(ShelfFile)
            .where(ShelfFile.created_by == actor.person_id)
            .order_by(ShelfFile.created_at.desc(), ShelfFile.id.desc())
            .limit(limit)
        )
    )


def find_shelf_file(file_id: str) -> ShelfFile | None:
    """Return a file that came in for the backlog, or None."""
    return db.session.get(ShelfFile, file_id) if is_id(file_id) else None


def find_place(code: str) -> Place | None:
    """Return the place that `programme` or `programme/edition` names by their codes, or None."""
    slug, _slash, edition_slug = code.partition("/")
    programme_id = db.session.scalar(select(Programme.id).where(Programme.slug == slug))
    if programme_id is None:
        return None
    if not edition_slug:
        return Place(programme_id=programme_id)
    edition_id = db.session.scalar(
        select(Edition.id).where(Edition.programme_id == programme_id, Edition.slug == edition_slug)
    )
    return None if edition_id is None else Place(edition_id=edition_id)


def old_lists(before: datetime) -> Select[str]:
    """Return the query for the ids of lists that were sent before a moment and never entered."""
    return select(ShelfImport.id).where(
        ShelfImport.created_at < before, ShelfImport.state != "taken"
    )
