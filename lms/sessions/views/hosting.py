"""For organisers and hosts: the sheet with the real address, and sending it to those admitted."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import ngettext

from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.kernel import clock
from lms.sessions import policy
from lms.sessions.errors import LiveSessionRefusedError
from lms.sessions.operations.joining import release_address
from lms.sessions.queries import SessionCard, speakers_of
from lms.sessions.queries.joining import find_release, get_host_sheet
from lms.sessions.rules.joining import RELEASE_BEFORE, ReleaseFacts, judge_release
from lms.sessions.texts import refusal_text
from lms.sessions.views.blueprint import blueprint


@blueprint.get("/live-sessions/<live_session_id>/host-sheet")
@access(SIGNED_IN)
def host_sheet(live_session_id: str) -> Any:
    """Show the sheet, ready to print."""
    card = policy.require_host(current_actor(), live_session_id, clock.now())
    return _sheet(card)


@blueprint.post("/live-sessions/<live_session_id>/release-address")
@access(SIGNED_IN)
def release(live_session_id: str) -> Any:
    """Send the real address by mail to those admitted."""
    at = clock.now()
    try:
        with unit_of_work():
            count = release_address(current_actor(), live_session_id, at=at)
    except LiveSessionRefusedError as error:
        card = policy.require_host(current_actor(), live_session_id, at)
        return _sheet(card, refusal_text(error)), 409
    flash(
        ngettext(
            "The address is being sent to %(num)s person.",
            "The address is being sent to %(num)s people.",
            count,
        ),
        "done",
    )
    return redirect(url_for("sessions.host_sheet", live_session_id=live_session_id), 303)


def _sheet(card: SessionCard, refusal: str | None = None) -> str:
    at = clock.now()
    released = find_release(card.id)
    facts = ReleaseFacts(
        starts_at=card.starts_at,
        closes_at=card.joins_until,
        has_link=card.has_web,
        is_cancelled=card.is_cancelled,
        was_released=released is not None,
    )
    fault = judge_release(facts, at)
    return render_template(
        "sessions/host_sheet.html",
        card=card,
        sheet=get_host_sheet(card),
        speakers=speakers_of([card.id]).get(card.id, ()),
        released=released,
        may_release=fault is None,
        why_not=None if fault is None else refusal_text(LiveSessionRefusedError(fault.value)),
        release_from=card.starts_at - RELEASE_BEFORE,
        refusal=refusal,
        organises=policy.may_organise(current_actor(), card.programme_id),
    )
