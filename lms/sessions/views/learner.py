"""A session for those who take part: when, where, the join button, the calendar file."""

import io
from datetime import datetime
from typing import Any

from flask import redirect, render_template, send_file
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.localized import pick
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError
from lms.sessions.operations import join_live_session
from lms.sessions.texts import Reader, calendar_file, refusal_text
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
    passcode = ""
    if found.decision.is_open and found.has_pressed:
        way_in = queries.find_web_access(card.id)
        passcode = way_in.passcode if way_in is not None else ""
    return render_template(
        "sessions/live_session.html",
        found=found,
        card=card,
        decision=found.decision,
        speakers=queries.speakers_of([card.id]).get(card.id, ()),
        passcode=passcode,
        refusal=refusal,
        organises=policy.may_organise(actor, card.programme_id),
        at=at,
    )


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
    return redirect(way_in.url, 303)


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
