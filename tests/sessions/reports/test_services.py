"""Each report of each service: exactly what is understood of it."""

from dataclasses import dataclass, field

import pytest

from lms.sessions.rules.reports import AttendanceReport, read_report
from tests.sessions.reports import samples
from tests.sessions.reports.reading import stays, warned

CJK = "utf-16-le"


@dataclass(frozen=True)
class Expected:
    data: bytes
    service: str
    report: str
    meeting: tuple[str, str, str, str]
    people: dict[str, tuple[str, list[str], int, int]]  # name -> email, intervals, minutes, rows
    warnings: set[str] = field(default_factory=set)


HANA = "hana@union.example"
TOM = "tom@union.example"
CASES = {
    "teams": Expected(
        samples.utf16(samples.TEAMS),
        "teams",
        "in-meeting-activities",
        ("Basics of collective bargaining", "", "24 18:55:00", "24 20:35:00"),
        {
            "Aoki Hana": (
                "hana.aoki@union.example",
                ["24 18:58:10-19:20:00", "24 19:40:00-20:31:00"],
                72,
                2,
            ),
            "Baker, Tom": (TOM, ["24 19:00:00-20:30:00"], 90, 1),
            "Visitor One": ("", ["24 19:10:00-19:40:30"], 30, 1),
        },
        {"no_email"},
    ),
    "teams in Japanese, quoted, without a BOM": Expected(
        samples.quoted(samples.TEAMS_JA_ROWS).encode(CJK),
        "teams",
        "in-meeting-activities",
        ('"髙﨑支部 学習会" で会議中', "", "24 18:55:00", "24 20:35:00"),
        {
            "髙橋 花": (HANA, ["24 18:58:10-19:20:00", "24 19:40:00-20:31:00"], 72, 2),
            "山﨑 太郎": ("", ["24 19:10:00-19:40:30"], 30, 1),
        },
        {"no_email"},
    ),
    "teams in Japanese, the short shape": Expected(
        samples.TEAMS_JA_SHORT.encode("utf-16-be"),
        "teams",
        "participants",
        ('"学習会" で会議中', "", "24 19:00:00", ""),
        {
            "髙橋 花": (HANA, [], 60, 1),  # 1 hour and 30 seconds
            "山﨑 太郎": ("taro@union.example", [], 58, 1),
        },
    ),
    "teams, joined and left": Expected(
        samples.utf16(samples.TEAMS_OLDER),
        "teams",
        "user-actions",
        ("", "", "", ""),
        {
            "Aoki Hana": ("", ["24 19:00:00-20:00:59"], 60, 2),
            "Baker Tom": ("", ["24 19:05:00-19:15:00", "24 19:20:30-20:00:59"], 50, 3),
        },
        {"no_email", "never_left"},
    ),
    "teams 2021": Expected(
        samples.utf16(samples.TEAMS_2021),
        "teams",
        "summary-2021",
        ("Study group", "4f1a", "24 18:59:00", "24 20:01:00"),
        {"Aoki Hana": (HANA, ["24 19:00:00-20:00:00"], 60, 2)},
    ),
    "teams live event, in UTC": Expected(
        samples.LIVE_EVENT.encode(),
        "teams",
        "live-event",
        ("", "", "", ""),
        {"Aoki Hana": ("", ["24 19:00:00-19:50:00"], 50, 4)},
        {"no_email", "same_name"},
    ),
    "zoom": Expected(
        samples.ZOOM_DETAILS.encode("utf-8-sig"),
        "zoom",
        "participants",
        ("Law, part 1", "812 3456 7890", "24 18:55:00", "24 20:30:00"),
        {
            "Tom": (TOM, ["24 18:56:00-20:10:00"], 74, 2),
            "iPhone": ("", ["24 19:00:00-19:10:00"], 10, 1),
        },
        {"no_email", "waited_only"},
    ),
    "zoom, durations only, no blank line": Expected(
        samples.ZOOM_SUMMARY.encode(),
        "zoom",
        "summary",
        ("Law", "81234567890", "24 18:55:00", "24 20:30:00"),
        {"Tom": (TOM, [], 73, 2), "Aoki Hana": (HANA, [], 95, 1)},
        {"names_differ"},
    ),
    "zoom 2021": Expected(
        samples.ZOOM_2021.encode(),
        "zoom",
        "participants-2021",
        ("Law", "812 3456 7890", "24 18:55:00", "24 20:30:00"),
        {"Tom": (TOM, ["24 19:00:00-20:00:00"], 60, 1)},
    ),
    "zoom in Japanese, saved again as CP932": Expected(
        samples.ZOOM_JA.encode("cp932"),
        "zoom",
        "participants",
        ("春闘学習会 ①", "812 3456 7890", "24 18:55:00", "24 20:30:00"),
        {
            "髙﨑 花": (HANA, ["24 19:00:00-20:00:00"], 60, 1),
            "山﨑 太郎": ("taro@union.example", ["24 18:56:00-19:26:00"], 30, 1),
        },
    ),
    "zoom webinar": Expected(
        samples.ZOOM_WEBINAR.encode("utf-8-sig"),
        "zoom",
        "webinar",
        ("Law for all", "812 3456 7890", "24 18:55:00", "24 20:30:00"),
        {
            "Aoki Hana": (HANA, ["24 18:55:00-20:30:00"], 95, 1),
            "Dr Chen": ("chen@union.example", ["24 19:00:00-20:00:00"], 60, 1),
            "Tom": (TOM, ["24 19:00:00-20:00:30"], 60, 2),
        },
    ),
    "meet": Expected(
        samples.MEET.encode(),
        "meet",
        "participants",
        ("", "", "", ""),
        {
            "Tom Baker": (TOM, ["24 19:00:00-20:02:00"], 62, 1),
            "髙橋 花": (HANA, ["24 19:00:00-19:45:00"], 45, 1),
        },
    ),
    "webex": Expected(
        samples.utf16(samples.WEBEX),
        "webex",
        "participants",
        ("Law", "", "24 18:55:00", "24 20:30:00"),
        {"Baker, Tom": (TOM, [], 62, 1), "Aoki Hana": (HANA, [], 95, 1)},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_report(case: Expected) -> None:
    report = read_report(case.data)
    assert (report.service, report.report) == (case.service, case.report)
    assert meeting_of(report) == case.meeting
    assert {
        person.name: (person.email, stays(person), person.minutes, len(person.rows))
        for person in report.people
    } == case.people
    assert warned(report) == case.warnings


def meeting_of(report: AttendanceReport) -> tuple[str, str, str, str]:
    meeting = report.meeting
    starts, ends = (
        at.astimezone(samples.TOKYO).strftime("%d %H:%M:%S") if at else ""
        for at in (meeting.starts_at, meeting.ends_at)
    )
    return meeting.title, meeting.id, starts, ends


def test_people_stand_in_the_order_of_the_file() -> None:
    report = read_report(samples.utf16(samples.TEAMS))
    assert [person.name for person in report.people] == ["Aoki Hana", "Baker, Tom", "Visitor One"]


def test_raw_rows_are_kept_with_their_lines() -> None:
    report = read_report(samples.ZOOM_DETAILS.encode())
    assert [(row.number, row.counts) for row in report.rows] == [
        (5, False),  # waiting room
        (6, True),
        (7, True),
        (8, False),
        (9, True),
    ]
    tom = next(person for person in report.people if person.name == "Tom")
    assert tom.rows == (6, 7)
    assert report.rows[2].cells[1] == "TOM@union.example"


def test_who_did_not_come_to_a_webinar_is_a_row_and_no_person() -> None:
    report = read_report(samples.ZOOM_WEBINAR.encode())
    assert "dana@union.example" not in {person.email for person in report.people}
    absent = [row for row in report.rows if row.email == "dana@union.example"]
    assert [row.counts for row in absent] == [False]


def test_summed_up_rows_of_teams_do_not_count_beside_activities() -> None:
    report = read_report(samples.utf16(samples.TEAMS))
    assert [row.number for row in report.rows if not row.counts] == [11, 12, 13]


def teams(people: samples.Rows, stays: samples.Rows = ()) -> str:
    head = ["Name", "First join", "Last leave", "In-Meeting Duration", "Email", "Role"]
    lines = [["2. Participants"], head, *people]
    if stays:
        head = ["Name", "Join time", "Leave time", "Duration", "Email", "Role"]
        lines += [["3. In-Meeting Activities"], head, *stays]
    return samples.tabbed(*lines)


def test_teams_participant_without_activities_counts_from_first_to_last() -> None:
    first = ["Ann", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "1h", "ann@union.example", ""]
    report = read_report(teams([first]).encode())
    assert report.report == "participants"
    assert stays(report.people[0]) == ["24 19:00:00-20:00:00"]


def test_teams_participant_who_was_away_has_a_duration_and_no_made_up_interval() -> None:
    first = ["Ann", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "40m", "ann@union.example", ""]
    report = read_report(teams([first]).encode())
    assert (report.people[0].intervals, report.people[0].minutes) == ((), 40)
    assert warned(report) == {"gaps_unknown"}


def test_teams_activity_without_address_is_of_the_one_participant_of_that_name() -> None:
    times = ["2026-11-24 19:00:00", "2026-11-24 20:00:00", "1h"]
    report = read_report(
        teams([["Ann", *times, "ann@union.example", ""]], [["Ann", *times, "", ""]]).encode()
    )
    assert [(person.name, person.email) for person in report.people] == [
        ("Ann", "ann@union.example")
    ]
    two = [["Ann", *times, "ann@union.example", ""], ["Ann", *times, "other@union.example", ""]]
    report = read_report(teams(two, [["Ann", *times, "", ""]]).encode())
    assert sorted(person.email for person in report.people) == [
        "",
        "ann@union.example",
        "other@union.example",
    ]


def test_teams_webinar_is_known_by_the_registration_address() -> None:
    head = ["Name", "Join Time", "Leave Time", "Duration", "Email", "Registration Email"]
    row = ["Ann", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "1h", "", "Ann@union.example"]
    text = samples.tabbed(
        ["1. Summary"], ["Registered participants", "5"], ["3. In-Meeting Activities"], head, row
    )
    report = read_report(text.encode())
    assert (report.service, report.report) == ("teams", "webinar")
    assert report.people[0].email == "ann@union.example"


def test_two_devices_are_there_until_the_last_has_left() -> None:
    events = [("Joined", "19:00"), ("Joined", "19:10"), ("Left", "19:20"), ("Left", "19:50")]
    text = samples.tabbed(
        ["Full Name", "User Action", "Timestamp"],
        *(["Ann", action, f"2026-11-24 {at}:00"] for action, at in events),
    )
    report = read_report(text.encode())
    assert stays(report.people[0]) == ["24 19:00:00-19:50:00"]
    assert warned(report) == {"no_email"}


def test_joined_again_after_a_lost_leaving_and_left_without_joining() -> None:
    events = [("Left", "18:50"), ("Joined", "19:00"), ("Joined", "19:10"), ("Left", "19:20")]
    text = samples.tabbed(
        ["Full Name", "User Action", "Timestamp"],
        *(["Ann", action, f"2026-11-24 {at}:00"] for action, at in events),
    )
    report = read_report(text.encode())
    assert stays(report.people[0]) == ["24 19:00:00-19:20:00"]
    assert warned(report) == {"no_email", "joined_twice", "never_joined"}


def test_leaving_and_joining_within_one_second_changes_nothing() -> None:
    events = [("Joined", "19:00"), ("Left", "19:10"), ("Joined", "19:10"), ("Left", "19:20")]
    for order in (events, events[::-1]):
        text = samples.tabbed(
            ["Full Name", "User Action", "Timestamp"],
            *(["Ann", action, f"2026-11-24 {at}:00"] for action, at in order),
            ["Bob", "Joined", "2026-11-24 19:30:00"],
            ["Bob", "Left", "2026-11-24 19:30:00"],
        )
        report = read_report(text.encode())
        assert [stays(person) for person in report.people] == [["24 19:00:00-19:20:00"], []]


def test_one_who_never_left_stays_to_the_end_of_the_meeting_that_the_report_tells() -> None:
    text = samples.tabbed(
        ["Meeting End Time", "2026-11-24 21:00:00"],
        ["Full Name", "User Action", "Timestamp"],
        ["Ann", "Joined", "2026-11-24 19:00:00"],
    )
    report = read_report(text.encode())
    assert stays(report.people[0]) == ["24 19:00:00-21:00:00"]
    assert "never_left" in warned(report)


MEET_HEAD = ["First name", "Last name", "Email", "Duration", "Time joined", "Time exited"]


def test_meet_tells_times_without_a_day() -> None:
    rows = [
        MEET_HEAD,
        ["Tom", "Baker", "tom@union.example", "1 hr 2 min", "11:30 PM", "12:32 AM"],
        ["Ann", "", "ann@union.example", "45 min", "11:30 PM", "12:15 AM"],
    ]
    report = read_report(samples.commas(rows).encode())
    assert [(p.intervals, p.minutes) for p in report.people] == [((), 62), ((), 45)]
    assert warned(report) == {"day_unknown"}
    named = read_report(samples.commas(rows).encode(), filename="2026-11-24 23.30 Law.csv")
    assert stays(named.people[0]) == ["24 23:30:00-00:32:00"]
    assert warned(named) == set()


def test_webex_with_times_of_joining() -> None:
    rows = [
        ["Display Name", "Attendee Email", "Join Time", "Leave Time", "Attendance Duration"],
        ["Ann", "ann@union.example", "2026-11-24 19:00:00", "2026-11-24 19:40:00", "40 mins"],
        ["Ann", "ann@union.example", "2026-11-24 19:30:00", "2026-11-24 20:00:00", "30 mins"],
    ]
    report = read_report(samples.utf16(samples.quoted(rows)))
    assert (report.service, stays(report.people[0])) == ("webex", ["24 19:00:00-20:00:00"])


def test_table_of_no_service_with_headings_that_are_known() -> None:
    rows = [
        ["氏名", "メールアドレス", "入室時刻", "退室時刻"],
        ["髙橋 花", "hana@union.example", "2026/11/24 19:00", "2026/11/24 20:00"],
    ]
    report = read_report(samples.commas(rows, delimiter=";").encode("cp932"))
    assert (report.service, report.report) == ("generic", "table")
    assert stays(report.people[0]) == ["24 19:00:00-20:00:00"]


def test_time_spent_and_time_of_joining_have_one_word_in_japanese() -> None:
    spent = [["名前", "参加時間"], ["花", "45 分"]]
    assert read_report(samples.commas(spent).encode()).people[0].minutes == 45
    joined = [["名前", "参加時間", "退出時間"], ["花", "2026/11/24 19:00", "2026/11/24 20:00"]]
    report = read_report(samples.commas(joined).encode())
    assert stays(report.people[0]) == ["24 19:00:00-20:00:00"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ann (Guest)", "Ann"),
        ("Ann (Guest) (Unverified)", "Ann"),
        ("山﨑 太郎（ゲスト）", "山﨑 太郎"),
        ("山﨑 太郎 (ゲスト)", "山﨑 太郎"),
        ("Ann (Region East)", "Ann (Region East)"),  # what a person wrote stays
        ("Elm, Dana", "Elm, Dana"),
    ],
)
def test_shown_name_in_teams(written: str, shown: str) -> None:
    rows = [["Name", "Email", "In-Meeting Duration"], [written, "x@union.example", "5m"]]
    assert read_report(samples.commas(rows).encode()).people[0].name == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Tom (Baker Tom)", "Tom"),
        ("髙﨑 花 (iPhone)", "髙﨑 花"),
        ("髙﨑 花（東支部）", "髙﨑 花（東支部）"),
        ("(iPhone)", "(iPhone)"),
    ],
)
def test_shown_name_in_zoom_is_without_the_original_one(written: str, shown: str) -> None:
    head = ["Name (original name)", "Email", "Total duration (minutes)", "Guest"]
    rows = [head, [written, "x@union.example", "5", "Yes"]]
    assert read_report(samples.commas(rows).encode()).people[0].name == shown


def test_rows_without_address_are_one_person_per_identical_name() -> None:
    head = ["Name (original name)", "Email", "Total duration (minutes)", "Guest"]
    rows = [
        head,
        ["山﨑　太郎", "", "5", "Yes"],
        ["山﨑 太郎", "-", "6", "Yes"],
        ["山﨑 太郎", "taro@union.example", "7", "Yes"],  # the same name with an address: another
        ["山崎 太郎", "", "8", "Yes"],  # another character: another name
    ]
    report = read_report(samples.commas(rows).encode())
    assert sorted(person.minutes for person in report.people) == [7, 8, 11]
    warning = next(one for one in report.warnings if one.code == "no_email")
    assert warning.params == {"count": 2, "names": "山﨑 太郎; 山崎 太郎"}


def test_registrant_id_makes_one_person_where_there_is_no_address() -> None:
    head = ["Name (original name)", "Registrant ID", "Total duration (minutes)", "Guest"]
    rows = [head, ["Ann", "r1", "5", "Yes"], ["iPhone", "r1", "6", "Yes"]]
    [person] = read_report(samples.commas(rows).encode()).people
    assert (person.registrant_id, person.minutes) == ("r1", 11)


def test_people_who_rang_in_to_a_webinar_are_people() -> None:
    text = samples.ZOOM_WEBINAR + samples.commas(
        [
            ["Other Attended"],
            ["User Name", "Join Time", "Leave Time", "Time in Session (minutes)", "Country"],
            ["81********01", "11/24/2026 07:05:00 PM", "11/24/2026 07:35:00 PM", "30", "Japan"],
        ]
    )
    report = read_report(text.encode())
    [phone] = [person for person in report.people if not person.email]
    assert (phone.name, stays(phone)) == ("81********01", ["24 19:05:00-19:35:00"])


def test_engagement_of_teams_is_no_attendance() -> None:
    text = samples.TEAMS + samples.tabbed(["Name", "Duration"], ["Nobody Else", "5m"])
    names = {person.name for person in read_report(samples.utf16(text)).people}
    assert names == {"Aoki Hana", "Baker, Tom", "Visitor One"}


def test_older_teams_report_in_japanese_with_commas() -> None:
    rows = [
        ["氏名", "ユーザー アクション", "タイムスタンプ"],
        ["髙橋 花", "以前に参加", "2026/11/24 19:00:00"],
        ["髙橋 花", "退出", "2026/11/24 20:00:00"],
    ]
    report = read_report(samples.commas(rows).encode("utf-16"))
    assert (report.report, stays(report.people[0])) == ("user-actions", ["24 19:00:00-20:00:00"])


def test_live_event_with_spaced_headings_and_nameless_viewers() -> None:
    head = ["Session Id", "Participant Id", "Full Name", "UserAgent", "UTC Event Timestamp"]
    rows = [
        [*head, "Action", "Role"],
        ["s1", "p1", "", "x", "11/24/2026 10:00:00 AM", "Joined", "Attendee"],
        ["s2", "p2", "", "x", "11/24/2026 10:10:00 AM", "Joined", "Attendee"],
        ["s1", "p1", "", "x", "11/24/2026 10:20:00 AM", "Left", "Attendee"],
        ["s2", "p2", "", "x", "11/24/2026 10:50:00 AM", "Left", "Attendee"],
    ]
    report = read_report(samples.commas(rows).encode())
    assert [stays(person) for person in report.people] == [
        ["24 19:00:00-19:20:00"],
        ["24 19:10:00-19:50:00"],
    ]


def test_a_heading_that_is_known_goes_before_one_that_is_guessed() -> None:
    rows = [
        ["所属のメール連絡先", "名前 (元の名前)", "メール", "合計時間 (分)", "ゲスト"],
        ["office@union.example", "髙橋 花", "hana@union.example", "45", "いいえ"],
    ]
    [person] = read_report(samples.commas(rows).encode()).people
    assert person.email == "hana@union.example"


def test_zoom_with_the_meeting_in_every_line() -> None:
    meeting = ["Topic", "Meeting ID", "User Name", "User Email", "Start Time", "End Time"]
    meeting += ["Duration (Minutes)", "Participants"]
    about = ["Law", "812", "Host", "host@union.example", "11/24/2026 06:55:00 PM"]
    about += ["11/24/2026 08:30:00 PM", "95", "1"]
    head = ["Name (Original Name)", "User Email", "Join Time", "Leave Time", "Duration (Minutes)"]
    row = ["Tom", "tom@union.example", "11/24/2026 07:00:00 PM", "11/24/2026 08:00:00 PM", "60"]
    report = read_report(samples.commas([meeting + head, about + row]).encode())
    assert meeting_of(report) == ("Law", "812", "24 18:55:00", "24 20:30:00")
    [person] = report.people
    assert (person.name, person.email) == ("Tom", "tom@union.example")
    assert stays(person) == ["24 19:00:00-20:00:00"]


def test_the_end_of_a_meeting_from_its_length() -> None:
    text = samples.TEAMS_JA_SHORT.replace(
        "開始時刻\t2026/11/24 19:00:00",
        "開始時刻\t2026/11/24 19:00:00\r\n会議の長さ\t1 時間 2 分 0 秒",
    )
    assert meeting_of(read_report(text.encode()))[3] == "24 20:02:00"
