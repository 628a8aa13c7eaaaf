"""Attendance by hand, and the sheet to sign on paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.kernel.ids import PersonId
from lms.sessions import policy, queries
from lms.sessions.errors import SessionInputError
from lms.sessions.forms import AttendanceForm
from lms.sessions.models import AttendanceStatus
from lms.sessions.operations import AttendanceMark, RestMark, record_attendance
from lms.sessions.queries import RosterRow, SessionCard
from lms.sessions.texts import STATUSES, WAYS, refusal_text
from lms.sessions.views.blueprint import blueprint

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the page: what is known, what the form shows, and what is wrong with it."""

    row: RosterRow
    status: str
    way: str
    reason: str
    error: str = ""


def _roster(card: SessionCard) -> tuple[RosterRow, ...]:
    return queries.list_roster(card.id, card.edition_id, card.starts_local.date())


@blueprint.route("/desk/sessions/<live_session_id>/attendance", methods=["GET", "POST"])
@access(STAFF)
def attendance(live_session_id: str) -> Any:
    """Record who was there: everyone in one form."""
    actor = current_actor()
    policy.require_organiser_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    form = AttendanceForm()
    errors: Mapping[str, str] = {}
    if form.validate_on_submit():
        try:
            marks = [mark for row in _roster(card) if (mark := _mark(row)) is not None]
            with unit_of_work():
                changed = record_attendance(
                    actor, live_session_id, marks, rest=RestMark(form.rest.data), at=clock.now()
                )
        except SessionInputError as error:
            db.session.rollback()
            errors = {error.field: refusal_text(error) or ""}
        else:
            _tell(changed)
            return redirect(url_for("sessions.attendance", live_session_id=live_session_id), 303)
    page = render_template(
        "sessions/attendance.html",
        form=form,
        card=card,
        entries=[_entry(row, card, errors) for row in _roster(card)],
        others=queries.list_other_presses(card.id, card.edition_id),
        statuses=STATUSES,
        ways=WAYS,
        edition_id=card.edition_id,
        nav_current="sessions.edition_sessions",
    )
    return (page, 422) if form.is_submitted() else page


def _tell(changed: int) -> None:
    if changed:
        flash(
            ngettext("%(num)s entry was recorded.", "%(num)s entries were recorded.", changed),
            "done",
        )
    else:
        flash(_("Nothing was different, so nothing was changed."), "info")


def _status(text: str, person_id: PersonId) -> AttendanceStatus | None:
    if not text:
        return None
    try:
        return AttendanceStatus(text)
    except ValueError:
        raise SessionInputError(person_id, "status_unknown") from None


def _mark(row: RosterRow) -> AttendanceMark | None:
    """Read one person's row; None when the page did not hold this person."""
    key = row.person_id
    sent = request.form
    if f"was-{key}" not in sent:
        return None
    reason = "".join(c for c in sent.get(f"reason-{key}", "") if c.isprintable()).strip()
    if len(reason) > LONGEST_REASON:
        raise SessionInputError(key, "reason_too_long", most=LONGEST_REASON)
    return AttendanceMark(
        person_id=key,
        status=_status(sent.get(f"status-{key}", ""), key),
        way=sent.get(f"way-{key}", "venue"),
        reason=reason,
        was=_status(sent[f"was-{key}"], key),
    )


def _entry(row: RosterRow, card: SessionCard, errors: Mapping[str, str]) -> Entry:
    """Return what the form shows: after a refusal what was entered, else what stands."""
    usual = row.attending if card.has_venue else "web"
    status, way, reason = row.hand_status or "", row.hand_way or usual, row.hand_reason
    if request.method == "POST":
        status = request.form.get(f"status-{row.person_id}", status)
        way = request.form.get(f"way-{row.person_id}", way)
        reason = request.form.get(f"reason-{row.person_id}", reason)
    return Entry(row, status, way, reason, errors.get(row.person_id, ""))


@blueprint.get("/desk/sessions/<live_session_id>/sign-in-sheet")
@access(STAFF)
def sign_in_sheet(live_session_id: str) -> Any:
    """Show the list to sign, ready to print."""
    policy.require_organiser_of_session(current_actor(), live_session_id)
    card = queries.get_live_session(live_session_id)
    return render_template(
        "sessions/sign_in_sheet.html",
        card=card,
        roster=_roster(card),
        speakers=queries.speakers_of([card.id]).get(card.id, ()),
    )
