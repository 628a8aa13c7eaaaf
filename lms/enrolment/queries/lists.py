"""Lists of people in an edition, for those who run it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from lms.enrolment.models import Enrolment, EnrolmentChange, EnrolmentState
from lms.enrolment.queries.reading import list_waiting
from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized
from lms.people.models import Membership, Organisation, Person


@dataclass(frozen=True, slots=True)
class Applicant:
    """A row of the organiser's list: who, from where, how."""

    enrolment: Enrolment
    person: Person
    organisations: tuple[Localized, ...] = ()
    protocol: tuple[tuple[int, str], ...] = ()
    place: int | None = None
    last_reason: str = ""


def list_applicants(
    edition_id: str, at: datetime, *, states: Collection[str] = (), text: str = ""
) -> list[Applicant]:
    """Return the applications of an edition for its organiser, in six queries whatever the number.

    Those on the waiting list come in its order, with their place; the others by kana. `text`
    is looked for in names, readings and ids. Organisations are those of the day of `at`.
    """
    query = (
        select(Enrolment, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.edition_id == edition_id)
    )
    if states:
        query = query.where(Enrolment.state.in_(sorted(states)))
    for word in text.split()[:5]:
        if key := search_key(word):
            query = query.where(
                or_(
                    Person.search_key.contains(key, autoescape=True),
                    Person.family_name.contains(word, autoescape=True),
                    Person.given_name.contains(word, autoescape=True),
                )
            )
    rows = db.session.execute(query.order_by(Person.sort_key, Person.id)).all()
    places = {w.enrolment_id: n for n, w in enumerate(list_waiting(edition_id), start=1)}
    reasons = _last_reasons([enrolment.id for enrolment, _person in rows])
    homes = _organisations([person.id for _enrolment, person in rows], at)
    applicants = [
        Applicant(
            enrolment,
            person,
            tuple(name for name, _path in homes.get(person.id, ())),
            min((path for _name, path in homes.get(person.id, ())), default=()),
            places.get(enrolment.id),
            reasons.get(enrolment.id, ""),
        )
        for enrolment, person in rows
    ]
    return sorted(applicants, key=lambda a: a.place or 0)


def list_roster(edition_id: str, at: datetime) -> list[Applicant]:
    """Return who holds a seat, by the protocol order of organisations, then kana."""
    enrolled = list_applicants(edition_id, at, states={EnrolmentState.ENROLLED})
    last = ((10**9, ""),)  # people without an organisation stand at the end
    return sorted(enrolled, key=lambda a: (a.protocol or last, a.person.sort_key, a.person.id))


def _last_reasons(enrolment_ids: Collection[str]) -> dict[str, str]:
    later = aliased(EnrolmentChange)
    rows = db.session.execute(
        select(EnrolmentChange.enrolment_id, EnrolmentChange.reason).where(
            EnrolmentChange.enrolment_id.in_(enrolment_ids),
            EnrolmentChange.reason != "",
            ~exists(
                select(later.id).where(
                    later.enrolment_id == EnrolmentChange.enrolment_id,
                    or_(
                        later.at > EnrolmentChange.at,
                        and_(later.at == EnrolmentChange.at, later.id > EnrolmentChange.id),
                    ),
                )
            ),
        )
    )
    return dict(rows.tuples().all())


def _organisations(
    person_ids: Collection[str], at: datetime
) -> dict[str, list[tuple[Localized, tuple[tuple[int, str], ...]]]]:
    """Return name and place in protocol order of everyone's organisations on the day of `at`.

    A place is the path from the root: (order among siblings, code) at every level.
    """
    if not person_ids:
        return {}
    today = clock.day_in(at)
    memberships = db.session.execute(
        select(Membership.person_id, Membership.organisation_id).where(
            Membership.person_id.in_(person_ids),
            or_(Membership.starts_on.is_(None), Membership.starts_on <= today),
            or_(Membership.ends_on.is_(None), Membership.ends_on >= today),
        )
    ).all()
    tree = {o.id: o for o in db.session.scalars(select(Organisation))}
    homes: dict[str, list[tuple[Localized, tuple[tuple[int, str], ...]]]] = {}
    for person_id, organisation_id in memberships:
        home = tree[organisation_id]
        homes.setdefault(person_id, []).append((_name_on(home, today), _path(home, tree)))
    return homes


def _name_on(organisation: Organisation, day: date) -> Localized:
    valid = [
        n.name
        for n in organisation.names
        if (n.starts_on is None or n.starts_on <= day) and (n.ends_on is None or n.ends_on >= day)
    ]
    return valid[-1] if valid else {"en": organisation.code}


def _path(home: Organisation, tree: dict[str, Organisation]) -> tuple[tuple[int, str], ...]:
    path: list[tuple[int, str]] = []
    node: Organisation | None = home
    while node is not None and len(path) < 20:  # noqa: PLR2004 - a circle in the tree ends
        path.append((node.protocol_order, node.code))
        node = tree.get(node.parent_id) if node.parent_id else None
    return tuple(reversed(path))
