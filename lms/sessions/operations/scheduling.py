"""Setting up, changing and cancelling live sessions."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from lms.courses.models import EditionState, Part
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, LiveSessionId, PartId, PersonId
from lms.kernel.localized import Localized
from lms.kernel.wall import WallFault, WallTime, WallTimeError, zone_rules_version
from lms.people.models import Person
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.events import LiveSessionGroupsChanged, LiveSessionScheduled
from lms.sessions.models import LiveSession, SeminarGroup, SessionGroup, SessionSpeaker
from lms.sessions.operations.announcing import write_cancellation, write_change
from lms.sessions.rules import MAX_MINUTES, TimesFault, is_web_link, judge_times
from lms.sessions.rules.joining import is_name_format
from lms.sessions.rules.planning import MAX_SEATS, SPEAKER_ROLES, is_language_tag


@dataclass(frozen=True, slots=True)
class SpeakerPlan:
    """Who speaks: a known person, or a name (shown instead of the person's when both).

    `role` is speaker or interpreter; both are let into the meeting.
    """

    person_id: PersonId | None = None
    name: Localized = field(default_factory=dict)
    role: str = "speaker"


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What an organiser sets. `starts_local`/`ends_local` are naive times in `timezone`.

    `group_ids`: the seminar groups that it is for; none: for everybody.
    """

    title: Localized
    starts_local: datetime
    ends_local: datetime
    timezone: str = "Asia/Tokyo"
    part_id: PartId | None = None
    venue_name: Localized = field(default_factory=dict)
    venue_address: Localized = field(default_factory=dict)
    venue_access: Localized = field(default_factory=dict)
    map_url: str = ""
    web_url: str = ""
    web_passcode: str = ""
    join_opens_minutes: int = 15
    grace_minutes: int = 15
    is_recorded: bool = False
    interpretation: bool = False
    speakers: tuple[SpeakerPlan, ...] = ()
    room: Localized = field(default_factory=dict)
    seats: int | None = None
    dial_in: str = ""
    host_id: PersonId | None = None
    channels: tuple[str, ...] = ()
    name_format: Localized = field(default_factory=dict)
    group_ids: tuple[str, ...] = ()


# Changing one of these is told to people and raises the number of the invitation.
TOLD = frozenset(
    {
        "title",
        "starts_at",
        "ends_at",
        "timezone",
        "venue_name",
        "venue_address",
        "venue_access",
        "room",
        "map_url",
        "has_web",
    }
)


def schedule_live_session(
    actor: Actor, edition_id: str, plan: SessionPlan, *, at: datetime, among_others: bool = False
) -> LiveSessionId:
    """Add a session to an edition; `among_others`: the caller has all of them told together.

    Raises SessionInputError where the plan does not fit, LiveSessionRefusedError for an edition
    that was cancelled.
    """
    edition = policy.require_organiser_of_edition(actor, edition_id)
    if edition.state == EditionState.CANCELLED:
        raise LiveSessionRefusedError("edition_cancelled")
    return _schedule(actor, edition, plan, at, among_others=among_others)


def schedule_drafted_session(
    edition_id: EditionId, plan: SessionPlan, *, actor: Actor, at: datetime
) -> LiveSessionId:
    """Add the session of an edition that is just being set up; who may was decided there."""
    edition = queries.find_edition_desk(edition_id)
    if edition is None:
        raise NotFoundError
    return _schedule(actor, edition, plan, at)


def _schedule(
    actor: Actor,
    edition: queries.EditionDesk,
    plan: SessionPlan,
    at: datetime,
    *,
    among_others: bool = False,
) -> LiveSessionId:
    row = LiveSession(
        edition_id=edition.edition_id,
        created_at=at,
        zone_rules=zone_rules_version(),
        **_columns(edition, plan),
    )
    db.session.add(row)
    db.session.flush()
    _set_speakers(row.id, plan.speakers)
    _set_groups(row, plan.group_ids)
    record_act(
        actor,
        "live_session.scheduled",
        "live_session",
        row.id,
        at=at,
        edition_id=edition.edition_id,
    )
    if edition.state != EditionState.DRAFT:
        raise_event(
            LiveSessionScheduled(
                LiveSessionId(row.id), edition.edition_id, at, among_others=among_others
            )
        )
    return LiveSessionId(row.id)


def change_live_session(
    actor: Actor, live_session_id: str, plan: SessionPlan, *, at: datetime
) -> tuple[str, ...]:
    """Change a session; return the names of what changed, in order (none: nothing was done).

    What people were told of (title, times, place, whether there is a web address) raises
    `sequence` and, once the edition is no draft any more, LiveSessionChanged.
    """
    edition = policy.require_organiser_of_session(actor, live_session_id)
    row: LiveSession = lock_row(LiveSession, live_session_id)
    if row.cancelled_at is not None:
        raise LiveSessionRefusedError("cancelled")
    columns = _columns(edition, plan)
    row.zone_rules = zone_rules_version()
    also: set[str] = set()
    if _speakers_of(row.id) != plan.speakers:
        _set_speakers(row.id, plan.speakers)
        also.add("speakers")
    if groups_of(row.id) != tuple(sorted(set(plan.group_ids))):
        _set_groups(row, plan.group_ids)
        also.add("groups")
    changed = write_change(actor, edition, row, columns, told=TOLD, at=at, also=also)
    if "groups" in also and edition.state != EditionState.DRAFT:
        raise_event(LiveSessionGroupsChanged(LiveSessionId(row.id), edition.edition_id, at))
    return changed


def cancel_live_session(actor: Actor, live_session_id: str, *, at: datetime) -> bool:
    """Cancel a session. False when it was cancelled before: then nothing is told again."""
    policy.require_organiser_of_session(actor, live_session_id)
    return _cancel(actor, live_session_id, at)


def cancel_sessions_of(edition_id: EditionId, *, actor: Actor, at: datetime) -> int:
    """Cancel what is to come of an edition that was cancelled; who may was decided there."""
    ids = sorted(
        card.id
        for card in queries.list_edition_sessions(edition_id)
        if card.ends_at > at or card.is_on_hold
    )  # who locks several sessions does so in this order
    return sum(_cancel(actor, key, at, among_others=True) for key in ids)


def _cancel(
    actor: Actor, live_session_id: str, at: datetime, *, among_others: bool = False
) -> bool:
    row: LiveSession = lock_row(LiveSession, live_session_id)
    return write_cancellation(actor, row, at, among_others=among_others)


def _columns(edition: queries.EditionDesk, plan: SessionPlan) -> dict[str, Any]:
    """Return the values of the row; the instants follow from wall time and zone."""
    if not plan.title:
        raise SessionInputError("title", "title_missing")
    for name, url in (("map_url", plan.map_url), ("web_url", plan.web_url)):
        if url and not is_web_link(url):
            raise SessionInputError(name, "bad_link")
    for name, minutes in (
        ("join_opens_minutes", plan.join_opens_minutes),
        ("grace_minutes", plan.grace_minutes),
    ):
        if not 0 <= minutes <= MAX_MINUTES:
            raise SessionInputError(name, "minutes_out_of_range", most=MAX_MINUTES)
    _check_meeting(plan)
    starts_at, ends_at = instants_of(plan.starts_local, plan.ends_local, plan.timezone)
    return {
        "title": plan.title,
        "part_id": _part_of(edition.edition_id, plan.part_id),
        "starts_local": plan.starts_local,
        "ends_local": plan.ends_local,
        "timezone": plan.timezone,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "venue_name": plan.venue_name,
        "venue_address": plan.venue_address,
        "venue_access": plan.venue_access,
        "map_url": plan.map_url,
        "web_url": plan.web_url,
        "web_passcode": plan.web_passcode,
        "join_opens_minutes": plan.join_opens_minutes,
        "grace_minutes": plan.grace_minutes,
        "is_recorded": plan.is_recorded,
        "interpretation": plan.interpretation or bool(plan.channels),
        "room": plan.room,
        "seats": plan.seats,
        "dial_in": plan.dial_in,
        "host_id": plan.host_id,
        "channels": list(plan.channels),
        "name_format": plan.name_format,
    }


def _check_meeting(plan: SessionPlan) -> None:
    if plan.seats is not None and not 1 <= plan.seats <= MAX_SEATS:
        raise SessionInputError("seats", "seats_out_of_range", most=MAX_SEATS)
    if not all(is_language_tag(tag) for tag in plan.channels):
        raise SessionInputError("channels", "unknown_language")
    for language, pattern in plan.name_format.items():
        if not is_name_format(pattern):
            raise SessionInputError(f"name_format_{language}", "name_place_unknown")
    if plan.host_id is not None and db.session.get(Person, plan.host_id) is None:
        raise SessionInputError("host", "unknown_speaker")


def instants_of(
    starts_local: datetime, ends_local: datetime, timezone: str
) -> tuple[datetime, datetime]:
    """Return the moments of two wall-clock times in a zone. Raises SessionInputError."""
    fault = judge_times(starts_local, ends_local)
    if fault is TimesFault.UNLIKELY_YEAR:
        raise SessionInputError("day", fault.value)
    if fault is not None:
        raise SessionInputError("ends", fault.value)
    found: list[datetime] = []
    for name, local in (("starts", starts_local), ("ends", ends_local)):
        try:
            found.append(WallTime(local, timezone).instant())
        except WallTimeError as error:
            if error.fault is WallFault.UNKNOWN_ZONE:
                raise SessionInputError("timezone", "unknown_zone") from None
            raise SessionInputError(name, "time_does_not_exist", zone=timezone) from None
    starts_at, ends_at = found
    if ends_at <= starts_at:  # the clocks were set back in between
        raise SessionInputError("ends", TimesFault.ENDS_BEFORE_START.value)
    return starts_at, ends_at


def _part_of(edition_id: EditionId, part_id: PartId | None) -> PartId | None:
    if part_id is None:
        return None
    known = db.session.scalar(
        select(Part.id).where(Part.id == part_id, Part.edition_id == edition_id)
    )
    if known is None:
        raise SessionInputError("part_id", "unknown_part")
    return part_id


def groups_of(live_session_id: str) -> tuple[str, ...]:
    """Return the seminar groups that a session is for, in the order of ids; none: everybody."""
    return tuple(
        db.session.scalars(
            select(SessionGroup.group_id)
            .where(SessionGroup.live_session_id == live_session_id)
            .order_by(SessionGroup.group_id)
        )
    )


def _set_groups(row: LiveSession, group_ids: tuple[str, ...]) -> None:
    db.session.execute(delete(SessionGroup).where(SessionGroup.live_session_id == row.id))
    wanted = set(group_ids)
    if not wanted:
        return
    known = set(
        db.session.scalars(
            select(SeminarGroup.id).where(
                SeminarGroup.id.in_(wanted),
                SeminarGroup.edition_id == row.edition_id,
                SeminarGroup.removed_at.is_(None),
            )
        )
    )
    if wanted != known:
        raise SessionInputError("groups", "group_unknown")
    db.session.add_all(SessionGroup(live_session_id=row.id, group_id=key) for key in sorted(wanted))
    db.session.flush()


def _speakers_of(live_session_id: str) -> tuple[SpeakerPlan, ...]:
    rows = db.session.scalars(
        select(SessionSpeaker)
        .where(SessionSpeaker.live_session_id == live_session_id)
        .order_by(SessionSpeaker.position, SessionSpeaker.id)
    )
    return tuple(
        SpeakerPlan(PersonId(row.person_id) if row.person_id else None, row.name, row.role)
        for row in rows
    )


def _set_speakers(live_session_id: str, speakers: tuple[SpeakerPlan, ...]) -> None:
    db.session.execute(
        delete(SessionSpeaker).where(SessionSpeaker.live_session_id == live_session_id)
    )
    for position, speaker in enumerate(speakers):
        if speaker.person_id is not None and db.session.get(Person, speaker.person_id) is None:
            raise SessionInputError("speakers", "unknown_speaker")
        if speaker.role not in SPEAKER_ROLES:
            raise SessionInputError("speakers", "unknown_role")
        db.session.add(
            SessionSpeaker(
                live_session_id=live_session_id,
                person_id=speaker.person_id,
                name=speaker.name,
                position=position,
                role=speaker.role,
            )
        )
    db.session.flush()
