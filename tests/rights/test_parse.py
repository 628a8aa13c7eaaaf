"""Reading a case: every fault is one sentence that names its place, and nothing is guessed."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.rights.errors import BadFactsError
from lms.rights.rules import (
    Reach,
    decide_access,
    facts_from_case,
    org_tree_from_json,
    recording_from_json,
    request_from_json,
    viewer_from_json,
)

Json = dict[str, Any]

FILE = json.loads(
    (Path(__file__).parent / "data" / "rights-cases.json").read_text(encoding="utf-8")
)
BY_ID = {case["id"]: case for case in FILE["cases"]}
FULL: Json = {
    "orgs": FILE["orgs"],
    **copy.deepcopy(BY_ID["D48"]),
    "request": copy.deepcopy(BY_ID["D59"]["request"]),
}
FULL["viewer"] |= {
    "enrolments": [{"course": "C1", "status": "confirmed"}],
    "roles": [{"role": "organiser"}],
    "attended": ["SES1"],
}
FULL["recording"]["takedowns"] = [{"from": 0, "until": 1}]
FULL["recording"]["agreements"][0]["withdrawals"] = [{"at": 1, "grace_ms": 5}]
FULL["recording"]["cut_rendition"] = [[0, 5]]
SPEAKER = ("recording", "agreements", 0)
GRANT = (*SPEAKER, "grants", 0)
MISSING = object()


def changed(path: tuple[str | int, ...], value: object) -> Json:
    """Return FULL with the value at `path` replaced, or taken out with MISSING."""
    case = copy.deepcopy(FULL)
    place: Any = case
    for step in path[:-1]:
        place = place[step]
    if value is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return case


def test_the_full_case_can_be_read() -> None:
    facts, at = facts_from_case(FULL)
    assert at == 1_794_272_400_000
    assert decide_access(facts, at).allowed


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("now",), MISSING, "case.now is missing."),
        (("orgs",), MISSING, "case.orgs is missing."),
        (("viewer",), MISSING, "case.viewer is missing."),
        (("viewer",), ["u1"], "viewer must be an object, not a list."),
        (("viewer", "id"), MISSING, "viewer.id is missing."),
        (("viewer", "id"), 7, "viewer.id must be a string, not 7."),
        (("viewer", "id"), "", "viewer.id must not be empty."),
        (("viewer", "id"), "\ud800", "viewer.id holds half of a character: '\\ud800'."),
        (("viewer", "suspended"), "no", 'viewer.suspended must be true or false, not "no".'),
        (("viewer", "suspendid"), True, 'viewer has a field we do not know: "suspendid".'),
        (("viewer", "country"), "JPN", "viewer.country must be a country of two letters"),
        (("viewer", "memberships", 0, "org"), "ZZ", 'names an unknown organisation: "ZZ".'),
        (("viewer", "memberships"), {"org": "A1"}, "viewer.memberships must be a list"),
        (("viewer", "enrolments", 0, "status"), "enrolled", "must be one of confirmed, completed"),
        (("now",), True, "now must be a time (ms UTC or ISO 8601 with an offset), not true."),
        (("now",), 1.5, "not 1.5."),
        (("now",), None, "not null."),
        (("now",), "2026-02-30T00:00:00+09:00", "now is no date and time we can read"),
        (("now",), "2026-11-10", "now needs an offset such as +09:00"),
        (("now",), "2026-11-10T10:00:00", "now needs an offset such as +09:00"),
        (("now",), "令和8年11月10日", "now is no date and time we can read"),
        (("now",), 10**30, "now lies outside the years 1 to 9999: a number that is too large."),
        (("orgs",), [], "orgs must be an object, not a list."),
        (("orgs", "A1", "level"), "branch office", 'orgs."A1".level must be one of hq,'),
        (("orgs", "A1", "level"), ["hq"], "not a list."),
        (("orgs", "A1", "parent"), "ZZ", 'orgs."A1" belongs to unknown "ZZ".'),
        (("orgs", "HQ", "parent"), "A1", "orgs go round in a circle at"),
        (("orgs", "HQ", "parent"), "HQ", 'orgs go round in a circle at "HQ".'),
        (("recording", "stage"), "gone", "must be one of draft, review, published, deleted"),
        (("recording", "duration"), -1, "recording.duration must be from 0 to"),
        (("recording", "agreements"), MISSING, "recording.agreements is missing."),
        (("recording", "agreements"), "none", "recording.agreements must be a list"),
        (("recording", "publications"), MISSING, "recording.publications is missing."),
        (("recording", "takedown"), [], 'recording has a field we do not know: "takedown".'),
        (("recording", "takedowns", 0, "segment"), "x9", 'names an unknown segment: "x9".'),
        (("recording", "cut_rendition"), [[5, 5]], "must be [start, end] in ms"),
        (("recording", "cut_rendition"), [[1]], "must be [start, end] in ms"),
        (("recording", "segments", 0, "a"), 720_000, "must be [start, end] in ms"),
        (("recording", "segments", 0, "b"), MISSING, "recording.segments[0].b is missing."),
        (("recording", "segments", 0, "on_deny"), "blur", "must be one of hide, mute"),
        ((*SPEAKER, "kind"), MISSING, "recording.agreements[0].kind is missing."),
        ((*SPEAKER, "scope"), "part", "recording.agreements[0].scope must be whole or segment"),
        ((*SPEAKER, "scope"), ["whole"], "recording.agreements[0].scope must be whole or segment"),
        ((*SPEAKER, "withdrawls"), [], "recording.agreements[0] has a field we do not know"),
        ((*SPEAKER, "withdrawals", 0, "at"), MISSING, "withdrawals[0].at is missing."),
        ((*GRANT, "territories"), ["JP"], 'grants[0] has a field we do not know: "territories".'),
        ((*GRANT, "territory"), "JP", "territory must be WORLD or a list of countries"),
        ((*GRANT, "territory"), ["Japan"], "territory[0] must be a country of two letters"),
        ((*GRANT, "actions"), "play", "grants[0].actions must be a list"),
        ((*GRANT, "actions"), [["play"]], "grants[0].actions[0] must be a string, not a list."),
        ((*GRANT, "audience", "orgs"), ["ZZ"], 'names an unknown organisation: "ZZ".'),
        ((*GRANT, "audience"), "hq", "grants[0].audience must be an object"),
        ((*GRANT, "window"), [0, 1], "grants[0].window must be an object, not a list."),
        ((*GRANT, "window", "to"), 5, 'window has a field we do not know: "to".'),
        ((*GRANT, "max_views"), "3", 'grants[0].max_views must be a whole number, not "3".'),
        ((*GRANT, "max_views"), True, "must be a whole number, not true."),
        ((*GRANT, "obligations"), ["sing"], 'is an obligation we do not know: "sing".'),
        ((*GRANT, "enrolled"), {"statuses": []}, "grants[0].enrolled.course is missing."),
        (("request", "action"), MISSING, "request.action is missing."),
        (("request", "action"), 5, "request.action must be a string, not 5."),
        (("request", "views_used"), 2**60, "request.views_used must be from 0 to"),
        (("request", "view_open"), 1, "request.view_open must be true or false, not 1."),
        (("request", "audience_reach"), "all", "request.audience_reach must be one of hq,"),
        (("request", "override"), "yes", "request.override must be an object"),
        (("request", "override", "reason"), 0, "request.override.reason must be a string"),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(
    path: tuple[str | int, ...], value: object, sentence: str
) -> None:
    with pytest.raises(BadFactsError) as refused:
        facts_from_case(changed(path, value))
    assert sentence in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("case", [None, [], "case", 5])
def test_a_case_is_an_object(case: object) -> None:
    with pytest.raises(BadFactsError, match="The case must be an object"):
        facts_from_case(case)


@pytest.mark.parametrize(
    "written",
    [
        1_794_272_400_000,
        "2026-11-10T10:00:00+09:00",
        "2026-11-10T01:00:00Z",
        "2026-11-10T01:00:00.000999+00:00",
        "2026-11-09T19:00:00-06:00",
    ],
)
def test_times_are_milliseconds_or_iso_8601(written: object) -> None:
    assert facts_from_case(changed(("now",), written))[1] == 1_794_272_400_000


def test_times_before_the_epoch_are_rounded_down() -> None:
    assert facts_from_case(changed(("now",), "1969-12-31T23:59:59.9999Z"))[1] == -1


def test_remarks_are_no_conditions() -> None:
    facts, at = facts_from_case(changed((*GRANT, "note"), "as agreed by telephone"))
    assert decide_access(facts, at).allowed


def test_a_branch_counts_as_affiliate_and_a_membership_knows_what_is_above_it() -> None:
    orgs = org_tree_from_json(
        {
            "BR": {"level": "branch", "parent": "A1"},
            "A1": {"level": "affiliate", "parent": None},
        }
    )
    (membership,) = viewer_from_json({"id": "u1", "memberships": [{"org": "BR"}]}, orgs).memberships
    assert membership.reach is Reach.AFFILIATE
    assert membership.within == {"BR", "A1"}


def test_a_long_line_of_organisations_is_read() -> None:
    tree: Json = {"o0": {"level": "hq"}}
    for place in range(1, 5000):
        tree[f"o{place}"] = {"level": "affiliate", "parent": f"o{place - 1}"}
    assert len(org_tree_from_json(dict(reversed(tree.items()))).membership("o4999").within) == 5000


def test_nothing_is_known_of_somebody_who_is_not_signed_in() -> None:
    orgs = org_tree_from_json(FILE["orgs"])
    claims = {"id": "u1", "memberships": [{"org": "HQ"}], "roles": [{"role": "rights_officer"}]}
    viewer = viewer_from_json({"anonymous": True, **claims, "country": "jp"}, orgs)
    assert (viewer.id, viewer.memberships, viewer.roles) == (None, (), ())
    assert viewer.country == "JP"


def test_defaults_are_those_of_the_specification() -> None:
    request = request_from_json({"action": "play"})
    assert (request.purpose, request.channel) == ("education", "lms_web")
    assert (request.audience_reach, request.views_used) == (Reach.OUTSIDE, 0)
    assert (request.view_open, request.session_started, request.override) == (False, None, None)
    recording = recording_from_json(
        {
            "id": "R1",
            "stage": "draft",
            "duration": None,
            "agreements": [{"id": "S1", "kind": "speaker", "status": "requested"}],
            "publications": [],
        }
    )
    assert recording.required_kinds == {"speaker"}
    (agreement,) = recording.agreements
    assert (agreement.lineage, agreement.whole) == ("S1", True)


def test_a_withdrawal_that_names_no_action_takes_back_all() -> None:
    spellings: list[object] = ["all", [], None]
    for actions in spellings:
        case = changed((*SPEAKER, "withdrawals", 0), {"at": 1, "actions": actions})
        assert facts_from_case(case)[0].recording.agreements[0].withdrawals[0].actions is None


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the path of every value inside a JSON value."""
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [(*path, step) for step, _ in inner]
    for step, one in inner:
        found += places(one, (*path, step))
    return found


ANYTHING = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(10**18, 10**40),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["", "HQ", "WORLD", "\ud83d", "9999-12-31T23:59:59-23:59", "play"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places(FULL)), st.one_of(st.just(MISSING), ANYTHING))
def test_any_value_anywhere_is_read_or_refused(path: tuple[str | int, ...], value: object) -> None:
    complaint = None
    try:
        facts, at = facts_from_case(changed(path, value))
        json.dumps(decide_access(facts, at).to_json(), ensure_ascii=False).encode()
    except BadFactsError as refused:
        complaint = str(refused)
    assert complaint is None or (complaint.isprintable() and complaint.endswith("."))
