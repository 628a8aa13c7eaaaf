"""Reads of completion beside progress: seats, questions, certificates, what was earned."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from lms.completion.models import (
    Certificate,
    CertificateCounter,
    CompletionRule,
    Confirmation,
    Requirement,
    RevocationTask,
)
from lms.completion.queries.progress import EditionRule, evidence_of, rules_of
from lms.completion.rules import CompletionOutcome, RequirementOutcome, Standing, judge_completion
from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel import clock
from lms.kernel.ids import EditionId, PersonId
from lms.kernel.localized import Localized
from lms.people.models import Person
from lms.people.queries import is_id, name_of
from lms.people.rules import PersonName
from lms.records.models import Achievement


def lock_seats(person_ids: Collection[str], edition_id: str) -> set[str]:
    """Return who of these holds a seat, their enrolments locked for the rest of the transaction.

    Two things that happen at once to one person are so judged one after the other, each with
    what the other wrote in sight. Always in one order, so that nobody waits in a ring.
    """
    rows = db.session.execute(
        select(Enrolment.person_id, Enrolment.state)
        .where(Enrolment.edition_id == edition_id, Enrolment.person_id.in_(person_ids))
        .order_by(Enrolment.id)
        .with_for_update()
    )
    return {person_id for person_id, state in rows if state == EnrolmentState.ENROLLED}


def find_rule(edition_id: str) -> CompletionRule | None:
    """Return the rule of an edition, or None."""
    return db.session.get(CompletionRule, edition_id)


def list_requirements(edition_id: str) -> list[Requirement]:
    """Return the requirements of an edition in order."""
    return list(
        db.session.scalars(
            select(Requirement)
            .where(Requirement.edition_id == edition_id)
            .order_by(Requirement.position, Requirement.id)
        )
    )


def find_open_task(achievement_id: str) -> RevocationTask | None:
    """Return the open question about an achievement, or None."""
    return db.session.scalar(
        select(RevocationTask).where(
            RevocationTask.achievement_id == achievement_id, RevocationTask.closed_at.is_(None)
        )
    )


def find_confirmation(requirement_id: str, person_id: str) -> Confirmation | None:
    """Return what an organiser confirmed of a person, or None."""
    return db.session.scalar(
        select(Confirmation).where(
            Confirmation.requirement_id == requirement_id, Confirmation.person_id == person_id
        )
    )


def find_certificate_of(achievement_id: str) -> Certificate | None:
    """Return the certificate of a completion, or None."""
    return db.session.scalar(
        select(Certificate).where(Certificate.achievement_id == achievement_id)
    )


def lock_counter(fiscal_year: int) -> CertificateCounter:
    """Return the counter of a fiscal year, locked; made when it is the year's first.

    Two who make it at once both insert; the second changes nothing and waits for the first.
    """
    table = CertificateCounter.__table__
    insert = postgresql_insert if db.engine.dialect.name == "postgresql" else sqlite_insert
    db.session.execute(
        insert(table)  # type: ignore[arg-type] # a Table, as the base declares it
        .values(fiscal_year=fiscal_year, last_serial=0)
        .on_conflict_do_nothing()
    )
    return db.session.execute(
        select(CertificateCounter)
        .where(CertificateCounter.fiscal_year == fiscal_year)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A completion that a correction would undo, for the person who decides."""

    task: RevocationTask
    achievement: Achievement
    person: Person
    edition: Edition
    programme: Programme


def list_open_questions(edition_ids: Collection[str] | None = None) -> list[OpenQuestion]:
    """Return the open questions (of editions), oldest first, in one query."""
    query = (
        select(RevocationTask, Achievement, Person, Edition, Programme)
        .join(Achievement, Achievement.id == RevocationTask.achievement_id)
        .join(Person, Person.id == Achievement.person_id)
        .join(Edition, Edition.id == Achievement.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(RevocationTask.closed_at.is_(None))
        .order_by(RevocationTask.opened_at, RevocationTask.id)
    )
    if edition_ids is not None:
        query = query.where(Achievement.edition_id.in_(edition_ids))
    return [OpenQuestion(*row) for row in db.session.execute(query)]


def find_certificate(certificate_id: str) -> Certificate | None:
    """Return a certificate by its id, or None."""
    return db.session.get(Certificate, certificate_id) if is_id(certificate_id) else None


def find_certificate_by_code(code: str) -> Certificate | None:
    """Return a certificate by the secret part of its public address, or None."""
    return db.session.scalar(select(Certificate).where(Certificate.code == code.replace("\0", "")))


@dataclass(frozen=True, slots=True)
class Earned:
    """A completion for a person's own record."""

    achievement: Achievement
    certificate: Certificate | None
    programme: Programme
    edition: Edition


def list_earned(person_id: PersonId) -> list[Earned]:
    """Return what a person has earned (revoked too, marked), latest first, in one query."""
    return [
        Earned(*row)
        for row in db.session.execute(
            select(Achievement, Certificate, Programme, Edition)
            .outerjoin(Certificate, Certificate.achievement_id == Achievement.id)
            .join(Edition, Edition.id == Achievement.edition_id)
            .join(Programme, Programme.id == Edition.programme_id)
            .where(Achievement.person_id == person_id)
            .order_by(Achievement.earned_at.desc())
        )
    ]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person of an edition with how far they are, for those who run it."""

    name: PersonName
    outcome: CompletionOutcome
    standing: Standing
    achievement_id: str | None
    certificate_id: str | None
    has_seat: bool

    @property
    def is_earned(self) -> bool:
        """Whether the completion was earned and stands."""
        return self.standing.earned_at is not None and self.standing.revoked_at is None

    @property
    def earned_on(self) -> date | None:
        """The day, in Japan, on which it was earned."""
        earned_at = self.standing.earned_at
        return None if earned_at is None else clock.day_in(earned_at)

    @property
    def cells(self) -> Sequence[RequirementOutcome]:
        """How far each requirement is, in their order."""
        return self.outcome.requirements


def list_completion(edition_id: str) -> tuple[EditionRule | None, list[Enrolled]]:
    """Return the rule of an edition and how far everyone is, in four queries, by kana.

    Everyone: who holds a seat, and who has earned the completion whatever came after.
    """
    rule = rules_of([edition_id]).get(EditionId(edition_id))
    rows = db.session.execute(
        select(Person, Enrolment.state, Achievement.id)
        .join(Enrolment, Enrolment.person_id == Person.id)
        .outerjoin(
            Achievement,
            (Achievement.person_id == Person.id) & (Achievement.edition_id == edition_id),
        )
        .where(
            Enrolment.edition_id == edition_id,
            (Enrolment.state == EnrolmentState.ENROLLED) | Achievement.id.is_not(None),
        )
        .order_by(Person.sort_key, Person.id)
    ).all()
    if rule is None:
        return None, []
    facts = [line.facts for line in rule.lines]
    evidence = evidence_of([person.id for person, _state, _earned in rows], [edition_id])
    people = []
    for person, state, achievement_id in rows:
        known = evidence[PersonId(person.id)]
        people.append(
            Enrolled(
                name_of(person),
                judge_completion(rule.combine, rule.needed, facts, known.facts()),
                known.standing.get(edition_id, Standing()),
                achievement_id,
                known.certificates.get(edition_id),
                state == EnrolmentState.ENROLLED,
            )
        )
    return rule, people


def requirement_titles(ids: Collection[str]) -> dict[str, Localized]:
    """Return the titles of requirements by id, in one query."""
    if not ids:
        return {}
    query = select(Requirement.id, Requirement.title).where(Requirement.id.in_(ids))
    return dict(db.session.execute(query).all())


def edition_of_certificate(certificate: Certificate) -> Edition:
    """Return the edition whose completion a certificate states."""
    return db.session.execute(
        select(Edition)
        .join(Achievement, Achievement.edition_id == Edition.id)
        .where(Achievement.id == certificate.achievement_id)
    ).scalar_one()
