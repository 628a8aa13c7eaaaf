"""The desk's page for a series: fields, preview, one act."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.dates import format_day
from lms.sessions import policy, queries
from lms.sessions.errors import SessionInputError
from lms.sessions.forms import SUGGESTED_ZONES
from lms.sessions.forms.series import SeriesForm, series_form
from lms.sessions.operations import SessionPlan
from lms.sessions.operations.series import schedule_series
from lms.sessions.queries.venues import list_venues
from lms.sessions.rules.clashes import Meeting, digest
from lms.sessions.texts import refusal_text
from lms.sessions.texts.clashes import clash_text, repeated_note
from lms.sessions.views.blueprint import blueprint
from lms.sessions.views.planning import clashes_of, meeting_of

NAV = "sessions.edition_sessions"


@dataclass(frozen=True, slots=True)
class Line:
    """One session of the preview: its moments when they exist, and what to look at."""

    plan: SessionPlan
    meeting: Meeting | None
    fault: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be added; `mark` stands for just this, and is empty while something is wrong."""

    lines: tuple[Line, ...]
    mark: str


@blueprint.route("/desk/editions/<edition_id>/sessions/series", methods=["GET", "POST"])
@access(STAFF)
def add_series(edition_id: str) -> Any:
    """Add several sessions: a preview first, then all of them in one act."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    form = series_form(edition, queries.part_choices(edition_id))
    plans = _read(form)
    preview = None
    if plans is not None:
        preview = preview_series(actor, edition, plans)
        if preview.mark and request.form.get("anyway") == preview.mark:
            try:
                with unit_of_work():
                    added = schedule_series(actor, edition_id, plans, at=clock.now())
            except SessionInputError as error:
                db.session.rollback()
                form.refuse_input(error.field, refusal_text(error) or "")
                preview = None
            else:
                flash(
                    ngettext(
                        "%(num)s session was added.", "%(num)s sessions were added.", len(added)
                    ),
                    "done",
                )
                return redirect(url_for(NAV, edition_id=edition_id), 303)
    form.add_blank_speakers()
    page = render_template(
        "sessions/series_form.html",
        form=form,
        edition=edition,
        edition_id=edition.edition_id,
        preview=preview,
        series=True,
        zones=SUGGESTED_ZONES,
        nav_current=NAV,
    )
    refused = form.is_submitted() and preview is None and "fill" not in request.form
    return (page, 422) if refused or (preview is not None and not preview.mark) else page


def _read(form: SeriesForm) -> tuple[SessionPlan, ...] | None:
    venues = list_venues()
    form.set_venues(venues)
    if not form.is_submitted():
        return None
    fine = form.validate()
    fine = form.fill_venue(venues) and fine
    if not fine or "fill" in request.form:
        return None
    return form.plans()


def preview_series(
    actor: Actor, edition: queries.EditionDesk, plans: Sequence[SessionPlan]
) -> Preview:
    """Return what would be added, with what is wrong and what stands in the way of each."""
    meetings: list[Meeting | None] = []
    faults: list[str] = []
    for plan in plans:
        try:
            meetings.append(meeting_of(plan))
            faults.append("")
        except SessionInputError as error:
            meetings.append(None)
            faults.append(refusal_text(error) or "")
    fine = [plan for plan, meeting in zip(plans, meetings, strict=True) if meeting is not None]
    numbers = [number for number, meeting in enumerate(meetings) if meeting is not None]
    clashes = clashes_of(actor, edition, fine)
    notes: dict[int, list[str]] = {number: [] for number in range(len(plans))}
    for clash in clashes:
        notes[numbers[clash.number]].append(clash_text(clash))
    for number, plan in enumerate(plans):
        if note := repeated_note(plan.starts_local, plan.ends_local, plan.timezone):
            notes[number].append(note)
    mark = hashlib.sha256(f"{plans!r}{digest(clashes)}".encode()).hexdigest()[:32]
    return Preview(
        tuple(
            Line(plan, meeting, fault, tuple(notes[number]))
            for number, (plan, meeting, fault) in enumerate(
                zip(plans, meetings, faults, strict=True)
            )
        ),
        "" if any(faults) else mark,
    )


@blueprint.app_template_filter("wall_times")
def wall_times(plan: SessionPlan) -> str:
    """Write the wall-clock times of a plan with its zone, when no moment answers to them."""
    day = format_day(plan.starts_local.date(), ui_language())
    return f"{day} {plan.starts_local:%H:%M}\u2013{plan.ends_local:%H:%M} {plan.timezone}"
