"""The public cases, written into tables, decided from there: the same to the letter."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS
from lms.kernel.clock import from_ms
from lms.kernel.ids import new_id
from lms.rights.models import Agreement, AgreementTerm, Publication, Takedown, Withdrawal
from lms.rights.operations import rewrite_facts
from lms.rights.queries import ViewerFacts, decide
from lms.rights.rules import decide_access, facts_from_case, org_tree_from_json, recording_to_json
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, add_recording

DATA = Path(__file__).parent / "data"
FILES = [
    json.loads((DATA / name).read_text(encoding="utf-8"))
    for name in ("rights-cases.json", "rights-cases-partners.json")
]
CASES = [(file["orgs"], case) for file in FILES for case in file["cases"]]


def fits(case: Any) -> bool:
    """Whether the tables of today can hold it: no segments, cut copies, partial takedowns."""
    recording = case["recording"]
    return not (
        recording.get("segments")
        or recording.get("cut_rendition")
        or any(t.get("segment") or t.get("actions") for t in recording.get("takedowns", []))
        or recording.get("required_kinds", ["speaker"]) != ["speaker"]
    )


# What was sent out and not answered is `requested` in the tables.
STATUSES = {"sent": "requested"}
FITTING = [pair for pair in CASES if fits(pair[1])]


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
            )
        )


def test_most_public_cases_fit_the_tables() -> None:
    assert len(FITTING) > len(CASES) * 0.6


@pytest.mark.parametrize(("orgs", "case"), FITTING, ids=[c["id"] for _o, c in FITTING])
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
