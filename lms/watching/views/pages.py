"""The page on which a recording is watched or a handout read, and the picture of its cover."""

from datetime import datetime
from typing import Any

from flask import abort, render_template, request

from lms.infra.audit import record_act
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.kernel import clock
from lms.kernel.intervals import subtract
from lms.kernel.localized import Localized
from lms.recordings.models import MediaKind, Recording
from lms.recordings.queries import find_new_version, get_recording, list_chapters
from lms.rights.rules import Action
from lms.watching.operations import PLAYED
from lms.watching.queries import (
    Viewing,
    covered_of,
    decide_for,
    get_shown,
    may_show_cover,
    view_action,
)
from lms.watching.queries.makings import has_readable_captions
from lms.watching.rules import DEFAULT_THRESHOLD
from lms.watching.views.answers import course_address, file_answer
from lms.watching.views.blueprint import blueprint
from lms.watching.views.elsewhere import show_elsewhere
from lms.watching.views.films import find_takeable
from lms.watching.views.handouts import show_handout
from lms.watching.views.refusing import list_countries, refused_page, stated_country


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
    if not viewing.allowed and not (viewing.asks_country and shown.recording.kind in PLAYED):
        return refused_page(shown, viewing, at)
    if shown.recording.kind == MediaKind.PAPER:
        _log_paper(viewing, recording_id, at)
        return show_handout(shown, viewing, at, country)
    if shown.recording.kind == MediaKind.LINK:
        return show_elsewhere(shown, viewing, country)
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
        version=find_new_version(shown.recording),
        attribution=viewing.decision.obligations.attribution,
        countries=list_countries() if viewing.asks_country else (),
        country=country or current_actor().country,
        stated=country,
        left_out=bool(viewing.left_out),
        chapters=_chapters(shown.recording, viewing) if shown.has_chapters else [],
        has_captions=shown.has_captions and has_readable_captions(shown.recording, at),
        takeable=find_takeable(viewing, shown.recording, country) if viewing.allowed else None,
    )


def _log_paper(viewing: Viewing, recording_id: str, at: datetime) -> None:
    """Write down who is shown which page by preview or exception (R15, R16).

    What is played is written down with its play session.
    """
    if not viewing.decision.obligations.audit:
        return
    act = "recording.previewed" if viewing.action == Action.PREVIEW else "handout.shown"
    with unit_of_work():
        record_act(
            current_actor(), act, "recording", recording_id, at=at,
            code=viewing.decision.code.value, page=request.args.get("page", 1, type=int),
        )  # fmt: skip


@blueprint.get("/recordings/<recording_id>/cover.jpg")
@access(PUBLIC)
def cover(recording_id: str) -> Any:
    """Answer with the picture of a recording for lists, to all who may know that it exists."""
    recording = get_recording(recording_id)
    viewing = decide_for(current_actor(), recording_id, view_action(recording), clock.now())
    if not recording.poster_key or not may_show_cover(recording, viewing):
        abort(404)
    return file_answer(recording.poster_key, "image/jpeg")


def _chapters(recording: Recording, viewing: Viewing) -> list[tuple[int, Localized]]:
    """Return (ms, title) of the chapters of which something may be seen."""
    chapters = list_chapters(recording.id) if viewing.allowed else []
    ends = [*(one.at_ms for one in chapters[1:]), recording.duration_ms or 0][: len(chapters)]
    return [
        (one.at_ms, one.title)
        for one, end in zip(chapters, ends, strict=True)
        if subtract(((one.at_ms, max(end, one.at_ms + 1)),), viewing.left_out)
    ]
