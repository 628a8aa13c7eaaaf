"""Papers for the day when the network is down, and the page to enter them afterwards."""

import io
from datetime import datetime, timedelta
from typing import Any

from babel import Locale, UnknownLocaleError
from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor
from lms.infra.web.formats import zone_label
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.dates import DateFaultError, read_time
from lms.kernel.localized import pick
from lms.kernel.wall import WallTime, WallTimeError
from lms.sessions import policy, queries
from lms.sessions.errors import DeskRefusedError, SessionInputError
from lms.sessions.operations.checking_in import PaperLine, enter_paper
from lms.sessions.operations.desk_papers import Badge, print_badges
from lms.sessions.queries import EditionDesk, SessionCard, door
from lms.sessions.queries.door import DoorRow
from lms.sessions.rules.checking_in import MOST_PER_TABLE, seat_in_order, seat_mixed
from lms.sessions.texts import refusal_text
from lms.sessions.texts.desk import desk_refusal_text
from lms.sessions.views.blueprint import blueprint


def _rows(card: SessionCard) -> tuple[DoorRow, ...]:
    return door.list_door(card.id, card.edition_id, card.starts_local.date())


@blueprint.get("/desk/sessions/<live_session_id>/badges.pdf")
@access(STAFF)
def badges(live_session_id: str) -> Any:
    """Give name badges of those who come to the room, speakers last, ten on a page."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    card = queries.get_live_session(live_session_id)
    language = ui_language()
    everyone = request.args.get("who") == "all"
    people = [
        Badge(
            name=row.name,
            reading=row.kana,
            latin=row.latin if row.latin != row.name else "",
            organisation=pick(row.organisation, language).text,
            language=_own_name(row.language),
        )
        for row in door.by_organisation(_rows(card))
        if everyone or row.attending == "venue"
    ]
    for speaker in queries.speakers_of([card.id]).get(card.id, ()):
        shown, latin = pick(speaker.name, "ja").text, pick(speaker.name, "en").text
        people.append(Badge(name=shown, latin=latin if latin != shown else "", role=_("Speaker")))
    data = print_badges(
        people,
        course=pick(card.edition_title, language).text,
        language=language,
        moment=clock.now(),
    )
    return send_file(io.BytesIO(data), mimetype="application/pdf", download_name="badges.pdf")


def _own_name(tag: str) -> str:
    """Return the name of a language in that language: a badge is read by other people."""
    try:
        return str(Locale.parse(tag, sep="-").get_display_name(tag) or tag)
    except (UnknownLocaleError, ValueError):
        return tag


@blueprint.get("/desk/sessions/<live_session_id>/seating")
@access(STAFF)
def seating(live_session_id: str) -> Any:
    """Show who sits where in the room, ready to print."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    card = queries.get_live_session(live_session_id)
    per_table = _per_table(request.args.get("seats", ""))
    order = request.args.get("order", "reading")
    order = order if order in {"reading", "organisation", "mixed"} else "reading"
    people = [row for row in _rows(card) if row.attending == "venue"]
    if order != "reading":
        people = list(door.by_organisation(people))
    deal = seat_mixed if order == "mixed" else seat_in_order
    tables: dict[int, list[tuple[int, DoorRow]]] = {}
    for seat in deal(len(people), per_table):
        tables.setdefault(seat.table, []).append((seat.place, people[seat.index]))
    return render_template(
        "sessions/seating.html",
        card=card,
        tables=tables,
        order=order,
        per_table=per_table,
        orders={
            "reading": _("By reading of the name"),
            "organisation": _("By organisation"),
            "mixed": _("Organisations mixed"),
        },
    )


def _per_table(text: str) -> int:
    """Read how many sit at a table; whatever cannot be is six."""
    if text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= MOST_PER_TABLE:
        return int(text[:4])
    return 6


@blueprint.route("/desk/sessions/<live_session_id>/paper", methods=["GET", "POST"])
@access(SIGNED_IN)
def paper(live_session_id: str) -> Any:
    """Enter signed sheets afterwards: everyone in one form, with the time of coming."""
    actor = current_actor()
    edition = policy.require_desk_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    errors: dict[str, str] = {}
    if request.method == "POST":
        try:
            lines = _lines(card)
            with unit_of_work():
                entered = enter_paper(actor, live_session_id, lines, at=clock.now())
        except SessionInputError as error:
            db.session.rollback()
            errors = {error.field: refusal_text(error) or ""}
        except DeskRefusedError as error:
            db.session.rollback()
            errors = {"": desk_refusal_text(error, card)}
        else:
            flash(
                ngettext("%(num)s person was entered.", "%(num)s people were entered.", entered),
                "done",
            )
            return redirect(url_for("sessions.paper", live_session_id=live_session_id), 303)
    page = _paper_page(edition, card, errors)
    return (page, 422) if errors else page


def _paper_page(edition: EditionDesk, card: SessionCard, errors: dict[str, str]) -> str:
    return render_template(
        "sessions/paper_entry.html",
        card=card,
        edition=edition,
        rows=door.by_organisation(_rows(card)),
        usual=f"{card.starts_local:%H:%M}",
        errors=errors,
        sent=request.form,
        ticked=frozenset(request.form.getlist("here")),
        organises=policy.may_organise(current_actor(), edition.programme_id),
        zone=zone_label(card.zone, ui_language()),
        edition_id=edition.edition_id,
        nav_current="sessions.edition_sessions",
    )


def _lines(card: SessionCard) -> list[PaperLine]:
    """Read those ticked, each with the time beside the name, else the one for all."""
    usual = request.form.get("usual", "").strip()
    known = {row.person_id for row in _rows(card)}
    lines = []
    for key in request.form.getlist("here"):
        person_id = next((one for one in known if one == key), None)
        if person_id is None:
            continue  # left the course since the page was opened
        text = request.form.get(f"at-{key}", "").strip() or usual
        lines.append(PaperLine(person_id, _came_at(card, text, key)))
    return lines


def _came_at(card: SessionCard, text: str, field: str) -> datetime:
    """Return the moment nearest to the start at which the clock at the place showed a time."""
    try:
        shown = read_time(text)
        days = (card.starts_local.date() + timedelta(days=shift) for shift in (-1, 0, 1))
        moments = [WallTime(datetime.combine(d, shown), card.timezone).instant() for d in days]
    except (DateFaultError, WallTimeError):
        raise SessionInputError(field, "paper_time") from None
    return min(moments, key=lambda moment: abs(moment - card.starts_at))
