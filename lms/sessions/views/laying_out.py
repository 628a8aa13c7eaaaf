"""The desk's page for the planned timetable: first day, preview, one act."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext

from lms.courses.models import EditionState
from lms.courses.queries import get_edition
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, RefusedError
from lms.sessions import policy
from lms.sessions.errors import LiveSessionRefusedError
from lms.sessions.forms.laying_out import LayoutForm
from lms.sessions.operations.laying_out import Layout, lay_out, plan_layout
from lms.sessions.queries.groups import count_planned, list_groups
from lms.sessions.queries.venues import list_venues
from lms.sessions.texts import refusal_text
from lms.sessions.views.blueprint import blueprint
from lms.sessions.views.series import preview_series

NAV = "sessions.edition_sessions"


@blueprint.route("/desk/editions/<edition_id>/timetable/lay-out", methods=["GET", "POST"])
@access(STAFF)
def lay_out_timetable(edition_id: str) -> Any:
    """Lay out the planned timetable: what is missing, a preview first, then in one act."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    venues = list_venues()
    form = LayoutForm(data={"first_day": _first_day(edition_id)})
    form.set_venues(venues)
    plan = form.plan(venues) if form.validate_on_submit() else None
    preview = refusal = None
    layout = Layout(())
    if edition.state == EditionState.CANCELLED:
        refusal, plan = refusal_text(LiveSessionRefusedError("edition_cancelled")), None
    if plan is not None:
        layout = plan_layout(actor, edition_id, plan)
        preview = preview_series(actor, edition, layout.plans)
        if preview.mark and layout.plans and request.form.get("anyway") == preview.mark:
            try:
                with unit_of_work():
                    made = lay_out(actor, edition_id, plan, at=clock.now())
            except (InvalidInputError, RefusedError) as error:
                db.session.rollback()
                refusal, preview = refusal_sentence(error), None
            else:
                flash(
                    ngettext(
                        "%(num)s session was added.", "%(num)s sessions were added.", len(made)
                    ),
                    "done",
                )
                address = url_for("sessions.edition_timetable", edition_id=edition_id)
                return redirect(address, 303)
    page = render_template(
        "sessions/layout_form.html",
        form=form,
        edition=edition,
        edition_id=edition.edition_id,
        planned=count_planned(edition_id),
        preview=preview,
        lost=layout.lost,
        group_titles={one.id: one.title for one in list_groups(edition_id)},
        refusal=refusal,
        nav_current=NAV,
    )
    shown = preview is not None and preview.mark
    return page if shown or not form.is_submitted() else (page, 422)


def _first_day(edition_id: str) -> date | None:
    """Return the first day of the edition, where it is known."""
    return get_edition(edition_id).starts_on
