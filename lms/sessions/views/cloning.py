"""The desk's page for running an edition again: new dates, preview, one act."""

from dataclasses import replace
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_edition
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, RefusedError
from lms.kernel.ids import EditionId
from lms.sessions import policy
from lms.sessions.forms.cloning import clone_form
from lms.sessions.operations.cloning import clone_edition as clone
from lms.sessions.operations.cloning import plan_clone
from lms.sessions.queries import list_edition_sessions
from lms.sessions.views.blueprint import blueprint
from lms.sessions.views.series import preview_series


@blueprint.route("/desk/editions/<edition_id>/again", methods=["GET", "POST"])
@access(STAFF)
def clone_edition(edition_id: str) -> Any:
    """Run an edition again: its parts, lessons, sessions and rules, without anybody in it."""
    actor = current_actor()
    desk = policy.require_organiser_of_edition(actor, edition_id)
    first = _first_day(edition_id)
    form = clone_form(desk.title, first)
    shift = form.shift(first) if form.validate_on_submit() else None
    preview = refusal = None
    if shift is not None:
        # Nobody takes part in the new edition yet: rooms and holidays are what can be told.
        nobody = replace(desk, edition_id=EditionId(""))
        plans = [plan for _old, plan in plan_clone(actor, edition_id, shift=shift).sessions]
        preview = preview_series(actor, nobody, plans)
        if preview.mark and request.form.get("anyway") == preview.mark:
            try:
                with unit_of_work():
                    new_id = clone(actor, edition_id, form.title(), shift=shift, at=clock.now())
            except (InvalidInputError, RefusedError) as error:
                db.session.rollback()
                refusal, preview = refusal_sentence(error), None
            else:
                flash(_("The draft is made. Check it, then publish it."), "done")
                return redirect(url_for("sessions.edition_sessions", edition_id=new_id), 303)
    page = render_template(
        "sessions/clone_form.html",
        form=form,
        edition=desk,
        edition_id=desk.edition_id,
        preview=preview,
        refusal=refusal,
        starts_on=first + shift if shift is not None else None,
        nav_current="sessions.edition_sessions",
    )
    shown = preview is not None and preview.mark
    return page if shown or not form.is_submitted() else (page, 422)


def _first_day(edition_id: str) -> date:
    edition = get_edition(edition_id)
    cards = list_edition_sessions(edition_id)
    if edition.starts_on is not None:
        return edition.starts_on
    return cards[0].starts_local.date() if cards else edition.created_at.date()
