"""Rules of live sessions: when one may join, what times make a meeting, what a link is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

LONGEST = timedelta(hours=24)
YEARS = range(2000, 2101)
MAX_MINUTES = 24 * 60


class Standing(StrEnum):
    """How a person relates to a session, the strongest first."""

    WEB = "web"  # enrolled, takes part on the web
    VENUE = "venue"  # enrolled, takes part in the room
    HOST = "host"  # whose meeting it is
    SPEAKER = "speaker"
    STAFF = "staff"
    OTHER_GROUP = "other_group"  # enrolled; the session is for other seminar groups
    APPLICANT = "applicant"  # may know of it, has no seat
    NONE = "none"  # may not know that it exists


ADMITTED = frozenset(
    {Standing.WEB, Standing.VENUE, Standing.HOST, Standing.SPEAKER, Standing.STAFF}
)
#: The statuses of somebody who was there, if not for all of it.
ATTENDED = frozenset({"present", "late", "left_early"})


class JoinOutcome(StrEnum):
    """The answer to "may I join now"."""

    OPEN = "open"
    TOO_EARLY = "too_early"
    ENDED = "ended"
    NOT_ADMITTED = "not_admitted"
    CANCELLED = "cancelled"
    NO_LINK = "no_link"
    IN_VENUE = "in_venue"
    OTHER_GROUP = "other_group"


@dataclass(frozen=True, slots=True)
class JoinFacts:
    """What the decision rests on. `has_link`: there is a web address; moments are aware."""

    standing: Standing
    starts_at: datetime
    ends_at: datetime
    opens_minutes: int
    grace_minutes: int
    has_link: bool
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class JoinDecision:
    """The outcome, and the window in which joining is possible (`closes_at` excluded)."""

    outcome: JoinOutcome
    opens_at: datetime
    closes_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether a press is accepted."""
        return self.outcome is JoinOutcome.OPEN


def decide_join(facts: JoinFacts, at: datetime) -> JoinDecision:
    """Decide whether a press at `at` is accepted.

    The window is `[starts_at - opens_minutes, ends_at + grace_minutes)`. Who comes to the room
    changes over to the web first, so that their seat is free and the desk does not wait.
    """
    opens_at = facts.starts_at - timedelta(minutes=facts.opens_minutes)
    closes_at = facts.ends_at + timedelta(minutes=facts.grace_minutes)
    if facts.is_cancelled:
        outcome = JoinOutcome.CANCELLED
    elif facts.standing is Standing.OTHER_GROUP:
        outcome = JoinOutcome.OTHER_GROUP
    elif facts.standing not in ADMITTED:
        outcome = JoinOutcome.NOT_ADMITTED
    elif at >= closes_at:
        outcome = JoinOutcome.ENDED
    elif not facts.has_link:
        outcome = JoinOutcome.NO_LINK
    elif facts.standing is Standing.VENUE:
        outcome = JoinOutcome.IN_VENUE
    elif at < opens_at:
        outcome = JoinOutcome.TOO_EARLY
    else:
        outcome = JoinOutcome.OPEN
    return JoinDecision(outcome, opens_at, closes_at)


class TimesFault(StrEnum):
    """Why two wall-clock times make no meeting."""

    ENDS_BEFORE_START = "ends_before_start"
    LONGER_THAN_DAY = "longer_than_day"
    UNLIKELY_YEAR = "unlikely_year"


def judge_times(starts_local: datetime, ends_local: datetime) -> TimesFault | None:
    """Return what is wrong with the naive times of a meeting, or None."""
    if starts_local.year not in YEARS or ends_local.year not in YEARS:
        return TimesFault.UNLIKELY_YEAR
    if ends_local <= starts_local:
        return TimesFault.ENDS_BEFORE_START
    if ends_local - starts_local > LONGEST:
        return TimesFault.LONGER_THAN_DAY
    return None


def is_web_link(text: str) -> bool:
    """Whether a text is an http or https address that can be handed to a browser.

    No white space, no control characters, no backslash (browsers read it as a slash) and no
    name before an @ that could pass for the host.
    """
    if any(c.isspace() or not c.isprintable() or c == "\\" for c in text):
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - reading it raises when it is no number
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
