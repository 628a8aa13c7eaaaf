"""The access decision: every public case to the letter, and the rules that none of them tries."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from lms.rights.rules import (
    Code,
    Decision,
    Outcome,
    decide_access,
    facts_from_case,
    facts_to_json,
    org_tree_from_json,
    recording_from_json,
    recording_to_json,
    viewer_answer,
)

DATA = Path(__file__).parent / "data"
FILES = [
    json.loads((DATA / name).read_text(encoding="utf-8"))
    for name in ("rights-cases.json", "rights-cases-partners.json")
]
PUBLIC = [(file["orgs"], case) for file in FILES for case in file["cases"]]
BASE = {"orgs": FILES[0]["orgs"], **FILES[0]["cases"][0]}
NOW = 1_794_272_400_000  # 2026-11-10T10:00:00+09:00, the `now` of BASE
HOUR = 3_600_000
LEASE = 300_000

Json = dict[str, Any]


def base() -> Json:
    """A member of A1 in Japan; speaker's grant g1 and publication P1 permit to play."""
    return copy.deepcopy({**BASE, "now": NOW})


def speaker(case: Json) -> Json:
    agreement: Json = case["recording"]["agreements"][0]
    return agreement


def grant(case: Json) -> Json:
    first: Json = speaker(case)["grants"][0]
    return first


def publication(case: Json) -> Json:
    first: Json = case["recording"]["publications"][0]
    return first


def decide(case: Json) -> Decision:
    facts, at = facts_from_case(case)
    return decide_access(facts, at)


def reasons(case: Json) -> list[str]:
    decision = decide(case)
    assert decision.allowed == (decision.reasons == ())
    return [reason.value for reason in decision.reasons]


def change(case: Json) -> list[list[Any]]:
    changes: list[list[Any]] = decide(case).to_json()["change"]
    return changes


def obligations(case: Json) -> Json:
    decision = decide(case)
    assert decision.allowed
    owed: Json = decision.to_json()["obligations"]
    return owed


def portrait(**more: Any) -> Json:
    """Give an agreement about a segment, and the segment 10:00 to 12:00 that needs it."""
    return {
        "id": "Q1",
        "lineage": "Q",
        "kind": "portrait",
        "scope": "segment",
        "status": "signed",
        "signed_at": NOW - 10 * HOUR,
        "grants": [{"id": "q1", "actions": ["play"], "audience": {"reach": "outside"}}],
        **more,
    }


def segment(**more: Any) -> Json:
    return {"id": "x1", "a": 600_000, "b": 720_000, "lineages": ["Q"], "on_deny": "hide", **more}


@pytest.mark.parametrize(("orgs", "case"), PUBLIC, ids=[case["id"] for _, case in PUBLIC])
def test_public_case(orgs: Json, case: Json) -> None:
    facts, at = facts_from_case(case, org_tree_from_json(orgs))
    decision = decide_access(facts, at).to_json()
    assert {key: decision[key] for key in case["expect"]} == case["expect"]


@pytest.mark.parametrize(("orgs", "case"), PUBLIC, ids=[case["id"] for _, case in PUBLIC])
def test_facts_survive_being_written_and_read(orgs: Json, case: Json) -> None:
    facts, at = facts_from_case(case, org_tree_from_json(orgs))
    row = json.loads(json.dumps(facts_to_json(facts, at)))
    assert facts_from_case(row) == (facts, at)
    assert recording_from_json(recording_to_json(facts.recording)) == facts.recording


def test_an_unknown_action_is_refused_before_anything_else() -> None:
    case = base()
    case["request"]["action"] = "reproduce"
    case["recording"]["stage"] = "deleted"
    case["viewer"]["suspended"] = True
    assert reasons(case) == ["INVALID_REQUEST"]


def test_deleted_comes_before_suspended_and_evidence() -> None:
    case = base()
    case["request"]["action"] = "evidence_review"
    case["recording"]["stage"] = "deleted"
    case["viewer"]["suspended"] = True
    assert reasons(case) == ["RECORDING_DELETED"]


def test_a_suspended_rights_officer_sees_no_evidence() -> None:
    case = base()
    case["request"]["action"] = "evidence_review"
    case["viewer"] |= {"suspended": True, "roles": [{"role": "rights_officer"}]}
    assert reasons(case) == ["ACCOUNT_SUSPENDED"]


@pytest.mark.parametrize("role", ["organiser", "editor", "auditor"])
def test_evidence_is_for_the_rights_officer_only(role: str) -> None:
    case = base()
    case["request"]["action"] = "evidence_review"
    case["viewer"]["roles"] = [{"role": role}]
    assert reasons(case) == ["STAFF_ONLY"]


def test_a_takedown_to_come_ends_the_lease_and_one_to_end_is_waited_for() -> None:
    case = base()
    case["recording"]["takedowns"] = [{"from": NOW + 1000, "until": NOW + HOUR}]
    assert decide(case).lease_until == NOW + 1000
    case["now"] = NOW + 1000
    assert reasons(case) == ["TAKEDOWN"]
    assert change(case) == [["wait_until", NOW + HOUR]]


def test_a_takedown_is_named_alone_and_no_override_lifts_it() -> None:
    case = base()
    case["recording"] |= {"takedowns": [{"from": NOW}], "publications": []}
    case["request"]["override"] = {"person": "u1", "requested_by": "s1"}
    assert reasons(case) == ["TAKEDOWN"]
    assert decide(case).to_json()["obligations"] == {}


def test_a_segment_taken_down_is_hidden_from_viewers_and_previews() -> None:
    case = base()
    case["recording"]["segments"] = [segment(disposition="exempt", lineages=[])]
    case["recording"]["takedowns"] = [{"from": NOW, "segment": "x1"}]
    assert obligations(case)["hide"] == [[600_000, 720_000]]
    case["request"]["action"] = "preview"
    case["viewer"]["roles"] = [{"role": "editor", "scope": "R1"}]
    assert obligations(case)["hide"] == [[600_000, 720_000]]
    case["recording"]["segments"][0]["on_deny"] = "deny_recording"
    case["request"]["action"] = "play"
    assert reasons(case) == ["RIGHTS_PROHIBITED"]


def test_an_action_taken_down_is_prohibited_for_everyone() -> None:
    case = base()
    case["recording"]["takedowns"] = [{"from": NOW, "actions": ["play"]}]
    assert reasons(case) == ["RIGHTS_PROHIBITED"]
    case["recording"]["takedowns"][0]["actions"] = ["download"]
    assert reasons(case) == []
    case["request"]["action"] = "preview"
    case["viewer"]["roles"] = [{"role": "organiser"}]
    assert reasons(case) == []
    case["recording"]["takedowns"][0]["actions"] = ["preview"]
    assert reasons(case) == ["RIGHTS_PROHIBITED"]


def test_a_required_kind_is_asked_for_beside_other_reasons() -> None:
    case = base()
    case["recording"]["required_kinds"] = ["speaker", "music"]
    case["recording"]["stage"] = "review"
    assert reasons(case) == ["RIGHTS_MISSING", "NOT_PUBLISHED"]


def test_a_speaker_of_one_segment_does_not_speak_for_the_whole() -> None:
    case = base()
    speaker(case)["scope"] = "segment"
    assert reasons(case) == ["RIGHTS_MISSING"]


def test_all_joint_authors_must_agree() -> None:
    case = base()
    second = {**copy.deepcopy(speaker(case)), "id": "T1", "lineage": "T", "status": "requested"}
    case["recording"]["agreements"].append(second)
    assert reasons(case) == ["RIGHTS_UNSIGNED"]
    second["status"] = "signed"
    assert reasons(case) == []


def test_of_several_grants_the_one_with_the_fewest_obligations_is_used_then_the_lowest_id() -> None:
    case = base()
    light = {**grant(case), "id": "g9", "obligations": ["attribution:Z"]}
    speaker(case)["grants"].append(light)
    assert obligations(case) == {"attribution": ["Z"]}
    speaker(case)["grants"].append({**light, "id": "g8", "obligations": ["attribution:Y"]})
    assert obligations(case) == {"attribution": ["Y"]}
    renewal = {**copy.deepcopy(speaker(case)), "id": "A1", "grants": [{**light, "id": "h"}]}
    case["recording"]["agreements"].append(renewal)
    assert obligations(case) == {"attribution": ["Z"]}


def test_an_agreement_without_grants_permits_nothing() -> None:
    case = base()
    speaker(case)["grants"] = []
    assert reasons(case) == ["RIGHTS_ACTION"]


@pytest.mark.parametrize(
    ("withdrawn_at", "expected"),
    [(NOW + 1, []), (NOW, ["RIGHTS_WITHDRAWN"]), (NOW - HOUR, ["RIGHTS_WITHDRAWN"])],
)
def test_a_withdrawal_counts_from_its_instant(withdrawn_at: int, expected: list[str]) -> None:
    case = base()
    speaker(case)["withdrawals"] = [{"at": withdrawn_at}]
    assert reasons(case) == expected


def test_a_withdrawal_ends_what_was_signed_at_its_instant_and_spares_what_came_after() -> None:
    case = base()
    speaker(case)["withdrawals"] = [{"at": speaker(case)["signed_at"]}]
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]
    renewal = {**copy.deepcopy(speaker(case)), "id": "S2", "withdrawals": []}
    renewal["signed_at"] += 1
    case["recording"]["agreements"].append(renewal)
    assert reasons(case) == []


def test_a_withdrawal_on_a_renewal_ends_the_whole_lineage() -> None:
    case = base()
    renewal = {"id": "S2", "lineage": "S", "kind": "speaker", "status": "requested"}
    case["recording"]["agreements"].append({**renewal, "withdrawals": [{"at": NOW}]})
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]


def test_a_withdrawal_of_named_actions_leaves_the_others() -> None:
    case = base()
    speaker(case)["withdrawals"] = [{"at": NOW, "actions": ["download"]}]
    assert reasons(case) == []
    speaker(case)["withdrawals"] = [{"at": NOW, "actions": ["download", "play"]}]
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]


def test_a_refusal_is_forgotten_once_somebody_signs() -> None:
    case = base()
    refused = {**copy.deepcopy(speaker(case)), "id": "S0", "status": "refused", "signed_at": None}
    case["recording"]["agreements"].append(refused)
    assert reasons(case) == []
    speaker(case)["status"] = "requested"
    assert reasons(case) == ["RIGHTS_REFUSED"]


def test_a_signature_counts_from_its_instant_and_not_without_its_date() -> None:
    case = base()
    speaker(case)["signed_at"] = NOW
    assert reasons(case) == []
    speaker(case)["signed_at"] = None
    assert reasons(case) == ["RIGHTS_UNSIGNED"]


def grace(started: int | None, action: str = "play", since: int = HOUR) -> Json:
    case = base()
    grant(case)["actions"] = publication(case)["actions"] = ["play", "download"]
    speaker(case)["withdrawals"] = [{"at": NOW - since, "grace_ms": 2 * HOUR}]
    case["request"] = {"action": action, "session_started": started}
    return case


@pytest.mark.parametrize(
    ("started", "action", "expected"),
    [
        (NOW - HOUR - 1, "play", []),
        (NOW - HOUR, "play", ["RIGHTS_WITHDRAWN"]),
        (None, "play", ["RIGHTS_WITHDRAWN"]),
        (NOW - HOUR - 1, "download", ["RIGHTS_WITHDRAWN"]),
    ],
)
def test_grace_is_for_plays_that_had_begun(
    started: int | None, action: str, expected: list[str]
) -> None:
    assert reasons(grace(started, action)) == expected


def test_grace_ends_at_its_instant_and_the_lease_with_it() -> None:
    case = grace(NOW - 3 * HOUR, since=2 * HOUR - 1)
    assert decide(case).lease_until == NOW + 1
    case["now"] = NOW + 1
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]


def test_any_membership_can_match_a_prohibition() -> None:
    case = base()
    case["viewer"]["memberships"] = [{"org": "HQ"}, {"org": "B1"}]
    audience = {"reach": "affiliate", "orgs": ["IB"]}
    speaker(case)["prohibitions"] = [{"id": "n1", "actions": ["play"], "audience": audience}]
    assert reasons(case) == ["RIGHTS_PROHIBITED"]
    case["viewer"]["memberships"][1]["until"] = NOW
    assert reasons(case) == []


def test_a_prohibition_needs_all_its_conditions() -> None:
    case = base()
    rule = {"id": "n1", "audience": {"reach": "outside"}, "purposes": ["campaign"]}
    speaker(case)["prohibitions"] = [rule]
    assert reasons(case) == []
    rule |= {"purposes": ["education"], "window": {"from": NOW + 1}}
    assert reasons(case) == []
    assert decide(case).lease_until == NOW + 1
    rule["window"] = {"from": NOW}
    assert reasons(case) == ["RIGHTS_PROHIBITED"]


def test_under_a_prohibition_for_a_country_an_unknown_one_is_asked_for() -> None:
    case = base()
    grant(case)["territory"] = "WORLD"
    rule = {"id": "n1", "audience": {"reach": "outside"}, "territory": ["MY"]}
    speaker(case)["prohibitions"] = [rule]
    assert reasons(case) == []
    case["viewer"]["country"] = None
    assert reasons(case) == ["RIGHTS_TERRITORY_UNKNOWN"]
    case["viewer"]["country"] = "MY"
    assert reasons(case) == ["RIGHTS_PROHIBITED"]


def test_a_prohibition_of_an_agreement_that_is_no_longer_in_force_is_gone() -> None:
    case = base()
    renewal = {**copy.deepcopy(speaker(case)), "id": "S2", "signed_at": NOW - HOUR}
    everyone = {"id": "n1", "audience": {"reach": "outside"}}
    speaker(case)["prohibitions"] = [everyone]
    case["recording"]["agreements"].append(renewal)
    assert reasons(case) == ["RIGHTS_PROHIBITED"]
    speaker(case)["withdrawals"] = [{"at": NOW - 2 * HOUR}]
    assert reasons(case) == []


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"actions": ["display"]}, "ACTION"),
        ({"purposes": ["research"]}, "PURPOSE"),
        ({"channels": ["venue"]}, "CHANNEL"),
        ({"territory": ["MY"]}, "TERRITORY"),
        ({"audience": {"persons": ["u2"]}}, "PERSON"),
        ({"audience": {"reach": "industrial"}}, "AUDIENCE"),
        ({"audience": {"reach": "affiliate", "orgs": ["IB"]}}, "ORG"),
        ({"enrolled": {"course": "C9"}}, "ENROLMENT"),
        ({"attended": ["SES9"]}, "ATTENDANCE"),
        ({"window": {"until": NOW}}, "EXPIRED"),
        ({"window": {"from": NOW + 1}}, "NOT_YET"),
        ({"max_views": 0}, "VIEWS"),
    ],
)
def test_each_condition_has_its_code_and_its_place(condition: Json, code: str) -> None:
    case = base()
    grant(case).update(condition)
    assert reasons(case) == [f"RIGHTS_{code}"]
    case = base()
    publication(case).update(condition)
    assert reasons(case) == [f"PUB_{'ENDED' if code == 'EXPIRED' else code}"]


def test_the_deepest_miss_is_told_and_of_equals_that_of_the_lowest_id() -> None:
    case = base()
    first = grant(case)
    first["window"] = {"until": NOW}
    later = {**copy.deepcopy(first), "id": "g2", "window": {"from": NOW + HOUR}}
    speaker(case)["grants"].append(later)
    assert reasons(case) == ["RIGHTS_NOT_YET"]
    assert change(case) == [["wait_until", NOW + HOUR]]
    first["audience"] = {"persons": ["u2"]}
    later["audience"] = {"reach": "hq"}
    assert reasons(case) == ["RIGHTS_PERSON"]
    later["id"] = "g0"
    assert reasons(case) == ["RIGHTS_AUDIENCE"]


def test_an_earlier_condition_hides_a_later_one() -> None:
    case = base()
    grant(case).update({"purposes": ["research"], "territory": ["MY"], "max_views": 0})
    assert reasons(case) == ["RIGHTS_PURPOSE"]


def test_an_absent_audience_means_headquarters_and_an_absent_condition_no_limit() -> None:
    case = base()
    speaker(case)["grants"] = [{"id": "g1"}]
    case["recording"]["publications"] = [{"id": "P1"}]
    assert reasons(case) == ["RIGHTS_AUDIENCE", "PUB_AUDIENCE"]
    case["viewer"]["memberships"] = [{"org": "HQ"}]
    case["viewer"]["country"] = None
    assert decide(case).outcome is Outcome.ALLOW


def test_with_persons_given_only_they_count() -> None:
    case = base()
    grant(case)["audience"] = {"persons": ["u1"], "reach": "hq", "orgs": ["IB"]}
    assert reasons(case) == []
    case["viewer"]["id"] = "u2"
    assert reasons(case) == ["RIGHTS_PERSON"]


def screening(room: str | None) -> Json:
    case = base()
    grant(case).update({"actions": ["screen"], "channels": ["venue"]})
    publication(case)["actions"] = ["screen"]
    case["request"] = {"action": "screen", "channel": "venue"}
    if room is not None:
        case["request"]["audience_reach"] = room
    return case


def test_a_screening_is_judged_by_its_room_and_by_default_that_is_everyone() -> None:
    assert reasons(screening("industrial")) == []
    assert reasons(screening("affiliate")) == []
    assert reasons(screening("outside")) == ["RIGHTS_ROOM", "PUB_ROOM"]
    assert reasons(screening(None)) == ["RIGHTS_ROOM", "PUB_ROOM"]
    assert change(screening(None)) == [["limit_room", None]]


def test_who_is_named_may_still_not_show_it_to_everyone() -> None:
    case = screening("affiliate")
    grant(case)["audience"] = {"persons": ["u1"]}
    assert reasons(case) == ["RIGHTS_ROOM"]


def test_the_room_is_judged_before_the_organisation() -> None:
    case = screening("outside")
    grant(case)["audience"]["orgs"] = ["IB"]
    assert reasons(case) == ["RIGHTS_ROOM", "PUB_ROOM"]
    case["request"]["audience_reach"] = "affiliate"
    assert reasons(case) == ["RIGHTS_ORG"]


def test_the_room_does_not_matter_when_nobody_else_is_shown_it() -> None:
    case = base()
    case["request"]["audience_reach"] = "outside"
    assert reasons(case) == []


def test_the_best_of_several_enrolments_counts_while_it_is_active() -> None:
    case = base()
    publication(case)["enrolled"] = {"course": "C1"}
    again = {"course": "C1", "status": "completed", "until": NOW + HOUR}
    case["viewer"]["enrolments"] = [{"course": "C1", "status": "cancelled"}, again]
    assert reasons(case) == []
    again["until"] = NOW
    assert reasons(case) == ["PUB_ENROLMENT"]
    again |= {"until": None, "from": NOW + 1}
    assert change(case) == [["wait_until", NOW + 1], ["enrol", None]]


def test_the_accepted_statuses_can_be_named() -> None:
    case = base()
    publication(case)["enrolled"] = {"course": "C1", "statuses": ["waitlisted"]}
    case["viewer"]["enrolments"] = [{"course": "C1", "status": "waitlisted"}]
    assert reasons(case) == []
    case["viewer"]["enrolments"].append({"course": "C1", "status": "confirmed"})
    assert reasons(case) == ["PUB_ENROLMENT"]


@pytest.mark.parametrize(
    ("used", "is_open", "expected"),
    [(2, False, []), (3, False, ["RIGHTS_VIEWS"]), (3, True, []), (4, True, ["RIGHTS_VIEWS"])],
)
def test_views_are_counted_and_the_open_one_goes_on(
    used: int, is_open: bool, expected: list[str]
) -> None:
    case = base()
    grant(case)["max_views"] = 3
    case["request"] |= {"views_used": used, "view_open": is_open}
    assert reasons(case) == expected


def test_signing_in_is_offered_where_it_could_help() -> None:
    case = base()
    case["viewer"] = {"anonymous": True, "country": "JP"}
    for terms in (grant(case), publication(case)):
        terms |= {"audience": {"reach": "outside"}}
    assert reasons(case) == []
    publication(case)["max_views"] = 0
    assert reasons(case) == ["LOGIN_REQUIRED", "PUB_VIEWS"]
    del publication(case)["max_views"]
    grant(case)["territory"] = ["MY"]
    assert reasons(case) == ["RIGHTS_TERRITORY"]


def segmented(*segments: Json, action: str = "play", agreement: Json | None = None) -> Json:
    case = base()
    grant(case)["actions"] = publication(case)["actions"] = ["play", "download", "guest_link"]
    case["recording"]["segments"] = list(segments)
    if agreement is not None:
        case["recording"]["agreements"].append(agreement)
    case["request"]["action"] = action
    return case


def test_a_segment_that_is_permitted_is_shown_with_its_obligations() -> None:
    agreement = portrait()
    agreement["grants"][0]["obligations"] = ["attribution:A"]
    owed = obligations(segmented(segment(), agreement=agreement))
    assert owed["attribution"] == ["A", "講師 山田花子"]
    assert "hide" not in owed


def test_a_segment_needs_all_its_lineages() -> None:
    case = segmented(segment(lineages=["Q", "N"]), agreement=portrait())
    assert obligations(case)["hide"] == [[600_000, 720_000]]


def test_what_is_hidden_and_muted_is_merged_and_sorted() -> None:
    case = segmented(
        segment(id="x3", a=50, b=60, disposition="unresolved"),
        segment(id="x2", a=5, b=10, disposition="unresolved"),
        segment(id="x1", a=0, b=5, disposition="unresolved"),
        segment(id="x4", a=8, b=20, disposition="unresolved", on_deny="mute"),
        segment(id="x5", a=0, b=5_400_000, disposition="removed"),
    )
    owed = obligations(case)
    assert (owed["hide"], owed["mute"]) == ([[0, 10], [50, 60]], [[8, 20]])


def test_a_segment_that_cannot_be_separated_denies_with_its_own_reason() -> None:
    whole = {"on_deny": "deny_recording"}
    assert reasons(segmented(segment(**whole))) == ["RIGHTS_MISSING"]
    unresolved = segment(disposition="unresolved", **whole)
    assert reasons(segmented(unresolved, agreement=portrait())) == ["RIGHTS_MISSING"]
    case = segmented(segment(**whole), agreement=portrait(withdrawals=[{"at": NOW}]))
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        (None, ["RIGHTS_SEGMENTS"]),
        ([], ["RIGHTS_SEGMENTS"]),
        ([[600_000, 720_000]], []),
        ([[600_000, 700_000], [700_000, 720_000]], []),
        ([[600_000, 720_001]], ["RIGHTS_SEGMENTS"]),
        ([[600_000, 720_000], [0, 5]], ["RIGHTS_SEGMENTS"]),
    ],
)
@pytest.mark.parametrize("on_deny", ["hide", "mute"])
def test_a_download_needs_a_cut_copy_with_exactly_the_cuts(
    on_deny: str, cuts: list[list[int]] | None, expected: list[str]
) -> None:
    case = segmented(segment(on_deny=on_deny), action="download")
    case["recording"]["cut_rendition"] = cuts
    assert reasons(case) == expected
    if not expected:
        assert obligations(case)["use_rendition"] == "cut"
        assert obligations(case)[on_deny] == [[600_000, 720_000]]


def test_a_guest_link_streams_and_needs_no_cut_copy() -> None:
    case = segmented(segment(), action="guest_link")
    assert obligations(case)["hide"] == [[600_000, 720_000]]
    assert "use_rendition" not in obligations(case)


def test_muting_everything_still_leaves_something_to_see() -> None:
    case = segmented(segment(a=0, b=5_400_000, on_deny="mute"))
    assert obligations(case)["mute"] == [[0, 5_400_000]]
    case["recording"]["segments"][0]["on_deny"] = "hide"
    assert reasons(case) == ["ALL_HIDDEN"]


def test_a_handout_has_no_length() -> None:
    case = segmented()
    case["recording"]["duration"] = None
    assert reasons(case) == []


def test_publications_are_alternatives() -> None:
    case = base()
    case["recording"]["publications"].insert(0, {"id": "P0", "audience": {"persons": ["u9"]}})
    assert reasons(case) == []
    case["recording"]["publications"][1]["window"] = {"until": NOW}
    assert reasons(case) == ["PUB_ENDED"]


@pytest.mark.parametrize("stage", ["draft", "review"])
def test_an_unpublished_stage_is_the_only_publication_reason(stage: str) -> None:
    case = base()
    publication(case)["window"] = {"until": NOW}
    case["recording"]["stage"] = stage
    assert reasons(case) == ["NOT_PUBLISHED"]


def test_the_obligations_of_the_publication_count_too() -> None:
    case = base()
    publication(case)["obligations"] = ["audit", "attribution:A"]
    owed = obligations(case)
    assert (owed["audit"], owed["attribution"]) == (True, ["A", "講師 山田花子"])


OVERRIDE = {
    "person": "u1",
    "requested_by": "s1",
    "approved_by": "s2",
    "reason": "paper form",
    "from": NOW,
    "until": NOW + 1000,
}


def overridden(**more: Any) -> Json:
    case = base()
    grant(case)["obligations"] = []
    publication(case)["enrolled"] = {"course": "C1"}
    case["request"]["override"] = {**OVERRIDE, **more}
    return case


def test_an_override_stands_in_for_publication_in_its_window() -> None:
    decision = decide(overridden())
    assert decision.code is Code.ALLOW_OVERRIDE
    assert decision.obligations.to_json() == {"watermark": True, "audit": True}
    assert decision.lease_until == NOW + 1000


@pytest.mark.parametrize(
    "fault",
    [
        {"person": "u2"},
        {"person": None},
        {"reason": " "},
        {"reason": ""},
        {"approved_by": "s1"},
        {"approved_by": None},
        {"requested_by": None},
        {"actions": ["download"]},
        {"actions": []},
        {"until": NOW},
        {"from": NOW + 1},
    ],
    ids=str,
)
def test_a_faulty_override_is_refused_and_named(fault: Json) -> None:
    case = overridden(**fault)
    assert reasons(case) == ["PUB_ENROLMENT"]
    assert decide(case).to_json()["obligations"] == {"override_refused": True}


def test_an_override_that_begins_later_is_waited_for() -> None:
    assert change(overridden(**{"from": NOW + 5}))[0] == ["wait_until", NOW + 5]


def test_an_override_clears_no_right() -> None:
    case = overridden()
    grant(case)["territory"] = ["MY"]
    assert reasons(case) == ["RIGHTS_TERRITORY"]
    assert decide(case).to_json()["obligations"] == {}


def test_an_override_lifts_even_an_unpublished_stage_and_is_not_used_without_need() -> None:
    case = overridden()
    case["recording"]["stage"] = "review"
    assert decide(case).code is Code.ALLOW_OVERRIDE
    case = overridden()
    del publication(case)["enrolled"]
    decision = decide(case)
    assert (decision.code, decision.outcome) == (Code.ALLOW, Outcome.ALLOW)


def preview(role: str = "organiser", scope: str | None = "R1") -> Json:
    case = base()
    case["request"]["action"] = "preview"
    case["recording"] |= {"stage": "draft", "publications": []}
    case["viewer"]["roles"] = [{"role": role, **({} if scope is None else {"scope": scope})}]
    speaker(case).update({"status": "requested", "signed_at": None})
    return case


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        ("organiser", "R1", True),
        ("editor", "R1", True),
        ("rights_officer", None, True),
        ("organiser", "R2", False),
        ("coordinator", None, False),
    ],
)
def test_preview_is_for_staff_of_the_recording(role: str, scope: str | None, allowed: bool) -> None:
    assert reasons(preview(role, scope)) == ([] if allowed else ["STAFF_ONLY"])


@pytest.mark.parametrize("consent", [None, NOW + 1])
def test_preview_needs_every_speakers_consent_to_record(consent: int | None) -> None:
    case = preview()
    second = {**copy.deepcopy(speaker(case)), "id": "T1", "lineage": "T"}
    case["recording"]["agreements"].append(second)
    assert reasons(case) == []
    second["recording_consent_at"] = consent
    assert reasons(case) == ["NO_RECORDING_CONSENT"]
    second["kind"] = "music"
    assert reasons(case) == []


def test_preview_needs_a_speaker() -> None:
    case = preview()
    case["recording"]["agreements"] = []
    assert reasons(case) == ["NO_RECORDING_CONSENT"]


def test_preview_respects_refusal_and_withdrawal() -> None:
    case = preview()
    speaker(case)["status"] = "refused"
    assert reasons(case) == ["RIGHTS_REFUSED"]
    speaker(case)["withdrawals"] = [{"at": NOW}]
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]
    speaker(case)["withdrawals"][0]["actions"] = ["download"]
    assert reasons(case) == ["RIGHTS_REFUSED"]
    speaker(case)["withdrawals"][0]["actions"] = ["play"]
    assert reasons(case) == ["RIGHTS_WITHDRAWN"]
    renewal = {**speaker(case), "id": "S2", "status": "signed", "signed_at": NOW}
    speaker(case)["withdrawals"][0]["at"] = NOW - 1
    case["recording"]["agreements"].append(renewal)
    assert reasons(case) == []


def test_the_duty_to_track_is_met_by_an_audit_entry() -> None:
    case = base()
    grant(case)["obligations"] = ["tracking"]
    assert obligations(case) == {"audit": True}


@pytest.mark.parametrize(
    "facts",
    [
        {"viewer": {"memberships": [{"org": "A1"}, {"org": "B1", "from": NOW + 7}]}},
        {"viewer": {"enrolments": [{"course": "C", "status": "pending", "until": NOW + 7}]}},
        {"recording": {"takedowns": [{"from": NOW + 7}]}},
        {"request": {"override": {"person": "u9", "until": NOW + 7}}},
    ],
    ids=str,
)
def test_a_lease_ends_at_the_next_boundary_of_any_input(facts: Json) -> None:
    case = base()
    for part, fields in facts.items():
        case[part] |= fields
    assert decide(case).lease_until == NOW + 7
    case["now"] = NOW - LEASE
    assert decide(case).lease_until == NOW
    case["now"] = NOW + 7 - LEASE
    assert decide(case).lease_until == NOW + 7


def test_a_signature_to_come_is_no_boundary_unless_it_changes_the_outcome() -> None:
    case = base()
    renewal = {**copy.deepcopy(speaker(case)), "id": "S2", "signed_at": NOW + 9}
    case["recording"]["agreements"].append(renewal)
    assert decide(case).lease_until == NOW + LEASE
    renewal["prohibitions"] = [{"id": "n1", "audience": {"reach": "outside"}}]
    assert decide(case).lease_until == NOW + 9
    speaker(case)["signed_at"] = NOW + 9
    renewal["prohibitions"] = []
    assert change(case) == [["ask_rights_desk", "sign"]]


def test_one_waits_for_the_moment_at_which_everything_holds() -> None:
    case = base()
    grant(case)["window"] = {"from": NOW + 10}
    publication(case)["window"] = {"from": NOW + 20, "until": NOW + 40}
    case["viewer"]["memberships"] = [{"org": "A1", "from": NOW + 30}]
    assert change(case)[0] == ["wait_until", NOW + 30]
    case["viewer"]["memberships"][0]["from"] = NOW + 40
    assert change(case)[0][0] != "wait_until"


def test_a_list_can_do_without_looking_ahead() -> None:
    case = base()
    publication(case)["window"] = {"from": NOW + 10}
    facts, at = facts_from_case(case)
    assert decide_access(facts, at, look_ahead=False).change == ()
    assert decide_access(facts, at).change == (("wait_until", NOW + 10),)


def test_a_viewer_is_not_told_what_a_rightsholder_did() -> None:
    case = base()
    speaker(case)["status"] = "requested"
    publication(case)["enrolled"] = {"course": "C1"}
    answer = viewer_answer(decide(case)).to_json()
    assert answer == {
        "outcome": "deny",
        "code": "UNAVAILABLE",
        "lease_until": None,
        "change": [["enrol", None]],
    }


def test_a_viewer_keeps_the_code_that_is_their_own_affair() -> None:
    case = base()
    case["viewer"]["country"] = None
    answer = viewer_answer(decide(case)).to_json()
    assert answer["code"] == "RIGHTS_TERRITORY_UNKNOWN"
    assert answer["change"] == [["confirm_country", None]]
    assert viewer_answer(decide(base())).lease_until == NOW + LEASE
