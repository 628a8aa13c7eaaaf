"""Who asks, as the decision reads it."""

import time as time_module
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import and_, select

from lms.enrolment.queries import enrolment_facts
from lms.infra.db import db
from lms.kernel.actor import Actor, Role
from lms.kernel.clock import JST, to_ms
from lms.people.models import Membership, Organisation
from lms.people.queries import organisation_tree_facts
from lms.rights.rules import Viewer, org_tree_from_json, viewer_from_json
from lms.rights.rules.facts import OrgTree
from lms.sessions.queries import attended_session_ids

Json: TypeAlias = dict[str, Any]

# Administrators look after every recording as organisers do; evidence is the rights officer's.
_CASE_ROLES: Final = {
    Role.ADMIN: "organiser",
    Role.ORGANISER: "organiser",
    Role.RIGHTS_OFFICER: "rights_officer",
}


@dataclass(frozen=True, slots=True)
class ViewerFacts:
    """Who asks: the viewer of the decision, with the part of the tree that concerns them.

    `programme_roles` are (role, programme id): they hold for the recordings of a programme.
    """

    actor: Actor
    viewer: Viewer
    orgs: OrgTree
    programme_roles: tuple[tuple[str, str], ...] = ()


def viewer_facts(actor: Actor, at: datetime, *, country: str | None = None) -> ViewerFacts:
    """Return the facts of the one who asks, in three queries (none when not signed in).

    `country` is where they say they are now; without it the country of the account counts.
    """
    orgs_json, memberships = _memberships(actor, at)
    orgs = org_tree_from_json(orgs_json)
    viewer = viewer_from_json(_viewer(actor, memberships, country), orgs)
    return ViewerFacts(actor, viewer, orgs, _programme_roles(actor))


def listing_viewer(
    actor: Actor, enrolments: Sequence[Json], attended: Collection[str]
) -> ViewerFacts:
    """Return the one who asks for a list on a page that knows enrolments and attendance already.

    Memberships are those active now, as the Actor has them; the tree of organisations is read
    at most once in five seconds a process. So a list decides about this moment only (never about
    a lease), and costs no query.
    """
    if actor.person_id is None:
        case: Json = {"anonymous": True, "country": actor.country}
    else:
        case = {
            "id": actor.person_id,
            "memberships": [{"org": key} for key in actor.organisation_ids],
            "roles": _roles(actor),
            "enrolments": list(enrolments),
            "attended": sorted(attended),
            "country": actor.country,
        }
    orgs = _tree_of(actor.organisation_ids)
    return ViewerFacts(actor, viewer_from_json(case, orgs), orgs, _programme_roles(actor))


@dataclass(slots=True)
class _TreeCache:
    facts: Json = field(default_factory=dict)
    until: float = 0.0


_tree = _TreeCache()


def _tree_of(organisation_ids: Collection[str]) -> OrgTree:
    """Return the part of the tree above some organisations."""
    known = all(key in _tree.facts for key in organisation_ids)
    if organisation_ids and (not known or time_module.monotonic() > _tree.until):
        _tree.facts = {
            str(key): {"level": one["level"], "parent": one["parent"]}
            for key, one in organisation_tree_facts().items()
        }
        _tree.until = time_module.monotonic() + 5.0
    part: Json = {}
    for key in organisation_ids:
        above: str | None = key
        while above is not None and above not in part and above in _tree.facts:
            part[above] = _tree.facts[above]
            above = _tree.facts[above]["parent"]
    return org_tree_from_json(part)


def viewer_json(actor: Actor, at: datetime, *, country: str | None = None) -> Json:
    """Return the one who asks in the case format, times in ms UTC."""
    return _viewer(actor, _memberships(actor, at)[1], country)


def day_start(day: date) -> datetime:
    """Return the midnight in Japan with which a day begins."""
    return datetime.combine(day, time(), JST)


def day_end(day: date) -> datetime:
    """Return the midnight in Japan with which a last day ends: the next day's beginning."""
    return day_start(day + timedelta(days=1))


def _viewer(actor: Actor, memberships: list[Json], country: str | None) -> Json:
    place = country or actor.country
    if actor.person_id is None:
        return {"anonymous": True, "country": place}
    return {
        "id": actor.person_id,
        "memberships": memberships,
        "roles": _roles(actor),
        "enrolments": enrolment_facts(actor.person_id),
        "attended": sorted(attended_session_ids(actor.person_id)),
        "country": place,
    }


def _roles(actor: Actor) -> list[Json]:
    held: set[tuple[str, str]] = set()
    for grant in actor.roles:
        role = _CASE_ROLES.get(grant.role)
        if role is not None and (grant.scope == "*" or grant.scope.startswith("recording:")):
            held.add((role, grant.scope.removeprefix("recording:")))
    return [{"role": role, "scope": scope} for role, scope in sorted(held)]


def _programme_roles(actor: Actor) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            (_CASE_ROLES[grant.role], grant.scope.removeprefix("programme:"))
            for grant in actor.roles
            if grant.role in _CASE_ROLES and grant.scope.startswith("programme:")
        )
    )


def _memberships(actor: Actor, at: datetime) -> tuple[Json, list[Json]]:
    """Return the organisations of a person with all above them, and the memberships. One query.

    What ended before `at` is left out: it never counts again. The rest of the tree cannot
    matter, as a condition is matched from the member's side upwards.
    """
    if actor.person_id is None:
        return {}, []
    own = (
        select(Membership.organisation_id.label("id"))
        .where(Membership.person_id == actor.person_id)
        .cte("own", recursive=True)
    )
    above = own.union(
        select(Organisation.parent_id)
        .join(own, Organisation.id == own.c.id)
        .where(Organisation.parent_id.is_not(None))
    )
    rows: Sequence[Any] = db.session.execute(
        select(
            Organisation.id,
            Organisation.level,
            Organisation.parent_id,
            Membership.id,
            Membership.starts_on,
            Membership.ends_on,
        )
        .join(above, above.c.id == Organisation.id)
        .outerjoin(
            Membership,
            and_(
                Membership.organisation_id == Organisation.id,
                Membership.person_id == actor.person_id,
            ),
        )
        .order_by(Membership.starts_on, Membership.id)
    ).all()
    orgs = {key: {"level": level, "parent": parent} for key, level, parent, *_rest in rows}
    memberships = []
    for key, _level, _parent, membership, starts_on, ends_on in rows:
        if membership is None or (ends_on is not None and day_end(ends_on) <= at):
            continue
        window = {}
        if starts_on is not None:
            window["from"] = to_ms(day_start(starts_on))
        if ends_on is not None:
            window["until"] = to_ms(day_end(ends_on))
        memberships.append({"org": key, **window})
    return orgs, memberships
