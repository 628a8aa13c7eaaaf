"""The timetable of an edition, by day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, PersonId
from lms.sessions.queries.cards import SessionCard, Speaker, sessions_of, speakers_of
from lms.sessions.queries.desk import EditionDesk

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
    """A session with who speaks."""

    card: SessionCard
    speakers: tuple[Speaker, ...]


@dataclass(frozen=True, slots=True)
class TimetableDay:
    """The sessions that begin on a day, by the calendar of their place."""

    day: date
    entries: tuple[TimetableEntry, ...]


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


def list_timetable(edition_id: str) -> tuple[TimetableDay, ...]:
    """Return the days of an edition that have sessions, cancelled ones included. Two queries."""
    cards = next(iter(sessions_of([edition_id]).values()), ())
    return by_day(cards, speakers_of([card.id for card in cards]))


def by_day(
    cards: Iterable[SessionCard], speakers: Mapping[LiveSessionId, Sequence[Speaker]]
) -> tuple[TimetableDay, ...]:
    """Group sessions by the day on which they begin at their place; no query."""
    found: dict[date, list[TimetableEntry]] = {}
    for card in cards:
        entry = TimetableEntry(card, tuple(speakers.get(card.id, ())))
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
