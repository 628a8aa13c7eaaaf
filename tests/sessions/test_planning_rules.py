"""Rules of clashes and holidays."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lms.sessions.queries.clashes import country_of_zone
from lms.sessions.rules.clashes import Clash, ClashKind, Meeting, digest, place_keys
from lms.sessions.rules.holidays import (
    days_of,
    holidays_on,
    meets_friday_prayer,
    season_on,
)
from lms.sessions.rules.planning import is_language_tag


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_japans_holidays_are_named_in_the_readers_language() -> None:
    assert [one.name for one in holidays_on("JP", date(2026, 10, 12), "ja")] == ["スポーツの日"]
    assert [one.name for one in holidays_on("JP", date(2026, 10, 12), "en")] == ["Sports Day"]
    # A day between two holidays is one by law.
    assert holidays_on("JP", date(2026, 9, 22), "ja") != ()
    assert holidays_on("JP", date(2026, 10, 13), "ja") == ()


def test_states_keep_holidays_of_their_own() -> None:
    thaipusam = holidays_on("MY", date(2026, 2, 1), "en")
    national = holidays_on("MY", date(2026, 8, 31), "en")

    assert {region for one in thaipusam for region in one.regions} >= {"Selangor", "Pulau Pinang"}
    assert [one.regions for one in national] == [()]


@pytest.mark.parametrize(
    ("country", "day"),
    [("TH", date(2026, 4, 13)), ("ID", date(2026, 8, 17)), ("KR", date(2026, 3, 1))],
)
def test_neighbours_have_their_holidays(country: str, day: date) -> None:
    assert holidays_on(country, day, "ja") != ()


@pytest.mark.parametrize("country", ["", "XX", "001", "jp"])
def test_an_unknown_country_has_none(country: str) -> None:
    assert holidays_on(country, date(2026, 1, 1), "ja") == ()


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), "new_year"),
        (date(2027, 1, 3), "new_year"),
        (date(2027, 1, 4), None),
        (date(2026, 5, 5), "golden_week"),
        (date(2026, 8, 13), "obon"),
        (date(2026, 8, 17), None),
    ],
)
def test_seasons_of_travel(day: date, season: str | None) -> None:
    assert season_on("JP", day) == season
    assert season_on("MY", day) is None


def test_friday_prayer_is_midday_there() -> None:
    zone = "Asia/Kuala_Lumpur"
    noon = at("2026-10-16T12:00+08:00")
    hour = timedelta(hours=1)

    assert meets_friday_prayer(noon, noon + hour, "MY", zone)
    assert meets_friday_prayer(noon + 2 * hour, noon + 3 * hour, "MY", zone)
    assert not meets_friday_prayer(noon - hour, noon, "MY", zone)
    assert not meets_friday_prayer(noon + 2.5 * hour, noon + 4 * hour, "MY", zone)
    assert not meets_friday_prayer(noon, noon + hour, "JP", "Asia/Tokyo")
    day = timedelta(days=1)
    assert not meets_friday_prayer(noon + day, noon + day + hour, "MY", zone)


def test_the_days_a_meeting_touches_depend_on_the_zone() -> None:
    start, end = at("2026-10-12T23:00+09:00"), at("2026-10-13T00:00+09:00")

    assert days_of(start, end, "Asia/Tokyo") == (date(2026, 10, 12),)
    assert days_of(start, end + timedelta(minutes=1), "Asia/Tokyo") == (
        date(2026, 10, 12), date(2026, 10, 13),
    )  # fmt: skip


def test_the_same_room_is_known_however_it_is_typed() -> None:
    one = place_keys({"ja": "つばき会館", "en": "Tsubaki Hall"}, {"ja": "第１会議室"})
    two = place_keys({"ja": "ツバキ会館"}, {"ja": "第1会議室"})
    other_room = place_keys({"ja": "つばき会館"}, {"ja": "第2会議室"})

    assert one & two
    assert not one & other_room
    assert place_keys({}, {"ja": "第1会議室"}) == frozenset()


def test_meetings_that_follow_each_other_do_not_overlap() -> None:
    start = at("2026-10-12T10:00+09:00")
    hour = timedelta(hours=1)
    meeting = Meeting(start, start + hour, "Asia/Tokyo")

    assert meeting.overlaps(start + hour / 2, start + 2 * hour)
    assert not meeting.overlaps(start + hour, start + 2 * hour)
    assert not meeting.overlaps(start - hour, start)


def test_what_was_accepted_is_bound_to_what_was_shown() -> None:
    one = Clash(ClashKind.ROOM, 0, title={"en": "A"})
    assert digest([one]) == digest([one])
    assert digest([one]) != digest([Clash(ClashKind.ROOM, 1, title={"en": "A"})])


@pytest.mark.parametrize("tag", ["ja", "zh-Hant", "pt-BR", "fil"])
def test_language_tags(tag: str) -> None:
    assert is_language_tag(tag)


@pytest.mark.parametrize("text", ["", "J", "japanese language", "en_", "en-", "<b>", "x" * 40])
def test_what_is_no_language_tag(text: str) -> None:
    assert not is_language_tag(text)


def test_zones_lie_in_countries() -> None:
    assert country_of_zone("Asia/Tokyo") == "JP"
    assert country_of_zone("UTC") == ""
