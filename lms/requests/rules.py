"""Rules of requests for study meetings: states, what may be done in each, wished-for dates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from lms.kernel.wall import WallFault, WallTime, WallTimeError

MAX_DATES = 3
MAX_PEOPLE = 10_000
MAX_TEXT = 4000
MAX_MESSAGE = 2000
# Pressed twice within this time, the same request by the same person is one.
SAME_WITHIN = timedelta(minutes=10)
_LONGEST = timedelta(hours=24)


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IN_TALKS = "in_talks"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Way(StrEnum):
    """Where the meeting is wished to be held; the words of an edition's mode."""

    VENUE = "venue"
    WEB = "web"
    HYBRID = "hybrid"


class Source(StrEnum):
    """How the request reached the office."""

    BROWSER = "browser"
    TELEPHONE = "telephone"
    PAPER = "paper"


class Step(StrEnum):
    """What a request went through, as its history tells."""

    RECEIVED = "received"
    CHANGED = "changed"
    MESSAGE = "message"
    IN_TALKS = "in_talks"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({State.RECEIVED, State.IN_TALKS})
"""States in which it is not decided: it may be changed, withdrawn, accepted and declined."""

_ANSWERABLE: Mapping[Step, frozenset[State]] = {
    Step.CHANGED: OPEN,
    Step.WITHDRAWN: OPEN,
    Step.IN_TALKS: frozenset({State.RECEIVED}),
    Step.ACCEPTED: OPEN,
    Step.DECLINED: OPEN,
    # Practical matters are talked about until the meeting is held, a refusal may be asked about.
    Step.MESSAGE: OPEN | {State.ACCEPTED, State.DECLINED},
}


def may_follow(state: str, step: Step) -> bool:
    """Whether this can be done with a request in that state."""
    return State(state) in _ANSWERABLE.get(step, frozenset())


@dataclass(frozen=True, slots=True)
class WishedDate:
    """A date that is wished for: naive wall-clock times in the request's zone."""

    starts_local: datetime
    ends_local: datetime

    def moments(self, zone: str) -> tuple[datetime, datetime]:
        """Return the moments in a zone. Raises WallTimeError where there are none."""
        return WallTime(self.starts_local, zone).instant(), WallTime(
            self.ends_local, zone
        ).instant()


class DateFault(StrEnum):
    """What is wrong with a wished-for date."""

    UNKNOWN_ZONE = "unknown_zone"
    NO_SUCH_TIME = "no_such_time"
    ENDS_BEFORE_START = "ends_before_start"
    LONGER_THAN_DAY = "longer_than_day"
    ALREADY_PAST = "already_past"
    TWICE = "twice"


def judge_date(
    wished: WishedDate, zone: str, at: datetime, *, among: Collection[WishedDate] = ()
) -> DateFault | None:
    """Return what is wrong with a date at a moment, or None. `among`: those named before it."""
    try:
        starts_at, ends_at = wished.moments(zone)
    except WallTimeError as error:
        unknown = error.fault is WallFault.UNKNOWN_ZONE
        return DateFault.UNKNOWN_ZONE if unknown else DateFault.NO_SUCH_TIME
    if ends_at <= starts_at:
        return DateFault.ENDS_BEFORE_START
    if ends_at - starts_at > _LONGEST:
        return DateFault.LONGER_THAN_DAY
    if starts_at <= at:
        return DateFault.ALREADY_PAST
    return DateFault.TWICE if wished in among else None


def first_date_fault(
    dates: Sequence[WishedDate], zone: str, at: datetime
) -> tuple[int, DateFault] | None:
    """Return the number (from 0) of the first date that does not fit and why, or None."""
    for number, wished in enumerate(dates):
        fault = judge_date(wished, zone, at, among=dates[:number])
        if fault is not None:
            return number, fault
    return None


def days_waiting(since: date, today: date) -> int:
    """Return for how many days something has waited; 0 on its own day."""
    return max(0, (today - since).days)
