"""Writing editions: settings and states."""

from dataclasses import dataclass
from datetime import date, datetime

from lms.courses import policy
from lms.courses.errors import CoursesError
from lms.courses.events import (
    EditionCancelled,
    EditionChanged,
    EditionClosed,
    EditionPublished,
    EditionUnpublished,
)
from lms.courses.models import Approval, Edition, EditionState, Mode
from lms.courses.queries import edition_facts, get_entry, list_parts
from lms.courses.rules import Caution, EditionNotice, missing_for_publication, warnings_for
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId
from lms.kernel.localized import Localized
from lms.kernel.wall import is_zone
from lms.people.queries import is_id

MAX_CAPACITY = 100_000


@dataclass(frozen=True, slots=True)
class EditionSettings:
    """What an organiser may change of an edition. `capacity` None = no limit."""

    title: Localized
    mode: str
    languages: tuple[str, ...]
    starts_on: date | None
    ends_on: date | None
    timezone: str
    capacity: int | None
    apply_until_at: datetime | None
    approval: str


def check_settings(
    *, starts_on: date | None, ends_on: date | None, capacity: int | None, zone: str
) -> None:
    """Raise InvalidInputError for what no edition can be."""
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        raise InvalidInputError("ends_on", "end_before_start")
    if ends_on is not None and starts_on is None:
        raise InvalidInputError("starts_on", "end_without_start")
    if capacity is not None and not 1 <= capacity <= MAX_CAPACITY:
        raise InvalidInputError("capacity", "capacity", most=MAX_CAPACITY)
    if not is_zone(zone):
        raise InvalidInputError("timezone", "zone")


def update_edition(
    edition_id: str, settings: EditionSettings, *, version: int, actor: Actor, at: datetime
) -> tuple[Caution, ...]:
    """Change an edition; return what looks like a slip.

    `version` is the one that the organiser saw: CoursesError("edited_meanwhile") when another
    edit came between. A published edition must stay publishable. Nobody loses a seat when the
    capacity sinks; when it grows, the waiting list moves in the same transaction.
    """
    edition = _locked(edition_id, actor)
    if edition.version != version:
        raise CoursesError("edited_meanwhile")
    if edition.state == EditionState.CANCELLED:
        raise CoursesError("wrong_state")
    if not settings.title:
        raise InvalidInputError("title", "required")
    check_settings(
        starts_on=settings.starts_on,
        ends_on=settings.ends_on,
        capacity=settings.capacity,
        zone=settings.timezone,
    )
    published = edition.state == EditionState.PUBLISHED
    has_end = settings.mode != Mode.ON_DEMAND and not _dates_follow(edition)
    if published and has_end and settings.ends_on is None:
        raise InvalidInputError("ends_on", "needed_while_published")
    if published and not settings.languages:
        raise InvalidInputError("languages", "required")
    edition.title = settings.title
    edition.mode = Mode(settings.mode)
    edition.languages = list(settings.languages)
    edition.starts_on = settings.starts_on
    edition.ends_on = settings.ends_on
    edition.timezone = settings.timezone
    edition.capacity = settings.capacity
    edition.apply_until_at = settings.apply_until_at
    edition.approval = Approval(settings.approval)
    edition.version += 1
    db.session.flush()
    record_act(
        actor, "edition.updated", "edition", edition.id, at=at,
        capacity=edition.capacity, approval=edition.approval,
    )  # fmt: skip
    raise_event(EditionChanged(EditionId(edition.id), at))
    return warnings_for(edition_facts(get_entry(edition_id), list_parts(edition_id)), at)


def _dates_follow(edition: Edition) -> bool:
    return edition.notice is not None and edition.notice["kind"] == "open"


def publish_edition(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """Open an edition to the catalogue and to applications.

    Raises CoursesError("missing") with the list of what it lacks. Features above may refuse
    through their handler of EditionPublished (completion: it must be completable).
    """
    edition = _locked(edition_id, actor)
    if edition.state not in {EditionState.DRAFT, EditionState.CLOSED}:
        raise CoursesError("wrong_state")
    facts = edition_facts(get_entry(edition_id), list_parts(edition_id))
    if missing := missing_for_publication(facts, at):
        raise CoursesError("missing", missing=missing)
    edition.state = EditionState.PUBLISHED
    edition.published_at = edition.published_at or at
    _told(edition, "edition.published", actor, at)
    raise_event(EditionPublished(EditionId(edition.id), at))


def unpublish_edition(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """Take a published edition back to draft; refused above when people are in it."""
    edition = _locked(edition_id, actor)
    if edition.state != EditionState.PUBLISHED:
        raise CoursesError("wrong_state")
    edition.state = EditionState.DRAFT
    _told(edition, "edition.unpublished", actor, at)
    raise_event(EditionUnpublished(EditionId(edition.id), at))


def close_edition(edition_id: str, *, actor: Actor, at: datetime) -> None:
    """End a published edition: nobody applies any more; its page and what was earned stay."""
    edition = _locked(edition_id, actor)
    if edition.state != EditionState.PUBLISHED:
        raise CoursesError("wrong_state")
    edition.state = EditionState.CLOSED
    _told(edition, "edition.closed", actor, at)
    raise_event(EditionClosed(EditionId(edition.id), at))


@dataclass(frozen=True, slots=True)
class EditionDays:
    """The dates of an edition, and until when one applies."""

    starts_on: date | None
    ends_on: date | None
    apply_until_at: datetime | None


def put_off_edition(
    edition_id: str, days: EditionDays, notice: EditionNotice, *, actor: Actor, at: datetime
) -> None:
    """Give a published edition other dates, or none yet, with what is said about it.

    The sessions are moved by their own feature, which calls this. Whoever has a seat keeps it
    and whoever waits goes on waiting. Raises CoursesError (`wrong_state`) unless published.
    """
    edition = _locked(edition_id, actor)
    if edition.state != EditionState.PUBLISHED:
        raise CoursesError("wrong_state")
    edition.starts_on, edition.ends_on = days.starts_on, days.ends_on
    edition.apply_until_at = days.apply_until_at
    edition.notice = notice.kept()
    _told(edition, "edition.put_off", actor, at)
    raise_event(EditionChanged(EditionId(edition.id), at))


def cancel_edition(
    edition_id: str, *, actor: Actor, at: datetime, notice: EditionNotice | None = None
) -> None:
    """Say that an edition will not take place. There is no way back; a new one can be made.

    `notice` is what is said about it on the pages.
    """
    edition = _locked(edition_id, actor)
    if edition.state not in {EditionState.DRAFT, EditionState.PUBLISHED}:
        raise CoursesError("wrong_state")
    edition.state = EditionState.CANCELLED
    edition.notice = None if notice is None else notice.kept()
    _told(edition, "edition.cancelled", actor, at)
    raise_event(EditionCancelled(EditionId(edition.id), at))


def _told(edition: Edition, action: str, actor: Actor, at: datetime) -> None:
    """Count the change, so that a settings form opened before it is not sent unseen."""
    edition.version += 1
    db.session.flush()
    record_act(actor, action, "edition", edition.id, at=at)


def _locked(edition_id: str, actor: Actor) -> Edition:
    edition: Edition | None = lock_row(Edition, edition_id) if is_id(edition_id) else None
    if edition is None:
        raise NotFoundError
    policy.require_edition_manager(actor, edition)
    return edition
