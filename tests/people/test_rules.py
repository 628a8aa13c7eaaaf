"""Names, passwords, attempts, organisations, addresses: the pure rules."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kernel.ids import OrganisationId
from lms.people.rules import (
    Limit,
    OrganisationNode,
    PasswordFault,
    Tree,
    clean_address,
    clean_login_id,
    derive_search_key,
    display_name,
    is_address,
    is_login_id,
    judge_attempts,
    latin_name,
    local_path,
    may_stand_under,
    name_on,
    password_fault,
    periods_overlap,
)
from lms.people.rules.organisations import DatedName
from tests.conftest import NOW


@dataclass
class Names:
    family_name: str = ""
    given_name: str = ""
    family_kana: str = ""
    given_kana: str = ""
    romanised_family: str = ""
    romanised_given: str = ""
    romanised_order: str = "family_first"
    full_name: str = ""
    call_me: str = ""
    other_name: str = ""
    login_id: str | None = None
    address: str | None = None


def test_the_name_on_pages() -> None:
    assert display_name(Names(family_name="山瀬", given_name="春夫")) == "山瀬 春夫"
    assert display_name(Names(given_name="春夫")) == "春夫"
    assert display_name(Names(full_name="Aminah binti Salleh")) == "Aminah binti Salleh"


def test_the_name_in_latin_letters_follows_the_persons_order() -> None:
    names = Names("山瀬", "春夫", romanised_family="Yamase", romanised_given="Haruo")
    assert latin_name(names) == "YAMASE Haruo"
    names.romanised_order = "given_first"
    assert latin_name(names) == "Haruo Yamase"
    assert latin_name(Names(full_name="Aminah binti Salleh")) == "Aminah binti Salleh"


def test_every_form_of_a_name_is_searched() -> None:
    key = derive_search_key(
        Names(
            "髙森",
            "夏子",
            "タカモリ",
            "ナツコ",
            "Takamori",
            "Natsuko",
            other_name="齋藤",
            login_id="k7mp-29xt",
            address="office@union.example",
        )
    )
    for part in ("高森夏子", "タカモリナツコ", "natsuko takamori", "斎藤", "k7mp", "office@"):
        assert part in key


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("ninechars", PasswordFault.TOO_SHORT),
        ("いろはにほへとちり", PasswordFault.TOO_SHORT),
        ("", PasswordFault.TOO_SHORT),
        ("x" * 201, PasswordFault.TOO_LONG),
        ("ﷺ" * 100, PasswordFault.TOO_LONG),
        ("1234567890", PasswordFault.COMMON),
        ("0987654321", PasswordFault.COMMON),
        ("aaaaaaaaaaaa", PasswordFault.COMMON),
        ("1212121212", PasswordFault.COMMON),
        ("Password2026!", PasswordFault.COMMON),
        ("ｐａｓｓｗｏｒｄ１２３", PasswordFault.COMMON),
        ("qwertyuiop", PasswordFault.COMMON),
        ("roudoukumiai1", PasswordFault.COMMON),
        ("1qaz2wsx3edc", PasswordFault.COMMON),
        ("k7mp-29xt-own", PasswordFault.PERSONAL),
        ("haruo.yamase", PasswordFault.PERSONAL),
        ("quiet lake\x00dawn", PasswordFault.UNREADABLE),
        ("quiet lake\ndawn", PasswordFault.UNREADABLE),
        ("a quiet lake at dawn", None),
        ("湖のほとりの朝もやと舟", None),
        ("correct-horse", None),
        ("tomoni-lighthouse-keeper", None),
    ],
)
def test_which_passwords_are_refused(password: str, fault: PasswordFault | None) -> None:
    own = ("k7mp-29xt-own", "haruo.yamase@demo.example", "", None)
    assert password_fault(password, own) is fault


@given(st.text(max_size=300))
def test_any_text_is_judged(password: str) -> None:
    assert password_fault(password) in {None, *PasswordFault}


LIMIT = Limit(3, timedelta(minutes=10))


def test_attempts_up_to_the_limit_are_heard() -> None:
    made = [NOW - timedelta(minutes=minute) for minute in (9, 5)]
    assert judge_attempts(made, LIMIT, NOW) is None


def test_one_more_must_wait_until_the_first_of_them_is_out_of_the_window() -> None:
    made = [NOW - timedelta(minutes=minute) for minute in (5, 9, 1)]
    again = judge_attempts(made, LIMIT, NOW)
    assert again == NOW + timedelta(minutes=1)
    assert judge_attempts(made, LIMIT, again) is None


@given(st.lists(st.integers(0, 2000), max_size=20))
def test_whoever_waits_as_told_is_heard(ages: list[int]) -> None:
    made = [NOW - timedelta(seconds=age) for age in ages]
    again = judge_attempts(made, LIMIT, NOW)
    if again is not None:
        assert again > NOW
        assert judge_attempts(made, LIMIT, again) is None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("name@example.org", True),
        ("first.last+tag@mail.example.co.jp", True),
        ("name@localhost", False),
        ("name", False),
        ("a@b@example.org", False),
        ("a b@example.org", False),
        ("name@example..org", False),
        (".name@example.org", False),
        ("name@-example.org", False),
        ("name@example.org\n", False),
        ("<name@example.org>", False),
        ("名前@example.org", False),
    ],
)
def test_what_is_written_like_an_address(text: str, fits: bool) -> None:
    assert is_address(text) is fits


def test_addresses_and_ids_are_kept_clean() -> None:
    assert clean_address(" Ｎａｍｅ＠Example.ORG ") == "name@example.org"
    assert clean_login_id(" Ｋ７ＭＰ－２９ｘｔ ") == "k7mp-29xt"
    assert is_login_id("k7mp-29xt")
    assert not is_login_id("a@b.example")
    assert not is_login_id("")
    assert not is_login_id("a\x00b")


@given(st.text(max_size=60))
def test_one_is_never_sent_to_another_site(text: str) -> None:
    path = local_path(text)
    assert path is None or (path.startswith("/") and path[1:2] not in {"/", "\\"})


def test_names_by_day() -> None:
    names = [
        DatedName({"en": "Second"}, date(2010, 4, 1), date(2019, 3, 31)),
        DatedName({"en": "First"}, None, date(2010, 3, 31)),
        DatedName({"en": "Third"}, date(2020, 4, 1), None),
    ]
    assert name_on(names, date(2000, 1, 1)) == {"en": "First"}
    assert name_on(names, date(2010, 3, 31)) == {"en": "First"}
    assert name_on(names, date(2010, 4, 1)) == {"en": "Second"}
    assert name_on(names, date(2019, 12, 1)) == {"en": "Second"}  # between two names
    assert name_on(names, date(2026, 1, 1)) == {"en": "Third"}
    assert name_on(names[2:], date(2000, 1, 1)) == {"en": "Third"}
    assert name_on([], date(2000, 1, 1)) == {}


def test_periods_share_a_day_when_their_ends_meet() -> None:
    a, b = date(2026, 1, 1), date(2026, 1, 2)
    assert periods_overlap((None, a), (a, None))
    assert not periods_overlap((None, a), (b, None))
    assert periods_overlap((None, None), (a, a))


def test_levels_stand_under_each_other() -> None:
    assert may_stand_under("hq", None)
    assert may_stand_under("affiliate", "industrial")
    assert not may_stand_under("industrial", "affiliate")
    assert not may_stand_under("outside", "hq")
    assert not may_stand_under("hq", "hq")


def node(key: str, parent: str | None, order: int, level: str = "affiliate") -> OrganisationNode:
    return OrganisationNode(
        OrganisationId(key),
        OrganisationId(parent) if parent else None,
        key,
        level,
        order,
        "JP",
        {"en": key},
    )


TREE = Tree(
    [
        node("out", None, 0, "outside"),
        node("b1", "b", 1),
        node("b", "hq", 2, "industrial"),
        node("a", "hq", 1, "industrial"),
        node("hq", None, 9, "hq"),
        node("a2", "a", 1),
        node("a1", "a", 1),
    ]
)


def test_the_tree_in_protocol_order() -> None:
    assert [(depth, n.code) for depth, n in TREE.rows()] == [
        (0, "hq"),
        (1, "a"),
        (2, "a1"),
        (2, "a2"),
        (1, "b"),
        (2, "b1"),
        (0, "out"),
    ]


def test_places_compare_as_the_tree_stands() -> None:
    paths = [TREE.path(key) for key in TREE.nodes]
    ordered = sorted((p for p in paths if p is not None), key=lambda p: p.order)
    assert [p.id for p in ordered] == [n.id for _depth, n in TREE.rows()]


def test_descendants_and_ancestors() -> None:
    assert TREE.descendants("a") == {"a", "a1", "a2"}
    assert TREE.descendants("nobody") == frozenset()
    assert [n.code for n in TREE.ancestors("b1")] == ["b1", "b", "hq"]
    assert TREE.path("nobody") is None
