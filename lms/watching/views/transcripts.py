"""The transcript: read, searched and printed; decided anew at each request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, jsonify, render_template, request

from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.recordings.models import Caption
from lms.recordings.queries import get_recording, list_cues
from lms.recordings.rules import Cue, readable_text
from lms.rights.rules import Action
from lms.watching.queries import (
    Viewing,
    decide_for,
    decide_viewing,
    get_shown,
    list_tracks,
    reference_lengths,
    view_action,
)
from lms.watching.queries.makings import readable_captions
from lms.watching.rules import MAX_QUERY, Found, cut_segments, keep_cues, search_lines
from lms.watching.texts import caption_name
from lms.watching.views.answers import course_address, guard, note_refusal, refusal_json
from lms.watching.views.blueprint import blueprint
from lms.watching.views.refusing import refused_page, stated_country


@dataclass(frozen=True, slots=True)
class _Transcript:
    """What a viewer reads: the tracks there are, the one chosen, its lines, what was found."""

    captions: list[Caption]
    chosen: Caption | None
    cues: list[Cue]
    lines: list[str]
    found: Found
    query: str

    @property
    def rows(self) -> list[tuple[Cue, str]]:
        """The captions that may be seen, each with its text as it is read."""
        return list(zip(self.cues, self.lines, strict=True))


@blueprint.get("/recordings/<recording_id>/transcript")
@access(PUBLIC)
def transcript(recording_id: str) -> Any:
    """Show the transcript as a page of its own; it prints where printing is granted."""
    at, country = clock.now(), stated_country()
    actor = current_actor()
    shown = get_shown(recording_id, actor.person_id)
    action = view_action(shown.recording)
    viewing = decide_for(actor, recording_id, action, at, country=country)
    if not viewing.allowed:
        return refused_page(shown, viewing, at)
    told = _read(recording_id, viewing)
    if told.chosen is None:
        abort(404)
    page = render_template(
        "watching/transcript.html",
        shown=shown,
        recording=shown.recording,
        told=told,
        language=told.chosen.language,
        name_of=caption_name,
        hits=frozenset(told.found.lines),
        may_print=_may_print(recording_id, viewing, country, at),
        left_out=bool(viewing.left_out),
        country=country,
        course_href=course_address(shown.programme, shown.edition),
        attribution=viewing.decision.obligations.attribution,
        at=at,
    )
    return guard(Response(page))


@blueprint.get("/api/v1/recordings/<recording_id>/transcript")
@access(PUBLIC)
def transcript_json(recording_id: str) -> Any:
    """Answer with the transcript in a language and what was found in it (`?language=&q=`)."""
    at = clock.now()
    recording = get_recording(recording_id)
    viewing = decide_for(
        current_actor(), recording_id, view_action(recording), at, country=stated_country()
    )
    if not viewing.allowed:
        if not viewing.asks_country:
            note_refusal(recording_id, viewing.action, viewing.decision, at)
        return guard(refusal_json(viewing.decision))
    told = _read(recording_id, viewing)
    answer = jsonify(
        languages=[{"language": one.language, "label": caption_name(one)} for one in told.captions],
        language=told.chosen.language if told.chosen else "",
        cues=[[cue.start_ms, cue.end_ms, line] for cue, line in told.rows],
        query=told.query,
        hits=list(told.found.lines),
        count=told.found.count,
    )
    return guard(answer)


def _read(recording_id: str, viewing: Viewing) -> _Transcript:
    captions = readable_captions(get_recording(recording_id), clock.now())
    chosen = _choose(captions, request.args.get("language", ""))
    cues: list[Cue] = []
    if chosen is not None:
        hidden = viewing.left_out
        if hidden:
            recording = get_recording(recording_id)
            tracks = list_tracks(recording_id, recording.media_version)
            hidden = cut_segments(reference_lengths(tracks), hidden).hidden
        cues = keep_cues(list_cues(chosen), hidden)
    lines = [readable_text(cue.text) for cue in cues]
    query = request.args.get("q", "").strip()[:MAX_QUERY]
    return _Transcript(captions, chosen, cues, lines, search_lines(lines, query), query)


def _choose(captions: list[Caption], wanted: str) -> Caption | None:
    """Return the captions asked for, else those the viewer reads, else the first."""
    language = ui_language()
    order = sorted(
        captions,
        key=lambda one: (
            one.language != wanted,
            one.language != language,
            one.language.split("-")[0] != language,
        ),
    )
    return order[0] if order else None


def _may_print(recording_id: str, viewing: Viewing, country: str | None, at: datetime) -> bool:
    """Whether printing is granted too. A preview prints nothing."""
    if viewing.action == Action.PREVIEW:
        return False
    printing = decide_viewing(
        viewing.viewer, recording_id, Action.PRINT, at, country=country, known=viewing.known
    )
    return printing.allowed and printing.action == Action.PRINT
