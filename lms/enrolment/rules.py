"""Rules of enrolment: who may apply, who gets a seat, who comes next."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lms.courses.rules import end_of_day, start_of_day

ACTIVE_STATES = frozenset({"applied", "under_review", "enrolled", "waitlisted"})
PENDING_STATES = frozenset({"applied", "under_review"})
#: Who applied and has no seat yet.
WAITING_STATES = ACTIVE_STATES - {"enrolled"}

# What the rights decision calls each state (design of rights, "Facts as the tables give them").
RIGHTS_STATUS: Mapping[str, str] = {
    "enrolled": "confirmed",
    "waitlisted": "waitlisted",
    "applied": "pending",
    "under_review": "pending",
    "withdrawn": "cancelled",
    "cancelled": "cancelled",
    "declined": "rejected",
}


class Hindrance(StrEnum):
    """Why somebody cannot apply now."""

    NOT_SIGNED_IN = "not_signed_in"
    SUSPENDED = "suspended"
    OUT_OF_REACH = "out_of_reach"
    EDITION_CANCELLED = "edition_cancelled"
    EDITION_CLOSED = "edition_closed"
    NOT_PUBLISHED = "not_published"
    OVER = "over"
    DEADLINE_PASSED = "deadline_passed"
    ALREADY_IN = "already_in"
    DECLINED = "declined"
    TAKEN_OFF = "taken_off"


class Outcome(StrEnum):
    """What would become of an application made now."""

    SEAT = "seat"
    WAITING_LIST = "waiting_list"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What decides whether an edition takes applications, and from this person.

    `state` is the person's present state in the edition, None when there is none.
    `waiting` counts those on the list who may be promoted.
    """

    edition_state: str
    approval: str
    capacity: int | None
    seats_taken: int
    waiting: int
    starts_on: date | None
    ends_on: date | None
    timezone: str
    apply_until_at: datetime | None
    signed_in: bool = True
    suspended: bool = False
    within_reach: bool = True
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether one may apply now: a hindrance, or what would come of it."""

    hindrance: Hindrance | None
    outcome: Outcome | None

    @property
    def is_open(self) -> bool:
        """Whether an application is taken."""
        return self.hindrance is None


_CLOSED = {
    "cancelled": Hindrance.EDITION_CANCELLED,
    "closed": Hindrance.EDITION_CLOSED,
    "draft": Hindrance.NOT_PUBLISHED,
}
_BY_STATE = {
    "declined": Hindrance.DECLINED,
    "cancelled": Hindrance.TAKEN_OFF,
    **dict.fromkeys(ACTIVE_STATES, Hindrance.ALREADY_IN),
}


def judge_opening(facts: OpeningFacts, at: datetime) -> Opening:
    """Decide whether a person may apply: the one rule behind the button and the POST.

    What a person could not change stands before what signing in would change.
    """
    hindrance = _hindrance(facts, at)
    if hindrance is not None:
        return Opening(hindrance, None)
    if facts.approval != "first_come":
        return Opening(None, Outcome.DECISION)
    full = facts.capacity is not None and (facts.seats_taken >= facts.capacity or facts.waiting > 0)
    return Opening(None, Outcome.WAITING_LIST if full else Outcome.SEAT)


def _hindrance(facts: OpeningFacts, at: datetime) -> Hindrance | None:
    over = facts.ends_on is not None and at >= end_of_day(facts.ends_on, facts.timezone)
    late = facts.apply_until_at is not None and at >= facts.apply_until_at
    in_order = (
        _BY_STATE.get(facts.state or ""),
        None if facts.within_reach else Hindrance.OUT_OF_REACH,
        _CLOSED.get(facts.edition_state),
        Hindrance.OVER if over else None,
        Hindrance.DEADLINE_PASSED if late else None,
        Hindrance.SUSPENDED if facts.suspended else None,
        None if facts.signed_in else Hindrance.NOT_SIGNED_IN,
    )
    return next((h for h in in_order if h is not None), None)


def promotion_is_open(facts: OpeningFacts, at: datetime) -> bool:
    """Whether the waiting list still moves by itself.

    It does while the edition is published and its first day has not begun where it is held:
    nobody is pulled into a course that has started. The deadline for applications does not
    stop it. What has no dates moves always.
    """
    if facts.edition_state != "published":
        return False
    if facts.starts_on is not None:
        return at < start_of_day(facts.starts_on, facts.timezone)
    return facts.ends_on is None or at < end_of_day(facts.ends_on, facts.timezone)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody on the waiting list. `approved`: an organiser agreed to this application."""

    enrolment_id: str
    queue_position: int
    suspended: bool = False
    approved: bool = False


def may_be_promoted(person: Waiting, approval: str) -> bool:
    """Whether this person passes the gates that belong to persons."""
    return not person.suspended and (approval == "first_come" or person.approved)


def allocate_next(
    waiting: Iterable[Waiting], *, capacity: int | None, taken: Collection[int], approval: str
) -> tuple[tuple[str, int], ...]:
    """Give free seats to the waiting list, head first: pairs of enrolment id and seat.

    `taken` are the numbers of the seats held. Nobody is passed over but those who do not pass
    a gate; free numbers are given from the lowest.
    """
    queue = sorted(
        (w for w in waiting if may_be_promoted(w, approval)), key=lambda w: w.queue_position
    )
    held = set(taken)
    given: list[tuple[str, int]] = []
    for person in queue:
        seat = allocate_seat(capacity, held)
        if seat is None:
            break
        held.add(seat)
        given.append((person.enrolment_id, seat))
    return tuple(given)


def allocate_seat(capacity: int | None, taken: Collection[int]) -> int | None:
    """Return the lowest free seat number, or None when as many are held as there are."""
    if capacity is not None and len(taken) >= capacity:
        return None
    seat, held = 1, set(taken)
    while seat in held:
        seat += 1
    return seat


class Decision(StrEnum):
    """What an organiser can do with an application."""

    REVIEW = "review"
    ACCEPT = "accept"
    WAITLIST = "waitlist"
    DECLINE = "decline"


# From which states each decision leads anywhere. Who waits is seated by the list itself; an
# organiser seats the head by hand only where the list no longer moves.
DECIDABLE: Mapping[Decision, frozenset[str]] = {
    Decision.REVIEW: frozenset({"applied"}),
    Decision.ACCEPT: frozenset({"applied", "under_review", "waitlisted", "declined", "cancelled"}),
    Decision.WAITLIST: frozenset({"applied", "under_review"}),
    Decision.DECLINE: frozenset({"applied", "under_review", "waitlisted"}),
}


def ways_to_attend(mode: str) -> tuple[str, ...]:
    """Return how people can take part in an edition held in this mode."""
    return {"venue": ("venue",), "hybrid": ("venue", "web")}.get(mode, ("web",))
