"""The desk: who was told of a change of a session, and how far each mail got."""

from typing import Any

from flask import render_template

from lms.infra.mail.models import MailState
from lms.infra.web.access import STAFF, access, current_actor
from lms.notifications import queries
from lms.notifications.texts import error_text, state_chip, state_text
from lms.notifications.views.blueprint import blueprint, page_number
from lms.sessions.policy import require_organiser_of_session
from lms.sessions.queries import get_live_session


@blueprint.get("/desk/sessions/<live_session_id>/told")
@access(STAFF)
def told_of_session(live_session_id: str) -> Any:
    """List who was told of the last change, with the state of each mail."""
    edition = require_organiser_of_session(current_actor(), live_session_id)
    card = get_live_session(live_session_id)
    told = queries.told_of_session(card, page=page_number())
    return render_template(
        "notifications/told.html",
        card=card,
        edition=edition,
        told=told,
        state_text=lambda state: state_text(MailState(state)),
        state_chip=lambda state: state_chip(MailState(state)),
        error_text=error_text,
        edition_id=edition.edition_id,
        nav_current="sessions.edition_sessions",
    )
