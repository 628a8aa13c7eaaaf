"""What the rightsholders of a recording allow together: for people, not for the gate.

The gate is `decide_access`. Here its inputs are summed up for the page on which staff publish,
and a publication is cut down to them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from lms.rights.rules.codes import Code
from lms.rights.rules.decide import boundaries_after, decide_access
from lms.rights.rules.facts import (
    BEGINNING,
    END,
    Agreement,
    Audience,
    Enrolment,
    EnrolmentStatus,
    Facts,
    Lineage,
    Membership,
    OrgTree,
    Reach,
    Recording,
    Request,
    Stage,
    Terms,
    Viewer,
)

_MOMENTS: Final = 40
_NOBODY: Final = "nobody"
_LATE: Final = frozenset(
    {
        Code.RIGHTS_EXPIRED,
        Code.RIGHTS_NOT_YET,
        Code.RIGHTS_VIEWS,
        Code.PUB_ENDED,
        Code.PUB_NOT_YET,
        Code.PUB_VIEWS,
    }
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be done, for whom and when, as far as it can be said in one line.

    `reach` is None where only the organisations named are admitted; `orgs` are admitted beyond
    `reach`. `actions` None = all. The window is `[opens, closes)`.
    """

    actions: frozenset[str] | None = None
    reach: Reach | None = Reach.OUTSIDE
    orgs: frozenset[str] = frozenset()
    enrolled_only: bool = False
    territory: frozenset[str] | None = None
    opens: int = BEGINNING
    closes: int = END
    obligations: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody can be within it."""
        return (
            (self.actions is not None and not self.actions)
            or (self.reach is None and not self.orgs)
            or (self.territory is not None and not self.territory)
            or self.closes <= self.opens
        )

    def covers(self, other: "Scope") -> bool:
        """Whether all that `other` admits is within this."""
        return (
            (self.actions is None or (other.actions is not None and other.actions <= self.actions))
            and _reach_covers(self, other)
            and (other.enrolled_only or not self.enrolled_only)
            and self.opens <= other.opens
            and other.closes <= self.closes
        )


def agreement_in_force(lineage: Lineage, agreement: Agreement, at: int) -> bool:
    """Whether an agreement is signed by `at` and no withdrawal of everything came after."""
    ended = max(
        (one.at for one in lineage.withdrawals if one.actions is None and one.at <= at),
        default=BEGINNING,
    )
    return ended < agreement.signed <= at


def sum_up_rights(recording: Recording, at: int) -> Scope | None:
    """Return what all rightsholders allow from `at` on; None while one of them allows nothing."""
    if recording.lacks_required:
        return None
    total = Scope()
    for lineage in recording.whole:
        grants = [
            grant
            for one in lineage.agreements
            if agreement_in_force(lineage, one, at)
            for grant in one.grants
            if grant.closes > at
        ]
        if not grants:
            return None
        total = intersect_scopes(total, sum_up_terms(grants))
    return total


def sum_up_terms(alternatives: Iterable[Terms]) -> Scope:
    """Return what alternatives admit together (at least one must be given)."""
    terms = tuple(alternatives)
    ladder = [
        one.audience.reach
        for one in terms
        if one.audience.orgs is None and one.audience.persons is None
    ]
    named = [one.audience.orgs for one in terms if one.audience.orgs is not None]
    return Scope(
        actions=_joined([one.actions for one in terms]),
        reach=max(ladder, default=None),
        orgs=frozenset().union(*named),
        enrolled_only=all(one.enrolled is not None for one in terms),
        territory=_joined([one.territory for one in terms]),
        opens=min(one.opens for one in terms),
        closes=max(one.closes for one in terms),
        obligations=tuple(sorted({duty for one in terms for duty in one.obligations})),
    )


def intersect_scopes(one: Scope, other: Scope) -> Scope:
    """Return what both admit; the obligations of both are owed."""
    reaches = (one.reach, other.reach)
    orgs = (
        {org for org in one.orgs if other.reach is Reach.OUTSIDE or org in other.orgs}
        | {org for org in other.orgs if one.reach is Reach.OUTSIDE}
    )  # fmt: skip
    reach = None if None in reaches else min(reach for reach in reaches if reach is not None)
    return Scope(
        actions=_common(one.actions, other.actions),
        reach=reach,
        orgs=frozenset() if reach is Reach.OUTSIDE else frozenset(orgs),
        enrolled_only=one.enrolled_only or other.enrolled_only,
        territory=_common(one.territory, other.territory),
        opens=max(one.opens, other.opens),
        closes=min(one.closes, other.closes),
        obligations=tuple(sorted({*one.obligations, *other.obligations})),
    )


def find_gaps(recording: Recording, orgs: OrgTree, edition_id: str, at: int) -> tuple[Code, ...]:
    """Return why nobody could ever be allowed, from `at` on; nothing when somebody could.

    Tried are a member of every step of the ladder and of every organisation named, everybody
    named, enrolled and with every attendance asked for, now and at every later boundary. The
    recording is taken as if it were at the stage `published`.
    """
    trial = replace(recording, stage=Stage.PUBLISHED)
    terms = tuple(_all_terms(trial))
    actions = sorted({a for one in trial.publications for a in one.actions or ("play",)})
    nearest: tuple[Code, ...] = ()
    for viewer in _candidates(terms, orgs, edition_id):
        for action in actions or ["play"]:
            facts = Facts(orgs, viewer, trial, Request(action))
            for moment in (at, *boundaries_after(facts, at)[:_MOMENTS]):
                decision = decide_access(facts, moment, look_ahead=False)
                if decision.allowed:
                    return ()
                if not nearest or _distance(decision.reasons) < _distance(nearest):
                    nearest = decision.reasons
    return nearest


def _distance(reasons: tuple[Code, ...]) -> tuple[int, int]:
    """Return how far a refusal is from an allowance: fewest reasons, then the latest tried."""
    return len(reasons), -sum(reason in _LATE for reason in reasons)


def _candidates(terms: tuple[Terms, ...], orgs: OrgTree, edition_id: str) -> Iterable[Viewer]:
    persons = {p for one in terms for p in one.audience.persons or ()}
    named = {o for one in terms for o in one.audience.orgs or () if o in orgs.units}
    courses = {one.enrolled.course for one in terms if one.enrolled is not None} | {edition_id}
    attended = frozenset(a for one in terms for a in one.attended or ())
    places = {place for one in terms for place in one.territory or ()}
    memberships: list[tuple[Membership, ...]] = [()]
    memberships += [
        (Membership(_NOBODY, reach, frozenset({_NOBODY})),) for reach in reversed(Reach)
    ]
    memberships += [(orgs.membership(org),) for org in sorted(named)]
    enrolments = tuple(Enrolment(course, EnrolmentStatus.CONFIRMED) for course in sorted(courses))
    for country in sorted(places) or ["JP"]:
        for person in (_NOBODY, *sorted(persons)):
            for own in memberships:
                yield Viewer(
                    id=person,
                    memberships=own,
                    enrolments=enrolments,
                    attended=attended,
                    country=country,
                )


def _all_terms(recording: Recording) -> Iterable[Terms]:
    yield from recording.publications
    for agreement in recording.agreements:
        yield from agreement.grants


def audience_terms(reach: Reach | None, orgs: frozenset[str], terms: Terms) -> tuple[Terms, ...]:
    """Return the alternatives that admit a step of the ladder and, beyond it, organisations."""
    found = []
    if reach is not None:
        found.append(replace(terms, audience=Audience(reach)))
    if orgs and reach is not Reach.OUTSIDE:
        found.append(replace(terms, audience=Audience(Reach.OUTSIDE, orgs)))
    return tuple(found)


def _reach_covers(one: Scope, other: Scope) -> bool:
    if one.reach is Reach.OUTSIDE:
        return True
    if other.reach is not None and (one.reach is None or other.reach > one.reach):
        return False
    return other.orgs <= one.orgs


def _joined(sets: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Join alternatives: one without a limit has none."""
    found: set[str] = set()
    for one in sets:
        if one is None:
            return None
        found |= one
    return frozenset(found)


def _common(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other
