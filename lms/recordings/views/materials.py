"""Versions of a recording or paper: what was said to have changed."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_entry
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.people.queries import list_names
from lms.recordings.forms import VersionNoteForm
from lms.recordings.models import Recording
from lms.recordings.operations import change_version_note
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import get_recording, list_versions
from lms.recordings.views.blueprint import blueprint


@blueprint.get("/desk/recordings/<recording_id>/versions")
@access(STAFF)
def versions(recording_id: str) -> Any:
    """Show every file that a recording or paper has had, the newest first."""
    return _show(_editable(recording_id))


@blueprint.post("/desk/recordings/<recording_id>/versions/<int:number>/note")
@access(STAFF)
def note_version(recording_id: str, number: int) -> Any:
    """Say in other words what changed with a version."""
    found = _editable(recording_id)
    form = VersionNoteForm(prefix=f"v{number}")
    if form.validate_on_submit():
        try:
            with unit_of_work():
                change_version_note(
                    current_actor(), recording_id, number, form.note.data or "", clock.now()
                )
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("recordings.versions", recording_id=recording_id), 303)
    return _show(found, (number, form))


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    return found


def _show(found: Recording, refused: tuple[int, VersionNoteForm] | None = None) -> Any:
    rows = list_versions(found.id)
    if refused is not None and refused[0] not in {row.media_version for row in rows}:
        abort(404)
    forms = {
        row.media_version: VersionNoteForm(None, prefix=f"v{row.media_version}", note=row.note)
        for row in rows
    }
    forms.update([refused] if refused else [])
    people = {row.by_id for row in rows if row.by_id}
    page = render_template(
        "recordings/versions.html",
        recording=found,
        entry=get_entry(found.edition_id),
        versions=rows,
        forms=forms,
        names={str(key): one.shown for key, one in list_names(people).items()} if people else {},
        open_version=refused[0] if refused else 0,
    )
    return page, 422 if refused else 200
