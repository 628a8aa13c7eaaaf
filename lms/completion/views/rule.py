"""The rule of an edition, edited in the browser."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.completion.forms import Choices, RuleForm, rearranged, stored_values
from lms.completion.operations import set_rule
from lms.completion.queries import find_rule, list_requirements
from lms.completion.views.blueprint import blueprint, own_entry
from lms.courses.queries import Entry, list_lessons, list_parts
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.kernel import clock
from lms.kernel.ids import EditionId
from lms.recordings.models import MediaKind
from lms.recordings.queries import list_recordings


def _choices(entry: Entry) -> Choices:
    edition = entry.edition
    return Choices(
        zone=edition.timezone,
        parts=tuple((part.id, part.title) for part in list_parts(edition.id)),
        lessons=tuple((lesson.id, lesson.title) for lesson in list_lessons(edition.id)),
        standing={one.id: one for one in list_requirements(edition.id)},
    )


@blueprint.route("/desk/editions/<edition_id>/completion", methods=["GET", "POST"])
@access(STAFF)
def edition_rule(edition_id: str) -> Any:
    """Show and set what one needs to complete an edition.

    Buttons that add, move and remove show the form again and save nothing.
    """
    entry = own_entry(edition_id)
    choices = _choices(entry)
    status = 200
    is_changed = False
    if request.method == "POST":
        form = RuleForm(choices=choices)
        act = request.form.get("act", "save")
        if act != "save":
            values = {name: value for name, value in form.data.items() if name != "csrf_token"}
            form = RuleForm(formdata=None, choices=choices, data=rearranged(values, act, choices))
            is_changed = True
        elif form.validate_on_submit():
            with unit_of_work():
                set_rule(current_actor(), EditionId(edition_id), form.draft(), at=clock.now())
            flash(_("The rule is saved."), "done")
            return redirect(url_for("completion.edition_rule", edition_id=edition_id), 303)
        else:
            status = 422
    else:
        values = stored_values(find_rule(edition_id), choices)
        form = RuleForm(formdata=None, choices=choices, data=values)
    page = render_template(
        "completion/rule.html",
        form=form,
        entry=entry,
        edition_id=edition_id,
        choices=choices,
        elsewhere=list_recordings(edition_id, kind=MediaKind.LINK),
        is_changed=is_changed,
        nav_current="completion.edition_rule",
    )
    return page, status
