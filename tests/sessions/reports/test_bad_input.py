"""Files that are damaged, of something else, or lie: a clear refusal or a clear warning."""

import io
import zipfile
from time import process_time

import pytest
import xlsxwriter

from lms.sessions.rules.reports import (
    Column,
    ColumnMapping,
    ReportUnreadableError,
    Unreadable,
    Warned,
    read_report,
    refusal_sentence,
    warning_sentence,
)
from lms.sessions.rules.reports import report as report_module
from lms.sessions.rules.reports import tables as tables_module
from tests.sessions.reports import samples
from tests.sessions.reports.reading import stays, warned

ZOOM_HEAD = [
    "Name (original name)",
    "Email",
    "Join time",
    "Leave time",
    "Duration (minutes)",
    "Guest",
]


def refused(data: bytes, mapping: ColumnMapping | None = None) -> ReportUnreadableError:
    with pytest.raises(ReportUnreadableError) as caught:
        read_report(data, mapping=mapping)
    sentence = refusal_sentence(caught.value)
    assert sentence.endswith(".")
    assert "{rows}" not in sentence
    return caught.value


def zoom(*rows: list[str], head: list[str] = ZOOM_HEAD) -> bytes:
    return samples.commas([head, *rows]).encode()


# What the file is


@pytest.mark.parametrize("data", [b"", b"\n\r\n \t ,,\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty(data: bytes) -> None:
    assert refused(data).code is Unreadable.EMPTY


def test_something_else() -> None:
    error = refused(b"product,price\nnails,3\n")
    assert (error.code, error.headers) == (Unreadable.UNKNOWN, ("product", "price"))
    assert "product, price" in refusal_sentence(error)
    assert refused(b"Dear all,\nthe meeting is at seven.\n").code is Unreadable.UNKNOWN
    assert refused(b'{"people": []}').code is Unreadable.UNKNOWN


def test_a_list_of_meetings_is_no_report_of_one() -> None:
    rows = [
        [
            "Topic",
            "Meeting ID",
            "User Name",
            "User Email",
            "Start Time",
            "End Time",
            "Participants",
        ],
        ["Law", "1", "Aoki", "a@union.example", "11/24/2026 7:00 PM", "11/24/2026 8:00 PM", "3"],
    ]
    assert refused(samples.commas(rows).encode()).code is Unreadable.UNKNOWN


def test_a_list_of_registrants_lacks_times() -> None:
    error = refused(b"Email,First Name,Last Name\na@union.example,Hana,Aoki\n")
    assert error.code is Unreadable.COLUMNS
    assert error.params["missing"] == "joined, left, duration"


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\n\xe2\xe3\xcf\xd3\n", b"a,b\0c,d\n"]
)
def test_no_text(data: bytes) -> None:
    assert refused(data).code in {Unreadable.FORMAT, Unreadable.ENCODING, Unreadable.UNKNOWN}


def test_too_large_and_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "MAX_ROWS", 3)
    row = ["Ann", "ann@union.example", "", "", "5", "No"]
    assert refused(zoom(row, row, row)).code is Unreadable.TOO_LONG
    monkeypatch.setattr(tables_module, "MAX_BYTES", 100)
    assert refused(zoom(row, row, row)).code is Unreadable.TOO_LARGE


# Encodings


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"]
TEXTS = {
    "teams": samples.TEAMS,
    "teams ja": samples.quoted(samples.TEAMS_JA_ROWS),
    "zoom ja": samples.ZOOM_JA,
    "webinar": samples.ZOOM_WEBINAR,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_every_encoding_and_line_end_gives_the_same(encoding: str, text: str) -> None:
    expected = read_report(text.encode("utf-8"))
    assert read_report(text.encode(encoding)) == expected
    assert read_report(text.replace("\r\n", "\n").encode(encoding)) == expected
    assert read_report(text.replace("\r\n", "\r").encode(encoding)) == expected


def test_big_endian_with_a_bom() -> None:
    data = b"\xfe\xff" + samples.ZOOM_JA.encode("utf-16-be")
    assert read_report(data) == read_report(samples.ZOOM_JA.encode())


@pytest.mark.parametrize("first", ["utf-8", "utf-8-sig", "cp932"])
def test_two_encodings_in_one_file(first: str) -> None:
    head, _newline, rows = samples.ZOOM_JA.partition("髙﨑")
    second = "cp932" if first != "cp932" else "utf-8"
    error = refused(head.encode(first) + ("髙﨑" + rows).encode(second))
    assert error.code is Unreadable.ENCODING
    assert error.params["row"] == 4
    assert "line 4" in refusal_sentence(error)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_that_is_cut_within_a_character(encoding: str) -> None:
    data = samples.ZOOM_JA.encode(encoding)
    place = data.rindex(
        "山".encode("utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig"))
    )
    assert refused(data[: place + 1]).code is Unreadable.ENCODING


def test_a_character_of_no_encoding() -> None:
    data = samples.ZOOM_JA.encode("cp932").replace("花".encode("cp932"), b"\xff\xff")
    assert refused(data).code is Unreadable.ENCODING


WESTERN = [
    ["José García", "jose@union.example"],
    ["Andrés Núñez", "andres@union.example"],
    ["Zoë Müller", "zoe@union.example"],
    ["Éléonore Ça va", "eleonore@union.example"],
    ["João São Paulo – O’Neil", "joao@union.example"],
]


def western(encoding: str) -> bytes:
    tail = ["2026-11-24 19:00:00", "2026-11-24 20:00:00", "60", "No"]
    return zoom(*([*row, *tail] for row in WESTERN)).decode().encode(encoding)


def test_letters_of_western_europe_are_read_with_a_warning() -> None:
    report = read_report(western("cp1252"))
    assert [one.name for one in report.people] == [name for name, _email in WESTERN]
    [warning] = [one for one in report.warnings if one.code is Warned.ENCODING_GUESSED]
    assert "Windows-1252" in warning_sentence(warning)
    plain = read_report(western("utf-8"))
    assert plain.people == report.people
    assert Warned.ENCODING_GUESSED not in {one.code for one in plain.warnings}


@pytest.mark.parametrize("name", ["José", "Andrés", "François", "Åsa", "Nuñez", "Zoë", "Straße"])
def test_one_name_with_marks_is_enough(name: str) -> None:
    row = [name, "a@union.example", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "60", "No"]
    [person] = read_report(zoom(row).decode().encode("cp1252")).people
    assert person.name == name


@pytest.mark.parametrize("name", ["山田 太郎", "ﾔﾏﾀﾞ ﾀﾛｳ", "A社 山田", "田 A", "①山田", "髙﨑"])
def test_japanese_stays_japanese(name: str) -> None:
    row = [name, "a@union.example", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "60", "No"]
    report = read_report(zoom(row).decode().encode("cp932"))
    assert [one.name for one in report.people] == [name]
    assert Warned.ENCODING_GUESSED not in {one.code for one in report.warnings}


# Columns


def test_columns_that_cannot_be_done_without() -> None:
    row = ["Ann", "ann@union.example", "2026-11-24 19:00:00"]
    error = refused(zoom(row, head=["Name (original name)", "Email", "Join time"]))
    assert (error.code, error.params["missing"]) == (Unreadable.COLUMNS, "left")
    error = refused(zoom(row[::-1], head=["Leave time", "Email", "Name (original name)"]))
    assert (error.code, error.params["missing"]) == (Unreadable.COLUMNS, "joined")
    error = refused(zoom(["2026-11-24 19:00:00", "5"], head=["Join time", "Duration (minutes)"]))
    assert (error.code, error.params["missing"]) == (Unreadable.COLUMNS, "name, email")
    assert error.headers == ("Join time", "Duration (minutes)")


def test_a_missing_end_is_reckoned_from_the_duration_and_told() -> None:
    head = ["Name (original name)", "Email", "Join time", "Duration (minutes)", "Guest"]
    report = read_report(
        zoom(["Ann", "a@union.example", "2026-11-24 19:00:00", "30", "No"], head=head)
    )
    assert stays(report.people[0]) == ["24 19:00:00-19:30:00"]
    assert warned(report) == {"column_missing"}


def test_missing_addresses_and_missing_names() -> None:
    head = ["Name (original name)", "Total duration (minutes)", "Guest"]
    assert warned(read_report(zoom(["Ann", "5", "No"], head=head))) == {"no_email"}
    head = ["Email", "Total duration (minutes)", "Guest"]
    report = read_report(zoom(["ann@union.example", "5", "No"], head=head))
    assert [(p.name, p.email, p.minutes) for p in report.people] == [("", "ann@union.example", 5)]


# Rows


def test_a_row_that_ends_before_it_starts_is_told_and_not_counted() -> None:
    good = ["Ann", "ann@union.example", "2026-11-24 19:00:00", "2026-11-24 19:30:00", "30", "No"]
    bad = ["Ann", "ann@union.example", "2026-11-24 20:00:00", "2026-11-24 19:40:00", "20", "No"]
    only = ["Bob", "bob@union.example", "2026-11-24 20:00:00", "2026-11-24 19:40:00", "20", "No"]
    report = read_report(zoom(good, bad, only))
    assert [(p.name, p.minutes) for p in report.people] == [("Ann", 30), ("Bob", 0)]
    [warning] = report.warnings
    assert (warning.code, warning.params["rows"]) == (Warned.ENDS_BEFORE_START, "3, 4")
    assert warning_sentence(warning) == "The end lies before the start; not counted. Rows: 3, 4."


def test_times_and_durations_that_cannot_be_read() -> None:
    report = read_report(
        zoom(
            ["Ann", "ann@union.example", "soon", "later", "30", "No"],
            ["Bob", "bob@union.example", "31/31/2026 19:00", "2026-11-24 20:00:00", "x", "No"],
        )
    )
    assert [(p.name, p.intervals, p.minutes) for p in report.people] == [
        ("Ann", (), 30),
        ("Bob", (), 0),
    ]
    assert warned(report) == {"time_unreadable", "duration_unreadable", "never_joined"}


def test_rows_without_a_time_and_without_a_person() -> None:
    report = read_report(
        zoom(
            ["Ann", "ann@union.example", "", "", "", "No"],
            ["", "", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "60", "No"],
            ["Bob", "at home", "2026-11-24 19:00:00", "2026-11-24 20:00:00", "60", "No"],
        )
    )
    assert [(p.name, p.email, p.minutes) for p in report.people] == [
        ("Ann", "ann@union.example", 0),
        ("Bob", "", 60),
    ]
    assert warned(report) == {"no_time", "nobody_named", "bad_email", "no_email"}


def test_a_day_far_from_the_meeting_is_told() -> None:
    text = samples.ZOOM_2021.replace("11/24/2026 07:00:00 PM", "11/20/2026 07:00:00 PM")
    text = text.replace("11/24/2026 08:00:00 PM", "11/20/2026 08:00:00 PM")
    assert warned(read_report(text.encode())) == {"outside_meeting"}


def test_a_meeting_that_ends_before_it_starts() -> None:
    text = samples.ZOOM_2021.replace("11/24/2026 08:30:00 PM", "11/24/2026 05:30:00 PM")
    report = read_report(text.encode())
    assert report.meeting.ends_at is None
    assert "meeting_reversed" in warned(report)


def test_unreadable_times_of_the_meeting_name_their_line() -> None:
    text = samples.ZOOM_2021.replace("11/24/2026 08:30:00 PM", "late")
    [warning] = read_report(text.encode()).warnings
    assert (warning.code, warning.params["rows"]) == (Warned.TIME_UNREADABLE, "2")


def test_nobody_came() -> None:
    report = read_report(zoom())
    assert (report.people, warned(report)) == ((), {"nobody"})


def test_one_address_under_several_names() -> None:
    head = ["Name (original name)", "Email", "Total duration (minutes)", "Guest"]
    report = read_report(
        zoom(
            ["Ann", "office@union.example", "5", "No"],
            ["Bob", "office@union.example", "9", "No"],
            head=head,
        )
    )
    [warning] = report.warnings
    assert (warning.code, warning.params["names"]) == (Warned.NAMES_DIFFER, "office@union.example")


def test_many_rows_are_told_in_one_short_sentence() -> None:
    rows = [[f"P{n}", f"p{n}@union.example", "x", "x", "1", "No"] for n in range(50)]
    [warning] = read_report(zoom(*rows)).warnings
    assert warning.params["count"] == 50
    assert warning.params["rows"] == "2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"


# Form


def test_a_quotation_that_never_closes_spoils_one_line_only() -> None:
    text = samples.tabbed(
        ["Name", "Email", "In-Meeting Duration"],
        ['"Ann', "ann@union.example", "5m"],
        ["Bob", "bob@union.example", "6m"],
    )
    report = read_report(text.encode())
    assert [(p.name, p.minutes) for p in report.people] == [("Ann", 5), ("Bob", 6)]
    assert warned(report) == {"quote_open"}


def test_inches_are_no_quotation() -> None:
    text = samples.tabbed(
        ["Name", "Email", "In-Meeting Duration"],
        ['Ann 5" (room)', "ann@union.example", "5m"],
        ["Bob", "bob@union.example", "6m"],
    )
    report = read_report(text.encode())
    assert [p.name for p in report.people] == ['Ann 5" (room)', "Bob"]
    assert warned(report) == set()


def test_a_cell_of_several_lines() -> None:
    rows = [
        ZOOM_HEAD,
        ["Ann\nAoki", "ann@union.example", "", "", "5", "No"],
        ["Bob", "b@union.example", "", "", "6", "No"],
    ]
    report = read_report(samples.commas(rows).encode())
    assert [(p.name, p.minutes) for p in report.people] == [("Ann\nAoki", 5), ("Bob", 6)]
    assert [row.number for row in report.rows] == [2, 4]


def test_preamble_order_case_and_more_columns_change_nothing() -> None:
    rows = [
        ["sep=,"],
        ["Exported by the office"],
        [],
        ["", "GUEST", "leave TIME", "Ｅｍａｉｌ", "Remark", "join time", "NAME (ORIGINAL NAME)"],
        [],
        [
            "1",
            "No",
            "2026-11-24 20:00:00",
            "Ann@Union.example",
            "came by bus",
            "2026-11-24 19:00:00",
            "Ann",
        ],
    ]
    for delimiter in ",;\t":
        report = read_report(samples.commas(rows, delimiter=delimiter, end="\n").encode())
        [person] = report.people
        assert (report.service, person.name, person.email) == ("zoom", "Ann", "ann@union.example")
        assert stays(person) == ["24 19:00:00-20:00:00"]


def test_cells_beyond_all_measure_take_no_time() -> None:
    wide = "a" + " " * 200_000 + "b"
    rows = [ZOOM_HEAD, [wide, wide, wide, wide, wide, wide], ["Bob", "", "", "", "6", "No"]]
    before = process_time()
    report = read_report(samples.commas(rows).encode())
    assert process_time() - before < 2
    assert report.people[-1].name == "Bob"
    assert all(len(warning_sentence(warning)) < 400 for warning in report.warnings)


# Workbooks


def workbook(rows: samples.Rows, *, hidden: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    if hidden:
        book.add_worksheet("old").write_string(0, 0, "x")
    sheet = book.add_worksheet()
    if hidden:
        sheet.activate()
        book.worksheets()[0].hide()
        sheet.set_first_sheet()
    moment = book.add_format({"num_format": "yyyy/m/d h:mm:ss"})
    length = book.add_format({"num_format": "[h]:mm:ss"})
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell.startswith("@"):
                sheet.write_number(y, x, float(cell[1:]), moment)
            elif cell.startswith("~"):
                sheet.write_number(y, x, float(cell[1:]), length)
            else:
                sheet.write(y, x, cell if not cell.isdigit() else int(cell))
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("hidden", [False, True])
def test_a_report_saved_as_a_workbook(*, hidden: bool) -> None:
    # 46350 is 24 November 2026.
    rows = [
        ["Name (original name)", "Email", "Join time", "Leave time", "Duration (minutes)", "Guest"],
        ["髙﨑 花", "hana@union.example", f"@{46350 + 19 / 24}", f"@{46350 + 20 / 24}", "60", "No"],
    ]
    report = read_report(workbook(rows, hidden=hidden), filename="report.xlsx")
    assert (report.service, stays(report.people[0])) == ("zoom", ["24 19:00:00-20:00:00"])
    assert warned(report) == set()


def test_durations_of_a_workbook() -> None:
    rows = [["名前", "メール", "会議の長さ"], ["花", "hana@union.example", f"~{1.5 / 24}"]]
    assert read_report(workbook(rows)).people[0].minutes == 90


def test_a_workbook_that_keeps_whole_lines_in_its_first_column() -> None:
    rows = [[line] for line in samples.ZOOM_2021.splitlines() if line]
    report = read_report(workbook(rows))
    assert stays(report.people[0]) == ["24 19:00:00-20:00:00"]


def test_workbooks_that_cannot_be_opened() -> None:
    assert refused(b"PK\x03\x04 nothing").code is Unreadable.BROKEN
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert refused(out.getvalue()).code is Unreadable.BROKEN
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600).code is Unreadable.LOCKED


def test_a_workbook_with_a_cell_in_its_last_corner() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write(0, 0, "Name")
    sheet.write(1_000_000, 16_000, "x")
    book.close()
    assert refused(out.getvalue()).code is Unreadable.TOO_LONG


# Columns named by hand


MAPPED = samples.commas(
    [
        ["Report of the hall's own system"],
        ["Who", "Mail of who", "In", "Out", "No."],
        ["Ann", "ANN@union.example", "2026-11-24 19:00", "2026-11-24 20:00", "r7"],
    ]
).encode()


def test_a_mapping_names_the_columns() -> None:
    assert refused(MAPPED).headers == ("Who", "Mail of who", "In", "Out", "No.")
    mapping = ColumnMapping(
        {
            Column.NAME: "who",
            Column.EMAIL: "Mail of who",
            Column.JOINED: "IN",
            Column.LEFT: "out",
            Column.REGISTRANT_ID: "No.",
        }
    )
    report = read_report(MAPPED, mapping=mapping)
    assert (report.service, report.report) == ("generic", "mapped")
    [person] = report.people
    assert (person.email, person.registrant_id) == ("ann@union.example", "r7")
    assert stays(person) == ["24 19:00:00-20:00:00"]


def test_a_mapping_that_does_not_fit() -> None:
    error = refused(MAPPED, ColumnMapping({Column.NAME: "Who", Column.DURATION: "Stay"}))
    assert (error.code, error.params["missing"]) == (Unreadable.MAPPING, "Stay")
    for headers in ({Column.NAME: "Who", Column.JOINED: "In"}, {Column.DURATION: "In"}, {}):
        assert refused(MAPPED, ColumnMapping(headers)).code is Unreadable.MAPPING


def test_an_unknown_zone() -> None:
    with pytest.raises(ReportUnreadableError) as caught:
        read_report(samples.ZOOM_2021.encode(), zone="Moon/Crater")
    assert "Moon/Crater" in refusal_sentence(caught.value)


def test_every_code_has_its_sentence() -> None:
    params = dict.fromkeys(
        ["order", "example", "read_as", "rows", "zone", "names", "missing", "count"], "x"
    )
    for code in Warned:
        assert warning_sentence(report_module.ReportWarning(code, params)).endswith(".")
    for refusal in Unreadable:
        error = ReportUnreadableError(refusal, headers=("a",), most=1, row=1, missing="x", zone="z")
        assert refusal_sentence(error).endswith(".")
