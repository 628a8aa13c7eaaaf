"""Tickets, what they mean at the desk, who is where, and how people sit."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.ids import new_id
from lms.sessions.rules.checking_in import (
    PaperFault,
    Shown,
    ShownFacts,
    Where,
    find_where,
    is_desk_open,
    judge_paper_time,
    judge_shown,
    seat_in_order,
    seat_mixed,
)
from lms.sessions.rules.tickets import (
    MOST_ISSUES,
    Ticket,
    clean_code,
    looks_like_ticket,
    read_ticket,
    short_code,
    ticket_text,
)
from tests.sessions.conftest import ENDS_AT, STARTS_AT

SECRET, OTHER = b"s" * 32, b"o" * 32
QR_ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def test_a_ticket_gives_its_enrolment_back() -> None:
    key = new_id()
    text = ticket_text(SECRET, key)

    assert read_ticket(SECRET, text) == Ticket(key, 0)
    assert read_ticket(SECRET, f"  {text.lower()}\n") == Ticket(key, 0)
    assert read_ticket(SECRET, full_width(text)) == Ticket(
        key, 0
    )  # a scanner under a Japanese keyboard
    assert set(text) <= QR_ALPHANUMERIC  # the compact kind of QR code


def test_each_issue_of_a_ticket_is_another_one() -> None:
    key = new_id()
    texts = [ticket_text(SECRET, key, issue) for issue in range(MOST_ISSUES)]

    assert [read_ticket(SECRET, text) for text in texts] == [
        Ticket(key, issue) for issue in range(MOST_ISSUES)
    ]
    assert read_ticket(SECRET, ticket_text(SECRET, key, MOST_ISSUES)) is None
    assert len({short_code(SECRET, key, issue) for issue in range(MOST_ISSUES)}) == MOST_ISSUES


def test_a_ticket_signed_elsewhere_or_altered_is_none() -> None:
    key = new_id()
    text = ticket_text(SECRET, key)

    assert read_ticket(OTHER, text) is None
    assert looks_like_ticket(text)
    for place in range(len(text)):
        altered = text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]
        assert read_ticket(SECRET, altered) is None, place
    for nonsense in (
        "",
        "T1--",
        "https://example.org",
        "T1-" + "0" * 26 + "-" + "A" * 16,
        "x" * 999,
    ):
        assert read_ticket(SECRET, nonsense) is None


@given(st.text(max_size=300))
def test_whatever_is_scanned_raises_nothing(text: str) -> None:
    assert read_ticket(SECRET, text) is None
    assert clean_code(text) == "" or len(clean_code(text)) == 9


def test_a_short_code_is_read_as_any_hand_types_it() -> None:
    key = new_id()
    code = short_code(SECRET, key)

    assert clean_code(code) == code
    assert clean_code(code.replace("-", "").lower()) == code
    assert clean_code(full_width(code)) == code
    assert clean_code(code.replace("-", " ").replace("0", "O").replace("1", "l")) == code
    assert clean_code(code[:-1]) == ""
    assert short_code(OTHER, key) != code
    assert short_code(SECRET, new_id()) != code


def test_the_code_and_the_signature_are_for_different_purposes() -> None:
    key = new_id()
    assert short_code(SECRET, key).replace("-", "") not in ticket_text(SECRET, key)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (ShownFacts("enrolled"), Shown.DONE),
        (ShownFacts("enrolled", here=True), Shown.ALREADY),
        (ShownFacts("enrolled", elsewhere=True), Shown.COPIED),
        (ShownFacts("enrolled", here=True, elsewhere=True), Shown.ALREADY),
        (ShownFacts("withdrawn"), Shown.WITHDRAWN),
        (ShownFacts("cancelled"), Shown.WITHDRAWN),
        (ShownFacts("waitlisted"), Shown.NOT_ENROLLED),
        (ShownFacts("applied"), Shown.NOT_ENROLLED),
        (ShownFacts("declined"), Shown.NOT_ENROLLED),
        (ShownFacts("enrolled", desk_open=False), Shown.NOT_NOW),
        (ShownFacts("withdrawn", desk_open=False), Shown.NOT_NOW),
        (ShownFacts("enrolled", session_cancelled=True, desk_open=False), Shown.CANCELLED),
        (ShownFacts("enrolled", same_edition=False), Shown.OTHER_EDITION),
        (ShownFacts("enrolled", same_edition=False, edition_over=True), Shown.EXPIRED),
        (ShownFacts("enrolled", edition_over=True), Shown.DONE),
    ],
)
def test_what_a_ticket_means(facts: ShownFacts, outcome: Shown) -> None:
    assert judge_shown(facts) is outcome


def test_the_desk_works_from_four_hours_before_until_four_after() -> None:
    hour, second = timedelta(hours=4), timedelta(seconds=1)
    assert not is_desk_open(STARTS_AT, ENDS_AT, STARTS_AT - hour - second)
    assert is_desk_open(STARTS_AT, ENDS_AT, STARTS_AT - hour)
    assert is_desk_open(STARTS_AT, ENDS_AT, ENDS_AT + hour - second)
    assert not is_desk_open(STARTS_AT, ENDS_AT, ENDS_AT + hour)


@pytest.mark.parametrize(
    ("checked_in", "pressed", "status", "way", "where"),
    [
        (False, False, None, None, Where.MISSING),
        (True, False, None, None, Where.ROOM),
        (False, True, None, None, Where.WEB),
        (True, True, None, None, Where.ROOM),
        (True, False, "absent", "venue", Where.AWAY),
        (False, False, "excused", "web", Where.AWAY),
        (False, False, "late", "venue", Where.ROOM),
        (True, True, "present", "web", Where.WEB),
    ],
)
def test_where_somebody_is(
    checked_in: bool,
    pressed: bool,
    status: str | None,
    way: str | None,
    where: Where,
) -> None:
    found = find_where(checked_in=checked_in, pressed=pressed, hand_status=status, hand_way=way)
    assert found is where


def test_a_time_on_paper_lies_near_the_session_and_not_ahead() -> None:
    later = ENDS_AT + timedelta(days=2)
    assert judge_paper_time(STARTS_AT, STARTS_AT, ENDS_AT, later) is None
    assert judge_paper_time(ENDS_AT, STARTS_AT, ENDS_AT, STARTS_AT) is PaperFault.IN_FUTURE
    far = STARTS_AT - timedelta(hours=13)
    assert judge_paper_time(far, STARTS_AT, ENDS_AT, later) is PaperFault.FAR_FROM_SESSION


@given(st.integers(0, 200), st.integers(1, 30))
def test_everyone_sits_once_and_no_table_is_overfull(people: int, per_table: int) -> None:
    for deal in (seat_in_order, seat_mixed):
        seats = deal(people, per_table)
        assert sorted(seat.index for seat in seats) == list(range(people))
        assert len({(seat.table, seat.place) for seat in seats}) == people
        assert all(1 <= seat.place <= per_table for seat in seats)


def test_mixed_seating_parts_neighbours() -> None:
    tables = {seat.index: seat.table for seat in seat_mixed(12, 4)}
    assert all(tables[n] != tables[n + 1] for n in range(11))
