"""Deciding on a publication that somebody else proposed."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.models import Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.segments import NoteForm, NumberForm
from lms.rights.operations import approve_publication, drop_publication, refuse_publication
from lms.rights.queries.proposals import find_proposal
from lms.rights.views.blueprint import blueprint
from lms.rights.views.desk import show_rights
from lms.rights.views.managing import managed_recording


@blueprint.post("/desk/publication-proposals/<proposal_id>/approve")
@access(RIGHTS_DESK)
def approve_proposal(proposal_id: str) -> Any:
    """Approve a publication under its number: it is published."""
    recording, form = _proposed(proposal_id), NumberForm()
    return _decide(
        proposal_id, recording, form, _("It is published."),
        lambda: approve_publication(
            current_actor(), proposal_id, form.number.data or "", clock.now()
        ),
    )  # fmt: skip


@blueprint.post("/desk/publication-proposals/<proposal_id>/refuse")
@access(RIGHTS_DESK)
def refuse_proposal(proposal_id: str) -> Any:
    """Send a publication back with the reason."""
    recording, form = _proposed(proposal_id), NoteForm()
    return _decide(
        proposal_id, recording, form, _("It is sent back."),
        lambda: refuse_publication(current_actor(), proposal_id, form.note.data or "", clock.now()),
    )  # fmt: skip


@blueprint.post("/desk/publication-proposals/<proposal_id>/drop")
@access(RIGHTS_DESK)
def drop_proposed(proposal_id: str) -> Any:
    """Take a proposal back."""
    recording = _proposed(proposal_id)
    with unit_of_work():
        drop_publication(current_actor(), proposal_id, clock.now())
    flash(_("The proposal is taken back."), "done")
    return _back(recording)


def _proposed(proposal_id: str) -> Recording:
    proposal = find_proposal(proposal_id)
    if proposal is None:
        raise NotFoundError
    return managed_recording(proposal.recording_id)


def _decide(
    key: str, recording: Recording, form: TomoniForm, done: str, act: Callable[[], object]
) -> Any:
    if form.validate_on_submit():
        try:
            with unit_of_work():
                act()
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            if error.code == "not_waiting":
                raise
            form.refuse("", refusal_sentence(error))
        else:
            flash(done, "done")
            return _back(recording)
    return show_rights(recording, decision_form=(key, form)), 422


def _back(recording: Recording) -> Any:
    return redirect(
        url_for("rights.recording_rights", recording_id=recording.id, _anchor="publication"), 303
    )
