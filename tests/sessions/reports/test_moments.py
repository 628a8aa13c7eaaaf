"""Moments: how they are written, in which order, and in which zone."""

from datetime import UTC, datetime, timedelta

import pytest

from lms.sessions.rules.reports import DateOrder, read_report
from lms.sessions.rules.reports.durations import read_duration
from lms.sessions.rules.reports.moments import read_written
from tests.sessions.reports import samples
from tests.sessions.reports.reading import warned

MDY, DMY, YMD = DateOrder.MDY, DateOrder.DMY, DateOrder.YMD


@pytest.mark.parametrize(
    ("text", "order", "moment"),
    [
        ("12/1/26, 1:05:00 PM", MDY, "2026-12-01 13:05:00"),
        ("12/1/26, 1:05:00 PM", DMY, "2026-01-12 13:05:00"),
        ("12/1/26, 1:05:00\u202fPM", MDY, "2026-12-01 13:05:00"),
        ("\u200e12/1/26, 1:05 p.m.", MDY, "2026-12-01 13:05:00"),
        ("14/11/22, 09:29:07", DMY, "2022-11-14 09:29:07"),
        ("26/11/24 19:00", YMD, "2026-11-24 19:00:00"),
        ("11/24/2026 07:00:00 PM", MDY, "2026-11-24 19:00:00"),
        ("12/1/2026 12:00 AM", MDY, "2026-12-01 00:00:00"),
        ("12/1/2026 12:00 PM", MDY, "2026-12-01 12:00:00"),
        ("24.11.2026 19:00:01", DMY, "2026-11-24 19:00:01"),
        ("13-11-2026 10:00", DMY, "2026-11-13 10:00:00"),
        # The year first, or a month by name, can mean one day only.
        ("2026/11/24 19:00", DMY, "2026-11-24 19:00:00"),
        ("2026/1/4 9:05:06", MDY, "2026-01-04 09:05:06"),
        ("2026-11-24T19:00:00", MDY, "2026-11-24 19:00:00"),
        ("2026-11-24 19:00:00.123", MDY, "2026-11-24 19:00:00"),
        ("2026年11月24日(火) 19:05", MDY, "2026-11-24 19:05:00"),
        ("2026年11月24日 火曜日 19時05分06秒", MDY, "2026-11-24 19:05:06"),
        ("2026/11/24 午後7:05:00", MDY, "2026-11-24 19:05:00"),
        ("2026/11/24 午前 0:05:00", MDY, "2026-11-24 00:05:00"),
        ("２０２６／１１／２４　１９：００", MDY, "2026-11-24 19:00:00"),
        ("Apr 2, 2026 13:55:08", DMY, "2026-04-02 13:55:08"),
        ("2 April 2026 1:55 PM", MDY, "2026-04-02 13:55:00"),
        ("Tuesday, November 24, 2026 7:00:00 PM", DMY, "2026-11-24 19:00:00"),
        ("24-Nov-26 19:00", MDY, "2026-11-24 19:00:00"),
    ],
)
def test_written(text: str, order: DateOrder, moment: str) -> None:
    written = read_written(text)
    assert written is not None
    day = written.day(order)
    assert day is not None
    assert f"{day} {written.clock:%H:%M:%S}" == moment


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2026-11-24T10:00:00Z", 0),
        ("2026-11-24T10:00:00.0000000Z", 0),
        ("2026-11-24 10:00:00 UTC", 0),
        ("2026-11-24T10:00:00+09:00", 9),
        ("2026-11-24T10:00:00-0330", -3.5),
        ("11/24/2026 10:00:00 AM (GMT+9)", 9),
        ("2026/11/24 10:00 JST", 9),
    ],
)
def test_offset(text: str, hours: float) -> None:
    written = read_written(text)
    assert written is not None
    assert written.offset == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--",
        "yesterday",
        "2026/11/24",
        "25:00",
        "10:60",
        "13:00 AM",
        "19",
        "2026-11-24T10:00:00+99:00",
        "11/24/2026 7 o'clock",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    assert read_written(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("58 分 0 秒", 58 * 60),
        ("1 時間 12 分 50 秒", 4370),
        ("1 時間 30 秒", 3630),
        ("45分", 2700),
        ("1h 2m 3s", 3723),
        ("1h", 3600),
        ("54m 8s", 3248),
        ("1 hr 2 min", 3720),
        ("2 hours and 5 minutes", 7500),
        ("62 mins", 3720),
        ("00:45:10", 2710),
        ("100:00:01", 360_001),
        ("1:30", 5400),
        ("45", 2700),
        ("45.5", 2730),
        ("PT1H2M3S", 3723),
        ("< 1 min", 60),
        ("４５　分", 2700),
        ("1 day 1 hr", 90_000),
        ("0", 0),
    ],
)
def test_duration(text: str, seconds: int) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "long", "1 h x", "h", "-5", "1:2:3:4", "5 5", "9" * 30])
def test_what_is_no_duration(text: str) -> None:
    assert read_duration(text) is None


def zoom(
    *rows: tuple[str, str], minutes: str = "", meeting: tuple[str, str] | None = None
) -> bytes:
    lines: list[list[str]] = []
    if meeting:
        lines += [["Topic", "ID", "Start time", "End time"], ["Law", "1", *meeting]]
    lines.append(
        ["Name (original name)", "Email", "Join time", "Leave time", "Duration (minutes)", "Guest"]
    )
    lines += [
        [f"P{number}", f"p{number}@union.example", joined, left, minutes, "No"]
        for number, (joined, left) in enumerate(rows)
    ]
    return samples.commas(lines).encode()


def first_start(
    data: bytes, filename: str = "", order: DateOrder | None = None
) -> tuple[str, bool]:
    """The first person's start in Tokyo, and whether the order of dates was told as ambiguous."""
    report = read_report(data, filename=filename, date_order=order)
    start = report.people[0].intervals[0][0].astimezone(samples.TOKYO)
    return f"{start:%Y-%m-%d}", "date_order" in warned(report)


def test_a_part_above_twelve_tells_the_order_of_all_rows() -> None:
    us = zoom(("11/12/2026 19:00", "11/12/2026 20:00"), ("11/13/2026 9:00", "11/13/2026 10:00"))
    assert first_start(us) == ("2026-11-12", False)
    eu = zoom(("12/11/2026 19:00", "12/11/2026 20:00"), ("13/11/2026 9:00", "13/11/2026 10:00"))
    assert first_start(eu) == ("2026-11-12", False)


def test_the_meeting_tells_the_order() -> None:
    data = zoom(
        ("12/1/2026 7:00:00 PM", "12/1/2026 8:00:00 PM"),
        meeting=("2026-01-12 18:55:00", "2026-01-12 20:05:00"),
    )
    assert first_start(data) == ("2026-01-12", False)


def test_a_meeting_over_midnight_tells_the_order() -> None:
    assert first_start(zoom(("11/12/2026 23:00", "12/12/2026 1:00"))) == ("2026-12-11", False)
    assert first_start(zoom(("11/12/2026 23:00", "11/13/2026 1:00"))) == ("2026-11-12", False)


def test_rows_that_would_end_before_they_start_tell_the_order() -> None:
    # Month first: 3 to 1 December reversed. Day first: 12 January to 12 March.
    data = zoom(("12/1/2026 19:00", "12/3/2026 1:00"), ("12/3/2026 1:00", "12/3/2026 2:00"))
    assert first_start(data) == ("2026-12-01", False)


def test_day_and_month_alike_are_not_ambiguous() -> None:
    assert first_start(zoom(("12/12/26 19:00", "12/12/26 20:00"))) == ("2026-12-12", False)


def test_ambiguous_with_twelve_hours_is_read_month_first_and_told() -> None:
    data = zoom(("12/1/26, 1:05:00 PM", "12/1/26, 2:05:00 PM"))
    assert first_start(data) == ("2026-12-01", True)
    report = read_report(data)
    assert report.warnings[0].params == {
        "order": "mdy",
        "example": "12/1/26, 1:05:00 PM",
        "read_as": "2026-12-01",
    }


def test_ambiguous_with_24_hours_is_read_day_first_and_told() -> None:
    assert first_start(zoom(("12/1/26 13:05", "12/1/26 14:05"))) == ("2026-01-12", True)


def test_the_order_that_was_given_is_taken_and_nothing_told() -> None:
    data = zoom(("12/1/26, 1:05:00 PM", "12/1/26, 2:05:00 PM"))
    assert first_start(data, order=DMY) == ("2026-01-12", False)
    assert first_start(data, order=MDY) == ("2026-12-01", False)
    assert first_start(data, order=YMD) == ("2012-01-26", False)


def test_the_file_name_can_tell_the_order() -> None:
    data = zoom(("12/1/26 13:05", "12/1/26 14:05"))
    assert first_start(data, "participants_123_2026_12_01.csv") == ("2026-12-01", False)
    assert first_start(data, "Attendance 20260112.csv") == ("2026-01-12", False)
    assert first_start(data, "Attendance 2026-11-24.csv") == ("2026-01-12", True)


def test_two_digits_of_the_year_stand_first_in_japanese_files_only() -> None:
    rows = [["名前", "参加時刻", "退出時刻"], ["花", "26/11/24 19:00", "26/11/24 20:00"]]
    assert first_start(samples.commas(rows).encode()) == ("2026-11-24", True)
    assert first_start(zoom(("26/11/24 19:00", "26/11/24 20:00"))) == ("2024-11-26", False)
    assert first_start(zoom(("99/12/31 19:00", "99/12/31 20:00"))) == ("2099-12-31", False)


def test_times_are_of_the_zone_that_is_given() -> None:
    data = zoom(("2026-11-24 19:00:00", "2026-11-24 20:00:00"))
    [person] = read_report(data, zone="Asia/Kathmandu").people
    assert person.intervals[0][0] == datetime(2026, 11, 24, 13, 15, tzinfo=UTC)


def test_an_offset_goes_before_the_zone() -> None:
    data = zoom(("2026-11-24T19:00:00+02:00", "2026-11-24T20:00:00+02:00"))
    [person] = read_report(data, zone="Asia/Kathmandu").people
    assert person.intervals[0][0] == datetime(2026, 11, 24, 17, tzinfo=UTC)


def test_a_heading_that_says_utc_goes_before_the_zone() -> None:
    rows = [
        ["Name", "Join time (UTC)", "Leave time (UTC)"],
        ["Ann", "2026-11-24 10:00", "2026-11-24 11:00"],
    ]
    [person] = read_report(samples.commas(rows).encode()).people
    assert person.intervals[0][0] == datetime(2026, 11, 24, 10, tzinfo=UTC)


NEW_YORK = "America/New_York"  # clocks forward on 8 March 2026 at 2:00, back on 1 November at 2:00


def test_a_meeting_while_clocks_are_set_forward_is_an_hour_shorter() -> None:
    data = zoom(("2026-03-08 01:30:00", "2026-03-08 03:30:00"))
    report = read_report(data, zone=NEW_YORK)
    assert report.people[0].minutes == 60
    assert warned(report) == set()


def test_a_time_that_does_not_exist_is_told() -> None:
    data = zoom(("2026-03-08 01:30:00", "2026-03-08 02:30:00"))
    report = read_report(data, zone=NEW_YORK)
    assert report.people[0].minutes == 60  # 2:30 is 3:30 by the new time
    [warning] = report.warnings
    assert (warning.code, warning.params) == (
        "time_skipped",
        {"example": "2026-03-08 02:30:00", "zone": NEW_YORK, "count": 1, "rows": "2"},
    )


def test_a_meeting_while_clocks_are_set_back_is_an_hour_longer() -> None:
    report = read_report(zoom(("2026-11-01 00:30:00", "2026-11-01 02:30:00")), zone=NEW_YORK)
    assert (report.people[0].minutes, warned(report)) == (180, set())


@pytest.mark.parametrize(("duration", "minutes"), [("", 20), ("20", 20), ("80", 80)])
def test_times_that_come_twice_are_told_and_fitted_to_the_duration(
    duration: str, minutes: int
) -> None:
    data = zoom(("2026-11-01 01:10:00", "2026-11-01 01:30:00"), minutes=duration)
    report = read_report(data, zone=NEW_YORK)
    assert (report.people[0].minutes, warned(report)) == (minutes, {"time_twice"})


def test_an_end_written_before_its_start_within_the_hour_that_comes_twice() -> None:
    report = read_report(zoom(("2026-11-01 01:50:00", "2026-11-01 01:10:00")), zone=NEW_YORK)
    assert (report.people[0].minutes, warned(report)) == (20, {"time_twice"})
