"""Taking down, with a receipt, and lifting it again."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.rights.forms.segments import TakedownForm
from lms.rights.operations import lift_takedown, take_down
from lms.rights.queries import find_takedown, names_of
from lms.rights.views.blueprint import blueprint
from lms.rights.views.desk import show_rights
from lms.rights.views.managing import managed_recording, segment_choices, takedown_words


@blueprint.post("/desk/recordings/<recording_id>/rights/takedown")
@access(RIGHTS_DESK)
def stop(recording_id: str) -> Any:
    """Take down the whole, a part or some uses, for everyone, staff too; give a receipt."""
    recording = managed_recording(recording_id)
    form = TakedownForm(prefix="takedown")
    form.set_choices(recording.kind, segment_choices(recording))
    if form.validate_on_submit():
        try:
            with unit_of_work():
                takedown = take_down(
                    current_actor(), recording_id, form.reason.data or "", clock.now(),
                    segment_id=form.what.data or None, actions=form.actions.data or (),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("It is taken down. Nobody sees it any more, staff included."), "done")
            return redirect(url_for("rights.receipt_of_takedown", takedown_id=takedown.id), 303)
    return show_rights(recording, takedown_form=form), 422


@blueprint.get("/desk/takedowns/<takedown_id>")
@access(RIGHTS_DESK)
def receipt_of_takedown(takedown_id: str) -> Any:
    """Show the receipt of a takedown, to be printed or read out to who complained."""
    takedown = find_takedown(takedown_id)
    if takedown is None:
        raise NotFoundError
    recording = managed_recording(takedown.recording_id)
    return render_template(
        "rights/takedown_receipt.html",
        recording=recording,
        takedown=takedown,
        what=takedown_words(segment_choices(recording))(takedown),
        by=names_of([takedown.by_id or ""]).get(takedown.by_id or "", ""),
    )


@blueprint.post("/desk/recordings/<recording_id>/rights/lift-takedown")
@access(RIGHTS_DESK)
def lift(recording_id: str) -> Any:
    """Lift a takedown: the one named, else that of the whole."""
    takedown_id = request.form.get("takedown", "")[:26]
    with unit_of_work():
        lift_takedown(current_actor(), recording_id, clock.now(), takedown_id=takedown_id or None)
    flash(_("The takedown is lifted."), "done")
    return redirect(url_for("rights.recording_rights", recording_id=recording_id), 303)
