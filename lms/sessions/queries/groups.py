"""Seminar groups: whom a session is for (the one place that decides), and who is in which."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, OrganisationId, PersonId
from lms.kernel.localized import Localized, localized
from lms.people.models import Membership, Person
from lms.people.queries import active_on, is_id, name_of, organisation_paths
from lms.people.rules import OrganisationPath, PersonName, display_name, latin_name
from lms.sessions.models.groups import (
    GroupConsent,
    GroupMember,
    PlannedSession,
    SeminarGroup,
    SessionGroup,
)
from lms.sessions.models.schedule import LiveSession, SessionSpeaker
from lms.sessions.rules.grouping import Seminarist

_ENROLLED = EnrolmentState.ENROLLED.value

# --- whom a session is for ----------------------------------------------------------------------


def counts_for(member: Any, ends_at: Any) -> ColumnElement[bool]:
    """Whether a row of membership was the person's group when a session ended."""
    return and_(
        or_(member.since_at.is_(None), member.since_at < ends_at),
        or_(member.until_at.is_(None), member.until_at >= ends_at),
    )


def is_meant(live_session_id: Any, enrolment_id: Any = Enrolment.id) -> ColumnElement[bool]:
    """Whether a session is for the person of an enrolment, as a condition.

    It is, unless it is for groups and the person is in none of them at its end. Every statement
    that asks who a session is for uses this; the ids are columns of it, or values. Whether the
    person holds a seat is asked beside it. However deep in a statement it stands, it means
    the rows of the statement around it.
    """
    mark, group = aliased(SessionGroup), aliased(SessionGroup)
    member, session = aliased(GroupMember), aliased(LiveSession)
    return or_(
        ~exists().where(mark.live_session_id == live_session_id).correlate_except(mark),
        exists()
        .where(group.live_session_id == live_session_id)
        .where(member.group_id == group.group_id, member.enrolment_id == enrolment_id)
        .where(session.id == group.live_session_id, counts_for(member, session.ends_at))
        .correlate_except(group, member, session),
    )


def meant_arms(live_session_ids: Collection[str] | Select[str]) -> tuple[Any, Any]:
    """Return two statements of the same shape: sessions that are for groups, and for whom.

    The sessions are given by their ids or by a statement of them. Shape: kind (`grouped`,
    `meant`), session, person, ''.
    """
    nobody = cast(null(), String)
    return (
        select(literal("grouped"), SessionGroup.live_session_id, nobody, literal("")).where(
            SessionGroup.live_session_id.in_(live_session_ids)
        ),
        select(literal("meant"), SessionGroup.live_session_id, Enrolment.person_id, literal(""))
        .join(LiveSession, LiveSession.id == SessionGroup.live_session_id)
        .join(GroupMember, GroupMember.group_id == SessionGroup.group_id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(
            SessionGroup.live_session_id.in_(live_session_ids),
            counts_for(GroupMember, LiveSession.ends_at),
        ),
    )


Meant: TypeAlias = dict[str, set[str]]
"""By session that is for groups alone: the persons whom it is for, with a seat or not."""


def meant_of_rows(rows: Iterable[Any]) -> Meant:
    """Return what rows of `meant_arms` tell."""
    found: Meant = {}
    for kind, session_id, person_id, _text in rows:
        if kind in {"grouped", "meant"}:
            people = found.setdefault(session_id, set())
            if kind == "meant":
                people.add(person_id)
    return found


def sessions_of_others(edition_id: str, person_id: PersonId | None) -> frozenset[LiveSessionId]:
    """Return the sessions of an edition that are not for an enrolled person. One query.

    Those that the person speaks at, interprets or hosts are theirs all the same. Who holds no
    seat is kept from none by this.
    """
    speaks = exists().where(
        SessionSpeaker.live_session_id == LiveSession.id, SessionSpeaker.person_id == person_id
    )
    rows = db.session.scalars(
        select(LiveSession.id)
        .join(Enrolment, Enrolment.edition_id == LiveSession.edition_id)
        .where(
            LiveSession.edition_id == edition_id,
            Enrolment.person_id == person_id,
            Enrolment.state == _ENROLLED,
            ~is_meant(LiveSession.id),
            ~speaks,
            or_(LiveSession.host_id.is_(None), LiveSession.host_id != person_id),
        )
    )
    return frozenset(LiveSessionId(row) for row in rows)


def list_participant_ids(live_session_id: str) -> list[str]:
    """Return who holds a seat and is meant by a session, in the order of ids. One query."""
    return list(
        db.session.scalars(
            select(Enrolment.person_id)
            .join(LiveSession, LiveSession.edition_id == Enrolment.edition_id)
            .where(
                LiveSession.id == live_session_id,
                Enrolment.state == _ENROLLED,
                is_meant(live_session_id),
            )
            .order_by(Enrolment.person_id)
        )
    )


def participants_of_sessions(live_session_ids: Collection[str]) -> dict[str, set[str]]:
    """Return by session who holds a seat and is meant by it, those without any left out. One query.

    Without sessions it asks nothing.
    """
    found: dict[str, set[str]] = {}
    if not live_session_ids:
        return found
    for session_id, person_id in db.session.execute(
        select(LiveSession.id, Enrolment.person_id)
        .join(Enrolment, Enrolment.edition_id == LiveSession.edition_id)
        .where(
            LiveSession.id.in_(live_session_ids),
            Enrolment.state == _ENROLLED,
            is_meant(LiveSession.id),
        )
    ):
        found.setdefault(session_id, set()).add(person_id)
    return found


def groups_of_sessions(
    live_session_ids: Collection[str],
) -> dict[LiveSessionId, tuple[tuple[str, Localized], ...]]:
    """Return for which groups (id, title) sessions are, in their order. One query.

    Sessions for everybody are left out.
    """
    if not live_session_ids:
        return {}
    found: dict[LiveSessionId, list[tuple[str, Localized]]] = {}
    for session_id, group_id, title in db.session.execute(
        select(SessionGroup.live_session_id, SeminarGroup.id, SeminarGroup.title)
        .join(SeminarGroup, SeminarGroup.id == SessionGroup.group_id)
        .where(SessionGroup.live_session_id.in_(live_session_ids))
        .order_by(SeminarGroup.position, SeminarGroup.id)
    ):
        found.setdefault(LiveSessionId(session_id), []).append((group_id, title))
    return {key: tuple(groups) for key, groups in found.items()}


def group_ids_of_edition_sessions(edition_id: str) -> dict[LiveSessionId, tuple[str, ...]]:
    """Return the groups of each session of an edition that is for groups. One query."""
    found: dict[LiveSessionId, list[str]] = {}
    for session_id, group_id in db.session.execute(
        select(SessionGroup.live_session_id, SessionGroup.group_id)
        .join(LiveSession, LiveSession.id == SessionGroup.live_session_id)
        .where(LiveSession.edition_id == edition_id)
        .order_by(SessionGroup.live_session_id, SessionGroup.group_id)
    ):
        found.setdefault(LiveSessionId(session_id), []).append(group_id)
    return {key: tuple(ids) for key, ids in found.items()}


# --- groups -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupCard:
    """A group as pages show it. `tutor` as shown; `people` counts those with a seat in it."""

    id: str
    edition_id: str
    slug: str | None
    title: Localized
    theme: Localized
    tutor: Localized
    room: Localized
    seats: int | None
    position: int
    version: int
    people: int = 0

    @property
    def is_full(self) -> bool:
        """Whether nobody more fits."""
        return self.seats is not None and self.people >= self.seats


def _select_cards() -> Any:
    people = (
        select(func.count())
        .select_from(GroupMember)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(
            GroupMember.group_id == SeminarGroup.id,
            GroupMember.until_at.is_(None),
            Enrolment.state == _ENROLLED,
        )
        .correlate(SeminarGroup)
        .scalar_subquery()
    )
    return (
        select(SeminarGroup, Person, people)
        .join(Person, Person.id == SeminarGroup.tutor_id, isouter=True)
        .where(SeminarGroup.removed_at.is_(None))
        .order_by(SeminarGroup.position, SeminarGroup.id)
    )


def _card(group: SeminarGroup, tutor: Person | None, people: int) -> GroupCard:
    known = localized(display_name(tutor), latin_name(tutor)) if tutor is not None else {}
    return GroupCard(
        id=group.id,
        edition_id=group.edition_id,
        slug=group.slug,
        title=group.title,
        theme=group.theme,
        tutor=group.tutor_name or known,
        room=group.room,
        seats=group.seats,
        position=group.position,
        version=group.version,
        people=people,
    )


def list_groups(edition_id: str) -> tuple[GroupCard, ...]:
    """Return the groups of an edition in their order. One query."""
    rows: Any = db.session.execute(_select_cards().where(SeminarGroup.edition_id == edition_id))
    return tuple(_card(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """A group as its form shows it; `tutor_handle` is a sign-in id or address."""

    card: GroupCard
    tutor_name: Localized
    tutor_id: PersonId | None
    tutor_handle: str
    tutor_shown: str


def find_group(edition_id: str, group_id: str) -> GroupRecord | None:
    """Return a group of an edition, or None. One query."""
    if not is_id(group_id):
        return None
    row: Any = db.session.execute(
        _select_cards().where(SeminarGroup.edition_id == edition_id, SeminarGroup.id == group_id)
    ).first()
    if row is None:
        return None
    group, tutor, _people = row
    return GroupRecord(
        _card(*row),
        group.tutor_name,
        PersonId(tutor.id) if tutor is not None else None,
        (tutor.login_id or tutor.address or tutor.id) if tutor is not None else "",
        display_name(tutor) if tutor is not None else "",
    )


def count_sessions_of_group(group_id: str) -> int:
    """Return how many sessions that are not cancelled are for a group. One query."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(SessionGroup)
            .join(LiveSession, LiveSession.id == SessionGroup.live_session_id)
            .where(SessionGroup.group_id == group_id, LiveSession.cancelled_at.is_(None))
        )
        or 0
    )


def last_end_before(edition_id: str, at: datetime) -> datetime | None:
    """Return when the last session for groups of an edition that is over ended. One query."""
    found: datetime | None = db.session.scalar(
        select(func.max(LiveSession.ends_at)).where(
            LiveSession.edition_id == edition_id,
            LiveSession.ends_at <= at,
            LiveSession.cancelled_at.is_(None),
            exists().where(SessionGroup.live_session_id == LiveSession.id),
        )
    )
    return found


# --- people -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody with a seat: names, unions of the day, and the group they are in now (or None).

    `industrial` and `enterprise` are names of unions ({} for none); `agreed`: the group may see
    name and union.
    """

    person_id: PersonId
    enrolment_id: str
    name: PersonName
    industrial: Localized
    enterprise: Localized
    group_id: str | None
    agreed: bool
    seminarist: Seminarist


def list_placed(edition_id: str, day: date) -> tuple[Placed, ...]:
    """Return everyone who holds a seat, organisations in protocol order, then kana.

    `day` decides which membership and names of unions are in force. Four queries.
    """
    rows: Any = db.session.execute(
        select(Person, Enrolment.id, GroupMember.group_id, GroupConsent.enrolment_id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .join(
            GroupMember,
            and_(GroupMember.enrolment_id == Enrolment.id, GroupMember.until_at.is_(None)),
            isouter=True,
        )
        .join(GroupConsent, GroupConsent.enrolment_id == Enrolment.id, isouter=True)
        .where(Enrolment.edition_id == edition_id, Enrolment.state == _ENROLLED)
    ).all()
    paths = organisation_paths(day)
    homes: dict[str, OrganisationPath] = {}
    memberships = db.session.execute(
        select(Membership.person_id, Membership.organisation_id)
        .join(Enrolment, Enrolment.person_id == Membership.person_id)
        .where(Enrolment.edition_id == edition_id, Enrolment.state == _ENROLLED, active_on(day))
    )
    for person_id, organisation_id in memberships:
        path = paths[OrganisationId(organisation_id)]
        if person_id not in homes or path.order < homes[person_id].order:
            homes[person_id] = path
    by_order = {path.order: path for path in paths.values()}

    def order(placed: Placed) -> tuple[Any, ...]:
        home = homes.get(placed.person_id)
        return (home is None, home.order if home else (), placed.name.sort_key, placed.person_id)

    found = [
        _placed(person, enrolment_id, group_id, consent, _line(homes.get(person.id), by_order))
        for person, enrolment_id, group_id, consent in rows
    ]
    return tuple(sorted(found, key=order))


def _line(
    home: OrganisationPath | None, by_order: dict[Any, OrganisationPath]
) -> tuple[OrganisationPath, ...]:
    """Return an organisation with those above it, from the top."""
    if home is None:
        return ()
    above = (by_order.get(home.order[:depth]) for depth in range(1, len(home.order) + 1))
    return tuple(one for one in above if one is not None)


def _placed(
    person: Person,
    enrolment_id: str,
    group_id: str | None,
    consent: str | None,
    line: Sequence[OrganisationPath],
) -> Placed:
    industrial = next((one for one in line if one.level == "industrial"), None)
    # Who is in no industrial union mixes by the organisation itself: partners from one country.
    home = next((one for one in line if one.level == "affiliate"), line[-1] if line else None)
    first = industrial or home
    name = name_of(person)
    return Placed(
        person_id=name.person_id,
        enrolment_id=enrolment_id,
        name=name,
        industrial=industrial.names[-1] if industrial is not None else {},
        enterprise=home.names[-1] if home is not None else {},
        group_id=group_id,
        agreed=consent is not None,
        seminarist=Seminarist(
            person.id,
            str(first.id) if first is not None else "",
            str(home.id) if home is not None else "",
            (person.sort_key,),
        ),
    )


@dataclass(frozen=True, slots=True)
class Fellow:
    """A member of one's own group who agreed to be seen there."""

    name: PersonName
    organisation: Localized


@dataclass(frozen=True, slots=True)
class OwnGroup:
    """One's own group: what it is, who agreed to be seen in it, how many did not.

    `fellows` and `unseen` leave the viewer out; `agreed`: the viewer is seen.
    """

    group: GroupCard | None
    agreed: bool
    fellows: tuple[Fellow, ...] = ()
    unseen: int = 0


def find_own_group(edition_id: str, person_id: PersonId, day: date) -> OwnGroup | None:
    """Return the group of somebody who holds a seat (None: no seat), in six queries at most."""
    people = list_placed(edition_id, day)
    own = next((one for one in people if one.person_id == person_id), None)
    if own is None:
        return None
    group = next((one for one in list_groups(edition_id) if one.id == own.group_id), None)
    if group is None:
        return OwnGroup(None, own.agreed)
    others = [one for one in people if one.group_id == group.id and one.person_id != person_id]
    return OwnGroup(
        group,
        own.agreed,
        tuple(Fellow(one.name, one.enterprise) for one in others if one.agreed),
        sum(not one.agreed for one in others),
    )


def has_groups(edition_id: str) -> bool:
    """Whether an edition has seminar groups. One query."""
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    SeminarGroup.edition_id == edition_id, SeminarGroup.removed_at.is_(None)
                )
            )
        )
    )


@dataclass(frozen=True, slots=True)
class ToTell:
    """Somebody to be told of their group; `group` None: of none any more."""

    person_id: PersonId
    group: GroupCard | None
    was_told: bool


def list_to_tell(edition_id: str, person_ids: Collection[str]) -> tuple[ToTell, ...]:
    """Return who of these holds a seat, with the group they are in, in two queries."""
    groups = {one.id: one for one in list_groups(edition_id)}
    rows: Any = db.session.execute(
        select(Enrolment.person_id, GroupMember.group_id, GroupMember.told_at)
        .join(
            GroupMember,
            and_(GroupMember.enrolment_id == Enrolment.id, GroupMember.until_at.is_(None)),
            isouter=True,
        )
        .where(
            Enrolment.edition_id == edition_id,
            Enrolment.state == _ENROLLED,
            Enrolment.person_id.in_(person_ids),
        )
        .order_by(Enrolment.person_id)
    )
    return tuple(
        ToTell(PersonId(person_id), groups.get(group_id), told_at is not None)
        for person_id, group_id, told_at in rows
    )


def list_memberships_now(edition_id: str, person_ids: Collection[str]) -> list[GroupMember]:
    """Return the present memberships of these people, to be written to. One query."""
    return list(
        db.session.scalars(
            select(GroupMember)
            .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
            .where(
                Enrolment.edition_id == edition_id,
                Enrolment.person_id.in_(person_ids),
                GroupMember.until_at.is_(None),
            )
            .order_by(GroupMember.id)
        )
    )


def was_in_group(enrolment_id: str) -> bool:
    """Whether a person was in a group before. One query."""
    return bool(db.session.scalar(select(exists().where(GroupMember.enrolment_id == enrolment_id))))


def meant_by_session(live_session_ids: Collection[str]) -> Meant:
    """Return for sessions that are for groups the persons whom they are for. One query."""
    if not live_session_ids:
        return {}
    rows: Any = db.session.execute(union_all(*meant_arms(live_session_ids)))
    return meant_of_rows(rows)


def count_planned(edition_id: str) -> tuple[int, int]:
    """Return how many entries the planned timetable has, and how many wait to be laid out."""
    rows = db.session.scalars(
        select(PlannedSession.live_session_id).where(PlannedSession.edition_id == edition_id)
    ).all()
    return len(rows), sum(row is None for row in rows)
