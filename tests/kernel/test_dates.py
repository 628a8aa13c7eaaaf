from datetime import date, time

import pytest

from lms.kernel.dates import DateFaultError, format_day, read_day, read_time


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-12",
        "2026/10/12",
        "2026.10.12",
        "２０２６－１０－１２",
        "2026年10月12日",
        "２０２６年１０月１２日（月）",
        "令和8年10月12日",
        "R8.10.12",
        "Ｒ８．１０．１２",
        " 2026−10−12 ",
    ],
)
def test_a_day_in_any_hand(text: str) -> None:
    assert read_day(text) == date(2026, 10, 12)


def test_the_first_year_of_an_era() -> None:
    assert read_day("令和元年5月1日") == date(2019, 5, 1)


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("2026-02-30", True),
        ("令和8年13月1日", True),
        ("0000-01-01", True),
        ("1867-12-31", True),
        ("2300-01-01", True),
        ("9999-12-31", True),
        ("12.10.2026", False),
        ("tomorrow", False),
        ("", False),
        ("二〇二六年十月十二日", False),
        ("2026-10-12\x00", False),
    ],
)
def test_what_is_no_day_says_whether_it_could_be_read(text: str, readable: bool) -> None:
    with pytest.raises(DateFaultError) as caught:
        read_day(text)
    assert caught.value.readable is readable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:00", time(10)),
        ("１０：３０", time(10, 30)),
        ("10時30分", time(10, 30)),
        ("9時", time(9)),
        ("0:05", time(0, 5)),
    ],
)
def test_a_time_in_any_hand(text: str, expected: time) -> None:
    assert read_time(text) == expected


@pytest.mark.parametrize(
    ("text", "readable"), [("24:00", True), ("10:60", True), ("10:", False), ("noon", False)]
)
def test_what_is_no_time_says_whether_it_could_be_read(text: str, readable: bool) -> None:
    with pytest.raises(DateFaultError) as caught:
        read_time(text)
    assert caught.value.readable is readable


def test_a_day_as_readers_expect_it() -> None:
    day = date(2026, 10, 12)
    assert format_day(day, "ja") == "2026年10月12日(月)"
    assert format_day(day, "ja", year=False, weekday=False) == "10月12日"
    assert format_day(day, "en") == "12 October 2026 (Mon)"
    assert format_day(day, "en", year=False, weekday=False) == "12 October"


def test_a_written_day_is_read_again() -> None:
    for month in range(1, 13):
        day = date(2026, month, 28)
        assert read_day(format_day(day, "ja")) == day
