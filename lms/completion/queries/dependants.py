"""Who still needs a recording for a completion, and has no other way to it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from lms.completion.queries.progress import EditionRule, evidence_of, rules_of
from lms.completion.rules import (
    CompletionOutcome,
    RequirementState,
    RouteKind,
    Standing,
    judge_completion,
)
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import EditionId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import name_of
from lms.people.rules import PersonName
from lms.recordings.models import Recording


@dataclass(frozen=True, slots=True)
class Dependant:
    """Somebody with a seat who has not completed, and lacks what the recording stands for.

    `permille` of it they had watched; `other_ways` whether the requirement has another route.
    """

    person_id: PersonId
    name: PersonName
    permille: int
    titles: tuple[Localized, ...]
    other_ways: bool


def list_dependants(recording: Recording) -> list[Dependant]:
    """Return who still needs a recording, by kana, in five queries.

    Whoever has earned the completion, or met that requirement by now, does not.
    """
    return _dependants([recording]).get(recording.id, [])


def count_dependants(recordings: Collection[Recording]) -> dict[str, int]:
    """Return how many still need each of some recordings; five queries for all of them."""
    if not recordings:
        return {}
    return {key: len(found) for key, found in _dependants(recordings).items()}


def _dependants(recordings: Collection[Recording]) -> dict[str, list[Dependant]]:
    editions = {recording.edition_id for recording in recordings}
    rules = rules_of(editions)
    wanted = [
        (recording, rule)
        for recording in recordings
        if (rule := rules.get(EditionId(recording.edition_id))) is not None
        and _lines(rule, recording.id)
    ]
    if not wanted:
        return {}
    seats: dict[str, list[Person]] = defaultdict(list)
    for edition_id, person in db.session.execute(
        select(Enrolment.edition_id, Person)
        .join(Person, Person.id == Enrolment.person_id)
        .where(
            Enrolment.edition_id.in_({recording.edition_id for recording, _rule in wanted}),
            Enrolment.state == EnrolmentState.ENROLLED,
        )
        .order_by(Person.sort_key, Person.id)
    ):
        seats[edition_id].append(person)
    people = {person.id for each in seats.values() for person in each}
    evidence = evidence_of(people, {recording.edition_id for recording, _rule in wanted})
    found: dict[str, list[Dependant]] = {}
    for recording, rule in wanted:
        facts = [line.facts for line in rule.lines]
        found[recording.id] = []
        for person in seats[recording.edition_id]:
            known = evidence[PersonId(person.id)]
            standing = known.standing.get(recording.edition_id, Standing())
            if standing.earned_at is not None and standing.revoked_at is None:
                continue
            outcome = judge_completion(rule.combine, rule.needed, facts, known.facts())
            one = _dependant(person, recording.id, rule, outcome, known.coverage)
            if one is not None:
                found[recording.id].append(one)
    return found


def _lines(rule: EditionRule, recording_id: str) -> list[int]:
    """Return which requirements of a rule can be met by watching a recording."""
    return [
        number
        for number, line in enumerate(rule.lines)
        if any(
            route.kind is RouteKind.WATCH and recording_id in route.recording_ids
            for route in line.facts.routes
        )
    ]


def _dependant(
    person: Person,
    recording_id: str,
    rule: EditionRule,
    outcome: CompletionOutcome,
    coverage: dict[str, int],
) -> Dependant | None:
    lacking = [
        number
        for number in _lines(rule, recording_id)
        if outcome.requirements[number].state is not RequirementState.DONE
    ]
    if outcome.is_met or not lacking:
        return None
    return Dependant(
        person_id=PersonId(person.id),
        name=name_of(person),
        permille=min(coverage.get(recording_id, 0), 1000),
        titles=tuple(rule.lines[number].title for number in lacking),
        other_ways=all(_has_other_way(rule, number, recording_id) for number in lacking),
    )


def _has_other_way(rule: EditionRule, number: int, recording_id: str) -> bool:
    """Whether a requirement can still be met without the recording."""
    return any(
        route.kind is not RouteKind.WATCH
        or (bool(route.recording_ids) and recording_id not in route.recording_ids)
        for route in rule.lines[number].facts.routes
    )
