"""The timetable of an edition by day: for the desk, for participants, on paper."""

from typing import Any

from flask import Response, render_template, request
from flask_babel import gettext as _

from lms.courses.models import EditionState
from lms.infra.i18n import LANGUAGES, speaking
from lms.infra.site import read_site
from lms.infra.typesetting import typeset
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor
from lms.infra.web.formats import format_moment, format_times
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.kernel.localized import pick
from lms.sessions import policy
from lms.sessions.queries import EditionDesk, SessionCard
from lms.sessions.queries.groups import count_planned, has_groups, sessions_of_others
from lms.sessions.queries.timetable import (
    TimetableDay,
    find_edition_by_slugs,
    list_timetable,
    takes_part,
)
from lms.sessions.texts.timetable import timetable_blocks
from lms.sessions.views.blueprint import blueprint


@blueprint.app_template_filter("times")
def times(card: SessionCard) -> str:
    """Write the times of a session below the heading of its day."""
    return format_times(card.starts_at, card.ends_at, card.zone, ui_language())


@blueprint.app_template_filter("own_times")
def own_times(card: SessionCard) -> str:
    """Write the times in the viewer's zone, '' where the clocks show the same."""
    zone = viewer_zone()
    here, there = card.starts_at.astimezone(card.zone), card.starts_at.astimezone(zone)
    if here.utcoffset() == there.utcoffset():
        return ""
    if here.date() == there.date():
        return format_times(card.starts_at, card.ends_at, zone, ui_language())
    return format_moment(card.starts_at, zone, ui_language())


@blueprint.get("/desk/editions/<edition_id>/timetable")
@access(STAFF)
def edition_timetable(edition_id: str) -> Any:
    """Show the timetable to organisers."""
    edition = policy.require_organiser_of_edition(current_actor(), edition_id)
    return render_template(
        "sessions/edition_timetable.html",
        edition=edition,
        days=list_timetable(edition_id),
        at=clock.now(),
        planned=count_planned(edition_id),
        edition_id=edition.edition_id,
        nav_current="sessions.edition_sessions",
    )


@blueprint.get("/desk/editions/<edition_id>/timetable.pdf")
@access(STAFF)
def edition_timetable_paper(edition_id: str) -> Any:
    """Give organisers the timetable as a PDF; `?language=` chooses its language."""
    edition = policy.require_organiser_of_edition(current_actor(), edition_id)
    return _paper(edition, list_timetable(edition_id))


@blueprint.get("/courses/<programme_slug>/<edition_slug>/timetable")
@access(SIGNED_IN)
def timetable(programme_slug: str, edition_slug: str) -> Any:
    """Show the timetable to those who may know of the sessions."""
    edition, days = _own_timetable(programme_slug, edition_slug)
    return render_template(
        "sessions/timetable.html",
        edition=edition,
        days=days,
        at=clock.now(),
        has_groups=has_groups(edition.edition_id),
        programme_slug=programme_slug,
        edition_slug=edition_slug,
    )


@blueprint.get("/courses/<programme_slug>/<edition_slug>/timetable.pdf")
@access(SIGNED_IN)
def timetable_paper(programme_slug: str, edition_slug: str) -> Any:
    """Give the timetable as a PDF to those who may know of the sessions."""
    return _paper(*_own_timetable(programme_slug, edition_slug))


def _own_timetable(
    programme_slug: str, edition_slug: str
) -> tuple[EditionDesk, tuple[TimetableDay, ...]]:
    """Return edition and days for who takes part, speaks or organises; NotFoundError else.

    Somebody who is enrolled does not see what is for other seminar groups alone. A draft has no
    page at its address yet; organisers have the desk's.
    """
    actor = current_actor()
    edition = find_edition_by_slugs(programme_slug, edition_slug)
    if edition is None or edition.state == EditionState.DRAFT:
        raise NotFoundError
    organises = policy.may_organise(actor, edition.programme_id)
    others = (
        sessions_of_others(edition.edition_id, actor.person_id) if not organises else frozenset()
    )
    days = list_timetable(edition.edition_id, without=others)
    if (
        organises
        or takes_part(edition.edition_id, actor.person_id)
        or any(
            actor.person_id in {entry.card.host_id, *(one.person_id for one in entry.speakers)}
            for day in days
            for entry in day.entries
        )
    ):
        return edition, days
    raise NotFoundError


def _paper(edition: EditionDesk, days: tuple[TimetableDay, ...]) -> Response:
    language = request.args.get("language", "")
    language = language if language in LANGUAGES else ui_language()
    at = clock.now()
    with speaking(language):
        title = pick(edition.title, language).text
        pdf = typeset(
            timetable_blocks(edition.title, days, language),
            language=language,
            title=f"{title} {_('Timetable')}",
            author=pick(read_site().name, language).text,
            at=at,
            foot=_("As of %(moment)s", moment=format_moment(at, viewer_zone(), language)),
        )
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = 'inline; filename="timetable.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
