"""Setting up an edition from a preset, with its parts and their meetings, in one act."""

from datetime import datetime

from sqlalchemy import select

from lms.courses import policy
from lms.courses.errors import CoursesError
from lms.courses.events import EditionDrafted
from lms.courses.models import Approval, Edition, EditionState, Mode, Part, Programme
from lms.courses.operations.editions import check_settings
from lms.courses.operations.programmes import add_programme
from lms.courses.queries import get_programme
from lms.courses.rules import MAX_PARTS, EditionPlan, ProgrammePlan, make_slug
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.i18n import LANGUAGES, N_, translate
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import EditionId, PartId
from lms.kernel.localized import Localized
from lms.kernel.wall import WallTime, WallTimeError


def draft_edition(
    plan: EditionPlan, *, programme: ProgrammePlan | str, actor: Actor, at: datetime
) -> EditionId:
    """Add an edition with its parts to a new programme, or to the one with that id.

    Raises one `EditionDrafted` a meeting, from which live sessions are made. An edition without
    a title is numbered within its programme. Raises InvalidInputError for times that do not
    exist or run backwards, NotFoundError for who may not or when the programme is not there.
    """
    if isinstance(programme, ProgrammePlan):
        policy.require_programme_creator(actor)
        home = add_programme(programme, actor=actor, at=at)
    else:
        home = get_programme(programme)
        policy.require_programme_manager(actor, home)
        lock_row(Programme, home.id)  # numbers and addresses within it are given one by one
        if home.archived_at is not None:
            raise CoursesError("archived")
    if not 1 <= len(plan.parts) <= MAX_PARTS:
        raise InvalidInputError("parts", "number_of_parts", most=MAX_PARTS)
    check_settings(
        starts_on=plan.starts_on, ends_on=plan.ends_on, capacity=plan.capacity, zone=plan.timezone
    )
    _check_meetings(plan)
    slugs = list(db.session.scalars(select(Edition.slug).where(Edition.programme_id == home.id)))
    number = len(slugs) + 1
    base = f"{plan.starts_on:%Y-%m-%d}" if plan.starts_on else f"edition-{number}"
    edition = Edition(
        programme_id=home.id,
        slug=make_slug((), base, slugs),
        title=plan.title or _numbered(number),
        mode=Mode(plan.mode),
        languages=list(plan.languages),
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        timezone=plan.timezone,
        capacity=plan.capacity,
        apply_until_at=plan.apply_until_at,
        approval=Approval(plan.approval),
        state=EditionState.DRAFT,
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(edition)
    db.session.flush()
    _add_parts(edition, plan, actor=actor, at=at)
    record_act(actor, "edition.drafted", "edition", edition.id, at=at, programme_id=home.id)
    return EditionId(edition.id)


def _numbered(number: int) -> Localized:
    # Translators: the title of one run of a programme, by its number
    return {tag: translate(tag, N_("Edition %(number)s"), number=number) for tag in LANGUAGES}


def _check_meetings(plan: EditionPlan) -> None:
    for part in plan.parts:
        if (meeting := part.meeting) is None:
            continue
        try:
            start = WallTime(meeting.starts_local, plan.timezone).instant()
            end = WallTime(meeting.ends_local, plan.timezone).instant()
        except WallTimeError:
            raise InvalidInputError("starts", "no_such_time") from None
        if end <= start:
            raise InvalidInputError("ends", "end_before_start")


def _add_parts(edition: Edition, plan: EditionPlan, *, actor: Actor, at: datetime) -> None:
    for position, planned in enumerate(plan.parts, start=1):
        part = Part(
            edition_id=edition.id,
            slug=f"part-{position}",
            position=position,
            title=planned.title,
            summary={},
        )
        db.session.add(part)
        db.session.flush()
        if (meeting := planned.meeting) is not None:
            raise_event(
                EditionDrafted(
                    edition_id=EditionId(edition.id),
                    part_id=PartId(part.id),
                    title=planned.title,
                    starts_local=meeting.starts_local,
                    ends_local=meeting.ends_local,
                    timezone=edition.timezone,
                    at=at,
                    web_url=meeting.web_url,
                    venue_name=meeting.venue_name,
                    by_id=actor.person_id,
                )
            )
