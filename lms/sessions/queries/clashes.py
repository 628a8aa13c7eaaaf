"""What stands in the way of meetings that an organiser is about to save."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from babel.core import get_global
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from lms.courses.models import Edition
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, PersonId
from lms.kernel.localized import Localized
from lms.kernel.wall import is_zone
from lms.people.models import Person
from lms.people.queries import list_names
from lms.people.rules import PersonName
from lms.sessions.models import GroupMember, LiveSession, SessionSpeaker
from lms.sessions.queries.groups import groups_of_sessions
from lms.sessions.rules.clashes import Clash, ClashKind, Meeting, place_keys
from lms.sessions.rules.holidays import days_of, holidays_on, meets_friday_prayer, season_on

MOST_NAMES = 10
_ENROLLED = EnrolmentState.ENROLLED.value


def country_of_zone(zone: str) -> str:
    """Return the country (ISO 3166-1) of a time zone, '' where it is in none (UTC)."""
    found = str(get_global("zone_territories").get(zone, ""))
    return found if len(found) == 2 and found.isalpha() else ""  # noqa: PLR2004 - 001 is the world


@dataclass(frozen=True, slots=True)
class _Other:
    """A session that is there already."""

    id: LiveSessionId
    edition_id: str
    programme_id: str
    title: Localized
    meeting: Meeting


def find_clashes(
    edition_id: str,
    meetings: Sequence[Meeting],
    *,
    sees: Callable[[str], bool],
    language: str,
    without: Collection[str] = (),
) -> tuple[Clash, ...]:
    """Return what stands in the way of meetings of an edition, in eight queries at most.

    `sees` tells whether the organiser looks after a programme: the titles of other programmes,
    and who takes part there, are kept from them. `without`: the sessions that are being changed.
    """
    if not meetings:
        return ()
    others = _others(meetings, without)
    names = list_names({person for one in meetings for person in one.hands})
    busy = _busy_people(edition_id, [o.edition_id for o in others if o.edition_id != edition_id])
    seats = _seats_of_hands(edition_id, meetings, others)
    members = _members(
        {key for one in (*meetings, *(o.meeting for o in others)) for key in one.groups}
        if busy or seats
        else ()
    )
    shown = list_names(
        {person for people in (*busy.values(), *seats.values()) for person in people}
    )
    found: list[Clash] = []
    for number, meeting in enumerate(meetings):
        for other in others:
            if not meeting.overlaps(other.meeting.starts_at, other.meeting.ends_at):
                continue
            title = other.title if sees(other.programme_id) else None
            found.extend(_needed_twice(number, meeting, other, title, names))
            if other.edition_id == edition_id and not meeting.is_parallel(other.meeting):
                # Everybody of the edition is needed twice, whatever else they do.
                found.append(Clash(ClashKind.EDITION, number, title=title))
                continue
            found.extend(_attending(number, meeting, other, title, (seats, members, names)))
            people = _of_groups(
                busy.get(other.edition_id, set()), (meeting.groups, other.meeting.groups), members
            )
            runs = {PersonId(key) for key in other.meeting.hands - meeting.hands}
            people |= _of_groups(seats.get(edition_id, set()) & runs, (meeting.groups,), members)
            if people:
                found.append(_double_booked(number, people, title, shown))
    return (*found, *_calendar_clashes(edition_id, meetings, language))


def _needed_twice(
    number: int,
    meeting: Meeting,
    other: _Other,
    title: Localized | None,
    names: Mapping[PersonId, PersonName],
) -> Iterator[Clash]:
    """Yield what both sessions need: a speaker, the host, the room."""
    needed = other.meeting.speakers | {other.meeting.host}
    twice = sorted(names[PersonId(p)].shown for p in meeting.speakers & needed if p in names)
    if twice:
        yield Clash(ClashKind.SPEAKER, number, tuple(twice), len(twice), title=title)
    if meeting.host is not None and meeting.host in needed:
        host = (names[PersonId(meeting.host)].shown,) if meeting.host in names else ()
        yield Clash(ClashKind.HOST, number, host, 1, title=title)
    if meeting.place & other.meeting.place:
        yield Clash(ClashKind.ROOM, number, title=title)


def _attending(
    number: int,
    meeting: Meeting,
    other: _Other,
    title: Localized | None,
    known: tuple[
        Mapping[str, set[PersonId]], Mapping[str, set[PersonId]], Mapping[PersonId, PersonName]
    ],
) -> Iterator[Clash]:
    """Yield who runs the meeting and takes part in the other session as a participant."""
    seats, members, names = known
    hands = {PersonId(key) for key in meeting.hands - other.meeting.hands}
    people = _of_groups(
        seats.get(other.edition_id, set()) & hands, (other.meeting.groups,), members
    )
    shown = tuple(sorted(names[one].shown for one in people if one in names))
    if shown:
        yield Clash(ClashKind.ATTENDS, number, shown, len(shown), title=title)


def _double_booked(
    number: int,
    people: Collection[PersonId],
    title: Localized | None,
    names: Mapping[PersonId, PersonName],
) -> Clash:
    """Return whom the other session keeps; names only where its course may be known."""
    shown = sorted(names[p].shown for p in people if p in names) if title is not None else []
    return Clash(
        ClashKind.PARTICIPANTS, number, tuple(shown[:MOST_NAMES]), len(people), title=title
    )


def _others(meetings: Sequence[Meeting], without: Collection[str]) -> list[_Other]:
    rows = db.session.execute(
        select(
            LiveSession.id,
            LiveSession.edition_id,
            LiveSession.title,
            LiveSession.starts_at,
            LiveSession.ends_at,
            LiveSession.timezone,
            LiveSession.host_id,
            LiveSession.venue_name,
            LiveSession.room,
            Edition.programme_id,
        )
        .join(Edition, Edition.id == LiveSession.edition_id)
        .where(
            LiveSession.cancelled_at.is_(None),
            LiveSession.starts_at < max(one.ends_at for one in meetings),
            LiveSession.ends_at > min(one.starts_at for one in meetings),
            LiveSession.id.not_in(without),
        )
        .order_by(LiveSession.starts_at, LiveSession.id)
    ).all()
    rows = [
        row for row in rows if any(one.overlaps(row.starts_at, row.ends_at) for one in meetings)
    ]
    speakers: dict[str, set[str]] = {}
    groups = groups_of_sessions([row.id for row in rows])
    if rows:
        for session_id, person_id in db.session.execute(
            select(SessionSpeaker.live_session_id, SessionSpeaker.person_id).where(
                SessionSpeaker.live_session_id.in_([row.id for row in rows]),
                SessionSpeaker.person_id.is_not(None),
            )
        ):
            speakers.setdefault(session_id, set()).add(str(person_id))
    return [
        _Other(
            LiveSessionId(row.id),
            row.edition_id,
            row.programme_id,
            row.title,
            _meeting(row, speakers, frozenset(key for key, _title in groups.get(row.id, ()))),
        )
        for row in rows
    ]


def _members(group_ids: Collection[str]) -> dict[str, set[PersonId]]:
    """Return who is in these seminar groups now, by group."""
    found: dict[str, set[PersonId]] = {}
    if not group_ids:
        return found
    for group_id, person_id in db.session.execute(
        select(GroupMember.group_id, Enrolment.person_id)
        .join(Enrolment, Enrolment.id == GroupMember.enrolment_id)
        .where(GroupMember.group_id.in_(group_ids), GroupMember.until_at.is_(None))
    ):
        found.setdefault(group_id, set()).add(PersonId(person_id))
    return found


def _of_groups(
    people: set[PersonId],
    each: Sequence[Collection[str]],
    members: Mapping[str, set[PersonId]],
) -> set[PersonId]:
    """Return those of these people who are in the groups of both sessions."""
    for groups in each:
        if groups:
            people = people & {who for key in groups for who in members.get(key, ())}
    return people


def _meeting(
    row: Any, speakers: dict[str, set[str]], groups: frozenset[str] = frozenset()
) -> Meeting:
    return Meeting(
        row.starts_at,
        row.ends_at,
        row.timezone,
        frozenset(speakers.get(row.id, ())),
        row.host_id,
        place_keys(row.venue_name or {}, row.room or {}),
        groups,
    )


def _busy_people(edition_id: str, edition_ids: Sequence[str]) -> dict[str, set[PersonId]]:
    """Return by other edition who is enrolled there and here."""
    if not edition_ids:
        return {}
    here, there = aliased(Enrolment), aliased(Enrolment)
    rows = db.session.execute(
        select(there.edition_id, there.person_id)
        .join(here, here.person_id == there.person_id)
        .where(
            here.edition_id == edition_id,
            here.state == _ENROLLED,
            there.edition_id.in_(edition_ids),
            there.state == _ENROLLED,
        )
    )
    found: dict[str, set[PersonId]] = {}
    for other_id, person_id in rows:
        found.setdefault(other_id, set()).add(PersonId(person_id))
    return found


def _seats_of_hands(
    edition_id: str, meetings: Sequence[Meeting], others: Sequence[_Other]
) -> dict[str, set[PersonId]]:
    """Return by edition, of those who run any of the sessions, who holds a seat there.

    A lecturer may be a participant elsewhere, and a participant here may lecture elsewhere.
    """
    if not others:
        return {}
    hands = {key for one in (*meetings, *(o.meeting for o in others)) for key in one.hands}
    found: dict[str, set[PersonId]] = {}
    for other_id, person_id in db.session.execute(
        select(Enrolment.edition_id, Enrolment.person_id).where(
            Enrolment.person_id.in_(hands),
            Enrolment.edition_id.in_({edition_id, *(other.edition_id for other in others)}),
            Enrolment.state == _ENROLLED,
        )
    ):
        found.setdefault(other_id, set()).add(PersonId(person_id))
    return found


def _calendar_clashes(edition_id: str, meetings: Sequence[Meeting], language: str) -> list[Clash]:
    people: Counter[tuple[str, str]] = Counter()
    for country, zone, count in db.session.execute(
        select(Person.country, Person.timezone, func.count())
        .join(Enrolment, Enrolment.person_id == Person.id)
        .where(Enrolment.edition_id == edition_id, Enrolment.state == _ENROLLED)
        .group_by(Person.country, Person.timezone)
    ):
        place = zone if is_zone(zone) else "UTC"
        people[country or country_of_zone(place), place] += count
    found: list[Clash] = []
    for number, meeting in enumerate(meetings):
        places = {**people}
        places.setdefault((country_of_zone(meeting.timezone), meeting.timezone), 0)
        found.extend(_days_off(number, meeting, places, language))
    return found


def _days_off(
    number: int, meeting: Meeting, places: dict[tuple[str, str], int], language: str
) -> list[Clash]:
    """Return holidays, seasons and prayers with how many take part from there."""
    counts: Counter[Clash] = Counter()
    for (country, zone), people in places.items():
        if not country:
            continue
        reasons: set[Clash] = set()
        for day in days_of(meeting.starts_at, meeting.ends_at, zone):
            for holiday in holidays_on(country, day, language):
                reasons.add(
                    Clash(
                        ClashKind.HOLIDAY, number, country=country, what=holiday.name,
                        regions=holiday.regions,
                    )
                )  # fmt: skip
            if season := season_on(country, day):
                reasons.add(Clash(ClashKind.SEASON, number, country=country, what=season))
        if people and meets_friday_prayer(meeting.starts_at, meeting.ends_at, country, zone):
            reasons.add(Clash(ClashKind.FRIDAY_PRAYER, number, country=country))
        for reason in reasons:
            counts[reason] += people
    return [
        Clash(
            one.kind, number, count=people, country=one.country, what=one.what, regions=one.regions
        )
        for one, people in sorted(counts.items(), key=lambda pair: repr(pair[0]))
    ]
