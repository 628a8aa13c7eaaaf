"""Earning, keeping, questioning, revoking, on the real database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event

from lms.completion.errors import CompletionRefusedError
from lms.completion.events import CertificateIssued, CompletionEarned, CompletionQuestioned
from lms.completion.models import CertificateCounter, Confirmation
from lms.completion.operations import (
    confirm_requirement,
    decide_question,
    issue_missing_certificate,
    revoke_completion,
)
from lms.completion.queries import (
    list_completion,
    list_earned,
    list_open_questions,
    progress_of,
    rules_of,
)
from lms.completion.rules import RequirementDraft, RequirementState, RouteKind
from lms.courses.events import EditionPublished
from lms.courses.models import Edition
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.infra.site import SiteSettings, write_site
from lms.infra.typesetting import missing_glyphs
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import LessonId, LiveSessionId, PersonId, RecordingId
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.records.operations import mark_lesson_unread
from lms.rights.events import RecordingPublished
from lms.sessions.events import LiveSessionCancelled
from lms.sessions.models import JoinPress, LiveSession
from lms.sessions.operations.postponing import PostponePlan, postpone_edition
from lms.sessions.rules.postponing import Cause, PostponeKind
from tests.completion.conftest import BOTH, Course
from tests.conftest import add_person


def complete(course: Course, person: Person) -> None:
    course.attend(person, 0)
    course.watch(person, 1, 800)


def test_a_completion_is_earned_once_by_two_routes_with_a_certificate(course: Course) -> None:
    course.both_parts()
    course.attend(course.cast.trainee, 0)
    assert course.achievements() == []

    course.watch(course.cast.trainee, 1, 799)
    assert course.achievements() == []
    course.watch(course.cast.trainee, 1, 800)
    course.watch(course.cast.trainee, 1, 1000)

    (achievement,) = course.achievements()
    assert achievement.earned_at == course.now
    (earned,) = course.raised(CompletionEarned)
    assert (earned.achievement_id, earned.person_id) == (achievement.id, course.cast.trainee.id)
    (certificate,) = course.certificates()
    assert [event.certificate_id for event in course.raised(CertificateIssued)] == [certificate.id]
    assert certificate.names == {"ja": "山瀬 春夫", "en": "山瀬 春夫"}
    assert certificate.course == {
        "ja": "労働経済学入門 第1回", "en": "Introduction to labour economics Edition 1",
    }  # fmt: skip
    assert certificate.issued_on.isoformat() == "2026-10-12"
    assert len(certificate.code) == 32


@pytest.mark.parametrize(
    ("combine", "needed", "done"), [("any", None, 1), ("at_least", 2, 2), ("all", None, 2)]
)
def test_any_all_and_at_least(course: Course, combine: str, needed: int | None, done: int) -> None:
    course.both_parts(combine, needed=needed)

    for part in range(done):
        assert course.achievements() == []
        course.attend(course.cast.trainee, part, "late")

    assert len(course.achievements()) == 1


@pytest.mark.parametrize("status", ["absent", "excused"])
def test_who_was_not_there_has_not_attended(course: Course, status: str) -> None:
    course.both_parts("any")
    with unit_of_work():  # a press does not count against the organiser's word
        db.session.add(
            JoinPress(
                live_session_id=course.sessions[0].id,
                person_id=course.cast.trainee.id,
                at=course.now,
            )
        )
    course.attend(course.cast.trainee, 0, status)

    assert course.achievements() == []


def test_people_without_a_seat_earn_nothing(course: Course) -> None:
    course.both_parts("any")
    course.enrol(course.cast.other_trainee, "waitlisted")

    course.attend(course.cast.other_trainee, 0)
    course.attend(course.cast.stranger, 0)

    assert course.achievements() == []


def test_no_certificate_where_the_course_gives_none(course: Course) -> None:
    course.both_parts("any", gives_certificate=False)

    course.attend(course.cast.trainee, 0)

    assert len(course.achievements()) == 1
    assert course.certificates() == []


def test_reading_a_lesson_completes_and_marking_it_unread_takes_nothing(course: Course) -> None:
    course.rule(course.requirement(0, "read"))
    course.read(course.cast.trainee, 0)
    assert len(course.achievements()) == 1

    actor = course.cast.actor("trainee")
    with unit_of_work():
        mark_lesson_unread(actor, LessonId(course.lessons[0].id), course.id, at=course.now)

    assert course.tasks() == []


def test_a_part_stands_for_its_sessions_and_published_recordings(course: Course) -> None:
    course.both_parts()
    with unit_of_work():
        db.session.get_one(LiveSession, course.sessions[0].id).cancelled_at = course.now
        db.session.get_one(Recording, course.recordings[0].id).published_at = None

    first, second = rules_of([course.id])[course.id].lines

    assert [route.live_session_ids for route in first.facts.routes] == [(), ()]
    assert [route.recording_ids for route in first.facts.routes] == [(), ()]
    assert second.facts.routes[0].live_session_ids == (course.sessions[1].id,)
    assert second.facts.routes[1].recording_ids == (course.recordings[1].id,)


def test_routes_may_name_one_session_and_one_recording(course: Course) -> None:
    session, recording = course.sessions[0].id, course.recordings[0].id
    course.rule(
        RequirementDraft(
            {"ja": "一"},
            (
                {"kind": "attend", "live_session_id": session},
                {"kind": "watch", "recording_id": recording, "permille": 500},
            ),
        )
    )
    course.watch(course.cast.trainee, 0, 500)

    progress = progress_of(PersonId(course.cast.trainee.id), [course.id]).editions[course.id]
    ((_line, outcome),) = progress.lines
    assert (outcome.state, outcome.met_by) == (RequirementState.DONE, RouteKind.WATCH)
    assert progress.is_earned
    assert progress.left == 0


def test_a_new_rule_judges_everyone_again(course: Course) -> None:
    course.attend(course.cast.trainee, 0)
    assert course.achievements() == []

    course.both_parts("any")

    assert len(course.achievements()) == 1


def test_a_stricter_rule_puts_nothing_in_question_and_keeps_confirmations(course: Course) -> None:
    course.rule(course.requirement(0, "confirmed"))
    (requirement,) = course.requirements()
    confirm(course, requirement.id)
    assert len(course.achievements()) == 1

    kept = RequirementDraft(requirement.title, ({"kind": "confirmed"},), id=requirement.id)
    course.rule(kept, course.requirement(1, "attend"))
    course.attend(course.cast.trainee, 0)  # a further attendance corrects nothing

    assert course.tasks() == []
    assert course.requirements()[0].id == requirement.id
    assert db.session.query(Confirmation).count() == 1
    course.rule(course.requirement(1, "attend"))
    assert db.session.query(Confirmation).count() == 0


def confirm(course: Course, requirement_id: str, *, confirmed: bool = True) -> None:
    with unit_of_work():
        confirm_requirement(
            course.organiser,
            requirement_id,
            PersonId(course.cast.trainee.id),
            confirmed=confirmed,
            at=course.now,
        )


def test_a_confirmation_by_hand_completes_and_taking_it_back_asks(course: Course) -> None:
    course.rule(course.requirement(0, "confirmed"))
    (requirement,) = course.requirements()

    confirm(course, requirement.id)
    confirm(course, requirement.id)
    assert len(course.achievements()) == 1
    assert db.session.query(Confirmation).count() == 1

    confirm(course, requirement.id, confirmed=False)
    (task,) = course.tasks()
    assert (task.cause, task.lacking) == ("confirmation_changed", requirement.id)
    actions = [a.action for a in db.session.query(AuditEntry).order_by(AuditEntry.id)]
    assert "completion.confirmed" in actions
    assert "completion.confirmation_taken_back" in actions


def test_only_people_with_a_seat_can_be_confirmed_and_only_by_staff(course: Course) -> None:
    course.rule(course.requirement(0, "confirmed"))
    (requirement,) = course.requirements()
    stranger = PersonId(course.cast.stranger.id)
    with pytest.raises(CompletionRefusedError, match="not_enrolled"), unit_of_work():
        confirm_requirement(
            course.organiser, requirement.id, stranger, confirmed=True, at=course.now
        )
    for name in ("trainee", "coordinator", "auditor"):
        actor = course.cast.actor(name)
        with pytest.raises(NotFoundError), unit_of_work():
            confirm_requirement(actor, requirement.id, stranger, confirmed=True, at=course.now)
    assert db.session.query(Confirmation).count() == 0


def test_a_correction_opens_one_question_and_what_was_earned_stays(course: Course) -> None:
    course.both_parts()
    complete(course, course.cast.trainee)

    course.attend(course.cast.trainee, 0, "absent")
    course.attend(course.cast.trainee, 0, "excused")

    (task,) = course.tasks()
    (achievement,) = course.achievements()
    assert achievement.revoked_at is None
    assert (task.cause, task.lacking) == ("attendance_changed", course.requirements()[0].id)
    (asked,) = course.raised(CompletionQuestioned)
    assert (asked.task_id, asked.person_id) == (task.id, course.cast.trainee.id)
    (question,) = list_open_questions([course.id])
    assert question.person.id == course.cast.trainee.id
    assert list_open_questions([]) == []


def test_a_question_settles_itself_when_the_rule_is_met_again(course: Course) -> None:
    course.both_parts()
    complete(course, course.cast.trainee)
    course.attend(course.cast.trainee, 0, "absent")

    course.watch(course.cast.trainee, 0, 900)

    (task,) = course.tasks()
    assert (task.decision, task.closed_at, task.closed_by) == ("kept", course.now, None)
    course.attend(course.cast.trainee, 0, "present")
    assert len(course.tasks()) == 1


def decide(course: Course, task_id: str, *, revoke: bool, reason: str = "訂正") -> None:
    with unit_of_work():
        decide_question(course.organiser, task_id, revoke=revoke, reason=reason, at=course.now)


def test_what_a_person_kept_is_asked_again_only_when_more_is_missing(course: Course) -> None:
    course.both_parts()
    course.attend(course.cast.trainee, 0)
    course.attend(course.cast.trainee, 1)
    course.attend(course.cast.trainee, 0, "absent")
    decide(course, course.tasks()[0].id, revoke=False)

    course.attend(course.cast.trainee, 0, "excused")
    assert len(course.tasks()) == 1

    course.attend(course.cast.trainee, 1, "absent")
    assert len(course.tasks()) == 2
    assert course.achievements()[0].revoked_at is None


def test_revoking_needs_a_reason_and_ends_the_certificate(course: Course) -> None:
    course.both_parts()
    complete(course, course.cast.trainee)
    course.attend(course.cast.trainee, 0, "absent")
    (task,) = course.tasks()
    with pytest.raises(CompletionRefusedError, match="reason_missing"):
        decide(course, task.id, revoke=True, reason="  ")

    decide(course, task.id, revoke=True, reason=" 出席の訂正 ")

    (achievement,) = course.achievements()
    assert (achievement.revoked_at, achievement.revoke_reason) == (course.now, "出席の訂正")
    assert course.certificates()[0].revoked_at == course.now
    with pytest.raises(CompletionRefusedError, match="already_decided"):
        decide(course, task.id, revoke=False)
    # What a person revoked is not earned again by machine.
    course.attend(course.cast.trainee, 0, "present")
    assert len(course.achievements()) == 1
    assert course.achievements()[0].revoked_at is not None
    (record,) = list_earned(PersonId(course.cast.trainee.id))
    assert record.achievement.revoked_at == course.now


@pytest.mark.parametrize("name", ["trainee", "coordinator", "auditor", "stranger"])
def test_only_who_manages_the_edition_decides(course: Course, name: str) -> None:
    course.both_parts("any")
    course.attend(course.cast.trainee, 0)
    course.attend(course.cast.trainee, 0, "absent")
    (task,) = course.tasks()
    (achievement,) = course.achievements()
    actor = course.cast.actor(name)

    with pytest.raises(NotFoundError), unit_of_work():
        decide_question(actor, task.id, revoke=True, reason="x", at=course.now)
    with pytest.raises(NotFoundError), unit_of_work():
        revoke_completion(actor, achievement, "x", at=course.now)

    assert course.achievements()[0].revoked_at is None


def test_a_session_cancelled_after_the_fact_asks_about_who_attended(course: Course) -> None:
    course.rule(course.requirement(0, *BOTH))
    course.enrol(course.cast.other_trainee)
    course.attend(course.cast.trainee, 0)
    course.watch(course.cast.other_trainee, 0, 900)
    with unit_of_work():
        db.session.get_one(LiveSession, course.sessions[0].id).cancelled_at = course.now
        raise_event(
            LiveSessionCancelled(LiveSessionId(course.sessions[0].id), course.id, course.now)
        )

    (task,) = course.tasks()
    assert task.cause == "session_cancelled"
    assert course.raised(CompletionQuestioned)[0].person_id == course.cast.trainee.id


def test_what_was_earned_stays_when_the_edition_is_put_off(course: Course) -> None:
    course.rule(course.requirement(0, "attend"))
    course.attend(course.cast.trainee, 0)
    course.enrol(course.cast.overseas)
    with unit_of_work():
        db.session.get_one(Edition, course.id).state = "published"
        for row in db.session.query(LiveSession):  # both are still to come, of one it is known
            row.starts_at = course.now + timedelta(days=1)
            row.ends_at = course.now + timedelta(days=1, hours=1)
    with unit_of_work():
        plan = PostponePlan(PostponeKind.OPEN, Cause.STRIKE)
        postpone_edition(course.organiser, course.id, plan, at=course.now)

    assert [one.revoked_at for one in course.achievements()] == [None]
    assert course.tasks() == []
    # What waits for its date can still be attended, and counts for who did.
    person = PersonId(course.cast.trainee.id)
    progress = progress_of(person, [course.id]).editions[course.id]
    assert (progress.outcome.done, progress.outcome.needed) == (1, 1)


def test_a_recording_published_late_completes_but_a_second_one_asks_nobody(
    course: Course,
) -> None:
    course.rule(course.requirement(0, "watch"))
    with unit_of_work():
        db.session.get_one(Recording, course.recordings[0].id).published_at = None
    course.watch(course.cast.trainee, 0, 900)
    assert course.achievements() == []

    publish(course, course.recordings[0].id)
    assert len(course.achievements()) == 1

    with unit_of_work():
        second = Recording(
            edition_id=course.id, part_id=course.parts[0].id, kind="video", title={"ja": "後半"},
            stage="published", created_at=course.now,
        )  # fmt: skip
        db.session.add(second)
    publish(course, second.id)
    assert course.tasks() == []


def publish(course: Course, recording_id: str) -> None:
    with unit_of_work():
        db.session.get_one(Recording, recording_id).published_at = course.now
        raise_event(RecordingPublished(RecordingId(recording_id), course.id, course.now))


def test_numbers_run_within_the_fiscal_year(course: Course) -> None:
    with unit_of_work():
        write_site(SiteSettings(fiscal_year_start=4, issuer={"ja": "東和"}), at=course.now)
    course.both_parts("any")
    people = [course.cast.trainee, course.cast.other_trainee, course.cast.overseas]
    for person in people[1:]:
        course.enrol(person)
    for person in people:
        course.attend(person, 0)
    course.now = datetime(2027, 4, 1, 0, 0, tzinfo=UTC)  # the first of April in Japan
    with unit_of_work():
        late = add_person("late", "遅川", "実")
    course.enrol(late)
    course.attend(late, 0)

    numbers = [certificate.number for certificate in course.certificates()]
    assert numbers == ["2026-0001", "2026-0002", "2026-0003", "2027-0001"]
    assert course.certificates()[0].issuer == {"ja": "東和"}


def test_a_number_is_not_lost_with_what_did_not_commit(course: Course) -> None:
    course.both_parts("any")

    def fail() -> None:
        db.session.add(CertificateCounter(fiscal_year=2026, last_serial=1))
        db.session.flush()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), unit_of_work():
        fail()

    course.attend(course.cast.trainee, 0)

    assert course.certificates()[0].number == "2026-0001"


def test_a_name_that_cannot_be_printed_completes_without_a_certificate(course: Course) -> None:
    course.both_parts("any")
    with unit_of_work():
        db.session.get_one(Person, course.cast.trainee.id).family_name = "山한瀬"
    course.attend(course.cast.trainee, 0)
    (achievement,) = course.achievements()
    assert course.certificates() == []

    with pytest.raises(CompletionRefusedError, match="glyph_missing") as refused, unit_of_work():
        issue_missing_certificate(course.organiser, achievement.id, at=course.now)
    assert refused.value.facts["characters"] == "한"

    with unit_of_work():
        db.session.get_one(Person, course.cast.trainee.id).family_name = "山瀬"
    with unit_of_work():
        issue_missing_certificate(course.organiser, achievement.id, at=course.now)
    (certificate,) = course.certificates()
    assert certificate.number == "2026-0001"
    with pytest.raises(CompletionRefusedError, match="already_issued"), unit_of_work():
        issue_missing_certificate(course.organiser, achievement.id, at=course.now)


def test_which_characters_can_be_printed() -> None:
    assert missing_glyphs("髙﨑 𠮷子", "Aminah binti Salleh", "Şahin Nguyễn Đức") == ""
    assert missing_glyphs("山한瀬한", "🎓") == "한🎓"


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.count += not statement.startswith("BEGIN")


def counted(act: Any) -> tuple[Any, int]:
    counter = _Counter()
    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", counter)
    try:
        return act(), counter.count
    finally:
        event.remove(db.engine, "before_cursor_execute", counter)


def test_progress_takes_two_queries_and_a_list_four(course: Course) -> None:
    course.both_parts()
    complete(course, course.cast.trainee)
    with unit_of_work():
        crowd = [add_person(f"crowd{n}", "群", f"{n}") for n in range(12)]
    for person in crowd:
        course.enrol(person)

    me, edition_id = PersonId(course.cast.trainee.id), course.id
    progress, count = counted(lambda: progress_of(me, [edition_id]))
    assert progress.editions[course.id].is_earned
    assert progress.evidence.attended == {course.sessions[0].id: "venue"}
    assert progress.recording_parts[course.recordings[0].id] == course.parts[0].id
    assert count == 2

    (_rule, rows), count = counted(lambda: list_completion(edition_id))
    assert len(rows) == 13
    assert [row.is_earned for row in rows].count(True) == 1
    assert count == 4


def test_progress_is_empty_without_a_rule_or_an_edition(course: Course) -> None:
    me = PersonId(course.cast.trainee.id)

    assert progress_of(me, [course.id]).editions == {}
    assert progress_of(me, []).editions == {}


def test_a_due_moment_comes_back_aware(course: Course) -> None:
    due = course.now + timedelta(days=30)
    course.both_parts(due_at=due)

    assert rules_of([course.id])[course.id].due_at == due


def test_a_course_published_without_a_rule_gets_the_usual_one(course: Course) -> None:
    def publish_again() -> None:
        with unit_of_work():
            raise_event(EditionPublished(course.id, course.now))

    publish_again()

    rule = rules_of([course.id])[course.id]
    assert (rule.combine, rule.gives_certificate) == ("all", True)
    assert [line.title["ja"] for line in rule.lines] == ["第1部 賃金", "第2部 賃金"]
    complete(course, course.cast.trainee)
    assert len(course.achievements()) == 1

    course.rule()  # whoever wants none saves an empty rule
    publish_again()
    assert course.requirements() == []
