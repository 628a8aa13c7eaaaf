"""Lists of people in an edition, for those who run it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from lms.enrolment.models import Enrolment, EnrolmentChange, EnrolmentState
from lms.enrolment.queries.reading import list_waiting
from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.ids import OrganisationId
from lms.kernel.japanese import search_key
from lms.people.models import Membership, Person
from lms.people.queries import active_on, name_of, organisation_paths
from lms.people.rules import OrganisationPath, PersonName


@dataclass(frozen=True, slots=True)
class Applicant:
    """A row of the organiser's list: who, from where, how.

    `organisations` are those of the present, in protocol order; `place` is the place on the
    waiting list, from 1; `last_reason` what was last given as a reason.
    """

    enrolment: Enrolment
    name: PersonName
    suspended: bool = False
    organisations: tuple[OrganisationPath, ...] = ()
    place: int | None = None
    last_reason: str = ""


def list_applicants(
    edition_id: str,
    at: datetime,
    *,
    states: Collection[str] = (),
    text: str = "",
    enrolment_id: str = "",
) -> list[Applicant]:
    """Return the applications of an edition for its organiser, in six queries whatever the number.

    Those on the waiting list come in its order, with their place; the others by kana. `text`
    is looked for in names and readings. Organisations are those of the day of `at`.
    """
    query = (
        select(Enrolment, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.edition_id == edition_id)
    )
    if enrolment_id:
        query = query.where(Enrolment.id == enrolment_id)
    if states:
        query = query.where(Enrolment.state.in_(sorted(states)))
    for word in search_key(text).split()[:10]:
        query = query.where(Person.search_key.contains(word, autoescape=True))
    rows = db.session.execute(query.order_by(Person.sort_key, Person.id)).all()
    places = {w.enrolment_id: n for n, w in enumerate(list_waiting(edition_id), start=1)}
    reasons = _last_reasons([enrolment.id for enrolment, _person in rows])
    homes = _organisations([person.id for _enrolment, person in rows], at)
    applicants = [
        Applicant(
            enrolment,
            name_of(person),
            person.suspended_at is not None,
            homes.get(person.id, ()),
            places.get(enrolment.id),
            reasons.get(enrolment.id, ""),
        )
        for enrolment, person in rows
    ]
    return sorted(applicants, key=lambda a: a.place or 0)


def list_roster(edition_id: str, at: datetime) -> list[Applicant]:
    """Return who holds a seat, by the protocol order of organisations, then kana.

    People without an organisation stand at the end.
    """
    enrolled = list_applicants(edition_id, at, states={EnrolmentState.ENROLLED})
    return sorted(
        enrolled,
        key=lambda a: (
            not a.organisations,
            a.organisations[0].order if a.organisations else (),
            a.name.sort_key,
            a.name.person_id,
        ),
    )


def _last_reasons(enrolment_ids: Collection[str]) -> dict[str, str]:
    later = aliased(EnrolmentChange)
    rows = db.session.execute(
        select(EnrolmentChange.enrolment_id, EnrolmentChange.reason).where(
            EnrolmentChange.enrolment_id.in_(enrolment_ids),
            EnrolmentChange.reason != "",
            ~exists(
                select(later.id).where(
                    later.enrolment_id == EnrolmentChange.enrolment_id,
                    later.reason != "",
                    or_(
                        later.at > EnrolmentChange.at,
                        and_(later.at == EnrolmentChange.at, later.id > EnrolmentChange.id),
                    ),
                )
            ),
        )
    )
    return dict(rows.all())


def last_reason(enrolment_id: str) -> str:
    """Return the reason given with the latest step that had one, or ''."""
    return _last_reasons([enrolment_id]).get(enrolment_id, "")


def _organisations(
    person_ids: Collection[str], at: datetime
) -> dict[str, tuple[OrganisationPath, ...]]:
    """Return everyone's organisations on the day of `at`, in protocol order."""
    if not person_ids:
        return {}
    today = clock.day_in(at)
    paths = organisation_paths(today)
    homes: dict[str, list[OrganisationPath]] = {}
    for person_id, organisation_id in db.session.execute(
        select(Membership.person_id, Membership.organisation_id).where(
            Membership.person_id.in_(person_ids), active_on(today)
        )
    ):
        if (path := paths.get(OrganisationId(organisation_id))) is not None:
            homes.setdefault(person_id, []).append(path)
    return {key: tuple(sorted(own, key=lambda p: p.order)) for key, own in homes.items()}
