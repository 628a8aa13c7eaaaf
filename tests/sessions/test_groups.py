"""Seminar groups: who is in which, and that everything that asks whom a session is for knows."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from bench.world import counted
from lms.completion.operations import set_rule
from lms.completion.queries import progress_of
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.courses.models import Part
from lms.enrolment.models import Enrolment
from lms.enrolment.operations import withdraw_enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.clock import day_in
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import LiveSessionId, PersonId
from lms.people.models import Person
from lms.sessions import queries
from lms.sessions.errors import (
    DeskRefusedError,
    GroupRefusedError,
    LiveSessionRefusedError,
    SessionInputError,
)
from lms.sessions.models import (
    EditionAttendanceRule,
    GroupMember,
    LiveSession,
    SeminarGroup,
    SessionGroup,
)
from lms.sessions.operations import (
    SpeakerPlan,
    cancel_live_session,
    change_live_session,
    join_live_session,
)
from lms.sessions.operations.checking_in import PaperLine, check_in, enter_paper
from lms.sessions.operations.cloning import clone_edition
from lms.sessions.operations.groups import (
    GroupPlan,
    Placing,
    add_group,
    change_group,
    move_group,
    place_people,
    plan_spread,
    remove_group,
    show_to_group,
    spread_people,
)
from lms.sessions.operations.walk_ins import enrol_walk_in, note_walk_in
from lms.sessions.queries import door
from lms.sessions.queries.audience import list_audience_ids
from lms.sessions.queries.clashes import find_clashes
from lms.sessions.queries.feeds import list_own_sessions
from lms.sessions.queries.groups import (
    Placed,
    find_own_group,
    list_groups,
    list_placed,
    sessions_of_others,
)
from lms.sessions.queries.joining import admitted_ids, find_own_way
from lms.sessions.queries.reminding import list_unreminded
from lms.sessions.queries.reports import is_listed
from lms.sessions.rules import JoinOutcome, Standing
from lms.sessions.rules.attendance_status import AttendanceRule
from lms.sessions.rules.clashes import ClashKind, Meeting
from lms.sessions.rules.reminding import ReminderKind
from tests.conftest import NOW
from tests.sessions.conftest import ENDS_AT, OPEN_AT, PLAN, STARTS_AT, World, add_edition

SignIn = Callable[[Person], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@dataclass
class Seminar:
    """Two groups, a person in each, a session of each at the same time and one for everybody."""

    world: World
    red: str
    blue: str
    session: LiveSessionId
    other: LiveSessionId
    common: LiveSessionId

    def put(self, person: Person, group_id: str | None, **more: Any) -> int:
        people = {one.person_id: one.group_id for one in self.placed()}
        with unit_of_work():
            return place_people(
                self.world.organiser,
                self.world.edition_id,
                [Placing(person.id, group_id, people[PersonId(person.id)])],
                at=more.pop("at", NOW),
                **more,
            )

    def placed(self) -> tuple[Placed, ...]:
        return list_placed(self.world.edition_id, NOW.date())


def make_group(world: World, title: str, **more: Any) -> str:
    plan = GroupPlan(title={"ja": f"{title}ゼミ", "en": title}, **more)
    with unit_of_work():
        return add_group(world.organiser, world.edition_id, plan, at=NOW)


@pytest.fixture
def seminar(world: World) -> Seminar:
    world.enrol(world.cast.trainee)
    world.enrol(world.cast.other_trainee)
    red, blue = make_group(world, "Red"), make_group(world, "Blue")
    made = Seminar(
        world,
        red,
        blue,
        world.add(group_ids=(red,), title={"ja": "赤の回", "en": "Red meets"}),
        world.add(group_ids=(blue,), title={"ja": "青の回", "en": "Blue meets"}),
        world.add(
            title={"ja": "全体の回", "en": "All meet"},
            starts_local=PLAN.starts_local + timedelta(days=1),
            ends_local=PLAN.ends_local + timedelta(days=1),
        ),
    )
    made.put(world.cast.trainee, red)
    made.put(world.cast.other_trainee, blue)
    return made


def text(answer: object) -> str:
    return unescape(answer.get_data(as_text=True))  # type: ignore[attr-defined]


# --- whom a session is for ----------------------------------------------------------------------


def test_mails_reminders_and_lists_know_whom_a_session_is_for(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    edition_id = world.edition_id
    assert list_audience_ids(seminar.session) == [cast.trainee.id]
    assert set(list_audience_ids(seminar.common)) == {cast.trainee.id, cast.other_trainee.id}
    listeners = list_unreminded(seminar.session, ReminderKind.HOUR, STARTS_AT)
    assert [one.person_id for one in listeners] == [cast.trainee.id]
    assert admitted_ids(seminar.session) == (cast.trainee.id,)
    day = PLAN.starts_local.date()
    assert [r.person_id for r in queries.list_roster(seminar.session, edition_id, day)] == [
        cast.trainee.id
    ]
    assert [r.person_id for r in door.list_door(seminar.session, edition_id)] == [cast.trainee.id]
    rosters = {
        card.id: {row.person_id for row in rows}
        for card, rows in queries.list_edition_attendance(edition_id)
    }
    assert rosters == {
        seminar.session: {cast.trainee.id},
        seminar.other: {cast.other_trainee.id},
        seminar.common: {cast.trainee.id, cast.other_trainee.id},
    }
    assert is_listed(seminar.session, edition_id, cast.trainee.id)
    assert not is_listed(seminar.session, edition_id, cast.other_trainee.id)


def test_calendar_schedule_and_standing_know_it_too(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    own = {seminar.session, seminar.common}
    assert {card.id for card in list_own_sessions(cast.trainee.id, NOW)} == own
    coming = queries.next_sessions(PersonId(cast.trainee.id), [world.edition_id], NOW)
    assert {one.card.id for one in coming} == own
    shown = queries.edition_sessions_for(world.edition_id, PersonId(cast.trainee.id), NOW)
    assert {one.card.id for one in shown} == own
    found = queries.find_live_session_for(
        seminar.other, PersonId(cast.trainee.id), NOW, lambda _programme: False
    )
    assert found is not None
    assert found.standing is Standing.OTHER_GROUP
    assert sessions_of_others(world.edition_id, PersonId(cast.trainee.id)) == {seminar.other}
    card = queries.get_live_session(seminar.other)
    assert not find_own_way(card, PersonId(cast.trainee.id)).facts.is_enrolled


def test_only_the_group_joins_and_the_other_is_told_why(
    seminar: Seminar, sign_in: SignIn, clock: time_machine.Traveller
) -> None:
    cast = seminar.world.cast
    clock.move_to(OPEN_AT, tick=False)
    with unit_of_work(), pytest.raises(LiveSessionRefusedError) as refused:
        join_live_session(cast.actor("trainee"), seminar.other, at=OPEN_AT)
    assert refused.value.code == JoinOutcome.OTHER_GROUP.value
    db.session.rollback()
    page = sign_in(cast.trainee).post(f"/live-sessions/{seminar.other}/join")
    assert page.status_code == 409
    assert "この回は、" in text(page) or "another seminar group" in text(page)
    with unit_of_work():
        assert join_live_session(cast.actor("trainee"), seminar.session, at=OPEN_AT).url


def test_who_speaks_at_another_groups_session_is_let_in(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    speaks = replace(
        PLAN,
        group_ids=(seminar.blue,),
        speakers=(SpeakerPlan(PersonId(cast.trainee.id)),),
    )
    with unit_of_work():
        change_live_session(world.organiser, seminar.other, speaks, at=NOW)
    assert cast.trainee.id in list_audience_ids(seminar.other)
    assert sessions_of_others(world.edition_id, PersonId(cast.trainee.id)) == set()
    found = queries.find_live_session_for(
        seminar.other, PersonId(cast.trainee.id), NOW, lambda _programme: False
    )
    assert found is not None
    assert found.standing is Standing.SPEAKER


def test_the_desk_sends_people_to_their_own_group(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    with unit_of_work(), pytest.raises(DeskRefusedError) as refused:
        check_in(world.organiser, seminar.session, cast.other_trainee.id, at=OPEN_AT)
    assert (refused.value.code, refused.value.facts["group"]) == (
        "other_group",
        {"ja": "Blueゼミ", "en": "Blue"},
    )
    db.session.rollback()
    line = PaperLine(PersonId(cast.other_trainee.id), STARTS_AT)
    with unit_of_work(), pytest.raises(NotFoundError):
        enter_paper(world.organiser, seminar.session, [line], at=ENDS_AT)
    db.session.rollback()
    before = door.door_version(seminar.session, world.edition_id)
    seminar.put(cast.other_trainee, seminar.red, at=NOW + timedelta(minutes=1))
    assert door.door_version(seminar.session, world.edition_id) != before
    with unit_of_work():
        check_in(world.organiser, seminar.session, cast.other_trainee.id, at=OPEN_AT)


def test_parallel_sessions_of_groups_do_not_clash_but_a_shared_group_does(
    seminar: Seminar,
) -> None:
    world = seminar.world
    green = make_group(world, "Green")

    def kinds(*groups: str) -> set[ClashKind]:
        meeting = Meeting(STARTS_AT, ENDS_AT, "Asia/Tokyo", groups=frozenset(groups))
        found = find_clashes(
            world.edition_id, [meeting], sees=lambda _programme: True, language="en"
        )
        return {clash.kind for clash in found}

    assert ClashKind.EDITION not in kinds(green)
    assert ClashKind.EDITION in kinds(seminar.red)
    assert ClashKind.EDITION in kinds()


def test_people_clash_with_another_course_only_for_their_own_group(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    programme, edition = add_edition("elsewhere", "published", NOW)
    there = World(cast, programme, edition, NOW)
    there.enrol(cast.trainee)
    there.add()

    def people(*groups: str) -> int:
        meeting = Meeting(STARTS_AT, ENDS_AT, "Asia/Tokyo", groups=frozenset(groups))
        found = find_clashes(
            world.edition_id, [meeting], sees=lambda _programme: True, language="en"
        )
        return sum(one.count for one in found if one.kind is ClashKind.PARTICIPANTS)

    assert (people(), people(seminar.red), people(seminar.blue)) == (1, 1, 0)


# --- moving -------------------------------------------------------------------------------------


def test_moving_before_anything_was_held_leaves_no_trace(seminar: Seminar) -> None:
    cast = seminar.world.cast
    seminar.put(cast.trainee, seminar.blue)
    rows = db.session.scalars(select(GroupMember).where(GroupMember.until_at.is_not(None))).all()
    assert rows == []
    assert set(list_audience_ids(seminar.other)) == {cast.trainee.id, cast.other_trainee.id}


def test_sessions_that_were_held_stay_with_the_group_of_then(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    later = ENDS_AT + timedelta(hours=1)
    coming = world.add(
        group_ids=(seminar.blue,),
        starts_local=PLAN.starts_local + timedelta(days=2),
        ends_local=PLAN.ends_local + timedelta(days=2),
    )
    seminar.put(cast.trainee, seminar.blue, at=later)
    day = PLAN.starts_local.date()

    def on_roster(session: LiveSessionId) -> bool:
        rows = queries.list_roster(session, world.edition_id, day)
        return cast.trainee.id in {row.person_id for row in rows}

    assert (on_roster(seminar.session), on_roster(seminar.other), on_roster(coming)) == (
        True,
        False,
        True,
    )
    # It was so from the beginning: what was held counts for the new group too.
    seminar.put(cast.trainee, seminar.red, from_start=True, at=later)
    assert (on_roster(seminar.session), on_roster(seminar.other), on_roster(coming)) == (
        True,
        False,
        False,
    )


def test_who_is_in_no_group_comes_to_common_sessions_alone(seminar: Seminar) -> None:
    cast = seminar.world.cast
    seminar.put(cast.trainee, None)
    assert list_audience_ids(seminar.session) == []
    assert cast.trainee.id in list_audience_ids(seminar.common)


def test_withdrawing_frees_the_place_in_the_group(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    with unit_of_work():
        show_to_group(cast.actor("trainee"), world.edition_id, shown=True, at=NOW)
        withdraw_enrolment(world.edition_id, actor=cast.actor("trainee"), at=NOW)
    assert {one.id: one.people for one in list_groups(world.edition_id)} == {
        seminar.red: 0,
        seminar.blue: 1,
    }
    assert find_own_group(world.edition_id, PersonId(cast.trainee.id), NOW.date()) is None


def test_two_who_place_people_do_not_undo_each_other(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    stale = [Placing(cast.trainee.id, seminar.blue, None)]
    with unit_of_work(), pytest.raises(SessionInputError) as refused:
        place_people(world.organiser, world.edition_id, stale, at=NOW)
    assert (refused.value.field, refused.value.code) == (cast.trainee.id, "changed_meanwhile")
    db.session.rollback()
    same = [Placing(cast.trainee.id, seminar.red, None)]
    with unit_of_work():
        assert place_people(world.organiser, world.edition_id, same, at=NOW) == 0


def test_a_full_group_takes_nobody_more_and_then_nobody_is_moved(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    record = next(one for one in list_groups(world.edition_id) if one.id == seminar.red)
    plan = GroupPlan(title=record.title, seats=1)
    with unit_of_work():
        change_group(
            world.organiser, world.edition_id, seminar.red, plan, version=record.version, at=NOW
        )
    both = [
        Placing(cast.overseas.id, seminar.red, None),
        Placing(cast.other_trainee.id, None, seminar.blue),
    ]
    with unit_of_work(), pytest.raises(GroupRefusedError) as refused:
        place_people(world.organiser, world.edition_id, both, at=NOW)
    assert refused.value.code == "group_full"
    db.session.rollback()
    assert {one.id: one.people for one in list_groups(world.edition_id)} == {
        seminar.red: 1,
        seminar.blue: 1,
    }
    # An exchange of places is possible in a full group.
    swap = [
        Placing(cast.overseas.id, seminar.red, None),
        Placing(cast.trainee.id, seminar.blue, seminar.red),
    ]
    with unit_of_work():
        assert place_people(world.organiser, world.edition_id, swap, at=NOW) == 2


# --- keeping groups -----------------------------------------------------------------------------


def test_a_group_with_sessions_is_not_taken_away(seminar: Seminar) -> None:
    world = seminar.world
    with unit_of_work(), pytest.raises(GroupRefusedError) as refused:
        remove_group(world.organiser, world.edition_id, seminar.red, at=NOW)
    assert (refused.value.code, refused.value.facts["count"]) == ("group_has_sessions", 1)
    db.session.rollback()
    with unit_of_work():
        cancel_live_session(world.organiser, seminar.session, at=NOW)
        assert remove_group(world.organiser, world.edition_id, seminar.red, at=NOW) == 1
    assert [one.id for one in list_groups(world.edition_id)] == [seminar.blue]
    # The cancelled session has not become one for everybody.
    assert list_audience_ids(seminar.session) == []


def test_a_group_without_sessions_goes_altogether(world: World) -> None:
    group = make_group(world, "Green")
    with unit_of_work():
        assert remove_group(world.organiser, world.edition_id, group, at=NOW) == 0
    assert db.session.get(SeminarGroup, group) is None


def test_groups_change_places(seminar: Seminar) -> None:
    world = seminar.world
    with unit_of_work():
        assert move_group(world.organiser, world.edition_id, seminar.blue, up=True, at=NOW)
        assert not move_group(world.organiser, world.edition_id, seminar.blue, up=True, at=NOW)
    assert [one.id for one in list_groups(world.edition_id)] == [seminar.blue, seminar.red]


def test_a_session_takes_no_group_of_another_edition(seminar: Seminar) -> None:
    programme, edition = add_edition("elsewhere", "published", NOW)
    foreign = make_group(World(seminar.world.cast, programme, edition, NOW), "Foreign")
    with pytest.raises(SessionInputError) as refused:
        seminar.world.add(group_ids=(foreign,))
    assert refused.value.code == "group_unknown"
    db.session.rollback()


@pytest.mark.parametrize("name", ["trainee", "coordinator", "speaker", "auditor"])
def test_nobody_but_organisers_keeps_groups(seminar: Seminar, name: str) -> None:
    actor: Actor = seminar.world.cast.actor(name)
    edition_id = seminar.world.edition_id
    plan = GroupPlan(title={"ja": "緑"})
    for act in (
        lambda: add_group(actor, edition_id, plan, at=NOW),
        lambda: change_group(actor, edition_id, seminar.red, plan, version=1, at=NOW),
        lambda: remove_group(actor, edition_id, seminar.red, at=NOW),
        lambda: move_group(actor, edition_id, seminar.red, up=True, at=NOW),
        lambda: place_people(actor, edition_id, [], at=NOW),
        lambda: plan_spread(actor, edition_id, at=NOW),
    ):
        with pytest.raises(NotFoundError):
            act()
        db.session.rollback()


def test_spreading_moves_nobody_who_is_placed_unless_asked(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    spread = plan_spread(world.organiser, world.edition_id, at=NOW)
    assert [one.person_id for one, _to in spread.moved] == [cast.overseas.id]
    seminar.put(cast.other_trainee, seminar.red)
    anew = plan_spread(world.organiser, world.edition_id, everybody=True, at=NOW)
    assert {to for _one, to in anew.people} == {seminar.red, seminar.blue}
    with unit_of_work():
        moved = spread_people(world.organiser, world.edition_id, anew, at=NOW)
        assert moved == len(anew.moved)
    again = plan_spread(world.organiser, world.edition_id, everybody=True, at=NOW)
    assert again.moved == ()


def test_a_spread_undoes_nothing_that_another_did_since_it_was_planned(seminar: Seminar) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    spread = plan_spread(world.organiser, world.edition_id, at=NOW)
    [(person, wanted)] = spread.moved
    other = seminar.red if wanted == seminar.blue else seminar.blue
    seminar.put(cast.overseas, other)
    with pytest.raises(SessionInputError) as refused, unit_of_work():
        spread_people(world.organiser, world.edition_id, spread, at=NOW)
    assert (refused.value.field, refused.value.code) == (person.person_id, "changed_meanwhile")
    [now] = [
        one
        for one in list_placed(world.edition_id, day_in(NOW))
        if one.person_id == person.person_id
    ]
    assert now.group_id == other


def test_running_an_edition_again_takes_titles_and_no_members(seminar: Seminar) -> None:
    world = seminar.world
    with unit_of_work():
        new_id = clone_edition(
            world.organiser,
            world.edition_id,
            {"ja": "次回"},
            shift=timedelta(days=364),
            at=NOW,
        )
    groups = list_groups(new_id)
    assert [(one.title["en"], one.people) for one in groups] == [("Red", 0), ("Blue", 0)]
    ids = {one.id for one in groups}
    assert not ids & {seminar.red, seminar.blue}
    rows = db.session.execute(
        select(LiveSession.title, SessionGroup.group_id)
        .join(SessionGroup, SessionGroup.live_session_id == LiveSession.id)
        .where(LiveSession.edition_id == new_id)
    ).all()
    assert {title["en"] for title, _group in rows} == {"Red meets", "Blue meets"}
    assert {group for _title, group in rows} == ids


# --- what people see ----------------------------------------------------------------------------


def course(world: World) -> str:
    return f"/courses/{world.programme.slug}/{world.edition.slug}"


def test_people_see_their_own_group_as_far_as_its_members_agreed(
    seminar: Seminar, sign_in: SignIn
) -> None:
    world, cast = seminar.world, seminar.world.cast
    seminar.put(cast.other_trainee, seminar.red)
    client = sign_in(cast.trainee)
    page = text(client.get(f"{course(world)}/group"))
    assert "Redゼミ" in page
    assert "髙森" not in page
    assert 'data-testid="unseen"' in page
    answer = sign_in(cast.other_trainee).post(f"{course(world)}/group", data={"shown": "1"})
    assert answer.status_code == 303
    page = text(client.get(f"{course(world)}/group"))
    assert "髙森 夏子" in page
    assert "みどり第一労働組合" in page
    assert 'data-testid="unseen"' not in page
    # Another group sees nothing of it, nor does somebody without a seat.
    seminar.put(cast.other_trainee, seminar.blue)
    assert "髙森" not in text(client.get(f"{course(world)}/group"))
    assert sign_in(cast.stranger).get(f"{course(world)}/group").status_code == 404
    assert sign_in(cast.stranger).post(f"{course(world)}/group").status_code == 404
    sign_in(cast.other_trainee).post(f"{course(world)}/group", data={"shown": "0"})
    seminar.put(cast.other_trainee, seminar.red)
    assert "髙森" not in text(client.get(f"{course(world)}/group"))


def test_the_timetable_shows_ones_own_group_and_organisers_all(
    seminar: Seminar, sign_in: SignIn
) -> None:
    world, cast = seminar.world, seminar.world.cast
    own = text(sign_in(cast.trainee).get(f"{course(world)}/timetable"))
    assert "赤の回" in own
    assert "全体の回" in own
    assert "青の回" not in own
    everything = text(sign_in(cast.organiser).get(f"{course(world)}/timetable"))
    assert everything.count('data-testid="side-by-side"') == 1
    assert "赤の回" in everything
    assert "青の回" in everything
    for person, seen in ((cast.trainee, False), (cast.organiser, True)):
        pdf = sign_in(person).get(f"{course(world)}/timetable.pdf?language=en").data
        words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
        assert "Red meets" in words
        assert ("Blue meets" in words) == seen
    assert "青の回" not in text(sign_in(cast.trainee).get(course(world)))


def test_a_ticket_names_ones_own_sessions(seminar: Seminar, sign_in: SignIn) -> None:
    cast, edition_id = seminar.world.cast, seminar.world.edition_id
    with unit_of_work():
        for row in db.session.scalars(select(LiveSession)):
            row.venue_name = {"ja": "会館", "en": "Hall"}
    client = sign_in(cast.trainee)
    shown = text(client.get(f"/my/editions/{edition_id}/ticket"))
    pdf = client.get(f"/my/editions/{edition_id}/ticket.pdf").data
    paper = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    for said in (shown, paper):
        assert "赤の回" in said
        assert "全体の回" in said
        assert "青の回" not in said


def test_the_preview_of_new_dates_names_the_groups(seminar: Seminar, sign_in: SignIn) -> None:
    client = sign_in(seminar.world.cast.organiser)
    address = f"/desk/editions/{seminar.world.edition_id}/postpone"
    shown = text(client.post(address, data={"kind": "moved", "cause": "weather", "days": "7"}))
    assert shown.count('data-testid="for-group"') == 2
    assert shown.count(': 赤の回, Redゼミ"') == 3


def test_the_new_dates_are_ones_own_and_do_not_bury_the_answer(
    seminar: Seminar, sign_in: SignIn
) -> None:
    world = seminar.world
    for day in range(2, 6):
        world.add(
            starts_local=PLAN.starts_local + timedelta(days=day),
            ends_local=PLAN.ends_local + timedelta(days=day),
        )
    client = sign_in(world.cast.organiser)
    address = f"/desk/editions/{world.edition_id}/postpone"
    data = {"kind": "moved", "cause": "weather", "days": "7", "look": "1"}
    shown = text(client.post(address, data=data))
    fields = dict(re.findall(r'name="((?:day|starts|ends)-\w+)" value="([^"]*)"', shown))
    mark = re.search(r'name="anyway" value="(\w+)"', shown)
    assert mark
    done = client.post(address, data={**data, **fields, "anyway": mark[1]})
    assert done.status_code == 303
    own = text(sign_in(world.cast.trainee).get(f"{course(world)}/new-dates"))
    assert "赤の回" in own
    assert "青の回" not in own
    assert own.count('data-testid="more-dates"') == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_list_of_groups_prints(seminar: Seminar, sign_in: SignIn, language: str) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    answer = sign_in(cast.organiser).get(
        f"/desk/editions/{world.edition_id}/groups.pdf?language={language}"
    )
    assert answer.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    words = "".join(page.extract_text() for page in reader.pages)
    expected = {
        "ja": ("Redゼミ", "山瀬 春夫", "ヤマセ ハルオ", "青空電機連合 / 青空第一労働組合"),
        "en": ("Red", "Aozora Electric Unions / Aozora Union One", "Aminah binti Salleh"),
    }[language]
    for word in expected:
        assert word.replace(" ", "") in words.replace(" ", "").replace("\n", "")


# --- the desk's pages ---------------------------------------------------------------------------


def test_the_desk_makes_changes_orders_and_takes_away(world: World, sign_in: SignIn) -> None:
    client = sign_in(world.cast.organiser)
    base = f"/desk/editions/{world.edition_id}/groups"
    assert client.post(f"{base}/new", data={"title_ja": ""}).status_code == 422
    unknown = client.post(f"{base}/new", data={"title_ja": "緑", "tutor": "nobody-there"})
    assert unknown.status_code == 422
    data = {"title_ja": "緑ゼミ", "theme_en": "Jobs", "tutor": "speaker", "seats": "１２"}
    assert client.post(f"{base}/new", data=data).status_code == 303
    (group,) = list_groups(world.edition_id)
    assert (group.title, group.seats, group.tutor["ja"]) == ({"ja": "緑ゼミ"}, 12, "白浜 汐里")
    edit = f"{base}/{group.id}"
    changed = client.post(edit, data={"title_ja": "緑", "version": str(group.version)})
    assert changed.status_code == 303
    stale = client.post(edit, data={"title_ja": "青", "version": str(group.version)})
    assert stale.status_code == 422
    assert [one.title["ja"] for one in list_groups(world.edition_id)] == ["緑"]
    assert client.post(f"{edit}/up").status_code == 303
    assert client.post(f"{edit}/down").status_code == 303
    assert client.post(f"{edit}/remove").status_code == 303
    assert list_groups(world.edition_id) == ()
    assert client.get(edit).status_code == 404
    assert client.get(f"{base}/..%00").status_code == 404


def test_the_desk_places_by_hand_and_shows_who_is_in_no_group(
    seminar: Seminar, sign_in: SignIn
) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    client = sign_in(cast.organiser)
    base = f"/desk/editions/{world.edition_id}/groups"
    page = text(client.get(base))
    assert 'data-testid="without-group"' in page
    data = {f"group-{cast.overseas.id}": seminar.blue, f"was-{cast.overseas.id}": ""}
    assert client.post(base, data=data).status_code == 303
    assert 'data-testid="all-placed"' in text(client.get(base))
    stale = {f"group-{cast.overseas.id}": seminar.red, f"was-{cast.overseas.id}": ""}
    answer = client.post(base, data=stale)
    assert answer.status_code == 422
    assert "Aminah binti Salleh" in text(answer)
    odd = {f"group-{cast.overseas.id}": "x\0", f"was-{cast.overseas.id}": seminar.blue}
    assert client.post(base, data=odd).status_code == 422
    strange = {"group-nobody": seminar.red, "was-nobody": ""}
    assert client.post(base, data=strange).status_code == 404
    refused = client.post(f"{base}/{seminar.red}/remove")
    assert refused.status_code == 409
    assert 'data-testid="group-refused"' in text(refused)


def test_spreading_is_shown_first_and_saved_as_shown(seminar: Seminar, sign_in: SignIn) -> None:
    world, cast = seminar.world, seminar.world.cast
    world.enrol(cast.overseas)
    client = sign_in(cast.organiser)
    address = f"/desk/editions/{world.edition_id}/groups/spread"
    page = text(client.get(address))
    mark = page.split('name="anyway" value="')[1].split('"')[0]
    assert page.count('data-testid="heap"') == 2
    seminar.put(cast.trainee, None)
    assert client.post(address, data={"anyway": mark}).status_code == 409
    assert client.post(address, data={}).status_code == 409
    mark = text(client.get(address)).split('name="anyway" value="')[1].split('"')[0]
    assert client.post(address, data={"anyway": mark}).status_code == 303
    assert all(one.group_id for one in list_placed(world.edition_id, NOW.date()))


def test_a_session_is_scheduled_for_groups_in_the_browser(
    seminar: Seminar, sign_in: SignIn
) -> None:
    world = seminar.world
    client = sign_in(world.cast.organiser)
    data = {
        "title_ja": "赤の追加の回", "day": "2026-11-02", "starts": "16:00", "ends": "17:00",
        "timezone": "Asia/Tokyo", "join_opens_minutes": "15", "grace_minutes": "15",
        "groups": [seminar.red],
    }  # fmt: skip
    address = f"/desk/editions/{world.edition_id}/sessions/new"
    assert client.post(address, data=data).status_code == 303
    row = db.session.scalars(
        select(LiveSession).where(LiveSession.edition_id == world.edition_id)
        .order_by(LiveSession.starts_at.desc())
    ).first()  # fmt: skip
    assert row is not None
    assert list_audience_ids(row.id) == [world.cast.trainee.id]
    assert 'data-testid="groups"' in text(client.get(f"/desk/sessions/{row.id}"))
    assert client.post(address, data={**data, "groups": ["nonsense"]}).status_code == 422


def test_pages_ask_as_much_for_many_as_for_few(seminar: Seminar, sign_in: SignIn) -> None:
    world, cast = seminar.world, seminar.world.cast
    client, learner = sign_in(cast.organiser), sign_in(cast.trainee)
    mine = [f"{course(world)}/{page}" for page in ("group", "timetable")]
    addresses = [
        f"/desk/editions/{world.edition_id}/groups",
        f"/desk/editions/{world.edition_id}/groups/spread",
        f"/desk/editions/{world.edition_id}/timetable",
    ]

    def asked(client: FlaskClient, address: str) -> int:
        client.get(address)  # what is read once for everybody is known then
        with counted() as sent:
            assert client.get(address).status_code == 200
        return len(sent)

    few = [asked(client, address) for address in addresses]
    own = [asked(learner, address) for address in mine]
    for person in (cast.overseas, cast.speaker, cast.stranger):
        world.enrol(person)
        seminar.put(person, seminar.red)
    for day in range(3, 9):
        for group in (seminar.red, seminar.blue):
            world.add(
                group_ids=(group,),
                starts_local=datetime(2026, 11, day, 9),  # noqa: DTZ001 - wall time
                ends_local=datetime(2026, 11, day, 10),  # noqa: DTZ001
            )
    assert [asked(client, address) for address in addresses] == few
    assert [asked(learner, address) for address in mine] == own
    assert max(few) <= 10
    assert max(own) <= 8


def test_enrolments_never_lend_their_group(seminar: Seminar) -> None:
    """A group of one edition says nothing about the same person in another."""
    world, cast = seminar.world, seminar.world.cast
    programme, edition = add_edition("elsewhere", "published", NOW)
    there = World(cast, programme, edition, NOW)
    there.enrol(cast.trainee)
    group = make_group(there, "There")
    session = there.add(group_ids=(group,))
    assert list_audience_ids(session) == []
    assert db.session.scalars(
        select(Enrolment.id).where(Enrolment.edition_id == world.edition_id)
    ).all()


def test_a_part_is_completed_by_ones_own_groups_session(seminar: Seminar) -> None:
    """What only another group attends is asked of nobody else, and nobody is absent from it."""
    world, cast = seminar.world, seminar.world.cast
    with unit_of_work():
        part = Part(
            edition_id=world.edition_id,
            slug="seminar",
            position=1,
            title={"ja": "ゼミ"},
            summary={},
        )
        db.session.add(part)
        db.session.flush()
        for key in (seminar.session, seminar.other):
            db.session.get_one(LiveSession, key).part_id = part.id
        draft = RequirementDraft({"ja": "ゼミ"}, ({"kind": "attend", "part_id": part.id},), part.id)
        set_rule(world.organiser, world.edition_id, EditionRuleDraft("all", (draft,)), at=NOW)
        rule = AttendanceRule()
        db.session.add(
            EditionAttendanceRule(
                edition_id=world.edition_id, min_minutes=rule.min_minutes,
                min_percent=rule.min_percent, late_minutes=rule.late_minutes,
                early_minutes=rule.early_minutes, press_counts=True, missing_is_absent=True,
                changed_at=NOW,
            )
        )  # fmt: skip
    with unit_of_work():
        check_in(world.organiser, seminar.session, cast.trainee.id, at=OPEN_AT)
    person = PersonId(cast.trainee.id)
    progress = progress_of(person, [world.edition_id]).editions[world.edition_id]
    assert (progress.is_earned, progress.left) == (True, 0)
    other = queries.list_roster(seminar.other, world.edition_id, PLAN.starts_local.date())
    assert cast.trainee.id not in {row.person_id for row in other}


def test_the_course_page_leads_to_ones_group(seminar: Seminar, sign_in: SignIn) -> None:
    world, cast = seminar.world, seminar.world.cast
    assert 'data-testid="own-group"' in text(sign_in(cast.trainee).get(course(world)))
    assert 'data-testid="own-group"' not in text(sign_in(cast.stranger).get(course(world)))


def test_who_is_enrolled_at_a_groups_door_comes_into_that_group(
    seminar: Seminar, clock: time_machine.Traveller
) -> None:
    world, cast = seminar.world, seminar.world.cast
    clock.move_to(OPEN_AT, tick=False)
    for name, session, groups in (
        ("overseas", seminar.session, {seminar.red: 2, seminar.blue: 1}),
        ("stranger", seminar.common, {seminar.red: 2, seminar.blue: 1}),
    ):
        at = OPEN_AT if session == seminar.session else OPEN_AT + timedelta(days=1)
        with unit_of_work():
            note = note_walk_in(world.organiser, session, name="A guest", at=at)
            handle = getattr(cast, name).login_id
            enrol_walk_in(world.organiser, session, note, handle=handle, at=at)
        assert {one.id: one.people for one in list_groups(world.edition_id)} == groups
        rows = queries.list_roster(session, world.edition_id, PLAN.starts_local.date())
        assert getattr(cast, name).id in {row.person_id for row in rows}
