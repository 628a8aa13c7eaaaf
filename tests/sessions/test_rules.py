from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lms.sessions.rules import (
    JoinFacts,
    JoinOutcome,
    Standing,
    TimesFault,
    decide_join,
    is_web_link,
    judge_times,
)

START = datetime(2026, 10, 12, 7, 0, tzinfo=UTC)
END = START + timedelta(minutes=90)
FACTS = JoinFacts(
    standing=Standing.WEB,
    starts_at=START,
    ends_at=END,
    opens_minutes=15,
    grace_minutes=10,
    has_link=True,
)
MS = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (START - timedelta(minutes=15) - MS, JoinOutcome.TOO_EARLY),
        (START - timedelta(minutes=15), JoinOutcome.OPEN),
        (START, JoinOutcome.OPEN),
        (END + timedelta(minutes=10) - MS, JoinOutcome.OPEN),
        (END + timedelta(minutes=10), JoinOutcome.ENDED),
    ],
)
def test_window(at: datetime, outcome: JoinOutcome) -> None:
    decision = decide_join(FACTS, at)

    assert decision.outcome is outcome
    assert decision.opens_at == START - timedelta(minutes=15)
    assert decision.closes_at == END + timedelta(minutes=10)
    assert decision.is_open is (outcome is JoinOutcome.OPEN)


@pytest.mark.parametrize(
    ("standing", "outcome"),
    [
        (Standing.WEB, JoinOutcome.OPEN),
        (Standing.VENUE, JoinOutcome.IN_VENUE),
        (Standing.HOST, JoinOutcome.OPEN),
        (Standing.SPEAKER, JoinOutcome.OPEN),
        (Standing.STAFF, JoinOutcome.OPEN),
        (Standing.APPLICANT, JoinOutcome.NOT_ADMITTED),
        (Standing.NONE, JoinOutcome.NOT_ADMITTED),
    ],
)
def test_who_is_let_in(standing: Standing, outcome: JoinOutcome) -> None:
    assert decide_join(replace(FACTS, standing=standing), START).outcome is outcome


def test_reasons_stand_in_order() -> None:
    everything = replace(FACTS, is_cancelled=True, standing=Standing.NONE, has_link=False)
    late = END + timedelta(days=1)
    early = START - timedelta(days=1)

    assert decide_join(everything, late).outcome is JoinOutcome.CANCELLED
    assert (
        decide_join(replace(everything, is_cancelled=False), late).outcome
        is JoinOutcome.NOT_ADMITTED
    )
    assert decide_join(replace(FACTS, has_link=False), late).outcome is JoinOutcome.ENDED
    assert decide_join(replace(FACTS, has_link=False), early).outcome is JoinOutcome.NO_LINK


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("starts", "ends", "fault"),
    [
        ("2026-10-12 10:00", "2026-10-12 12:00", None),
        ("2026-10-12 23:00", "2026-10-13 01:00", None),
        ("2026-10-12 10:00", "2026-10-12 10:00", TimesFault.ENDS_BEFORE_START),
        ("2026-10-12 10:00", "2026-10-12 09:00", TimesFault.ENDS_BEFORE_START),
        ("2026-10-12 10:00", "2026-10-13 10:00", None),
        ("2026-10-12 10:00", "2026-10-13 10:01", TimesFault.LONGER_THAN_DAY),
        ("0026-10-12 10:00", "0026-10-12 12:00", TimesFault.UNLIKELY_YEAR),
        ("9999-12-31 10:00", "9999-12-31 12:00", TimesFault.UNLIKELY_YEAR),
    ],
)
def test_times(starts: str, ends: str, fault: TimesFault | None) -> None:
    assert judge_times(wall(starts), wall(ends)) is fault


@pytest.mark.parametrize(
    "link",
    [
        "https://meet.example/j/1?pwd=a%20b",
        "http://192.0.2.7:8080/room",
        "https://会議.example/部屋",
        "HTTPS://meet.example",
    ],
)
def test_links_taken(link: str) -> None:
    assert is_web_link(link)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//meet.example/j",
        "meet.example/j",
        "https://",
        "https:///path",
        "http://[::1",
        "https://meet.example:port/",
        "https://meet.example\\@evil.example/",
        "https://meet.example@evil.example/",
        "https://meet.example/a b",
        "https://meet.example/\nSet-Cookie: a=b",
        "java\tscript:alert(1)",
        "https://meet.example/\x00",
    ],
)
def test_links_refused(link: str) -> None:
    assert not is_web_link(link)
