"""Handouts: read page by page as pictures, taken away as a file only where that is allowed."""

from datetime import datetime
from io import BytesIO
from typing import Any

from flask import abort, render_template, request, send_file
from flask_babel import gettext as _

from lms.infra.audit import record_act
from lms.infra.current import current_storage
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.kernel.localized import pick
from lms.recordings.models import MediaKind, Recording
from lms.recordings.queries import get_recording
from lms.rights.rules import Action, Decision
from lms.watching.forms import is_country
from lms.watching.operations import PageText, Stamp, draw_page, read_page, stamped_copy
from lms.watching.queries import Shown, Viewing, decide_for, decide_viewing
from lms.watching.views.answers import (
    course_address,
    guard,
    media_answer,
    note_refusal,
    refusal_json,
)
from lms.watching.views.blueprint import blueprint


def show_handout(shown: Shown, viewing: Viewing, at: datetime, country: str | None) -> Any:
    """Show one page of a handout; `?page=` says which."""
    recording = shown.recording
    pages = recording.pages or 1
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    download = decide_viewing(
        viewing.viewer, recording.id, Action.DOWNLOAD, at, country=country
    ).decision
    words = (
        read_page(current_storage(), recording, number) if recording.source_key else PageText("")
    )
    return render_template(
        "watching/handout.html",
        shown=shown,
        recording=recording,
        viewing=viewing,
        number=number,
        pages=pages,
        words=words.text,
        country=country,
        may_download=download.allowed and not _bars_download(download),
        course_href=course_address(shown.programme, shown.edition),
        attribution=viewing.decision.obligations.attribution,
    )


@blueprint.get("/recordings/<recording_id>/pages/<int:number>.png")
@access(PUBLIC)
def handout_page(recording_id: str, number: int) -> Any:
    """Answer with the picture of a page, stamped with name and time where that is obliged."""
    recording = _paper(recording_id)
    at = clock.now()
    viewing = decide_for(current_actor(), recording_id, Action.DISPLAY, at, country=_country())
    if not viewing.allowed:
        note_refusal(recording_id, viewing.action, viewing.decision, at)
        return guard(refusal_json(viewing.decision))
    stamp = _stamp(at) if viewing.decision.obligations.watermark else None
    if number > (recording.pages or 0):
        abort(404)
    return media_answer(draw_page(current_storage(), recording, number, stamp), "image/png")


@blueprint.get("/recordings/<recording_id>/file.pdf")
@access(PUBLIC)
def download(recording_id: str) -> Any:
    """Answer with the handout as a file where that is allowed, stamped where that is obliged."""
    recording = _paper(recording_id)
    at = clock.now()
    viewing = decide_for(current_actor(), recording_id, Action.DOWNLOAD, at, country=_country())
    decision = viewing.decision
    if not decision.allowed or _bars_download(decision):
        note_refusal(recording_id, Action.DOWNLOAD, decision, at)
        return guard(refusal_json(decision))
    serial = new_id()
    name = pick(recording.title, ui_language()).text
    name = "".join(c for c in name if c.isprintable() and c not in '\\/:*?"<>|').strip()
    file: Any = current_storage().local_path(recording.source_key)
    if decision.obligations.watermark:
        file = BytesIO(stamped_copy(current_storage(), recording, _stamp(at, serial)))
    with unit_of_work():
        record_act(current_actor(), "handout.downloaded", "recording", recording_id, at=at,
                   serial=serial, code=decision.code.value)  # fmt: skip
    return guard(
        send_file(
            file, mimetype="application/pdf", as_attachment=True, conditional=True, etag=False,
            download_name=f"{name or recording.id}.pdf",
        )
    )  # fmt: skip


def _paper(recording_id: str) -> Recording:
    recording = get_recording(recording_id)
    if recording.kind != MediaKind.PAPER or not recording.source_key:
        abort(404)
    return recording


def _country() -> str | None:
    country = request.args.get("country", "")
    return country if is_country(country) else None


def _bars_download(decision: Decision) -> bool:
    """Whether a permission (such as a preview) does not include taking a copy away."""
    return decision.obligations.stream_only


def _stamp(at: datetime, serial: str = "") -> Stamp:
    name = current_actor().display_name or _("Visitor")
    when = format_moment(at, viewer_zone(), ui_language())
    return Stamp(name, "  ".join(part for part in (name, when, serial) if part))
