"""Closing a recording, and the record of its destruction."""

from datetime import UTC
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_entry
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.i18n import LANGUAGES, speaking
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.localized import pick
from lms.people.queries import is_id, list_names
from lms.recordings.models import Recording, Stage
from lms.recordings.queries import get_recording
from lms.rights.forms.closing import ClosingForm
from lms.rights.models import DestructionRecord
from lms.rights.operations.closing import close_recording, list_stored, tick_copy
from lms.rights.operations.destruction_paper import print_destruction
from lms.rights.policy import require_evidence_reader
from lms.rights.queries.adapting import list_signed_answers
from lms.rights.queries.closing import count_kept, find_destruction
from lms.rights.texts.closing import (
    copies_by_hand,
    record_lines,
    record_words,
    summed_up,
    what_text,
)
from lms.rights.texts.consent import after_words
from lms.rights.views.asking import pdf_answer
from lms.rights.views.blueprint import blueprint
from lms.rights.views.managing import managed_recording
from lms.rights.views.readers import RIGHTS_READERS

_LISTED = 200


@blueprint.route("/desk/recordings/<recording_id>/close", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def close(recording_id: str) -> Any:
    """Show what would be destroyed and what stays; close it when confirmed with a reason."""
    recording = managed_recording(recording_id)
    if recording.stage == Stage.DESTROYED:
        return redirect(url_for("rights.destruction", recording_id=recording.id), 303)
    signed = list_signed_answers(recording.id)
    entry, kept = get_entry(recording.edition_id), count_kept(recording)
    db.session.expunge(recording)  # else the next word of it begins a transaction anew
    db.session.rollback()  # no transaction stays open while the store is asked
    stored = list_stored(current_storage(), recording)
    form = ClosingForm()
    if not form.is_submitted():
        places = (recording.shelf, recording.source_url)
        form.by_hand.data = "\n".join(place for place in places if place)
    elif form.validate() and _confirmed(form):
        try:
            with unit_of_work():
                close_recording(
                    current_actor(), recording_id, form.reason.data or "", stored, clock.now(),
                    by_hand=(form.by_hand.data or "").splitlines(),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("It is closed. Nobody sees it any more; its files are destroyed."), "done")
            return redirect(url_for("rights.destruction", recording_id=recording_id), 303)
    page = render_template(
        "rights/close.html",
        recording=recording,
        entry=entry,
        form=form,
        sums=summed_up(stored),
        files=[(what_text(one.what), one.key, one.size) for one in stored[:_LISTED]],
        more=max(0, len(stored) - _LISTED),
        total=sum(one.size for one in stored),
        count=len(stored),
        kept=kept,
        agreed=[(name, after) for name, answers in signed if (after := after_words(answers))],
    )
    return page, 422 if form.is_submitted() else 200


def _confirmed(form: ClosingForm) -> bool:
    if not form.sure.data:
        form.refuse("sure", _("Please tick this box: it cannot be taken back."))
    return bool(form.sure.data)


@blueprint.get("/desk/recordings/<recording_id>/destruction")
@access(RIGHTS_READERS)
def destruction(recording_id: str) -> Any:
    """Show the record of destruction, ready to print."""
    recording, record = _recorded(recording_id)
    language = ui_language()
    words = _words(record, recording, language)
    return render_template(
        "rights/destruction.html",
        recording=recording,
        record=record,
        words=words,
        rows=[line.split("\t") for line in words["rows"].split("\n")],
        files=record_lines(record),
        copies=copies_by_hand(record),
        languages=LANGUAGES,
    )


@blueprint.get("/desk/recordings/<recording_id>/destruction.pdf")
@access(RIGHTS_READERS)
def destruction_pdf(recording_id: str) -> Any:
    """Give the record as PDF, in the language asked for, else the reader's."""
    recording, record = _recorded(recording_id)
    language = request.args.get("lang", "")
    language = language if language in LANGUAGES else ui_language()
    with speaking(language):
        words = _words(record, recording, language)
    moment = (record.done_at or record.at).astimezone(UTC)
    db.session.rollback()  # no transaction stays open while the pages are set
    return pdf_answer(print_destruction(words, moment), f"destruction-{record.id}")


@blueprint.post("/desk/recordings/<recording_id>/destruction/copies/<int:number>")
@access(RIGHTS_DESK)
def copy_destroyed(recording_id: str, number: int) -> Any:
    """Tick that a copy elsewhere was destroyed by hand."""
    _recording, record = _recorded(recording_id)
    with unit_of_work():
        tick_copy(current_actor(), record.id, number, clock.now())
    flash(_("Saved."), "done")
    return redirect(url_for("rights.destruction", recording_id=recording_id), 303)


def _recorded(recording_id: str) -> tuple[Recording, DestructionRecord]:
    if not is_id(recording_id):
        raise NotFoundError
    recording = get_recording(recording_id)
    require_evidence_reader(current_actor(), recording)
    record = find_destruction(recording.id)
    if record is None:
        raise NotFoundError
    return recording, record


def _words(record: DestructionRecord, recording: Recording, language: str) -> dict[str, str]:
    entry = get_entry(recording.edition_id)
    titles = [pick(one.title, language).text for one in (entry.programme, entry.edition)]
    names = list_names([record.by_id]) if record.by_id else {}
    by = next((name.shown for name in names.values()), "")
    return record_words(record, " ".join(title for title in titles if title), by, language)
