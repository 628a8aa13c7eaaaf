from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from lms.courses.events import EditionCancelled, EditionDrafted
from lms.courses.models import Part
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.kernel.actor import Role
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, PartId, PersonId
from lms.sessions import queries
from lms.sessions.errors import LiveSessionRefusedError, NotAdmittedError, SessionInputError
from lms.sessions.events import (
    AttendanceChanged,
    LiveSessionCancelled,
    LiveSessionChanged,
    LiveSessionScheduled,
)
from lms.sessions.models import AttendanceStatus, JoinPress, LiveSession, SessionSpeaker
from lms.sessions.operations import (
    AttendanceMark,
    RestMark,
    SpeakerPlan,
    cancel_live_session,
    change_live_session,
    join_live_session,
    record_attendance,
    schedule_live_session,
)
from lms.sessions.rules.attendance_status import Source
from tests.conftest import grant
from tests.sessions.conftest import (
    CANARY_URL,
    ENDS_AT,
    OPEN_AT,
    PLAN,
    STARTS_AT,
    World,
    add_edition,
)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def row_of(live_session_id: str) -> LiveSession:
    row = db.session.get(LiveSession, live_session_id)
    assert row is not None
    return row


def audited(action: str) -> list[AuditEntry]:
    return list(
        db.session.scalars(
            select(AuditEntry).order_by(AuditEntry.id).where(AuditEntry.action == action)
        )
    )


def test_instants_follow_from_wall_time_and_zone(world: World) -> None:
    kuala_lumpur = world.add(timezone="Asia/Kuala_Lumpur")
    tokyo = world.add()

    assert row_of(tokyo).starts_at == STARTS_AT
    assert row_of(tokyo).ends_at == ENDS_AT
    assert row_of(kuala_lumpur).starts_at == STARTS_AT + timedelta(hours=1)


def test_time_skipped_by_the_clocks_is_refused(world: World) -> None:
    with pytest.raises(SessionInputError) as refused:
        world.add(
            starts_local=wall("2027-03-14 02:30"),
            ends_local=wall("2027-03-14 04:00"),
            timezone="America/New_York",
        )

    assert (refused.value.field, refused.value.code) == ("starts", "time_does_not_exist")
    assert refused.value.facts == {"zone": "America/New_York"}
    assert db.session.scalar(select(func.count()).select_from(LiveSession)) == 0


def test_time_that_comes_twice_is_the_first(world: World) -> None:
    key = world.add(
        starts_local=wall("2026-11-01 00:30"),
        ends_local=wall("2026-11-01 01:30"),
        timezone="America/New_York",
    )

    assert row_of(key).starts_at == datetime.fromisoformat("2026-11-01T04:30:00+00:00")
    assert row_of(key).ends_at == datetime.fromisoformat("2026-11-01T05:30:00+00:00")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"title": {}}, "title", "title_missing"),
        ({"timezone": "Asia/Edo"}, "timezone", "unknown_zone"),
        ({"ends_local": wall("2026-10-12 15:00")}, "ends", "ends_before_start"),
        ({"ends_local": wall("2026-10-14 15:00")}, "ends", "longer_than_day"),
        (
            {"starts_local": wall("1026-10-12 10:00"), "ends_local": wall("1026-10-12 11:00")},
            "day",
            "unlikely_year",
        ),
        ({"web_url": "javascript:alert(1)"}, "web_url", "bad_link"),
        ({"map_url": "ftp://maps.example/"}, "map_url", "bad_link"),
        ({"join_opens_minutes": -1}, "join_opens_minutes", "minutes_out_of_range"),
        ({"grace_minutes": 1441}, "grace_minutes", "minutes_out_of_range"),
        ({"part_id": PartId("0" * 26)}, "part_id", "unknown_part"),
        ({"speakers": (SpeakerPlan(PersonId("0" * 26)),)}, "speakers", "unknown_speaker"),
    ],
)
def test_what_does_not_fit_leaves_nothing_behind(
    world: World, changes: dict[str, object], field: str, code: str
) -> None:
    with pytest.raises(SessionInputError) as refused:
        world.add(**changes)

    assert (refused.value.field, refused.value.code) == (field, code)
    assert db.session.scalar(select(func.count()).select_from(LiveSession)) == 0
    assert audited("live_session.scheduled") == []


def test_scheduling_is_told_only_when_people_can_know(world: World, heard: list[object]) -> None:
    _programme, draft = add_edition("draft-course", "draft", world.now)

    with unit_of_work():
        schedule_live_session(world.organiser, draft.id, PLAN, at=world.now)
    key = world.add()

    assert heard == [LiveSessionScheduled(key, world.edition_id, world.now)]
    assert [entry.subject_id for entry in audited("live_session.scheduled")][-1] == key


def test_no_session_in_a_cancelled_edition(world: World) -> None:
    _programme, gone = add_edition("gone-course", "cancelled", world.now)

    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        schedule_live_session(world.organiser, gone.id, PLAN, at=world.now)

    assert refused.value.code == "edition_cancelled"


def test_a_change_raises_the_sequence_and_is_told_once(world: World, heard: list[object]) -> None:
    key = world.add()
    heard.clear()
    later = replace(
        PLAN, starts_local=wall("2026-10-12 18:00"), ends_local=wall("2026-10-12 19:30")
    )

    for _again in range(2):
        with unit_of_work():
            change_live_session(world.organiser, key, later, at=world.now)

    assert row_of(key).starts_at == STARTS_AT + timedelta(hours=2)
    assert row_of(key).sequence == 1
    assert heard == [LiveSessionChanged(key, world.edition_id, world.now)]
    [entry] = audited("live_session.changed")
    assert entry.details["fields"] == ["ends_at", "ends_local", "starts_at", "starts_local"]
    assert CANARY_URL not in str(entry.details)


def test_a_new_address_behind_the_button_is_told_to_nobody(
    world: World, heard: list[object]
) -> None:
    key = world.add()
    heard.clear()

    with unit_of_work():
        change_live_session(
            world.organiser, key, replace(PLAN, web_url="https://other.example/"), at=world.now
        )
    assert (row_of(key).sequence, heard) == (0, [])

    with unit_of_work():
        change_live_session(world.organiser, key, replace(PLAN, web_url=""), at=world.now)
    assert (row_of(key).sequence, heard) == (
        1,
        [LiveSessionChanged(key, world.edition_id, world.now)],
    )


def test_speakers_are_replaced_in_order(world: World) -> None:
    speaker = PersonId(world.cast.speaker.id)
    guest = SpeakerPlan(name={"ja": "北野 栄", "en": "Kitano Sakae"})
    key = world.add(speakers=(SpeakerPlan(speaker), guest))

    assert [s.name.get("ja") for s in queries.speakers_of([key])[key]] == ["白浜 汐里", "北野 栄"]

    with unit_of_work():
        change_live_session(world.organiser, key, replace(PLAN, speakers=(guest,)), at=world.now)

    assert queries.speakers_of([key])[key] == (queries.Speaker(None, guest.name),)
    assert db.session.scalar(select(func.count()).select_from(SessionSpeaker)) == 1


def test_cancelling_is_told_once_and_ends_changes(world: World, heard: list[object]) -> None:
    key = world.add()
    heard.clear()

    results = []
    for _again in range(2):
        with unit_of_work():
            results.append(cancel_live_session(world.organiser, key, at=world.now))
    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        change_live_session(world.organiser, key, replace(PLAN, web_url=""), at=world.now)

    assert results == [True, False]
    assert heard == [LiveSessionCancelled(key, world.edition_id, world.now)]
    assert row_of(key).sequence == 1
    assert refused.value.code == "cancelled"
    assert len(audited("live_session.cancelled")) == 1


def test_others_find_nothing(world: World) -> None:
    key = world.add()
    with unit_of_work():
        grant(world.cast.front_desk, Role.ORGANISER, "programme:" + "0" * 26)
    elsewhere = world.cast.actor("front_desk")

    for actor in (elsewhere, world.cast.actor("trainee"), world.cast.actor("coordinator")):
        with pytest.raises(NotFoundError), unit_of_work():
            change_live_session(actor, key, PLAN, at=world.now)
        with pytest.raises(NotFoundError), unit_of_work():
            cancel_live_session(actor, key, at=world.now)
        with pytest.raises(NotFoundError), unit_of_work():
            record_attendance(actor, key, [], at=world.now)
        with pytest.raises(NotFoundError), unit_of_work():
            schedule_live_session(actor, world.edition_id, PLAN, at=world.now)
    assert row_of(key).cancelled_at is None


def test_an_organiser_of_the_programme_may(world: World) -> None:
    key = world.add()
    with unit_of_work():
        grant(world.cast.front_desk, Role.ORGANISER, f"programme:{world.programme.id}")

    with unit_of_work():
        assert cancel_live_session(world.cast.actor("front_desk"), key, at=world.now)


# --- set up with the edition ------------------------------------------------------------------


def test_meeting_of_a_new_edition_becomes_a_session(world: World, heard: list[object]) -> None:
    _programme, draft = add_edition("new-course", "draft", world.now)
    with unit_of_work():
        part = Part(edition_id=draft.id, slug="part-1", position=1, title={"ja": "一"}, summary={})
        db.session.add(part)
        db.session.flush()
        raise_event(
            EditionDrafted(
                edition_id=EditionId(draft.id),
                part_id=PartId(part.id),
                title={"ja": "開講式"},
                starts_local=wall("2026-11-02 10:00"),
                ends_local=wall("2026-11-02 12:00"),
                timezone="Asia/Tokyo",
                at=world.now,
                web_url=CANARY_URL,
                venue_name={"ja": "会館"},
                by_id=PersonId(world.cast.organiser.id),
            )
        )

    [card] = queries.list_edition_sessions(draft.id)
    assert (card.part_id, card.title, card.has_web, card.venue_name, heard) == (
        part.id,
        {"ja": "開講式"},
        True,
        {"ja": "会館"},
        [],
    )


def set_up_with_a_bad_link(world: World) -> None:
    part = Part(
        edition_id=world.edition_id, slug="part-9", position=9, title={"ja": "九"}, summary={}
    )
    db.session.add(part)
    db.session.flush()
    raise_event(
        EditionDrafted(
            edition_id=world.edition_id,
            part_id=PartId(part.id),
            title={"ja": "開講式"},
            starts_local=wall("2026-11-02 10:00"),
            ends_local=wall("2026-11-02 12:00"),
            timezone="Asia/Tokyo",
            at=world.now,
            web_url="javascript:alert(1)",
        )
    )


def test_a_meeting_that_does_not_fit_undoes_the_whole_act(world: World) -> None:
    with pytest.raises(InvalidInputError), unit_of_work():
        set_up_with_a_bad_link(world)

    assert db.session.scalar(select(func.count()).select_from(Part)) == 0


def test_a_cancelled_edition_cancels_what_is_to_come(world: World, heard: list[object]) -> None:
    past = world.add(starts_local=wall("2026-10-01 10:00"), ends_local=wall("2026-10-01 11:00"))
    coming = world.add()
    heard.clear()

    with unit_of_work():
        raise_event(EditionCancelled(world.edition_id, world.now))

    assert row_of(past).cancelled_at is None
    assert row_of(coming).cancelled_at == world.now
    assert heard == [LiveSessionCancelled(coming, world.edition_id, world.now, among_others=True)]


# --- joining ----------------------------------------------------------------------------------


def presses_of(person_id: str) -> int:
    return (
        db.session.scalar(
            select(func.count()).select_from(JoinPress).where(JoinPress.person_id == person_id)
        )
        or 0
    )


def test_every_press_is_kept_and_the_first_is_told(world: World, heard: list[object]) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    heard.clear()

    for minutes in (0, 5):
        with unit_of_work():
            way_in = join_live_session(
                world.cast.actor("trainee"), key, at=OPEN_AT + timedelta(minutes=minutes)
            )
        assert way_in.url == CANARY_URL

    assert presses_of(trainee) == 2
    assert heard == [AttendanceChanged(key, world.edition_id, trainee, OPEN_AT)]
    assert queries.attendance_of([key], trainee)[key].source is Source.PRESS
    assert queries.attended_session_ids(trainee) == {key}


def test_a_press_under_a_status_by_hand_changes_nothing(world: World, heard: list[object]) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    with unit_of_work():
        record_attendance(
            world.organiser,
            key,
            [AttendanceMark(trainee, AttendanceStatus.EXCUSED, "web")],
            at=world.now,
        )
    heard.clear()

    with unit_of_work():
        join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT)

    assert presses_of(trainee) == 1
    assert heard == []
    assert queries.attendance_of([key], trainee)[key].status == "excused"
    assert queries.attended_session_ids(trainee) == set()


@pytest.mark.parametrize(
    ("who", "state", "attending"),
    [("trainee", "enrolled", "web"), ("trainee", "enrolled", "venue")],
)
def test_enrolled_people_join_whatever_way_they_chose(
    world: World, who: str, state: str, attending: str
) -> None:
    key = world.add()
    person_id = world.enrol(getattr(world.cast, who), attending, state)

    with unit_of_work():
        join_live_session(world.cast.actor(who), key, at=OPEN_AT)

    assert queries.attendance_of([key], person_id)[key].way == "web"


def test_speakers_and_staff_join(world: World) -> None:
    key = world.add(speakers=(SpeakerPlan(PersonId(world.cast.speaker.id)),))

    for who in ("speaker", "organiser"):
        with unit_of_work():
            join_live_session(world.cast.actor(who), key, at=OPEN_AT)
        assert presses_of(getattr(world.cast, who).id) == 1


@pytest.mark.parametrize("state", ["applied", "under_review", "waitlisted"])
def test_applicants_may_know_but_not_join(world: World, state: str) -> None:
    key = world.add()
    world.enrol(world.cast.trainee, state=state)

    with pytest.raises(NotAdmittedError), unit_of_work():
        join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT)

    assert presses_of(world.cast.trainee.id) == 0


@pytest.mark.parametrize("state", ["withdrawn", "declined", "cancelled", None])
def test_everyone_else_finds_nothing(world: World, state: str | None) -> None:
    key = world.add()
    if state is not None:
        world.enrol(world.cast.trainee, state=state)

    with pytest.raises(NotFoundError), unit_of_work():
        join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT)
    with pytest.raises(NotFoundError), unit_of_work():
        join_live_session(world.cast.actor("trainee"), "no-such-id\x00", at=OPEN_AT)


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        ({}, STARTS_AT - timedelta(minutes=16), "too_early"),
        ({}, ENDS_AT + timedelta(minutes=15), "ended"),
        ({"web_url": ""}, OPEN_AT, "no_link"),
        ({"join_opens_minutes": 5}, OPEN_AT, "too_early"),
    ],
)
def test_outside_the_window_nothing_is_recorded(
    world: World, changes: dict[str, object], at: datetime, code: str
) -> None:
    key = world.add(**changes)
    trainee = world.enrol(world.cast.trainee)

    with pytest.raises(LiveSessionRefusedError) as refused, unit_of_work():
        join_live_session(world.cast.actor("trainee"), key, at=at)

    assert refused.value.code == code
    assert presses_of(trainee) == 0


# --- attendance by hand -----------------------------------------------------------------------


def mark(
    person_id: PersonId,
    status: AttendanceStatus | None,
    *,
    way: str = "venue",
    reason: str = "",
    was: AttendanceStatus | None = None,
) -> AttendanceMark:
    return AttendanceMark(person_id, status, way, reason, was)


def record(world: World, key: str, *marks: AttendanceMark, rest: RestMark = RestMark.LEAVE) -> int:
    with unit_of_work():
        return record_attendance(world.organiser, key, marks, rest=rest, at=ENDS_AT)


def test_sending_the_same_twice_changes_once(world: World, heard: list[object]) -> None:
    key = world.add()
    trainee, other = world.enrol(world.cast.trainee), world.enrol(world.cast.other_trainee)
    heard.clear()
    marks = (
        mark(trainee, AttendanceStatus.PRESENT),
        mark(other, AttendanceStatus.ABSENT),
    )

    assert record(world, key, *marks) == 2
    assert record(world, key, *marks) == 0

    assert len(heard) == 2
    assert {event.person_id for event in heard if isinstance(event, AttendanceChanged)} == {
        trainee,
        other,
    }
    assert len(audited("attendance.recorded")) == 2
    assert queries.attended_session_ids(trainee) == {key}
    assert queries.attended_session_ids(other) == set()


def test_a_correction_needs_a_reason(world: World, heard: list[object]) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    record(world, key, mark(trainee, AttendanceStatus.PRESENT))
    heard.clear()
    correction = mark(trainee, AttendanceStatus.ABSENT, was=AttendanceStatus.PRESENT)

    with pytest.raises(SessionInputError) as refused:
        record(world, key, correction)
    assert (refused.value.field, refused.value.code, heard) == (trainee, "reason_missing", [])
    assert queries.attendance_of([key], trainee)[key].status == "present"

    assert record(world, key, replace(correction, reason="取り違え")) == 1
    assert queries.attendance_of([key], trainee)[key].status == "absent"
    [_first, second] = audited("attendance.recorded")
    assert (second.details["before"], second.details["after"]) == ("present", "absent")
    assert "取り違え" not in str(second.details)


def test_one_fault_leaves_everyone_as_they_were(world: World) -> None:
    key = world.add()
    trainee, other = world.enrol(world.cast.trainee), world.enrol(world.cast.other_trainee)
    record(world, key, mark(other, AttendanceStatus.PRESENT))

    with pytest.raises(SessionInputError):
        record(
            world,
            key,
            mark(trainee, AttendanceStatus.PRESENT),
            mark(other, AttendanceStatus.LATE, was=AttendanceStatus.PRESENT),
        )

    assert queries.attendance_of([key], trainee)[key].status is None


def test_two_desks_do_not_undo_each_other(world: World) -> None:
    key = world.add()
    trainee, other = world.enrol(world.cast.trainee), world.enrol(world.cast.other_trainee)
    record(world, key, mark(trainee, AttendanceStatus.LATE))

    # the second desk opened its page before, and says nothing of the trainee
    assert record(world, key, mark(trainee, None), mark(other, AttendanceStatus.PRESENT)) == 1
    assert queries.attendance_of([key], trainee)[key].status == "late"

    with pytest.raises(SessionInputError) as refused:
        record(world, key, mark(trainee, AttendanceStatus.ABSENT, reason="不在"))
    assert refused.value.code == "changed_meanwhile"


def test_an_entry_can_be_taken_back_with_a_reason(world: World) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)
    record(world, key, mark(trainee, AttendanceStatus.PRESENT))

    assert record(world, key, mark(trainee, None, reason="誤記", was=AttendanceStatus.PRESENT)) == 1
    assert queries.attendance_of([key], trainee)[key].status is None


def test_the_rest_is_only_those_of_whom_nothing_is_known(world: World) -> None:
    key = world.add(venue_name={"ja": "会館"})
    pressed = world.enrol(world.cast.trainee)
    marked = world.enrol(world.cast.other_trainee)
    rest = world.enrol(world.cast.overseas, attending="venue")
    with unit_of_work():
        join_live_session(world.cast.actor("trainee"), key, at=OPEN_AT)

    changed = record(
        world,
        key,
        mark(pressed, None),
        mark(marked, AttendanceStatus.EXCUSED),
        mark(rest, None),
        rest=RestMark.ABSENT,
    )

    statuses = {
        key_: decision.status
        for key_, decision in queries.attendance_by_session([key])[key].items()
    }
    assert changed == 2
    assert statuses == {pressed: "present", marked: "excused", rest: "absent"}


def test_only_people_on_the_roster_are_recorded(world: World) -> None:
    key = world.add()
    stranger = PersonId(world.cast.stranger.id)

    with pytest.raises(NotFoundError):
        record(world, key, mark(stranger, AttendanceStatus.PRESENT))

    assert queries.attended_session_ids(stranger) == set()


def test_a_way_that_is_none_is_refused(world: World) -> None:
    key = world.add()
    trainee = world.enrol(world.cast.trainee)

    with pytest.raises(SessionInputError) as refused:
        record(world, key, mark(trainee, AttendanceStatus.PRESENT, way="moon"))

    assert refused.value.code == "status_unknown"
