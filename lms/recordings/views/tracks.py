"""Staff pages of other languages' sound."""

from typing import Any, BinaryIO, cast

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from lms.infra.current import current_settings, current_storage
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, takes_files
from lms.infra.web.errors import error_answer, refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.errors import MediaFaultError, RecordingRefusedError
from lms.recordings.forms import CHECK_ONLY, ShiftForm, TrackForm
from lms.recordings.models import AudioTrack, Recording
from lms.recordings.operations import (
    Received,
    add_track,
    change_track,
    check_track,
    delete_track,
    receive,
    track_target,
)
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import (
    find_track,
    get_recording,
    list_making,
    list_renditions,
    list_tracks,
)
from lms.recordings.rules import read_shift, write_shift
from lms.recordings.texts import LANGUAGES, fault_text
from lms.recordings.views.blueprint import blueprint
from lms.recordings.views.uploads import attaching, take_upload


@blueprint.get("/desk/recordings/<recording_id>/sound")
@access(STAFF)
def tracks(recording_id: str) -> Any:
    """Show in which languages a recording can be heard."""
    return _show(_editable(recording_id))


@blueprint.post("/desk/recordings/<recording_id>/sound")
@access(STAFF)
@takes_files
def send_track(recording_id: str) -> Any:
    """Add another language's sound, or replace it."""
    found = _editable(recording_id)
    if request.content_length and not request.form and not request.files:
        sentence = _(
            "The file broke off on its way here. Nothing was stored; please send it again."
        )
        return error_answer(400, sentence, "upload_cut")
    form = TrackForm()
    shift_ms = _read_shift(form) if form.validate_on_submit() else None
    if shift_ms is None:
        return _show(found, form)
    try:
        check_track(found, _language(form), shift_ms, clock.now())
        if form.upload.data == CHECK_ONLY:
            return jsonify(ok=True)
        return _sent(found) if _add(found, form, shift_ms) else _show(found, form)
    except InvalidInputError as error:
        field = error.field
        if field == "language":
            field = "other_language" if form.other_language.data else "track_language"
        form.refuse(field, refusal_sentence(error))
        return _show(found, form)


def _sent(found: Recording) -> Any:
    """Answer a finished upload: the sending script wants the address, a plain form goes there."""
    flash(_("The file has arrived whole."), "done")
    location = url_for("recordings.tracks", recording_id=found.id)
    if request.accept_mimetypes.best == "application/json":
        return jsonify(location=location), 201
    return redirect(location, 303)


def _language(form: TrackForm) -> str:
    return (form.other_language.data or "").strip() or str(form.track_language.data)


def _add(found: Recording, form: TrackForm, shift_ms: int) -> bool:
    """Take the form's file and add the track; False, with a sentence in the form, for the file."""
    received = _received(found, form)
    if received is None:
        return False
    with attaching(received, form.upload.data, found.id):
        add_track(
            current_actor(), found.id, received, _language(form), clock.now(), shift_ms=shift_ms
        )
    return True


def _read_shift(form: TrackForm | ShiftForm) -> int | None:
    """Return the shift in ms, or None with a sentence in the form."""
    shift_ms = read_shift(form.shift.data or "")
    if shift_ms is None:
        form.refuse("shift", refusal_sentence(InvalidInputError("shift", "shift_unreadable")))
    return shift_ms


@blueprint.post("/desk/recordings/<recording_id>/sound/<track_id>/shift")
@access(STAFF)
def shift_track(recording_id: str, track_id: str) -> Any:
    """Move another language's sound against the film; it is made anew. Also tries once more."""
    found = _editable(recording_id)
    track = _track(found, track_id)
    form = ShiftForm()
    shift_ms = _read_shift(form) if form.validate_on_submit() else None
    if shift_ms is not None:
        try:
            with unit_of_work():
                change_track(current_actor(), track.id, shift_ms, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved. The sound is being made anew."), "done")
            return redirect(url_for("recordings.tracks", recording_id=recording_id), 303)
    return _show(found, shift_forms={track.id: form})


@blueprint.post("/desk/recordings/<recording_id>/sound/<track_id>/delete")
@access(STAFF)
def remove_track(recording_id: str, track_id: str) -> Any:
    """Take another language's sound away."""
    track = _track(_editable(recording_id), track_id)
    with unit_of_work():
        delete_track(current_actor(), track.id, clock.now())
    flash(_("The sound in this language was deleted."), "done")
    return redirect(url_for("recordings.tracks", recording_id=recording_id), 303)


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    return found


def _track(found: Recording, track_id: str) -> AudioTrack:
    track = find_track(track_id)
    if (
        track is None
        or track.recording_id != found.id
        or track.media_version != found.media_version
    ):
        raise NotFoundError
    return track


def _received(found: Recording, form: TrackForm) -> Received | None:
    """Take the form's file into the store, or put a sentence under its field."""
    target = track_target(found)
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


def _wanted(found: Recording, rows: list[AudioTrack]) -> str:
    """Return the first offered language in which it cannot be heard yet."""
    there = {found.language, *(row.language for row in rows)}
    return next((tag for tag in LANGUAGES if tag not in there), "en")


def _show(
    found: Recording,
    form: TrackForm | None = None,
    *,
    shift_forms: dict[str, ShiftForm] | None = None,
) -> Any:
    rows = list_tracks(found.id, found.media_version)
    refused = shift_forms or {}
    forms = {
        row.id: refused.get(row.id) or ShiftForm(None, shift=write_shift(row.shift_ms))
        for row in rows
    }
    page = render_template(
        "recordings/tracks.html",
        recording=found,
        tracks=rows,
        making=list_making(rows),
        renditions=list_renditions(found),
        form=form or TrackForm(None, shift="0", track_language=_wanted(found, rows)),
        shift_forms=forms,
        write_shift=write_shift,
        max_bytes=current_settings().max_upload_mb * 1_000_000,
    )
    return page, 422 if form or refused else 200
