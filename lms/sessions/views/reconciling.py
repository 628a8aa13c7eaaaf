"""Who is who in the reports of a session: suggested here, decided by the organiser."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import ReportRefusedError
from lms.sessions.models import MatchState
from lms.sessions.operations.reporting import accept_match, dismiss_reported, reopen_match
from lms.sessions.queries import SessionCard
from lms.sessions.queries.candidates import get_listed, list_candidates, search_listed
from lms.sessions.queries.reports import Reported, count_reported, list_reported
from lms.sessions.rules.reconciling import Suggestion, suggest_people
from lms.sessions.texts.reports import MATCH_STATES, MATCHED_BYS, report_refusal_text
from lms.sessions.views.blueprint import blueprint
from lms.sessions.views.reports import page_number

_NAV = "sessions.edition_sessions"
_WAITING, _FOUND = 20, 20


@blueprint.get("/desk/sessions/<live_session_id>/reconciliation")
@access(STAFF)
def reconciliation(live_session_id: str) -> Any:
    """Show who waits to be told apart, with whom they might be."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    return _page(queries.get_live_session(live_session_id))


def _page(card: SessionCard, refusal: str | None = None) -> str:
    shown = request.args.get("show", "")
    state = MatchState(shown) if shown in set(MatchState) else MatchState.WAITING
    counts, page = count_reported(card.id), page_number()
    day = card.starts_local.date()
    entries = list_reported(card.id, card.edition_id, state, page, _WAITING)
    suggested = _suggest(card, entries) if state is MatchState.WAITING else {}
    people = get_listed({one.person_id for several in suggested.values() for one in several}, day)
    wanted = request.args.get("q", "")[:100].replace("\0", "")
    return render_template(
        "sessions/reconciliation.html",
        card=card,
        state=state,
        states=MATCH_STATES,
        counts=counts,
        entries=entries,
        suggested={
            key: [(people[one.person_id], one.score) for one in several]
            for key, several in suggested.items()
        },
        q=wanted,
        asked=request.args.get("who", ""),
        hits=search_listed(card.id, card.edition_id, wanted, day, _FOUND),
        matched_bys=MATCHED_BYS,
        refusal=refusal,
        page=page,
        pages=max(1, -(-counts[state] // _WAITING)),
        edition_id=card.edition_id,
        nav_current=_NAV,
    )


def _suggest(card: SessionCard, entries: tuple[Reported, ...]) -> dict[str, tuple[Suggestion, ...]]:
    """Return who each might be; the names of a session's people are read where somebody waits."""
    if not entries:
        return {}
    candidates = list_candidates(card.id, card.edition_id, card.starts_local.date())
    return {one.id: suggest_people(one.name, candidates) for one in entries}


@blueprint.post("/desk/sessions/<live_session_id>/reconciliation/<reported_id>")
@access(STAFF)
def decide_reported(live_session_id: str, reported_id: str) -> Any:
    """Say who somebody in a report is, that they are not one of ours, or take that back."""
    actor = current_actor()
    policy.require_organiser_of_session(actor, live_session_id)
    act, at = request.form.get("act", ""), clock.now()
    if act not in _DONE:
        return _page(queries.get_live_session(live_session_id), _("Please use the buttons.")), 400
    try:
        with unit_of_work():
            if act == "accept":
                accept_match(
                    actor,
                    live_session_id,
                    reported_id,
                    request.form.get("person", ""),
                    remember=request.form.get("remember") == "1",
                    at=at,
                )
            elif act == "dismiss":
                dismiss_reported(actor, live_session_id, reported_id, at=at)
            else:
                reopen_match(actor, live_session_id, reported_id, at=at)
    except ReportRefusedError as error:
        return _page(queries.get_live_session(live_session_id), report_refusal_text(error)), 409
    flash(_DONE[act], "done")
    shown = request.form.get("show", "")
    return redirect(
        url_for(
            "sessions.reconciliation",
            live_session_id=live_session_id,
            show=shown if shown in set(MatchState) else None,
        ),
        303,
    )


_DONE: dict[str, Any] = {
    "accept": _l("Told apart."),
    "dismiss": _l("Noted as not one of ours."),
    "reopen": _l("Taken back."),
}
