"""The desk: sessions of an edition, setting one up, changing and cancelling it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import SessionInputError
from lms.sessions.forms import SUGGESTED_ZONES, SessionForm, new_session_form, session_form
from lms.sessions.operations import (
    SessionPlan,
    cancel_live_session,
    change_live_session,
    schedule_live_session,
)
from lms.sessions.queries.venues import list_venues
from lms.sessions.rules.clashes import Clash, digest
from lms.sessions.texts import refusal_text
from lms.sessions.texts.clashes import clash_text, repeated_note
from lms.sessions.views.blueprint import blueprint
from lms.sessions.views.planning import clashes_of, is_accepted

NAV = "sessions.edition_sessions"


@blueprint.get("/desk/editions/<edition_id>/sessions")
@access(STAFF)
def edition_sessions(edition_id: str) -> Any:
    """List the sessions of an edition."""
    edition = policy.require_organiser_of_edition(current_actor(), edition_id)
    return render_template(
        "sessions/edition_sessions.html",
        edition=edition,
        cards=queries.list_edition_sessions(edition_id),
        at=clock.now(),
        edition_id=edition_id,
        nav_current=NAV,
    )


@blueprint.route("/desk/editions/<edition_id>/sessions/new", methods=["GET", "POST"])
@access(STAFF)
def add_session(edition_id: str) -> Any:
    """Add a session to an edition."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    form = new_session_form(edition, queries.part_choices(edition_id))
    plan = read_plan(form)
    clashes: tuple[Clash, ...] = ()
    if plan is not None:
        try:
            clashes = clashes_of(actor, edition, [plan])
            if is_accepted(clashes):
                with unit_of_work():
                    schedule_live_session(actor, edition_id, plan, at=clock.now())
                flash(_("The session was added."), "done")
                _tell_repeated(plan)
                return redirect(url_for(NAV, edition_id=edition_id), 303)
        except SessionInputError as error:
            _refuse(form, error)
    return _form_page(form, edition, None, clashes)


@blueprint.route("/desk/sessions/<live_session_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_session(live_session_id: str) -> Any:
    """Change a session."""
    actor = current_actor()
    edition = policy.require_organiser_of_session(actor, live_session_id)
    record = found(queries.find_session_record(live_session_id))
    form = session_form(record, queries.part_choices(edition.edition_id))
    plan = read_plan(form)
    clashes: tuple[Clash, ...] = ()
    if plan is not None:
        try:
            clashes = clashes_of(actor, edition, [plan], record)
            if is_accepted(clashes):
                with unit_of_work():
                    changed = change_live_session(actor, live_session_id, plan, at=clock.now())
                if changed:
                    flash(_("The session was changed."), "done")
                else:
                    flash(_("Nothing was different, so nothing was changed."), "info")
                return redirect(
                    url_for("sessions.edit_session", live_session_id=live_session_id), 303
                )
        except SessionInputError as error:
            _refuse(form, error)
    return _form_page(form, edition, live_session_id, clashes)


@blueprint.post("/desk/sessions/<live_session_id>/cancel")
@access(STAFF)
def cancel_session(live_session_id: str) -> Any:
    """Cancel a session."""
    actor = current_actor()
    edition = policy.require_organiser_of_session(actor, live_session_id)
    with unit_of_work():
        cancel_live_session(actor, live_session_id, at=clock.now())
    flash(_("The session was cancelled."), "done")
    return redirect(url_for(NAV, edition_id=edition.edition_id), 303)


def read_plan(form: SessionForm) -> SessionPlan | None:
    """Return what was entered; None when it does not fit, or a venue was only to be filled in."""
    venues = list_venues()
    form.set_venues(venues)
    if not form.is_submitted():
        return None
    fine = form.validate()
    fine = form.fill_venue(venues) and fine
    if not fine or "fill" in request.form:
        return None
    return form.plan()


def _tell_repeated(plan: SessionPlan) -> None:
    if note := repeated_note(plan.starts_local, plan.ends_local, plan.timezone):
        flash(note, "warn")


def _refuse(form: SessionForm, error: SessionInputError) -> None:
    db.session.rollback()
    form.refuse_input(error.field, refusal_text(error) or "")


def _form_page(
    form: SessionForm,
    edition: queries.EditionDesk,
    live_session_id: str | None,
    clashes: tuple[Clash, ...] = (),
) -> Any:
    card = queries.get_live_session(live_session_id) if live_session_id is not None else None
    form.add_blank_speakers()
    page = render_template(
        "sessions/session_form.html",
        form=form,
        edition=edition,
        card=card,
        at=clock.now(),
        zones=SUGGESTED_ZONES,
        clashes=[clash_text(clash) for clash in clashes],
        clash_digest=digest(clashes),
        repeated=repeated_note(card.starts_local, card.ends_local, card.timezone) if card else "",
        edition_id=edition.edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.is_submitted() and "fill" not in request.form else page
