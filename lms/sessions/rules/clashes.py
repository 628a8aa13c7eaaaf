"""What stands in the way of a meeting: never a refusal, always told before saving."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lms.kernel.japanese import search_key
from lms.kernel.localized import Localized


class ClashKind(StrEnum):
    """What stands in the way."""

    EDITION = "edition"  # another session of the same edition at that time
    SPEAKER = "speaker"
    ATTENDS = "attends"  # who speaks, interprets or hosts takes part in another session
    HOST = "host"
    ROOM = "room"
    PARTICIPANTS = "participants"
    HOLIDAY = "holiday"
    SEASON = "season"
    FRIDAY_PRAYER = "friday_prayer"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting as clashes see it: moments, the persons it needs, and its room.

    `place` holds the keys of the room in each language (`place_keys`); empty without a room.
    `groups`: the seminar groups that it is for; empty: it is for everybody.
    """

    starts_at: datetime
    ends_at: datetime
    timezone: str
    speakers: frozenset[str] = frozenset()
    host: str | None = None
    place: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def hands(self) -> frozenset[str]:
        """Who runs it: speakers, interpreters and the host."""
        return self.speakers | ({self.host} if self.host is not None else frozenset())

    def overlaps(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether both go on at the same moment; one may begin when the other ends."""
        return self.starts_at < ends_at and starts_at < self.ends_at

    def is_parallel(self, other: "Meeting") -> bool:
        """Whether both are for groups of one edition, and no group has to be in both."""
        return bool(self.groups and other.groups) and not self.groups & other.groups

    def goes_beside(self, other: "Meeting") -> bool:
        """Whether both can go on at once: parallel, and no room nor who runs them needed twice."""
        needed_twice = self.hands & other.hands or self.place & other.place
        return self.is_parallel(other) and not needed_twice


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing in the way of the meeting with this number (from 0).

    `names` of persons, as far as the organiser may know them; `count` of all of them. `title` of
    the other session (None: of a course that the organiser does not look after). `country`
    (ISO 3166-1), `what` and `regions` of a holiday; `what` of a season is its code.
    """

    kind: ClashKind
    number: int
    names: tuple[str, ...] = ()
    count: int = 0
    title: Localized | None = None
    country: str = ""
    what: str = ""
    regions: tuple[str, ...] = field(default=())


def place_keys(venue: Localized, room: Localized) -> frozenset[str]:
    """Return keys that are equal for the same room, whatever the width and case of letters."""
    return frozenset(
        f"{tag}:{search_key(name)}|{search_key(room.get(tag, ''))}"
        for tag, name in venue.items()
        if search_key(name)
    )


def digest(clashes: Iterable[Clash]) -> str:
    """Return a mark of what was shown: "save anyway" holds for these alone."""
    text = "\n".join(sorted(repr(clash) for clash in clashes))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
