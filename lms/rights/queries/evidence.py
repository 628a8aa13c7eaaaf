"""The decision log: who saw what under which permission, and what was refused, in order.

Everything is read from the audit, one hash chain for the whole product, so that the log cannot
tell another story than the chain that `lms audit verify` checks.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_, select

from lms.courses.models import Edition
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.kernel.ids import PersonId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import is_id, list_names
from lms.recordings.models import Recording
from lms.rights.models import (
    Agreement,
    ConsentItem,
    DestructionRecord,
    Override,
    Publication,
    PublicationProposal,
    Segment,
)
from lms.rights.queries.deciding import find_known
from lms.rights.queries.register import may_see_all, visible_to
from lms.rights.rules import agreement_in_force

PER_PAGE: Final = 50
_SUBJECT: Final = "recording"
OPENED: Final = "rights.evidence_opened"
#: How long a recording that was opened as evidence can be seen by who opened it.
OPEN_FOR: Final = timedelta(hours=4)


class Group(StrEnum):
    """What kind of thing an entry tells."""

    REFUSAL = "refusal"
    PLAY = "play"
    PREVIEW = "preview"
    OVERRIDE = "override"
    EVIDENCE = "evidence"
    AGREEMENT = "agreement"
    WITHDRAWAL = "withdrawal"
    TAKEDOWN = "takedown"
    PUBLICATION = "publication"
    CLOSING = "closing"
    OTHER = "other"


#: Prefixes of audit actions by group; the first that fits counts.
PREFIXES: Final[Mapping[Group, tuple[str, ...]]] = {
    Group.REFUSAL: ("rights.refused",),
    Group.PREVIEW: ("recording.previewed",),
    Group.PLAY: ("play.", "handout.", "recording.downloaded"),
    Group.OVERRIDE: ("rights.override",),
    Group.EVIDENCE: ("rights.evidence", "recording.evidence"),
    Group.WITHDRAWAL: ("rights.agreement_withdrawn", "consent.withdrawn", "rights.withdrawn"),
    Group.TAKEDOWN: ("rights.taken_down", "rights.takedown"),
    Group.PUBLICATION: ("rights.publi",),
    Group.CLOSING: ("rights.closed", "rights.destroyed", "rights.copy_destroyed"),
    Group.AGREEMENT: ("rights.agreement", "rights.answer", "rights.proposal", "consent."),
}


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What is looked for; '' leaves a field open. `person` is an id, a sign-in ID or a name."""

    person: str = ""
    code: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. `permission` names what allowed a play: holders, and the publication's day."""

    id: str
    at: datetime
    actor_id: str | None
    name: str
    action: str
    group: Group
    code: str
    details: Mapping[str, Any]
    position: int | None
    hash: str
    recording_id: str
    title: Localized
    holders: tuple[str, ...] = ()
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log, newest first; `codes` and their numbers over the whole log."""

    entries: tuple[LogEntry, ...]
    page: int
    pages: int
    total: int


def group_of(action: str) -> Group:
    """Return what kind of thing an act is."""
    for group, prefixes in PREFIXES.items():
        if action.startswith(prefixes):
            return group
    return Group.OTHER


def recording_log(recording_id: str, wanted: LogFilter) -> Select[Any]:
    """Return the query for everything that happened to one recording, newest first."""
    subjects = _subjects(recording_id)
    return _narrowed(select(AuditEntry).where(AuditEntry.subject_id.in_(subjects)), wanted)


def person_log(actor: Actor, person_id: str, wanted: LogFilter) -> Select[Any]:
    """Return the query for what one person did with recordings that the actor looks after."""
    query = select(AuditEntry).where(
        AuditEntry.subject_kind == _SUBJECT,
        AuditEntry.subject_id.in_(_looked_after(actor)),
        AuditEntry.actor_id == person_id,
    )
    return _narrowed(query, LogFilter(code=wanted.code, group=wanted.group))


def _looked_after(actor: Actor) -> Select[Any]:
    return (
        select(Recording.id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(visible_to(actor))
    )


def _subjects(recording_id: str) -> list[str]:
    """Return the ids of everything that belongs to a recording. One query."""
    agreements = select(Agreement.id).where(Agreement.recording_id == recording_id)
    parts = [
        select(model.id).where(model.recording_id == recording_id)
        for model in (Segment, Override, Publication, PublicationProposal, DestructionRecord)
    ]
    letters = select(ConsentItem.request_id).where(ConsentItem.agreement_id.in_(agreements))
    return [recording_id, *db.session.scalars(agreements.union(letters, *parts))]


def _narrowed(query: Select[Any], wanted: LogFilter) -> Select[Any]:
    if wanted.code:
        query = query.where(AuditEntry.details["code"].as_string() == wanted.code)
    if wanted.group in set(Group):
        query = query.where(_in_group(Group(wanted.group)))
    if wanted.person:
        query = query.where(
            or_(
                AuditEntry.actor_id == wanted.person, AuditEntry.actor_id.in_(_named(wanted.person))
            )
        )
    return query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())


def _in_group(group: Group) -> Any:
    """Return the condition of a group: its prefixes, without those of the groups before it."""
    earlier: list[str] = []
    for one, prefixes in PREFIXES.items():
        if one is group:
            break
        earlier += prefixes
    own = PREFIXES.get(group, ())
    conditions = [~AuditEntry.action.startswith(p, autoescape=True) for p in earlier]
    if own:
        conditions.append(or_(*(AuditEntry.action.startswith(p, autoescape=True) for p in own)))
    return and_(*conditions)


def _named(text: str) -> Select[Any]:
    joined = "".join(text.split())
    return select(Person.id).where(
        or_(
            (Person.family_name + Person.given_name).contains(joined, autoescape=True),
            func.lower(Person.full_name).contains(text.lower(), autoescape=True),
            Person.login_id == text,
        )
    )


def find_people_named(actor: Actor, text: str) -> list[tuple[str, str]]:
    """Return (id, name) of at most 20 people whose name or sign-in ID is meant by a text.

    Who looks after some courses only finds those who stand in the logs of these: membership of a
    union is nobody else's business.
    """
    query = _named(text) if not is_id(text) else select(Person.id).where(Person.id == text)
    if not may_see_all(actor):
        seen = select(AuditEntry.actor_id).where(
            AuditEntry.subject_kind == _SUBJECT,
            AuditEntry.subject_id.in_(_looked_after(actor)),
            AuditEntry.actor_id.is_not(None),
        )
        query = query.where(Person.id.in_(seen))
    ids = list(db.session.scalars(query.order_by(Person.id).limit(20)))
    names = list_names(ids)
    return [(str(key), name.shown) for key, name in names.items()]


def read_log(query: Select[Any], page: int) -> LogPage:
    """Return a page of a log in seven queries whatever its length."""
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(1, page), pages)
    rows = db.session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return LogPage(tuple(told(rows)), page, pages, total)


def stream_log(query: Select[Any], chunk: int = 500) -> Iterator[list[LogEntry]]:
    """Yield a whole log in parts, oldest last."""
    rows = db.session.scalars(query.execution_options(yield_per=chunk))
    for part in rows.partitions(chunk):
        yield told(part)


def told(rows: Sequence[AuditEntry]) -> list[LogEntry]:
    """Return entries with names, titles and the permission under which plays stood."""
    homes = _recordings_of(rows)
    ids = set(homes.values())
    names = list_names({row.actor_id for row in rows if row.actor_id})
    titles: dict[str, Localized] = dict(
        db.session.execute(select(Recording.id, Recording.title).where(Recording.id.in_(ids))).all()
    )
    allowed = _Permissions(
        {homes[row.id] for row in rows if group_of(row.action) is Group.PLAY and row.id in homes}
    )
    entries = []
    for row in rows:
        group = group_of(row.action)
        home = homes.get(row.id, "")
        holders, published_at = allowed.at(home, row.at) if group is Group.PLAY else ((), None)
        who = names.get(PersonId(row.actor_id)) if row.actor_id else None
        entries.append(
            LogEntry(
                id=row.id, at=row.at, actor_id=row.actor_id, name=who.shown if who else "",
                action=row.action, group=group, code=str(row.details.get("code") or ""),
                details=row.details, position=row.position, hash=row.hash or "",
                recording_id=home, title=titles.get(home, {}), holders=holders,
                published_at=published_at,
            )
        )  # fmt: skip
    return entries


def _recordings_of(rows: Sequence[AuditEntry]) -> dict[str, str]:
    """Return by entry the recording that it is about; what is about none is left out."""
    direct = {row.id: row.subject_id for row in rows if row.subject_kind == _SUBJECT}
    others = {row.subject_id for row in rows if row.subject_kind != _SUBJECT}
    if not others:
        return direct
    parts = [
        select(model.id, model.recording_id).where(model.id.in_(others))
        for model in (Agreement, Segment, Override, Publication, PublicationProposal,
                      DestructionRecord)
    ]  # fmt: skip
    homes: dict[str, str] = dict(db.session.execute(parts[0].union_all(*parts[1:])).all())
    return direct | {
        row.id: homes[row.subject_id]
        for row in rows
        if row.subject_kind != _SUBJECT and row.subject_id in homes
    }


class _Permissions:
    """What allowed the plays of recordings, at any moment."""

    def __init__(self, recording_ids: Collection[str]):
        self._known = {key: one.recording for key, one in find_known(recording_ids).items()}
        self._publications: dict[str, list[Publication]] = defaultdict(list)
        self._names: dict[str, str] = {}
        if not recording_ids:
            return
        for row in db.session.scalars(
            select(Publication)
            .where(Publication.recording_id.in_(recording_ids))
            .order_by(Publication.created_at.desc())
        ):
            self._publications[row.recording_id].append(row)
        self._names = dict(
            db.session.execute(
                select(Agreement.id, Agreement.holder_name).where(
                    Agreement.recording_id.in_(recording_ids)
                )
            ).all()
        )

    def at(self, recording_id: str, moment: datetime) -> tuple[tuple[str, ...], datetime | None]:
        """Return whose agreements were in force, and when what was published then was."""
        known, now = self._known.get(recording_id), to_ms(moment)
        if known is None:
            return (), None
        holders = {
            self._names.get(one.id, "")
            for one in known.agreements
            if agreement_in_force(known.lineages[one.lineage], one, now)
        }
        publication = next(
            (
                row.created_at
                for row in self._publications[recording_id]
                if row.created_at <= moment and (row.ended_at is None or row.ended_at > moment)
            ),
            None,
        )
        return tuple(sorted(holders - {""})), publication


def list_codes(recording_id: str) -> list[tuple[str, int]]:
    """Return the codes in the log of a recording with how often each stands there."""
    rows = db.session.execute(
        select(AuditEntry.details["code"].as_string().label("told_code"), func.count())
        .where(AuditEntry.subject_kind == _SUBJECT, AuditEntry.subject_id == recording_id)
        .group_by("told_code")
        .order_by(func.count().desc(), "told_code")
    )
    return [(name, count) for name, count in rows if name]


def is_opened(person_id: str | None, recording_id: str, at: datetime) -> bool:
    """Whether a person has opened a recording as evidence within the last four hours."""
    return (
        db.session.scalar(
            select(AuditEntry.id)
            .where(
                AuditEntry.subject_kind == _SUBJECT,
                AuditEntry.subject_id == recording_id,
                AuditEntry.action == OPENED,
                AuditEntry.actor_id == (person_id or ""),
                AuditEntry.at > at - OPEN_FOR,
                AuditEntry.at <= at,
            )
            .limit(1)
        )
        is not None
    )
