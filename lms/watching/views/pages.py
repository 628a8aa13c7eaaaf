"""The page on which a recording is watched or a handout read, and the picture of its cover."""

from datetime import datetime
from typing import Any

from flask import abort, render_template, request
from flask_wtf.csrf import generate_csrf

from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.people.forms import country_choices
from lms.recordings.models import MediaKind
from lms.recordings.queries import get_recording
from lms.rights.operations.freezing import log_refusal
from lms.watching.forms import is_country
from lms.watching.queries import Shown, Viewing, covered_of, decide_for, get_shown, view_action
from lms.watching.rules import DEFAULT_THRESHOLD
from lms.watching.views.answers import course_address, file_answer, sentence_of, steps_of
from lms.watching.views.blueprint import blueprint
from lms.watching.views.handouts import show_handout


@blueprint.get("/recordings/<recording_id>")
@access(PUBLIC)
def watch(recording_id: str) -> Any:
    """Show the player or the handout; else the reason why not and what would change it."""
    at = clock.now()
    shown = get_shown(recording_id, current_actor().person_id)
    country = stated_country()
    viewing = decide_for(
        current_actor(), recording_id, view_action(shown.recording), at, country=country
    )
    if not viewing.allowed and not (viewing.asks_country and shown.recording.kind == "video"):
        return _refused(shown, viewing, at)
    if shown.recording.kind == MediaKind.PAPER:
        return show_handout(shown, viewing, at, country)
    covered = None
    if shown.watch is not None:
        covered = covered_of(shown.watch, shown.recording.duration_ms or 0)
    return render_template(
        "watching/watch.html",
        shown=shown,
        recording=shown.recording,
        viewing=viewing,
        covered=covered,
        threshold=DEFAULT_THRESHOLD,
        course_href=course_address(shown.programme, shown.edition),
        attribution=viewing.decision.obligations.attribution,
        countries=_countries() if viewing.asks_country else (),
        country=country or current_actor().country,
        csrf=generate_csrf(),
    )


@blueprint.get("/recordings/<recording_id>/cover.jpg")
@access(PUBLIC)
def cover(recording_id: str) -> Any:
    """Answer with the picture of a recording for lists, to all who may know that it exists."""
    recording = get_recording(recording_id)
    decide_for(current_actor(), recording_id, view_action(recording), clock.now())
    if not recording.poster_key:
        abort(404)
    return file_answer(recording.poster_key, "image/jpeg")


def stated_country() -> str | None:
    """Return the country stated in the address, if it can be one."""
    country = request.args.get("country", "")
    return country if is_country(country) else None


def _countries() -> list[tuple[str, str]]:
    return list(country_choices(ui_language()))


def _refused(shown: Shown, viewing: Viewing, at: datetime) -> Any:
    course_href = course_address(shown.programme, shown.edition)
    page = render_template(
        "watching/refused.html",
        shown=shown,
        recording=shown.recording,
        sentence=sentence_of(viewing.decision),
        steps=steps_of(viewing.decision),
        asks_country=viewing.asks_country,
        countries=_countries() if viewing.asks_country else (),
        country=current_actor().country,
        course_href=course_href,
    )
    code = viewing.decision.code.value
    with unit_of_work():
        log_refusal(current_actor(), shown.recording.id, viewing.action, code, at)
    return page, 403
