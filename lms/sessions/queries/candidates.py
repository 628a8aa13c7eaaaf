"""Who a name in a report of a session might be: for suggesting, for searching, for showing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.ids import OrganisationId, PersonId
from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized
from lms.people.models import Membership, Person
from lms.people.queries import active_on, name_of, organisation_paths
from lms.people.rules import OrganisationPath
from lms.sessions.queries.reports import in_reports_of
from lms.sessions.rules.reconciling import Candidate, make_candidate

_MOST_WORDS = 10


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody of the session, as the reconciliation shows them."""

    person_id: PersonId
    name: str
    kana: str
    organisation: Localized


def list_candidates(live_session_id: str, edition_id: str, day: date) -> tuple[Candidate, ...]:
    """Return everyone whom a report of a session may name, to compare names with.

    Only the forms of their names are read, by their readings, and the organisations of `day`.
    Three queries.
    """
    condition = in_reports_of(live_session_id, edition_id)
    rows = db.session.execute(
        select(
            Person.id,
            Person.family_name,
            Person.given_name,
            Person.family_kana,
            Person.given_kana,
            Person.romanised_family,
            Person.romanised_given,
            Person.full_name,
            Person.other_name,
            Person.call_me,
        )
        .where(condition)
        .order_by(Person.sort_key, Person.id)
    ).all()
    places = _places(condition, day)
    return tuple(_candidate(row, places.get(row.id)) for row in rows)


def _candidate(row: Any, place: OrganisationPath | None) -> Candidate:
    names = [
        (row.family_name, row.given_name),
        (row.family_kana, row.given_kana),
        (row.romanised_family, row.romanised_given),
    ]
    return make_candidate(
        PersonId(row.id),
        [pair for pair in names if any(pair)],
        [text for text in (row.full_name, row.other_name, row.call_me) if text],
        [text for words in (place.names if place else ()) for text in words.values()],
    )


def _places(condition: Any, day: date) -> Mapping[str, OrganisationPath]:
    """Return the first organisation in protocol order of each person, on a day."""
    paths = organisation_paths(day)
    places: dict[str, OrganisationPath] = {}
    memberships: Any = db.session.execute(
        select(Membership.person_id, Membership.organisation_id)
        .join(Person, Person.id == Membership.person_id)
        .where(condition, active_on(day))
    )
    for person_id, organisation_id in memberships:
        path = paths[OrganisationId(organisation_id)]
        if person_id not in places or path.order < places[person_id].order:
            places[person_id] = path
    return places


def get_listed(person_ids: Collection[str], day: date) -> dict[PersonId, Listed]:
    """Return how these people are shown, in three queries; none for none."""
    return _show(Person.id.in_(person_ids), day, None) if person_ids else {}


def search_listed(
    live_session_id: str, edition_id: str, term: str, day: date, limit: int
) -> tuple[Listed, ...]:
    """Return who of a session is found by a word in any form of a name, at most `limit`.

    Three queries; none where nothing is asked.
    """
    words = search_key(term).split()[:_MOST_WORDS]
    if not words:
        return ()
    condition = in_reports_of(live_session_id, edition_id)
    for word in words:
        condition &= Person.search_key.contains(word, autoescape=True)
    return tuple(_show(condition, day, limit).values())


def _show(condition: Any, day: date, limit: int | None) -> dict[PersonId, Listed]:
    people = db.session.scalars(
        select(Person).where(condition).order_by(Person.sort_key, Person.id).limit(limit)
    ).all()
    places = _places(Person.id.in_([person.id for person in people]), day)
    found = {}
    for person in people:
        name, place = name_of(person), places.get(person.id)
        found[name.person_id] = Listed(
            name.person_id, name.shown, name.kana, place.names[-1] if place else {}
        )
    return found
