"""What is missing, addresses, series and reach."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lms.courses.rules import (
    Caution,
    EditionFacts,
    Missing,
    make_slug,
    missing_for_publication,
    mode_of,
    series_days,
    start_of_day,
    warnings_for,
    within_reach,
)
from tests.conftest import NOW

COMPLETE = EditionFacts(
    title={"ja": "第1回"},
    purpose={"ja": "学ぶ"},
    audience={"ja": "組合員"},
    languages=("ja",),
    mode="web",
    state="draft",
    starts_on=date(2026, 11, 2),
    ends_on=date(2026, 11, 2),
    timezone="Asia/Tokyo",
    apply_until_at=datetime(2026, 11, 1, tzinfo=UTC),
    part_titles=({"ja": "講義"},),
)


def test_a_complete_edition_lacks_nothing() -> None:
    assert missing_for_publication(COMPLETE, NOW) == ()


def test_everything_missing_is_listed_at_once_in_the_order_of_the_form() -> None:
    bare = replace(
        COMPLETE, title={}, purpose={}, audience={}, languages=(), starts_on=None, ends_on=None,
        apply_until_at=None, part_titles=(),
    )  # fmt: skip
    assert missing_for_publication(bare, NOW) == (
        Missing.TITLE, Missing.PURPOSE, Missing.AUDIENCE, Missing.LANGUAGE, Missing.DATES,
        Missing.PART,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"part_titles": ({"ja": "講義"}, {})}, Missing.PART_TITLE),
        ({"apply_until_at": NOW}, Missing.DEADLINE_PASSED),
        ({"starts_on": date(2026, 10, 1), "ends_on": date(2026, 10, 11)}, Missing.OVER),
    ],
)
def test_one_fault_is_named_alone(change: dict[str, object], missing: Missing) -> None:
    assert missing_for_publication(replace(COMPLETE, **change), NOW) == (missing,)  # type: ignore[arg-type]


def test_the_last_day_may_be_today_where_the_edition_is_held() -> None:
    today = replace(COMPLETE, starts_on=date(2026, 10, 12), ends_on=date(2026, 10, 12))
    today = replace(today, apply_until_at=None)
    assert missing_for_publication(today, datetime(2026, 10, 12, 14, 59, tzinfo=UTC)) == ()
    assert missing_for_publication(today, datetime(2026, 10, 12, 15, 0, tzinfo=UTC)) == (
        Missing.OVER,
    )


def test_what_is_on_demand_needs_no_dates() -> None:
    on_demand = replace(COMPLETE, mode="on_demand", starts_on=None, ends_on=None)
    assert missing_for_publication(on_demand, NOW) == ()


def test_a_deadline_after_the_end_is_only_warned_of() -> None:
    late = replace(COMPLETE, apply_until_at=datetime(2026, 11, 3, tzinfo=UTC))
    assert missing_for_publication(late, NOW) == ()
    assert warnings_for(late, NOW) == (Caution.DEADLINE_AFTER_END,)
    assert warnings_for(COMPLETE, NOW) == ()


@pytest.mark.parametrize(
    ("texts", "slug"),
    [
        (("How wages are set", "賃金の決まり方"), "how-wages-are-set"),
        (("", "賃金の決まり方"), "fallback"),
        (("Économie & travail!",), "economie-travail"),
        (("DX",), "fallback"),
        (("2026年春闘 web 講演会",), "fallback"),
        (("../../etc/passwd",), "etc-passwd"),
        (("a" * 300,), "a" * 60),
        (("taken title",), "taken-title-2"),
    ],
)
def test_addresses_are_short_ascii_words(texts: tuple[str, ...], slug: str) -> None:
    assert make_slug(texts, "fallback", {"taken-title"}) == slug


def test_a_series_keeps_its_weekday() -> None:
    assert series_days(date(2026, 12, 21), 3, 2) == (
        date(2026, 12, 21), date(2027, 1, 4), date(2027, 1, 18),
    )  # fmt: skip


def test_the_mode_follows_from_what_is_named() -> None:
    assert mode_of(has_venue=True, has_web=True) == "hybrid"
    assert mode_of(has_venue=True, has_web=False) == "venue"
    assert mode_of(has_venue=False, has_web=False) == "web"


@pytest.mark.parametrize(
    ("reach", "levels", "seen"),
    [
        ("outside", (), True),
        ("affiliate", (), False),
        ("affiliate", ("outside",), False),
        ("affiliate", ("branch",), True),
        ("affiliate", ("industrial",), True),
        ("industrial", ("affiliate",), False),
        ("industrial", ("outside", "industrial"), True),
        ("hq", ("industrial",), False),
        ("hq", ("hq",), True),
    ],
)
def test_reach_takes_in_its_levels(reach: str, levels: tuple[str, ...], seen: bool) -> None:
    assert within_reach(reach, levels) is seen


def test_a_day_begins_where_it_is_lived() -> None:
    assert start_of_day(date(2026, 11, 2), "Asia/Tokyo") == datetime(2026, 11, 1, 15, tzinfo=UTC)
    # Clocks went from 24:00 to 01:00 here: the day began at one.
    assert start_of_day(date(2023, 4, 28), "Africa/Cairo") == datetime(2023, 4, 27, 22, tzinfo=UTC)
