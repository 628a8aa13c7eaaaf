"""Recordings held elsewhere: what is known of them here, and the way there."""

from typing import Any

from flask import abort, make_response, redirect, render_template

from lms.infra.audit import record_act
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.kernel import clock
from lms.recordings.models import MediaKind
from lms.recordings.rules import host_of
from lms.rights.rules import Action
from lms.watching.queries import Shown, Viewing, decide_for, get_shown
from lms.watching.views.answers import course_address, guard
from lms.watching.views.blueprint import blueprint
from lms.watching.views.refusing import refused_page, stated_country


def show_elsewhere(shown: Shown, viewing: Viewing, country: str | None) -> Any:
    """Show what is known of a recording held elsewhere, to who may play it."""
    return render_template(
        "watching/elsewhere.html",
        shown=shown,
        recording=shown.recording,
        viewing=viewing,
        host=host_of(shown.recording.source_url),
        country=country,
        course_href=course_address(shown.programme, shown.edition),
        attribution=viewing.decision.obligations.attribution,
    )


@blueprint.get("/recordings/<recording_id>/elsewhere")
@access(PUBLIC)
def go_elsewhere(recording_id: str) -> Any:
    """Lead to where a recording is held, after a decision of its own.

    What follows is beyond us: neither enforced nor measured.
    """
    at = clock.now()
    shown = get_shown(recording_id, current_actor().person_id)
    viewing = decide_for(current_actor(), recording_id, Action.PLAY, at, country=stated_country())
    if shown.recording.kind != MediaKind.LINK:
        abort(404)
    if not viewing.allowed:
        return refused_page(shown, viewing, at)
    with unit_of_work():
        record_act(current_actor(), "link.opened", "recording", recording_id, at=at,
                   code=viewing.decision.code.value)  # fmt: skip
    return guard(make_response(redirect(shown.recording.source_url, 302)))
