"""Reads of parts that belong to others: of one recording, and over all on the clearing board."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import lazyload

from lms.courses.models import Edition, Programme
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import to_ms
from lms.kernel.intervals import Intervals
from lms.kernel.localized import Localized
from lms.people.queries import is_id, organisation_tree_facts
from lms.recordings.models import MediaCopy, Recording, Stage
from lms.rights.models import Agreement, Segment, Takedown
from lms.rights.queries.deciding import find_known
from lms.rights.queries.overrides import names_of
from lms.rights.queries.register import visible_to
from lms.rights.queries.takedowns import open_takedowns
from lms.rights.rules import (
    Facts,
    Reach,
    Request,
    Scope,
    Viewer,
    find_cuts,
    org_tree_from_json,
    sum_up_rights,
    sum_up_terms,
)
from lms.rights.rules.facts import Disposition, Enrolment, EnrolmentStatus, Membership
from lms.rights.rules.facts import Recording as RuleRecording
from lms.rights.rules.segments import Column, column_of, is_settled
from lms.rights.rules.standing import Standing, judge_standing

PER_COLUMN: Final = 50
"""Items of a column that the board shows at a time; the rest is found by its filters."""

_IN_FORCE: Final = frozenset({Standing.IN_FORCE, Standing.ENDING})
_BARE: Final = (lazyload(Agreement.terms), lazyload(Agreement.withdrawals))


@dataclass(frozen=True, slots=True)
class SegmentHolder:
    """Somebody a part depends on: the newest agreement of a lineage and where it stands."""

    lineage: str
    agreement_id: str
    name: str
    kind: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A part as the marker lists it.

    `shown`: whether anybody is shown it at all. `is_stale`: it was marked in an earlier file.
    """

    segment: Segment
    column: Column
    holders: tuple[SegmentHolder, ...]
    assessor: str
    shown: bool
    taken_down: bool
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """All parts of a recording in order, and the agreements that they may depend on.

    `copy` is the copy to take away of the present file, if one was asked for.
    """

    lines: tuple[SegmentLine, ...]
    holders: tuple[SegmentHolder, ...]
    copy: MediaCopy | None

    @property
    def has_stale(self) -> bool:
        """Whether some were marked in an earlier file and nobody looked since."""
        return any(line.is_stale for line in self.lines)


@dataclass(frozen=True, slots=True)
class BoardItem:
    """A part on the clearing board, with where it lies and who was asked."""

    segment: Segment
    recording: Recording
    programme_title: Localized
    edition_title: Localized
    holders: tuple[SegmentHolder, ...]


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column: how many there are, and the first of them."""

    column: Column
    total: int
    items: tuple[BoardItem, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The clearing board, and the programmes by which it can be narrowed (id, title)."""

    columns: tuple[BoardColumn, ...]
    programmes: tuple[tuple[str, Localized], ...]


def find_segment(segment_id: str) -> Segment | None:
    """Return a part, or None."""
    return db.session.get(Segment, segment_id) if is_id(segment_id) else None


def list_marked(recording_id: str) -> list[Segment]:
    """Return the parts of a recording in order, without where they stand; one query."""
    return list(
        db.session.scalars(
            select(Segment)
            .where(Segment.recording_id == recording_id)
            .order_by(Segment.a, Segment.b, Segment.id)
        )
    )


def find_copy(recording: Recording) -> MediaCopy | None:
    """Return the copy to take away of the present file, whatever its state, or None."""
    return db.session.scalar(
        select(MediaCopy).where(
            MediaCopy.recording_id == recording.id,
            MediaCopy.media_version == recording.media_version,
        )
    )


def list_segments(
    recording: Recording, at: datetime, takedowns: Iterable[Takedown] | None = None
) -> Marks:
    """Return the parts of a recording as they stand at `at`. At most six queries.

    `takedowns`: those open on the recording, where the caller has read them.
    """
    segments = list_marked(recording.id)
    known = find_known([recording.id])[recording.id].recording
    agreements = db.session.scalars(
        select(Agreement)
        .options(*_BARE)
        .where(Agreement.recording_id == recording.id)
        .order_by(Agreement.created_at, Agreement.id)
    ).all()
    holders = {one.lineage: one for one in _holders(agreements, {recording.id: known}, at)}
    if takedowns is None:
        takedowns = open_takedowns(recording.id, at)
    stopped = {one.segment_id for one in takedowns}
    names = names_of({one.assessor_id for one in segments if one.assessor_id})
    lines = []
    for segment in segments:
        own = tuple(holders[name] for name in segment.lineages if name in holders)
        taken_down = segment.id in stopped
        permitted = bool(own) and len(own) == len(segment.lineages)
        lines.append(
            SegmentLine(
                segment=segment,
                column=column_of(segment.disposition, segment.way),
                holders=own,
                assessor=names.get(segment.assessor_id or "", ""),
                shown=not (taken_down and segment.disposition != Disposition.REMOVED)
                and (
                    is_settled(segment.disposition)
                    or (
                        segment.disposition == Disposition.NEEDS_AGREEMENT
                        and permitted
                        and all(one.standing in _IN_FORCE for one in own)
                    )
                ),
                taken_down=taken_down,
                is_stale=segment.media_version < recording.media_version,
            )
        )
    return Marks(tuple(lines), tuple(holders.values()), find_copy(recording))


def read_board(
    actor: Actor, at: datetime, *, kind: str | None = None, programme_id: str | None = None
) -> Board:
    """Return all parts over the recordings that the actor looks after, by column.

    Narrowed to a kind of part or a programme where told. Four queries however many there are.
    """
    column = _column()
    shown: list[ColumnElement[bool]] = [
        visible_to(actor),
        Recording.stage.not_in((Stage.DELETED.value, Stage.DESTROYED.value)),
    ]
    wanted = list(shown)
    if kind is not None:
        wanted.append(Segment.kind == kind)
    if programme_id is not None:
        wanted.append(Edition.programme_id == programme_id)
    numbered = (
        select(
            Segment.id.label("segment_id"),
            column.label("place"),
            func.count().over(partition_by=column).label("total"),
            func.row_number()
            .over(partition_by=column, order_by=(Segment.created_at, Segment.id))
            .label("number"),
        )
        .join(Recording, Recording.id == Segment.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .where(*wanted)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Segment, Recording, Programme.title, Edition.title, numbered.c.place, numbered.c.total
        )
        .join(numbered, numbered.c.segment_id == Segment.id)
        .join(Recording, Recording.id == Segment.recording_id)
        .join(Edition, Edition.id == Recording.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(numbered.c.number <= PER_COLUMN)
        .order_by(numbered.c.number)
    ).all()
    holders = _holders_of([row[0] for row in rows], at)
    found: dict[str, list[BoardItem]] = defaultdict(list)
    totals: dict[str, int] = {}
    for segment, recording, programme_title, edition_title, place, total in rows:
        own = tuple(holders[name] for name in segment.lineages if name in holders)
        found[place].append(BoardItem(segment, recording, programme_title, edition_title, own))
        totals[place] = total
    return Board(
        columns=tuple(
            BoardColumn(one, totals.get(one.value, 0), tuple(found[one.value])) for one in Column
        ),
        programmes=_programmes(shown),
    )


def wanted_cuts(recording_id: str, at: datetime) -> Intervals:
    """Return what a copy to take away must not hold, for those it is published for widest.

    In ms, of a paper in pages from 0. Where nothing is published yet, for a member of the step
    that the rightsholders allow.
    """
    known = find_known([recording_id])[recording_id]
    facts = known.recording
    published = sum_up_terms(facts.publications) if facts.publications else None
    scope = published or sum_up_rights(facts, to_ms(at)) or Scope()
    orgs = org_tree_from_json(organisation_tree_facts())
    named = sorted(key for key in scope.orgs if key in orgs.units)
    reach = Reach.OUTSIDE if scope.reach is None else scope.reach
    membership = (
        orgs.membership(named[0])
        if scope.reach is None and named
        else Membership("copy", reach, frozenset({"copy"}))
    )
    viewer = Viewer(
        id="copy",
        memberships=(membership,),
        enrolments=(Enrolment(known.edition_id, EnrolmentStatus.CONFIRMED),),
        country=min(scope.territory) if scope.territory else "JP",
    )
    return find_cuts(Facts(orgs, viewer, facts, Request("download")), to_ms(at))


def _programmes(shown: list[ColumnElement[bool]]) -> tuple[tuple[str, Localized], ...]:
    rows = db.session.execute(
        select(Programme.id, Programme.title)
        .where(
            Programme.id.in_(
                select(Edition.programme_id)
                .join(Recording, Recording.edition_id == Edition.id)
                .join(Segment, Segment.recording_id == Recording.id)
                .where(*shown)
            )
        )
        .order_by(Programme.created_at, Programme.id)
    )
    return tuple((key, title) for key, title in rows)


def _column() -> ColumnElement[Any]:
    """Return `rules.segments.column_of` as SQL."""
    return case(
        (Segment.disposition == Disposition.EXEMPT.value, Column.EXEMPT.value),
        (Segment.way == "cut", Column.CUT.value),
        (Segment.way == "replace", Column.REPLACED.value),
        (Segment.disposition == Disposition.REMOVED.value, Column.CUT.value),
        (Segment.disposition == Disposition.NEEDS_AGREEMENT.value, Column.ASKED.value),
        else_=Column.UNRESOLVED.value,
    )


def _holders_of(segments: Collection[Segment], at: datetime) -> dict[str, SegmentHolder]:
    """Return by lineage whom some parts depend on; two queries, none for nobody."""
    lineages = {name for segment in segments for name in segment.lineages}
    if not lineages:
        return {}
    agreements = db.session.scalars(
        select(Agreement)
        .options(*_BARE)
        .where(Agreement.lineage.in_(lineages))
        .order_by(Agreement.created_at, Agreement.id)
    ).all()
    known = find_known({one.recording_id for one in agreements})
    facts = {key: one.recording for key, one in known.items()}
    return {one.lineage: one for one in _holders(agreements, facts, at)}


def _holders(
    agreements: Iterable[Agreement], known: Mapping[str, RuleRecording], at: datetime
) -> Iterable[SegmentHolder]:
    """Give each agreement with its standing, so that of a lineage the best or newest comes last.

    One that is in force comes after any that is not, whichever was entered later.
    """
    lines = []
    for row in agreements:
        recording = known[row.recording_id]
        own = next((one for one in recording.agreements if one.id == row.id), None)
        if own is not None:
            standing = judge_standing(recording.lineages[own.lineage], own, to_ms(at))
            lines.append(SegmentHolder(row.lineage, row.id, row.holder_name, row.kind, standing))
    return sorted(lines, key=lambda line: line.standing in _IN_FORCE)
