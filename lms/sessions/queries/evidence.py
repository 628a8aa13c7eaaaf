"""The evidence of attendance: one shape for every source, one way to a decision.

An arm is a statement that gives one kind of evidence: kind, person, session, what it says, the
session it is judged by, and two numbers. Whoever asks for evidence (a roster, a learner's pages,
completion) narrows the arms, unites them and hands the rows to `decide_rows`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import BigInteger, String, case, cast, exists, literal, null, select
from sqlalchemy.orm import aliased

from lms.kernel.ids import LiveSessionId, PersonId
from lms.kernel.intervals import Intervals, normalise
from lms.sessions.models import (
    Attendance,
    AttendanceReport,
    CheckIn,
    EditionAttendanceRule,
    JoinPress,
    LiveSession,
    MatchState,
    ReportedPerson,
)
from lms.sessions.rules.attendance_status import (
    DEFAULT_RULE,
    AttendanceFacts,
    AttendanceRule,
    Meeting,
    ReportState,
    StatusDecision,
    decide_status,
)

EVIDENCE_KINDS = frozenset({"hand", "press", "desk", "reported"})
Key: TypeAlias = tuple[LiveSessionId, PersonId]
Narrow: TypeAlias = Callable[[Any, Any], Any]
"""Gives a statement joined to its session with what limits it; told the column of the person."""

_SEPARATOR = "|"


def read_stays(text: str) -> Intervals:
    """Return stays as they are kept: `a-b a-b` in seconds since the epoch."""
    return tuple((int(a), int(b)) for a, b in (pair.split("-") for pair in text.split()))


def write_stays(stays: Intervals) -> str:
    """Return stays as they are kept."""
    return " ".join(f"{a}-{b}" for a, b in stays)


def _number(value: Any) -> Any:
    return cast(value, BigInteger)


def _text(value: Any) -> Any:
    return cast(value, String)


def _rule_text() -> Any:
    """Return the rule of the edition as one text, '' where none was set."""
    rule = EditionAttendanceRule
    flags = [case((flag, "1"), else_="0") for flag in (rule.press_counts, rule.missing_is_absent)]
    numbers = [
        _text(number)
        for number in (rule.min_minutes, rule.min_percent, rule.late_minutes, rule.early_minutes)
    ]
    packed = numbers[0]
    for part in (*numbers[1:], *flags):
        packed = packed + literal(" ") + part
    return case((rule.id.is_(None), literal("")), else_=packed)


def report_state_column() -> Any:
    """Return how far the reports of the session in the statement are (`ReportState`)."""
    other = aliased(ReportedPerson)
    waiting = (
        exists()
        .where(other.live_session_id == LiveSession.id, other.state == MatchState.WAITING.value)
        .correlate(LiveSession)
    )
    applied = (
        exists()
        .where(
            AttendanceReport.live_session_id == LiveSession.id,
            AttendanceReport.applied_at.is_not(None),
        )
        .correlate(LiveSession)
    )
    return case((waiting, ReportState.OPEN.value), (applied, ReportState.SETTLED.value), else_=0)


def _meeting_text() -> Any:
    """Return the session that evidence is judged by, packed into one text."""
    packed = _text(LiveSession.starts_at)
    for part in (_text(LiveSession.ends_at), _rule_text(), _text(report_state_column())):
        packed = packed + literal(_SEPARATOR) + part
    return packed


def _arm(kind: str, table: Any, says: tuple[Any, Any, Any], narrow: Narrow) -> Any:
    none = cast(null(), BigInteger)
    statement = (
        select(literal(kind), table.person_id, table.live_session_id, *says, none, none)
        .select_from(table)
        .join(LiveSession, LiveSession.id == table.live_session_id)
    )
    if kind != "hand":
        statement = statement.outerjoin(
            EditionAttendanceRule, EditionAttendanceRule.edition_id == LiveSession.edition_id
        )
    return narrow(statement, table.person_id)


def evidence_arms(narrow: Narrow) -> tuple[Any, ...]:
    """Return the statements of the four sources, each limited by `narrow`.

    Shape: kind (`EVIDENCE_KINDS`), person, session, text, text, number, null, null.
    """
    none, meeting = cast(null(), BigInteger), _meeting_text()
    on_web = case((CheckIn.way == "web", 1), else_=0)
    minutes = _number(ReportedPerson.minutes)
    return (
        _arm("hand", Attendance, (Attendance.status, Attendance.way, none), narrow),
        _arm("press", JoinPress, (_text(JoinPress.at), meeting, none), narrow),
        _arm("desk", CheckIn, (_text(CheckIn.at), meeting, _number(on_web)), narrow).where(
            CheckIn.undone_at.is_(None)
        ),
        _arm("reported", ReportedPerson, (ReportedPerson.stays, meeting, minutes), narrow).where(
            ReportedPerson.person_id.is_not(None)
        ),
    )


def meeting_arm(narrow: Narrow) -> Any:
    """Return the statement of the sessions themselves, in the same shape: kind `meeting`."""
    none = cast(null(), BigInteger)
    statement = (
        select(
            literal("meeting"), cast(null(), String), LiveSession.id, cast(null(), String),
            _meeting_text(), none, none, none,
        )
        .select_from(LiveSession)
        .outerjoin(
            EditionAttendanceRule, EditionAttendanceRule.edition_id == LiveSession.edition_id
        )
    )  # fmt: skip
    return narrow(statement, None)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:  # SQLite keeps UTC without saying so
        return found.replace(tzinfo=UTC)
    return found.astimezone(UTC)


@lru_cache(maxsize=2048)
def _meeting(text: str) -> Meeting:
    starts, ends, rule, report = text.split(_SEPARATOR)
    return Meeting(_moment(starts), _moment(ends), _rule(rule), ReportState(int(report)))


def _rule(text: str) -> AttendanceRule:
    if not text:
        return DEFAULT_RULE
    minutes, percent, late, early, press, missing = (int(part) for part in text.split(" "))
    return AttendanceRule(minutes, percent, late, early, bool(press), bool(missing))


@dataclass(slots=True)
class _Gathered:
    """What the rows say of one person in one session."""

    facts: AttendanceFacts = field(default_factory=AttendanceFacts)
    meeting: Meeting | None = None
    presses: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The four sources side by side, and the status that follows from them.

    `presses` counts the presses of join; `facts.pressed_at` is the first.
    """

    facts: AttendanceFacts
    presses: int
    decision: StatusDecision


NO_EVIDENCE = Evidence(AttendanceFacts(), 0, StatusDecision(None))


def _take(found: _Gathered, row: Any) -> None:
    kind, _person, _session, one, two, number = row[:6]
    facts = found.facts
    if kind == "hand":
        found.facts = replace(facts, hand_status=one, hand_way=two)
        return
    found.meeting = _meeting(two)
    if kind == "press":
        at = _moment(one)
        found.presses += 1
        if facts.pressed_at is None or at < facts.pressed_at:
            found.facts = replace(facts, pressed_at=at)
    elif kind == "desk":
        found.facts = replace(facts, desk_at=_moment(one), desk_way="web" if number else "venue")
    else:
        # A person may stand in reports under two addresses.
        minutes = (facts.reported_minutes or 0) + int(number or 0)
        stays = normalise([*facts.stays, *read_stays(one)])
        found.facts = replace(facts, stays=stays, reported_minutes=minutes)


# What stands by hand needs no session to be judged by.
_ANY_MEETING = Meeting(datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC))


def evidence_of_rows(rows: Iterable[Any]) -> dict[Key, Evidence]:
    """Return the evidence that rows of the arms hold, by session and person."""
    found: dict[Key, _Gathered] = {}
    for row in rows:
        if row[0] in EVIDENCE_KINDS:
            _take(found.setdefault((row[2], row[1]), _Gathered()), row)
    return {
        key: Evidence(
            each.facts, each.presses, decide_status(each.facts, each.meeting or _ANY_MEETING)
        )
        for key, each in found.items()
    }


def decide_rows(rows: Iterable[Any]) -> dict[Key, StatusDecision]:
    """Return the status that follows from rows of the arms, by session and person."""
    return {key: each.decision for key, each in evidence_of_rows(rows).items()}


def meetings_of_rows(rows: Iterable[Any]) -> dict[LiveSessionId, Meeting]:
    """Return the sessions that rows of `meeting_arm` tell of."""
    return {LiveSessionId(row[2]): _meeting(row[4]) for row in rows if row[0] == "meeting"}
