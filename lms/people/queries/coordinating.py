"""Reads of who follows whom: coordinators and the members in their charge."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.actor import Role
from lms.kernel.ids import PersonId
from lms.people.models import Membership, Person, RoleAssignment
from lms.people.queries.organisations import read_tree
from lms.people.queries.persons import active_on


def coordinators_of(person_ids: Collection[str], day: date) -> dict[PersonId, tuple[PersonId, ...]]:
    """Return the coordinators of these people's organisations, each with whom of them they follow.

    An organisation is followed by its own coordinators and by those of the ones above it, not by
    who follows everybody. Nobody stands below themselves. Four queries.
    """
    scopes: dict[str, list[str]] = {}
    for scope, person_id in db.session.execute(
        select(RoleAssignment.scope, RoleAssignment.person_id)
        .join(Person, Person.id == RoleAssignment.person_id)
        .where(RoleAssignment.role == Role.COORDINATOR.value, Person.suspended_at.is_(None))
    ):
        scopes.setdefault(scope, []).append(person_id)
    if not scopes or not person_ids:
        return {}
    tree = read_tree(day)
    found: dict[PersonId, dict[PersonId, None]] = {}
    for member_id, organisation_id in db.session.execute(
        select(Membership.person_id, Membership.organisation_id)
        .where(Membership.person_id.in_(person_ids), active_on(day))
        .order_by(Membership.person_id, Membership.id)
    ):
        for node in tree.ancestors(organisation_id):
            for person_id in scopes.get(f"org:{node.id}", ()):
                if person_id != member_id:
                    found.setdefault(PersonId(person_id), {})[PersonId(member_id)] = None
    return {person_id: tuple(members) for person_id, members in found.items()}
