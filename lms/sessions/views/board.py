"""The live board of a session: who is in the room, on the web, missing."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError
from lms.sessions.operations.walk_ins import call_missing
from lms.sessions.queries import SessionCard, door
from lms.sessions.rules.checking_in import CALL_EVERY, Where
from lms.sessions.texts.desk import desk_refusal_text
from lms.sessions.views.blueprint import blueprint


@blueprint.get("/desk/sessions/<live_session_id>/board")
@access(STAFF)
def board(live_session_id: str) -> Any:
    """Show where everyone is; the page keeps itself up to date."""
    edition = policy.require_organiser_of_session(current_actor(), live_session_id)
    return _page(edition, queries.get_live_session(live_session_id))


def _page(edition: queries.EditionDesk, card: SessionCard, refusal: str = "") -> str:
    return render_template(
        "sessions/board.html",
        card=card,
        edition=edition,
        refusal=refusal,
        version=door.door_version(card.id, card.edition_id),
        edition_id=edition.edition_id,
        nav_current="sessions.edition_sessions",
        **_facts(card),
    )


def _facts(card: SessionCard) -> dict[str, Any]:
    """Return what the board shows, in three queries however many people there are."""
    at = clock.now()
    rows = door.list_door(card.id, card.edition_id)
    last = door.last_call(card.id)
    return {
        "groups": {where.value: [row for row in rows if row.where is where] for where in Where},
        "total": len(rows),
        "walk_ins": door.list_walk_ins(card.id, card.edition_id),
        "last_call": last,
        "may_call": last is None or at >= last + CALL_EVERY,
        "at": at,
    }


@blueprint.get("/desk/sessions/<live_session_id>/board/state")
@access(STAFF)
def board_state(live_session_id: str) -> Any:
    """Give the board's changing part; 304 and one query more than the policy's when it stands."""
    edition = policy.require_organiser_of_session(current_actor(), live_session_id)
    version = door.door_version(live_session_id, edition.edition_id)
    if request.if_none_match.contains(version):
        return "", 304, {"ETag": f'"{version}"'}
    card = queries.get_live_session(live_session_id)
    part = render_template("sessions/_board.html", card=card, **_facts(card))
    return part, 200, {"ETag": f'"{version}"'}


@blueprint.post("/desk/sessions/<live_session_id>/board/call")
@access(STAFF)
def call(live_session_id: str) -> Any:
    """Write to everyone who is missing now."""
    actor = current_actor()
    edition = policy.require_organiser_of_session(actor, live_session_id)
    try:
        with unit_of_work():
            people = call_missing(actor, live_session_id, at=clock.now())
    except DeskRefusedError as error:
        db.session.rollback()
        card = queries.get_live_session(live_session_id)
        return _page(edition, card, desk_refusal_text(error, card)), 409
    flash(
        ngettext("A message goes to %(num)s person.", "A message goes to %(num)s people.", people),
        "done",
    )
    return redirect(url_for("sessions.board", live_session_id=live_session_id), 303)
