"""Captions written in the browser beside the film, checked line by line, and taken away."""

from typing import Any

from flask import flash, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.courses.queries import get_entry
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, Response, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.errors import CaptionsChangedError
from lms.recordings.forms import CaptionTextForm
from lms.recordings.models import Caption, MediaKind, Recording, Stage
from lms.recordings.operations import StoredCaptions, save_captions
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_caption, get_recording, list_captions, list_cues
from lms.recordings.rules import (
    IDEAL_WIDE,
    MAX_CAPTION_BYTES,
    MAX_LETTERS,
    MAX_WIDE,
    Cue,
    canonical_tag,
    check_captions,
    read_captions,
    render_srt,
    render_vtt,
)
from lms.recordings.texts import remark_text
from lms.recordings.views.blueprint import blueprint

#: What is checked at once while somebody writes; an eight-hour lecture stays below.
_MAX_CHECKED = 20_000
#: In these stages there is a film beside which captions are written.
_PLAYABLE = frozenset({Stage.REVIEW, Stage.PUBLISHED})


@blueprint.get("/desk/recordings/<recording_id>/captions")
@access(STAFF)
def choose_captions(recording_id: str) -> Any:
    """Go to the captions in a language (`?language=`, or a tag in `?other=`) to write them."""
    found = _editable(recording_id)
    tag = canonical_tag(request.args.get("other") or request.args.get("language", ""))
    if tag is None:
        flash(_("This is no language tag. Please write one such as en, ms or zh-Hant."), "warn")
        back = url_for("recordings.recording", recording_id=found.id, _anchor="captions")
        return redirect(back, 303)
    return redirect(_address(found, tag), 303)


@blueprint.get("/desk/recordings/<recording_id>/captions/<language>")
@access(STAFF)
def edit_captions(recording_id: str, language: str) -> Any:
    """Show the captions in a language beside the film, to be written."""
    found, tag = _editable(recording_id), _canonical(language)
    caption = find_caption(recording_id, tag)
    form = CaptionTextForm(None)
    form.captions.data = caption.vtt if caption else render_vtt(())
    form.revision.data = str(caption.revision if caption else 0)
    form.reviewed.data = caption is not None and caption.status == "reviewed"
    return _page(found, tag, caption, form)


@blueprint.post("/desk/recordings/<recording_id>/captions/<language>")
@access(STAFF)
def write_captions(recording_id: str, language: str) -> Any:
    """Store captions as they were edited; what cannot be stored comes back, nothing lost."""
    found, tag = _editable(recording_id), _canonical(language)
    form = CaptionTextForm()
    status, sentence = 422, ""
    if form.validate_on_submit():
        data = (form.captions.data or "").encode("utf-8", "replace")
        try:
            with unit_of_work():
                stored = save_captions(
                    current_actor(), recording_id, tag, data[: MAX_CAPTION_BYTES + 1],
                    clock.now(), revision=form.edited, reviewed=form.reviewed.data,
                )  # fmt: skip
        except CaptionsChangedError as error:
            status, sentence = 409, refusal_sentence(error)
        except InvalidInputError as error:
            sentence = refusal_sentence(error)
        else:
            return _stored(found, tag, stored)
    if _wants_json():
        errors = [str(error) for field in form for error in field.errors]
        answer = jsonify(message=sentence or " ".join(errors), newer=_address(found, tag))
        answer.status_code = status
        return answer
    if sentence:
        form.refuse("captions", sentence)
    page = _page(found, tag, find_caption(recording_id, tag), form, conflict=status == 409)  # noqa: PLR2004 - as above
    return page, status


@blueprint.post("/desk/recordings/<recording_id>/captions/<language>/check")
@access(STAFF)
def check(recording_id: str, language: str) -> Any:
    """Say what is hard to read in captions that are being written; nothing is stored.

    The body is `{cues: [[start, end, text], ...]}` in ms; the answer names places from 0.
    """
    found, tag = _editable(recording_id), _canonical(language)
    try:
        body = request.get_json(silent=True)
    except RecursionError:  # nested deeper than can be read
        body = None
    cues = _read_cues(body)
    return jsonify(remarks=_remarks(cues, tag, found.duration_ms))


@blueprint.get("/desk/recordings/<recording_id>/captions/<language>/captions.vtt")
@access(STAFF)
def captions_vtt(recording_id: str, language: str) -> Any:
    """Give the captions away as WebVTT."""
    caption = _caption(recording_id, language)
    return _file(render_vtt(list_cues(caption)), "text/vtt", f"captions.{caption.language}.vtt")


@blueprint.get("/desk/recordings/<recording_id>/captions/<language>/captions.srt")
@access(STAFF)
def captions_srt(recording_id: str, language: str) -> Any:
    """Give the captions away as SubRip."""
    caption = _caption(recording_id, language)
    name = f"captions.{caption.language}.srt"
    return _file(render_srt(list_cues(caption)), "application/x-subrip", name)


def _editable(recording_id: str) -> Recording:
    found = get_recording(recording_id)
    require_recording_editor(current_actor(), found)
    if found.kind not in {MediaKind.VIDEO, MediaKind.AUDIO}:
        raise NotFoundError
    return found


def _canonical(language: str) -> str:
    tag = canonical_tag(language)
    if tag is None:
        raise NotFoundError
    return tag


def _caption(recording_id: str, language: str) -> Caption:
    _editable(recording_id)
    caption = find_caption(recording_id, _canonical(language))
    if caption is None:
        raise NotFoundError
    return caption


def _address(found: Recording, tag: str) -> str:
    return url_for("recordings.edit_captions", recording_id=found.id, language=tag)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _stored(found: Recording, tag: str, stored: StoredCaptions) -> Any:
    sentence = ngettext("%(num)s caption was stored.", "%(num)s captions were stored.", stored.cues)
    caption = find_caption(found.id, tag)
    if _wants_json() and caption is not None:
        return jsonify(
            message=sentence, revision=caption.revision, status=caption.status,
            dropped=stored.dropped, captions=caption.vtt,
        )  # fmt: skip
    flash(sentence, "done")
    return redirect(_address(found, tag), 303)


def _page(
    found: Recording,
    tag: str,
    caption: Caption | None,
    form: CaptionTextForm,
    *,
    conflict: bool = False,
) -> str:
    written = read_captions(form.captions.data or "", None)
    return render_template(
        "recordings/captions.html",
        recording=found,
        entry=get_entry(found.edition_id),
        language=tag,
        caption=caption,
        form=form,
        conflict=conflict,
        playable=found.stage in _PLAYABLE,
        remarks=_remarks(list(written.cues), tag, found.duration_ms),
        others=[one for one in list_captions(found.id) if one.language != tag],
        limits={"ideal": IDEAL_WIDE, "wide": MAX_WIDE, "letters": MAX_LETTERS},
    )


def _remarks(cues: list[Cue], tag: str, duration_ms: int | None) -> list[dict[str, Any]]:
    return [
        {
            "place": remark.place,
            "start": cues[remark.place].start_ms,
            "text": remark_text(remark),
            "forbids": remark.advice.forbids,
        }
        for remark in check_captions(cues, tag, duration_ms)
    ]


def _read_cues(body: Any) -> list[Cue]:
    """Return the captions of a check. Raises InvalidInputError for what has another shape."""
    rows = body.get("cues") if isinstance(body, dict) else None
    if not isinstance(rows, list) or len(rows) > _MAX_CHECKED:
        raise InvalidInputError("captions", "captions_rows")
    cues = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], str):  # noqa: PLR2004 - two times and a text
            raise InvalidInputError("captions", "captions_rows")
        start, end, text = row
        if not all(type(ms) is int and 0 <= ms < 2**53 for ms in (start, end)):
            raise InvalidInputError("captions", "captions_rows")
        cues.append(Cue(start, end, text))
    return cues


def _file(text: str, mimetype: str, name: str) -> Response:
    answer: Response = make_response(text)
    answer.mimetype = mimetype
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
