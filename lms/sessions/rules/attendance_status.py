"""What counts as attended: four kinds of evidence, and the rule of an edition."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

from lms.kernel.intervals import Intervals, clip, length, normalise
from lms.sessions.rules import ATTENDED

_MINUTE = 60


class Source(StrEnum):
    """What a status rests on, the strongest first."""

    HAND = "hand"
    DESK = "desk"
    REPORT = "report"
    PRESS = "press"
    NOTHING = "nothing"  # a settled report that does not know the person


class ReportState(IntEnum):
    """How far the reports of a session are."""

    NONE = 0
    OPEN = 1  # applied, and people in it wait to be told apart
    SETTLED = 2  # applied, and nobody in it waits


@dataclass(frozen=True, slots=True)
class AttendanceRule:
    """What an edition asks of those who were there.

    `min_minutes` and `min_percent` (of the session) are asked for presence, the greater of the
    two and never more than the session lasts; 0 asks nothing. `late_minutes` and
    `early_minutes` are tolerated. `press_counts`: a press of join stands for presence from then
    to the end, where there is no report and no minutes are asked. `missing_is_absent`: who is
    in no evidence after a settled report was absent; else nothing is known of them.
    """

    min_minutes: int = 0
    min_percent: int = 0
    late_minutes: int = 10
    early_minutes: int = 10
    press_counts: bool = True
    missing_is_absent: bool = False

    @property
    def asks_minutes(self) -> bool:
        """Whether a length of presence is asked for."""
        return self.min_minutes > 0 or self.min_percent > 0


DEFAULT_RULE = AttendanceRule()


@dataclass(frozen=True, slots=True)
class Meeting:
    """The session that is judged; moments are aware."""

    starts_at: datetime
    ends_at: datetime
    rule: AttendanceRule = DEFAULT_RULE
    report: ReportState = ReportState.NONE

    @property
    def bounds(self) -> tuple[int, int]:
        """Start and end in seconds since the epoch."""
        return int(self.starts_at.timestamp()), int(self.ends_at.timestamp())


@dataclass(frozen=True, slots=True)
class AttendanceFacts:
    """What is known of one person in one session, the sources side by side.

    `hand_status` is a code of the glossary. `stays` are what reports say, in seconds since the
    epoch, not clipped; `reported_minutes` is what a report without times says, None when no
    report knows the person that way. `desk_way` is where the desk saw the person.
    """

    hand_status: str | None = None
    hand_way: str | None = None
    pressed_at: datetime | None = None
    desk_at: datetime | None = None
    desk_way: str = "venue"
    stays: Intervals = field(default=())
    reported_minutes: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known."""
        return self == _NO_FACTS


_NO_FACTS = AttendanceFacts()


@dataclass(frozen=True, slots=True)
class StatusDecision:
    """The status that counts; `status`, `way` and `source` are None while nothing is known.

    `minutes` is the presence counted (rounded down), `arrived_at`/`left_at` its first and last
    moment where the evidence has times.
    """

    status: str | None
    way: str | None = None
    source: Source | None = None
    minutes: int | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None

    @property
    def attended(self) -> bool:
        """Whether the person was there, if not for all of it (present, late, left early)."""
        return self.status in ATTENDED


UNKNOWN = StatusDecision(None)


def minutes_asked(rule: AttendanceRule, starts_at: datetime, ends_at: datetime) -> int:
    """Return how many whole minutes of a session must be attended; at least 1."""
    whole = int((ends_at - starts_at).total_seconds()) // _MINUTE
    share = -(-whole * rule.min_percent // 100)
    return max(1, min(max(rule.min_minutes, share), whole))


def clip_stays(stays: Intervals, meeting: Meeting) -> Intervals:
    """Return the union of stays inside the session, in seconds since the epoch."""
    return clip(stays, *meeting.bounds)


def decide_status(facts: AttendanceFacts, meeting: Meeting) -> StatusDecision:
    """Decide the status of one person in one session.

    What was set by hand stands. Else whoever the desk saw was there from then to the end, and
    at any rate as long as a report says; whom a report knows was there for the union of the
    stays inside the session; a press counts only while no settled report speaks. Too short a
    presence is an absence; a late arrival goes before an early leaving. Nobody is absent for
    want of evidence unless the rule says so and a report is settled.
    """
    if facts.hand_status is not None:
        return StatusDecision(facts.hand_status, facts.hand_way, Source.HAND)
    web = clip_stays(facts.stays, meeting)
    if facts.desk_at is not None:
        start, end = meeting.bounds
        came = int(facts.desk_at.timestamp())
        # Entered when all was over: the desk knows that, not when, the person came.
        seen = (start if came >= end else max(start, came), end)
        return _judge(normalise([seen, *web]), facts.desk_way, Source.DESK, meeting)
    if web:
        return _judge(web, "web", Source.REPORT, meeting)
    if facts.reported_minutes:
        return _judge_length(facts.reported_minutes, meeting)
    return _without_stay(facts, meeting)


def _without_stay(facts: AttendanceFacts, meeting: Meeting) -> StatusDecision:
    """Decide on somebody of whom neither the desk nor a report knows a stay."""
    rule = meeting.rule
    if meeting.report is ReportState.SETTLED:
        return (
            StatusDecision("absent", None, Source.NOTHING, 0)
            if (rule.missing_is_absent)
            else UNKNOWN
        )
    if facts.pressed_at is not None and rule.press_counts and not rule.asks_minutes:
        start, end = meeting.bounds
        pressed = max(start, int(facts.pressed_at.timestamp()))
        # Pressed after the end, while the button was still open: came too late for any of it.
        if pressed < end:
            return _judge(((pressed, end),), "web", Source.PRESS, meeting)
    return UNKNOWN


def _judge(stays: Intervals, way: str, source: Source, meeting: Meeting) -> StatusDecision:
    rule = meeting.rule
    start, end = meeting.bounds
    first, last = stays[0][0], stays[-1][1]
    minutes = length(stays) // _MINUTE
    asked = minutes_asked(rule, meeting.starts_at, meeting.ends_at) if rule.asks_minutes else 0
    if minutes < asked:
        status = "absent"
    elif first > start + rule.late_minutes * _MINUTE:
        status = "late"
    elif last < end - rule.early_minutes * _MINUTE:
        status = "left_early"
    else:
        status = "present"
    return StatusDecision(
        status,
        way,
        source,
        minutes,
        datetime.fromtimestamp(first, UTC),
        datetime.fromtimestamp(last, UTC),
    )


def _judge_length(minutes: int, meeting: Meeting) -> StatusDecision:
    """Decide where only a length is known: neither lateness nor early leaving can be seen."""
    start, end = meeting.bounds
    counted = min(minutes, (end - start) // _MINUTE)
    rule = meeting.rule
    asked = minutes_asked(rule, meeting.starts_at, meeting.ends_at) if rule.asks_minutes else 0
    status = "present" if counted >= asked else "absent"
    return StatusDecision(status, "web", Source.REPORT, counted)


def needs_reason(current: StatusDecision, wanted: str | None) -> bool:
    """Whether setting `wanted` by hand is a correction: something else counted before."""
    return current.status is not None and wanted != current.status
