"""The timetable of an edition, by day."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import select

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, PersonId
from lms.kernel.localized import Localized
from lms.sessions.queries.cards import SessionCard, Speaker, sessions_of, speakers_of
from lms.sessions.queries.desk import EditionDesk
from lms.sessions.queries.groups import groups_of_sessions

_TAKING_PART = frozenset(
    {
        EnrolmentState.ENROLLED.value,
        EnrolmentState.APPLIED.value,
        EnrolmentState.UNDER_REVIEW.value,
        EnrolmentState.WAITLISTED.value,
    }
)


@dataclass(frozen=True, slots=True)
class TimetableEntry:
    """A session with who speaks, and the seminar groups that it is for (none: everybody)."""

    card: SessionCard
    speakers: tuple[Speaker, ...]
    groups: tuple[Localized, ...] = ()


@dataclass(frozen=True, slots=True)
class TimetableDay:
    """The sessions that begin on a day, by the calendar of their place."""

    day: date
    entries: tuple[TimetableEntry, ...]

    @property
    def slots(self) -> tuple[tuple[TimetableEntry, ...], ...]:
        """The sessions by time: those side by side that begin and end at the same moment."""
        found: dict[tuple[datetime, datetime], list[TimetableEntry]] = {}
        for entry in self.entries:
            found.setdefault((entry.card.starts_at, entry.card.ends_at), []).append(entry)
        return tuple(tuple(entries) for entries in found.values())


def find_edition_by_slugs(programme_slug: str, edition_slug: str) -> EditionDesk | None:
    """Return the edition at an address, or None. One query."""
    row = db.session.execute(
        select(
            Edition.id,
            Edition.programme_id,
            Edition.title,
            Edition.state,
            Edition.timezone,
            Programme.title.label("programme_title"),
        )
        .join(Programme, Programme.id == Edition.programme_id)
        .where(Programme.slug == programme_slug, Edition.slug == edition_slug)
    ).first()
    if row is None:
        return None
    return EditionDesk(
        row.id, row.programme_id, row.title or row.programme_title, row.state, row.timezone
    )


def list_timetable(
    edition_id: str, *, without: Collection[LiveSessionId] = ()
) -> tuple[TimetableDay, ...]:
    """Return the days of an edition that have sessions, cancelled ones included. Three queries.

    `without`: sessions that the reader does not see, being of other seminar groups.
    """
    all_cards = next(iter(sessions_of([edition_id]).values()), ())
    cards = [card for card in all_cards if card.id not in without]
    ids = [card.id for card in cards]
    return by_day(cards, speakers_of(ids), groups_of_sessions(ids))


def by_day(
    cards: Iterable[SessionCard],
    speakers: Mapping[LiveSessionId, Sequence[Speaker]],
    groups: Mapping[LiveSessionId, Sequence[tuple[str, Localized]]] = MappingProxyType({}),
) -> tuple[TimetableDay, ...]:
    """Group sessions by the day on which they begin at their place; no query."""
    found: dict[date, list[TimetableEntry]] = {}
    for card in cards:
        titles = tuple(title for _group_id, title in groups.get(card.id, ()))
        entry = TimetableEntry(card, tuple(speakers.get(card.id, ())), titles)
        found.setdefault(card.starts_local.date(), []).append(entry)
    return tuple(TimetableDay(day, tuple(found[day])) for day in sorted(found))


def takes_part(edition_id: str, person_id: PersonId | None) -> bool:
    """Whether a person is enrolled in an edition or has applied for it. One query."""
    state = db.session.scalar(
        select(Enrolment.state).where(
            Enrolment.edition_id == edition_id, Enrolment.person_id == person_id
        )
    )
    return state in _TAKING_PART
