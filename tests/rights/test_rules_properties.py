"""What holds of the access decision on any facts (rights.md, "Properties to hold")."""

import json
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lms.rights.rules import (
    Action,
    Code,
    Facts,
    Reach,
    Recording,
    Request,
    Viewer,
    boundaries_after,
    decide_access,
    facts_from_case,
    facts_to_json,
)
from lms.rights.rules.facts import (
    BEGINNING,
    END,
    Agreement,
    Audience,
    Disposition,
    Enrolled,
    Enrolment,
    EnrolmentStatus,
    OnDeny,
    OrgTree,
    OrgUnit,
    Override,
    RoleHeld,
    Segment,
    Stage,
    Takedown,
    Terms,
    Withdrawal,
)

T = TypeVar("T")

ORGS = OrgTree(
    {
        "HQ": OrgUnit(Reach.HQ),
        "IA": OrgUnit(Reach.INDUSTRIAL, "HQ"),
        "A1": OrgUnit(Reach.AFFILIATE, "IA"),
        "B1": OrgUnit(Reach.AFFILIATE, "HQ"),
        "MY": OrgUnit(Reach.OUTSIDE),
    }
)
ACTIONS = [action.value for action in Action]
MOMENTS = st.integers(0, 12).map(lambda step: step * 100_000)
USES = st.frozensets(st.sampled_from(["play", "play", "play", "download", "screen"]), min_size=1)


def unless(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Give mostly no limit, so that allowances are common enough to learn from."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


def tuples(strategy: st.SearchStrategy[T], most: int = 2) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


OPENS = st.one_of(st.just(BEGINNING), st.just(BEGINNING), MOMENTS)
CLOSES = st.one_of(st.just(END), st.just(END), MOMENTS)
AUDIENCES = st.builds(
    Audience,
    reach=st.sampled_from([Reach.OUTSIDE, Reach.OUTSIDE, Reach.AFFILIATE, Reach.HQ]),
    orgs=unless(st.frozensets(st.sampled_from(["IA", "A1", "B1", "MY"]), min_size=1)),
    persons=unless(st.frozensets(st.sampled_from(["u1", "u2"]), min_size=1)),
)
TERMS = st.builds(
    Terms,
    id=st.sampled_from(["a", "b", "c", "d"]),
    actions=unless(USES),
    purposes=unless(st.just(frozenset({"education"}))),
    channels=unless(st.just(frozenset({"venue"}))),
    territory=unless(st.just(frozenset({"JP"}))),
    audience=AUDIENCES,
    enrolled=unless(st.builds(Enrolled, course=st.sampled_from(["C1", "C2"]))),
    attended=unless(st.just(frozenset({"SES1"}))),
    opens=OPENS,
    closes=CLOSES,
    max_views=unless(st.integers(0, 3)),
    obligations=tuples(
        st.sampled_from(["watermark", "stream_only", "audit", "attribution:A", "attribution:B"])
    ),
)
WITHDRAWALS = st.builds(
    Withdrawal,
    at=MOMENTS,
    actions=st.one_of(st.none(), USES),
    grace=st.sampled_from([0, 0, 150_000, 400_000]),
)
AGREEMENTS = st.builds(
    Agreement,
    id=st.sampled_from(["S1", "S2", "L1", "Q1", "Q2"]),
    kind=st.sampled_from(["speaker", "speaker", "music"]),
    status=st.sampled_from(["signed"] * 8 + ["requested", "refused"]),
    lineage=st.sampled_from(["S", "S", "L", "Q"]),
    whole=st.sampled_from([True, True, True, False]),
    signed_at=st.one_of(st.just(0), MOMENTS),
    recording_consent_at=st.one_of(st.none(), st.just(0), MOMENTS),
    grants=st.lists(TERMS, min_size=1, max_size=3).map(tuple),
    prohibitions=st.one_of(st.just(()), st.just(()), tuples(TERMS, 1)),
    withdrawals=st.one_of(st.just(()), st.just(()), tuples(WITHDRAWALS)),
)
SEGMENTS = st.builds(
    lambda name, a, length, lineages, disposition, on_deny: Segment(
        name, a, a + length, lineages, disposition, on_deny
    ),
    st.sampled_from(["x1", "x2", "x3"]),
    st.integers(0, 3),
    st.integers(1, 4),
    tuples(st.sampled_from(["Q", "S"])),
    st.sampled_from(Disposition),
    st.sampled_from(OnDeny),
)
TAKEDOWNS = st.builds(
    Takedown,
    opens=MOMENTS,
    closes=CLOSES,
    segment=st.sampled_from([None, "x1"]),
    actions=unless(USES),
)
WIDE = Terms(id="b", audience=Audience(Reach.OUTSIDE), obligations=("watermark",))
SIGNED = Agreement(
    "S0", "speaker", "signed", "S", signed_at=0, recording_consent_at=0, grants=(WIDE,)
)
RECORDINGS = st.builds(
    Recording,
    id=st.just("R1"),
    stage=st.sampled_from([Stage.PUBLISHED] * 18 + [Stage.REVIEW, Stage.DELETED]),
    duration=st.just(5),
    agreements=st.builds(
        lambda good, more: (SIGNED, *more) if good or not more else tuple(more),
        st.sampled_from([True, True, True, False]),
        st.lists(AGREEMENTS, max_size=3, unique_by=lambda agreement: agreement.id),
    ),
    segments=tuples(SEGMENTS, 3),
    takedowns=st.one_of(st.just(()), st.just(()), tuples(TAKEDOWNS)),
    publications=st.builds(
        lambda good, more: (*more, *((WIDE,) if good else ())),
        st.booleans(),
        st.lists(TERMS, max_size=2),
    ),
    required_kinds=st.sampled_from([frozenset({"speaker"}), frozenset()]),
    cut_copy=st.sampled_from([None, ((0, 2),), ((0, 1), (2, 4))]),
)
ENROLMENTS = st.builds(
    Enrolment, st.sampled_from(["C1", "C2"]), st.sampled_from(EnrolmentStatus), OPENS, CLOSES
)
VIEWERS = st.one_of(
    st.builds(Viewer, id=st.none(), country=st.sampled_from(["JP", "MY", None])),
    *[
        st.builds(
            Viewer,
            id=st.just("u1"),
            suspended=st.sampled_from([False] * 19 + [True]),
            memberships=tuples(
                st.builds(ORGS.membership, st.sampled_from(sorted(ORGS.units)), OPENS, CLOSES)
            ),
            roles=tuples(
                st.builds(
                    RoleHeld,
                    st.sampled_from(["organiser", "rights_officer", "editor"]),
                    st.sampled_from(["*", "R1", "R2"]),
                ),
                1,
            ),
            enrolments=tuples(ENROLMENTS),
            attended=st.sampled_from([frozenset(), frozenset({"SES1"})]),
            country=st.sampled_from(["JP", "JP", "MY", None]),
        )
    ]
    * 3,
)
OVERRIDES = st.builds(
    Override,
    person=st.sampled_from(["u1", "u1", "u2"]),
    requested_by=st.just("s1"),
    approved_by=st.sampled_from(["s2", "s2", "s1"]),
    reason=st.sampled_from(["by telephone", "by letter", ""]),
    actions=USES,
    opens=OPENS,
    closes=CLOSES,
)
REQUESTS = st.builds(
    Request,
    action=st.sampled_from(["play"] * 12 + ["download"] * 3 + ["dance", *ACTIONS]),
    channel=st.sampled_from(["lms_web", "venue"]),
    audience_reach=st.sampled_from(Reach),
    session_started=st.one_of(st.none(), MOMENTS),
    views_used=st.integers(0, 3),
    view_open=st.booleans(),
    override=unless(OVERRIDES),
)
FACTS = st.builds(Facts, orgs=st.just(ORGS), viewer=VIEWERS, recording=RECORDINGS, request=REQUESTS)
many = settings(max_examples=120, deadline=None)


def with_recording(facts: Facts, **more: Any) -> Facts:
    return replace(facts, recording=replace(facts.recording, **more))


@many
@given(FACTS, MOMENTS, st.randoms(use_true_random=False))
def test_order_changes_nothing(facts: Facts, at: int, random: Any) -> None:
    def mixed(items: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(random.sample(items, len(items)))

    recording, viewer = facts.recording, facts.viewer
    agreements = tuple(
        replace(
            agreement,
            grants=mixed(agreement.grants),
            prohibitions=mixed(agreement.prohibitions),
            withdrawals=mixed(agreement.withdrawals),
        )
        for agreement in mixed(recording.agreements)
    )
    other = replace(
        facts,
        viewer=replace(
            viewer,
            memberships=mixed(viewer.memberships),
            enrolments=mixed(viewer.enrolments),
            roles=mixed(viewer.roles),
        ),
        recording=replace(
            recording,
            agreements=agreements,
            publications=mixed(recording.publications),
            segments=mixed(recording.segments),
            takedowns=mixed(recording.takedowns),
        ),
    )
    assert decide_access(other, at) == decide_access(facts, at)


@many
@given(FACTS, MOMENTS, AGREEMENTS)
def test_one_more_lineage_never_turns_a_denial(facts: Facts, at: int, more: Agreement) -> None:
    before = decide_access(facts, at)
    cured = {Code.RIGHTS_MISSING}
    if not facts.recording.speakers:
        cured.add(Code.NO_RECORDING_CONSENT)
    assume(not before.allowed and cured.isdisjoint(before.reasons))
    more = replace(more, id="Z1", lineage="Z", whole=True)
    after = with_recording(facts, agreements=(*facts.recording.agreements, more))
    assert not decide_access(after, at).allowed


@many
@given(FACTS, MOMENTS, st.tuples(TERMS, WITHDRAWALS, TAKEDOWNS), st.integers(0, 3))
def test_one_more_stop_never_turns_a_denial(
    facts: Facts, at: int, stops: tuple[Terms, Withdrawal, Takedown], place: int
) -> None:
    terms, withdrawal, takedown = stops
    # A stop of one segment may bring the cuts in line with an existing cut copy, and is no stop
    # of the whole: that one corner is left out.
    facts = with_recording(facts, cut_copy=None)
    assume(not decide_access(facts, at).allowed)
    recording = facts.recording
    agreements = list(recording.agreements)
    place %= len(agreements)
    one = agreements[place]
    agreements[place] = replace(one, prohibitions=(*one.prohibitions, terms))
    assert not decide_access(with_recording(facts, agreements=tuple(agreements)), at).allowed
    agreements[place] = replace(one, withdrawals=(*one.withdrawals, withdrawal))
    assert not decide_access(with_recording(facts, agreements=tuple(agreements)), at).allowed
    more = with_recording(facts, takedowns=(*recording.takedowns, takedown))
    assert not decide_access(more, at).allowed


@many
@given(FACTS, MOMENTS, st.integers(0, 299_999))
def test_no_outcome_changes_within_a_lease(facts: Facts, at: int, offset: int) -> None:
    decision = decide_access(facts, at)
    if decision.lease_until is None:
        return
    assert at < decision.lease_until <= at + 300_000
    moments = {at + offset, decision.lease_until - 1, *facts.recording.signatures}
    for moment in moments:
        if at <= moment < decision.lease_until:
            assert decide_access(facts, moment).outcome is decision.outcome


@many
@given(FACTS, MOMENTS)
def test_waiting_helps_and_not_sooner(facts: Facts, at: int) -> None:
    decision = decide_access(facts, at)
    waits = [change.detail for change in decision.change if change.verb == "wait_until"]
    if decision.allowed:
        assert (decision.change, decision.reasons) == ((), ())
        return
    assert all(change.verb != "wait_until" for change in decision.change[1:])
    expected = [
        moment for moment in boundaries_after(facts, at) if decide_access(facts, moment).allowed
    ]
    assert waits == expected[:1]


@many
@given(FACTS, MOMENTS, OVERRIDES)
def test_an_override_never_clears_a_right(facts: Facts, at: int, override: Override) -> None:
    without = replace(facts, request=replace(facts.request, override=None))
    having = replace(facts, request=replace(facts.request, override=override))

    def rights(facts: Facts) -> set[Code]:
        reasons = decide_access(facts, at).reasons
        return {reason for reason in reasons if reason.startswith("RIGHTS_")}

    assert rights(having) == rights(without)
    if decide_access(without, at).allowed:
        assert decide_access(having, at).allowed


@many
@given(FACTS, MOMENTS)
def test_a_decision_is_whole(facts: Facts, at: int) -> None:
    decision = decide_access(facts, at)
    assert decision.allowed == (decision.lease_until is not None)
    assert decision.allowed == (decision.reasons == ())
    assert len(set(decision.reasons)) == len(decision.reasons)
    if not decision.allowed:
        assert decision.code is decision.reasons[0]
    owed = decision.obligations.to_json()
    assert (decision.outcome == "allow") == (decision.allowed and not owed)
    json.dumps(decision.to_json())


@many
@given(FACTS, MOMENTS)
def test_facts_come_back_from_json(facts: Facts, at: int) -> None:
    # What the case format cannot say: a takedown of a segment that is not there.
    names = {segment.id for segment in facts.recording.segments}
    takedowns = [one for one in facts.recording.takedowns if one.segment in {None, *names}]
    facts = with_recording(facts, takedowns=tuple(takedowns))
    assert facts_from_case(json.loads(json.dumps(facts_to_json(facts, at)))) == (facts, at)
