"""The pure rules of consent: reading and writing, limits, and that no answer can widen."""

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.kernel.errors import InvalidInputError
from lms.rights.errors import BadFactsError
from lms.rights.rules import Reach, decide_access, facts_from_case
from lms.rights.rules.consent import (
    ADAPTATIONS,
    AFTER,
    EDITS,
    MORAL,
    PURPOSES,
    THIRD_PARTY,
    USES,
    ConsentTerms,
    ItemAnswer,
    SpeakerStanding,
    check_terms,
    grants_of,
    is_as_asked,
    judge_answer,
    judge_recording,
    settle_answer,
    widenings,
)

DAY = date(2026, 11, 1)
ORGS = ("hq", "ia", "a1", "b1", "my")
TREE = {
    "hq": {"level": "hq", "parent": None},
    "ia": {"level": "industrial", "parent": "hq"},
    "a1": {"level": "affiliate", "parent": "ia"},
    "b1": {"level": "affiliate", "parent": "hq"},
    "my": {"level": "outside", "parent": None},
}
DAYS = st.one_of(st.none(), st.integers(0, 6).map(lambda days: DAY + timedelta(days=days)))


def some(*words: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(words))


TERMS = st.builds(
    ConsentTerms,
    record=st.sampled_from((None, True, False)),
    uses=some("play", "download", "screen"),
    reach=st.sampled_from((None, *Reach)),
    orgs=some(*ORGS),
    only=some(*ORGS),
    course=st.sampled_from(("", "course")),
    purposes=some(*PURPOSES),
    first_on=DAYS,
    last_on=DAYS,
    territory=st.one_of(st.none(), some("JP", "MY")),
    edits=some(*EDITS),
    captions=st.booleans(),
    portrait=st.sampled_from((None, True, False)),
    grace_hours=st.integers(0, 3),
    after=st.sampled_from(AFTER),
    moral=st.sampled_from(MORAL),
    third_party=st.sampled_from(("unknown", "none")),
    watermark=st.booleans(),
    stream_only=st.booleans(),
    credit=st.sampled_from(("", "Shirahama")),
)


@given(TERMS)
def test_what_is_written_is_read_again(terms: ConsentTerms) -> None:
    assert ConsentTerms.from_json(terms.to_json()) == terms


@pytest.mark.parametrize(
    "value",
    [
        {"wings": True}, {"uses": "play"}, {"uses": [1]}, {"reach": "moon"},
        {"first_on": "soon"}, {"territory": 7},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_never_guessed(value: dict[str, Any]) -> None:
    with pytest.raises(BadFactsError):
        ConsentTerms.from_json(value)
    with pytest.raises(BadFactsError):
        ItemAnswer.from_json({"choice": "yes", "given": value})


def permits(
    terms: ConsentTerms, viewer: dict[str, Any], action: str, purpose: str, at: str
) -> bool:
    """Whether an agreement with these terms alone permits it, by the decision of every page."""
    window = {}
    if terms.first_on is not None:
        window["from"] = f"{terms.first_on}T00:00:00+09:00"
    if terms.last_on is not None:
        window["until"] = f"{terms.last_on + timedelta(days=1)}T00:00:00+09:00"
    grants = [
        {**one, "id": str(number), "window": window} for number, one in enumerate(grants_of(terms))
    ]
    case = {
        "orgs": TREE,
        "now": at,
        "viewer": viewer,
        "recording": {
            "id": "r", "stage": "published", "duration": 1000,
            "agreements": [{
                "id": "a", "kind": "speaker", "status": "signed",
                "signed_at": "2026-10-01T00:00:00Z", "grants": grants,
            }],
            "publications": [{"id": "p", "audience": {"reach": "outside"}}],
        },
        "request": {"action": action, "purpose": purpose},
    }  # fmt: skip
    facts, now = facts_from_case(case)
    return decide_access(facts, now, look_ahead=False).allowed


VIEWERS = st.fixed_dictionaries(
    {
        "id": st.just("v"),
        "memberships": st.lists(st.fixed_dictionaries({"org": st.sampled_from(ORGS)}), max_size=2),
        "enrolments": st.sampled_from(([], [{"course": "course", "status": "confirmed"}])),
        "country": st.sampled_from((None, "JP", "MY", "TH")),
    }
)
MOMENTS = st.integers(-2, 9).map(lambda days: f"{DAY + timedelta(days=days)}T03:00:00Z")


ASKED_FOR = st.tuples(
    VIEWERS, st.sampled_from(("play", "download", "screen")), st.sampled_from(PURPOSES), MOMENTS
)


@settings(max_examples=400)
@given(TERMS, TERMS, ASKED_FOR)
def test_an_answer_that_is_taken_never_permits_what_was_not_asked_for(
    asked: ConsentTerms, answer: ConsentTerms, question: tuple[dict[str, Any], str, str, str]
) -> None:
    # Most random answers widen: the fields that do are taken from what was asked.
    tame = replace(answer, **{name: getattr(asked, name) for name in widenings(asked, answer)})
    try:
        check_terms(asked)
        outcome = judge_answer(asked, tame)
    except InvalidInputError:
        return
    if permits(tame, *question):
        assert outcome in {"yes", "narrower"}
        assert permits(replace(asked, portrait=None), *question)


def test_the_question_of_the_property_is_one_that_is_permitted_sometimes() -> None:
    asked = ConsentTerms(uses=frozenset({"play"}), reach=Reach.OUTSIDE, last_on=DAY)
    viewer = {"id": "v", "memberships": [{"org": "a1"}]}
    assert permits(asked, viewer, "play", "education", "2026-11-01T03:00:00Z")
    narrower = replace(asked, only=frozenset({"ia"}))
    assert permits(narrower, viewer, "play", "education", "2026-11-01T03:00:00Z")
    elsewhere = replace(asked, only=frozenset({"b1"}))
    assert not permits(elsewhere, viewer, "play", "education", "2026-11-01T03:00:00Z")
    assert not permits(asked, viewer, "play", "education", "2026-11-02T03:00:00Z")


@given(TERMS, TERMS)
def test_what_is_as_asked_widens_nothing(asked: ConsentTerms, other: ConsentTerms) -> None:
    own = {
        name: getattr(other, name)
        for name in ("credit", "moral", "third_party", "third_party_list", "remark")
    }
    given_ = replace(asked, **own)
    assert widenings(asked, given_) == ()
    assert is_as_asked(asked, given_)


@given(TERMS)
def test_widening_is_found_in_every_field(asked: ConsentTerms) -> None:
    wider: dict[str, Any] = {
        "uses": asked.uses | {"embed"},
        "orgs": asked.orgs | {"zz"},
        "edits": frozenset(EDITS) if asked.edits != frozenset(EDITS) else None,
        "grace_hours": asked.grace_hours + 1,
        "fee": "more",
        "first_on": None if asked.first_on is None else asked.first_on - timedelta(days=1),
        "last_on": None if asked.last_on is None else asked.last_on + timedelta(days=1),
        "territory": None if asked.territory is None else asked.territory | {"TH"},
        "course": "other" if asked.course else None,
        **{name: True for name in ADAPTATIONS if not getattr(asked, name)},
    }
    for name, value in wider.items():
        if value is not None:
            assert name in widenings(asked, replace(asked, **{name: value})), name


def test_every_field_is_judged_or_is_ones_own_wording() -> None:
    asked = ConsentTerms(
        record=None, uses=frozenset({"play"}), reach=Reach.HQ, only=frozenset({"a1"}),
        course="c", purposes=frozenset({"education"}), first_on=DAY, last_on=DAY,
        territory=frozenset({"JP"}), watermark=True, stream_only=True,
    )  # fmt: skip
    other = ConsentTerms(
        record=True, uses=frozenset(USES), reach=Reach.OUTSIDE, orgs=frozenset({"a1"}),
        only=frozenset(), course="", purposes=frozenset(PURPOSES), first_on=None, last_on=None,
        territory=None, edits=frozenset(EDITS), captions=True, translation=True,
        transcript=True, summary=True, portrait=True, fee="x", grace_hours=1, after="keep",
    )  # fmt: skip
    own = {"credit", "moral", "third_party", "third_party_list", "remark"}
    assert set(widenings(asked, other)) == {one.name for one in fields(ConsentTerms)} - own


def test_the_choices() -> None:
    asked = ConsentTerms(record=True, uses=frozenset({"play"}), last_on=DAY)
    free = ConsentTerms(remark="hello", credit="S")
    assert settle_answer(asked, ItemAnswer("yes", free)).given == replace(
        asked, remark="hello", credit="S"
    )
    assert settle_answer(asked, ItemAnswer("yes", free)).outcome == "yes"
    nothing = settle_answer(asked, ItemAnswer("nothing"))
    assert (nothing.outcome, nothing.given and nothing.given.record) == ("no", False)
    assert settle_answer(asked, ItemAnswer("no")).outcome == "no"
    assert settle_answer(asked, ItemAnswer("not_mine", other="B")).given is None
    paper = ConsentTerms(uses=frozenset({"display"}), last_on=DAY)
    with pytest.raises(InvalidInputError):
        settle_answer(paper, ItemAnswer("nothing"))
    for choice in ("", "maybe"):
        with pytest.raises(InvalidInputError):
            settle_answer(asked, ItemAnswer(choice))
    assert THIRD_PARTY[0] == asked.third_party


@pytest.mark.parametrize(
    ("speakers", "planned", "state"),
    [
        ([], False, ""),
        ([], True, "asked"),
        ([SpeakerStanding(consents=True)], True, "allowed"),
        ([SpeakerStanding(consents=True), SpeakerStanding()], True, "asked"),
        ([SpeakerStanding(consents=True), SpeakerStanding(forbids=True)], True, "forbidden"),
        ([SpeakerStanding()], False, "asked"),
    ],
)
def test_whether_a_session_may_be_recorded(
    speakers: list[SpeakerStanding], planned: bool, state: str
) -> None:
    assert judge_recording(speakers, planned=planned) == state
