"""The cast: organisations, people, roles, and what the federation calls itself."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from lms.courses.models import Programme
from lms.infra.db import db
from lms.infra.site import read_site, write_site
from lms.infra.site.models import SiteRow
from lms.kernel.actor import Actor, Role
from lms.kernel.ids import PersonId
from lms.people.models import Level, Person
from lms.people.operations import (
    MembershipPeriod,
    NewPerson,
    OrganisationPlace,
    ensure_organisation,
    ensure_person,
)
from lms.people.queries import find_actor, find_organisation_by_code, find_person_by_login_id
from lms.whole.demo.data import Cast, PersonSeed, read_cast

_SINCE = date(2022, 4, 1)


def seed_site(at: datetime) -> None:
    """Give the site the federation's name, unless somebody has set it up already."""
    if db.session.get(SiteRow, 1) is None:
        write_site(replace(read_site(), **read_cast().site), at=at)


def seed_people(password_hash: str, at: datetime) -> None:
    """Add whoever is missing. Whoever is there stays as they are. Needs the content loaded."""
    cast = read_cast()
    ids = _organisations(cast, at)
    for seed in cast.people:
        ensure_person(
            NewPerson(seed.profile, seed.login, seed.address),
            password_hash=password_hash,
            memberships=(MembershipPeriod(ids[seed.org], starts_on=_SINCE),) if seed.org else (),
            roles=_roles(seed),
            at=at,
        )


def _organisations(cast: Cast, at: datetime) -> dict[str, str]:
    ids: dict[str, str] = {}
    for one in cast.organisations:
        place = OrganisationPlace(
            code=one.code,
            level=Level(one.level),
            parent_id=ids[one.parent] if one.parent else None,
            order=one.order,
            country=one.country,
        )
        ids[one.code] = ensure_organisation(place, one.name, at=at)
    return ids


def _roles(seed: PersonSeed) -> tuple[tuple[Role, str], ...]:
    return tuple((Role(role), _scope(kind, key)) for role, kind, key in seed.roles)


def _scope(kind: str, key: str) -> str:
    if kind == "org":
        organisation = find_organisation_by_code(key)
        assert organisation is not None
        return f"org:{organisation.id}"
    if kind == "programme":
        found = db.session.scalars(select(Programme.id).where(Programme.slug == key)).one()
        return f"programme:{found}"
    return "*"


def get_member(login: str) -> Person:
    """Return one of the cast, who must be there."""
    person = find_person_by_login_id(login)
    assert person is not None, login
    return person


def id_of(login: str) -> PersonId:
    """Return the id of one of the cast."""
    return PersonId(get_member(login).id)


def actor_of(login: str, at: datetime) -> Actor:
    """Return one of the cast as the one who acts."""
    person = get_member(login)
    actor = find_actor(person.id, person.session_epoch, at)
    assert actor is not None, login
    return actor
