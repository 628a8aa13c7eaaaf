"""The register of rights: every agreement over every recording, in a fixed number of queries.

What the filters ask (ends soon, exceeds the rights, viewers abroad) is judged from the frozen
facts that the decision reads, so that the register cannot say anything else than the gate does.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import lazyload

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.clock import day_in, from_ms, to_ms
from lms.kernel.japanese import search_key
from lms.people.models import Person
from lms.people.queries import list_names
from lms.recordings.models import MediaCopy, Recording, Rendition, Stage
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    Rightsholder,
    RightsPlan,
    RightsReminder,
    Segment,
)
from lms.rights.queries.deciding import find_known
from lms.rights.queries.desk import AgreementLine
from lms.rights.queries.scopes import desk_scope, in_scope
from lms.rights.rules import Recording as KnownRecording
from lms.rights.rules import Scope, sum_up_rights, sum_up_terms
from lms.rights.rules.standing import Standing, judge_standing

PER_PAGE: Final = 50
_DAY_MS: Final = 24 * 3600 * 1000
_GONE: Final = (Stage.DELETED.value, Stage.DESTROYED.value)
#: Stages at which nothing has been recorded, so that nothing can be unsigned.
_NOT_RECORDED: Final = (Stage.PLANNED.value, *_GONE)


class Show(StrEnum):
    """What the register is narrowed to."""

    ALL = ""
    EXPIRING = "expiring"
    UNSIGNED = "unsigned"
    EXCEEDS = "exceeds"
    UNRESOLVED = "unresolved"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for. `search` is a part of a name, an organisation or a title."""

    show: Show = Show.ALL
    search: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Copies:
    """Where copies exist: the file in this store with its renditions, a cut copy, a shelf."""

    name: str = ""
    size: int | None = None
    sha256: str = ""
    renditions: int = 0
    cut_copies: int = 0
    shelf: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One agreement with all that the register tells of it.

    `line` is None for a recording about which nobody was asked. `foreign` counts the enrolled
    whose country the territory leaves out; `reminders` are (kind, days before, day it ends).
    """

    recording: Recording
    programme: Programme
    edition: Edition
    line: AgreementLine | None
    holder: Rightsholder | None
    responsible: str
    copies: Copies
    segments: tuple[Segment, ...] = ()
    reminders: tuple[tuple[str, int, date], ...] = ()
    requests: tuple[ConsentRequest, ...] = ()
    withdrawn_on: tuple[date, ...] = ()
    exceeds: bool = False
    foreign: int = 0

    @property
    def agreement(self) -> Agreement | None:
        """Return the agreement, or None."""
        return None if self.line is None else self.line.agreement


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """A page of the register; `total` over all pages."""

    rows: tuple[RegisterRow, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row of the register stands: ids alone, `agreement_id` None without one."""

    agreement_id: str | None
    recording_id: str


def may_see_all(actor: Actor) -> bool:
    """Whether the register is the actor's as a whole."""
    return actor.has(Role.AUDITOR) or desk_scope(actor).everything


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Recording and Edition under which the actor looks after it.

    Those are everything for an organiser or rights officer without limits and for an auditor,
    else the programmes and recordings in their roles.
    """
    return true() if may_see_all(actor) else in_scope(desk_scope(actor))


def list_places(actor: Actor, wanted: Wanted, at: datetime) -> list[Place]:
    """Return which rows of the register fit, newest agreements first."""
    rows = db.session.execute(_light_query(actor, wanted)).all()
    if wanted.search.strip():
        needle = search_key(wanted.search)
        rows = [row for row in rows if any(needle in search_key(text) for text in _words(row))]
    places = [Place(row.agreement_id, row.recording_id) for row in rows]
    if wanted.show in (Show.EXPIRING, Show.EXCEEDS, Show.FOREIGN):
        places = _judged(places, wanted.show, at)
    return places


def _light_query(actor: Actor, wanted: Wanted) -> Any:
    query = (
        select(
            Agreement.id.label("agreement_id"),
            Recording.id.label("recording_id"),
            Agreement.holder_name,
            Rightsholder.name,
            Rightsholder.kana,
            Rightsholder.organisation,
            Recording.title,
        )
        .select_from(Recording)
        .join(Edition, Edition.id == Recording.edition_id)
        .outerjoin(Agreement, Agreement.recording_id == Recording.id)
        .outerjoin(Rightsholder, Rightsholder.id == Agreement.rightsholder_id)
        .where(visible_to(actor))
        .order_by(Agreement.created_at.desc().nulls_last(), Agreement.id.desc(), Recording.id)
    )
    if wanted.kind:
        query = query.where(Agreement.kind == wanted.kind)
    match wanted.show:
        case Show.UNSIGNED:
            recorded = Recording.stage.not_in(_NOT_RECORDED)
            unsigned = or_(Agreement.id.is_(None), Agreement.status != "signed")
            return query.where(recorded, unsigned)
        case Show.UNRESOLVED:
            open_segments = select(Segment.recording_id).where(Segment.disposition == "unresolved")
            return query.where(Recording.id.in_(open_segments), Recording.stage.not_in(_GONE))
        case Show.EXPIRING | Show.EXCEEDS | Show.FOREIGN:
            return query.where(Agreement.id.is_not(None), Recording.stage.not_in(_GONE))
        case Show.ALL:
            return query.where(Agreement.id.is_not(None))


def _words(row: Any) -> Iterable[str]:
    yield from (text for text in (row[2], row[3], row[4], row[5]) if text)
    yield from (row.title or {}).values()


def _judged(places: Sequence[Place], show: Show, at: datetime) -> list[Place]:
    """Keep the places whose facts say that they belong into a filter."""
    known = {
        key: one.recording for key, one in find_known({p.recording_id for p in places}).items()
    }
    now = to_ms(at)
    if show is Show.EXCEEDS:
        beyond = {key for key, one in known.items() if exceeds_rights(one, now)}
        return [place for place in places if place.recording_id in beyond]
    abroad = _enrolled_by_country(known) if show is Show.FOREIGN else {}
    kept = []
    for place in places:
        line = _line_facts(known.get(place.recording_id), place.agreement_id, now)
        if line is None:
            continue
        standing, scope = line
        if (show is Show.EXPIRING and standing is Standing.ENDING) or (
            show is Show.FOREIGN and _foreigners(scope, abroad.get(place.recording_id, {}))
        ):
            kept.append(place)
    return kept


def _line_facts(
    known: KnownRecording | None, agreement_id: str | None, now: int
) -> tuple[Standing, Scope | None] | None:
    own = next((a for a in known.agreements if a.id == agreement_id), None) if known else None
    if known is None or own is None:
        return None
    standing = judge_standing(known.lineages[own.lineage], own, now)
    return standing, sum_up_terms(own.grants) if own.grants else None


def exceeds_rights(known: KnownRecording, now: int) -> bool:
    """Whether what is published goes beyond what all rightsholders allow at `now` (ms UTC)."""
    if known.stage != "published" or not known.publications:
        return False
    rights = sum_up_rights(known, now)
    return rights is None or not rights.covers(sum_up_terms(known.publications))


def _enrolled_by_country(recording_ids: Collection[str]) -> Mapping[str, Mapping[str, int]]:
    """Return by recording how many of the enrolled live in which country. One query."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    if not recording_ids:
        return found
    rows = db.session.execute(
        select(Recording.id, Person.country, func.count())
        .join(Enrolment, Enrolment.edition_id == Recording.edition_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(
            Recording.id.in_(recording_ids),
            Enrolment.state == EnrolmentState.ENROLLED,
            Person.country.is_not(None),
        )
        .group_by(Recording.id, Person.country)
    )
    for recording_id, country, count in rows:
        found[recording_id][country or ""] = count
    return found


def _foreigners(scope: Scope | None, countries: Mapping[str, int]) -> int:
    if scope is None or scope.territory is None or "WORLD" in scope.territory:
        return 0
    return sum(count for country, count in countries.items() if country not in scope.territory)


def list_register(actor: Actor, wanted: Wanted, page: int, at: datetime) -> RegisterPage:
    """Return a page of the register as it stands at `at`."""
    places = list_places(actor, wanted, at)
    pages = max(1, -(-len(places) // PER_PAGE))
    page = min(max(1, page), pages)
    shown = places[(page - 1) * PER_PAGE : page * PER_PAGE]
    return RegisterPage(tuple(read_rows(shown, at)), page, pages, len(places))


def read_rows(places: Sequence[Place], at: datetime) -> list[RegisterRow]:
    """Return the rows at some places in full, in ten queries whatever their number."""
    recording_ids = {place.recording_id for place in places}
    agreement_ids = {place.agreement_id for place in places if place.agreement_id}
    homes = {
        row[0].id: row
        for row in db.session.execute(
            select(Recording, Programme, Edition)
            .join(Edition, Edition.id == Recording.edition_id)
            .join(Programme, Programme.id == Edition.programme_id)
            .where(Recording.id.in_(recording_ids))
        )
    }
    agreements = {
        agreement.id: (agreement, holder)
        for agreement, holder in db.session.execute(
            select(Agreement, Rightsholder)
            .options(lazyload(Agreement.terms), lazyload(Agreement.withdrawals))
            .outerjoin(Rightsholder, Rightsholder.id == Agreement.rightsholder_id)
            .where(Agreement.id.in_(agreement_ids))
        )
    }
    known = {key: one.recording for key, one in find_known(recording_ids).items()}
    around = _Around(recording_ids, agreement_ids, [one for one, _holder in agreements.values()])
    rows = []
    for place in places:
        recording, programme, edition = homes[place.recording_id]
        agreement, holder = agreements.get(place.agreement_id or "", (None, None))
        facts = known[place.recording_id]
        line = _line(facts, agreement, to_ms(at))
        rows.append(
            RegisterRow(
                recording=recording,
                programme=programme,
                edition=edition,
                line=line,
                holder=holder,
                responsible=around.responsible(recording, agreement),
                copies=around.copies(recording),
                segments=tuple(_own_segments(around.segments[recording.id], agreement)),
                reminders=tuple(
                    around.reminders[place.agreement_id or ""] + around.reminders[recording.id]
                ),
                requests=tuple(around.requests[place.agreement_id or ""]),
                withdrawn_on=_withdrawn_on(facts, place.agreement_id),
                exceeds=exceeds_rights(facts, to_ms(at)),
                foreign=_foreigners(
                    line.scope if line is not None else None, around.countries.get(recording.id, {})
                ),
            )
        )
    return rows


def _line(known: KnownRecording, agreement: Agreement | None, now: int) -> AgreementLine | None:
    own = next((a for a in known.agreements if agreement and a.id == agreement.id), None)
    if agreement is None or own is None:
        return None
    standing = judge_standing(known.lineages[own.lineage], own, now)
    views = [grant.max_views for grant in own.grants if grant.max_views is not None]
    days_left = None
    if standing is Standing.ENDING:
        days_left = (max(grant.closes for grant in own.grants) - now) // _DAY_MS
    return AgreementLine(
        agreement=agreement,
        standing=standing,
        scope=sum_up_terms(own.grants) if own.grants else None,
        prohibitions=own.prohibitions,
        max_views=max(views, default=None),
        days_left=days_left,
    )


def _withdrawn_on(known: KnownRecording, agreement_id: str | None) -> tuple[date, ...]:
    return tuple(
        day_in(from_ms(one.at))
        for agreement in known.agreements
        if agreement.id == agreement_id
        for one in agreement.withdrawals
    )


def _own_segments(segments: Iterable[Segment], agreement: Agreement | None) -> Iterable[Segment]:
    """Give what belongs beside an agreement: all of a whole one, its own ranges of another."""
    for segment in segments:
        if agreement is None or agreement.scope == "whole" or agreement.lineage in segment.lineages:
            yield segment


class _Around:
    """What stands beside agreements: segments, copies, reminders, letters, persons."""

    def __init__(
        self,
        recording_ids: Collection[str],
        agreement_ids: Collection[str],
        agreements: Sequence[Agreement],
    ):
        self.segments: dict[str, list[Segment]] = defaultdict(list)
        for segment in db.session.scalars(
            select(Segment)
            .where(Segment.recording_id.in_(recording_ids))
            .order_by(Segment.a, Segment.id)
        ):
            self.segments[segment.recording_id].append(segment)
        self._renditions = self._counted(Rendition.recording_id, recording_ids)
        self._copies = self._counted(
            MediaCopy.recording_id, recording_ids, MediaCopy.state == "ready"
        )
        self.reminders: dict[str, list[tuple[str, int, date]]] = defaultdict(list)
        for one in db.session.scalars(
            select(RightsReminder)
            .where(RightsReminder.subject_id.in_([*agreement_ids, *recording_ids]))
            .order_by(RightsReminder.due_on, RightsReminder.days.desc())
        ):
            self.reminders[one.subject_id].append((one.kind, one.days, one.due_on))
        self.requests: dict[str, list[ConsentRequest]] = defaultdict(list)
        for agreement_id, request in db.session.execute(
            select(ConsentItem.agreement_id, ConsentRequest)
            .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
            .where(ConsentItem.agreement_id.in_(agreement_ids))
            .order_by(ConsentRequest.created_at, ConsentRequest.id)
        ):
            self.requests[agreement_id].append(request)
        self._plans: dict[str, str | None] = dict(
            db.session.execute(
                select(RightsPlan.recording_id, RightsPlan.responsible_id).where(
                    RightsPlan.recording_id.in_(recording_ids)
                )
            ).all()
        )
        self.countries = _enrolled_by_country(recording_ids)
        people = {
            key
            for one in agreements
            for key in (one.responsible_id, one.created_by)
            if key is not None
        }
        people |= {key for key in self._plans.values() if key is not None}
        self._names = {str(key): name.shown for key, name in list_names(people).items()}

    @staticmethod
    def _counted(column: Any, recording_ids: Collection[str], *more: Any) -> dict[str, int]:
        rows = db.session.execute(
            select(column, func.count())
            .where(and_(column.in_(recording_ids), *more))
            .group_by(column)
        )
        return dict(rows.all())

    def responsible(self, recording: Recording, agreement: Agreement | None) -> str:
        """Return who looks after an agreement: named for it, for the recording, or its author."""
        keys = [
            agreement.responsible_id if agreement else None,
            self._plans.get(recording.id),
            agreement.created_by if agreement else None,
        ]
        return next((self._names[key] for key in keys if key in self._names and key), "")

    def copies(self, recording: Recording) -> Copies:
        """Return where copies of a recording exist."""
        return Copies(
            name=recording.source_name if recording.source_key else "",
            size=recording.source_size if recording.source_key else None,
            sha256=(recording.source_sha256 or "") if recording.source_key else "",
            renditions=self._renditions.get(recording.id, 0),
            cut_copies=self._copies.get(recording.id, 0),
            shelf=recording.shelf,
            address=recording.source_url,
        )
