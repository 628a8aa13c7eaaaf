"""Staff pages of recordings held elsewhere."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_entry
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.forms import AddressForm, DetailsForm, LinkForm
from lms.recordings.models import MediaKind, Recording
from lms.recordings.operations import add_link, change_address
from lms.recordings.policy import require_recording_adder, require_recording_editor
from lms.recordings.queries import get_recording
from lms.recordings.rules import host_of
from lms.recordings.views.blueprint import blueprint
from lms.recordings.views.places import (
    details_of,
    list_places,
    place_of,
    present_details,
    wanted_place,
)


@blueprint.route("/desk/recordings/new-link", methods=["GET", "POST"])
@access(STAFF)
def add_elsewhere() -> Any:
    """List a recording that is held elsewhere; `?edition=` says in which edition."""
    edition_id = request.args.get("edition", "")
    if not edition_id:
        return redirect(url_for("recordings.add"), 303)
    entry = get_entry(edition_id)
    require_recording_adder(current_actor(), edition_id)
    form = LinkForm()
    form.set_places(list_places(edition_id))
    if not form.is_submitted():
        form.place.data = wanted_place()
        form.language.data = ui_language()
    elif form.validate():
        try:
            with unit_of_work():
                added = add_link(
                    current_actor(), edition_id, details_of(form), form.address.data or "",
                    clock.now(),
                )  # fmt: skip
                recording_id = added.id
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("It is listed. Nobody sees it before it is published."), "done")
            return _back(recording_id)
    page = render_template("recordings/link_new.html", form=form, entry=entry)
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/desk/recordings/<recording_id>/address")
@access(STAFF)
def edit_address(recording_id: str) -> Any:
    """Let the entry lead to another address."""
    found = _editable_link(recording_id)
    form = AddressForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                change_address(current_actor(), recording_id, form.address.data or "", clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved. It must be reviewed and published again."), "done")
            return _back(recording_id)
    return show_link(found, address_form=form)


def _editable_link(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    if found.kind != MediaKind.LINK:
        raise NotFoundError
    require_recording_editor(current_actor(), found)
    return found


def show_link(
    found: Recording,
    *,
    details_form: DetailsForm | None = None,
    address_form: AddressForm | None = None,
) -> Any:
    """Show a recording held elsewhere: its address and what can be done with it.

    With a form that was refused, with its faults and status 422.
    """
    refused = details_form or address_form
    places = list_places(found.edition_id)
    if details_form is None:
        details_form = present_details(found)
        details_form.set_places(places)
    page = render_template(
        "recordings/link.html",
        recording=found,
        entry=get_entry(found.edition_id),
        host=host_of(found.source_url),
        place=dict(places).get(place_of(found), ""),
        details_form=details_form,
        address_form=address_form or AddressForm(None, address=found.source_url),
    )
    return page, 422 if refused else 200


def _back(recording_id: str) -> Any:
    return redirect(url_for("recordings.recording", recording_id=recording_id), 303)
