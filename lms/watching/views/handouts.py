"""Handouts read in the page, as pictures with their words, where no file need be given out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, render_template, request

from lms.infra.current import current_storage
from lms.infra.typesetting import missing_glyphs
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.people.queries import list_names
from lms.recordings.models import MediaKind, Recording
from lms.recordings.queries import find_new_version, get_recording
from lms.rights.rules import Action, Decision
from lms.watching.operations import Stamp, draw_page, printable, read_words
from lms.watching.queries import Shown, Viewing, decide_for, may_use_paper
from lms.watching.rules import find_in_pages, hidden_pages, nearest_page, visible_pages
from lms.watching.texts import ranges_text, visitor_text
from lms.watching.views.answers import (
    course_address,
    guard,
    media_answer,
    note_refusal,
    refusal_json,
)
from lms.watching.views.blueprint import blueprint
from lms.watching.views.refusing import stated_country
from lms.watching.views.rooms import NARROWEST, room_request

_LONGEST_SEARCH = 100


@dataclass(frozen=True, slots=True)
class Offers:
    """What else of a handout this viewer is offered: to take it away, print it, show it."""

    download: bool
    print: bool
    screen: bool


def show_handout(shown: Shown, viewing: Viewing, at: datetime, country: str | None) -> Any:
    """Show one page of a handout (`?page=`) with its words; `?q=` searches in all that is shown."""
    recording = shown.recording
    pages, hidden = recording.pages or 0, viewing.left_out
    visible = visible_pages(pages, hidden)
    if not visible or not recording.source_key:
        abort(404)
    number = nearest_page(visible, request.args.get("page", 1, type=int))
    place = visible.index(number)
    words = shown_words(recording, visible)
    query = request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    offers = _offers(viewing, recording.id, at, country)
    return render_template(
        "watching/handout.html",
        shown=shown,
        recording=recording,
        viewing=viewing,
        number=number,
        pages=pages,
        visible=visible,
        previous=visible[place - 1] if place else None,
        next=visible[place + 1] if place + 1 < len(visible) else None,
        left_out=ranges_text(hidden_pages(pages, hidden)),
        words=words[number],
        query=query,
        hits=find_in_pages(words, query) if query else None,
        country=country,
        offers=offers,
        lost_letters=lost_letters() if _may_be_stamped(viewing, offers) else "",
        version=find_new_version(recording),
        course_href=course_address(shown.programme, shown.edition),
        attribution=viewing.decision.obligations.attribution,
    )


@blueprint.get("/recordings/<recording_id>/pages/<int:number>.png")
@access(PUBLIC)
def handout_page(recording_id: str, number: int) -> Any:
    """Answer with the picture of a page, stamped with name and time where that is obliged."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = decide_for(
        current_actor(), recording_id, Action.DISPLAY, at, country=stated_country()
    )
    if not viewing.allowed:
        note_refusal(recording_id, viewing.action, viewing.decision, at)
        return guard(refusal_json(viewing.decision))
    return page_picture(recording, number, viewing, at)


def page_picture(recording: Recording, number: int, viewing: Viewing, at: datetime) -> Any:
    """Answer with the picture of a page of what is allowed; 404 for one that is left out."""
    if number not in visible_pages(recording.pages or 0, viewing.left_out):
        abort(404)
    stamp = stamp_of(at) if viewing.decision.obligations.watermark else None
    return media_answer(draw_page(current_storage(), recording, number, stamp), "image/png")


def shown_words(recording: Recording, visible: tuple[int, ...]) -> dict[int, str]:
    """Return the words of the pages that are shown, by number; of no other page."""
    words = read_words(current_storage(), recording)
    return {number: words[number - 1] if number <= len(words) else "" for number in visible}


def get_paper(recording_id: str) -> Recording:
    """Return a handout that has its file; anything else is not there (404)."""
    recording = get_recording(recording_id)
    if recording.kind != MediaKind.PAPER or not recording.source_key:
        abort(404)
    return recording


def is_granted(viewing: Viewing, action: str) -> bool:
    """Whether just this use is allowed, not a preview in its place."""
    return viewing.allowed and viewing.action == action


def bars_copies(decision: Decision) -> bool:
    """Whether a permission does not include taking a copy away."""
    return decision.obligations.stream_only


def stamp_of(at: datetime, serial: str = "") -> Stamp:
    """Return whose copy it is, from when, and which one."""
    name = printable(stamped_name()) or visitor_text()
    when = format_moment(at, viewer_zone(), ui_language())
    return Stamp(name, "  ".join(part for part in (name, when, serial) if part))


def stamped_name() -> str:
    """Return whose name stands in a stamp, before what no font has is marked in it.

    The name on pages; where our fonts lack letters of it, such as Thai ones, the name for papers
    in Latin script if that can be printed.
    """
    actor = current_actor()
    if actor.person_id is None or not missing_glyphs(actor.display_name):
        return actor.display_name
    known = list_names([actor.person_id]).get(actor.person_id)
    latin = "" if known is None else known.latin
    return latin if latin and not missing_glyphs(latin) else actor.display_name


def lost_letters() -> str:
    """Return the letters of the reader's name that a stamp cannot show, each once; mostly none."""
    return missing_glyphs(stamped_name())


def _may_be_stamped(viewing: Viewing, offers: Offers) -> bool:
    return offers.download or offers.print or viewing.decision.obligations.watermark


def _offers(viewing: Viewing, recording_id: str, at: datetime, country: str | None) -> Offers:
    def offered(action: Action, **request_fields: Any) -> bool:
        found = may_use_paper(viewing, recording_id, action, at, country=country, **request_fields)
        return is_granted(found, action) and (
            action is Action.SCREEN or not bars_copies(found.decision)
        )

    return Offers(
        download=offered(Action.DOWNLOAD),
        print=offered(Action.PRINT),
        screen=offered(Action.SCREEN, **room_request(NARROWEST)),
    )
