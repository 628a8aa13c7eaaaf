"""Seminar groups: making and ordering them, putting people in, spreading the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select

from lms.courses.models import Edition
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.clock import day_in
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import is_id
from lms.sessions import policy
from lms.sessions.errors import GroupRefusedError, SessionInputError
from lms.sessions.events import SeminarGroupsChanged
from lms.sessions.models import GroupConsent, GroupMember, SeminarGroup, SessionGroup
from lms.sessions.queries import groups as reading
from lms.sessions.queries.door import find_own_enrolment
from lms.sessions.queries.groups import Placed
from lms.sessions.rules.grouping import GroupRoom, spread_evenly
from lms.sessions.rules.planning import MAX_SEATS


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What an organiser writes of a group. `seats` None: no limit."""

    title: Localized
    theme: Localized = field(default_factory=dict)
    tutor_id: PersonId | None = None
    tutor_name: Localized = field(default_factory=dict)
    room: Localized = field(default_factory=dict)
    seats: int | None = None


def add_group(actor: Actor, edition_id: str, plan: GroupPlan, *, at: datetime) -> str:
    """Add a group at the end; return its id. Raises SessionInputError."""
    policy.require_organiser_of_edition(actor, edition_id)
    _check(plan)
    _lock(edition_id)
    last = db.session.scalar(
        select(func.max(SeminarGroup.position)).where(SeminarGroup.edition_id == edition_id)
    )
    row = SeminarGroup(edition_id=edition_id, position=(last or 0) + 1, created_at=at)
    _write(row, plan)
    db.session.add(row)
    db.session.flush()
    record_act(actor, "seminar_group.added", "edition", edition_id, at=at, group_id=row.id)
    return row.id


def change_group(
    actor: Actor, edition_id: str, group_id: str, plan: GroupPlan, *, version: int, at: datetime
) -> None:
    """Change a group, unless another edit came between (`group_changed_meanwhile`).

    Fewer seats than people are taken: nobody is put out, nobody more gets in.
    """
    policy.require_organiser_of_edition(actor, edition_id)
    row = _group(edition_id, group_id)
    if row.version != version:
        raise SessionInputError("title", "group_changed_meanwhile")
    _check(plan)
    _write(row, plan)
    row.version += 1
    record_act(actor, "seminar_group.changed", "edition", edition_id, at=at, group_id=row.id)


def move_group(actor: Actor, edition_id: str, group_id: str, *, up: bool, at: datetime) -> bool:
    """Exchange a group with the one before it (`up`) or after it; False at the end of the list."""
    policy.require_organiser_of_edition(actor, edition_id)
    _lock(edition_id)
    rows = list(
        db.session.scalars(
            select(SeminarGroup)
            .where(SeminarGroup.edition_id == edition_id, SeminarGroup.removed_at.is_(None))
            .order_by(SeminarGroup.position, SeminarGroup.id)
        )
    )
    place = next((n for n, row in enumerate(rows) if row.id == group_id), None)
    if place is None:
        raise NotFoundError
    other = place - 1 if up else place + 1
    if not 0 <= other < len(rows):
        return False
    rows[place], rows[other] = rows[other], rows[place]
    for number, row in enumerate(rows, 1):
        row.position = number
    record_act(actor, "seminar_group.moved", "edition", edition_id, at=at, group_id=group_id)
    return True


def remove_group(actor: Actor, edition_id: str, group_id: str, *, at: datetime) -> int:
    """Take a group away; return how many people are in no group by that.

    A group with sessions that are not cancelled stays (GroupRefusedError `group_has_sessions`):
    without it they would be for everybody. Cancelled ones go on belonging to it, unseen.
    """
    edition = policy.require_organiser_of_edition(actor, edition_id)
    row = _group(edition_id, group_id)
    if count := reading.count_sessions_of_group(group_id):
        raise GroupRefusedError("group_has_sessions", count=count)
    people = [
        one for one in reading.list_placed(edition_id, day_in(at)) if one.group_id == group_id
    ]
    db.session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    is_named = db.session.scalar(
        select(SessionGroup.group_id).where(SessionGroup.group_id == group_id).limit(1)
    )
    if is_named is None:
        db.session.delete(row)
    else:
        row.removed_at, row.slug = at, None
    db.session.flush()
    record_act(
        actor, "seminar_group.removed", "edition", edition_id, at=at,
        group_id=group_id, people=len(people),
    )  # fmt: skip
    _tell(edition.edition_id, [one.person_id for one in people], at)
    return len(people)


@dataclass(frozen=True, slots=True)
class Placing:
    """Where a person is to be: a group's id, None for no group. `was`: what the page showed."""

    person_id: str
    group_id: str | None
    was: str | None


def place_people(
    actor: Actor,
    edition_id: str,
    placings: Sequence[Placing],
    *,
    from_start: bool = False,
    at: datetime,
) -> int:
    """Put people into groups, all or nothing; return how many are elsewhere now.

    What the page showed already changes nothing, so that two who place people do not undo each
    other's work; a person whom another has put elsewhere meanwhile is refused
    (SessionInputError `changed_meanwhile` at the person's id). Sessions for groups that are over
    go on counting for the group of then, unless `from_start`: it was so from the beginning.
    Raises GroupRefusedError (`group_full`).
    """
    edition = policy.require_organiser_of_edition(actor, edition_id)
    _lock(edition_id)
    people = {one.person_id: one for one in reading.list_placed(edition_id, day_in(at))}
    groups = {one.id: one for one in reading.list_groups(edition_id)}
    moves: list[tuple[Placed, str | None]] = []
    for one in placings:
        if one.group_id == one.was:
            continue
        person = people.get(PersonId(one.person_id))
        if person is None:
            raise NotFoundError
        if one.group_id is not None and one.group_id not in groups:
            raise SessionInputError(one.person_id, "group_unknown")
        if person.group_id == one.group_id:
            continue
        if person.group_id != one.was:
            raise SessionInputError(one.person_id, "changed_meanwhile")
        moves.append((person, one.group_id))
    after = {person_id: person.group_id for person_id, person in people.items()}
    after.update({person.person_id: group_id for person, group_id in moves})
    for group_id in {group_id for _person, group_id in moves if group_id is not None}:
        group = groups[group_id]
        if group.seats is not None and sum(g == group_id for g in after.values()) > group.seats:
            raise GroupRefusedError("group_full", title=group.title)
    _place(actor, edition.edition_id, moves, from_start=from_start, at=at)
    return len(moves)


@dataclass(frozen=True, slots=True)
class Spread:
    """What spreading would do: everyone with the group they would be in, as they are now."""

    people: tuple[tuple[Placed, str | None], ...]

    @property
    def moved(self) -> tuple[tuple[Placed, str | None], ...]:
        """Those who would be elsewhere than they are."""
        return tuple(
            (person, group_id) for person, group_id in self.people if person.group_id != group_id
        )


def plan_spread(actor: Actor, edition_id: str, *, everybody: bool = False, at: datetime) -> Spread:
    """Return how people would be spread over the groups of an edition. Five queries.

    Who is in a group stays there, unless `everybody` is dealt anew. Unions are those of today.
    Raises GroupRefusedError (`no_groups`).
    """
    policy.require_organiser_of_edition(actor, edition_id)
    people = reading.list_placed(edition_id, day_in(at))
    groups = reading.list_groups(edition_id)
    if not groups:
        raise GroupRefusedError("no_groups")
    free = [one for one in people if everybody or one.group_id is None]
    rooms = [
        GroupRoom(
            group.id,
            group.seats,
            ()
            if everybody
            else tuple(one.seminarist for one in people if one.group_id == group.id),
        )
        for group in groups
    ]
    found = spread_evenly([one.seminarist for one in free], rooms)
    return Spread(tuple((one, found.get(one.person_id, one.group_id)) for one in people))


def spread_people(actor: Actor, edition_id: str, spread: Spread, *, at: datetime) -> int:
    """Put people where a spread has them; return how many moved.

    Whom another has put elsewhere since it was planned is refused, as in `place_people`.
    """
    moves = [
        Placing(person.person_id, group_id, person.group_id) for person, group_id in spread.moved
    ]
    return place_people(actor, edition_id, moves, at=at)


def show_to_group(actor: Actor, edition_id: str, *, shown: bool, at: datetime) -> bool:
    """Let one's own group see one's name and union, or no more. False when it was so already.

    Raises NotFoundError for who holds no seat in the edition.
    """
    if actor.person_id is None or not is_id(edition_id):
        raise NotFoundError
    enrolment_id = find_own_enrolment(edition_id, actor.person_id)
    if enrolment_id is None:
        raise NotFoundError
    known = db.session.get(GroupConsent, enrolment_id)
    if shown == (known is not None):
        return False
    if known is None:
        db.session.add(GroupConsent(enrolment_id=enrolment_id, agreed_at=at))
    else:
        db.session.delete(known)
    db.session.flush()
    act = "seminar_group.name_shown" if shown else "seminar_group.name_hidden"
    record_act(actor, act, "edition", edition_id, at=at)
    return True


def join_group_at_the_door(
    actor: Actor, edition_id: EditionId, live_session_id: str, person_id: PersonId, *, at: datetime
) -> bool:
    """Put somebody who is in no group into the one whose session they came to.

    Only where the session is for one group alone, and that one has room. Who may was decided by
    the caller. False when nothing changed.
    """
    named = reading.groups_of_sessions([live_session_id]).get(LiveSessionId(live_session_id), ())
    if len(named) != 1:
        return False
    group_id = named[0][0]
    group = next((one for one in reading.list_groups(edition_id) if one.id == group_id), None)
    people = reading.list_placed(edition_id, day_in(at))
    person = next((one for one in people if one.person_id == person_id), None)
    if group is None or group.is_full or person is None or person.group_id is not None:
        return False
    _place(actor, edition_id, [(person, group_id)], from_start=False, at=at)
    return True


def leave_groups(enrolment_id: str) -> None:
    """Free the place in a group of somebody who gave up their seat.

    Nobody acts here but the product itself. What they withdrew from is told elsewhere.
    """
    db.session.execute(delete(GroupMember).where(GroupMember.enrolment_id == enrolment_id))
    db.session.execute(delete(GroupConsent).where(GroupConsent.enrolment_id == enrolment_id))


def note_told(person_ids: Sequence[str], edition_id: str, *, at: datetime) -> None:
    """Note that these people were told of the group they are in now."""
    for row in reading.list_memberships_now(edition_id, person_ids):
        row.told_at = at
    db.session.flush()


def _place(
    actor: Actor,
    edition_id: EditionId,
    moves: Sequence[tuple[Placed, str | None]],
    *,
    from_start: bool,
    at: datetime,
) -> None:
    if not moves:
        return
    last_end = reading.last_end_before(edition_id, at)
    for person, group_id in moves:
        now = db.session.scalar(
            select(GroupMember).where(
                GroupMember.enrolment_id == person.enrolment_id, GroupMember.until_at.is_(None)
            )
        )
        since: datetime | None = None
        if from_start:
            db.session.execute(
                delete(GroupMember).where(GroupMember.enrolment_id == person.enrolment_id)
            )
        elif now is not None:
            since = now.since_at
            if last_end is not None and (since is None or since < last_end):
                now.until_at = since = at  # sessions of that group were held: they stay theirs
            else:
                db.session.delete(now)
        elif last_end is not None and reading.was_in_group(person.enrolment_id):
            since = at
        db.session.flush()
        if group_id is not None:
            db.session.add(
                GroupMember(
                    enrolment_id=person.enrolment_id,
                    group_id=group_id,
                    since_at=since,
                    placed_by=actor.person_id,
                    placed_at=at,
                )
            )
            db.session.flush()
        record_act(
            actor, "seminar_group.placed", "edition", edition_id, at=at,
            person_id=person.person_id, before=person.group_id, after=group_id,
            from_start=from_start,
        )  # fmt: skip
    _tell(edition_id, [person.person_id for person, _group_id in moves], at)


def _tell(edition_id: EditionId, person_ids: Sequence[PersonId], at: datetime) -> None:
    if person_ids:
        raise_event(SeminarGroupsChanged(edition_id, tuple(sorted(person_ids)), at))


def _lock(edition_id: str) -> None:
    """Keep others who place people or change groups out: seats and order are counted."""
    if lock_row(Edition, edition_id) is None:
        raise NotFoundError


def _group(edition_id: str, group_id: str) -> SeminarGroup:
    _lock(edition_id)
    row: SeminarGroup | None = lock_row(SeminarGroup, group_id) if is_id(group_id) else None
    if row is None or row.edition_id != edition_id or row.removed_at is not None:
        raise NotFoundError
    return row


def _check(plan: GroupPlan) -> None:
    if not plan.title:
        raise SessionInputError("title", "group_title_missing")
    if plan.seats is not None and not 1 <= plan.seats <= MAX_SEATS:
        raise SessionInputError("seats", "seats_out_of_range", most=MAX_SEATS)
    if plan.tutor_id is not None and db.session.get(Person, plan.tutor_id) is None:
        raise SessionInputError("tutor", "unknown_speaker")


def _write(row: SeminarGroup, plan: GroupPlan) -> None:
    row.title, row.theme, row.room = plan.title, plan.theme, plan.room
    row.tutor_id, row.tutor_name, row.seats = plan.tutor_id, plan.tutor_name, plan.seats
