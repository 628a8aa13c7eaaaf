"""Exceptions from publication for one person, through the tables (R15)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from bench.world import counted
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import ANONYMOUS, Actor, Role
from lms.kernel.clock import to_ms
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_actor
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Override
from lms.rights.operations import (
    OverrideDetails,
    approve_override,
    end_override,
    refuse_override,
    request_override,
    take_down,
    withdraw_agreement,
)
from lms.rights.queries import OverrideState, decide, list_overrides, viewer_facts
from lms.rights.rules import Code, Decision, Reach, Verb
from tests.conftest import NOW, Cast, add_person, grant
from tests.rights.conftest import Course, Desk, granted

Ask = Callable[..., Decision]
TODAY = date(2026, 10, 12)


@pytest.fixture
def officer(cast: Cast) -> Actor:
    """Somebody else who looks after rights."""
    assert cast.hq.id
    with unit_of_work():
        person = add_person("rights2", "権藤", "守")
        grant(person, Role.RIGHTS_OFFICER)
    found = find_actor(person.id, person.session_epoch, NOW)
    assert found is not None
    return found


@pytest.fixture
def hidden(desk: Desk) -> Desk:
    """Allowed for everyone by its speaker, published for the headquarters alone."""
    desk.agree(grants=(granted("outside"),))
    desk.publish(reach=Reach.HQ, enrolled_only=False)
    return desk


def details(person: Any, **more: Any) -> OverrideDetails:
    values: dict[str, Any] = {
        "actions": ("play",),
        "first_on": TODAY,
        "last_on": TODAY + timedelta(days=6),
        "reason": "欠席した回の補講のため",
        **more,
    }
    return OverrideDetails(person.id, **values)


def asked(desk: Desk, cast: Cast, at: Any = NOW, **more: Any) -> Override:
    with unit_of_work():
        return request_override(
            desk.actor, desk.course.recording_id, details(cast.trainee, **more), at
        )


def approved(desk: Desk, cast: Cast, officer: Actor, **more: Any) -> Override:
    override = asked(desk, cast, **more)
    with unit_of_work():
        return approve_override(officer, override.id, NOW, number="総発第12号")


def test_it_counts_once_another_person_approved_it(
    cast: Cast, hidden: Desk, officer: Actor, ask: Ask
) -> None:
    assert ask("trainee").reasons == (Code.PUB_AUDIENCE,)
    override = asked(hidden, cast)
    assert ask("trainee").code is Code.PUB_AUDIENCE
    with pytest.raises(RightsRefusedError, match="own_override"), unit_of_work():
        approve_override(hidden.actor, override.id, NOW)
    assert ask("trainee").code is Code.PUB_AUDIENCE
    with unit_of_work():
        approve_override(officer, override.id, NOW, number="総発第12号")
    decision = ask("trainee")
    assert decision.code is Code.ALLOW_OVERRIDE
    assert decision.obligations.watermark
    assert decision.obligations.audit
    assert ask("other_trainee").code is Code.PUB_AUDIENCE
    assert ask("trainee", "download").code is Code.RIGHTS_ACTION
    acts = db.session.scalars(
        select(AuditEntry.action).where(AuditEntry.action.like("rights.override%"))
    ).all()
    assert sorted(acts) == ["rights.override_approved", "rights.override_asked"]


def test_its_window_is_of_days_in_japan(cast: Cast, hidden: Desk, officer: Actor, ask: Ask) -> None:
    approved(hidden, cast, officer, first_on=date(2026, 10, 14), last_on=date(2026, 10, 15))
    before = ask("trainee")
    opens = datetime(2026, 10, 13, 15, 0, tzinfo=UTC)
    closes = datetime(2026, 10, 15, 15, 0, tzinfo=UTC)
    assert not before.allowed
    assert before.change[0] == (Verb.WAIT_UNTIL, to_ms(opens))
    assert not ask("trainee", at=opens - timedelta(milliseconds=1)).allowed
    assert ask("trainee", at=opens).allowed
    last = ask("trainee", at=closes - timedelta(seconds=1))
    assert last.lease_until == to_ms(closes)
    assert not ask("trainee", at=closes).allowed


def test_it_never_clears_what_a_rightsholder_decided(
    cast: Cast, hidden: Desk, officer: Actor, ask: Ask
) -> None:
    approved(hidden, cast, officer)
    second = hidden.agree(kind="slides", grants=(granted("hq"),))
    assert ask("trainee").code is Code.RIGHTS_AUDIENCE
    with unit_of_work():
        withdraw_agreement(hidden.actor, second.id, NOW, reason="x")
    assert ask("trainee").code is Code.RIGHTS_WITHDRAWN
    with unit_of_work():
        take_down(hidden.actor, hidden.course.recording_id, "x", NOW)
    assert ask("trainee").code is Code.TAKEDOWN


def test_it_works_before_anything_is_published(
    cast: Cast, desk: Desk, officer: Actor, ask: Ask
) -> None:
    desk.agree(grants=(granted("outside"),))
    assert ask("trainee").reasons == (Code.NOT_PUBLISHED,)
    approved(desk, cast, officer)
    assert ask("trainee").code is Code.ALLOW_OVERRIDE


def test_ending_and_refusing(cast: Cast, hidden: Desk, officer: Actor, ask: Ask) -> None:
    override = approved(hidden, cast, officer)
    for act in (refuse_override, approve_override):
        with pytest.raises(RightsRefusedError, match="not_waiting"), unit_of_work():
            act(officer, override.id, NOW)
    with unit_of_work():
        end_override(hidden.actor, override.id, NOW)
    assert not ask("trainee").allowed
    with pytest.raises(RightsRefusedError, match="override_over"), unit_of_work():
        end_override(hidden.actor, override.id, NOW)
    other = asked(hidden, cast)
    with pytest.raises(RightsRefusedError, match="override_over"), unit_of_work():
        end_override(hidden.actor, other.id, NOW)
    with unit_of_work():
        refuse_override(officer, other.id, NOW)
    with pytest.raises(RightsRefusedError, match="not_waiting"), unit_of_work():
        approve_override(officer, other.id, NOW)
    late = asked(hidden, cast, last_on=TODAY)
    with pytest.raises(RightsRefusedError, match="override_over"), unit_of_work():
        approve_override(officer, late.id, NOW + timedelta(days=1))
    states = [line.state for line in list_overrides(hidden.course.recording_id, NOW)]
    assert sorted(states) == [OverrideState.ENDED, OverrideState.REFUSED, OverrideState.WAITING]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"actions": ()}, "actions", "override_actions_missing"),
        ({"actions": ("preview",)}, "actions", "override_actions_missing"),
        ({"actions": ("fly",)}, "actions", "override_actions_missing"),
        ({"reason": "  "}, "reason", "reason_missing"),
        ({"last_on": date(2026, 10, 11)}, "last_on", "last_before_first"),
        ({"first_on": date(2026, 1, 1), "last_on": date(2026, 1, 2)}, "last_on", "override_past"),
        ({"last_on": date(2027, 10, 13)}, "last_on", "override_too_long"),
    ],
)
def test_requests_that_do_not_hold_together(
    cast: Cast, hidden: Desk, change: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        asked(hidden, cast, **change)
    assert (refused.value.field, refused.value.code) == (field, code)
    db.session.rollback()
    assert db.session.scalars(select(Override)).all() == []


def test_only_the_rights_desk(cast: Cast, hidden: Desk, officer: Actor) -> None:
    override = asked(hidden, cast)
    key = hidden.course.recording_id
    for name in ("trainee", "coordinator", "auditor", "speaker"):
        actor = cast.actor(name)
        with pytest.raises(NotFoundError), unit_of_work():
            request_override(actor, key, details(cast.trainee), NOW)
        for act in (approve_override, refuse_override, end_override):
            with pytest.raises(NotFoundError), unit_of_work():
                act(actor, override.id, NOW)
    for bad in ("x", "0" * 26):
        with pytest.raises(NotFoundError), unit_of_work():
            approve_override(officer, bad, NOW)


def test_nobody_approves_an_exception_for_themselves(hidden: Desk, officer: Actor) -> None:
    with unit_of_work():
        override = request_override(
            hidden.actor, hidden.course.recording_id,
            OverrideDetails(str(officer.person_id), ("play",), TODAY, TODAY, "x"), NOW,
        )  # fmt: skip
    with pytest.raises(RightsRefusedError, match="own_override"), unit_of_work():
        approve_override(officer, override.id, NOW)


def test_ordinary_answers_cost_no_query_more(
    cast: Cast, hidden: Desk, officer: Actor, course: Course
) -> None:
    approved(hidden, cast, officer)
    cases = [
        (cast.actor("organiser"), "play", 1),  # allowed
        (cast.actor("trainee"), "download", 1),  # refused by rights and publication
        (ANONYMOUS, "play", 1),  # nobody known
        (cast.actor("trainee"), "play", 2),  # publication alone
    ]
    for actor, action, queries in cases:
        viewer = viewer_facts(actor, NOW)
        db.session.expire_all()
        with counted() as sent:
            decide(viewer, course.recording_id, action, at=NOW)
        assert len(sent) == queries, (actor.display_name, action, sent)


def test_the_database_too_wants_two_people(cast: Cast, hidden: Desk) -> None:
    override = asked(hidden, cast)
    with pytest.raises(IntegrityError), unit_of_work():
        db.session.get_one(Override, override.id).approved_by = override.requested_by
