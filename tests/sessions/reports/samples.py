"""Made-up reports, written as the services write them. Nobody in them exists."""

import csv
import io
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")
Rows = Sequence[Sequence[str]]


def tabbed(*lines: Sequence[str]) -> str:
    return "".join("\t".join(line) + "\r\n" for line in lines)


def commas(rows: Iterable[Sequence[str]], *, delimiter: str = ",", end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


def quoted(rows: Iterable[Sequence[str]], *, delimiter: str = "\t") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue()


def utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


TEAMS = tabbed(
    ["1. Summary"],
    ["Meeting title", "Basics of collective bargaining"],
    ["Attended participants", "3"],
    ["Start time", "11/24/26, 6:55:00 PM"],
    ["End time", "11/24/26, 8:35:00 PM"],
    ["Meeting duration", "1h 40m"],
    ["Average attendance time", "1h 5m 3s"],
    [],
    ["2. Participants"],
    [
        "Name",
        "First Join",
        "Last Leave",
        "In-Meeting Duration",
        "Email",
        "Participant ID (UPN)",
        "Role",
    ],
    [
        "Aoki Hana",
        "11/24/26, 6:58:10 PM",
        "11/24/26, 8:31:00 PM",
        "1h 12m 50s",
        "Hana.Aoki@union.example",
        "hana.aoki@union.example",
        "Presenter",
    ],
    [
        '"Baker, Tom"',
        "11/24/26, 7:00:00 PM",
        "11/24/26, 8:30:00 PM",
        "1h 30m",
        "tom@union.example",
        "",
        "Attendee",
    ],
    [
        "Visitor One (Guest)",
        "11/24/26, 7:10:00 PM",
        "11/24/26, 7:40:30 PM",
        "30m 30s",
        "",
        "",
        "Attendee",
    ],
    [],
    ["3. In-Meeting Activities"],
    ["Name", "Join Time", "Leave Time", "Duration", "Email", "Role"],
    [
        "Aoki Hana",
        "11/24/26, 6:58:10 PM",
        "11/24/26, 7:20:00 PM",
        "21m 50s",
        "hana.aoki@union.example",
        "Presenter",
    ],
    [
        "Aoki Hana",
        "11/24/26, 7:40:00 PM",
        "11/24/26, 8:31:00 PM",
        "51m",
        "hana.aoki@union.example",
        "Presenter",
    ],
    [
        '"Baker, Tom"',
        "11/24/26, 7:00:00 PM",
        "11/24/26, 8:30:00 PM",
        "1h 30m",
        "tom@union.example",
        "Attendee",
    ],
    [
        "Visitor One (Guest)",
        "11/24/26, 7:10:00 PM",
        "11/24/26, 7:40:30 PM",
        "30m 30s",
        "",
        "Attendee",
    ],
    [],
    ["4. Meeting Engagement"],
    ["Name", "Raised hands", "Reactions"],
    ["Aoki Hana", "1", "2"],
)

TEAMS_JA_ROWS = [
    ["1. 要約"],
    ["会議のタイトル", '"髙﨑支部 学習会" で会議中'],
    ["出席した参加者", "2"],
    ["開始時刻", "2026/11/24 18:55:00"],
    ["終了時刻", "2026/11/24 20:35:00"],
    ["会議の長さ", "1 時間 40 分 0 秒"],
    [],
    ["2. 参加者"],
    ["名前", "初めての参加", "最終退出", "会議の長さ", "メール", "参加者 ID (UPN)", "役割"],
    [
        "髙橋 花",
        "2026/11/24 18:58:10",
        "2026/11/24 20:31:00",
        "1 時間 12 分 50 秒",
        "hana@union.example",
        "hana@union.example",
        "発表者",
    ],
    [
        "山﨑 太郎（ゲスト）",
        "2026/11/24 19:10:00",
        "2026/11/24 19:40:30",
        "30 分 30 秒",
        "",
        "",
        "出席者",
    ],
    [],
    ["3. 会議中のアクティビティ"],
    ["名前", "参加時刻", "退出時刻", "期間", "メール", "役割"],
    [
        "髙橋 花",
        "2026/11/24 18:58:10",
        "2026/11/24 19:20:00",
        "21 分 50 秒",
        "hana@union.example",
        "発表者",
    ],
    [
        "髙橋 花",
        "2026/11/24 19:40:00",
        "2026/11/24 20:31:00",
        "51 分 0 秒",
        "hana@union.example",
        "発表者",
    ],
    [
        "山﨑 太郎（ゲスト）",
        "2026/11/24 19:10:00",
        "2026/11/24 19:40:30",
        "30 分 30 秒",
        "",
        "出席者",
    ],
]

TEAMS_JA_SHORT = tabbed(
    ["1. 要約"],
    ["会議のタイトル", '"""学習会"" で会議中"'],
    ["開始時刻", "2026/11/24 19:00:00"],
    [],
    ["2. 参加者"],
    ["名前", "メール アドレス", "会議の長さ"],
    ["髙橋 花", "hana@union.example", "1 時間 30 秒"],
    ["山﨑 太郎", "taro@union.example", "58 分 0 秒"],
    [],
    ["3. 会議中のアクティビティ"],
    ["なし"],
)

TEAMS_OLDER = tabbed(
    ["Full Name", "User Action", "Timestamp"],
    ["Aoki Hana", "Joined before", "11/24/2026, 7:00:00 PM"],
    ["Baker Tom", "Joined", "11/24/2026, 7:05:00 PM"],
    ["Baker Tom", "Left", "11/24/2026, 7:15:00 PM"],
    ["Baker Tom", "Joined", "11/24/2026, 7:20:30 PM"],
    ["Aoki Hana", "Left", "11/24/2026, 8:00:59 PM"],
)

TEAMS_2021 = tabbed(
    ["Meeting Summary"],
    ["Total Number of Participants", "2"],
    ["Meeting Title", "Study group"],
    ["Meeting Start Time", "11/24/2026, 6:59:00 PM"],
    ["Meeting End Time", "11/24/2026, 8:01:00 PM"],
    ["Meeting Id", "4f1a"],
    [],
    ["Full Name", "Join Time", "Leave Time", "Duration", "Email", "Role"],
    [
        "Aoki Hana",
        "11/24/2026, 7:00:00 PM",
        "11/24/2026, 7:30:00 PM",
        "30m",
        "hana@union.example",
        "Organizer",
    ],
    [
        "Aoki Hana",
        "11/24/2026, 7:25:00 PM",
        "11/24/2026, 8:00:00 PM",
        "35m",
        "hana@union.example",
        "Organizer",
    ],
)

LIVE_EVENT = commas(
    [
        [
            "SessionId",
            "ParticipantId",
            "FullName",
            "UserAgent",
            "UtcEventTimestamp",
            "Action",
            "Role",
        ],
        ["s1", "p1", "Aoki Hana", "x", "2026-11-24T10:00:00.1234567Z", "Joined", "Attendee"],
        ["s2", "p1", "Aoki Hana", "x", "2026-11-24T10:10:00.0000000Z", "Joined", "Attendee"],
        ["s1", "p1", "Aoki Hana", "x", "2026-11-24T10:20:00.0000000Z", "Left", "Attendee"],
        ["s2", "p1", "Aoki Hana", "x", "2026-11-24T10:50:00.0000000Z", "Left", "Attendee"],
    ]
)

ZOOM_DETAILS = commas(
    [
        ["Topic", "ID", "Host", "Duration (minutes)", "Start time", "End time", "Participants"],
        [
            "Law, part 1",
            "812 3456 7890",
            "Aoki Hana",
            "95",
            "11/24/2026 06:55:00 PM",
            "11/24/2026 08:30:00 PM",
            "4",
        ],
        [],
        [
            "Name (original name)",
            "Email",
            "Join time",
            "Leave time",
            "Duration (minutes)",
            "Guest",
            "Recording disclaimer response",
            "In waiting room",
        ],
        [
            "Tom (Baker Tom)",
            "tom@union.example",
            "11/24/2026 06:50:00 PM",
            "11/24/2026 06:56:00 PM",
            "6",
            "Yes",
            "",
            "Yes",
        ],
        [
            "Tom (Baker Tom)",
            "tom@union.example",
            "11/24/2026 06:56:00 PM",
            "11/24/2026 07:56:30 PM",
            "61",
            "Yes",
            "OK",
            "No",
        ],
        [
            "Tom (Baker Tom)",
            "TOM@union.example",
            "11/24/2026 07:30:00 PM",
            "11/24/2026 08:10:00 PM",
            "40",
            "Yes",
            "OK",
            "No",
        ],
        [
            "Never Let In",
            "",
            "11/24/2026 07:00:00 PM",
            "11/24/2026 07:02:00 PM",
            "2",
            "Yes",
            "",
            "Yes",
        ],
        [
            "iPhone",
            "",
            "11/24/2026 07:00:00 PM",
            "11/24/2026 07:10:00 PM",
            "10",
            "Yes",
            "OK",
            "No",
        ],
    ]
)

ZOOM_SUMMARY = commas(
    [
        ["Topic", "ID", "Host", "Duration (minutes)", "Start time", "End time", "Participants"],
        ["Law", "81234567890", "Aoki", "95", "2026-11-24 18:55:00", "2026-11-24 20:30:00", "2"],
        ["Name (original name)", "Email", "Total duration (minutes)", "Guest"],
        ["Tom", "tom@union.example", "61", "Yes"],
        ["Tom's phone", "Tom@union.example", "12", "Yes"],
        ["Aoki Hana", "hana@union.example", "95", "No"],
    ]
)

ZOOM_2021 = commas(
    [
        [
            "Meeting ID",
            "Topic",
            "Start Time",
            "End Time",
            "User Email",
            "Duration (Minutes)",
            "Participants",
        ],
        [
            "812 3456 7890",
            "Law",
            "11/24/2026 06:55:00 PM",
            "11/24/2026 08:30:00 PM",
            "host@union.example",
            "95",
            "1",
        ],
        [],
        [
            "Name (Original Name)",
            "User Email",
            "Join Time",
            "Leave Time",
            "Duration (Minutes)",
            "Guest",
            "Recording Consent",
        ],
        [
            "Tom",
            "tom@union.example",
            "11/24/2026 07:00:00 PM",
            "11/24/2026 08:00:00 PM",
            "60",
            "Yes",
            "Y",
        ],
    ]
)

ZOOM_JA = commas(
    [
        ["トピック", "ID", "ホスト", "期間 (分)", "開始時刻", "終了時刻", "参加者"],
        [
            "春闘学習会 ①",
            "812 3456 7890",
            "髙橋",
            "95",
            "2026/11/24 18:55:00",
            "2026/11/24 20:30:00",
            "2",
        ],
        [
            "名前 (元の名前)",
            "メール",
            "参加時刻",
            "退出時刻",
            "期間 (分)",
            "ゲスト",
            "レコーディングの免責事項への回答",
            "待機室",
        ],
        [
            "髙﨑 花 (はなこ)",
            "hana@union.example",
            "2026/11/24 19:00:00",
            "2026/11/24 20:00:00",
            "60",
            "はい",
            "OK",
            "いいえ",
        ],
        [
            "山﨑 太郎",
            "taro@union.example",
            "2026/11/24 18:50:00",
            "2026/11/24 18:56:00",
            "6",
            "はい",
            "",
            "はい",
        ],
        [
            "山﨑 太郎",
            "taro@union.example",
            "2026/11/24 18:56:00",
            "2026/11/24 19:26:00",
            "30",
            "はい",
            "OK",
            "いいえ",
        ],
    ]
)

_WEBINAR = [
    "Attended",
    "User Name (Original Name)",
    "First Name",
    "Last Name",
    "Email",
    "Phone",
    "Registration Time",
    "Approval Status",
    "Join Time",
    "Leave Time",
    "Time in Session (minutes)",
    "Is Guest",
    "Which union? (1)",
    "Country/Region Name",
]
ZOOM_WEBINAR = commas(
    [
        ["Attendee Report"],
        ["Report Generated:", "11/25/2026 09:00:00 AM"],
        [
            "Topic",
            "Webinar ID",
            "Actual Start Time",
            "Actual Duration (minutes)",
            "# Registered",
            "# Cancelled",
        ],
        ["Law for all", "812 3456 7890", "11/24/2026 06:55:00 PM", "95", "3", "0"],
        ["Host Details"],
        [
            "Attended",
            "User Name (Original Name)",
            "Email",
            "Join Time",
            "Leave Time",
            "Time in Session (minutes)",
            "Is Guest",
            "Country/Region Name",
        ],
        [
            "Yes",
            "Aoki Hana",
            "hana@union.example",
            "11/24/2026 06:55:00 PM",
            "11/24/2026 08:30:00 PM",
            "95",
            "No",
            "Japan",
        ],
        ["Panelist Details"],
        [
            "Attended",
            "User Name (Original Name)",
            "Email",
            "Join Time",
            "Leave Time",
            "Time in Session (minutes)",
            "Is Guest",
            "Country/Region Name",
        ],
        [
            "Yes",
            "Dr Chen",
            "chen@union.example",
            "11/24/2026 07:00:00 PM",
            "11/24/2026 08:00:00 PM",
            "60",
            "Yes",
            "Japan",
        ],
        ["Attendee Details"],
        _WEBINAR,
        [
            "Yes",
            "Tom",
            "Tom",
            "Baker",
            "tom@union.example",
            "",
            "11/20/2026 10:00:00 AM",
            "approved",
            "11/24/2026 07:00:00 PM",
            "11/24/2026 07:40:00 PM",
            "40",
            "Yes",
            "UA",
            "Japan",
        ],
        [
            "Yes",
            "Tom",
            "Tom",
            "Baker",
            "tom@union.example",
            "",
            "11/20/2026 10:00:00 AM",
            "approved",
            "11/24/2026 07:30:00 PM",
            "11/24/2026 08:00:30 PM",
            "31",
            "Yes",
            "UA",
            "Japan",
        ],
        [
            "No",
            "Dana",
            "Dana",
            "Elm",
            "dana@union.example",
            "",
            "11/20/2026 10:00:00 AM",
            "approved",
            "--",
            "--",
            "--",
            "--",
            "UA",
            "--",
        ],
    ]
)

MEET = commas(
    [
        ["First name", "Last name", "Email", "Duration", "Time joined", "Time exited"],
        [
            "Tom",
            "Baker",
            "tom@union.example",
            "1 hr 2 min",
            "2026-11-24 19:00:00",
            "2026-11-24 20:02:00",
        ],
        [
            "花",
            "髙橋",
            "hana@union.example",
            "45 min",
            "2026-11-24 19:00:00",
            "2026-11-24 19:45:00",
        ],
    ]
)

WEBEX = tabbed(
    [
        "Name",
        "Attendee Email",
        "Meeting Name",
        "Meeting Start Time",
        "Meeting End Time",
        "Attendance Duration",
        "Connection Type",
    ],
    [
        '"Baker, Tom"',
        "tom@union.example",
        "Law",
        '"=""2026-11-24 18:55:00"""',
        "2026-11-24 20:30:00",
        "62 mins",
        "Desktop",
    ],
    [
        "Aoki Hana",
        "hana@union.example",
        "Law",
        "2026-11-24 18:55:00",
        "2026-11-24 20:30:00",
        "95 mins",
        "Desktop",
    ],
)
