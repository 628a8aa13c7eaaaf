"""The public cases, written into tables, decided from there: the same to the letter."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.world import counted
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS
from lms.kernel.clock import from_ms
from lms.kernel.ids import new_id
from lms.recordings.models import MediaCopy, Recording
from lms.rights.models import (
    Agreement,
    AgreementTerm,
    Publication,
    RightsFacts,
    RightsPlan,
    Segment,
    Takedown,
    Withdrawal,
)
from lms.rights.operations import rewrite_facts
from lms.rights.queries import ViewerFacts, decide, find_known, list_known
from lms.rights.rules import (
    Code,
    Facts,
    Request,
    Viewer,
    decide_access,
    facts_from_case,
    org_tree_from_json,
    recording_from_json,
    recording_to_json,
)
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, add_recording

DATA = Path(__file__).parent / "data"
FILES = [
    json.loads((DATA / name).read_text(encoding="utf-8"))
    for name in ("rights-cases.json", "rights-cases-partners.json")
]
CASES = [(file["orgs"], case) for file in FILES for case in file["cases"]]


# What was sent out and not answered is `requested` in the tables.
STATUSES = {"sent": "requested"}


def moment(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms).astimezone(UTC)


def conditions_of(terms: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in terms.items() if name not in ("id", "window")}


def write_rows(recording_id: str, case: dict[str, Any]) -> None:
    for one in case["agreements"]:
        db.session.add(
            Agreement(
                id=one["id"],
                recording_id=recording_id,
                lineage=one["lineage"],
                kind=one["kind"],
                scope=one["scope"],
                status=STATUSES.get(one["status"], one["status"]),
                holder_name="x",
                signed_at=moment(one.get("signed_at")),
                recording_consent_at=moment(one.get("recording_consent_at")),
                created_at=NOW,
            )
        )
        db.session.flush()
        for kind, several in (
            ("grant", one["grants"]),
            ("prohibition", one.get("prohibitions", [])),
        ):
            for terms in several:
                window = terms.get("window", {})
                db.session.add(
                    AgreementTerm(
                        id=terms["id"] if kind == "grant" else new_id(),
                        agreement_id=one["id"],
                        kind=kind,
                        conditions=conditions_of(terms),
                        from_at=moment(window.get("from")),
                        until_at=moment(window.get("until")),
                    )
                )
        for withdrawal in one.get("withdrawals", []):
            db.session.add(
                Withdrawal(
                    agreement_id=one["id"],
                    at=moment(withdrawal["at"]),
                    actions=withdrawal.get("actions", []),
                    grace_ms=withdrawal.get("grace_ms", 0),
                )
            )
    for terms in case["publications"]:
        window = terms.get("window", {})
        db.session.add(
            Publication(
                id=terms["id"],
                recording_id=recording_id,
                conditions=conditions_of(terms),
                from_at=moment(window.get("from")),
                until_at=moment(window.get("until")),
                created_at=NOW,
            )
        )
    for takedown in case["takedowns"]:
        db.session.add(
            Takedown(
                recording_id=recording_id,
                from_at=moment(takedown.get("from", 0)),
                until_at=moment(takedown.get("until")),
                reason="x",
                segment_id=takedown.get("segment"),
                actions=takedown.get("actions", []),
            )
        )
    for segment in case["segments"]:
        db.session.add(Segment(recording_id=recording_id, created_at=NOW, **segment))
    if case["required_kinds"] != ["speaker"]:
        db.session.add(
            RightsPlan(
                recording_id=recording_id, required_kinds=case["required_kinds"], updated_at=NOW
            )
        )
    if "cut_rendition" in case:
        add_copy(recording_id, case["cut_rendition"])


def add_copy(recording_id: str, cuts: list[list[int]], **more: Any) -> MediaCopy:
    """A copy to take away of the present file."""
    copy = MediaCopy(
        recording_id=recording_id, cuts=cuts, **{"media_version": 1, "state": "ready", **more}
    )
    db.session.add(copy)
    return copy


@pytest.mark.parametrize(("orgs", "case"), CASES, ids=[c["id"] for _o, c in CASES])
def test_case_decided_from_the_tables(
    cast: Cast, course: Course, orgs: dict[str, Any], case: dict[str, Any]
) -> None:
    assert cast.hq.id  # the course needs its people
    tree = org_tree_from_json(orgs)
    facts, at = facts_from_case(case, tree)
    expected = decide_access(facts, at)
    with unit_of_work():
        row = add_recording(
            course.edition_id,
            stage=facts.recording.stage.value,
            duration_ms=facts.recording.duration,
        )
        write_rows(row.id, recording_to_json(facts.recording))
        rewrite_facts(row.id, NOW)
        recording_id = row.id
    held = tuple(
        type(role)(role.role, recording_id if role.scope == facts.recording.id else role.scope)
        for role in facts.viewer.roles
    )
    viewer = type(facts.viewer)(
        id=facts.viewer.id,
        suspended=facts.viewer.suspended,
        memberships=facts.viewer.memberships,
        roles=held,
        enrolments=facts.viewer.enrolments,
        attended=facts.viewer.attended,
        country=facts.viewer.country,
    )
    request = facts.request
    decision = decide(
        ViewerFacts(ANONYMOUS, viewer, tree),
        recording_id,
        request.action,
        at=from_ms(at),
        purpose=request.purpose,
        channel=request.channel,
        audience_reach=request.audience_reach,
        session_started=request.session_started,
        views_used=request.views_used,
        view_open=request.view_open,
        override=request.override,
    )
    assert decision.to_json() == expected.to_json()


def parts(*several: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [
        {"a": a, "b": b, "lineages": [], "disposition": disposition, "on_deny": "hide"}
        for a, b, disposition in several
    ]


def given(recording_id: str, **more: Any) -> Any:
    """Write what a case has into the tables, freeze it, and return what was frozen."""
    case = {
        "agreements": [], "publications": [], "takedowns": [], "segments": [],
        "required_kinds": ["speaker"], **more,
    }  # fmt: skip
    with unit_of_work():
        write_rows(recording_id, case)
        rewrite_facts(recording_id, NOW)
    return recording_from_json(db.session.get_one(RightsFacts, recording_id).facts)


def test_of_a_paper_segments_count_pages(course: Course) -> None:
    facts = given(course.paper_id, segments=parts((0, 5, "unresolved"), (5, 12, "unresolved")))
    assert facts.duration == 12
    tree = org_tree_from_json({"HQ": {"level": "hq", "parent": None}})
    viewer = Viewer("v", memberships=(tree.membership("HQ"),))
    decision = decide_access(Facts(tree, viewer, facts, Request("display")), 0)
    assert Code.ALL_HIDDEN in decision.reasons


def test_a_segment_agreement_of_the_slides_does_not_settle_whose_paper_it_is(
    course: Course,
) -> None:
    agreement = {
        "id": "S1", "lineage": "S1", "kind": "slides", "scope": "segment", "status": "signed",
        "signed_at": 0, "grants": [],
    }  # fmt: skip
    facts = given(course.paper_id, agreements=[agreement])
    assert facts.required_kinds == {"speaker"}
    assert facts.lacks_required


def test_only_a_ready_copy_of_the_present_file_counts(course: Course) -> None:
    for state, version in (("making", 1), ("failed", 1), ("ready", 2)):
        with unit_of_work():
            db.session.query(MediaCopy).delete()
            add_copy(course.recording_id, [[0, 9]], state=state, media_version=version)
        assert given(course.recording_id).cut_copy is None
    with unit_of_work():
        db.session.query(MediaCopy).delete()
        add_copy(course.recording_id, [[0, 9], [20, 30]])
    assert given(course.recording_id).cut_copy == ((0, 9), (20, 30))


def test_a_takedown_of_a_part_that_is_gone_stops_the_whole(course: Course) -> None:
    facts = given(course.recording_id, takedowns=[{"from": 5, "segment": "gone"}])
    assert facts.takedowns[0].segment is None
    assert facts.takedowns[0].actions is None


def test_lists_read_segments_in_their_one_query(course: Course) -> None:
    given(course.recording_id, segments=parts((0, 9, "exempt"), (9, 20, "unresolved")))
    with unit_of_work():
        db.session.get_one(Recording, course.recording_id).stage = "published"
    with counted() as sent:
        (_row, known), *_rest = list_known([course.edition_id])
        assert len(find_known([course.recording_id])[course.recording_id].recording.segments) == 2
    assert len(known.recording.segments) == 2
    assert len(sent) == 2
