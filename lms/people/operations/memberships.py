"""Dated memberships and scoped roles, and people made whole for seeds."""

from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import SYSTEM, Actor, Role
from lms.people import policy
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.models import Membership, Person, RoleAssignment
from lms.people.operations.persons import NewPerson, add_person
from lms.people.queries import (
    count_admins,
    find_organisation,
    find_person_by_login_id,
    get_membership,
    get_person,
    get_role,
    list_memberships,
    list_roles,
)
from lms.people.rules import periods_overlap

_SCOPED = {Role.COORDINATOR: "org", Role.ORGANISER: "programme", Role.RIGHTS_OFFICER: "recording"}


@dataclass(frozen=True, slots=True)
class MembershipPeriod:
    """A place in an organisation; both days included, None = open."""

    organisation_id: str
    post: str = ""
    starts_on: date | None = None
    ends_on: date | None = None


def _check_period(person: Person, period: MembershipPeriod, but: str = "") -> None:
    if find_organisation(period.organisation_id) is None:
        raise PeopleInputError("organisation_id", "no_organisation")
    if period.starts_on and period.ends_on and period.ends_on < period.starts_on:
        raise PeopleInputError("ends_on", "period")
    for other in list_memberships(person.id):
        if (
            other.id != but
            and other.organisation_id == period.organisation_id
            and periods_overlap(
                (other.starts_on, other.ends_on), (period.starts_on, period.ends_on)
            )
        ):
            raise PeopleInputError("starts_on", "overlap")


def add_membership(actor: Actor, person_id: str, period: MembershipPeriod, *, at: datetime) -> str:
    """Add a dated membership; return its id. Raises PeopleInputError naming the field."""
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    _check_period(person, period)
    membership = Membership(person_id=person.id, **asdict(period))
    db.session.add(membership)
    db.session.flush()
    record_act(
        actor, "membership.added", "person", person.id, at=at, organisation=period.organisation_id
    )
    return membership.id


def change_membership(
    actor: Actor, person_id: str, membership_id: str, period: MembershipPeriod, *, at: datetime
) -> None:
    """Change post or days of a membership. Raises PeopleInputError naming the field."""
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    membership = get_membership(person, membership_id)
    _check_period(person, period, but=membership.id)
    for key, value in asdict(period).items():
        setattr(membership, key, value)
    record_act(actor, "membership.changed", "person", person.id, at=at, membership=membership.id)


def remove_membership(actor: Actor, person_id: str, membership_id: str, *, at: datetime) -> None:
    """Remove a membership that was entered by mistake (one that ended gets a last day)."""
    person = get_person(person_id)
    policy.require_manage_person(actor, person)
    membership = get_membership(person, membership_id)
    db.session.delete(membership)
    record_act(
        actor,
        "membership.removed",
        "person",
        person.id,
        at=at,
        organisation=membership.organisation_id,
    )


def _check_scope(role: Role, scope: str) -> None:
    if scope == "*":
        return
    kind, _colon, key = scope.partition(":")
    known = key.isascii() and key.isalnum()
    if kind == "org" and find_organisation(key) is None:
        known = False
    if kind != _SCOPED.get(role) or not known:
        raise PeopleInputError("scope", "scope")


def grant_role(actor: Actor, person_id: str, role: Role, scope: str = "*", *, at: datetime) -> None:
    """Give a role. `scope`: `*`, `org:<id>`, `programme:<id>` or `recording:<id>`.

    Raises PeopleInputError for a scope that the role does not know or that it has already.
    """
    policy.require_grant_roles(actor)
    person = get_person(person_id)
    _check_scope(role, scope)
    if any(r.role == role.value and r.scope == scope for r in list_roles(person.id)):
        raise PeopleInputError("role", "granted_already")
    db.session.add(
        RoleAssignment(
            person_id=person.id,
            role=role.value,
            scope=scope,
            granted_by=actor.person_id,
            granted_at=at,
        )
    )
    try:
        db.session.flush()
    except IntegrityError as error:  # given by another transaction since it was looked up
        raise PeopleInputError("role", "granted_already") from error
    record_act(actor, "role.granted", "person", person.id, at=at, role=role.value, scope=scope)


def revoke_role(actor: Actor, person_id: str, role_id: str, *, at: datetime) -> None:
    """Take a role away. The last administrator's stays."""
    policy.require_grant_roles(actor)
    person = get_person(person_id)
    role = get_role(person, role_id)
    if (role.role, role.scope) == (Role.ADMIN.value, "*") and count_admins() <= 1:
        raise PeopleError("last_admin")
    db.session.delete(role)
    record_act(actor, "role.revoked", "person", person.id, at=at, role=role.role, scope=role.scope)


def ensure_person(
    new: NewPerson,
    *,
    password_hash: str | None = None,
    memberships: tuple[MembershipPeriod, ...] = (),
    roles: tuple[tuple[Role, str], ...] = (),
    at: datetime,
) -> Person:
    """Return the person with this id, made when missing (seeds and commands).

    What exists already is left as it is, but for memberships and roles that are missing.
    """
    person = find_person_by_login_id(new.login_id) if new.login_id else None
    if person is None:
        person = get_person(add_person(SYSTEM, new, at=at).person_id)
        person.password_hash = password_hash
        if person.address and password_hash:
            person.address_confirmed_at = at
    held = {m.organisation_id for m in list_memberships(person.id)}
    for period in memberships:
        if period.organisation_id not in held:
            add_membership(SYSTEM, person.id, period, at=at)
    given = {(r.role, r.scope) for r in list_roles(person.id)}
    for role, scope in roles:
        if (role.value, scope) not in given:
            grant_role(SYSTEM, person.id, role, scope, at=at)
    db.session.flush()
    return person
