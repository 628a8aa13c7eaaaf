"""A participant's own ticket for the front desk: on the phone, and to print."""

import io
from base64 import b64encode
from typing import Any

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.formats import format_span
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.localized import pick
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError
from lms.sessions.operations.desk_papers import print_ticket, ticket_svg
from lms.sessions.operations.tickets import renew_own_ticket
from lms.sessions.queries import SessionCard
from lms.sessions.queries.door import TicketRecord
from lms.sessions.queries.groups import sessions_of_others
from lms.sessions.rules.tickets import short_code, ticket_text
from lms.sessions.texts.desk import desk_refusal_text
from lms.sessions.views.blueprint import blueprint


def _secret() -> bytes:
    return current_settings().secret_key.encode()


def _coming(record: TicketRecord) -> list[SessionCard]:
    """Return the reader's sessions in a room that are not over."""
    at = clock.now()
    others = sessions_of_others(record.edition_id, current_actor().person_id)
    return [
        card
        for card in queries.list_edition_sessions(record.edition_id)
        if card.id not in others and card.has_venue and not card.is_cancelled and card.ends_at > at
    ]


@blueprint.get("/my/editions/<edition_id>/ticket")
@access(SIGNED_IN)
def ticket(edition_id: str) -> Any:
    """Show one's own ticket of an edition."""
    return _page(policy.require_ticket(current_actor(), edition_id))


def _page(record: TicketRecord, refusal: str = "") -> str:
    svg = ticket_svg(ticket_text(_secret(), record.enrolment_id, record.issue)).encode()
    return render_template(
        "sessions/ticket.html",
        record=record,
        code=short_code(_secret(), record.enrolment_id, record.issue),
        refusal=refusal,
        picture=f"data:image/svg+xml;base64,{b64encode(svg).decode()}",
        cards=_coming(record),
    )


@blueprint.post("/my/editions/<edition_id>/ticket/renew")
@access(SIGNED_IN)
def renew_ticket(edition_id: str) -> Any:
    """Issue a new ticket to the reader; the one before is good no more."""
    try:
        with unit_of_work():
            renew_own_ticket(current_actor(), edition_id, at=clock.now())
    except DeskRefusedError as error:
        db.session.rollback()
        record = policy.require_ticket(current_actor(), edition_id)
        return _page(record, desk_refusal_text(error)), 409
    flash(_("This is your new ticket. The one before is good no more."), "done")
    return redirect(url_for("sessions.ticket", edition_id=edition_id), 303)


@blueprint.get("/my/editions/<edition_id>/ticket.pdf")
@access(SIGNED_IN)
def ticket_pdf(edition_id: str) -> Any:
    """Give one's own ticket to print."""
    record = policy.require_ticket(current_actor(), edition_id)
    language = ui_language()
    lines = [
        f"{pick(card.title, language).text}\n"
        f"{format_span(card.starts_at, card.ends_at, card.zone, language)}\n"
        f"{pick(card.venue_name, language).text}"
        for card in _coming(record)[:12]
    ]
    data = print_ticket(
        {
            "language": language,
            "heading": _("Ticket for the front desk"),
            "course": pick(record.edition_title, language).text,
            "name": record.name,
            "reading": record.kana,
            "code": short_code(_secret(), record.enrolment_id, record.issue),
            "code_label": _("Code"),
            "help": _("Please show this at the front desk. It is for you alone."),
            "sessions": "\n\n".join(lines),
        },
        ticket_text(_secret(), record.enrolment_id, record.issue),
        clock.now(),
    )
    return send_file(io.BytesIO(data), mimetype="application/pdf", download_name="ticket.pdf")
