"""A share of the sessions of a part: of which, seen where, asked about when."""

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from bench.world import counted
from lms.completion.queries import list_completion, progress_of
from lms.completion.rules import RequirementDraft, RequirementState, RouteOutcome
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.kernel.ids import LiveSessionId, PersonId
from lms.people.models import Person
from lms.sessions.events import AttendanceChanged, LiveSessionCancelled
from lms.sessions.models import Attendance, LiveSession
from lms.sessions.models.groups import SessionGroup
from lms.sessions.operations.groups import GroupPlan, Placing, add_group, place_people
from tests.completion.conftest import Course

SignIn = Callable[[Person], FlaskClient]


class Stage:
    """A part of plenary sessions and sessions of two groups, of which a share is asked for."""

    def __init__(self, course: Course):
        self.course = course
        self.part = course.parts[0]
        self.plenary = [course.sessions[0].id]

    def add(self, *group_ids: str) -> str:
        """Add a session of the part: for these groups, or for everybody."""
        first = db.session.get_one(LiveSession, self.course.sessions[0].id)
        with unit_of_work():
            session = LiveSession(
                edition_id=self.course.id, part_id=self.part.id, title=first.title,
                starts_local=first.starts_local, ends_local=first.ends_local,
                starts_at=first.starts_at, ends_at=first.ends_at, venue_name={},
                venue_address={}, venue_access={}, created_at=self.course.now,
            )  # fmt: skip
            db.session.add(session)
            db.session.flush()
            for group_id in group_ids:
                db.session.add(SessionGroup(live_session_id=session.id, group_id=group_id))
            return session.id

    def group(self, title: str) -> str:
        with unit_of_work():
            plan = GroupPlan(title={"ja": title, "en": title})
            return add_group(self.course.organiser, self.course.id, plan, at=self.course.now)

    def put(self, person: Person, group_id: str, before: str | None = None) -> None:
        with unit_of_work():
            placing = Placing(PersonId(person.id), group_id, before)
            place_people(
                self.course.organiser, self.course.id, [placing],
                at=self.course.now, from_start=True,
            )  # fmt: skip

    def ask(self, permille: int) -> None:
        route: dict[str, str | int] = {
            "kind": "attend", "part_id": self.part.id, "permille": permille
        }  # fmt: skip
        draft = RequirementDraft({"ja": "合宿", "en": "The stage"}, (route,), self.part.id)
        self.course.rule(draft)

    def attend(self, person: Person, *session_ids: str, status: str = "present") -> None:
        for session_id in session_ids:
            with unit_of_work():
                row = db.session.query(Attendance).filter_by(
                    live_session_id=session_id, person_id=person.id
                ).one_or_none()  # fmt: skip
                if row is None:
                    row = Attendance(live_session_id=session_id, person_id=person.id)
                    db.session.add(row)
                row.status, row.set_at = status, self.course.now
                raise_event(
                    AttendanceChanged(
                        LiveSessionId(session_id), self.course.id, PersonId(person.id),
                        self.course.now,
                    )
                )  # fmt: skip

    def cancel(self, session_id: str) -> None:
        with unit_of_work():
            db.session.get_one(LiveSession, session_id).cancelled_at = self.course.now
            raise_event(
                LiveSessionCancelled(LiveSessionId(session_id), self.course.id, self.course.now)
            )

    def seen(self, person: Person) -> tuple[RequirementState, int, int]:
        """State, sessions attended, sessions for the person, and the list agrees."""
        progress = progress_of(PersonId(person.id), [self.course.id]).editions[self.course.id]
        (requirement,) = progress.outcome.requirements
        way: RouteOutcome = requirement.routes[0]
        _rule, rows = list_completion(self.course.id)
        (row,) = [one for one in rows if one.name.person_id == person.id]
        assert row.outcome == progress.outcome
        return requirement.state, way.attended, way.sessions


@pytest.fixture
def stage(course: Course) -> Stage:
    """Five sessions for everybody and no groups; the trainee is enrolled."""
    made = Stage(course)
    made.plenary += [made.add() for _place in range(4)]
    return made


def test_one_session_is_a_part_of_the_way_and_the_share_completes(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(750)
    assert stage.seen(trainee) == (RequirementState.TODO, 0, 5)
    stage.attend(trainee, *stage.plenary[:3])
    assert stage.seen(trainee) == (RequirementState.PART, 3, 5)
    assert stage.course.achievements() == []
    stage.attend(trainee, stage.plenary[3], status="late")
    assert stage.seen(trainee) == (RequirementState.DONE, 4, 5)
    assert len(stage.course.achievements()) == 1


def test_sessions_of_other_groups_count_neither_as_asked_nor_as_attended(stage: Stage) -> None:
    trainee, other = stage.course.cast.trainee, stage.course.cast.other_trainee
    stage.course.enrol(other)
    red, blue = stage.group("Red"), stage.group("Blue")
    stage.put(trainee, red)
    stage.put(other, blue)
    mine, both, theirs = stage.add(red), stage.add(red, blue), [stage.add(blue), stage.add(blue)]
    stage.ask(1000)

    stage.attend(trainee, *theirs)
    assert stage.seen(trainee) == (RequirementState.TODO, 0, 7)
    assert stage.seen(other) == (RequirementState.TODO, 0, 8)
    stage.attend(trainee, *stage.plenary, mine)
    assert stage.seen(trainee) == (RequirementState.PART, 6, 7)
    stage.attend(trainee, both)
    assert stage.seen(trainee) == (RequirementState.DONE, 7, 7)
    assert len(stage.course.achievements()) == 1


def test_a_group_put_right_is_judged_again(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    red, blue = stage.group("Red"), stage.group("Blue")
    stage.put(trainee, red)
    stage.add(red)
    theirs = stage.add(blue)
    stage.ask(1000)
    stage.attend(trainee, *stage.plenary, theirs)
    assert stage.seen(trainee) == (RequirementState.PART, 5, 6)

    stage.put(trainee, blue, red)

    assert stage.seen(trainee) == (RequirementState.DONE, 6, 6)
    assert len(stage.course.achievements()) == 1


def test_who_is_in_no_group_is_asked_for_what_is_for_everybody(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.add(stage.group("Red"))
    stage.ask(1000)
    assert stage.seen(trainee) == (RequirementState.TODO, 0, 5)
    with unit_of_work():
        for row in db.session.query(Enrolment):
            row.state, row.seat = "withdrawn", None
    person = PersonId(trainee.id)
    progress = progress_of(person, [stage.course.id]).editions[stage.course.id]
    assert progress.outcome.requirements[0].routes[0].sessions == 5


def test_what_is_cancelled_is_asked_of_nobody_and_what_waits_for_a_date_is(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(1000)
    stage.attend(trainee, *stage.plenary[:4])
    with unit_of_work():
        held = db.session.get_one(LiveSession, stage.plenary[4])
        held.cancelled_at = held.on_hold_at = stage.course.now
    assert stage.seen(trainee) == (RequirementState.PART, 4, 5)
    with unit_of_work():
        db.session.get_one(LiveSession, stage.plenary[4]).on_hold_at = None
    stage.cancel(stage.plenary[4])
    assert stage.seen(trainee) == (RequirementState.DONE, 4, 4)
    assert len(stage.course.achievements()) == 1


def test_a_correction_asks_only_when_the_share_is_no_longer_reached(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(600)
    stage.attend(trainee, *stage.plenary[:4])
    stage.attend(trainee, stage.plenary[0], status="absent")
    assert stage.course.tasks() == []
    assert stage.seen(trainee) == (RequirementState.DONE, 3, 5)
    stage.attend(trainee, stage.plenary[1], status="absent")
    (task,) = stage.course.tasks()
    assert (task.cause, task.closed_at) == ("attendance_changed", None)
    stage.attend(trainee, stage.plenary[1])
    assert [one.decision for one in stage.course.tasks()] == ["kept"]


def test_sessions_that_came_later_put_nothing_in_question(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(1000)
    stage.attend(trainee, *stage.plenary)
    late = [stage.add(), stage.add()]
    stage.attend(trainee, late[0], status="absent")

    assert stage.seen(trainee) == (RequirementState.PART, 5, 7)
    assert len(stage.course.achievements()) == 1
    assert stage.course.tasks() == []


def test_a_cancelled_session_asks_only_when_the_share_is_no_longer_reached(stage: Stage) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(600)
    stage.attend(trainee, *stage.plenary[:3])
    stage.cancel(stage.plenary[4])
    assert stage.course.tasks() == []
    stage.cancel(stage.plenary[0])  # two of three are left, and two are needed
    assert stage.course.tasks() == []
    stage.cancel(stage.plenary[1])  # one of two, and two are needed
    assert [one.cause for one in stage.course.tasks()] == ["session_cancelled"]


def test_pages_say_how_many_sessions_in_words(stage: Stage, sign_in: SignIn) -> None:
    trainee = stage.course.cast.trainee
    stage.ask(800)
    stage.attend(trainee, *stage.plenary[:3])
    learner, desk = sign_in(trainee), sign_in(stage.course.cast.organiser)
    people = f"/desk/editions/{stage.course.id}/completion/people"

    def read(client: FlaskClient, address: str) -> str:
        with client.session_transaction() as session:
            session["language"] = "en"
        return unescape(client.get(address).text)

    sentence = "attend at least 80% of the sessions (so far 3 of 5 sessions)"
    assert sentence in read(learner, "/my")
    assert "3 of 5 sessions" in read(desk, people)
    stage.attend(trainee, stage.plenary[3])
    assert "4 of 5 sessions" in read(desk, people)


def test_groups_cost_no_query_more(stage: Stage) -> None:
    stage.ask(800)
    person = PersonId(stage.course.cast.trainee.id)

    def asked() -> tuple[int, int]:
        with counted() as own:
            progress_of(person, [stage.course.id])
        with counted() as everyone:
            list_completion(stage.course.id)
        return len(own), len(everyone)

    assert asked() == (2, 4)
    red = stage.group("Red")
    stage.put(stage.course.cast.trainee, red)
    for _place in range(6):
        stage.add(red)
    assert asked() == (2, 4)
