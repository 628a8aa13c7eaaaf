"""Staff pages of recordings and handouts."""

from typing import Any, BinaryIO, cast

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage

from lms.courses.policy import may_manage_edition
from lms.courses.queries import get_entry, list_desk_entries
from lms.infra.current import current_settings, current_storage
from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, STAFF, access, current_actor, takes_files
from lms.infra.web.errors import error_answer, refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import new_id
from lms.recordings.errors import MediaFaultError, RecordingRefusedError
from lms.recordings.forms import CHECK_ONLY, CaptionForm, DetailsForm, FileForm, RecordingForm
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import (
    Received,
    Target,
    add_recording,
    attach_file,
    change_details,
    check_details,
    delete_captions,
    delete_recording,
    next_target,
    put_captions,
    receive,
    retry_processing,
    set_captions_reviewed,
)
from lms.recordings.policy import (
    may_edit_recording,
    readable_recordings,
    require_recording_adder,
    require_recording_editor,
    require_recording_reader,
)
from lms.recordings.queries import (
    caption_languages,
    find_processing,
    find_rendition,
    get_recording,
    list_captions,
    list_cues,
    list_processing,
    list_recordings,
)
from lms.recordings.rules import MAX_CAPTION_BYTES, host_of, plain_text
from lms.recordings.texts import fault_text, processing_text
from lms.recordings.views.blueprint import blueprint
from lms.recordings.views.links import show_link
from lms.recordings.views.places import (
    details_of,
    list_places,
    place_of,
    present_details,
    wanted_place,
)
from lms.recordings.views.uploads import attaching, take_upload


@blueprint.get("/desk/editions/<edition_id>/recordings")
@access(RIGHTS_DESK)
def edition_recordings(edition_id: str) -> Any:
    """List the recordings and handouts of an edition with where they stand.

    A rights officer sees those whose rights are theirs to look after.
    """
    entry = get_entry(edition_id)
    recordings = readable_recordings(current_actor(), edition_id, list_recordings(edition_id))
    return render_template(
        "recordings/edition_recordings.html",
        entry=entry,
        may_add=may_manage_edition(current_actor(), entry.edition),
        recordings=recordings,
        places=dict(list_places(edition_id)),
        captions=caption_languages([r.id for r in recordings]),
        processing=list_processing(recordings),
    )


@blueprint.route("/desk/recordings/new", methods=["GET", "POST"])
@access(STAFF)
@takes_files
def add() -> Any:
    """Add a recording or handout; `?edition=` says where, `?part=`/`?session=` preselect."""
    edition_id = request.args.get("edition", "")
    if not edition_id:
        return render_template(
            "recordings/choose_edition.html", entries=list_desk_entries(current_actor())
        )
    entry = get_entry(edition_id)
    require_recording_adder(current_actor(), edition_id)
    if _broke_off():
        return _cut_answer()
    form = RecordingForm()
    form.set_places(list_places(edition_id))
    if not form.is_submitted():
        form.place.data = wanted_place()
        form.language.data = ui_language()
    elif form.validate():
        answer = _add(edition_id, form)
        if answer is not None:
            return answer
    return _page("recordings/new.html", form, entry=entry)


def _add(edition_id: str, form: RecordingForm) -> Any:
    target, details = Target(new_id(), 1, MediaKind(form.kind.data)), details_of(form)
    received = None
    try:
        check_details(edition_id, details)
        if form.upload.data == CHECK_ONLY:
            return jsonify(ok=True)
        if form.upload.data or form.file.data:
            received = _received(form, target)
            if received is None:
                return None
        with attaching(received, form.upload.data, target.recording_id):
            add_recording(
                current_actor(), edition_id, target.kind, details, clock.now(),
                received=received, recording_id=target.recording_id,
            )  # fmt: skip
    except InvalidInputError as error:
        form.refuse(error.field, refusal_sentence(error))
        return None
    return _sent(target.recording_id, has_file=received is not None)


@blueprint.get("/desk/recordings/<recording_id>")
@access(RIGHTS_DESK)
def recording(recording_id: str) -> Any:
    """Show a recording with its file, captions and what can be done with it.

    A rights officer reads it only: what they do stands on the page of its rights.
    """
    found = get_recording(recording_id)
    require_recording_reader(current_actor(), found)
    if found.stage == Stage.DESTROYED:  # nothing is left to look after but the record of it
        return redirect(url_for("rights.destruction", recording_id=found.id), 303)
    if not may_edit_recording(current_actor(), found):
        return _show_reader(found)
    if found.kind == MediaKind.LINK:
        return show_link(found)
    return _show(found)


def _show_reader(found: Recording) -> Any:
    return render_template(
        "recordings/reading.html",
        recording=found,
        host=host_of(found.source_url) if found.kind == MediaKind.LINK else "",
        place=dict(list_places(found.edition_id)).get(place_of(found), ""),
        captions=list_captions(found.id),
    )


@blueprint.get("/desk/recordings/<recording_id>/status")
@access(STAFF)
def status(recording_id: str) -> Any:
    """Say how far processing is, for the page that waits for it."""
    found = _editable(recording_id)
    processing = find_processing(found)
    return jsonify(
        stage=found.stage,
        text=processing_text(processing) if found.stage == Stage.PROCESSING else "",
        permille=processing.permille if processing else 0,
        waiting=found.stage == Stage.PROCESSING and not (processing and processing.given_up),
    )


@blueprint.post("/desk/recordings/<recording_id>/file")
@access(STAFF)
@takes_files
def send_file(recording_id: str) -> Any:
    """Give a recording its file, or replace it."""
    found = _editable(recording_id)
    if _broke_off():
        return _cut_answer()
    form = FileForm()
    target = next_target(found)
    fits = form.validate_on_submit()
    if fits and found.stage == Stage.PUBLISHED and not (form.note.data or "").strip():
        form.refuse("note", refusal_sentence(InvalidInputError("note", "version_note_missing")))
        fits = False
    if fits and form.upload.data == CHECK_ONLY:
        return jsonify(ok=True)
    received = _received(form, target) if fits else None
    if received is None:
        return _show(found, file_form=form)
    with attaching(received, form.upload.data, recording_id):
        attach_file(current_actor(), recording_id, received, clock.now(), note=form.note.data or "")
    return _sent(recording_id)


@blueprint.post("/desk/recordings/<recording_id>/details")
@access(STAFF)
def edit_details(recording_id: str) -> Any:
    """Change title, language and place."""
    found = _editable(recording_id)
    form = DetailsForm()
    form.set_places(list_places(found.edition_id))
    if form.validate_on_submit():
        try:
            with unit_of_work():
                change_details(current_actor(), recording_id, details_of(form), clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return _back(recording_id)
    if found.kind == MediaKind.LINK:
        return show_link(found, details_form=form)
    return _show(found, details_form=form)


@blueprint.post("/desk/recordings/<recording_id>/captions")
@access(STAFF)
def send_captions(recording_id: str) -> Any:
    """Store captions in one language, replacing what was there."""
    found = _editable(recording_id)
    form = CaptionForm()
    if form.validate_on_submit():
        data = form.captions.data.read(MAX_CAPTION_BYTES + 1)  # one more is too large already
        try:
            with unit_of_work():
                stored = put_captions(
                    current_actor(), recording_id,
                    form.other_language.data or form.caption_language.data, data, clock.now(),
                    machine=form.machine.data,
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            _tell_captions(stored.cues, stored.dropped)
            return _back(recording_id, "captions")
    return _show(found, caption_form=form)


def _tell_captions(cues: int, dropped: int) -> None:
    flash(ngettext("%(num)s caption was stored.", "%(num)s captions were stored.", cues), "done")
    if dropped:
        flash(
            ngettext(
                "%(num)s caption without words was left out.",
                "%(num)s captions without words were left out.",
                dropped,
            ),
            "warn",
        )


@blueprint.post("/desk/recordings/<recording_id>/captions/<language>/review")
@access(STAFF)
def review_captions(recording_id: str, language: str) -> Any:
    """Mark captions as reviewed, or as a draft again (`reviewed` is 1 or 0)."""
    with unit_of_work():
        set_captions_reviewed(
            current_actor(), recording_id, language, clock.now(),
            reviewed=request.form.get("reviewed") == "1",
        )  # fmt: skip
    flash(_("Saved."), "done")
    return _back(recording_id, "captions")


@blueprint.post("/desk/recordings/<recording_id>/captions/<language>/delete")
@access(STAFF)
def remove_captions(recording_id: str, language: str) -> Any:
    """Remove captions in one language."""
    with unit_of_work():
        delete_captions(current_actor(), recording_id, language, clock.now())
    flash(_("The captions were deleted."), "done")
    return _back(recording_id, "captions")


@blueprint.post("/desk/recordings/<recording_id>/retry")
@access(STAFF)
def retry(recording_id: str) -> Any:
    """Process a film once more."""
    with unit_of_work():
        retry_processing(current_actor(), recording_id, clock.now())
    return _back(recording_id)


@blueprint.post("/desk/recordings/<recording_id>/delete")
@access(STAFF)
def delete(recording_id: str) -> Any:
    """Delete a recording or handout for good."""
    with unit_of_work():
        gone = delete_recording(current_actor(), recording_id, clock.now())
        edition_id = gone.edition_id
    flash(_("It was deleted. Nobody can see it any more."), "done")
    return redirect(url_for("recordings.edition_recordings", edition_id=edition_id), 303)


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    return found


def _broke_off() -> bool:
    """Whether a body was announced of which nothing could be read: it ended too early."""
    return bool(request.content_length) and not request.form and not request.files


def _cut_answer() -> Any:
    sentence = _("The file broke off on its way here. Nothing was stored; please send it again.")
    return error_answer(400, sentence, "upload_cut")


def _received(form: RecordingForm | FileForm, target: Target) -> Received | None:
    """Take the form's file into the store, or put a sentence under its field."""
    try:
        if form.upload.data:
            return take_upload(form.upload.data, target)
        file: FileStorage = form.file.data
        stream = cast("BinaryIO", file.stream)
        return receive(current_storage(), target, stream, file.filename or "")
    except MediaFaultError as error:
        form.refuse("file", fault_text(error.fault))
    except RecordingRefusedError as error:
        form.refuse("file", refusal_sentence(error))
    return None


def _show(
    found: Recording,
    *,
    file_form: FileForm | None = None,
    details_form: DetailsForm | None = None,
    caption_form: CaptionForm | None = None,
) -> Any:
    places = list_places(found.edition_id)
    refused = file_form or details_form or caption_form
    if details_form is None:
        details_form = present_details(found)
        details_form.set_places(places)
    page = render_template(
        "recordings/recording.html",
        recording=found,
        entry=get_entry(found.edition_id),
        place=dict(places).get(place_of(found), ""),
        rendition=find_rendition(found),
        processing=find_processing(found),
        captions=[(caption, list_cues(caption)) for caption in list_captions(found.id)],
        details_form=details_form,
        file_form=file_form or FileForm(None),
        caption_form=caption_form or CaptionForm(None),
        plain_text=plain_text,
        max_bytes=_max_bytes(),
    )
    return page, 422 if refused else 200


def _page(template: str, form: TomoniForm, **values: Any) -> Any:
    page = render_template(template, form=form, max_bytes=_max_bytes(), **values)
    return page, 422 if form.is_submitted() else 200


def _max_bytes() -> int:
    return current_settings().max_upload_mb * 1_000_000


def _back(recording_id: str, anchor: str | None = None) -> Any:
    return redirect(url_for("recordings.recording", recording_id=recording_id, _anchor=anchor), 303)


def _sent(recording_id: str, *, has_file: bool = True) -> Any:
    """Answer a finished upload: the sending script wants the address, a plain form goes there."""
    flash(_("The file has arrived whole.") if has_file else _("Added without a file."), "done")
    if request.accept_mimetypes.best == "application/json":
        location = url_for("recordings.recording", recording_id=recording_id)
        return jsonify(location=location), 201
    return _back(recording_id)
