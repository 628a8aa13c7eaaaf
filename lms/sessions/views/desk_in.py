"""The front desk: the list to tap, tickets, walk-ins, and who sits there."""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor
from lms.infra.web.formats import zone_label
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError
from lms.sessions.forms.desk import DeskHandForm, TicketForm
from lms.sessions.operations.checking_in import (
    ShownResult,
    check_in,
    check_in_by_ticket,
    undo_check_in,
)
from lms.sessions.operations.tickets import renew_ticket_of
from lms.sessions.operations.walk_ins import (
    dismiss_desk_hand,
    dismiss_walk_in,
    enrol_walk_in,
    name_desk_hand,
    note_walk_in,
)
from lms.sessions.queries import EditionDesk, SessionCard, door
from lms.sessions.queries.door import DoorRow
from lms.sessions.rules.checking_in import Shown, Where
from lms.sessions.texts.desk import CHOICES, TONES, clock_at, desk_refusal_text, shown_text
from lms.sessions.views.blueprint import blueprint

NAV = "sessions.edition_sessions"


@blueprint.app_template_filter("clock_at")
def clock_of(moment: Any, card: SessionCard) -> str:
    """Write the time of the day at the place of a session."""
    return clock_at(moment, card)


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def counts_of(rows: tuple[DoorRow, ...]) -> dict[str, int]:
    """Count people by where they are; `all` counts everyone."""
    counted = {where.value: sum(1 for row in rows if row.where is where) for where in Where}
    return {**counted, "all": len(rows)}


@blueprint.get("/desk/sessions/<live_session_id>/check-in")
@access(SIGNED_IN)
def check_in_page(live_session_id: str) -> Any:
    """Show the list of those expected, to tap as they come."""
    edition = policy.require_desk_of_session(current_actor(), live_session_id)
    return _page(edition, queries.get_live_session(live_session_id))


def _page(edition: EditionDesk, card: SessionCard, *, told: dict[str, Any] | None = None) -> Any:
    actor = current_actor()
    rows = door.list_door(card.id, card.edition_id, card.starts_local.date())
    term = request.args.get("q", "")[:200].replace("\0", "")
    show = request.args.get("show", "all")
    shown = [row for row in rows if show == "all" or _belongs(row, show)]
    if term.strip():
        known = door.find_at_door(card.edition_id, term)
        shown = [row for row in shown if row.person_id in known]
    return render_template(
        "sessions/check_in.html",
        card=card,
        edition=edition,
        rows=shown,
        counts=counts_of(rows),
        walk_ins=door.list_walk_ins(card.id, card.edition_id),
        candidates=door.list_candidates(card.edition_id, term),
        organises=policy.may_organise(actor, edition.programme_id),
        choices=CHOICES,
        term=term,
        show=show if show in CHOICES else "all",
        told=told,
        zone=zone_label(card.zone, ui_language()),
        edition_id=edition.edition_id,
        nav_current=NAV,
    )


def _belongs(row: DoorRow, show: str) -> bool:
    if show == "waiting":
        return row.where is Where.MISSING
    if show == "room":
        return row.where is Where.ROOM
    return row.where is Where.WEB if show == "web" else True


def _tell(result: ShownResult, card: SessionCard, *, by_ticket: bool) -> dict[str, Any]:
    return {
        "outcome": result.outcome.value,
        "tone": TONES[result.outcome],
        "text": shown_text(result, card, by_ticket=by_ticket),
        "kana": result.kana,
        "person": result.person_id or "",
        "at": clock_at(result.at, card) if result.at and result.outcome.is_in else "",
        "walk_in": result.person_id or "" if result.outcome.offers_walk_in else "",
    }


def _refusal(error: DeskRefusedError, card: SessionCard) -> dict[str, Any]:
    text = desk_refusal_text(error, card)
    return {"outcome": error.code, "tone": "danger", "text": text, "person": "", "at": ""}


@blueprint.post("/desk/sessions/<live_session_id>/check-in")
@access(SIGNED_IN)
def tap(live_session_id: str) -> Any:
    """Check in the person whose name was tapped, or take a check-in back."""
    actor, at = current_actor(), clock.now()
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    undone = request.form.get("undo", "")
    person_id = undone or request.form.get("person", "")
    try:
        if undone:
            with unit_of_work():
                gone = undo_check_in(actor, live_session_id, undone, at=at)
            text = _("The check-in was taken back.") if gone else _("There is nothing to undo.")
            told = {"outcome": "undone", "tone": "info", "text": text, "person": undone, "at": ""}
        else:
            with unit_of_work():
                result = check_in(actor, live_session_id, person_id, at=at)
            told = _tell(result, card, by_ticket=False)
    except DeskRefusedError as error:
        db.session.rollback()
        told = _refusal(error, card)
        return (jsonify(told), 409) if _wants_json() else (_page(edition, card, told=told), 409)
    if _wants_json():
        return jsonify(told)
    flash(told["text"], told["tone"])
    address = url_for(
        "sessions.check_in_page",
        live_session_id=live_session_id,
        q=request.form.get("q") or None,
        show=request.form.get("show") or None,
        _anchor=f"p-{person_id}",
    )
    return redirect(address, 303)


@blueprint.post("/desk/sessions/<live_session_id>/check-in/ticket")
@access(SIGNED_IN)
def scan(live_session_id: str) -> Any:
    """Check in by what a ticket says: scanned, or its short code typed."""
    actor = current_actor()
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    with unit_of_work():
        result = check_in_by_ticket(
            actor,
            live_session_id,
            request.form.get("code", ""),
            secret=current_settings().secret_key.encode(),
            at=clock.now(),
        )
    told = _tell(result, card, by_ticket=True)
    status = 200 if result.outcome.is_in else 409
    if _wants_json():
        return jsonify(told), status
    if result.outcome is Shown.DONE:
        flash(told["text"], told["tone"])
        address = url_for("sessions.check_in_page", live_session_id=live_session_id)
        return redirect(address, 303)
    return _page(edition, card, told=told), status


@blueprint.get("/desk/sessions/<live_session_id>/check-in/find")
@access(SIGNED_IN)
def find(live_session_id: str) -> Any:
    """Tell whose name is found by a word, in kana, characters or letters."""
    edition = policy.require_desk_of_session(current_actor(), live_session_id)
    term = request.args.get("q", "")[:200].replace("\0", "")
    return jsonify(people=sorted(door.find_at_door(edition.edition_id, term)))


@blueprint.get("/desk/sessions/<live_session_id>/check-in/state")
@access(SIGNED_IN)
def state(live_session_id: str) -> Any:
    """Tell who is here now, for lists that are open at other desks; 304 when nothing changed."""
    edition = policy.require_desk_of_session(current_actor(), live_session_id)
    version = door.door_version(live_session_id, edition.edition_id)
    if request.if_none_match.contains(version):
        return "", 304, {"ETag": f'"{version}"'}
    card = queries.get_live_session(live_session_id)
    rows = door.list_door(card.id, card.edition_id)
    answer = jsonify(
        here={row.person_id: clock_at(row.here_at, card) for row in rows if row.here_at},
        where={row.person_id: row.where.value for row in rows},
        counts=counts_of(rows),
    )
    answer.set_etag(version)
    return answer


# --- those who came unannounced ------------------------------------------------------------------


@blueprint.post("/desk/sessions/<live_session_id>/walk-ins")
@access(SIGNED_IN)
def walk_in(live_session_id: str) -> Any:
    """Note somebody who came and holds no seat."""
    actor = current_actor()
    edition = policy.require_desk_of_session(actor, live_session_id)
    try:
        with unit_of_work():
            note_walk_in(
                actor,
                live_session_id,
                name=request.form.get("name", "").replace("\0", ""),
                organisation=request.form.get("organisation", "").replace("\0", ""),
                person_id=request.form.get("person") or None,
                at=clock.now(),
            )
    except DeskRefusedError as error:
        db.session.rollback()
        card = queries.get_live_session(live_session_id)
        return _page(edition, card, told=_refusal(error, card)), 409
    flash(_("Noted. The organiser decides about a seat."), "done")
    return _to_walk_ins(live_session_id)


@blueprint.post("/desk/sessions/<live_session_id>/walk-ins/<walk_in_id>/enrol")
@access(STAFF)
def enrol(live_session_id: str, walk_in_id: str) -> Any:
    """Give a seat to somebody who came, and check them in at the moment when they came."""
    actor = current_actor()
    edition = policy.require_organiser_of_session(actor, live_session_id)
    handle = request.form.get("handle", "")[:320].replace("\0", "")
    try:
        with unit_of_work():
            enrol_walk_in(actor, live_session_id, walk_in_id, handle=handle, at=clock.now())
    except DeskRefusedError as error:
        db.session.rollback()
        card = queries.get_live_session(live_session_id)
        return _page(edition, card, told=_refusal(error, card)), 409
    flash(_("Enrolled and checked in."), "done")
    return _to_walk_ins(live_session_id)


@blueprint.post("/desk/sessions/<live_session_id>/walk-ins/<walk_in_id>/dismiss")
@access(SIGNED_IN)
def dismiss(live_session_id: str, walk_in_id: str) -> Any:
    """Take a note off the list."""
    with unit_of_work():
        dismiss_walk_in(current_actor(), live_session_id, walk_in_id, at=clock.now())
    flash(_("The note was taken off the list."), "done")
    return _to_walk_ins(live_session_id)


def _to_walk_ins(live_session_id: str) -> Any:
    address = url_for("sessions.check_in_page", live_session_id=live_session_id, _anchor="walk-ins")
    return redirect(address, 303)


# --- who sits at the desk ------------------------------------------------------------------------


@blueprint.route("/desk/editions/<edition_id>/front-desk", methods=["GET", "POST"])
@access(SIGNED_IN)
def front_desk(edition_id: str) -> Any:
    """List the sessions to check people in at; the organiser says who may."""
    actor = current_actor()
    edition = policy.require_desk_of_edition(actor, edition_id)
    form = DeskHandForm()
    if form.validate_on_submit():
        policy.require_organiser_of_edition(actor, edition_id)
        try:
            with unit_of_work():
                name_desk_hand(actor, edition_id, form.handle.data or "", at=clock.now())
        except DeskRefusedError as error:
            db.session.rollback()
            form.refuse("handle", desk_refusal_text(error))
        else:
            flash(_("This person may check people in, and is told by mail."), "done")
            return redirect(url_for("sessions.front_desk", edition_id=edition_id), 303)
    return _desk_page(edition, form, TicketForm(None))


def _desk_page(edition: EditionDesk, form: DeskHandForm, tickets: TicketForm) -> Any:
    edition_id = edition.edition_id
    page = render_template(
        "sessions/front_desk.html",
        form=form,
        tickets=tickets,
        edition=edition,
        organises=policy.may_organise(current_actor(), edition.programme_id),
        cards=[c for c in queries.list_edition_sessions(edition_id) if not c.is_cancelled],
        hands=door.list_desk_hands(edition_id),
        at=clock.now(),
        edition_id=edition_id,
        nav_current=NAV,
    )
    return (page, 422) if form.errors or tickets.errors else page


@blueprint.post("/desk/editions/<edition_id>/front-desk/ticket")
@access(STAFF)
def renew_ticket_for(edition_id: str) -> Any:
    """Issue a new ticket to a person of the edition."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    form = TicketForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                renew_ticket_of(actor, edition_id, form.participant.data or "", at=clock.now())
        except DeskRefusedError as error:
            db.session.rollback()
            form.refuse("participant", desk_refusal_text(error))
        else:
            flash(_("A new ticket was issued. The one before is good no more."), "done")
            return redirect(url_for("sessions.front_desk", edition_id=edition_id), 303)
    return _desk_page(edition, DeskHandForm(None), form)


@blueprint.post("/desk/editions/<edition_id>/front-desk/<person_id>/dismiss")
@access(STAFF)
def dismiss_hand(edition_id: str, person_id: str) -> Any:
    """Take a person off the front desk."""
    with unit_of_work():
        gone = dismiss_desk_hand(current_actor(), edition_id, person_id, at=clock.now())
    if gone:
        flash(_("This person may not check people in any more."), "done")
    return redirect(url_for("sessions.front_desk", edition_id=edition_id), 303)
