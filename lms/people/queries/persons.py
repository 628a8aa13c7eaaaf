"""Reads of persons: one, many by id, lists for a desk; whom a mail reaches."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TypedDict

from sqlalchemy import ColumnElement, Select, func, or_, select

from lms.infra.db import db
from lms.infra.mail.outbox import Recipient
from lms.infra.site import read_site
from lms.kernel import clock
from lms.kernel.actor import Actor, Role
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import OrganisationId, PersonId
from lms.kernel.japanese import search_key
from lms.people.models import Membership, Person, RoleAssignment
from lms.people.queries.actors import is_id
from lms.people.queries.organisations import read_tree
from lms.people.rules import (
    PersonName,
    Tree,
    clean_address,
    clean_login_id,
    display_name,
    is_address,
    is_login_id,
    kana_name,
    latin_name,
)

PAGE_SIZE = 50
_CHUNK = 5000  # below every engine's limit of bound values


def find_person(person_id: str) -> Person | None:
    """Return a person, or None."""
    return db.session.get(Person, person_id) if is_id(person_id) else None


def get_person(person_id: str) -> Person:
    """Return a person. Raises NotFoundError."""
    person = find_person(person_id)
    if person is None:
        raise NotFoundError
    return person


def find_person_by_login_id(login_id: str) -> Person | None:
    """Return the person with this issued id, however it is typed, or None."""
    wanted = clean_login_id(login_id)
    if not is_login_id(wanted):
        return None
    return db.session.scalar(select(Person).where(Person.login_id == wanted))


def name_of(person: Person) -> PersonName:
    """Return the forms of a person's name."""
    return PersonName(
        person_id=PersonId(person.id),
        shown=display_name(person),
        kana=kana_name(person),
        latin=latin_name(person),
        call_me=person.call_me,
        sort_key=person.sort_key,
        japanese=bool(person.family_name or person.given_name),
    )


def _in_chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    rest = iter(dict.fromkeys(ids))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def list_names(person_ids: Iterable[str]) -> dict[PersonId, PersonName]:
    """Return the names of many people, by id; unknown ids are left out. One query."""
    found: dict[PersonId, PersonName] = {}
    for chunk in _in_chunks(person_ids):
        for person in db.session.scalars(select(Person).where(Person.id.in_(chunk))):
            found[PersonId(person.id)] = name_of(person)
    return found


def active_on(day: date) -> ColumnElement[bool]:
    """Return the condition under which a membership holds on a day."""
    return or_(Membership.starts_on.is_(None), Membership.starts_on <= day) & or_(
        Membership.ends_on.is_(None), Membership.ends_on >= day
    )


class MembershipFacts(TypedDict):
    """A membership as the rights decision reads it: `[from_ms, until_ms)`, None = open."""

    org: OrganisationId
    from_ms: int | None
    until_ms: int | None


def _midnight_ms(day: date) -> int:
    return clock.to_ms(datetime.combine(day, time(), clock.JST).astimezone(UTC))


def memberships_facts(person_id: str) -> list[MembershipFacts]:
    """Return all memberships, past and to come; days begin and end at midnight in Japan.

    `ends_on` is the last day, so that `until_ms` is the midnight after it.
    """
    return [
        {
            "org": OrganisationId(organisation_id),
            "from_ms": None if starts_on is None else _midnight_ms(starts_on),
            "until_ms": None if ends_on is None else _midnight_ms(ends_on + timedelta(days=1)),
        }
        for organisation_id, starts_on, ends_on in db.session.execute(
            select(Membership.organisation_id, Membership.starts_on, Membership.ends_on)
            .where(Membership.person_id == person_id)
            .order_by(Membership.starts_on, Membership.id)
        )
    ]


def list_memberships(person_id: str) -> Sequence[Membership]:
    """Return a person's memberships, oldest first."""
    return db.session.scalars(
        select(Membership)
        .where(Membership.person_id == person_id)
        .order_by(Membership.starts_on, Membership.id)
    ).all()


def get_membership(person: Person, membership_id: str) -> Membership:
    """Return a membership of this person. Raises NotFoundError."""
    membership = db.session.get(Membership, membership_id) if is_id(membership_id) else None
    if membership is None or membership.person_id != person.id:
        raise NotFoundError
    return membership


def list_roles(person_id: str) -> Sequence[RoleAssignment]:
    """Return a person's roles."""
    return db.session.scalars(
        select(RoleAssignment)
        .where(RoleAssignment.person_id == person_id)
        .order_by(RoleAssignment.role, RoleAssignment.scope)
    ).all()


def get_role(person: Person, role_id: str) -> RoleAssignment:
    """Return a role of this person. Raises NotFoundError."""
    role = db.session.get(RoleAssignment, role_id) if is_id(role_id) else None
    if role is None or role.person_id != person.id:
        raise NotFoundError
    return role


def count_admins() -> int:
    """Return how many people administer everything and are not suspended."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(RoleAssignment)
            .join(Person, Person.id == RoleAssignment.person_id)
            .where(
                RoleAssignment.role == Role.ADMIN.value,
                RoleAssignment.scope == "*",
                Person.suspended_at.is_(None),
            )
        )
        or 0
    )


def is_admin(person_id: str) -> bool:
    """Whether a person holds the administrator's role."""
    return (
        db.session.scalar(
            select(RoleAssignment.id)
            .where(RoleAssignment.person_id == person_id, RoleAssignment.role == Role.ADMIN.value)
            .limit(1)
        )
        is not None
    )


def sees_everyone(actor: Actor) -> bool:
    """Whether the actor may see all people: administrators, organisers without limits."""
    return (
        actor.has(Role.ADMIN)
        or actor.has_everywhere(Role.ORGANISER)
        or actor.has_everywhere(Role.COORDINATOR)
    )


def overseen_organisations(actor: Actor, tree: Tree) -> frozenset[OrganisationId]:
    """Return the organisations whose members a coordinator follows, with all below them."""
    found: set[OrganisationId] = set()
    for scope in actor.scopes(Role.COORDINATOR):
        kind, _colon, key = scope.partition(":")
        if kind == "org":
            found |= tree.descendants(key)
    return frozenset(found)


def _members_of(organisations: Collection[str], day: date) -> Select[str]:
    return select(Membership.person_id).where(
        Membership.organisation_id.in_(organisations), active_on(day)
    )


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person in a list, with the organisations of the day in protocol order."""

    person_id: PersonId
    name: PersonName
    login_id: str
    organisation_ids: tuple[OrganisationId, ...]
    posts: tuple[str, ...]
    suspended: bool
    can_sign_in: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of a list. `pages` is at least 1."""

    rows: tuple[PersonRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What a list is narrowed to. Every word of `term` must be found in some form of a name."""

    term: str = ""
    organisation_id: str = ""
    suspended: bool = False
    page: int = 1


def list_people(actor: Actor, wanted: PeopleFilter, tree: Tree, at: datetime) -> PeoplePage:
    """Return the people whom the actor may see, in the order of their readings.

    A coordinator sees the present members of the organisations in their charge and of all below
    them; who may see nobody gets an empty page.
    """
    today = clock.day_in(at)
    conditions: list[ColumnElement[bool]] = []
    if not sees_everyone(actor):
        conditions.append(Person.id.in_(_members_of(overseen_organisations(actor, tree), today)))
    if wanted.organisation_id:
        below = tree.descendants(wanted.organisation_id)
        conditions.append(Person.id.in_(_members_of(below, today)))
    if wanted.suspended:
        conditions.append(Person.suspended_at.is_not(None))
    conditions.extend(
        Person.search_key.contains(word, autoescape=True)
        for word in search_key(wanted.term).split()[:10]
    )
    total = db.session.scalar(select(func.count()).select_from(Person).where(*conditions)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, wanted.page), pages)
    people = db.session.scalars(
        select(Person)
        .where(*conditions)
        .order_by(Person.sort_key, Person.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    return PeoplePage(_rows(people, tree, today), total, page, pages)


def _rows(people: Sequence[Person], tree: Tree, today: date) -> tuple[PersonRow, ...]:
    places = {node.id: place for place, (_depth, node) in enumerate(tree.rows())}
    memberships: dict[str, list[Membership]] = {}
    for membership in db.session.scalars(
        select(Membership).where(
            Membership.person_id.in_([person.id for person in people]), active_on(today)
        )
    ):
        memberships.setdefault(membership.person_id, []).append(membership)
    rows = []
    for person in people:
        own = sorted(
            memberships.get(person.id, []),
            key=lambda m: places.get(OrganisationId(m.organisation_id), len(places)),
        )
        rows.append(
            PersonRow(
                person_id=PersonId(person.id),
                name=name_of(person),
                login_id=person.login_id or "",
                organisation_ids=tuple(OrganisationId(m.organisation_id) for m in own),
                posts=tuple(m.post for m in own if m.post),
                suspended=person.suspended_at is not None,
                can_sign_in=person.password_hash is not None,
            )
        )
    return tuple(rows)


def may_see_person(actor: Actor, person_id: str, at: datetime) -> bool:
    """Whether the actor may see a person at a desk: everyone, or a member in their charge."""
    if sees_everyone(actor):
        return True
    overseen = overseen_organisations(actor, read_tree())
    return bool(overseen) and (
        db.session.scalar(
            select(Membership.id)
            .where(
                Membership.person_id == person_id,
                Membership.organisation_id.in_(overseen),
                active_on(clock.day_in(at)),
            )
            .limit(1)
        )
        is not None
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom mail about a person reaches.

    `through_coordinator`: not the person but someone who follows them (or the office's
    contact), because the person's address is absent or shared; such a mail holds no secret,
    and `recipient.person_id` is then not the person's. None: nobody can be reached.
    """

    recipient: Recipient | None
    through_coordinator: bool


def recipient_of(person: Person) -> Reach:
    """Return whom mail about a person reaches."""
    return recipients_of([person.id])[PersonId(person.id)]


def recipients_of(person_ids: Iterable[str]) -> dict[PersonId, Reach]:
    """Return whom mail about each of these people reaches, in at most six queries."""
    reaches: dict[PersonId, Reach] = {}
    for chunk in _in_chunks(person_ids):
        people = db.session.scalars(select(Person).where(Person.id.in_(chunk))).all()
        shared = _shared_addresses(people)
        unreached = [p for p in people if not p.address or p.address in shared]
        reaches.update(
            {
                PersonId(p.id): Reach(_as_recipient(p), through_coordinator=False)
                for p in people
                if p.address and p.address not in shared
            }
        )
        if unreached:
            reaches.update(_through_coordinators(unreached))
    return reaches


def _as_recipient(person: Person) -> Recipient:
    return Recipient(
        address=person.address or "",
        name=display_name(person),
        language=person.language,
        timezone=person.timezone,
        person_id=person.id,
    )


def _shared_addresses(people: Sequence[Person]) -> set[str]:
    addresses = {p.address for p in people if p.address}
    rows = db.session.scalars(
        select(Person.address)
        .where(Person.address.in_(addresses))
        .group_by(Person.address)
        .having(func.count() > 1)
    )
    return {address for address in rows if address}


@dataclass(slots=True)
class _Coordinators:
    by_scope: dict[str, list[Person]] = field(default_factory=dict)

    def first(self, scopes: Iterable[str], but: str) -> Person | None:
        for scope in scopes:
            for person in self.by_scope.get(scope, []):
                if person.id != but:
                    return person
        return None


def _read_coordinators() -> _Coordinators:
    rows = db.session.execute(
        select(RoleAssignment.scope, Person)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(
            RoleAssignment.role == Role.COORDINATOR.value,
            Person.suspended_at.is_(None),
            Person.address.is_not(None),
            Person.address != "",
        )
        .order_by(RoleAssignment.granted_at, RoleAssignment.id)
    ).all()
    found = _Coordinators()
    for scope, person in rows:
        found.by_scope.setdefault(scope, []).append(person)
    return found


def _through_coordinators(people: Sequence[Person]) -> dict[PersonId, Reach]:
    """Go up from the person's present organisations to the nearest coordinator, else the office."""
    tree = read_tree()
    coordinators = _read_coordinators()
    organisations: dict[str, list[str]] = {}
    for person_id, organisation_id in db.session.execute(
        select(Membership.person_id, Membership.organisation_id)
        .where(
            Membership.person_id.in_([p.id for p in people]),
            active_on(clock.day_in(clock.now())),
        )
        .order_by(Membership.starts_on, Membership.id)
    ):
        organisations.setdefault(person_id, []).append(organisation_id)
    contact = clean_address(read_site().contact)
    office = Recipient(address=contact) if is_address(contact) else None
    reaches = {}
    for person in people:
        lines = [tree.ancestors(key) for key in organisations.get(person.id, [])]
        depth = max((len(line) for line in lines), default=0)
        scopes = [
            f"org:{line[step].id}" for step in range(depth) for line in lines if step < len(line)
        ]
        other = coordinators.first([*scopes, "*"], but=person.id)
        reaches[PersonId(person.id)] = Reach(
            _as_recipient(other) if other else office, through_coordinator=True
        )
    return reaches
