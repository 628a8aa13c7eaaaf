from datetime import UTC, datetime, timedelta

import pytest

from lms.kernel.ids import PersonId
from lms.sessions.rules.reconciling import (
    Candidate,
    Fit,
    KnownPeople,
    header_signature,
    identity_of,
    judge_fit,
    latin_words,
    make_candidate,
    match_reported,
    meeting_number,
    number_in_link,
    row_keys,
    suggest_people,
)
from lms.sessions.rules.reports import AttendanceReport, ReportMeeting, ReportPerson, ReportRow

START = datetime(2026, 10, 12, 7, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def report(*pairs: tuple[int, int], number: str = "", times: bool = True) -> AttendanceReport:
    intervals = tuple((at(a), at(b)) for a, b in pairs) if times else ()
    person = ReportPerson("A", "a@demo.example", "", intervals, 60, (1,))
    return AttendanceReport("zoom", "meeting", ReportMeeting("", number), (person,), (), ())


@pytest.mark.parametrize(
    ("pairs", "fit"),
    [
        ([(0, 90)], Fit.FITS),
        ([(-30, 120)], Fit.FITS),
        ([(50, 90)], Fit.FITS),
        ([(-1440, -1350)], Fit.OTHER_TIME),
        ([(90, 180)], Fit.OTHER_TIME),  # the next session of the day
        ([(80, 170)], Fit.PARTLY),
    ],
)
def test_a_report_of_another_time_is_known_as_such(pairs: list[tuple[int, int]], fit: Fit) -> None:
    assert judge_fit(report(*pairs), START, END, ()) is fit


def test_a_report_of_another_meeting_is_known_by_its_number() -> None:
    one = report((0, 90), number="812 3456 7890")

    assert judge_fit(one, START, END, ["81234567890"]) is Fit.FITS
    assert judge_fit(one, START, END, ["", "11122233344"]) is Fit.OTHER_MEETING
    assert judge_fit(one, START, END, [""]) is Fit.FITS  # a link of another kind tells nothing
    assert judge_fit(report((200, 290), number="1"), START, END, ["2"]) is Fit.OTHER_TIME


def test_a_report_without_times_has_to_be_confirmed() -> None:
    assert judge_fit(report(times=False), START, END, ()) is Fit.NO_TIME
    meeting = ReportMeeting("", "", at(0), at(90))
    told = AttendanceReport("zoom", "x", meeting, report(times=False).people, (), ())
    assert judge_fit(told, START, END, ()) is Fit.FITS


@pytest.mark.parametrize(
    ("link", "number"),
    [
        ("https://zoom.example/j/81234567890?pwd=x", "81234567890"),
        ("https://zoom.example/w/81234567890", "81234567890"),
        ("https://meet.example/j/canary-4711", ""),
        ("", ""),
    ],
)
def test_number_in_link(link: str, number: str) -> None:
    assert number_in_link(link) == number


def test_meeting_number_in_any_width() -> None:
    assert meeting_number("８１２ 3456-7890") == "81234567890"
    assert meeting_number("MCID_1") == ""


def test_only_what_is_certain_is_matched() -> None:
    mine, hers = PersonId("p1"), PersonId("p2")
    known = KnownPeople(
        registrants={"r1": mine},
        aliases={"home@demo.example": hers},
        addresses={
            "one@demo.example": frozenset({mine}),
            "shared@demo.example": frozenset({mine, hers}),
            "home@demo.example": frozenset({mine}),
        },
    )

    assert match_reported("", "r1", known) == (mine, "registrant")
    assert match_reported("one@demo.example", "", known) == (mine, "address")
    assert match_reported("home@demo.example", "", known) == (hers, "alias")
    assert match_reported("shared@demo.example", "", known) is None
    assert match_reported("else@demo.example", "r9", known) is None
    assert match_reported("", "", known) is None


def test_the_same_line_twice_is_two_lines_and_known_again() -> None:
    line = ReportRow(1, "A", "a@demo.example", "", at(0), at(10), 10)
    again = ReportRow(2, "A", "a@demo.example", "", at(0), at(10), 10)
    moved = ReportRow(7, "A", "a@demo.example", "", at(0), at(10), 10)

    keys = row_keys([line, again])
    assert keys[1] != keys[2]
    assert row_keys([moved])[7] == keys[1]


def test_identity_is_the_address_before_the_name() -> None:
    assert identity_of("A", "a@x", "") == identity_of("B", "a@x", "9")
    assert identity_of("A", "", "9") == identity_of("B", "", "9")
    assert identity_of("A", "", "") != identity_of("B", "", "")
    assert identity_of("9", "", "") != identity_of("A", "", "9")


def test_headings_are_known_in_any_width_and_case() -> None:
    assert header_signature(["氏名", "Ｅメール "]) == header_signature(["氏名", "eメール"])
    assert header_signature(["A", "B"]) != header_signature(["B", "A"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サトウ", "Sato"),
        ("サトウ", "Satoh"),
        ("さとう", "SATOU"),
        ("ショウジ", "Shoji"),
        ("チバ", "Chiba"),
        ("ツジ", "Tsuji"),
        ("フジタ", "Fujita"),
        ("ナンバ", "Namba"),
        ("ハットリ", "Hattori"),
        ("ジュンイチ", "Jun'ichi"),
        ("キョウコ", "Kyoko"),
        ("オオノ", "Ohno"),
        ("ﾜﾀﾅﾍﾞ", "Watanabe"),
    ],
)
def test_kana_and_latin_meet_in_one_spelling(one: str, other: str) -> None:
    assert latin_words(one) == latin_words(other)


YAMASE = make_candidate(
    PersonId("yamase"),
    [("山瀬", "春夫"), ("ヤマセ", "ハルオ"), ("", "")],
    [],
    ["全日本架空電機労働組合", "架空電機"],
)
TAKAMORI = make_candidate(
    PersonId("takamori"),
    [("髙森", "夏子"), ("タカモリ", "ナツコ"), ("Takamori", "Natsuko")],
    [],
    [],
)
AMINAH = make_candidate(PersonId("aminah"), [], ["Aminah binti Salleh"], [])
PEOPLE: list[Candidate] = [YAMASE, TAKAMORI, AMINAH]


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("山瀬春夫", "yamase"),
        ("山瀬　春夫（架空電機）", "yamase"),
        ("春夫 山瀬", "yamase"),
        ("ﾔﾏｾ ﾊﾙｵ", "yamase"),
        ("やませ はるお", "yamase"),
        ("Haruo YAMASE", "yamase"),
        ("【架空電機】03_山瀬", "yamase"),
        ("高森夏子", "takamori"),
        ("Natuko Takamori", "takamori"),
        ("takamori", "takamori"),
        ("aminah salleh", "aminah"),
        ("Aminah Binti Salleh (Guest)", "aminah"),
    ],
)
def test_the_likeliest_comes_first(name: str, who: str) -> None:
    found = suggest_people(name, PEOPLE)

    assert found
    assert found[0].person_id == who


def test_strangers_are_not_suggested() -> None:
    assert suggest_people("iPhone", PEOPLE) == ()
    assert suggest_people("鈴木一郎", PEOPLE) == ()
    assert suggest_people("", PEOPLE) == ()
    assert suggest_people("・・", PEOPLE) == ()


def test_the_organisation_decides_between_equals() -> None:
    twin = make_candidate(PersonId("a-twin"), [("山瀬", "春夫")], [], ["虚構鉄鋼"])

    assert [each.person_id for each in suggest_people("山瀬春夫 架空電機", [twin, YAMASE])] == [
        "yamase",
        "a-twin",
    ]
