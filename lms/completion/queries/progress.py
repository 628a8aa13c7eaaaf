"""Progress: rules with their routes found, evidence, progress.

`progress_of` takes two queries whatever the number of editions: the rules with their requirements,
and one union of the sessions and recordings that routes stand for and of every kind of evidence.
The unions are made once and remembered: making one costs more than asking it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BigInteger,
    String,
    and_,
    bindparam,
    case,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from lms.completion.models import (
    Certificate,
    CompletionRule,
    Confirmation,
    Requirement,
    RevocationTask,
)
from lms.completion.rules import (
    DEFAULT_PERMILLE,
    CompletionOutcome,
    Evidence,
    RequirementFacts,
    RequirementOutcome,
    Route,
    RouteKind,
    Standing,
    judge_completion,
)
from lms.courses.models import Lesson, Part
from lms.enrolment.models import Enrolment
from lms.infra.db import db
from lms.kernel.ids import EditionId, PersonId
from lms.kernel.localized import Localized
from lms.recordings.models import MediaKind, Recording, Stage
from lms.records.models import Achievement, LessonReading
from lms.sessions.models import LiveSession
from lms.sessions.queries import EVIDENCE_KINDS, decide_rows, evidence_arms
from lms.sessions.queries.groups import meant_arms, meant_of_rows
from lms.watching.models import Watch

#: What is played here, and so can be measured; what is held elsewhere cannot.
_MEASURED = (MediaKind.VIDEO.value, MediaKind.AUDIO.value)
_THINGS = frozenset({"session", "recording", "gone"})
#: Sessions that are for seminar groups alone, and whom of them they are for.
_AUDIENCE = frozenset({"grouped", "meant"})


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """A requirement with its words and its routes found."""

    id: str
    part_id: str | None
    title: Localized
    facts: RequirementFacts


@dataclass(frozen=True, slots=True)
class EditionRule:
    """The rule of an edition, ready to judge."""

    edition_id: EditionId
    combine: str
    needed: int | None
    due_at: datetime | None
    gives_certificate: bool
    lines: tuple[RequirementLine, ...]


@dataclass(slots=True)
class PersonEvidence:
    """Everything known of one person in some editions.

    `ways` tells how a session was attended (venue, web); `resume_ms` and `covered` are by
    recording; `standing` by edition; `certificates` by edition; `others`: sessions that are
    for seminar groups in which the person is not.
    """

    attended: dict[str, str] = field(default_factory=dict)
    coverage: dict[str, int] = field(default_factory=dict)
    resume_ms: dict[str, int] = field(default_factory=dict)
    last_seen_ms: dict[str, int] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    confirmed: set[str] = field(default_factory=set)
    standing: dict[str, Standing] = field(default_factory=dict)
    certificates: dict[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()

    def facts(self) -> Evidence:
        """Return the frozen facts for the rules."""
        return Evidence(
            frozenset(self.attended),
            self.coverage,
            frozenset(self.read),
            frozenset(self.confirmed),
            self.others,
        )


@dataclass(frozen=True, slots=True)
class EditionProgress:
    """How far a person is in an edition: done, left, by when."""

    rule: EditionRule
    outcome: CompletionOutcome
    earned_at: datetime | None
    revoked_at: datetime | None
    certificate_id: str | None

    @property
    def lines(self) -> tuple[tuple[RequirementLine, RequirementOutcome], ...]:
        """The requirements with how far each is."""
        return tuple(zip(self.rule.lines, self.outcome.requirements, strict=True))

    @property
    def left(self) -> int:
        """How many requirements are still to be met."""
        return self.outcome.needed - self.outcome.done

    @property
    def is_earned(self) -> bool:
        """Whether the completion was earned and stands."""
        return self.earned_at is not None and self.revoked_at is None


@dataclass(frozen=True, slots=True)
class Progress:
    """A person's progress by edition, with the evidence it rests on."""

    editions: Mapping[EditionId, EditionProgress]
    evidence: PersonEvidence
    recording_parts: Mapping[str, str | None]


def _selected_things() -> tuple[Any, ...]:
    """Return the sessions and recordings that routes by part stand for, shaped as evidence."""
    nothing = [cast(null(), kind) for kind in (String, BigInteger, BigInteger, BigInteger)]
    return (
        select(
            literal("session"), cast(null(), String), LiveSession.id, LiveSession.part_id, *nothing
        ).where(
            LiveSession.edition_id.in_(_param("edition_ids")),
            # What waits for a new date is still to be attended.
            or_(LiveSession.cancelled_at.is_(None), LiveSession.on_hold_at.is_not(None)),
        ),
        select(
            literal("recording"), cast(null(), String), Recording.id, Recording.part_id, *nothing
        ).where(
            Recording.edition_id.in_(_param("edition_ids")),
            Recording.kind.in_(_MEASURED),
            Recording.stage.not_in((Stage.DELETED.value, Stage.DESTROYED.value)),
            Recording.published_at.is_not(None),
        ),
        # What was destroyed stands for its part while nothing has taken its place, so that who
        # had watched it keeps what they had.
        select(
            literal("gone"), cast(null(), String), Recording.id, Recording.part_id, *nothing
        ).where(
            Recording.edition_id.in_(_param("edition_ids")),
            Recording.kind.in_(_MEASURED),
            Recording.stage == Stage.DESTROYED.value,
            Recording.published_at.is_not(None),
        ),
    )


def _param(name: str) -> Any:
    """Return the place of a list that is told when a remembered query is asked."""
    return bindparam(name, expanding=True)


@cache
def _things_query() -> Any:
    return union_all(*_selected_things())


@cache
def _evidence_query() -> Any:
    return union_all(*_selected_evidence())


@cache
def _everything_query() -> Any:
    return union_all(*_selected_things(), *_selected_evidence())


def _route(data: Mapping[str, Any], by_part: Mapping[tuple[str, str], list[str]]) -> Route:
    kind = RouteKind(data["kind"])
    part_id = str(data.get("part_id", ""))
    sessions = (
        [data["live_session_id"]]
        if data.get("live_session_id")
        else by_part.get(("session", part_id), [])
    )
    recordings = (
        [data["recording_id"]]
        if data.get("recording_id")
        else by_part.get(("recording", part_id)) or by_part.get(("gone", part_id), [])
    )
    # Without a share of its own, attending asks for one session alone.
    share = data.get("permille") if kind is RouteKind.ATTEND else None
    return Route(
        kind=kind,
        live_session_ids=tuple(sorted(sessions)) if kind is RouteKind.ATTEND else (),
        recording_ids=tuple(sorted(recordings)) if kind is RouteKind.WATCH else (),
        lesson_id=data.get("lesson_id"),
        permille=int(data.get("permille", DEFAULT_PERMILLE)),
        share=int(share) if share is not None else None,
        part_id=data.get("part_id"),
    )


def _rules(edition_ids: Collection[str], things: Iterable[Any]) -> dict[EditionId, EditionRule]:
    """Return the rules of editions, whose sessions and recordings are given, in one query."""
    # Columns, not rows of the mapper: a learner's page reads a hundred of them.
    rows = db.session.execute(_rules_query(), {"edition_ids": list(edition_ids)}).all()
    by_part: dict[tuple[str, str], list[str]] = {}
    for what, _nobody, key, part_id, *_rest in things:
        if part_id is not None:
            by_part.setdefault((what, part_id), []).append(key)
    found: dict[EditionId, EditionRule] = {}
    lines: dict[str, list[RequirementLine]] = {}
    for edition_id, combine, needed, due_at, certified, key, part_id, title, data in rows:
        if edition_id not in lines:
            lines[edition_id] = []
            found[EditionId(edition_id)] = EditionRule(
                EditionId(edition_id), combine, needed, due_at, certified, ()
            )
        if key is not None:
            routes = tuple(_route(route, by_part) for route in data)
            lines[edition_id].append(
                RequirementLine(key, part_id, title, RequirementFacts(key, routes))
            )
    return {key: replace(rule, lines=tuple(lines[key])) for key, rule in found.items()}


@cache
def _rules_query() -> Any:
    return (
        select(
            CompletionRule.edition_id, CompletionRule.combine, CompletionRule.needed,
            CompletionRule.due_at, CompletionRule.gives_certificate,
            Requirement.id, Requirement.part_id, Requirement.title, Requirement.routes,
        )
        .outerjoin(Requirement, Requirement.edition_id == CompletionRule.edition_id)
        .where(CompletionRule.edition_id.in_(_param("edition_ids")))
        .order_by(CompletionRule.edition_id, Requirement.position, Requirement.id)
    )  # fmt: skip


def rules_of(edition_ids: Collection[str]) -> dict[EditionId, EditionRule]:
    """Return the rules of editions with their routes found, in two queries."""
    if not edition_ids:
        return {}
    things = db.session.execute(_things_query(), {"edition_ids": list(edition_ids)}).all()
    return _rules(edition_ids, things)


def _as_text(column: Any) -> Any:
    """Return a moment as text that both engines give back alike."""
    return cast(column, String)


def _selected_audience() -> tuple[Any, ...]:
    """Return which sessions are for groups, and for whom of the people, shaped as evidence."""
    sessions = select(LiveSession.id).where(LiveSession.edition_id.in_(_param("edition_ids")))
    grouped, meant = meant_arms(sessions)
    arms = (grouped, meant.where(Enrolment.person_id.in_(_param("person_ids"))))
    nothing = [cast(null(), kind) for kind in (String, BigInteger, BigInteger, BigInteger)]
    found = []
    for arm in arms:
        kind, session_id, person_id, text = arm.subquery().c
        found.append(select(kind, person_id, session_id, text, *nothing))
    return tuple(found)


def _selected_evidence() -> tuple[Any, ...]:
    """Return every kind of evidence in one shape: kind, person, key and what it says."""
    person_ids, edition_ids = _param("person_ids"), _param("edition_ids")
    number, text = BigInteger, String
    none_number, none_text = cast(null(), number), cast(null(), text)
    task = aliased(RevocationTask)
    return (
        *evidence_arms(
            lambda statement, person: statement.where(
                person.in_(person_ids), LiveSession.edition_id.in_(edition_ids)
            )
        ),
        *_selected_audience(),
        select(
            literal("watch"), Watch.person_id, Watch.recording_id, none_text, none_text,
            case(
                (Watch.required_ms > 0, cast(Watch.covered_ms, number) * 1000 // Watch.required_ms),
                else_=0,
            ),
            cast(Watch.resume_ms, number), Watch.last_ms,
        )
        .join(Recording, Recording.id == Watch.recording_id)
        .where(Watch.person_id.in_(person_ids), Recording.edition_id.in_(edition_ids)),
        select(
            literal("read"), LessonReading.person_id, LessonReading.lesson_id, none_text,
            none_text, none_number, none_number, none_number,
        )
        .join(Lesson, Lesson.id == LessonReading.lesson_id)
        .join(Part, Part.id == Lesson.part_id)
        .where(LessonReading.person_id.in_(person_ids), Part.edition_id.in_(edition_ids)),
        select(
            literal("confirmed"), Confirmation.person_id, Confirmation.requirement_id, none_text,
            none_text, none_number, none_number, none_number,
        )
        .join(Requirement, Requirement.id == Confirmation.requirement_id)
        .where(Confirmation.person_id.in_(person_ids), Requirement.edition_id.in_(edition_ids)),
        select(
            literal("earned"), Achievement.person_id, Achievement.edition_id,
            _as_text(Achievement.earned_at), Certificate.id,
            case((Achievement.revoked_at.is_not(None), 1), else_=0),
            case((task.id.is_not(None), 1), else_=0), none_number,
        )
        .outerjoin(Certificate, Certificate.achievement_id == Achievement.id)
        .outerjoin(task, and_(task.achievement_id == Achievement.id, task.closed_at.is_(None)))
        .where(Achievement.person_id.in_(person_ids), Achievement.edition_id.in_(edition_ids)),
        select(
            literal("kept"), Achievement.person_id, Achievement.edition_id,
            cast(RevocationTask.lacking, text), none_text, none_number, none_number, none_number,
        )
        .join(Achievement, Achievement.id == RevocationTask.achievement_id)
        .where(
            RevocationTask.decision == "kept", RevocationTask.closed_by.is_not(None),
            Achievement.person_id.in_(person_ids), Achievement.edition_id.in_(edition_ids),
        ),
    )  # fmt: skip


def evidence_of(
    person_ids: Collection[str], edition_ids: Collection[str]
) -> dict[PersonId, PersonEvidence]:
    """Return what is known of people in editions, in one query."""
    found: dict[PersonId, PersonEvidence] = {PersonId(key): PersonEvidence() for key in person_ids}
    if not person_ids or not edition_ids:
        return found
    _take_all(
        found,
        db.session.execute(
            _evidence_query(), {"person_ids": list(person_ids), "edition_ids": list(edition_ids)}
        ).all(),
    )
    return found


def _take_all(found: Mapping[PersonId, PersonEvidence], rows: Sequence[Any]) -> None:
    """Put rows of evidence where they belong."""
    for (session_id, person_id), decision in decide_rows(rows).items():
        if decision.attended:
            found[person_id].attended[session_id] = decision.way or "web"
    meant = meant_of_rows(
        (kind, session_id, person_id, text)
        for kind, person_id, session_id, text, *_rest in rows
        if kind in _AUDIENCE
    )
    for person_id, person in found.items():
        person.others = frozenset(key for key, whom in meant.items() if person_id not in whom)
    for row in sorted(rows, key=itemgetter(0)):  # what was earned before what was kept of it
        if row[0] not in EVIDENCE_KINDS and row[0] not in _AUDIENCE:
            _take(found[PersonId(row[1])], row)


def _take(person: PersonEvidence, row: Any) -> None:
    """Put one row of evidence where it belongs."""
    kind, _who, key, _one, _two, first, second, third = row
    if kind == "watch":
        # Another version of the file may have been watched too: the best counts.
        person.coverage[key] = max(person.coverage.get(key, 0), int(first))
        if third >= person.last_seen_ms.get(key, 0):
            person.resume_ms[key] = int(second)
            person.last_seen_ms[key] = int(third)
    elif kind == "read":
        person.read.add(key)
    elif kind == "confirmed":
        person.confirmed.add(key)
    else:
        _take_standing(person, row)


def _take_standing(person: PersonEvidence, row: Any) -> None:
    """Put what was earned, and what a person decided about it, where it belongs."""
    kind, _who, key, one, two, first, second, _third = row
    if kind == "kept":
        before = person.standing[key]
        person.standing[key] = replace(before, accepted=before.accepted | set(one.split()))
    else:
        earned_at = datetime.fromisoformat(one)
        if earned_at.tzinfo is None:  # SQLite keeps UTC without saying so
            earned_at = earned_at.replace(tzinfo=UTC)
        person.standing[key] = Standing(
            earned_at, earned_at if first else None, has_open_task=bool(second)
        )
        if two is not None:
            person.certificates[key] = two


def progress_of(person_id: PersonId, edition_ids: Collection[str]) -> Progress:
    """Return a person's progress in editions, in two queries."""
    if not edition_ids:
        return Progress({}, PersonEvidence(), {})
    rows: Sequence[Any] = db.session.execute(
        _everything_query(), {"person_ids": [person_id], "edition_ids": list(edition_ids)}
    ).all()
    things = [row for row in rows if row[0] in _THINGS]
    rules = _rules(edition_ids, things)
    parts = {row[2]: row[3] for row in things if row[0] == "recording"}
    evidence = PersonEvidence()
    _take_all({person_id: evidence}, [row for row in rows if row[0] not in _THINGS])
    facts = evidence.facts()
    editions = {}
    for edition_id, rule in rules.items():
        outcome = judge_completion(
            rule.combine, rule.needed, [line.facts for line in rule.lines], facts
        )
        standing = evidence.standing.get(edition_id, Standing())
        editions[edition_id] = EditionProgress(
            rule,
            outcome,
            standing.earned_at,
            standing.revoked_at,
            evidence.certificates.get(edition_id),
        )
    return Progress(editions, evidence, parts)
