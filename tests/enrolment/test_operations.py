"""The life of an enrolment and the justice of the waiting list."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lms.courses import operations as courses
from lms.courses.models import Edition
from lms.courses.operations import EditionSettings
from lms.courses.queries import get_edition
from lms.enrolment import operations
from lms.enrolment.errors import EnrolmentError
from lms.enrolment.events import (
    EnrolmentApplied,
    EnrolmentCancelled,
    EnrolmentConfirmed,
    EnrolmentDeclined,
    EnrolmentWaitlisted,
    EnrolmentWithdrawn,
)
from lms.enrolment.models import Enrolment
from lms.enrolment.queries import (
    enrolment_facts,
    find_enrolment,
    last_reason,
    list_changes,
    waiting_place,
)
from lms.enrolment.rules import Decision
from lms.infra import events
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import PersonId
from lms.people.models import Person
from tests.conftest import NOW, Cast, add_person
from tests.enrolment.conftest import MakeEdition

DAY = timedelta(days=1)
STARTED = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Everything that enrolment told others, in order."""
    heard: list[Any] = []
    table = dict(events._handlers)
    for event in (
        EnrolmentApplied, EnrolmentConfirmed, EnrolmentWaitlisted, EnrolmentDeclined,
        EnrolmentWithdrawn, EnrolmentCancelled,
    ):  # fmt: skip
        table[event] = (heard.append,)
    monkeypatch.setattr(events, "_handlers", table)
    return heard


@pytest.fixture
def crowd(cast: Cast) -> list[Actor]:
    del cast  # there already
    with unit_of_work():
        people = [add_person(f"crowd{n}", "群", f"{n}") for n in range(6)]
    return [Actor(person_id=PersonId(person.id)) for person in people]


def apply(edition: Edition, *actors: Actor, at: datetime = NOW) -> None:
    for n, actor in enumerate(actors):
        with unit_of_work():
            operations.apply_for_edition(edition.id, actor=actor, at=at + timedelta(seconds=n))


def withdraw(edition: Edition, actor: Actor, at: datetime = NOW) -> None:
    with unit_of_work():
        operations.withdraw_enrolment(edition.id, actor=actor, at=at)


def enrolment(edition: Edition, actor: Actor) -> Enrolment:
    found = find_enrolment(edition.id, actor.person_id or "")
    assert found is not None
    return found


def states(edition: Edition, actors: list[Actor]) -> list[str]:
    return [enrolment(edition, actor).state for actor in actors]


def decide(
    edition: Edition, actors: list[Actor], decision: Decision, by: Actor, **more: Any
) -> operations.Decided:
    with unit_of_work():
        return operations.decide_applications(
            edition.id,
            [enrolment(edition, actor).id for actor in actors],
            decision,
            actor=by,
            at=more.pop("at", NOW),
            **more,
        )


def change(edition: Edition, by: Actor, at: datetime = NOW, **values: Any) -> None:
    now = get_edition(edition.id)
    settings = EditionSettings(
        title=now.title, mode=now.mode, languages=tuple(now.languages), starts_on=now.starts_on,
        ends_on=now.ends_on, timezone=now.timezone, capacity=now.capacity,
        apply_until_at=now.apply_until_at, approval=now.approval,
    )  # fmt: skip
    with unit_of_work():
        courses.update_edition(
            edition.id, replace(settings, **values), version=now.version, actor=by, at=at
        )


def suspend(actor: Actor) -> None:
    with unit_of_work():
        db.session.get_one(Person, actor.person_id).suspended_at = NOW


def test_first_come_first_served_then_the_list(
    make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    edition = make_edition(capacity=2)
    apply(edition, *crowd[:4])
    assert states(edition, crowd[:4]) == ["enrolled", "enrolled", "waitlisted", "waitlisted"]
    assert [enrolment(edition, a).seat for a in crowd[:3]] == [1, 2, None]
    assert [waiting_place(enrolment(edition, a)) for a in crowd[:4]] == [None, None, 1, 2]
    assert [type(event) for event in told] == [
        EnrolmentConfirmed, EnrolmentConfirmed, EnrolmentWaitlisted, EnrolmentWaitlisted,
    ]  # fmt: skip


def test_a_freed_seat_goes_to_the_head_at_once_with_its_message(
    make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    told.clear()
    withdraw(edition, crowd[0])
    assert states(edition, crowd[:3]) == ["withdrawn", "enrolled", "waitlisted"]
    assert told == [
        EnrolmentWithdrawn(enrolment(edition, crowd[0]).id, edition.id, crowd[0].person_id, NOW),  # type: ignore[arg-type]
        EnrolmentConfirmed(
            enrolment(edition, crowd[1]).id, edition.id, crowd[1].person_id, NOW, promoted=True  # type: ignore[arg-type]
        ),
    ]  # fmt: skip
    assert enrolment(edition, crowd[1]).seat == 1
    assert waiting_place(enrolment(edition, crowd[2])) == 1


def test_when_telling_fails_nothing_has_happened(
    make_edition: MakeEdition, crowd: list[Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:2])

    def fail(_event: object) -> None:
        raise RuntimeError("no mail")

    monkeypatch.setattr(events, "_handlers", {EnrolmentConfirmed: (fail,)})
    with pytest.raises(RuntimeError, match="no mail"):
        withdraw(edition, crowd[0])
    assert states(edition, crowd[:2]) == ["enrolled", "waitlisted"]


def test_who_comes_back_stands_at_the_end(make_edition: MakeEdition, crowd: list[Actor]) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    withdraw(edition, crowd[1])
    apply(edition, crowd[1], at=NOW + DAY)
    assert [enrolment(edition, a).queue_position for a in crowd[1:3]] == [3, 2]
    withdraw(edition, crowd[0])
    assert states(edition, crowd[:3]) == ["withdrawn", "waitlisted", "enrolled"]


def test_nobody_ever_gets_a_place_that_another_had(
    make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    withdraw(edition, crowd[2])  # the last in line leaves
    apply(edition, crowd[3])
    assert enrolment(edition, crowd[3]).queue_position == 3


def test_raising_the_capacity_serves_the_list_and_lowering_takes_from_nobody(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:4])
    told.clear()
    change(edition, cast.actor("organiser"), capacity=3)
    assert states(edition, crowd[:4]) == ["enrolled", "enrolled", "enrolled", "waitlisted"]
    assert [event.promoted for event in told] == [True, True]
    change(edition, cast.actor("organiser"), capacity=1)
    assert states(edition, crowd[:4]) == ["enrolled", "enrolled", "enrolled", "waitlisted"]
    withdraw(edition, crowd[0])
    assert states(edition, crowd[:4]) == ["withdrawn", "enrolled", "enrolled", "waitlisted"]
    change(edition, cast.actor("organiser"), capacity=None)
    assert enrolment(edition, crowd[3]).state == "enrolled"


def test_nobody_is_pulled_into_what_has_started(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1, ends_on=date(2026, 11, 10), apply_until_at=None)
    apply(edition, *crowd[:2])
    withdraw(edition, crowd[0], at=STARTED)
    assert states(edition, crowd[:2]) == ["withdrawn", "waitlisted"]
    change(edition, cast.actor("organiser"), at=STARTED, capacity=5)
    assert enrolment(edition, crowd[1]).state == "waitlisted"
    apply(edition, crowd[2], at=STARTED)  # nor does a newcomer jump the queue
    assert enrolment(edition, crowd[2]).state == "waitlisted"
    # An organiser seats the head by hand, and nobody before the head.
    organiser = cast.actor("organiser")
    with pytest.raises(EnrolmentError, match="not_head_of_queue"):
        decide(edition, [crowd[2]], Decision.ACCEPT, organiser, at=STARTED)
    assert decide(edition, [crowd[1]], Decision.ACCEPT, organiser, at=STARTED).enrolled == 1
    assert decide(edition, [crowd[2]], Decision.ACCEPT, organiser, at=STARTED).enrolled == 1


def test_a_postponed_course_moves_its_list_again(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1, ends_on=date(2026, 11, 10))
    apply(edition, *crowd[:2])
    withdraw(edition, crowd[0], at=STARTED)
    assert enrolment(edition, crowd[1]).state == "waitlisted"
    change(
        edition, cast.actor("organiser"), at=STARTED,
        starts_on=date(2026, 12, 1), ends_on=date(2026, 12, 2),
    )  # fmt: skip
    assert enrolment(edition, crowd[1]).state == "enrolled"


def test_a_suspended_person_is_passed_over_and_keeps_the_place(
    make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    suspend(crowd[1])
    withdraw(edition, crowd[0])
    assert states(edition, crowd[1:3]) == ["waitlisted", "enrolled"]
    assert waiting_place(enrolment(edition, crowd[1])) == 1


def test_a_suspended_person_cannot_apply(make_edition: MakeEdition, crowd: list[Actor]) -> None:
    edition = make_edition()
    suspend(crowd[0])
    with pytest.raises(EnrolmentError, match="suspended"):
        apply(edition, crowd[0])


def test_approval_is_heeded_also_when_seats_are_added(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    edition = make_edition(capacity=1, approval="organiser")
    apply(edition, *crowd[:3])
    assert states(edition, crowd[:3]) == ["applied"] * 3
    assert [type(event) for event in told] == [EnrolmentApplied] * 3
    change(edition, cast.actor("organiser"), capacity=3)
    assert states(edition, crowd[:3]) == ["applied"] * 3


def test_who_waits_unapproved_is_not_promoted_once_approval_is_asked_for(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    organiser = cast.actor("organiser")
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    change(edition, organiser, approval="organiser")
    change(edition, organiser, capacity=3)
    assert states(edition, crowd[:3]) == ["enrolled", "waitlisted", "waitlisted"]
    assert decide(edition, [crowd[2]], Decision.ACCEPT, organiser).enrolled == 1
    assert states(edition, crowd[:3]) == ["enrolled", "waitlisted", "enrolled"]


def test_the_earliest_of_those_accepted_together_get_the_seats(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    edition = make_edition(capacity=2, approval="organiser")
    apply(edition, *crowd[:4])
    told.clear()
    decided = decide(
        edition, [crowd[3], crowd[1], crowd[0]], Decision.ACCEPT, cast.actor("organiser")
    )
    assert (decided.enrolled, decided.waitlisted, decided.skipped) == (2, 1, 0)
    assert states(edition, crowd[:4]) == ["enrolled", "enrolled", "applied", "waitlisted"]
    assert [type(e) for e in told] == [EnrolmentConfirmed, EnrolmentConfirmed, EnrolmentWaitlisted]
    withdraw(edition, crowd[0])
    assert states(edition, crowd[:4]) == ["withdrawn", "enrolled", "applied", "enrolled"]


def test_review_decline_and_their_reasons(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    organiser = cast.actor("organiser")
    edition = make_edition(approval="organiser")
    apply(edition, *crowd[:2])
    assert decide(edition, crowd[:1], Decision.REVIEW, organiser).reviewed == 1
    assert states(edition, crowd[:2]) == ["under_review", "applied"]
    with pytest.raises(InvalidInputError):
        decide(edition, crowd[:2], Decision.DECLINE, organiser, reason="  ")
    assert decide(edition, crowd[:2], Decision.DECLINE, organiser, reason="定員超過").declined == 2
    assert states(edition, crowd[:2]) == ["declined", "declined"]
    assert [type(e) for e in told[-2:]] == [EnrolmentDeclined, EnrolmentDeclined]
    assert last_reason(enrolment(edition, crowd[0]).id) == "定員超過"
    with pytest.raises(EnrolmentError, match="declined"):
        apply(edition, crowd[0])
    # The organiser may think again.
    assert decide(edition, crowd[:1], Decision.ACCEPT, organiser).enrolled == 1
    steps = [(c.from_state, c.to_state) for c in list_changes(enrolment(edition, crowd[0]).id)]
    assert steps == [
        (None, "applied"), ("applied", "under_review"), ("under_review", "declined"),
        ("declined", "enrolled"),
    ]  # fmt: skip


def test_nobody_is_wait_listed_while_seats_are_free(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1, approval="organiser")
    apply(edition, *crowd[:2])
    with pytest.raises(EnrolmentError, match="seats_free"):
        decide(edition, crowd[:1], Decision.WAITLIST, cast.actor("organiser"))
    decide(edition, crowd[:1], Decision.ACCEPT, cast.actor("organiser"))
    assert decide(edition, crowd[1:2], Decision.WAITLIST, cast.actor("organiser")).waitlisted == 1


def test_an_organiser_cannot_seat_somebody_past_the_queue(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:3])
    with pytest.raises(EnrolmentError, match="not_head_of_queue"):
        decide(edition, [crowd[2]], Decision.ACCEPT, cast.actor("organiser"))
    assert states(edition, crowd[:3]) == ["enrolled", "waitlisted", "waitlisted"]


def test_what_cannot_be_decided_is_left_and_counted(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(approval="organiser")
    apply(edition, *crowd[:2])
    withdraw(edition, crowd[0])
    decided = decide(edition, crowd[:2], Decision.ACCEPT, cast.actor("organiser"))
    assert (decided.enrolled, decided.skipped) == (1, 1)
    assert states(edition, crowd[:2]) == ["withdrawn", "enrolled"]


def test_decisions_are_audited_without_names(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(approval="organiser")
    apply(edition, crowd[0])
    decide(edition, crowd[:1], Decision.ACCEPT, cast.actor("organiser"))
    (entry,) = db.session.scalars(
        select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == "enrolment.decided")
    ).all()
    assert entry.actor_id == cast.organiser.id
    assert entry.details == {"edition_id": edition.id, "decision": "accept", "to": "enrolled"}


def test_staff_take_off_with_a_reason_and_the_list_moves(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    organiser = cast.actor("organiser")
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:2])
    target = enrolment(edition, crowd[0]).id
    with pytest.raises(InvalidInputError), unit_of_work():
        operations.remove_enrolment(edition.id, target, reason=" ", actor=organiser, at=NOW)
    told.clear()
    with unit_of_work():
        operations.remove_enrolment(edition.id, target, reason="重複", actor=organiser, at=NOW)
    assert states(edition, crowd[:2]) == ["cancelled", "enrolled"]
    assert [type(e) for e in told] == [EnrolmentWithdrawn, EnrolmentConfirmed]
    assert told[0].by_staff
    with pytest.raises(EnrolmentError, match="taken_off"):
        apply(edition, crowd[0])
    with pytest.raises(EnrolmentError, match="cannot_remove"), unit_of_work():
        operations.remove_enrolment(edition.id, target, reason="重複", actor=organiser, at=NOW)


@pytest.mark.parametrize(
    ("more", "at", "code"),
    [
        ({}, datetime(2026, 11, 1, 15, 0, tzinfo=UTC), "deadline_passed"),
        ({"apply_until_at": None}, datetime(2026, 11, 2, 15, 0, tzinfo=UTC), "over"),
        ({"state": "closed"}, NOW, "edition_closed"),
        ({"state": "cancelled"}, NOW, "edition_cancelled"),
    ],
)
def test_the_rule_of_the_page_stands_behind_the_post(
    make_edition: MakeEdition, crowd: list[Actor], more: dict[str, Any], at: datetime, code: str
) -> None:
    edition = make_edition(**more)
    with pytest.raises(EnrolmentError, match=code):
        apply(edition, crowd[0], at=at)
    assert find_enrolment(edition.id, crowd[0].person_id or "") is None


def test_what_one_may_not_see_one_cannot_apply_for(cast: Cast, make_edition: MakeEdition) -> None:
    hidden = make_edition(state="draft")
    inner = make_edition(slug="inner", reach="industrial")
    for edition in (hidden, inner):
        with pytest.raises(NotFoundError):
            apply(edition, cast.actor("trainee"))
    apply(inner, cast.actor("coordinator"))
    assert enrolment(inner, cast.actor("coordinator")).state == "enrolled"
    with pytest.raises(NotFoundError), unit_of_work():
        operations.apply_for_edition("0" * 26, actor=cast.actor("trainee"), at=NOW)
    with pytest.raises(NotFoundError), unit_of_work():
        operations.apply_for_edition(inner.id, actor=Actor(), at=NOW)


def test_one_person_one_enrolment(make_edition: MakeEdition, crowd: list[Actor]) -> None:
    edition = make_edition()
    apply(edition, crowd[0])
    with pytest.raises(EnrolmentError, match="already_in"):
        apply(edition, crowd[0])


def test_attending_fits_the_mode_and_follows_it(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(mode="hybrid")
    with unit_of_work():
        operations.apply_for_edition(edition.id, attending="web", actor=crowd[0], at=NOW)
    with unit_of_work():
        operations.change_attending(edition.id, "venue", actor=crowd[0], at=NOW)
    assert enrolment(edition, crowd[0]).attending == "venue"
    with pytest.raises(InvalidInputError), unit_of_work():
        operations.change_attending(edition.id, "moon", actor=crowd[0], at=NOW)
    change(edition, cast.actor("organiser"), mode="web")
    db.session.expire_all()
    assert enrolment(edition, crowd[0]).attending == "web"
    with pytest.raises(InvalidInputError), unit_of_work():
        operations.apply_for_edition(edition.id, attending="venue", actor=crowd[1], at=NOW)


def test_withdrawing_twice_or_from_what_is_over_is_refused(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition()
    apply(edition, *crowd[:2])
    withdraw(edition, crowd[0])
    with pytest.raises(EnrolmentError, match="cannot_withdraw"):
        withdraw(edition, crowd[0])
    with pytest.raises(EnrolmentError, match="cannot_withdraw"):
        withdraw(edition, crowd[1], at=datetime(2026, 11, 2, 15, 0, tzinfo=UTC))
    with pytest.raises(NotFoundError):
        withdraw(edition, cast.actor("trainee"))


def test_people_keep_an_edition_published_and_a_cancelled_one_lets_them_go(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], told: list[Any]
) -> None:
    organiser = cast.actor("organiser")
    edition = make_edition(capacity=1)
    with unit_of_work():
        courses.add_part(edition.id, {"ja": "講義"}, actor=organiser, at=NOW)
    apply(edition, *crowd[:2])
    with pytest.raises(EnrolmentError, match="people_enrolled"), unit_of_work():
        courses.unpublish_edition(edition.id, actor=organiser, at=NOW)
    assert get_edition(edition.id).state == "published"
    told.clear()
    with unit_of_work():
        courses.cancel_edition(edition.id, actor=organiser, at=NOW)
    assert states(edition, crowd[:2]) == ["cancelled", "cancelled"]
    assert [type(e) for e in told] == [EnrolmentCancelled, EnrolmentCancelled]
    with pytest.raises(EnrolmentError, match="cannot_decide"):
        decide(edition, crowd[:1], Decision.ACCEPT, organiser)


@pytest.mark.parametrize("name", ["trainee", "coordinator", "auditor", "speaker", "stranger"])
def test_only_who_runs_the_edition_decides(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor], name: str
) -> None:
    edition = make_edition(approval="organiser")
    apply(edition, crowd[0])
    for act in (
        lambda: decide(edition, crowd[:1], Decision.ACCEPT, cast.actor(name)),
        lambda: operations.remove_enrolment(
            edition.id, enrolment(edition, crowd[0]).id, reason="x", actor=cast.actor(name), at=NOW
        ),
        lambda: operations.promote_waiting(edition.id, actor=cast.actor(name), at=NOW),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert enrolment(edition, crowd[0]).state == "applied"


def test_ids_of_another_edition_are_not_decided_on(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    one = make_edition(approval="organiser")
    other = make_edition(approval="organiser", slug="other")
    apply(one, crowd[0])
    apply(other, crowd[1])
    mixed = [enrolment(one, crowd[0]).id, enrolment(other, crowd[1]).id]
    with pytest.raises(NotFoundError), unit_of_work():
        operations.decide_applications(
            one.id, mixed, Decision.ACCEPT, actor=cast.actor("organiser"), at=NOW
        )
    assert states(one, crowd[:1]) == ["applied"]


def test_facts_for_the_rights_decision(
    cast: Cast, make_edition: MakeEdition, crowd: list[Actor]
) -> None:
    edition = make_edition(capacity=1)
    apply(edition, *crowd[:2])
    fact = {"course": edition.id}
    assert enrolment_facts(crowd[0].person_id or "") == [{**fact, "status": "confirmed"}]
    assert enrolment_facts(crowd[1].person_id or "") == [{**fact, "status": "waitlisted"}]
    withdraw(edition, crowd[1])
    assert enrolment_facts(crowd[1].person_id or "") == [{**fact, "status": "cancelled"}]
    assert enrolment_facts(cast.trainee.id) == []
