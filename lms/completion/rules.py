"""Rules of completion: what meets a requirement, what requirements make a completion.

A requirement has one or more routes and any of them meets it ("attended live OR watched 80 %").
The rule of an edition asks for all, any, or at least k of its requirements. Nothing here takes
back what was earned: that is a person's decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

DEFAULT_PERMILLE = 800


class RouteKind(StrEnum):
    """The ways in which a requirement can be met."""

    ATTEND = "attend"
    WATCH = "watch"
    READ = "read"
    CONFIRMED = "confirmed"


class RequirementState(StrEnum):
    """How far a person is with a requirement."""

    DONE = "done"
    PART = "part"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class Route:
    """A route with what it stands for already found.

    `live_session_ids`: attending one of them is enough (a session held twice), or with `share`
    that many thousandths (1 to 1000) of those that are for the person. `recording_ids`: every
    one must be watched to `permille` (a lecture in two files). An empty list cannot be met yet:
    the session or the recording is still to come. `part_id`: the part whose things it stands for.
    """

    kind: RouteKind
    live_session_ids: tuple[str, ...] = ()
    recording_ids: tuple[str, ...] = ()
    lesson_id: str | None = None
    permille: int = DEFAULT_PERMILLE
    share: int | None = None
    part_id: str | None = None


@dataclass(frozen=True, slots=True)
class RequirementFacts:
    """One requirement of an edition."""

    id: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one person.

    `attended` holds sessions with present, late or left early; `coverage` thousandths watched by
    recording; `read` lessons; `confirmed` requirements that an organiser confirmed; `others`
    sessions that are not for the person, being for seminar groups of others.
    """

    attended: frozenset[str] = frozenset()
    coverage: Mapping[str, int] | None = None
    read: frozenset[str] = frozenset()
    confirmed: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RouteOutcome:
    """How far one route is; `permille` of what it asks for.

    For a route that asks for a share of sessions: `attended` of `sessions` that are for the
    person.
    """

    route: Route
    is_met: bool
    permille: int
    attended: int = 0
    sessions: int = 0


@dataclass(frozen=True, slots=True)
class RequirementOutcome:
    """How far a requirement is, and by which route it was met."""

    requirement_id: str
    state: RequirementState
    met_by: RouteKind | None
    routes: tuple[RouteOutcome, ...]


@dataclass(frozen=True, slots=True)
class CompletionOutcome:
    """Whether the rule is met; `done` of `needed` requirements (done never exceeds needed)."""

    is_met: bool
    done: int
    needed: int
    requirements: tuple[RequirementOutcome, ...]


def judge_route(route: Route, requirement_id: str, evidence: Evidence) -> RouteOutcome:
    """Judge one route of a requirement."""
    match route.kind:
        case RouteKind.ATTEND:
            if route.share is not None:
                return _judge_share(route, route.share, evidence)
            met = any(key in evidence.attended for key in route.live_session_ids)
            return RouteOutcome(route, met, 1000 if met else 0)
        case RouteKind.WATCH:
            return _judge_watch(route, evidence.coverage or {})
        case RouteKind.READ:
            met = route.lesson_id is not None and route.lesson_id in evidence.read
            return RouteOutcome(route, met, 1000 if met else 0)
        case RouteKind.CONFIRMED:
            met = requirement_id in evidence.confirmed
            return RouteOutcome(route, met, 1000 if met else 0)


def sessions_needed(share: int, sessions: int) -> int:
    """Return how many of `sessions` a share of so many thousandths asks for, rounded up."""
    return -(-sessions * share // 1000)


def _judge_share(route: Route, share: int, evidence: Evidence) -> RouteOutcome:
    own = set(route.live_session_ids) - evidence.others
    attended = len(own & evidence.attended)
    met = bool(own) and attended >= sessions_needed(share, len(own))
    permille = -(-attended * 1000 // len(own)) if own else 0
    return RouteOutcome(route, met, permille, attended, len(own))


def _judge_watch(route: Route, coverage: Mapping[str, int]) -> RouteOutcome:
    if not route.recording_ids:
        return RouteOutcome(route, is_met=False, permille=0)
    watched = [coverage.get(key, 0) for key in route.recording_ids]
    met = all(one >= route.permille for one in watched)
    return RouteOutcome(route, met, sum(watched) // len(watched))


def judge_requirement(requirement: RequirementFacts, evidence: Evidence) -> RequirementOutcome:
    """Judge a requirement: the first route that is met, in the order they are written."""
    routes = tuple(judge_route(route, requirement.id, evidence) for route in requirement.routes)
    met = next((one.route.kind for one in routes if one.is_met), None)
    if met is not None:
        state = RequirementState.DONE
    elif any(one.permille for one in routes):
        state = RequirementState.PART
    else:
        state = RequirementState.TODO
    return RequirementOutcome(requirement.id, state, met, routes)


def needed_of(combine: str, needed: int | None, total: int) -> int:
    """Return how many of `total` requirements the rule asks for."""
    if combine == "all":
        return total
    if combine == "any":
        return min(1, total)
    return min(max(needed or 1, 1), total)


def judge_completion(
    combine: str,
    needed: int | None,
    requirements: Sequence[RequirementFacts],
    evidence: Evidence,
) -> CompletionOutcome:
    """Judge the rule of an edition for one person. Without any requirement nobody completes."""
    outcomes = tuple(judge_requirement(one, evidence) for one in requirements)
    asked = needed_of(combine, needed, len(outcomes))
    done = sum(one.state is RequirementState.DONE for one in outcomes)
    return CompletionOutcome(asked > 0 and done >= asked, min(done, asked), asked, outcomes)


def certificate_number(year: int, serial: int) -> str:
    """Return the number printed on a certificate: 2026-0001."""
    return f"{year}-{serial:04d}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a person in an edition before a judgement.

    `accepted` holds the requirements that were not met when a person decided to keep the
    completion nevertheless.
    """

    earned_at: datetime | None = None
    revoked_at: datetime | None = None
    has_open_task: bool = False
    accepted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Correction:
    """What was put right: the attendance of a session, a confirmation, a session cancelled.

    `part_id`: the part of the session that was cancelled.
    """

    live_session_id: str | None = None
    requirement_id: str | None = None
    is_cancelled: bool = False
    part_id: str | None = None


def lacking(outcome: CompletionOutcome) -> tuple[str, ...]:
    """Return the ids of the requirements that are not met."""
    return tuple(
        one.requirement_id for one in outcome.requirements if one.state is not RequirementState.DONE
    )


def takes_away(
    correction: Correction | None, evidence: Evidence, outcome: CompletionOutcome
) -> bool:
    """Whether a correction is why a requirement is not met.

    A rule made stricter, a second recording published or a lesson marked unread corrects
    nothing: what was earned under the rule of its time is not asked about again. The
    attendance of a session is why when the requirement would be met with it: of a share of
    sessions only the one by which it is no longer reached.
    """
    if correction is None:
        return False
    missing = [one for one in outcome.requirements if one.state is not RequirementState.DONE]
    if correction.requirement_id is not None:
        return any(one.requirement_id == correction.requirement_id for one in missing)
    session = correction.live_session_id
    if session is None or (session in evidence.attended) is not correction.is_cancelled:
        return False
    before = replace(evidence, attended=evidence.attended | {session})
    return any(
        judge_route(_as_before(way.route, correction, session), one.requirement_id, before).is_met
        for one in missing
        for way in one.routes
        if way.route.kind is RouteKind.ATTEND
    )


def _as_before(route: Route, correction: Correction, session: str) -> Route:
    """Return a route as it was before a correction: what is cancelled stands for none any more."""
    if not correction.is_cancelled or route.part_id != correction.part_id:
        return route
    return replace(route, live_session_ids=(*route.live_session_ids, session))


class Verdict(StrEnum):
    """What follows from a judgement."""

    NOTHING = "nothing"
    EARN = "earn"
    QUESTION = "question"
    SETTLE = "settle"


def decide_verdict(
    outcome: CompletionOutcome, standing: Standing, *, was_corrected: bool = True
) -> Verdict:
    """Decide what a judgement leads to.

    Met for the first time: earned. Earned and no longer met because of a correction: a person
    is asked, once; who was told to keep it is asked about only when more is missing than then.
    Met again while that question is open: the question settles itself. What a person revoked is
    not earned again by machine.
    """
    if standing.revoked_at is not None:
        return Verdict.NOTHING
    if standing.earned_at is None:
        return Verdict.EARN if outcome.is_met else Verdict.NOTHING
    if outcome.is_met:
        return Verdict.SETTLE if standing.has_open_task else Verdict.NOTHING
    if standing.has_open_task or not was_corrected:
        return Verdict.NOTHING
    known = standing.accepted and standing.accepted.issuperset(lacking(outcome))
    return Verdict.NOTHING if known else Verdict.QUESTION


_HIDDEN = chr(0xFF0A)  # a full-width asterisk, as Japanese papers hide names


def masked_name(name: str) -> str:
    """Return a name for a public page: the first character of each part, the rest hidden."""
    return " ".join(part[:1] + _HIDDEN for part in name.split())


@dataclass(frozen=True, slots=True)
class RequirementDraft:
    """A requirement as an organiser wants it; `id` when it stands already.

    `routes` are in the stored form: {"kind", "part_id" | "live_session_id" | "recording_id" |
    "lesson_id", "permille"?}.
    """

    title: Mapping[str, str]
    routes: tuple[Mapping[str, str | int], ...]
    part_id: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class EditionRuleDraft:
    """A rule as an organiser wants it."""

    combine: str
    requirements: tuple[RequirementDraft, ...]
    needed: int | None = None
    due_at: datetime | None = None
    gives_certificate: bool = True


def suggested_requirement(part_id: str, title: Mapping[str, str]) -> RequirementDraft:
    """Return what is usual for a part: attended live, or its recordings watched to 80 %."""
    return RequirementDraft(
        title=title,
        routes=(
            {"kind": "attend", "part_id": part_id},
            {"kind": "watch", "part_id": part_id, "permille": DEFAULT_PERMILLE},
        ),
        part_id=part_id,
    )
