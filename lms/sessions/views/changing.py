"""The desk: telling of a day that goes otherwise, and which reminders an edition sends."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import db, unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.sessions import policy, queries
from lms.sessions.errors import LiveSessionRefusedError, SessionInputError
from lms.sessions.forms.changing import ChangeForm, change_form, reminders_form
from lms.sessions.forms.scheduling import SUGGESTED_ZONES
from lms.sessions.operations import ChangeKind, announce_change
from lms.sessions.operations.reminding import set_edition_reminders
from lms.sessions.queries.audience import list_audience_ids
from lms.sessions.queries.reminding import edition_reminders
from lms.sessions.texts import refusal_text
from lms.sessions.views.blueprint import blueprint

NAV = "sessions.edition_sessions"


@blueprint.route("/desk/sessions/<live_session_id>/change", methods=["GET", "POST"])
@access(STAFF)
def tell_change(live_session_id: str) -> Any:
    """Reschedule, relocate, hold on the web only or cancel; everyone on the list is told."""
    actor = current_actor()
    edition = policy.require_organiser_of_session(actor, live_session_id)
    card = queries.get_live_session(live_session_id)
    form = change_form(card)
    changed: tuple[str, ...] | None = None
    refusal = ""
    if form.validate_on_submit():
        kind = form.chosen()
        move = form.move() if kind is ChangeKind.MOVED else None
        if not form.errors:
            try:
                with unit_of_work():
                    changed = announce_change(
                        actor,
                        live_session_id,
                        kind,
                        move=move,
                        message=form.both("message"),
                        at=clock.now(),
                    )
            except SessionInputError as error:
                _refuse(form, error)
            except LiveSessionRefusedError as error:
                db.session.rollback()
                refusal = refusal_text(error) or ""
    if changed:
        flash(_("The session was changed, and everyone on its list is being told."), "done")
        return redirect(
            url_for("notifications.told_of_session", live_session_id=live_session_id), 303
        )
    if changed is not None:
        flash(_("Nothing was different, so nobody was told."), "info")
        return redirect(url_for("sessions.tell_change", live_session_id=live_session_id), 303)
    page = render_template(
        "sessions/tell_change.html",
        form=form,
        edition=edition,
        card=queries.get_live_session(live_session_id),
        at=clock.now(),
        refusal=refusal,
        people=len(list_audience_ids(live_session_id)),
        zones=SUGGESTED_ZONES,
        edition_id=edition.edition_id,
        nav_current=NAV,
    )
    return page, 409 if refusal else 422 if form.is_submitted() else 200


def _refuse(form: ChangeForm, error: SessionInputError) -> None:
    db.session.rollback()
    form.refuse_input(error.field, refusal_text(error) or "")


@blueprint.route("/desk/editions/<edition_id>/reminders", methods=["GET", "POST"])
@access(STAFF)
def edition_reminder_settings(edition_id: str) -> Any:
    """Set which reminders an edition sends."""
    actor = current_actor()
    edition = policy.require_organiser_of_edition(actor, edition_id)
    form = reminders_form(edition_reminders(edition_id))
    if form.validate_on_submit():
        with unit_of_work():
            set_edition_reminders(actor, edition_id, form.wanted(), at=clock.now())
        flash(_("The reminders of this edition are set."), "done")
        return redirect(url_for(NAV, edition_id=edition_id), 303)
    page = render_template(
        "sessions/reminders.html",
        form=form,
        edition=edition,
        edition_id=edition_id,
        nav_current=NAV,
    )
    return page, 422 if form.is_submitted() else 200
