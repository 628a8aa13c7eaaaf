"""How long records are kept: the settings, with what would be forgotten."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.retention import all_kept, days_kept
from lms.infra.site import read_site
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.rights.forms.retention import retention_form
from lms.rights.operations.retaining import set_retention
from lms.rights.policy import require_retention_setter
from lms.rights.queries.retention import preview_retention
from lms.rights.texts.retention import KINDS
from lms.rights.views.blueprint import blueprint


@blueprint.route("/desk/rights/retention", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def retention() -> Any:
    """Show and set for how many days each kind is kept; `how=preview` only counts."""
    require_retention_setter(current_actor())
    at = clock.now()
    site = read_site().retention
    form = retention_form({kind.name: days_kept(kind, site) for kind in all_kept()})
    shown = None
    if form.is_submitted() and form.validate():
        if request.form.get("how") == "preview":
            shown = form.days()
        else:
            try:
                with unit_of_work():
                    set_retention(current_actor(), form.days(), at)
            except InvalidInputError as error:
                form.refuse(error.field, refusal_sentence(error))
            else:
                flash(_("Saved. It is applied once a day."), "done")
                return redirect(url_for("rights.retention"), 303)
    page = render_template(
        "rights/retention.html",
        form=form,
        lines=preview_retention(at, shown),
        previewed=shown is not None,
        names=KINDS,
    )
    return page, 422 if form.errors else 200
