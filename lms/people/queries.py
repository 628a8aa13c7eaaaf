"""Reads of people."""

from datetime import datetime

from sqlalchemy import literal, null, or_, select, union_all

from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.actor import Actor, Role, RoleGrant
from lms.kernel.ids import OrganisationId, PersonId
from lms.people.models import Membership, Person, RoleAssignment
from lms.people.rules import display_name


def find_actor(person_id: str, epoch: int, at: datetime) -> Actor | None:
    """Return who acts, detached from the database; None when gone, suspended or signed out.

    Two queries: the person; roles and active memberships together.
    """
    person = db.session.get(Person, person_id)
    if person is None or person.suspended_at is not None or person.session_epoch != epoch:
        return None
    today = clock.day_in(at)
    rows = db.session.execute(
        union_all(
            select(literal("role"), RoleAssignment.role, RoleAssignment.scope).where(
                RoleAssignment.person_id == person_id
            ),
            select(literal("member"), Membership.organisation_id, null()).where(
                Membership.person_id == person_id,
                or_(Membership.starts_on.is_(None), Membership.starts_on <= today),
                or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
            ),
        )
    ).all()
    return Actor(
        person_id=PersonId(person.id),
        display_name=display_name(person),
        language=person.language,
        timezone=person.timezone,
        country=person.country,
        roles=frozenset(RoleGrant(Role(a), b) for kind, a, b in rows if kind == "role"),
        organisation_ids=tuple(
            sorted(OrganisationId(a) for kind, a, _b in rows if kind == "member")
        ),
    )
