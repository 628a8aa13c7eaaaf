"""The outbox at the desk."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.mail.models import MailState
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.notifications import operations, policy, queries
from lms.notifications.errors import MailDeskError
from lms.notifications.texts import error_text, state_chip, state_text, subject_of
from lms.notifications.views.blueprint import argument, blueprint, page_number


@blueprint.get("/desk/mail")
@access(STAFF)
def outbox() -> Any:
    """Every mail with its state; the newest first."""
    policy.require_manage_mail(current_actor())
    state, search = argument("state"), argument("q")
    found = queries.list_mails(state=state, search=search, page=page_number())
    states = [(str(value), f"{state_text(value)} ({found.counts[value]})") for value in MailState]
    return render_template(
        "notifications/outbox.html",
        found=found,
        state=state if state in found.counts else "",
        search=search,
        states=[("", _("All states")), *states],
        subject_of=subject_of,
        state_text=lambda mail: state_text(MailState(mail.state)),
        state_chip=lambda mail: state_chip(MailState(mail.state)),
        error_text=error_text,
    )


@blueprint.post("/desk/mail/<mail_id>/stop")
@access(STAFF)
def stop_mail(mail_id: str) -> Any:
    """Stop a mail that waits."""
    try:
        with unit_of_work():
            operations.stop_mail(current_actor(), mail_id, at=clock.now())
    except MailDeskError as error:
        flash(refusal_sentence(error), "warn")
    else:
        flash(_("The mail is stopped."), "done")
    return _back()


@blueprint.post("/desk/mail/<mail_id>/send-again")
@access(STAFF)
def send_mail_again(mail_id: str) -> Any:
    """Send a mail once more."""
    try:
        with unit_of_work():
            operations.send_mail_again(current_actor(), mail_id, at=clock.now())
    except MailDeskError as error:
        flash(refusal_sentence(error), "warn")
    else:
        flash(_("The mail waits to be sent again."), "done")
    return _back()


def _back() -> Any:
    """Go back to the list as it was filtered."""
    kept: dict[str, Any] = {
        name: request.form[name].replace("\0", "")[:200]
        for name in ("state", "q", "page")
        if request.form.get(name)
    }
    return redirect(url_for("notifications.outbox", **kept), 303)
