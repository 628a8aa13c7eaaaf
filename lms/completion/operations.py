"""Writes of completion: judging, confirming, certificates, questions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lms.completion.errors import CompletionRefusedError
from lms.completion.events import CertificateIssued, CompletionEarned, CompletionQuestioned
from lms.completion.models import (
    Certificate,
    CertificateCounter,
    CompletionRule,
    Confirmation,
    Requirement,
    RevocationTask,
)
from lms.completion.policy import require_edition_manager
from lms.completion.queries import evidence_of, find_open_task, list_requirements, rules_of
from lms.completion.rules import (
    EditionRuleDraft,
    Standing,
    Verdict,
    certificate_number,
    decide_verdict,
    fiscal_year,
    judge_completion,
)
from lms.courses.models import Edition, Programme
from lms.courses.queries import get_edition, get_entry
from lms.enrolment.models import EnrolmentState
from lms.enrolment.queries import find_enrolment, list_enrolled_ids
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.site import read_site
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import CertificateId, EditionId, PersonId, ProgrammeId, new_secret
from lms.kernel.localized import Localized
from lms.people.queries import get_person
from lms.people.rules import display_name, latin_name
from lms.records.models import Achievement
from lms.records.operations import record_achievement, revoke_achievement
from lms.records.queries import find_achievement


def judge_people(
    person_ids: Sequence[PersonId], edition_id: EditionId, cause: str, *, at: datetime
) -> int:
    """Judge completion anew for people in an edition; return how many earned it now.

    Runs in the transaction of whatever changed. People without a seat earn nothing, but what
    they earned before is looked at.
    """
    rule = rules_of([edition_id]).get(edition_id)
    if rule is None:
        return 0
    facts = [line.facts for line in rule.lines]
    earned = 0
    for person_id, evidence in evidence_of(person_ids, [edition_id]).items():
        outcome = judge_completion(rule.combine, rule.needed, facts, evidence.facts())
        standing = evidence.standing.get(edition_id, Standing())
        verdict = decide_verdict(outcome, standing)
        if verdict is Verdict.EARN and _holds_seat(person_id, edition_id):
            _earn(person_id, edition_id, gives_certificate=rule.gives_certificate, at=at)
            earned += 1
        elif verdict is Verdict.QUESTION:
            _question(person_id, edition_id, cause, at=at)
        elif verdict is Verdict.SETTLE:
            _settle(person_id, edition_id, at=at)
    return earned


def judge_edition(edition_id: EditionId, cause: str, *, at: datetime) -> int:
    """Judge everyone who holds a seat (after the rule or the sessions changed)."""
    people = [PersonId(key) for key in list_enrolled_ids(edition_id)]
    return judge_people(people, edition_id, cause, at=at)


def _holds_seat(person_id: PersonId, edition_id: EditionId) -> bool:
    enrolment = find_enrolment(edition_id, person_id)
    return enrolment is not None and enrolment.state == EnrolmentState.ENROLLED


def _earn(
    person_id: PersonId, edition_id: EditionId, *, gives_certificate: bool, at: datetime
) -> None:
    entry = get_entry(edition_id)
    achievement = record_achievement(person_id, edition_id, ProgrammeId(entry.programme.id), at=at)
    if achievement is None:
        return
    raise_event(CompletionEarned(achievement.id, edition_id, person_id, at))
    if gives_certificate:
        issue_certificate(achievement, entry.programme, entry.edition, at=at)


def issue_certificate(
    achievement: Achievement, programme: Programme, edition: Edition, *, at: datetime
) -> Certificate:
    """Issue the certificate of an achievement: number and words are frozen now.

    Numbers run within the fiscal year without gaps, under a lock on its counter.
    """
    site, person = read_site(), get_person(achievement.person_id)
    day = clock.day_in(at)
    year = fiscal_year(day, site.fiscal_year_start)
    counter = lock_row(CertificateCounter, year)  # type: ignore[arg-type] # a number, not an id
    if counter is None:
        counter = CertificateCounter(fiscal_year=year, last_serial=0)
        db.session.add(counter)
    counter.last_serial += 1
    name, latin = display_name(person), latin_name(person)
    certificate = Certificate(
        achievement_id=achievement.id,
        person_id=person.id,
        number=certificate_number(year, counter.last_serial),
        code=new_secret()[:32],
        names={"ja": name or latin, "en": latin or name},
        course=_course_words(programme, edition),
        issuer=dict(site.issuer or site.name),
        issuer_title=dict(site.issuer_title),
        issued_on=day,
    )
    db.session.add(certificate)
    db.session.flush()
    raise_event(
        CertificateIssued(
            CertificateId(certificate.id), PersonId(person.id), EditionId(edition.id), at
        )
    )
    return certificate


def _course_words(programme: Programme, edition: Edition) -> Localized:
    """Return programme and edition title in every language that the programme has."""
    words = {}
    for tag, title in programme.title.items():
        run = edition.title.get(tag, "")
        words[tag] = title if not run or run in title else f"{title} {run}"
    return words


def _question(person_id: PersonId, edition_id: EditionId, cause: str, *, at: datetime) -> None:
    achievement = find_achievement(person_id, edition_id)
    if achievement is None:
        return
    task = RevocationTask(achievement_id=achievement.id, cause=cause, opened_at=at)
    db.session.add(task)
    db.session.flush()
    raise_event(CompletionQuestioned(task.id, achievement.id, edition_id, person_id, at))


def _settle(person_id: PersonId, edition_id: EditionId, *, at: datetime) -> None:
    achievement = find_achievement(person_id, edition_id)
    task = find_open_task(achievement.id) if achievement is not None else None
    if task is not None:
        task.closed_at, task.decision = at, "kept"


def decide_question(actor: Actor, task_id: str, *, revoke: bool, reason: str, at: datetime) -> None:
    """Keep or revoke a completion that a correction put in question; a reason is required.

    Raises NotFoundError, CompletionRefusedError (`already_decided`, `reason_missing`).
    """
    task: RevocationTask | None = lock_row(RevocationTask, task_id)
    achievement = db.session.get(Achievement, task.achievement_id) if task is not None else None
    if task is None or achievement is None:
        raise NotFoundError
    require_edition_manager(actor, get_edition(achievement.edition_id))
    if task.closed_at is not None:
        raise CompletionRefusedError("already_decided")
    if not reason.strip():
        raise CompletionRefusedError("reason_missing")
    task.closed_at, task.closed_by = at, actor.person_id
    task.decision, task.reason = ("revoked" if revoke else "kept"), reason.strip()
    if revoke:
        revoke_completion(actor, achievement, reason.strip(), at=at)
    else:
        record_act(actor, "completion.kept", "achievement", achievement.id, at=at)


def revoke_completion(actor: Actor, achievement: Achievement, reason: str, *, at: datetime) -> None:
    """Revoke a completion and its certificate; the verification page says so from now on."""
    require_edition_manager(actor, get_edition(achievement.edition_id))
    if not reason.strip():
        raise CompletionRefusedError("reason_missing")
    revoke_achievement(actor, achievement, reason.strip(), at=at)
    for certificate in db.session.query(Certificate).filter_by(achievement_id=achievement.id):
        certificate.revoked_at = at


def set_rule(actor: Actor, edition_id: EditionId, draft: EditionRuleDraft, *, at: datetime) -> None:
    """Set the rule of an edition and judge everyone anew. What was earned stays.

    Requirements keep their ids (and with them the confirmations) where the draft names them.
    """
    require_edition_manager(actor, get_edition(edition_id))
    rule = db.session.get(CompletionRule, edition_id)
    if rule is None:
        rule = CompletionRule(edition_id=edition_id)
        db.session.add(rule)
    rule.combine, rule.needed, rule.due_at = draft.combine, draft.needed, draft.due_at
    rule.gives_certificate = draft.gives_certificate
    standing = {one.id: one for one in list_requirements(edition_id)}
    for position, wanted in enumerate(draft.requirements, 1):
        requirement = standing.pop(wanted.id, None) if wanted.id else None
        if requirement is None:
            requirement = Requirement(edition_id=edition_id)
            db.session.add(requirement)
        requirement.position, requirement.part_id = position, wanted.part_id
        requirement.title = dict(wanted.title)
        requirement.routes = [dict(route) for route in wanted.routes]
    for gone in standing.values():
        db.session.query(Confirmation).filter_by(requirement_id=gone.id).delete()
        db.session.delete(gone)
    db.session.flush()
    record_act(actor, "completion.rule_set", "edition", edition_id, at=at)
    judge_edition(edition_id, "rule_changed", at=at)


def confirm_requirement(
    actor: Actor,
    requirement_id: str,
    person_id: PersonId,
    *,
    confirmed: bool,
    note: str = "",
    at: datetime,
) -> None:
    """Confirm by hand that a person met a requirement, or take the confirmation back."""
    requirement = db.session.get(Requirement, requirement_id)
    if requirement is None:
        raise NotFoundError
    edition_id = EditionId(requirement.edition_id)
    require_edition_manager(actor, get_edition(edition_id))
    if not _holds_seat(person_id, edition_id):
        raise CompletionRefusedError("not_enrolled")
    known = (
        db.session.query(Confirmation)
        .filter_by(requirement_id=requirement_id, person_id=person_id)
        .one_or_none()
    )
    if confirmed == (known is not None):
        return
    if known is not None:
        db.session.delete(known)
    else:
        db.session.add(
            Confirmation(
                requirement_id=requirement_id,
                person_id=person_id,
                note=note,
                by_id=actor.person_id,
                at=at,
            )
        )
    db.session.flush()
    act: Any = "completion.confirmed" if confirmed else "completion.confirmation_taken_back"
    record_act(actor, act, "requirement", requirement_id, at=at, person=person_id)
    judge_people([person_id], edition_id, "confirmation_changed", at=at)
