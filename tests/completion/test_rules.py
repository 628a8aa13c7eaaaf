"""What meets a requirement, what requirements make a completion, what a judgement leads to."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.completion.rules import (
    Correction,
    Evidence,
    RequirementFacts,
    RequirementState,
    Route,
    RouteKind,
    Standing,
    Verdict,
    certificate_number,
    decide_verdict,
    judge_completion,
    judge_requirement,
    lacking,
    masked_name,
    needed_of,
    sessions_needed,
    takes_away,
)
from lms.kernel.dates import fiscal_year

EARNED = datetime(2026, 10, 1, tzinfo=UTC)
ATTEND = Route(RouteKind.ATTEND, live_session_ids=("s1", "s2"))
WATCH = Route(RouteKind.WATCH, recording_ids=("r1", "r2"), permille=800)
READ = Route(RouteKind.READ, lesson_id="l1")
CONFIRMED = Route(RouteKind.CONFIRMED)
EITHER = RequirementFacts("q1", (ATTEND, WATCH))


def state_of(requirement: RequirementFacts, **known: object) -> RequirementState:
    return judge_requirement(requirement, Evidence(**known)).state  # type: ignore[arg-type]


def test_one_of_the_sessions_of_a_part_is_enough() -> None:
    outcome = judge_requirement(EITHER, Evidence(attended=frozenset({"s2"})))

    assert (outcome.state, outcome.met_by) == (RequirementState.DONE, RouteKind.ATTEND)


@given(st.integers(1, 1000), st.integers(1, 300))
def test_a_share_is_rounded_up_and_never_more_than_all(share: int, sessions: int) -> None:
    needed = sessions_needed(share, sessions)

    assert 1 <= needed <= sessions
    assert needed * 1000 >= share * sessions > (needed - 1) * 1000


@st.composite
def shares(draw: st.DrawFn) -> tuple[Route, Evidence]:
    """A route that asks for a share of some sessions, and somebody who was at some of them."""
    keys = [f"s{n}" for n in range(draw(st.integers(0, 12)))]
    some = st.frozensets(st.sampled_from([*keys, "elsewhere"]))
    route = Route(RouteKind.ATTEND, tuple(keys), share=draw(st.integers(1, 1000)), part_id="part")
    return route, Evidence(attended=draw(some), others=draw(some))


@given(shares())
def test_a_share_is_of_the_sessions_that_are_for_the_person(one: tuple[Route, Evidence]) -> None:
    route, known = one
    (outcome,) = judge_requirement(RequirementFacts("q1", (route,)), known).routes
    own = set(route.live_session_ids) - known.others

    assert (outcome.attended, outcome.sessions) == (len(own & known.attended), len(own))
    enough = outcome.attended * 1000 >= (route.share or 0) * len(own)
    assert outcome.is_met is (bool(own) and enough)
    assert 0 <= outcome.permille <= 1000
    # Sessions of others change nothing, attended or not.
    alone = replace(known, attended=known.attended - known.others)
    bare = replace(route, live_session_ids=tuple(sorted(own)))
    (same,) = judge_requirement(RequirementFacts("q1", (bare,)), alone).routes
    assert replace(same, route=route) == outcome


@given(shares(), st.integers(0, 11))
def test_of_a_share_only_the_session_that_is_missing_now_takes_away(
    one: tuple[Route, Evidence], place: int
) -> None:
    route, known = one
    session = f"s{place}"
    before = replace(known, attended=known.attended | {session})
    after = replace(known, attended=known.attended - {session})
    facts = [RequirementFacts("q1", (route,))]
    was, now = (judge_completion("all", None, facts, each) for each in (before, after))

    correction = Correction(live_session_id=session)
    assert takes_away(correction, after, now) is (was.is_met and not now.is_met)
    assert not takes_away(correction, before, was)


@given(shares(), st.sampled_from(["part", "another", None]))
def test_a_cancelled_session_takes_away_from_the_share_of_its_own_part(
    one: tuple[Route, Evidence], part_id: str | None
) -> None:
    route, known = one
    known = replace(known, attended=known.attended | {"gone"})
    whole = replace(route, live_session_ids=(*route.live_session_ids, "gone"))
    was, now = (
        judge_completion("all", None, [RequirementFacts("q1", (each,))], known)
        for each in (whole, route)
    )

    correction = Correction(live_session_id="gone", is_cancelled=True, part_id=part_id)
    expected = part_id == "part" and was.is_met and not now.is_met
    assert takes_away(correction, known, now) is expected


def test_a_share_begun_is_part_of_the_way() -> None:
    route = Route(RouteKind.ATTEND, ("s1", "s2", "s3"), share=800)
    requirement = RequirementFacts("q1", (route,))

    assert state_of(requirement) is RequirementState.TODO
    assert state_of(requirement, attended=frozenset({"s1", "s2"})) is RequirementState.PART
    assert state_of(requirement, attended=frozenset({"s1"}), others=frozenset({"s2", "s3"})) is (
        RequirementState.DONE
    )
    assert state_of(requirement, attended=frozenset({"s1"}), others=frozenset({"s1"})) is (
        RequirementState.TODO
    )


def test_every_recording_of_a_part_must_be_watched_to_the_threshold() -> None:
    assert state_of(EITHER, coverage={"r1": 1000, "r2": 799}) is RequirementState.PART
    assert state_of(EITHER, coverage={"r1": 800, "r2": 800}) is RequirementState.DONE


def test_half_a_recording_counts_as_begun_by_the_mean() -> None:
    outcome = judge_requirement(EITHER, Evidence(coverage={"r1": 500}))

    assert outcome.state is RequirementState.PART
    assert [way.permille for way in outcome.routes] == [0, 250]


@pytest.mark.parametrize(
    "route",
    [Route(RouteKind.ATTEND), Route(RouteKind.WATCH), Route(RouteKind.READ)],
)
def test_a_route_to_something_that_is_still_to_come_is_not_met(route: Route) -> None:
    everything = Evidence(frozenset({"s1"}), {"r1": 1000}, frozenset({"l1"}), frozenset({"other"}))

    outcome = judge_requirement(RequirementFacts("q1", (route,)), everything)

    assert outcome.state is RequirementState.TODO


def test_a_confirmation_meets_its_own_requirement_only() -> None:
    assert state_of(RequirementFacts("q1", (CONFIRMED,)), confirmed=frozenset({"q2"})) is (
        RequirementState.TODO
    )
    assert state_of(RequirementFacts("q1", (CONFIRMED,)), confirmed=frozenset({"q1"})) is (
        RequirementState.DONE
    )


def test_a_lesson_read_meets_its_requirement() -> None:
    assert state_of(RequirementFacts("q1", (READ,)), read=frozenset({"l1"})) is (
        RequirementState.DONE
    )


def test_nobody_completes_a_course_without_requirements() -> None:
    for combine in ("all", "any", "at_least"):
        assert not judge_completion(combine, 1, [], Evidence()).is_met


@given(
    st.sampled_from(["all", "any", "at_least"]),
    st.one_of(st.none(), st.integers(-3, 12)),
    st.lists(st.booleans(), max_size=8),
)
def test_a_rule_is_met_when_as_many_are_done_as_it_asks_for(
    combine: str, needed: int | None, done: list[bool]
) -> None:
    facts = [RequirementFacts(f"q{n}", (CONFIRMED,)) for n in range(len(done))]
    confirmed = frozenset(f"q{n}" for n, one in enumerate(done) if one)

    outcome = judge_completion(combine, needed, facts, Evidence(confirmed=confirmed))

    expected = {
        "all": all(done) and bool(done),
        "any": any(done),
        "at_least": bool(done) and sum(done) >= min(max(needed or 1, 1), len(done)),
    }[combine]
    assert outcome.is_met is expected
    assert 0 <= outcome.done <= outcome.needed <= len(done)
    assert set(lacking(outcome)) == {f"q{n}" for n, one in enumerate(done) if not one}


@given(st.integers(1, 6), st.integers(0, 6))
def test_more_evidence_never_takes_away(needed: int, count: int) -> None:
    facts = [RequirementFacts(f"q{n}", (CONFIRMED, READ)) for n in range(6)]
    few = frozenset(f"q{n}" for n in range(count))
    less = judge_completion("at_least", needed, facts, Evidence(confirmed=few))
    more = judge_completion(
        "at_least", needed, facts, Evidence(confirmed=few, read=frozenset({"l1"}))
    )

    assert more.is_met >= less.is_met
    assert more.done >= less.done


def test_needed_lies_between_one_and_all() -> None:
    assert [needed_of("at_least", n, 3) for n in (None, 0, 2, 9)] == [1, 1, 2, 3]
    assert needed_of("at_least", 2, 0) == 0


MET = judge_completion("all", None, [EITHER], Evidence(attended=frozenset({"s1"})))
UNMET = judge_completion("all", None, [EITHER], Evidence())


@pytest.mark.parametrize(
    ("met", "standing", "verdict"),
    [
        (True, Standing(), Verdict.EARN),
        (False, Standing(), Verdict.NOTHING),
        (True, Standing(EARNED), Verdict.NOTHING),
        (False, Standing(EARNED), Verdict.QUESTION),
        (False, Standing(EARNED, has_open_task=True), Verdict.NOTHING),
        (True, Standing(EARNED, has_open_task=True), Verdict.SETTLE),
        (True, Standing(EARNED, revoked_at=EARNED), Verdict.NOTHING),
        (False, Standing(EARNED, revoked_at=EARNED), Verdict.NOTHING),
        (False, Standing(EARNED, accepted=frozenset({"q1"})), Verdict.NOTHING),
        (False, Standing(EARNED, accepted=frozenset({"q2"})), Verdict.QUESTION),
    ],
)
def test_what_a_judgement_leads_to(met: bool, standing: Standing, verdict: Verdict) -> None:
    assert decide_verdict(MET if met else UNMET, standing) is verdict


def test_without_a_correction_nothing_earned_is_in_question() -> None:
    assert decide_verdict(UNMET, Standing(EARNED), was_corrected=False) is Verdict.NOTHING


def test_only_a_correction_that_takes_something_away_counts() -> None:
    there = Evidence(attended=frozenset({"s1"}))
    gone = Evidence()

    assert not takes_away(None, gone, UNMET)
    assert takes_away(Correction(live_session_id="s1"), gone, UNMET)
    assert not takes_away(Correction(live_session_id="s9"), gone, UNMET)
    assert not takes_away(Correction(live_session_id="s1"), there, MET)
    assert takes_away(Correction(requirement_id="q1"), gone, UNMET)
    assert not takes_away(Correction(requirement_id="q2"), gone, UNMET)


def test_a_session_cancelled_afterwards_takes_away_from_who_attended_it() -> None:
    cancelled = Correction(live_session_id="s1", is_cancelled=True)
    without = [RequirementFacts("q1", (Route(RouteKind.ATTEND),))]
    there = Evidence(attended=frozenset({"s1"}))

    assert takes_away(cancelled, there, judge_completion("all", None, without, there))
    assert not takes_away(cancelled, Evidence(), judge_completion("all", None, without, Evidence()))


@pytest.mark.parametrize(
    ("day", "starts_in", "year"),
    [
        (date(2026, 8, 31), 9, 2025),
        (date(2026, 9, 1), 9, 2026),
        (date(2026, 1, 1), 1, 2026),
        (date(2026, 3, 31), 4, 2025),
    ],
)
def test_the_fiscal_year_is_called_by_the_year_in_which_it_starts(
    day: date, starts_in: int, year: int
) -> None:
    assert fiscal_year(day, starts_in) == year


def test_numbers_have_four_digits_and_may_grow() -> None:
    assert [certificate_number(2026, n) for n in (1, 9999, 10000)] == [
        "2026-0001", "2026-9999", "2026-10000",
    ]  # fmt: skip


def test_a_masked_name_shows_the_first_character_of_each_part() -> None:
    assert masked_name("髙﨑 𠮷子") == "髙＊ 𠮷＊"
    assert masked_name("Aminah binti Salleh") == "A＊ b＊ S＊"
    assert masked_name("") == ""
