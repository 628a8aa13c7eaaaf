"""The desk's list of venues."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.kernel import clock
from lms.people.queries import is_id
from lms.sessions.errors import SessionInputError
from lms.sessions.forms.venues import VenueForm, venue_form
from lms.sessions.operations.venues import add_venue, change_venue, list_or_unlist_venue
from lms.sessions.queries.venues import VenueRecord, find_venue, list_venues
from lms.sessions.texts import refusal_text
from lms.sessions.views.blueprint import blueprint


@blueprint.get("/desk/venues")
@access(STAFF)
def venues() -> Any:
    """List the venues, those taken off the list at the end."""
    return render_template("sessions/venues.html", venues=list_venues(archived=True))


@blueprint.route("/desk/venues/new", methods=["GET", "POST"])
@access(STAFF)
def new_venue() -> Any:
    """Add a venue."""
    form = VenueForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                add_venue(current_actor(), form.plan(), at=clock.now())
        except SessionInputError as error:
            _refuse(form, error)
        else:
            flash(_("The venue was added."), "done")
            return redirect(url_for("sessions.venues"), 303)
    return _page(form, None)


@blueprint.route("/desk/venues/<venue_id>", methods=["GET", "POST"])
@access(STAFF)
def venue(venue_id: str) -> Any:
    """Change a venue."""
    record = found(find_venue(venue_id) if is_id(venue_id) else None)
    form = venue_form(record)
    if form.validate_on_submit():
        try:
            with unit_of_work():
                change_venue(
                    current_actor(), venue_id, form.plan(), version=form.seen(), at=clock.now()
                )
        except SessionInputError as error:
            _refuse(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("sessions.venues"), 303)
    return _page(form, record)


@blueprint.post("/desk/venues/<venue_id>/unlist")
@access(STAFF)
def unlist_venue(venue_id: str) -> Any:
    """Take a venue off the list."""
    with unit_of_work():
        list_or_unlist_venue(current_actor(), venue_id, listed=False, at=clock.now())
    flash(_("The venue is offered no more. Sessions there stay as they are."), "done")
    return redirect(url_for("sessions.venues"), 303)


@blueprint.post("/desk/venues/<venue_id>/list")
@access(STAFF)
def list_venue(venue_id: str) -> Any:
    """Offer a venue again."""
    with unit_of_work():
        list_or_unlist_venue(current_actor(), venue_id, listed=True, at=clock.now())
    flash(_("The venue is offered again."), "done")
    return redirect(url_for("sessions.venues"), 303)


def _refuse(form: VenueForm, error: SessionInputError) -> None:
    db.session.rollback()
    form.refuse_input(error.field, refusal_text(error) or "")


def _page(form: VenueForm, record: VenueRecord | None) -> Any:
    form.add_blank_rooms()
    page = render_template("sessions/venue.html", form=form, venue=record)
    return (page, 422) if form.is_submitted() else page
