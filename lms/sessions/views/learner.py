"""A session for those who take part: when, where, the join button, the calendar file."""

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.ids import PersonId
from lms.kernel.localized import pick
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.operations import join_live_session
from lms.sessions.operations.joining import switch_way as change_way
from lms.sessions.providers import Guest, find_service
from lms.sessions.queries import SessionCard, UpcomingSession
from lms.sessions.queries.joining import WayIn, find_own_way, find_way_in, names_in_meeting
from lms.sessions.rules import JoinOutcome, Standing
from lms.sessions.rules.joining import (
    SwitchFault,
    check_opens_at,
    fill_name_format,
    judge_switch,
)
from lms.sessions.texts import Reader, calendar_file, refusal_text
from lms.sessions.texts.languages import channel_name
from lms.sessions.views.blueprint import blueprint


@blueprint.get("/live-sessions/<live_session_id>")
@access(SIGNED_IN)
def live_session(live_session_id: str) -> Any:
    """Show a session to those who may know of it."""
    return _page(live_session_id, clock.now())


def _page(live_session_id: str, at: datetime, refusal: str | None = None) -> str:
    actor = current_actor()
    found = policy.require_known(actor, live_session_id, at)
    card = found.card
    passcode = dial_in = ""
    if found.decision.is_open and found.has_pressed:
        way_in = find_way_in(card.id, actor.person_id)
        if way_in is not None:
            passcode, dial_in = way_in.passcode, way_in.dial_in
    return render_template(
        "sessions/live_session.html",
        found=found,
        card=card,
        decision=found.decision,
        speakers=queries.speakers_of([card.id]).get(card.id, ()),
        passcode=passcode,
        dial_in=dial_in,
        channels=[channel_name(tag, ui_language()) for tag in card.channels],
        refusal=refusal,
        organises=policy.may_organise(actor, card.programme_id),
        own=_own_way(found, at),
        own_name=_own_name(found, at),
        check_from=_check_from(found, at),
        at=at,
    )


@dataclass(frozen=True, slots=True)
class _Own:
    way: str
    may_change: bool
    full: bool


def _own_way(found: UpcomingSession, at: datetime) -> _Own:
    """Return by which way the viewer takes part, and whether they can change to the other."""
    card = found.card
    if found.standing not in {Standing.WEB, Standing.VENUE} or not card.has_venue:
        return _Own("web", may_change=False, full=False)
    own = find_own_way(card, current_actor().person_id)
    fault = judge_switch(own.facts, "venue" if own.way == "web" else "web", at)
    return _Own(own.way, may_change=fault is None, full=fault is SwitchFault.VENUE_FULL)


def _own_name(found: UpcomingSession, at: datetime) -> str:
    """Return how the viewer writes their name in the meeting, '' for those who do not join."""
    person_id, card = current_actor().person_id, found.card
    ways_in = {JoinOutcome.OPEN, JoinOutcome.TOO_EARLY}
    if person_id is None or not card.has_web or found.decision.outcome not in ways_in:
        return ""
    return _name_there(card, person_id, at)


def _name_there(card: SessionCard, person_id: PersonId, at: datetime) -> str:
    language = ui_language()
    pattern = pick(card.name_format, language).text or "{name}"
    known = names_in_meeting(person_id, language, at, organisation="organisation" in pattern)
    return fill_name_format(pattern, known)


def _check_from(found: UpcomingSession, at: datetime) -> datetime | None:
    """Return from when the viewer may check their connection; None where there is no use."""
    card = found.card
    return check_opens_at(card.starts_at, card.zone) if policy.may_check(found, at) else None


@blueprint.post("/live-sessions/<live_session_id>/way")
@access(SIGNED_IN)
def switch_way(live_session_id: str) -> Any:
    """Change between the room and the web, for this session."""
    at = clock.now()
    way = request.form.get("way", "")
    try:
        with unit_of_work():
            changed = change_way(current_actor(), live_session_id, way, at=at)
    except LiveSessionRefusedError as error:
        return _page(live_session_id, at, refusal_text(error)), 409
    except SessionInputError as error:
        return _page(live_session_id, at, refusal_text(error)), 422
    if changed and way == "web":
        flash(_("You take part in this session on the web now."), "done")
    elif changed:
        flash(_("You take part in this session at the venue now."), "done")
    return redirect(url_for("sessions.live_session", live_session_id=live_session_id), 303)


@blueprint.post("/live-sessions/<live_session_id>/join")
@access(SIGNED_IN)
def join(live_session_id: str) -> Any:
    """Record the press, then send the browser to the meeting. Only a POST does so."""
    at = clock.now()
    try:
        with unit_of_work():
            way_in = join_live_session(current_actor(), live_session_id, at=at)
    except LiveSessionRefusedError as error:
        return _page(live_session_id, at, refusal_text(error)), 409
    return redirect(_address(way_in, live_session_id, at), 303)


def _address(way_in: WayIn, live_session_id: str, at: datetime) -> str:
    """Return where the press leads: the person's own way in where there is one.

    A service that is not set up here any more leaves the plain address.
    """
    service = find_service(way_in.provider, current_settings())
    person_id = current_actor().person_id
    if way_in.personal_url or service is None or person_id is None:
        return way_in.personal_url or way_in.url
    card = queries.get_live_session(live_session_id)
    guest = Guest(person_id, _name_there(card, person_id, at), moderates=way_in.moderates)
    made = service.personal_url(
        way_in.room, guest, opens_at=card.joins_from, closes_at=card.joins_until
    )
    return made or way_in.url


@blueprint.get("/live-sessions/<live_session_id>/calendar.ics")
@access(SIGNED_IN)
def calendar(live_session_id: str) -> Any:
    """Give the session as a file for the reader's own calendar."""
    at = clock.now()
    card = policy.require_known(current_actor(), live_session_id, at).card
    language = ui_language()
    data = calendar_file(
        card,
        queries.speakers_of([card.id]).get(card.id, ()),
        current_settings(),
        reader=Reader(language, viewer_zone().key),
        method="PUBLISH",
        at=at,
    )
    answer = send_file(
        io.BytesIO(data),
        mimetype="text/calendar",
        as_attachment=True,
        download_name=_file_name(pick(card.title, language).text),
    )
    method = "CANCEL" if card.is_cancelled else "PUBLISH"
    answer.headers["Content-Type"] = f"text/calendar; charset=utf-8; method={method}"
    return answer


def _file_name(title: str) -> str:
    kept = "".join(c if c.isalnum() or c in " -_.()" else " " for c in title)
    return f"{' '.join(kept.split())[:80] or _('Session')}.ics"
