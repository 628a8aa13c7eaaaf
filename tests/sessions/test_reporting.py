from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.completion.models import RevocationTask
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db, unit_of_work
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import LiveSessionId, PersonId
from lms.sessions import queries
from lms.sessions.errors import ReportRefusedError, SessionInputError
from lms.sessions.events import AttendanceReconciled
from lms.sessions.models import (
    AttendanceAlias,
    AttendanceReport,
    AttendanceStatus,
    JoinPress,
    MatchState,
    ReportedPerson,
    ReportRow,
)
from lms.sessions.models.joining import PersonalLink
from lms.sessions.operations import AttendanceMark, record_attendance
from lms.sessions.operations.reporting import (
    Applied,
    SentReport,
    accept_match,
    apply_report,
    discard_reports,
    dismiss_reported,
    drop_report,
    keep_report,
    reopen_match,
    set_attendance_rule,
    take_fetched_report,
)
from lms.sessions.queries.candidates import list_candidates
from lms.sessions.queries.reports import (
    count_reported,
    list_lines,
    list_reported,
    list_reports,
)
from lms.sessions.rules.attendance_status import DEFAULT_RULE, Source
from lms.sessions.rules.reconciling import Reading, read_for_session
from lms.sessions.rules.reports import AttendanceReport as Report
from lms.sessions.rules.reports import DateOrder, Warned, read_report
from tests.sessions.conftest import ENDS_AT, STARTS_AT, World

HEAD = "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest"
NOON = STARTS_AT + timedelta(days=1)


def line(name: str, email: str, a: int, b: int, day: int = 12) -> str:
    """Write a line of Zoom's report, minutes counted from the start of the session."""
    moments = [
        f"10/{day}/2026 {(16 * 60 + m) // 60:02d}:{(16 * 60 + m) % 60:02d}:00" for m in (a, b)
    ]
    return f"{name},{email},{moments[0]},{moments[1]},{b - a},No"


def zoom(*lines: str, number: str = "812 3456 7890") -> bytes:
    meta = (
        "Topic,ID,Host,Duration (minutes),Start time,End time,Participants\r\n"
        f"Web,{number},Host,90,10/12/2026 16:00:00,10/12/2026 17:30:00,3\r\n\r\n"
    )
    return (meta + HEAD + "\r\n" + "\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def read(data: bytes) -> Report:
    return read_for_session(data, Reading(), STARTS_AT, ENDS_AT)


def send(world: World, key: LiveSessionId, data: bytes, *, confirmed: bool = False) -> Applied:
    report = read(data)
    with unit_of_work():
        kept = keep_report(
            world.organiser, key, SentReport("report.csv", data, "Asia/Tokyo"), at=NOON
        )
    with unit_of_work():
        return apply_report(world.organiser, key, kept.id, report, is_confirmed=confirmed, at=NOON)


def count(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def reported(name: str) -> ReportedPerson:
    return db.session.scalars(select(ReportedPerson).where(ReportedPerson.name == name)).one()


@pytest.fixture
def trainee(world: World) -> PersonId:
    return world.enrol(world.cast.trainee)


@pytest.fixture
def other(world: World) -> PersonId:
    return world.enrol(world.cast.other_trainee)


@pytest.fixture
def key(world: World) -> LiveSessionId:
    return world.add()


def status(key: LiveSessionId, person_id: PersonId) -> str | None:
    return queries.attendance_of([key], person_id)[key].status


MINE = "trainee@demo.example"


def test_an_address_is_matched_silently_and_a_name_never(
    world: World, key: LiveSessionId, trainee: PersonId, other: PersonId, heard: list[object]
) -> None:
    name = f"{world.cast.other_trainee.family_name} {world.cast.other_trainee.given_name}"
    heard.clear()

    applied = send(world, key, zoom(line("x", MINE, -5, 40), line("x", MINE, 42, 90),
                                    line(name, "", 0, 90)))  # fmt: skip

    assert (applied.matched, applied.waiting, applied.new_rows) == (1, 1, 3)
    decision = queries.attendance_of([key], trainee)[key]
    assert (decision.status, decision.way, decision.source) == ("present", "web", Source.REPORT)
    assert decision.minutes == 88
    assert status(key, other) is None
    assert heard == [AttendanceReconciled(key, world.edition_id, (trainee,), NOON)]


def test_the_same_file_and_an_overlapping_newer_one_change_nothing_twice(
    world: World, key: LiveSessionId, trainee: PersonId, heard: list[object]
) -> None:
    first = zoom(line("x", MINE, 0, 40), line("guest", "", 0, 30), line("guest", "", 0, 30))
    send(world, key, first)
    with unit_of_work():
        again = keep_report(
            world.organiser, key, SentReport("other-name.csv", first, "Asia/Tokyo"), at=NOON
        )
    assert again.applied_at is not None
    with pytest.raises(ReportRefusedError, match="report_applied"), unit_of_work():
        apply_report(world.organiser, key, again.id, read(first), at=NOON)
    heard.clear()

    newer = send(world, key, zoom(line("x", MINE, 0, 40), line("guest", "", 0, 30),
                                  line("guest", "", 0, 30), line("x", MINE, 41, 90)))  # fmt: skip

    assert (newer.new_rows, newer.known_rows) == (1, 3)
    assert count(ReportRow) == 4
    assert count(ReportedPerson) == 2
    assert queries.attendance_of([key], trainee)[key].minutes == 89
    assert [event.person_ids for event in heard if isinstance(event, AttendanceReconciled)] == [
        (trainee,)  # left early by the first file, present by both
    ]


def test_a_report_of_another_day_is_not_applied(
    world: World, key: LiveSessionId, trainee: PersonId
) -> None:
    for confirmed in (False, True):
        with pytest.raises(ReportRefusedError, match="report_other_time"):
            send(world, key, zoom(line("x", MINE, 0, 90, day=5)), confirmed=confirmed)
    assert count(ReportRow) == count(ReportedPerson) == 0
    assert status(key, trainee) is None
    assert [one.applied_at for one in list_reports(key)] == [None]


def test_a_report_of_another_meeting_needs_a_word(world: World, trainee: PersonId) -> None:
    key = world.add(web_url="https://zoom.example/j/99988877766")
    data = zoom(line("x", MINE, 0, 90))

    with pytest.raises(ReportRefusedError, match="report_other_meeting"):
        send(world, key, data)
    assert count(ReportedPerson) == 0
    send(world, key, data, confirmed=True)
    assert status(key, trainee) == "present"


def test_a_report_that_names_nobody_is_refused(world: World, key: LiveSessionId) -> None:
    report = replace(read(zoom(line("x", MINE, 0, 90))), people=())
    with unit_of_work():
        kept = keep_report(world.organiser, key, SentReport("r", b"x", "Asia/Tokyo"), at=NOON)
    with pytest.raises(ReportRefusedError, match="report_nobody"), unit_of_work():
        apply_report(world.organiser, key, kept.id, report, at=NOON)


def test_a_fault_in_the_middle_leaves_nothing(
    world: World, key: LiveSessionId, trainee: PersonId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> int:
        raise RuntimeError("in the middle")

    monkeypatch.setattr("lms.sessions.operations.reporting._write_rows", fail)
    with pytest.raises(RuntimeError):
        send(world, key, zoom(line("x", MINE, 0, 90)))
    assert count(ReportedPerson) == 0
    assert [one.applied_at for one in list_reports(key)] == [None]
    assert status(key, trainee) is None


@pytest.mark.usefixtures("trainee")
def test_a_shared_address_waits(world: World, key: LiveSessionId, other: PersonId) -> None:
    with unit_of_work():
        db.session.get_one(type(world.cast.trainee), other).address = MINE

    assert send(world, key, zoom(line("x", MINE, 0, 90))).waiting == 1


def test_an_address_of_somebody_not_of_the_session_waits(world: World, key: LiveSessionId) -> None:
    assert send(world, key, zoom(line("x", "stranger@demo.example", 0, 90))).waiting == 1
    with pytest.raises(ReportRefusedError, match="match_not_listed"), unit_of_work():
        accept_match(world.organiser, key, reported("x").id, world.cast.stranger.id, at=NOON)


def test_a_personal_link_is_known_by_its_registrant(key: LiveSessionId, trainee: PersonId) -> None:
    with unit_of_work():
        db.session.add(
            PersonalLink(
                live_session_id=key, person_id=trainee, meeting_id="1", registrant_id="reg-7",
                join_url="https://zoom.example/w/1?tk=x", created_at=NOON,
            )
        )  # fmt: skip
    report = read(zoom(line("somebody", "", 0, 90)))
    person = replace(report.people[0], registrant_id="reg-7")

    with unit_of_work():
        taken = take_fetched_report(
            key, replace(report, people=(person,)), checksum="a" * 64, name="zoom", at=NOON
        )
    assert taken is not None
    assert taken.matched == 1
    assert status(key, trainee) == "present"
    with unit_of_work():
        assert take_fetched_report(key, report, checksum="a" * 64, name="zoom", at=NOON) is None


# --- by hand ----------------------------------------------------------------------------------


def test_a_match_counts_is_remembered_and_can_be_taken_back(
    world: World, key: LiveSessionId, other: PersonId, heard: list[object]
) -> None:
    home = "home@demo.example"
    send(world, key, zoom(line("O", home, 0, 90)))
    heard.clear()

    with unit_of_work():
        accept_match(world.organiser, key, reported("O").id, other, remember=True, at=NOON)
    assert status(key, other) == "present"
    assert heard == [AttendanceReconciled(key, world.edition_id, (other,), NOON)]
    assert list_reported(key, world.edition_id, MatchState.MATCHED, 1, 10)[0].has_alias

    later = world.add()
    assert send(world, later, zoom(line("Another", home, 0, 90))).matched == 1
    assert status(later, other) == "present"

    with unit_of_work():
        reopen_match(world.organiser, key, reported("O").id, at=NOON)
    assert status(key, other) is None
    assert count(AttendanceAlias) == 0
    assert status(later, other) == "present"  # decided there, and undone there


def test_a_match_not_remembered_counts_here_only(
    world: World, key: LiveSessionId, other: PersonId
) -> None:
    send(world, key, zoom(line("O", "home@demo.example", 0, 90)))
    with unit_of_work():
        accept_match(world.organiser, key, reported("O").id, other, at=NOON)

    assert send(world, world.add(), zoom(line("O", "home@demo.example", 0, 90))).waiting == 1


def test_not_one_of_ours_waits_no_more_and_can_be_taken_back(
    world: World, key: LiveSessionId
) -> None:
    send(world, key, zoom(line("Guest", "", 0, 90)))
    with unit_of_work():
        dismiss_reported(world.organiser, key, reported("Guest").id, at=NOON)
    assert count_reported(key)[MatchState.DISMISSED] == 1
    # A newer file does not ask again.
    assert send(world, key, zoom(line("Guest", "", 0, 80))).waiting == 0

    with unit_of_work():
        reopen_match(world.organiser, key, reported("Guest").id, at=NOON)
    assert count_reported(key)[MatchState.WAITING] == 1


@pytest.mark.usefixtures("trainee")
def test_a_press_stands_until_the_report_is_settled(
    world: World, key: LiveSessionId, other: PersonId, heard: list[object]
) -> None:
    with unit_of_work():
        db.session.add(JoinPress(live_session_id=key, person_id=other, at=STARTS_AT))
    send(world, key, zoom(line("x", MINE, 0, 90), line("Guest", "", 0, 90)))
    assert queries.attendance_of([key], other)[key].source is Source.PRESS
    heard.clear()

    with unit_of_work():
        dismiss_reported(world.organiser, key, reported("Guest").id, at=NOON)
    assert status(key, other) is None  # in no report that knows everybody
    assert heard == [AttendanceReconciled(key, world.edition_id, (other,), NOON)]


def test_two_addresses_of_one_person_are_one_presence(
    world: World, key: LiveSessionId, trainee: PersonId
) -> None:
    send(world, key, zoom(line("x", MINE, 0, 50), line("Phone", "", 45, 90)))
    with unit_of_work():
        accept_match(world.organiser, key, reported("Phone").id, trainee, at=NOON)

    assert queries.attendance_of([key], trainee)[key].minutes == 90


def test_all_reports_of_a_session_can_be_taken_away(
    world: World, key: LiveSessionId, trainee: PersonId, heard: list[object]
) -> None:
    data = zoom(line("x", MINE, 0, 90))
    send(world, key, data)
    heard.clear()

    with unit_of_work():
        assert discard_reports(world.organiser, key, at=NOON) == 1
    assert count(ReportRow) == count(ReportedPerson) == count(AttendanceReport) == 0
    assert status(key, trainee) is None
    assert heard == [AttendanceReconciled(key, world.edition_id, (trainee,), NOON)]
    send(world, key, data)
    assert status(key, trainee) == "present"


def test_what_was_set_by_hand_stands_before_a_report(
    world: World, key: LiveSessionId, trainee: PersonId, heard: list[object]
) -> None:
    with unit_of_work():
        record_attendance(
            world.organiser,
            key,
            [AttendanceMark(trainee, AttendanceStatus.EXCUSED, "web")],
            at=NOON,
        )
    heard.clear()
    send(world, key, zoom(line("x", MINE, 0, 90)))

    assert status(key, trainee) == "excused"
    assert heard == []


# --- the rule of an edition -------------------------------------------------------------------


def test_the_rule_of_the_edition_decides_and_tells_whom_it_changes(
    world: World, key: LiveSessionId, trainee: PersonId, other: PersonId, heard: list[object]
) -> None:
    send(world, key, zoom(line("x", MINE, 0, 40)))
    assert status(key, trainee) == "left_early"
    heard.clear()
    rule = replace(DEFAULT_RULE, min_percent=50, missing_is_absent=True)

    with unit_of_work():
        assert set_attendance_rule(world.organiser, world.edition_id, rule, at=NOON)
    assert status(key, trainee) == "absent"
    assert status(key, other) == "absent"
    assert heard == [AttendanceReconciled(key, world.edition_id, (trainee,), NOON, by_rule=True)]
    with unit_of_work():
        assert not set_attendance_rule(world.organiser, world.edition_id, rule, at=NOON)
    assert count(RevocationTask) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"min_minutes": -1}, "min_minutes"),
        ({"late_minutes": 1441}, "late_minutes"),
        ({"min_percent": 101}, "min_percent"),
    ],
)
def test_a_rule_out_of_range_is_refused(world: World, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(SessionInputError) as refused, unit_of_work():
        set_attendance_rule(
            world.organiser, world.edition_id, replace(DEFAULT_RULE, **changes), at=NOON
        )
    assert refused.value.field == field


# --- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["trainee", "coordinator", "speaker", "auditor", "stranger"])
def test_only_who_runs_the_edition_takes_reports_in(
    world: World, key: LiveSessionId, trainee: PersonId, who: str
) -> None:
    data = zoom(line("x", MINE, 0, 90), line("G", "", 0, 90))
    send(world, key, data)
    actor = world.cast.actor(who)
    one = reported("G").id
    report = read(data)
    kept = list_reports(key)[0].id
    acts = (
        lambda: keep_report(actor, key, SentReport("r", b"x", "Asia/Tokyo"), at=NOON),
        lambda: apply_report(actor, key, kept, report, at=NOON),
        lambda: drop_report(actor, key, kept),
        lambda: discard_reports(actor, key, at=NOON),
        lambda: accept_match(actor, key, one, trainee, at=NOON),
        lambda: dismiss_reported(actor, key, one, at=NOON),
        lambda: reopen_match(actor, key, one, at=NOON),
        lambda: set_attendance_rule(actor, world.edition_id, DEFAULT_RULE, at=NOON),
    )
    for act in acts:
        with pytest.raises(NotFoundError), unit_of_work():
            act()


def test_a_match_of_another_session_is_not_found(
    world: World, key: LiveSessionId, trainee: PersonId
) -> None:
    send(world, key, zoom(line("G", "", 0, 90)))
    elsewhere = world.add()

    with pytest.raises(NotFoundError), unit_of_work():
        accept_match(world.organiser, elsewhere, reported("G").id, trainee, at=NOON)


def test_acts_are_written_down_without_names(
    world: World, key: LiveSessionId, trainee: PersonId
) -> None:
    send(world, key, zoom(line("Secret Name", "", 0, 90)))
    with unit_of_work():
        accept_match(world.organiser, key, reported("Secret Name").id, trainee, at=NOON)
    entries = list(
        db.session.scalars(select(AuditEntry).where(AuditEntry.action.like("attendance.%")))
    )

    assert {one.action for one in entries} == {
        "attendance.report_applied",
        "attendance.match_accepted",
    }
    assert "Secret" not in str([one.details for one in entries])


def test_raw_lines_and_candidates_are_kept_to_be_looked_at(
    world: World, key: LiveSessionId, trainee: PersonId
) -> None:
    send(world, key, zoom(line("x", MINE, 0, 90), line("G", "", 5, 90)))
    lines, total = list_lines(list_reports(key)[0].id, 1, 1)

    assert total == 2
    assert lines[0].starts_at == STARTS_AT
    assert MINE in lines[0].cells
    people = list_candidates(key, world.edition_id, datetime(2026, 10, 12).date())  # noqa: DTZ001
    assert [one.person_id for one in people] == [trainee]


def test_days_that_may_be_read_both_ways_are_read_as_the_session_has_them() -> None:
    data = zoom(line("x", MINE, 0, 90))
    alone = read_report(data, date_order=DateOrder.DMY)
    elsewhere = read_for_session(
        data, Reading(), STARTS_AT - timedelta(days=90), ENDS_AT - timedelta(days=90)
    )

    assert any(one.code is Warned.DATE_ORDER for one in elsewhere.warnings)
    assert alone.people[0].intervals[0][0] != STARTS_AT
    assert read(data).people[0].intervals[0] == (STARTS_AT, ENDS_AT)
    told = read_for_session(data, Reading(date_order=DateOrder.DMY), STARTS_AT, ENDS_AT)
    assert told.people == alone.people
