"""Adding organisations, naming them by date, moving them in the tree."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.ids import OrganisationId
from lms.kernel.japanese import plain_id
from lms.kernel.localized import Localized
from lms.people import policy
from lms.people.errors import PeopleInputError
from lms.people.models import Level, Organisation, OrganisationName
from lms.people.queries import (
    descendant_ids,
    find_organisation,
    find_organisation_by_code,
    get_organisation,
    get_organisation_name,
    organisation_tree_facts,
)
from lms.people.rules import may_stand_under, periods_overlap

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class OrganisationPlace:
    """What an organisation is and where it stands; `order` is its place among siblings."""

    code: str
    level: Level
    parent_id: str | None = None
    order: int = 0
    country: str = "JP"


@dataclass(frozen=True, slots=True)
class NamePeriod:
    """A name in one or more languages and its days, both included; None = open."""

    name: Localized
    starts_on: date | None = None
    ends_on: date | None = None


def _check_place(place: OrganisationPlace, organisation: Organisation | None) -> str:
    """Return the code as kept. Raises PeopleInputError naming the field."""
    code = plain_id(place.code)
    if not _CODE.fullmatch(code):
        raise PeopleInputError("code", "code_form")
    other = find_organisation_by_code(code)
    if other is not None and (organisation is None or other.id != organisation.id):
        raise PeopleInputError("code", "code_taken")
    if not (len(place.country) == 2 and place.country.isascii() and place.country.isupper()):  # noqa: PLR2004 - ISO 3166
        raise PeopleInputError("country", "country")
    parent = find_organisation(place.parent_id) if place.parent_id else None
    if place.parent_id and parent is None:
        raise PeopleInputError("parent_id", "no_organisation")
    if not may_stand_under(place.level.value, parent.level if parent else None):
        raise PeopleInputError("parent_id", "level_under")
    if organisation is not None:
        if parent is not None and parent.id in descendant_ids(organisation.id):
            raise PeopleInputError("parent_id", "cycle")
        for facts in organisation_tree_facts().values():
            if facts["parent"] == organisation.id and not may_stand_under(
                facts["level"], place.level.value
            ):
                raise PeopleInputError("level", "level_over")
    return code


def _check_name(
    organisation: Organisation | None, period: NamePeriod, but: str | None = None
) -> None:
    if not any(text.strip() for text in period.name.values()):
        raise PeopleInputError("name_ja", "no_name")
    if period.starts_on and period.ends_on and period.ends_on < period.starts_on:
        raise PeopleInputError("ends_on", "period")
    for other in organisation.names if organisation else ():
        if other.id != but and periods_overlap(
            (other.starts_on, other.ends_on), (period.starts_on, period.ends_on)
        ):
            raise PeopleInputError("starts_on", "overlap")


def _flush() -> None:
    """Write now; a code that another transaction took since it was looked up is taken too."""
    try:
        db.session.flush()
    except IntegrityError as error:
        raise PeopleInputError("code", "code_taken") from error


def add_organisation(
    actor: Actor, place: OrganisationPlace, name: NamePeriod, *, at: datetime
) -> OrganisationId:
    """Add an organisation with its first name. Raises PeopleInputError naming the field."""
    policy.require_manage_people(actor)
    code = _check_place(place, None)
    _check_name(None, name)
    organisation = Organisation(
        code=code,
        level=place.level.value,
        parent_id=place.parent_id or None,
        protocol_order=place.order,
        country=place.country,
    )
    organisation.names.append(
        OrganisationName(name=name.name, starts_on=name.starts_on, ends_on=name.ends_on)
    )
    db.session.add(organisation)
    _flush()
    record_act(actor, "organisation.added", "organisation", organisation.id, at=at)
    return OrganisationId(organisation.id)


def move_organisation(
    actor: Actor, organisation_id: str, place: OrganisationPlace, *, at: datetime
) -> None:
    """Change code, level, place in the tree and order. Raises PeopleInputError."""
    policy.require_manage_people(actor)
    organisation = get_organisation(organisation_id)
    organisation.code = _check_place(place, organisation)
    organisation.level = place.level.value
    organisation.parent_id = place.parent_id or None
    organisation.protocol_order = place.order
    organisation.country = place.country
    _flush()
    record_act(
        actor,
        "organisation.moved",
        "organisation",
        organisation.id,
        at=at,
        parent=organisation.parent_id,
    )


def rename_organisation(
    actor: Actor, organisation_id: str, name: NamePeriod, *, at: datetime
) -> None:
    """Add a dated name. An open name that began earlier ends on the day before.

    Raises PeopleInputError naming the field.
    """
    policy.require_manage_people(actor)
    organisation = get_organisation(organisation_id)
    if name.starts_on is not None:
        for other in organisation.names:
            began_earlier = other.starts_on is None or other.starts_on < name.starts_on
            if other.ends_on is None and began_earlier and name.starts_on > date.min:
                other.ends_on = date.fromordinal(name.starts_on.toordinal() - 1)
    _check_name(organisation, name)
    organisation.names.append(
        OrganisationName(name=name.name, starts_on=name.starts_on, ends_on=name.ends_on)
    )
    record_act(actor, "organisation.renamed", "organisation", organisation.id, at=at)


def change_organisation_name(
    actor: Actor, organisation_id: str, name_id: str, name: NamePeriod, *, at: datetime
) -> None:
    """Correct a dated name. Raises PeopleInputError naming the field."""
    policy.require_manage_people(actor)
    organisation = get_organisation(organisation_id)
    kept = get_organisation_name(organisation, name_id)
    _check_name(organisation, name, but=kept.id)
    kept.name, kept.starts_on, kept.ends_on = name.name, name.starts_on, name.ends_on
    record_act(actor, "organisation.renamed", "organisation", organisation.id, at=at)


def ensure_organisation(
    place: OrganisationPlace, name: Localized, *, at: datetime
) -> OrganisationId:
    """Return the organisation with this code, made when missing (seeds)."""
    known = find_organisation_by_code(plain_id(place.code))
    if known is not None:
        return OrganisationId(known.id)
    return add_organisation(SYSTEM, place, NamePeriod(name), at=at)
