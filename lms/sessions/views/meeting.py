"""The desk: by which service a meeting is held, how it stands there, who came as it tells."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.operations.meeting import ask_attendance, choose_provider
from lms.sessions.providers import list_services
from lms.sessions.queries.meetings import find_meeting_card
from lms.sessions.texts import refusal_text
from lms.sessions.texts.meeting import SERVICES, fetch_sentence, meeting_sentence
from lms.sessions.views.blueprint import blueprint


@blueprint.route("/desk/sessions/<live_session_id>/meeting", methods=["GET", "POST"])
@access(STAFF)
def meeting(live_session_id: str) -> Any:
    """Show where the meeting stands, and choose who holds it."""
    actor = current_actor()
    policy.require_organiser_of_session(actor, live_session_id)
    if request.method == "GET":
        return _page(live_session_id)
    provider, offered = request.form.get("provider", ""), list_services(current_settings())
    try:
        with unit_of_work():
            changed = choose_provider(actor, live_session_id, provider, offered, at=clock.now())
    except (SessionInputError, LiveSessionRefusedError) as error:
        return _page(live_session_id, refusal_text(error)), 422
    if changed:
        flash(_("Saved."), "done")
    else:
        flash(_("Nothing was different, so nothing was changed."), "info")
    return redirect(url_for("sessions.meeting", live_session_id=live_session_id), 303)


@blueprint.post("/desk/sessions/<live_session_id>/meeting/attendance")
@access(STAFF)
def fetch_attendance(live_session_id: str) -> Any:
    """Have the attendance read from the meeting's service, by a job."""
    actor = current_actor()
    try:
        with unit_of_work():
            ask_attendance(actor, live_session_id, at=clock.now())
    except LiveSessionRefusedError as error:
        return _page(live_session_id, refusal_text(error)), 409
    flash(_("The service is being asked who came. Load this page again in a moment."), "done")
    return redirect(url_for("sessions.meeting", live_session_id=live_session_id), 303)


def _page(live_session_id: str, refusal: str | None = None) -> str:
    card = queries.get_live_session(live_session_id)
    held = find_meeting_card(live_session_id)
    return render_template(
        "sessions/meeting.html",
        card=card,
        held=held,
        sentence=meeting_sentence(held, has_address=card.has_web),
        fetch_sentence=fetch_sentence(held),
        may_fetch=held.provider == "zoom" and held.has_meeting and card.starts_at <= clock.now(),
        services=[(name, SERVICES[name]) for name in list_services(current_settings())],
        service_names=SERVICES,
        refusal=refusal,
        edition_id=card.edition_id,
        nav_current="sessions.edition_sessions",
    )
