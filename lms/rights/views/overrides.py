"""Exceptions from publication for one person: asked for, approved by another, ended."""

from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.clock import day_in
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_account
from lms.recordings.models import Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.segments import NumberForm, OverrideForm
from lms.rights.operations import (
    OverrideDetails,
    approve_override,
    end_override,
    refuse_override,
    request_override,
)
from lms.rights.queries import get_override
from lms.rights.views.blueprint import blueprint
from lms.rights.views.desk import show_rights
from lms.rights.views.managing import managed_recording


@blueprint.post("/desk/recordings/<recording_id>/rights/overrides")
@access(RIGHTS_DESK)
def ask_override(recording_id: str) -> Any:
    """Ask for an exception for one person."""
    recording = managed_recording(recording_id)
    form = OverrideForm(prefix="override")
    form.set_choices(recording.kind)
    if form.validate_on_submit():
        try:
            details = _details(form)
            with unit_of_work():
                request_override(current_actor(), recording_id, details, clock.now())
        except InvalidInputError as error:
            field = "account" if error.field == "person" else error.field
            form.refuse(field, refusal_sentence(error))
        else:
            flash(_("Asked for. Somebody else has to approve it."), "done")
            return _back(recording)
    return show_rights(recording, override_form=form), 422


@blueprint.post("/desk/overrides/<override_id>/approve")
@access(RIGHTS_DESK)
def approve_exception(override_id: str) -> Any:
    """Approve what somebody else asked for."""
    recording, form = _asked(override_id), NumberForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                approve_override(
                    current_actor(), override_id, clock.now(), number=form.number.data or ""
                )
        except RightsRefusedError as error:
            if error.code == "not_waiting":
                raise
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("The exception is approved. The person is told."), "done")
            return _back(recording)
    return show_rights(recording, decision_form=(override_id, form)), 422


@blueprint.post("/desk/overrides/<override_id>/refuse")
@access(RIGHTS_DESK)
def refuse_exception(override_id: str) -> Any:
    """Refuse what was asked for, or take one's own request back."""
    recording = _asked(override_id)
    with unit_of_work():
        refuse_override(current_actor(), override_id, clock.now())
    flash(_("Noted. Nothing is passed over."), "done")
    return _back(recording)


@blueprint.post("/desk/overrides/<override_id>/end")
@access(RIGHTS_DESK)
def end_exception(override_id: str) -> Any:
    """End an exception at once."""
    recording = _asked(override_id)
    with unit_of_work():
        end_override(current_actor(), override_id, clock.now())
    flash(_("The exception is ended."), "done")
    return _back(recording)


def _details(form: OverrideForm) -> OverrideDetails:
    """Return what the form says. Raises InvalidInputError (person, last_on)."""
    identifier = (form.account.data or "").strip()
    account = find_account(identifier) if identifier else None
    if account is None:
        raise InvalidInputError("person", "override_person_unknown")
    if form.last_on.data is None:
        raise InvalidInputError("last_on", "last_day_missing")
    return OverrideDetails(
        person_id=account.person_id,
        actions=tuple(form.actions.data or ()),
        first_on=form.first_on.data or day_in(clock.now()),
        last_on=form.last_on.data,
        reason=form.reason.data or "",
    )


def _asked(override_id: str) -> Recording:
    override = get_override(override_id)
    if override is None:
        raise NotFoundError
    return managed_recording(override.recording_id)


def _back(recording: Recording) -> Any:
    return redirect(
        url_for("rights.recording_rights", recording_id=recording.id, _anchor="overrides"), 303
    )
