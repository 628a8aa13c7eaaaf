"""Agreements, publication, withdrawal and takedown against the decision."""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.infra import events
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.events import set_handlers
from lms.kernel.actor import SYSTEM
from lms.kernel.errors import InvalidInputError, NotFoundError, TomoniError
from lms.kernel.ids import AgreementId, EditionId, RecordingId
from lms.recordings.models import Recording
from lms.recordings.operations import delete_recording
from lms.rights.errors import RightsRefusedError
from lms.rights.events import AgreementWithdrawn, RecordingPublished, RecordingTakenDown
from lms.rights.handlers import HANDLERS
from lms.rights.models import Agreement, Publication, RefusalLog, RightsFacts
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    end_publication,
    lift_takedown,
    log_refusal,
    publish_recording,
    record_answer,
    take_down,
    withdraw_agreement,
)
from lms.rights.queries import recording_case
from lms.rights.rules import Code, Decision, Reach
from tests.conftest import NOW, Cast
from tests.rights.conftest import Course, Desk, granted

Ask = Callable[..., Decision]
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def told(app: Any) -> Iterator[list[object]]:
    """Events raised, beside the handlers of rights alone."""
    del app
    seen: list[object] = []
    before = dict(events._handlers)
    kinds = (RecordingPublished, RecordingTakenDown, AgreementWithdrawn)
    set_handlers({**HANDLERS, **dict.fromkeys(kinds, (seen.append,))})
    yield seen
    set_handlers(before)


def test_nothing_can_be_seen_before_anybody_agreed(ask: Ask) -> None:
    decision = ask("trainee")
    assert set(decision.reasons) == {Code.RIGHTS_MISSING, Code.NOT_PUBLISHED}


def test_agreed_and_published_within_the_rights(
    desk: Desk, ask: Ask, told: list[object], course: Course
) -> None:
    desk.agree(grants=(granted("affiliate", last_on=date(2026, 12, 31)),))
    (row,) = desk.publish(reach=Reach.OUTSIDE, enrolled_only=True)
    assert row.conditions == {
        "actions": ["play"],
        "audience": {"reach": "affiliate"},
        "enrolled": {"course": course.edition_id},
    }
    # Until 31 December is kept as midnight in Japan after it.
    assert row.until_at is not None
    assert row.until_at.isoformat() == "2026-12-31T15:00:00+00:00"
    assert ask("trainee").code is Code.ALLOW
    assert ask("overseas").code is Code.RIGHTS_AUDIENCE
    assert ask("other_trainee").code is Code.PUB_ENROLMENT
    recording = db.session.get(Recording, course.recording_id)
    assert recording is not None
    assert (recording.stage, recording.published_at) == ("published", NOW)
    assert [type(event) for event in told] == [RecordingPublished]


def test_published_as_set_still_refuses_beyond_the_rights(desk: Desk, ask: Ask) -> None:
    desk.agree(grants=(granted("affiliate"),))
    (row,) = desk.publish(reach=Reach.OUTSIDE, within_rights=False)
    assert row.conditions["audience"] == {"reach": "outside"}
    assert ask("overseas").reasons == (Code.RIGHTS_AUDIENCE,)


def test_partner_named_beside_a_step_of_the_ladder(desk: Desk, ask: Ask, cast: Cast) -> None:
    partner = cast.partner.id
    desk.agree(
        grants=(
            granted("industrial"),
            TermDetails({"actions": ["play"], "audience": {"reach": "outside", "orgs": [partner]}}),
        )
    )
    rows = desk.publish(reach=Reach.INDUSTRIAL, orgs=frozenset({partner}))
    assert len(rows) == 2
    assert ask("overseas").allowed
    assert ask("trainee").code is Code.RIGHTS_ORG  # the nearest of two misses


def test_a_new_publication_takes_the_place_of_the_old(desk: Desk, ask: Ask) -> None:
    desk.agree(grants=(granted("outside"),))
    desk.publish(reach=Reach.OUTSIDE)
    assert ask("overseas").allowed
    desk.publish(LATER, reach=Reach.HQ)
    assert ask("overseas", at=LATER).code is Code.PUB_AUDIENCE
    written = select(Publication).order_by(Publication.id)
    assert [row.ended_at for row in db.session.scalars(written)] == [LATER, None]


@pytest.mark.parametrize(
    ("agreement", "missing"),
    [
        (None, (Code.RIGHTS_MISSING,)),
        ({"status": "requested", "signed_on": None}, (Code.RIGHTS_UNSIGNED,)),
        ({"status": "refused", "signed_on": None, "grants": ()}, (Code.RIGHTS_REFUSED,)),
        ({"grants": (granted(last_on=date(2026, 10, 11)),)}, (Code.RIGHTS_EXPIRED,)),
        ({"grants": (granted(actions=("live",)),)}, (Code.RIGHTS_ACTION,)),
        ({"kind": "music"}, (Code.RIGHTS_MISSING,)),
    ],
)
def test_publishing_is_refused_while_nobody_could_be_allowed(
    desk: Desk, course: Course, agreement: dict[str, Any] | None, missing: tuple[Code, ...]
) -> None:
    if agreement is not None:
        desk.agree(**agreement)
    with pytest.raises(RightsRefusedError) as refused:
        desk.publish()
    assert (refused.value.code, refused.value.facts) == ("nobody_allowed", {"missing": missing})
    db.session.rollback()
    assert db.session.scalars(select(Publication)).all() == []
    recording = db.session.get(Recording, course.recording_id)
    assert recording is not None
    assert recording.stage == "review"


def test_publishing_what_is_over_or_the_other_way_round_is_refused(desk: Desk) -> None:
    desk.agree()
    with pytest.raises(RightsRefusedError) as refused:
        desk.publish(last_on=date(2026, 10, 1))
    assert refused.value.facts == {"missing": (Code.PUB_ENDED,)}
    with pytest.raises(InvalidInputError) as wrong:
        desk.publish(first_on=date(2026, 12, 2), last_on=date(2026, 12, 1))
    assert (wrong.value.field, wrong.value.code) == ("last_on", "last_before_first")


def test_publishing_what_is_not_processed_is_refused(desk: Desk, course: Course) -> None:
    desk.agree()
    with unit_of_work():
        db.session.get_one(Recording, course.recording_id).stage = "processing"
    with pytest.raises(RightsRefusedError) as refused:
        desk.publish()
    assert refused.value.code == "not_ready"


def test_publishing_for_later_is_a_wait(desk: Desk, ask: Ask) -> None:
    desk.agree()
    desk.publish(first_on=date(2026, 11, 1))
    decision = ask("trainee")
    assert decision.code is Code.PUB_NOT_YET
    assert decision.change[0] == ("wait_until", 1_793_458_800_000)  # 1 November in Japan


def test_a_withdrawal_holds_in_the_next_decision(
    desk: Desk, ask: Ask, told: list[object], course: Course
) -> None:
    agreement = desk.agree()
    desk.publish()
    assert ask("trainee", at=LATER).allowed
    with unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, LATER, reason="by letter")
    assert ask("trainee", at=LATER).reasons == (Code.RIGHTS_WITHDRAWN,)
    assert told[-1] == AgreementWithdrawn(
        AgreementId(agreement.id),
        RecordingId(course.recording_id),
        EditionId(course.edition_id),
        LATER,
    )
    with pytest.raises(RightsRefusedError, match="already_withdrawn"), unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, LATER, reason="again")


def test_a_renewal_signed_on_the_day_of_the_withdrawal_restores(desk: Desk, ask: Ask) -> None:
    agreement = desk.agree()
    desk.publish()
    with unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, LATER, reason="by letter")
    again = LATER + timedelta(hours=1)
    desk.agree(again, signed_on=date(2026, 10, 12), lineage=agreement.lineage)
    assert ask("trainee", at=again).allowed


def test_a_withdrawal_of_some_uses_leaves_the_others(desk: Desk, ask: Ask) -> None:
    agreement = desk.agree(grants=(granted(actions=("play", "download")),))
    desk.publish(actions=("play", "download"))
    with unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, LATER, reason="x", actions=("download",))
    assert ask("trainee", at=LATER).allowed
    assert ask("trainee", "download", at=LATER).code is Code.RIGHTS_WITHDRAWN


def test_a_holder_withdraws_alone_and_without_a_reason(desk: Desk, cast: Cast) -> None:
    agreement = desk.agree(holder_person_id=cast.speaker.id)
    for name in ("trainee", "coordinator", "auditor"):
        with pytest.raises(NotFoundError), unit_of_work():
            withdraw_agreement(cast.actor(name), agreement.id, LATER)
    with pytest.raises(InvalidInputError), unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, LATER)  # the desk must say why
    with unit_of_work():
        withdraw_agreement(cast.actor("speaker"), agreement.id, LATER)


def test_a_takedown_stops_staff_and_kills_tokens_until_lifted(
    desk: Desk, ask: Ask, told: list[object], course: Course
) -> None:
    desk.agree()
    desk.publish()
    assert ask("organiser", "preview", at=LATER).code is Code.ALLOW_PREVIEW
    with unit_of_work():
        take_down(desk.actor, course.recording_id, "a complaint", LATER)
    for name, action in (("trainee", "play"), ("organiser", "play"), ("organiser", "preview")):
        assert ask(name, action, at=LATER).reasons == (Code.TAKEDOWN,)
    assert db.session.get_one(Recording, course.recording_id).generation == 2
    assert told[-1] == RecordingTakenDown(
        RecordingId(course.recording_id), EditionId(course.edition_id), LATER
    )
    with pytest.raises(RightsRefusedError, match="taken_down"), unit_of_work():
        take_down(desk.actor, course.recording_id, "again", LATER)
    with pytest.raises(RightsRefusedError, match="taken_down"):
        desk.publish(LATER)
    lifted = LATER + timedelta(minutes=5)
    with unit_of_work():
        lift_takedown(desk.actor, course.recording_id, lifted)
    assert ask("trainee", at=lifted).allowed
    with pytest.raises(RightsRefusedError, match="not_taken_down"), unit_of_work():
        lift_takedown(desk.actor, course.recording_id, lifted)


def test_ending_a_publication(desk: Desk, ask: Ask, course: Course) -> None:
    desk.agree()
    with pytest.raises(RightsRefusedError, match="not_published"), unit_of_work():
        end_publication(desk.actor, course.recording_id, NOW)
    desk.publish()
    with unit_of_work():
        end_publication(desk.actor, course.recording_id, LATER)
    assert ask("trainee", at=LATER).code is Code.NOT_PUBLISHED
    assert db.session.get_one(Recording, course.recording_id).stage == "review"
    desk.publish(LATER)
    assert ask("trainee", at=LATER).allowed


def test_an_answer_to_a_request(desk: Desk, ask: Ask) -> None:
    agreement = desk.agree(status="requested", signed_on=None)
    assert Code.RIGHTS_UNSIGNED in ask("trainee").reasons
    with unit_of_work():
        record_answer(
            desk.actor, agreement.id, "signed", NOW,
            signed_on=date(2026, 10, 11), recording_consent=True,
        )  # fmt: skip
    desk.publish()
    assert ask("trainee").allowed
    assert ask("organiser", "preview").allowed
    with pytest.raises(RightsRefusedError, match="not_requested"), unit_of_work():
        record_answer(desk.actor, agreement.id, "refused", NOW)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"holder_name": "  "}, "holder_name", "holder_missing"),
        ({"kind": "ghost"}, "kind", "kind_unknown"),
        ({"status": "maybe"}, "status", "status_unknown"),
        ({"signed_on": None}, "signed_on", "signature_date_missing"),
        ({"signed_on": date(2026, 10, 13)}, "signed_on", "signature_in_future"),
        ({"grants": ()}, "actions", "nothing_granted"),
        ({"lineage": "0" * 26}, "lineage", "lineage_unknown"),
        (
            {"grants": (TermDetails({}, date(2026, 12, 31), date(2026, 12, 30)),)},
            "last_on",
            "last_before_first",
        ),
        ({"grants": (TermDetails({"actoins": ["play"]}),)}, "conditions", "conditions_unreadable"),
    ],
)
def test_an_agreement_that_does_not_hold_together(
    desk: Desk, change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInputError) as wrong:
        desk.agree(**change)
    assert (wrong.value.field, wrong.value.code) == (field, code)
    db.session.rollback()
    assert db.session.scalars(select(Agreement)).all() == []


def test_a_handout_is_displayed_under_its_authors_agreement(
    desk: Desk, ask: Ask, course: Course
) -> None:
    grants = (granted(actions=("display", "download"), obligations=["watermark"]),)
    desk.agree(recording_id=course.paper_id, kind="slides", grants=grants)
    desk.publish(recording_id=course.paper_id, actions=("display", "print"))
    shown = ask("trainee", "display", recording_id=course.paper_id)
    assert shown.obligations.watermark
    assert Code.RIGHTS_ACTION in ask("trainee", "print", recording_id=course.paper_id).reasons
    assert Code.PUB_ACTION in ask("trainee", "download", recording_id=course.paper_id).reasons


def test_only_the_desk_acts_and_every_act_is_audited(
    desk: Desk, cast: Cast, course: Course
) -> None:
    details = AgreementDetails("x", signed_on=date(2026, 10, 1), grants=(granted(),))
    for name in ("trainee", "speaker", "coordinator", "auditor", "stranger"):
        actor = cast.actor(name)
        for act in (
            lambda a=actor: add_agreement(a, course.recording_id, details, NOW),
            lambda a=actor: publish_recording(a, course.recording_id, PublicationDetails(), NOW),
            lambda a=actor: end_publication(a, course.recording_id, NOW),
            lambda a=actor: take_down(a, course.recording_id, "x", NOW),
            lambda a=actor: lift_takedown(a, course.recording_id, NOW),
        ):
            with pytest.raises(NotFoundError), unit_of_work():
                act()
    agreement = desk.agree()
    desk.publish()
    with unit_of_work():
        withdraw_agreement(desk.actor, agreement.id, NOW, reason="x")
        take_down(desk.actor, course.recording_id, "x", NOW)
        lift_takedown(desk.actor, course.recording_id, NOW)
        end_publication(desk.actor, course.recording_id, NOW)
    acts = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.subject_id == course.recording_id)
        .order_by(AuditEntry.id)
    ).all()
    assert sorted(acts) == sorted(
        f"rights.{act}"
        for act in (
            "agreement_added", "published", "agreement_withdrawn", "taken_down",
            "takedown_lifted", "publication_ended",
        )
    )  # fmt: skip


def test_a_refusal_is_logged_with_its_full_code(cast: Cast, course: Course) -> None:
    with unit_of_work():
        log_refusal(cast.actor("trainee"), course.recording_id, "play", "RIGHTS_REFUSED", NOW)
    row = db.session.scalars(select(RefusalLog)).one()
    assert (row.person_id, row.action, row.code, row.at) == (
        cast.trainee.id, "play", "RIGHTS_REFUSED", NOW,
    )  # fmt: skip


def test_a_deleted_recording_is_gone_for_the_decision(ask: Ask, course: Course) -> None:
    with unit_of_work():
        delete_recording(SYSTEM, course.recording_id, NOW)
    assert ask("organiser", "preview").reasons == (Code.RECORDING_DELETED,)


@pytest.mark.parametrize("seed", range(6))
def test_the_frozen_facts_equal_the_tables_after_any_acts(
    desk: Desk, course: Course, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a walk that can be walked again
    at = NOW
    done = 0
    for _step in range(25):
        at += timedelta(hours=chance.randint(1, 200))
        keys = list(db.session.scalars(select(Agreement.id).order_by(Agreement.id)))
        try:
            _act_by_chance(chance, desk, keys, at)
            done += 1
        except TomoniError:
            pass
        db.session.rollback()
        db.session.expire_all()
        recording = db.session.get_one(Recording, course.recording_id)
        frozen = db.session.get_one(RightsFacts, course.recording_id).facts
        assert frozen == recording_case(recording)
    assert done > 5


def _act_by_chance(chance: random.Random, desk: Desk, keys: list[str], at: datetime) -> None:
    actor, recording_id = desk.actor, desk.course.recording_id
    act = chance.choice(
        ["agree", "publish", "end", "stop", "lift", "withdraw", "answer"] if keys else ["agree"]
    )
    match act:
        case "agree":
            status = chance.choice(["signed", "requested"])
            desk.agree(
                at,
                status=status,
                signed_on=chance.choice([date(2026, 10, 1), date(2026, 10, 12)]),
                grants=(granted(chance.choice(["hq", "affiliate", "outside"])),),
                prohibitions=chance.choice([(), (granted("outside", ("embed",)),)]),
            )
        case "publish":
            desk.publish(at, within_rights=chance.choice([True, False]))
        case _:
            key = chance.choice(keys)
            with unit_of_work():
                match act:
                    case "end":
                        end_publication(actor, recording_id, at)
                    case "stop":
                        take_down(actor, recording_id, "x", at)
                    case "lift":
                        lift_takedown(actor, recording_id, at)
                    case "withdraw":
                        withdraw_agreement(actor, key, at, reason="x")
                    case "answer":
                        record_answer(actor, key, "signed", at, signed_on=date(2026, 10, 2))
                    case _:
                        raise AssertionError(act)
