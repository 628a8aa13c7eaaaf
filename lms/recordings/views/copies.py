"""The copy of a recording or paper that is taken away, as staff have it made."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.recordings.errors import RecordingRefusedError
from lms.recordings.forms import CopyForm
from lms.recordings.models import MediaCopy, MediaKind, Recording
from lms.recordings.operations import drop_copy, request_copy
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_copy, get_recording, list_making
from lms.recordings.rules import read_pages, read_range, write_moment
from lms.recordings.views.blueprint import blueprint


@blueprint.get("/desk/recordings/<recording_id>/copy")
@access(STAFF)
def media_copy(recording_id: str) -> Any:
    """Show the copy to take away, and what it leaves out."""
    return _show(_editable(recording_id))


@blueprint.post("/desk/recordings/<recording_id>/copy")
@access(STAFF)
def make_media_copy(recording_id: str) -> Any:
    """Have the copy made with exactly the cuts of the form."""
    found = _editable(recording_id)
    form = CopyForm()
    if not form.validate_on_submit():
        return _show(found, form)
    try:
        cuts = _read_cuts(form.cuts.data or "", is_paper=found.kind == MediaKind.PAPER)
        with unit_of_work():
            request_copy(current_actor(), recording_id, cuts, clock.now())
    except (InvalidInputError, RecordingRefusedError) as error:
        form.refuse("cuts", refusal_sentence(error))
        return _show(found, form)
    flash(_("The copy is being made."), "done")
    return redirect(url_for("recordings.media_copy", recording_id=recording_id), 303)


@blueprint.post("/desk/recordings/<recording_id>/copy/delete")
@access(STAFF)
def drop_media_copy(recording_id: str) -> Any:
    """Take the copy away: nobody can download it any more."""
    with unit_of_work():
        drop_copy(current_actor(), recording_id, clock.now())
    flash(_("The copy was deleted. Nobody can take it away any more."), "done")
    return redirect(url_for("recordings.media_copy", recording_id=recording_id), 303)


def _read_cuts(text: str, *, is_paper: bool) -> list[tuple[int, int]]:
    cuts, unread = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        cut = read_pages(line) if is_paper else read_range(line)
        if cut is None:
            unread.append(str(number))
        else:
            cuts.append(cut)
    if unread:
        code = "pages_unreadable" if is_paper else "cuts_unreadable"
        raise InvalidInputError("cuts", code, lines=", ".join(unread[:10]))
    return cuts


def _written(copy: MediaCopy | None, *, is_paper: bool) -> list[str]:
    """Return the cuts of a copy as the form reads them."""
    if copy is None:
        return []
    if is_paper:
        return [str(b) if b == a + 1 else f"{a + 1}-{b}" for a, b in copy.cuts]
    return [f"{write_moment(a)}-{write_moment(b)}" for a, b in copy.cuts]


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    return found


def _show(found: Recording, form: CopyForm | None = None) -> Any:
    copy = find_copy(found)
    is_paper = found.kind == MediaKind.PAPER
    cuts = _written(copy, is_paper=is_paper)
    page = render_template(
        "recordings/copies.html",
        recording=found,
        copy=copy,
        cuts=cuts,
        is_paper=is_paper,
        making=list_making([copy]).get(copy.id) if copy else None,
        form=form or CopyForm(None, cuts="\n".join(cuts)),
    )
    return page, 422 if form else 200
