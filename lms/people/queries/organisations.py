"""Reads of the tree of organisations."""

from datetime import date
from typing import TypedDict

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import OrganisationId
from lms.people.models import Organisation, OrganisationName
from lms.people.queries.actors import is_id
from lms.people.rules import OrganisationNode, OrganisationPath, Tree, name_on
from lms.people.rules.organisations import DatedName


class OrganisationFacts(TypedDict):
    """An organisation as the rights decision reads it."""

    level: str
    parent: OrganisationId | None


def read_tree(day: date | None = None) -> Tree:
    """Return all organisations with their names on a day (today in Japan unless told).

    Two queries.
    """
    day = day or clock.day_in(clock.now())
    names: dict[str, list[DatedName]] = {}
    for key, name, starts_on, ends_on in db.session.execute(
        select(
            OrganisationName.organisation_id,
            OrganisationName.name,
            OrganisationName.starts_on,
            OrganisationName.ends_on,
        )
    ):
        names.setdefault(key, []).append(DatedName(name, starts_on, ends_on))
    return Tree(
        OrganisationNode(
            id=OrganisationId(key),
            parent_id=OrganisationId(parent) if parent else None,
            code=code,
            level=level,
            order=order,
            country=country,
            name=name_on(names.get(key, []), day),
        )
        for key, parent, code, level, order, country in db.session.execute(
            select(
                Organisation.id,
                Organisation.parent_id,
                Organisation.code,
                Organisation.level,
                Organisation.protocol_order,
                Organisation.country,
            )
        )
    )


def organisation_paths(day: date | None = None) -> dict[OrganisationId, OrganisationPath]:
    """Return where each organisation stands: names from the top, place in protocol order."""
    tree = read_tree(day)
    return {key: path for key in tree.nodes if (path := tree.path(key)) is not None}


def organisation_tree_facts() -> dict[OrganisationId, OrganisationFacts]:
    """Return the level and the parent of every organisation, as the rights decision reads them."""
    return {
        OrganisationId(key): {
            "level": level,
            "parent": OrganisationId(parent) if parent else None,
        }
        for key, level, parent in db.session.execute(
            select(Organisation.id, Organisation.level, Organisation.parent_id)
        )
    }


def descendant_ids(organisation_id: str) -> frozenset[OrganisationId]:
    """Return an organisation and all below it; empty when it is unknown."""
    return read_tree().descendants(organisation_id)


def find_organisation(organisation_id: str) -> Organisation | None:
    """Return an organisation with its names, or None."""
    return db.session.get(Organisation, organisation_id) if is_id(organisation_id) else None


def get_organisation(organisation_id: str) -> Organisation:
    """Return an organisation. Raises NotFoundError."""
    organisation = find_organisation(organisation_id)
    if organisation is None:
        raise NotFoundError
    return organisation


def find_organisation_by_code(code: str) -> Organisation | None:
    """Return the organisation with this code, or None."""
    return db.session.scalar(select(Organisation).where(Organisation.code == code))


def get_organisation_name(organisation: Organisation, name_id: str) -> OrganisationName:
    """Return one dated name of an organisation. Raises NotFoundError."""
    for name in organisation.names:
        if name.id == name_id:
            return name
    raise NotFoundError
