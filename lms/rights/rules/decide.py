"""`decide_access`: who may do what with a recording or handout, and why (R1 to R19).

Pure: facts and a moment in, a decision out. The same function guards the pages and the keys,
answers an organiser's "what if" and an auditor's file.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from lms.kernel.intervals import Intervals, normalise
from lms.rights.rules.codes import CHANGES, CURED_BY_LOGIN, PRIORITY, Code, Outcome, Verb
from lms.rights.rules.conditions import Moment
from lms.rights.rules.decision import NO_OBLIGATIONS, Change, Decision, Obligations
from lms.rights.rules.facts import (
    END,
    Action,
    Disposition,
    Facts,
    OnDeny,
    Override,
    Recording,
    Segment,
    Stage,
    Takedown,
    Terms,
)
from lms.rights.rules.lineages import (
    Verdict,
    judge_lineage,
    judge_publications,
    judge_speaker_for_preview,
)

MAX_LEASE: Final = 300_000

_ACTIONS: Final = frozenset(action.value for action in Action)
_NEEDS_CUT_COPY: Final = frozenset({Action.DOWNLOAD, Action.PRINT, Action.SCREEN, Action.EMBED})
_PASSES: Final = frozenset({Disposition.EXEMPT, Disposition.REMOVED})
_TIMELESS: Final = frozenset(
    {
        Code.INVALID_REQUEST,
        Code.RECORDING_DELETED,
        Code.ACCOUNT_SUSPENDED,
        Code.RIGHTS_MISSING,
        Code.STAFF_ONLY,
    }
)
_ATTRIBUTION: Final = "attribution:"
_NO_GRANTS: Final[tuple[Terms, ...]] = ()
_STAFF_VIEW: Final = Obligations(watermark=True, stream_only=True, audit=True)


class _Stops(NamedTuple):
    """What is taken down short of the whole recording: segments, the action asked for."""

    segments: frozenset[str]
    action: bool


_NO_STOPS: Final = _Stops(frozenset(), action=False)


def decide_access(facts: Facts, at: int, *, look_ahead: bool = True) -> Decision:
    """Decide whether `facts.viewer` may do `facts.request` at `at` (ms UTC).

    An allowance is a lease until the next boundary in any input, at most 300 s (R18). A denial
    names what would change it; finding out how long to wait decides again at every later
    boundary (R19), which a list of many recordings leaves out with `look_ahead=False`.
    """
    decision = _decide_at(facts, at)
    if decision.allowed:
        return _until_signatures(facts, at, decision)
    if not look_ahead or not _TIMELESS.isdisjoint(decision.reasons):
        return decision
    for boundary in boundaries_after(facts, at):
        if _decide_at(facts, boundary).allowed:
            wait = Change(Verb.WAIT_UNTIL, boundary)
            return replace(decision, change=(wait, *decision.change))
    return decision


def find_cuts(facts: Facts, at: int) -> Intervals:
    """Return what a copy for this viewer and action must not hold: all that is hidden or muted."""
    active = [one for one in facts.recording.takedowns if one.opens <= at < one.closes]
    stops = _stops(active, facts.request.action) or _NO_STOPS
    hide, mute = _judge_segments(facts.recording, Moment(facts, at), stops, set(), [])
    return normalise((*hide, *mute))


def boundaries_after(facts: Facts, at: int) -> list[int]:
    """Return every later moment at which the facts may answer differently, soonest first."""
    moments = facts.recording.boundaries
    later = set(moments[bisect_right(moments, at) :])
    later.update(end for end in _ends_of_asker(facts) if at < end < END)
    return sorted(later)


def _decide_at(facts: Facts, at: int) -> Decision:
    """Decide for one moment, without looking ahead: R2 in its order, then the two layers."""
    action = facts.request.action
    barred = _bar(facts)
    if barred is not None:
        return _deny((barred,))
    if action == Action.EVIDENCE_REVIEW:
        return _allow(facts, at, Code.ALLOW_EVIDENCE, _STAFF_VIEW)
    active = [one for one in facts.recording.takedowns if one.opens <= at < one.closes]
    stops = _NO_STOPS if not active else _stops(active, action)
    if stops is None:
        return _deny((Code.TAKEDOWN,))
    return (_decide_preview if action == Action.PREVIEW else _decide_use)(facts, at, stops)


def _bar(facts: Facts) -> Code | None:
    """Return what ends the decision whatever the time."""
    action = facts.request.action
    if action not in _ACTIONS:
        return Code.INVALID_REQUEST
    if facts.recording.stage is Stage.DELETED:
        return Code.RECORDING_DELETED
    if facts.viewer.suspended:
        return Code.ACCOUNT_SUSPENDED
    if action == Action.EVIDENCE_REVIEW and not facts.viewer.holds(
        facts.recording.id, "rights_officer"
    ):
        return Code.STAFF_ONLY
    return None


def _stops(active: list[Takedown], action: str) -> _Stops | None:
    """Return what the active takedowns leave; None when one stops the whole recording."""
    segments: set[str] = set()
    forbidden = False
    for takedown in active:
        if takedown.actions is None and takedown.segment is None:
            return None
        if takedown.actions is not None and action not in takedown.actions:
            continue
        if takedown.segment is None:
            forbidden = True
        else:
            segments.add(takedown.segment)
    return _Stops(frozenset(segments), forbidden)


def _decide_preview(facts: Facts, at: int, stops: _Stops) -> Decision:
    """R16: staff look before there is a licence, but never at what was taken down."""
    recording = facts.recording
    if not facts.viewer.holds(recording.id, "organiser", "editor", "rights_officer"):
        return _deny((Code.STAFF_ONLY,))
    moment = Moment(facts, at)
    reasons: set[Code] = {Code.RIGHTS_PROHIBITED} if stops.action else set()
    if not recording.speakers:
        reasons.add(Code.NO_RECORDING_CONSENT)
    for speaker in recording.speakers:
        reasons |= judge_speaker_for_preview(speaker, moment)
    if reasons:
        return _deny(reasons)
    if not stops.segments:
        return _allow(facts, at, Code.ALLOW_PREVIEW, _STAFF_VIEW)
    hide = normalise((one.a, one.b) for one in recording.segments if one.id in stops.segments)
    return _allow(facts, at, Code.ALLOW_PREVIEW, replace(_STAFF_VIEW, hide=hide))


def _decide_use(facts: Facts, at: int, stops: _Stops) -> Decision:
    """Intersect what the rightsholders allow with what the federation chose to show."""
    recording = facts.recording
    moment = Moment(facts, at)
    reasons: set[Code] = {Code.RIGHTS_PROHIBITED} if stops.action else set()
    permits: list[Terms] = []
    if recording.lacks_required:
        reasons.add(Code.RIGHTS_MISSING)
    for lineage in recording.whole:
        _note(judge_lineage(lineage, moment), reasons, permits)
    hide, mute = _judge_segments(recording, moment, stops, reasons, permits)
    rendition = "cut" if (hide or mute) and moment.action in _NEEDS_CUT_COPY else None
    if rendition and not _is_cut(recording, hide, mute):
        reasons.add(Code.RIGHTS_SEGMENTS)
    if _covers(hide, recording.duration):
        reasons.add(Code.ALL_HIDDEN)
    verdict: Verdict = (
        judge_publications(recording.publications, moment)
        if recording.stage is Stage.PUBLISHED
        else Code.NOT_PUBLISHED
    )
    override = facts.request.override
    valid = override is not None and _is_valid(override, facts, at)
    overridden = False
    if isinstance(verdict, Terms):
        permits.append(verdict)
    elif valid:
        overridden = True
    else:
        reasons.add(verdict)
    if reasons:
        if facts.viewer.id is None and not CURED_BY_LOGIN.isdisjoint(reasons):
            reasons.add(Code.LOGIN_REQUIRED)
        return _deny(reasons, override_refused=override is not None and not valid)
    obligations = _unite(permits, hide, mute, rendition, overridden=overridden)
    code = Code.ALLOW_OVERRIDE if overridden else Code.ALLOW
    return _allow(facts, at, code, obligations)


def _note(verdict: Verdict, reasons: set[Code], permits: list[Terms]) -> bool:
    """Put a verdict where it belongs; whether it permits."""
    if isinstance(verdict, Terms):
        permits.append(verdict)
        return True
    reasons.add(verdict)
    return False


def _judge_segments(
    recording: Recording,
    moment: Moment,
    stops: _Stops,
    reasons: set[Code],
    permits: list[Terms],
) -> tuple[Intervals, Intervals]:
    """Judge segment by segment (R13): what to hide and to mute, both merged and sorted.

    What is shown owes the obligations of its grants; what is muted still shows its picture.
    """
    if not recording.segments:
        return (), ()
    hide: list[tuple[int, int]] = []
    mute: list[tuple[int, int]] = []
    for segment in recording.segments:
        if segment.id in stops.segments and segment.disposition is not Disposition.REMOVED:
            why, grants = {Code.RIGHTS_PROHIBITED}, _NO_GRANTS
        elif segment.disposition in _PASSES:
            continue
        else:
            why, grants = _judge_segment(recording, segment, moment)
        if not why:
            permits.extend(grants)
        elif segment.on_deny is OnDeny.HIDE:
            hide.append((segment.a, segment.b))
        elif segment.on_deny is OnDeny.MUTE:
            mute.append((segment.a, segment.b))
            permits.extend(grants)
        else:
            reasons |= why
    return normalise(hide), normalise(mute)


def _judge_segment(
    recording: Recording, segment: Segment, moment: Moment
) -> tuple[set[Code], tuple[Terms, ...]]:
    """Return the reasons against a segment and the grants for it; all its lineages count."""
    if segment.disposition is Disposition.UNRESOLVED or not segment.lineages:
        return {Code.RIGHTS_MISSING}, _NO_GRANTS
    why: set[Code] = set()
    grants: list[Terms] = []
    for name in segment.lineages:
        lineage = recording.lineages.get(name)
        if lineage is None:
            why.add(Code.RIGHTS_MISSING)
        else:
            _note(judge_lineage(lineage, moment), why, grants)
    return why, tuple(grants)


def _is_cut(recording: Recording, hide: Intervals, mute: Intervals) -> bool:
    """Whether there is a cut copy with exactly these cuts, none more and none less."""
    cuts = recording.cut_copy
    return cuts is not None and normalise(cuts) == normalise((*hide, *mute))


def _covers(hide: Intervals, duration: int | None) -> bool:
    """Whether nothing of the recording is left; a handout has no length to cover."""
    return bool(duration) and any(a <= 0 and duration <= b for a, b in hide if duration)


def _is_valid(override: Override, facts: Facts, at: int) -> bool:
    """R15: this person, this action, in its window, with a reason and two different people."""
    return (
        facts.viewer.id is not None
        and override.person == facts.viewer.id
        and facts.request.action in override.actions
        and override.opens <= at < override.closes
        and bool(override.reason.strip())
        and bool(override.requested_by)
        and bool(override.approved_by)
        and override.approved_by != override.requested_by
    )


def _unite(
    permits: list[Terms],
    hide: Intervals,
    mute: Intervals,
    rendition: str | None,
    *,
    overridden: bool,
) -> Obligations:
    """Unite the obligations of everything that permits (R17)."""
    owed = {name for terms in permits for name in terms.obligations}
    attribution = sorted(
        name.removeprefix(_ATTRIBUTION) for name in owed if name.startswith(_ATTRIBUTION)
    )
    return Obligations(
        watermark=overridden or "watermark" in owed,
        stream_only="stream_only" in owed,
        # Tracking, the third duty of ODRL, is met by an entry for each play session.
        audit=overridden or "audit" in owed or "tracking" in owed,
        attribution=tuple(attribution),
        hide=hide,
        mute=mute,
        use_rendition=rendition,
    )


def _deny(reasons: Iterable[Code], *, override_refused: bool = False) -> Decision:
    ordered = tuple(sorted(reasons, key=PRIORITY.__getitem__))
    change = dict.fromkeys(CHANGES[reason] for reason in ordered if reason in CHANGES)
    return Decision(
        outcome=Outcome.DENY,
        code=ordered[0],
        reasons=ordered,
        obligations=Obligations(override_refused=True) if override_refused else NO_OBLIGATIONS,
        change=tuple(Change(verb, detail) for verb, detail in change),
    )


def _allow(facts: Facts, at: int, code: Code, obligations: Obligations) -> Decision:
    owed = obligations != NO_OBLIGATIONS
    return Decision(
        outcome=Outcome.ALLOW_WITH_OBLIGATIONS if owed else Outcome.ALLOW,
        code=code,
        obligations=obligations,
        lease_until=_lease(facts, at),
    )


def _lease(facts: Facts, at: int) -> int:
    """Return the next boundary in any input, at most MAX_LEASE from now (R18)."""
    until = at + MAX_LEASE
    moments = facts.recording.boundaries
    place = bisect_right(moments, at)
    if place < len(moments) and moments[place] < until:
        until = moments[place]
    for end in _ends_of_asker(facts):
        if at < end < until:
            until = end
    return until


def _ends_of_asker(facts: Facts) -> list[int]:
    """Return both ends of every membership, enrolment and of the override."""
    viewer, override = facts.viewer, facts.request.override
    ends: list[int] = []
    for membership in viewer.memberships:
        ends += (membership.opens, membership.closes)
    for enrolment in viewer.enrolments:
        ends += (enrolment.opens, enrolment.closes)
    if override is not None:
        ends += (override.opens, override.closes)
    return ends


def _until_signatures(facts: Facts, at: int, decision: Decision) -> Decision:
    """Shorten the lease where a signature dated within it would change the outcome.

    Signatures to come are no boundaries (R18), yet no outcome may change within a lease: a
    renewal may bring a prohibition or end an obligation.
    """
    lease, signatures = decision.lease_until, facts.recording.signatures
    if lease is None or not signatures or signatures[-1] <= at:
        return decision
    for signature in signatures[bisect_right(signatures, at) : bisect_left(signatures, lease)]:
        if _decide_at(facts, signature).outcome is not decision.outcome:
            return replace(decision, lease_until=signature)
    return decision
