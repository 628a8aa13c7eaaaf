"""A rightsholder's own agreements."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import NotFoundError
from lms.rights.forms import ReasonForm
from lms.rights.operations import withdraw_agreement
from lms.rights.policy import is_holder
from lms.rights.queries import find_agreement, list_consents
from lms.rights.texts.desk import reach_text, window_text
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import organisation_names


@blueprint.get("/my/consents")
@access(SIGNED_IN)
def my_consents() -> Any:
    """List what I agreed to."""
    names, language = organisation_names(), ui_language()
    consents = list_consents(current_actor().person_id or "", clock.now())
    return render_template(
        "rights/my_consents.html",
        consents=consents,
        forms={
            c.line.agreement.id: ReasonForm(None, prefix=f"withdraw-{c.line.agreement.id}")
            for c in consents
        },
        reach_text=lambda scope: reach_text(scope.reach, scope.orgs, names, language),
        window_text=lambda scope: window_text(scope.opens, scope.closes, language),
    )


@blueprint.post("/my/consents/<agreement_id>/withdraw")
@access(SIGNED_IN)
def withdraw_mine(agreement_id: str) -> Any:
    """Take my own agreement back, at once."""
    agreement = find_agreement(agreement_id)
    if agreement is None or not is_holder(current_actor(), agreement):
        raise NotFoundError
    form = ReasonForm(prefix=f"withdraw-{agreement_id}")
    reason = (form.reason.data or "")[:2000]
    with unit_of_work():
        withdraw_agreement(current_actor(), agreement_id, clock.now(), reason=reason)
    flash(_("Your agreement is withdrawn. It holds at once."), "done")
    return redirect(url_for("rights.my_consents"), 303)
