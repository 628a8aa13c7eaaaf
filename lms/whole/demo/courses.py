"""Days, sessions and seats for the editions of the content folder; one of the past, one begun."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms.completion.operations import set_rule
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.courses.models import ContentRecord, Edition, EditionState, Part, Programme
from lms.courses.operations import (
    EditionSettings,
    draft_edition,
    publish_edition,
    update_edition,
)
from lms.courses.rules import EditionPlan, MeetingPlan, PartPlan
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.clock import JST, day_in
from lms.kernel.ids import EditionId, PartId
from lms.sessions.models import LiveSession
from lms.sessions.operations import (
    SessionPlan,
    SpeakerPlan,
    change_live_session,
    schedule_live_session,
)
from lms.sessions.operations.groups import plan_spread, show_to_group, spread_people
from lms.sessions.operations.laying_out import LayoutPlan, lay_out
from lms.whole.demo.data import read_stories
from lms.whole.demo.people import actor_of, id_of

Entry = Mapping[str, Any]

#: A meeting has its own room behind this address; the demo's leads nowhere on purpose.
_WEB = "https://meeting.demo.example/"
_STEP = timedelta(minutes=5)
_CLOSE_BEFORE = timedelta(days=1)


def days_ago(at: datetime, days: float) -> datetime:
    """Return the moment so many days before."""
    return at - timedelta(days=days)


def find_edition(key: str) -> Edition:
    """Return the edition `programme/edition` of the content folder, which must be there."""
    programme, _slash, slug = key.partition("/")
    return db.session.scalars(
        select(Edition)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(Programme.slug == programme, Edition.slug == slug)
    ).one()


def find_programme(slug: str) -> Programme:
    """Return a programme of the content folder, which must be there."""
    return db.session.scalars(select(Programme).where(Programme.slug == slug)).one()


def find_run(slug: str, title: Mapping[str, str]) -> Edition | None:
    """Return the edition of a programme with this title in English, or None."""
    programme_id = find_programme(slug).id
    rows = db.session.scalars(select(Edition).where(Edition.programme_id == programme_id))
    return next((one for one in rows if one.title.get("en") == title["en"]), None)


def parts_of(edition_id: str) -> dict[str, Part]:
    """Return the parts of an edition by slug."""
    rows = db.session.scalars(
        select(Part).where(Part.edition_id == edition_id).order_by(Part.position)
    )
    return {part.slug: part for part in rows}


def session_of(edition_id: str, part_id: str) -> LiveSession | None:
    """Return the first session of a part, or None."""
    return db.session.scalar(
        select(LiveSession)
        .where(LiveSession.edition_id == edition_id, LiveSession.part_id == part_id)
        .order_by(LiveSession.starts_at, LiveSession.id)
        .limit(1)
    )


def list_stories() -> list[Entry]:
    """Return what is told of each edition of the content folder.

    Those of which the stories say nothing follow one after another, a session a week for each
    part, so that the catalogue shows every programme there is.
    """
    told: list[Entry] = list(read_stories()["editions"])
    known = {story["edition"] for story in told}
    rest = db.session.scalars(
        select(ContentRecord.key)
        .where(ContentRecord.table_name == Edition.__tablename__)
        .order_by(ContentRecord.key)
    )
    plan = read_stories()["others"]
    for number, key in enumerate(key for key in rest if key not in known):
        first = plan["first"] + number * plan["apart"]
        days = range(first, first + 7 * 52, 7)
        sessions = [
            {"part": slug, "day": day, **plan["session"]}
            for slug, day in zip(parts_of(find_edition(key).id), days, strict=False)
        ]
        told.append(
            {
                "edition": key,
                "published": plan["published"],
                "starts": first,
                "ends": sessions[-1]["day"] if sessions else first,
                "apply_until": first - 7,
                "sessions": sessions,
            }
        )
    return told


def seed_editions(at: datetime) -> None:
    """Date, furnish and publish the editions of the stories that are drafts still."""
    for story in list_stories():
        edition = find_edition(story["edition"])
        if edition.state != EditionState.DRAFT or edition.published_at is not None:
            continue
        actor, before = actor_of("organiser", at), days_ago(at, -story["published"])
        _date(actor, edition, story, at, before)
        for entry in story["sessions"]:
            part = parts_of(edition.id)[entry["part"]]
            if session_of(edition.id, part.id) is None:
                schedule_live_session(actor, edition.id, _plan(story, entry, part, at), at=before)
        if "timetable" in story:
            lay_out(actor, edition.id, _layout(story, at), at=before)
        publish_edition(edition.id, actor=actor, at=before)


def _layout(story: Entry, at: datetime) -> LayoutPlan:
    wanted = story["timetable"]
    venue = read_stories()["venues"][wanted["venue"]]
    return LayoutPlan(
        first_day=day_in(at) + timedelta(days=wanted["day"]),
        venue_name=venue["name"],
        venue_address=venue["address"],
        venue_access=venue.get("access", {}),
        web_url=f"{_WEB}{story['edition']}" if wanted.get("web") else "",
    )


def seed_groups(at: datetime) -> None:
    """Spread who is enrolled over the seminar groups; some let their group see them."""
    for story in read_stories()["editions"]:
        if "seen_by_group" not in story:
            continue
        edition = find_edition(story["edition"])
        actor = actor_of("organiser", at)
        spread_people(actor, edition.id, plan_spread(actor, edition.id, at=at), at=at)
        for login in story["seen_by_group"]:
            show_to_group(actor_of(login, at), edition.id, shown=True, at=at)


def move_editions(at: datetime) -> None:
    """Make what is to come come again: sessions and days that time has overtaken.

    What lies ahead is left where it is, so that a second start tells nobody of anything.
    """
    actor = actor_of("organiser", at)
    for story in list_stories():
        edition = find_edition(story["edition"])
        if edition.state != EditionState.PUBLISHED:
            continue
        moved = [entry for entry in story["sessions"] if _is_overtaken(edition, entry, at)]
        if moved or _is_over(edition, story, at):
            _date(actor, edition, story, at, at)
        for entry in moved:
            part = parts_of(edition.id)[entry["part"]]
            session = session_of(edition.id, part.id)
            if session is not None:
                change_live_session(actor, session.id, _plan(story, entry, part, at), at=at)


def _is_over(edition: Edition, story: Entry, at: datetime) -> bool:
    today = day_in(at)
    if edition.ends_on is not None and edition.ends_on <= today and story["ends"] > 0:
        return True
    return edition.apply_until_at is not None and edition.apply_until_at <= at + _CLOSE_BEFORE


def _is_overtaken(edition: Edition, entry: Entry, at: datetime) -> bool:
    """Whether a session is no longer where its story wants it: to come, soon, or running."""
    part = parts_of(edition.id).get(entry["part"])
    session = session_of(edition.id, part.id) if part is not None else None
    if session is None or session.cancelled_at is not None:
        return False
    if "running" in entry:
        return not session.starts_at <= at <= session.ends_at - timedelta(minutes=45)
    if "soon" in entry:
        ahead = session.starts_at - at
        return not timedelta(minutes=12) <= ahead <= timedelta(minutes=entry["soon"] + 5)
    return bool(entry["day"] > 0 and session.starts_at < at + _CLOSE_BEFORE)


def _date(actor: Actor, edition: Edition, story: Entry, at: datetime, act_at: datetime) -> None:
    """Write an edition's days; a first day that has passed as it should stays."""
    today = day_in(at)
    starts_on = today + timedelta(days=story["starts"])
    if edition.starts_on is not None and story["starts"] < 0:
        starts_on = edition.starts_on
    until = story.get("apply_until")
    settings = EditionSettings(
        title=edition.title,
        mode=edition.mode,
        languages=tuple(edition.languages),
        starts_on=starts_on,
        ends_on=today + timedelta(days=story["ends"]),
        timezone=edition.timezone,
        capacity=edition.capacity,
        apply_until_at=None if until is None else _evening(today + timedelta(days=until)),
        approval=edition.approval,
    )
    update_edition(edition.id, settings, version=edition.version, actor=actor, at=act_at)


def _evening(day: date) -> datetime:
    return datetime.combine(day, time(17), JST)


def _plan(story: Entry, entry: Entry, part: Part, at: datetime) -> SessionPlan:
    starts, zone = _starts_local(entry, at)
    venues = read_stories()["venues"]
    venue = venues.get(entry.get("venue"), {})
    speaker = SpeakerPlan(id_of("speaker")) if entry.get("speaker") else None
    return SessionPlan(
        title=part.title,
        starts_local=starts,
        ends_local=starts + timedelta(minutes=entry["minutes"]),
        timezone=zone,
        part_id=PartId(part.id),
        venue_name=venue.get("name", entry.get("venue_name", {})),
        venue_address=venue.get("address", {}),
        venue_access=venue.get("access", {}),
        web_url=f"{_WEB}{story['edition']}/{part.slug}" if entry.get("web") else "",
        web_passcode="towa" if entry.get("web") else "",
        is_recorded=bool(entry.get("speaker")),
        interpretation=bool(entry.get("interpretation")),
        speakers=(speaker,) if speaker is not None else (),
    )


def _starts_local(entry: Entry, at: datetime) -> tuple[datetime, str]:
    """Return when a session starts, as a wall-clock time in its zone."""
    zone = entry.get("zone", "Asia/Tokyo")
    if "day" in entry:
        day = day_in(at, ZoneInfo(zone)) + timedelta(days=entry["day"])
        return datetime.combine(day, time.fromisoformat(entry["time"])), zone
    if "running" in entry:
        wanted = at - timedelta(minutes=entry["running"])
    else:
        wanted = at + timedelta(minutes=entry["soon"])
    local = wanted.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    return local - timedelta(minutes=local.minute % (_STEP.seconds // 60)), zone


def seed_past(at: datetime) -> EditionId:
    """Make the edition of the past, with its rule, and return its id."""
    story = read_stories()["past"]
    known = find_run(story["programme"], story["title"])
    if known is not None:
        return EditionId(known.id)
    actor, before = actor_of("organiser", at), days_ago(at, 30 - story["day"])
    day = day_in(at) + timedelta(days=story["day"])
    starts = datetime.combine(day, time.fromisoformat(story["time"]))
    meeting = MeetingPlan(
        starts, starts + timedelta(minutes=story["minutes"]), web_url=f"{_WEB}spring"
    )
    plan = EditionPlan(
        title=story["title"],
        mode="web",
        languages=("ja",),
        parts=(PartPlan(story["part"], meeting),),
        starts_on=day,
        ends_on=day,
        capacity=100,
    )
    programme = find_programme(story["programme"])
    return draft_edition(plan, programme=programme.id, actor=actor, at=before)


def open_past(edition_id: EditionId, at: datetime) -> None:
    """Give the edition of the past its rule and publish it as of then."""
    edition = db.session.get_one(Edition, edition_id)
    if edition.state != EditionState.DRAFT:
        return
    story = read_stories()["past"]
    actor, before = actor_of("organiser", at), days_ago(at, 29 - story["day"])
    (part,) = parts_of(edition_id).values()
    session = session_of(edition_id, part.id)
    assert session is not None
    attend = {"kind": "attend", "live_session_id": session.id}
    requirement = RequirementDraft(story["requirement"], (attend,), part.id)
    set_rule(actor, edition_id, EditionRuleDraft("all", (requirement,)), at=before)
    publish_edition(edition_id, actor=actor, at=before)


def seed_draft(at: datetime) -> None:
    """Begin an edition that lacks its dates still."""
    story = read_stories()["draft"]
    if find_run(story["programme"], story["title"]) is not None:
        return
    parts: Sequence[Any] = story["parts"]
    plan = EditionPlan(
        title=story["title"],
        mode="hybrid",
        languages=("ja",),
        parts=tuple(PartPlan(title) for title in parts),
        capacity=60,
    )
    draft_edition(
        plan,
        programme=find_programme(story["programme"]).id,
        actor=actor_of("organiser", at),
        at=days_ago(at, 1),
    )
