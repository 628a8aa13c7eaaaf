"""The chapters of a recording, as staff write them."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.forms import ChaptersForm
from lms.recordings.models import Recording
from lms.recordings.operations import set_chapters
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import get_recording, list_chapters
from lms.recordings.rules import write_chapter, write_moment
from lms.recordings.views.blueprint import blueprint


@blueprint.get("/desk/recordings/<recording_id>/chapters")
@access(STAFF)
def chapters(recording_id: str) -> Any:
    """Show the chapters, one a line, to be changed as a whole."""
    return _show(_editable(recording_id))


@blueprint.post("/desk/recordings/<recording_id>/chapters")
@access(STAFF)
def save_chapters(recording_id: str) -> Any:
    """Put the chapters of the form in the place of those there are."""
    found = _editable(recording_id)
    form = ChaptersForm()
    if not form.validate_on_submit():
        return _show(found, form)
    try:
        with unit_of_work():
            count = set_chapters(
                current_actor(), recording_id, form.chapters.data or "", clock.now()
            )
    except (InvalidInputError, RecordingRefusedError) as error:
        form.refuse("chapters", refusal_sentence(error))
        return _show(found, form)
    if count:
        told = ngettext("%(num)s chapter was stored.", "%(num)s chapters were stored.", count)
    else:
        told = _("There are no chapters any more.")
    flash(told, "done")
    return redirect(url_for("recordings.chapters", recording_id=recording_id), 303)


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    return found


def _show(found: Recording, form: ChaptersForm | None = None) -> Any:
    rows = list_chapters(found.id, outside_too=True)
    text = "\n".join(write_chapter(row.at_ms, row.title) for row in rows)
    page = render_template(
        "recordings/chapters.html",
        recording=found,
        chapters=rows,
        form=form or ChaptersForm(None, chapters=text),
        write_moment=write_moment,
    )
    return page, 422 if form else 200
