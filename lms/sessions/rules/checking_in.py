"""Rules of the front desk: when it works, what a ticket shown there means, who is where."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lms.sessions.rules import ATTENDED

#: How long before the start and after the end people can be checked in as they come.
DESK_OPENS = timedelta(hours=4)
DESK_CLOSES = timedelta(hours=4)
#: A message to the missing goes out once in this time.
CALL_EVERY = timedelta(minutes=10)
#: How far before the start and after the end a time on paper may lie.
PAPER_SLACK = timedelta(hours=12)


class Shown(StrEnum):
    """What came of a ticket shown, or of a name tapped."""

    DONE = "done"
    ALREADY = "already"
    COPIED = "copied"
    REPLACED = "replaced"
    NOT_ENROLLED = "not_enrolled"
    WITHDRAWN = "withdrawn"
    OTHER_EDITION = "other_edition"
    OTHER_GROUP = "other_group"
    EXPIRED = "expired"
    NOT_NOW = "not_now"
    CANCELLED = "cancelled"
    UNREADABLE = "unreadable"

    @property
    def is_in(self) -> bool:
        """Whether the person is checked in now."""
        return self in {Shown.DONE, Shown.ALREADY}

    @property
    def offers_walk_in(self) -> bool:
        """Whether the person may be noted as one who came without a seat."""
        return self in {Shown.NOT_ENROLLED, Shown.WITHDRAWN}


@dataclass(frozen=True, slots=True)
class ShownFacts:
    """What the answer rests on.

    `state` is the enrolment's; `same_edition`: the ticket is for the edition of this session;
    `other_group`: the session is for other seminar groups than this person's;
    `edition_over`: the other edition's last session has ended; `here`: checked in already;
    `elsewhere`: by this ticket in another session that is held at this moment; `replaced`: a
    newer ticket was issued.
    """

    state: str
    same_edition: bool = True
    edition_over: bool = False
    session_cancelled: bool = False
    desk_open: bool = True
    here: bool = False
    elsewhere: bool = False
    replaced: bool = False
    other_group: bool = False


def is_desk_open(starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    """Whether people can be checked in as they come: `[start - 4 h, end + 4 h)`."""
    return starts_at - DESK_OPENS <= at < ends_at + DESK_CLOSES


def judge_shown(facts: ShownFacts) -> Shown:
    """Decide what a ticket shown at the desk means; the first that hinders is told."""
    hindrances = (
        (not facts.same_edition and facts.edition_over, Shown.EXPIRED),
        (not facts.same_edition, Shown.OTHER_EDITION),
        (facts.replaced, Shown.REPLACED),
        (facts.session_cancelled, Shown.CANCELLED),
        (not facts.desk_open, Shown.NOT_NOW),
        (facts.state in {"withdrawn", "cancelled"}, Shown.WITHDRAWN),
        (facts.state != "enrolled", Shown.NOT_ENROLLED),
        (facts.here, Shown.ALREADY),
        (facts.other_group, Shown.OTHER_GROUP),
        (facts.elsewhere, Shown.COPIED),
    )
    return next((outcome for holds, outcome in hindrances if holds), Shown.DONE)


class Where(StrEnum):
    """Where somebody is during a session, as far as is known."""

    ROOM = "room"
    WEB = "web"
    AWAY = "away"  # excused or absent by hand
    MISSING = "missing"


def find_where(
    *, checked_in: bool, pressed: bool, hand_status: str | None, hand_way: str | None
) -> Where:
    """Tell where a person is: what was set by hand, then the desk, then the press."""
    if hand_status is not None:
        if hand_status not in ATTENDED:
            return Where.AWAY
        return Where.WEB if hand_way == "web" else Where.ROOM
    if checked_in:
        return Where.ROOM
    return Where.WEB if pressed else Where.MISSING


class PaperFault(StrEnum):
    """Why a time read from paper is not taken."""

    IN_FUTURE = "paper_in_future"
    FAR_FROM_SESSION = "paper_far"


def judge_paper_time(
    came_at: datetime, starts_at: datetime, ends_at: datetime, at: datetime
) -> PaperFault | None:
    """Return what is wrong with a time of coming that was written on paper, or None."""
    if came_at > at:
        return PaperFault.IN_FUTURE
    if not starts_at - PAPER_SLACK <= came_at <= ends_at + PAPER_SLACK:
        return PaperFault.FAR_FROM_SESSION
    return None


#: The most people at one table of a seating list.
MOST_PER_TABLE = 100


@dataclass(frozen=True, slots=True)
class Seat:
    """A place at a table, both counted from 1, and the index of who sits there."""

    table: int
    place: int
    index: int


def seat_in_order(people: int, per_table: int) -> tuple[Seat, ...]:
    """Fill table after table in the order of the list. `per_table` is at least 1."""
    return tuple(Seat(n // per_table + 1, n % per_table + 1, n) for n in range(people))


def seat_mixed(people: int, per_table: int) -> tuple[Seat, ...]:
    """Deal the list out over the tables one by one, so that neighbours in it sit apart."""
    tables = max(1, -(-people // per_table))
    seats = (Seat(n % tables + 1, n // tables + 1, n) for n in range(people))
    return tuple(sorted(seats, key=lambda seat: (seat.table, seat.place)))
