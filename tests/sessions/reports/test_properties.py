"""What holds for any report: how it is written down changes nothing; minutes are the union."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from lms.sessions.rules.reports import (
    AttendanceReport,
    ReportUnreadableError,
    read_report,
)
from tests.sessions.reports import samples
from tests.sessions.reports.reading import stays

START = datetime(2026, 11, 24, 10, tzinfo=samples.TOKYO)
HEADS = {
    "name": ["Name (original name)", "名前 (元の名前)", "NAME (Original Name)"],
    "email": ["Email", "メール", "User e-mail"],
    "joined": ["Join time", "参加時刻", "JOIN TIME"],
    "left": ["Leave time", "退出時刻", "Leave  Time"],
    "duration": ["Duration (minutes)", "期間 (分)", "Duration"],
    "waiting": ["In waiting room", "待機室", "in Waiting Room"],
    "extra": ["Remark", "備考", "Recording disclaimer response"],
}
# Characters of all encodings that are tried, and some that only CP932 and Unicode have.
LETTERS = "abcXYZ 髙﨑山花太郎ｶﾅかなー①㈱"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"]
FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S"]


@st.composite
def stays_of_people(draw: st.DrawFn) -> list[dict[str, str | int | bool]]:
    people = draw(
        st.lists(
            st.tuples(
                st.text(LETTERS, min_size=1, max_size=8).map(lambda t: f"x{t}x"), st.booleans()
            ),
            min_size=1,
            max_size=5,
            unique_by=lambda pair: pair[0],
        )
    )
    rows: list[dict[str, str | int | bool]] = []
    for number, (name, has_email) in enumerate(people):
        for _ in range(draw(st.integers(1, 5))):
            start = draw(st.integers(0, 7200))
            rows.append(
                {
                    "name": name,
                    "email": f"p{number}@union.example" if has_email else "",
                    "start": start,
                    "end": start + draw(st.integers(0, 7200)),
                    "waiting": draw(st.integers(0, 9)) == 0,
                }
            )
    return rows


def write(
    rows: list[dict[str, str | int | bool]],
    chance: random.Random,
    *,
    style: int,
    columns: list[str],
    time_format: str,
    delimiter: str = ",",
) -> str:
    lines = [[HEADS[column][style] for column in columns]]
    for row in rows:
        start, end = int(row["start"]), int(row["end"])
        cells = {
            "name": str(row["name"]),
            "email": str(row["email"]).upper() if chance.random() < 0.5 else str(row["email"]),
            "joined": (START + timedelta(seconds=start)).strftime(time_format),
            "left": (START + timedelta(seconds=end)).strftime(time_format),
            "duration": str((end - start + 59) // 60),
            "waiting": "Yes" if row["waiting"] else "No",
            "extra": chance.choice(["", 'a "b", c', "1;2"]),
        }
        lines.append([cells[column] for column in columns])
        if chance.random() < 0.1:
            lines.append([])
    return samples.commas(lines, delimiter=delimiter, end=chance.choice(["\n", "\r\n", "\r"]))


def understood(report: AttendanceReport) -> object:
    return sorted((p.name, p.email, stays(p), p.minutes, len(p.rows)) for p in report.people)


def expected(rows: list[dict[str, str | int | bool]]) -> object:
    """By hand: every second counted once."""
    people: dict[tuple[str, str], list[set[int]]] = {}
    names: dict[tuple[str, str], str] = {}
    for row in rows:
        if row["waiting"]:
            continue
        key = str(row["email"]), "" if row["email"] else " ".join(str(row["name"]).split())
        people.setdefault(key, []).append(set(range(int(row["start"]), int(row["end"]))))
        names[key] = str(row["name"])
    return sorted(
        (names[key], key[0], len(set().union(*seconds)) // 60, len(seconds))
        for key, seconds in people.items()
    )


@settings(max_examples=60, deadline=None)
@given(
    rows=stays_of_people(),
    chance=st.randoms(use_true_random=False),
    style=st.integers(0, 2),
    time_format=st.sampled_from(FORMATS),
    written=st.tuples(st.sampled_from(",;\t"), st.sampled_from(ENCODINGS)),
)
def test_writing_it_another_way_changes_nothing_and_minutes_are_the_union(
    rows: list[dict[str, str | int | bool]],
    chance: random.Random,
    style: int,
    time_format: str,
    written: tuple[str, str],
) -> None:
    delimiter, encoding = written
    plain = write(rows, chance, style=0, columns=list(HEADS), time_format=FORMATS[0])
    first = read_report(plain.encode())
    assert sorted((p.name, p.email, p.minutes, len(p.rows)) for p in first.people) == expected(rows)

    shuffled, columns = list(rows), list(HEADS)
    chance.shuffle(shuffled)
    chance.shuffle(columns)
    other = write(
        shuffled, chance, style=style, columns=columns, time_format=time_format, delimiter=delimiter
    )
    assert understood(read_report(other.encode(encoding))) == understood(first)


@settings(max_examples=60, deadline=None)
@given(rows=stays_of_people())
def test_intervals_are_sorted_disjoint_and_as_long_as_the_minutes(
    rows: list[dict[str, str | int | bool]],
) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    text = write(rows, chance, style=0, columns=list(HEADS), time_format=FORMATS[0])
    for person in read_report(text.encode()).people:
        ends = [end for _start, end in person.intervals]
        starts = [start for start, _end in person.intervals]
        assert all(start < end for start, end in person.intervals)
        assert all(end < start for end, start in zip(ends, starts[1:], strict=False))
        total = sum((end - start for start, end in person.intervals), timedelta())
        assert person.minutes == total // timedelta(minutes=1)


SAMPLES = [
    samples.utf16(samples.TEAMS),
    samples.quoted(samples.TEAMS_JA_ROWS).encode(),
    samples.TEAMS_OLDER.encode(),
    samples.LIVE_EVENT.encode(),
    samples.ZOOM_DETAILS.encode(),
    samples.ZOOM_JA.encode("cp932"),
    samples.ZOOM_WEBINAR.encode(),
    samples.MEET.encode(),
    samples.utf16(samples.WEBEX),
]


@settings(max_examples=300, deadline=None)
@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_a_damaged_file_is_read_or_refused(sample: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, max(0, len(damaged) - 1)))
        what = data.draw(st.sampled_from(["change", "cut", "double", "drop"]))
        if what == "change" and damaged:
            damaged[place] = data.draw(st.integers(0, 255))
        elif what == "cut":
            del damaged[place:]
        elif what == "double":
            damaged[place:place] = damaged[place : place + 200]
        else:
            del damaged[place : place + data.draw(st.integers(1, 40))]
    try:
        report = read_report(bytes(damaged))
    except ReportUnreadableError:
        return
    for person in report.people:
        assert person.name or person.email or person.registrant_id
        assert person.minutes >= 0


TRICKY = [
    "12/1/26, 1:05:00 PM",
    "14/11/22, 09:29:07",
    "99/99/99 9:99",
    "0/0/0 0:00",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "1h",
    "--",
    "Yes",
]


def _holds_together(data: bytes) -> None:
    """What is read of anything is a report that can be applied; else a sentence says why not."""
    try:
        report = read_report(data)
    except ReportUnreadableError:
        return
    numbers = {row.number for row in report.rows}
    for person in report.people:
        assert person.name or person.email or person.registrant_id
        assert person.rows
        assert set(person.rows) <= numbers
        assert person.minutes >= 0
        assert all(start < end for start, end in person.intervals)
        assert all(a[1] < b[0] for a, b in pairwise(person.intervals))


@settings(max_examples=200, deadline=None)
@given(
    cells=st.lists(
        st.lists(
            st.one_of(
                st.text(max_size=12),
                st.sampled_from(TRICKY),
            ),
            min_size=6,
            max_size=6,
        ),
        max_size=5,
    )
)
def test_any_cells_are_read_or_refused(cells: list[list[str]]) -> None:
    head = [
        "Name (original name)",
        "Email",
        "Join time",
        "Leave time",
        "Duration (minutes)",
        "Guest",
    ]
    text = samples.commas([head, *cells])
    _holds_together(text.encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _holds_together(data)
