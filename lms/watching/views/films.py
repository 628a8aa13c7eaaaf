"""Recordings taken away as a file: the copy without exactly what may not be seen."""

from typing import Any

from flask import Response, abort, make_response, render_template, request
from flask_babel import gettext as _

from lms.infra.audit import record_act
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.files import stored_answer
from lms.kernel import clock
from lms.recordings.models import MediaCopy, MediaKind, Recording
from lms.recordings.queries import find_copy, get_recording
from lms.rights.rules import Action
from lms.watching.operations import PLAYED
from lms.watching.queries import Viewing, decide_for, decide_viewing, get_shown
from lms.watching.queries.films import DOWNLOADED, find_fitting_copy, has_begun_copy
from lms.watching.views.answers import course_address, file_name, guard
from lms.watching.views.blueprint import blueprint
from lms.watching.views.refusing import refused_page, stated_country

_TYPES = {MediaKind.VIDEO: ("video/mp4", "mp4"), MediaKind.AUDIO: ("audio/mp4", "m4a")}


@blueprint.get("/recordings/<recording_id>/film")
@access(PUBLIC)
def take_film(recording_id: str) -> Any:
    """Answer with the copy where it may be taken, in ranges too; decided anew each time."""
    recording = get_recording(recording_id)
    if recording.kind not in PLAYED:
        abort(404)
    at = clock.now()
    viewing = decide_for(
        current_actor(), recording_id, Action.DOWNLOAD, at, country=stated_country()
    )
    if not _may_take(viewing):
        return refused_page(get_shown(recording_id, None), viewing, at)
    copy = find_fitting_copy(recording, viewing.left_out)
    if copy is None:
        return _not_there(recording_id)
    mimetype, ending = _TYPES[MediaKind(recording.kind)]
    try:
        answer = stored_answer(copy.key, mimetype, download_name=file_name(recording, ending))
    except FileNotFoundError:
        return _not_there(recording_id)
    if request.method != "HEAD" and not _goes_on(answer, copy):
        with unit_of_work():
            record_act(current_actor(), DOWNLOADED, "recording", recording_id, at=at,
                       code=viewing.decision.code.value, sha256=copy.sha256,
                       media_version=recording.media_version)  # fmt: skip
    return guard(answer)


def find_takeable(viewing: Viewing, recording: Recording, country: str | None) -> MediaCopy | None:
    """Return the copy that whoever watches may take away as well, or None.

    Where no copy was ever made nothing is decided.
    """
    if find_copy(recording) is None:
        return None
    found = decide_viewing(
        viewing.viewer, recording.id, Action.DOWNLOAD, clock.now(), country=country,
        known=viewing.known,
    )  # fmt: skip
    return find_fitting_copy(recording, found.left_out) if _may_take(found) else None


def _may_take(viewing: Viewing) -> bool:
    """Whether just a download is allowed; a film carries no mark where one is obliged."""
    obligations = viewing.decision.obligations
    granted = viewing.allowed and viewing.action == Action.DOWNLOAD
    return granted and not (obligations.stream_only or obligations.watermark)


def _goes_on(answer: Response, copy: MediaCopy) -> bool:
    """Whether it is a later piece of what the log shows as begun, which is not logged again."""
    piece = answer.headers.get("Content-Range", "")
    later = bool(piece) and not piece.startswith("bytes 0-")
    return later and has_begun_copy(current_actor().person_id, copy)


def _not_there(recording_id: str) -> Any:
    shown = get_shown(recording_id, None)
    page = render_template(
        "watching/refused.html",
        shown=shown,
        recording=shown.recording,
        sentence=_("The file to take away is not ready. Please ask those who organise the course."),
        steps=(),
        asks_country=False,
        countries=(),
        country=None,
        course_href=course_address(shown.programme, shown.edition),
    )
    return guard(make_response(page, 409))
