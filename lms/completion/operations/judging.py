"""Judging who has met the rule of an edition."""

from collections.abc import Sequence
from datetime import datetime

from lms.completion.events import CompletionEarned, CompletionQuestioned
from lms.completion.models import RevocationTask
from lms.completion.operations.certificates import issue_certificate, missing_glyphs_of
from lms.completion.queries import evidence_of, find_open_task, lock_seats, rules_of
from lms.completion.rules import (
    CompletionOutcome,
    Correction,
    Standing,
    Verdict,
    decide_verdict,
    judge_completion,
    lacking,
    takes_away,
)
from lms.courses.queries import get_entry
from lms.enrolment.queries import list_enrolled_ids
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.ids import EditionId, PersonId, ProgrammeId
from lms.people.queries import get_person
from lms.records.operations import record_achievement
from lms.records.queries import find_achievement


def judge_people(
    person_ids: Sequence[PersonId],
    edition_id: EditionId,
    cause: str,
    *,
    at: datetime,
    correction: Correction | None = None,
) -> int:
    """Judge completion anew for people in an edition; return how many earned it now.

    Runs in the transaction of whatever changed. People without a seat earn nothing, but what
    they earned before is looked at. Only a `correction` can put what was earned in question.
    """
    rule = rules_of([edition_id]).get(edition_id) if person_ids else None
    if rule is None:
        return 0
    seated = lock_seats(person_ids, edition_id)
    facts = [line.facts for line in rule.lines]
    earned = 0
    for person_id, known in evidence_of(person_ids, [edition_id]).items():
        evidence = known.facts()
        outcome = judge_completion(rule.combine, rule.needed, facts, evidence)
        verdict = decide_verdict(
            outcome,
            known.standing.get(edition_id, Standing()),
            was_corrected=takes_away(correction, evidence, outcome),
        )
        if verdict is Verdict.EARN and person_id in seated:
            _earn(person_id, edition_id, gives_certificate=rule.gives_certificate, at=at)
            earned += 1
        elif verdict is Verdict.QUESTION:
            _question(person_id, edition_id, cause, outcome, at=at)
        elif verdict is Verdict.SETTLE:
            _settle(person_id, edition_id, at=at)
    return earned


def judge_edition(
    edition_id: EditionId, cause: str, *, at: datetime, correction: Correction | None = None
) -> int:
    """Judge everyone who holds a seat (after the rule, sessions or recordings changed)."""
    people = [PersonId(key) for key in list_enrolled_ids(edition_id)]
    return judge_people(people, edition_id, cause, at=at, correction=correction)


def _earn(
    person_id: PersonId, edition_id: EditionId, *, gives_certificate: bool, at: datetime
) -> None:
    entry = get_entry(edition_id)
    achievement = record_achievement(person_id, edition_id, ProgrammeId(entry.programme.id), at=at)
    if achievement is None:
        return
    raise_event(CompletionEarned(achievement.id, edition_id, person_id, at))
    # A name that cannot be printed costs nobody the completion: the organiser sees it and
    # issues the certificate when the name is right.
    if gives_certificate and not missing_glyphs_of(get_person(person_id)):
        issue_certificate(achievement, entry.programme, entry.edition, at=at)


def _question(
    person_id: PersonId,
    edition_id: EditionId,
    cause: str,
    outcome: CompletionOutcome,
    *,
    at: datetime,
) -> None:
    achievement = find_achievement(person_id, edition_id)
    if achievement is None:
        return
    task = RevocationTask(
        achievement_id=achievement.id,
        cause=cause,
        lacking=" ".join(lacking(outcome)),
        opened_at=at,
    )
    db.session.add(task)
    db.session.flush()
    raise_event(CompletionQuestioned(task.id, achievement.id, edition_id, person_id, at))


def _settle(person_id: PersonId, edition_id: EditionId, *, at: datetime) -> None:
    achievement = find_achievement(person_id, edition_id)
    task = find_open_task(achievement.id) if achievement is not None else None
    if task is not None:
        task.closed_at, task.decision = at, "kept"
