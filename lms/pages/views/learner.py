"""The learner's own screens: what is next, what is left, what is coming, what was earned."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request

from lms.completion.queries import EditionProgress, Progress, list_earned, progress_of
from lms.courses.models import EditionState
from lms.courses.rules import EditionNotice, read_edition_notice
from lms.enrolment.models import EnrolmentState
from lms.enrolment.queries import MyEnrolment, my_enrolments
from lms.enrolment.rules import ACTIVE_STATES, WAITING_STATES
from lms.enrolment.texts import STATE_CHIPS, STATE_MEANS, STATES
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.locale import viewer_zone
from lms.kernel import clock
from lms.kernel.ids import PersonId
from lms.pages.queries.media import MediaLine, enrolment_cases, media_to_watch
from lms.pages.texts import checklist_items
from lms.pages.views.blueprint import blueprint
from lms.rights.queries import listing_viewer
from lms.sessions.queries import SessionCard, UpcomingSession, next_sessions

MAX_CONTINUE = 3
SHOWN_COURSES = 8  # on the first screen; all of them stand in the record
MAX_CHANGED = 3  # of the next sessions, the nearest first
MAX_UPCOMING = 10  # more than anybody has in a day, as the page says how many are today


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything on the learner's first screen."""

    upcoming: tuple[UpcomingSession, ...]
    continuing: tuple[MediaLine, ...]
    running: tuple[tuple[MyEnrolment, EditionProgress | None], ...]
    waiting: tuple[MyEnrolment, ...]
    fresh: tuple[MediaLine, ...]
    changed: tuple[SessionCard, ...]
    put_off: tuple[MyEnrolment, ...]


def _screen(person_id: PersonId, at: datetime) -> Screen:
    """Gather the first screen in six queries, whatever the number of courses."""
    enrolments = my_enrolments(person_id, only_active=False)
    enrolled = [one for one in enrolments if one.enrolment.state == EnrolmentState.ENROLLED]
    ids = [one.edition.id for one in enrolled]
    progress: Progress = progress_of(person_id, ids)
    viewer = listing_viewer(
        current_actor(),
        enrolment_cases(one.enrolment for one in enrolments),
        progress.evidence.attended,
    )
    continuing, fresh = media_to_watch(viewer, ids, progress, at, MAX_CONTINUE)
    shown = [
        (one, progress.editions.get(one.edition.id))  # type: ignore[call-overload]
        for one in enrolled
        if one.edition.state != EditionState.CANCELLED
    ]
    shown.sort(key=lambda pair: pair[1].is_earned if pair[1] is not None else False)
    ahead = next_sessions(person_id, ids, at, limit=MAX_UPCOMING, with_cancelled=True)
    cards = [one.card for one in ahead]
    put_off = [one for one in enrolments if _edition_notice(one, at) is not None]
    told_whole = {
        (one.edition.id, notice.at)
        for one in put_off
        if (notice := _edition_notice(one, at)) is not None
    }
    return Screen(
        upcoming=tuple(one for one in ahead if not one.card.is_cancelled),
        # What went with its whole edition is told once, by the notice of the edition.
        changed=tuple(
            c
            for c in cards
            if c.notice and at < c.ends_at and (c.edition_id, c.notice.at) not in told_whole
        )[:MAX_CHANGED],
        put_off=tuple(put_off),
        continuing=continuing,
        running=tuple(shown),
        waiting=tuple(one for one in enrolments if one.enrolment.state in WAITING_STATES),
        fresh=fresh,
    )


def _edition_notice(one: MyEnrolment, at: datetime) -> EditionNotice | None:
    """Return that a course which one is in, or applied for, was put off, while it is news."""
    notice = read_edition_notice(one.edition.notice)
    active = one.enrolment.state in ACTIVE_STATES
    if notice is None or not active:
        return None
    return notice if notice.shown_until is None or at < notice.shown_until else None


@blueprint.get("/my")
@access(SIGNED_IN)
def my_learning() -> Any:
    """Show the learner's first screen: next session, go on watching, what is left."""
    actor, at = current_actor(), clock.now()
    assert actor.person_id is not None
    today = clock.day_in(at, viewer_zone())
    screen = _screen(actor.person_id, at)
    todays = sum(
        one.card.starts_at.astimezone(viewer_zone()).date() == today for one in screen.upcoming
    )
    return render_template(
        "pages/my_learning.html",
        screen=screen,
        shown_courses=SHOWN_COURSES,
        next_session=screen.upcoming[0] if screen.upcoming else None,
        todays=todays,
        titles={one.edition.id: one.programme.title for one, _p in screen.running},
        today=today,
        checklist_items=checklist_items,
        states=STATES,
        state_chips=STATE_CHIPS,
        means=STATE_MEANS,
        at=at,
    )


@blueprint.get("/my/schedule")
@access(SIGNED_IN)
def my_schedule() -> Any:
    """Show every session to come, by day, in the zone of the place and one's own."""
    actor, at = current_actor(), clock.now()
    assert actor.person_id is not None
    ids = [
        one.edition.id
        for one in my_enrolments(actor.person_id)
        if one.enrolment.state == EnrolmentState.ENROLLED
    ]
    upcoming = next_sessions(actor.person_id, ids, at)
    days: dict[Any, list[UpcomingSession]] = {}
    for one in upcoming:
        days.setdefault(one.card.starts_at.astimezone(viewer_zone()).date(), []).append(one)
    return render_template("pages/my_schedule.html", days=days, at=at)


@blueprint.get("/my/record")
@access(SIGNED_IN)
def my_record() -> Any:
    """Show what one has earned, with certificates, and every course one is or was in."""
    actor = current_actor()
    assert actor.person_id is not None
    return render_template(
        "pages/my_record.html",
        earned=list_earned(actor.person_id),
        enrolments=my_enrolments(actor.person_id, only_active=False),
        states=STATES,
        state_chips=STATE_CHIPS,
        page=request.path,
    )
