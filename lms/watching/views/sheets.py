"""Handouts on paper and in a room: a page made for printing, a view that fills the screen."""

from datetime import datetime
from typing import Any

from flask import make_response, render_template, request

from lms.infra.audit import record_act
from lms.infra.db import unit_of_work
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.rights.rules import Action
from lms.watching.queries import Viewing, decide_paper, get_shown, may_use_paper
from lms.watching.rules import nearest_page, visible_pages
from lms.watching.views.answers import course_address, guard, note_refusal, refusal_json
from lms.watching.views.blueprint import blueprint
from lms.watching.views.handouts import (
    bars_copies,
    get_paper,
    is_granted,
    page_picture,
    shown_words,
    stamp_of,
)
from lms.watching.views.refusing import refused_page, stated_country
from lms.watching.views.rooms import NARROWEST, WIDEST, room_choices, room_request, stated_room


@blueprint.get("/recordings/<recording_id>/print")
@access(PUBLIC)
def print_handout(recording_id: str) -> Any:
    """Show all pages for printing, with name, moment and serial under each."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = _decide_print(recording_id)
    if not _may_print(viewing):
        return refused_page(get_shown(recording_id, None), viewing, at)
    visible = visible_pages(recording.pages or 0, viewing.left_out)
    serial = new_id()
    with unit_of_work():
        record_act(current_actor(), "handout.printed", "recording", recording_id, at=at,
                   serial=serial, code=viewing.decision.code.value,
                   media_version=recording.media_version)  # fmt: skip
    page = _page(
        "watching/handout_print.html", recording_id, viewing, visible=visible,
        words=shown_words(recording, visible), stamp=stamp_of(at, serial),
    )  # fmt: skip
    return guard(make_response(page))


@blueprint.get("/recordings/<recording_id>/print/<int:number>.png")
@access(PUBLIC)
def print_page(recording_id: str, number: int) -> Any:
    """Answer with the picture of a page for printing."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = _decide_print(recording_id)
    if not _may_print(viewing):
        note_refusal(recording_id, Action.PRINT, viewing.decision, at)
        return guard(refusal_json(viewing.decision))
    return page_picture(recording, number, viewing, at)


@blueprint.get("/recordings/<recording_id>/screen")
@access(PUBLIC)
def screen_handout(recording_id: str) -> Any:
    """Show one page large for people in a room; `?room=` says who sits there, `?page=` which."""
    recording = get_paper(recording_id)
    at = clock.now()
    room = stated_room()
    viewing = _decide_screen(recording_id, room or WIDEST)
    if room is None and _some_room(viewing, recording_id, at):
        return guard(make_response(_page("watching/handout_room.html", recording_id, viewing,
                                         rooms=room_choices())))  # fmt: skip
    visible = visible_pages(recording.pages or 0, viewing.left_out)
    if room is None or not is_granted(viewing, Action.SCREEN) or not visible:
        return refused_page(get_shown(recording_id, None), viewing, at)
    number = nearest_page(visible, request.args.get("page", 1, type=int))
    place = visible.index(number)
    if "page" not in request.args:
        with unit_of_work():
            record_act(current_actor(), "handout.screened", "recording", recording_id, at=at,
                       room=room, code=viewing.decision.code.value)  # fmt: skip
    page = _page(
        "watching/handout_screen.html", recording_id, viewing, number=number, visible=visible,
        room=room, room_name=dict(room_choices())[room],
        previous=visible[place - 1] if place else None,
        next=visible[place + 1] if place + 1 < len(visible) else None,
    )  # fmt: skip
    return guard(make_response(page))


@blueprint.get("/recordings/<recording_id>/screen/<int:number>.png")
@access(PUBLIC)
def screen_page(recording_id: str, number: int) -> Any:
    """Answer with the picture of a page for people in a room."""
    recording = get_paper(recording_id)
    at = clock.now()
    viewing = _decide_screen(recording_id, stated_room() or WIDEST)
    if not is_granted(viewing, Action.SCREEN):
        note_refusal(recording_id, Action.SCREEN, viewing.decision, at)
        return guard(refusal_json(viewing.decision))
    return page_picture(recording, number, viewing, at)


def _decide_print(recording_id: str) -> Viewing:
    return decide_paper(
        current_actor(), recording_id, Action.PRINT, clock.now(), country=stated_country()
    )


def _may_print(viewing: Viewing) -> bool:
    return is_granted(viewing, Action.PRINT) and not bars_copies(viewing.decision)


def _decide_screen(recording_id: str, room: str) -> Viewing:
    return decide_paper(
        current_actor(), recording_id, Action.SCREEN, clock.now(), country=stated_country(),
        **room_request(room),
    )  # fmt: skip


def _some_room(viewing: Viewing, recording_id: str, at: datetime) -> bool:
    """Whether it may be shown in some room at all: then in the narrowest."""
    found = may_use_paper(
        viewing, recording_id, Action.SCREEN, at, country=stated_country(),
        **room_request(NARROWEST),
    )  # fmt: skip
    return is_granted(found, Action.SCREEN)


def _page(template: str, recording_id: str, viewing: Viewing, **values: Any) -> str:
    shown = get_shown(recording_id, None)
    return render_template(
        template,
        shown=shown,
        recording=shown.recording,
        viewing=viewing,
        country=stated_country(),
        attribution=viewing.decision.obligations.attribution,
        course_href=course_address(shown.programme, shown.edition),
        **values,
    )
