"""The desk's pages for programmes."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses import operations
from lms.courses.forms import (
    ProgrammeForm,
)
from lms.courses.models import Edition
from lms.courses.policy import (
    may_create_programmes,
)
from lms.courses.queries import (
    get_programme,
    list_desk_entries,
    list_programmes,
)
from lms.courses.texts import (
    KINDS,
    MODES,
    STATE_CHIPS,
    STATES,
)
from lms.courses.views.blueprint import blueprint, own_programme, sent
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.localized import pick


@blueprint.get("/desk/programmes")
@access(STAFF)
def programmes() -> Any:
    """Every programme that the actor looks after, with its editions."""
    actor = current_actor()
    editions: dict[str, list[Edition]] = {}
    for entry in list_desk_entries(actor):
        editions.setdefault(entry.programme.id, []).append(entry.edition)
    return render_template(
        "courses/programmes.html",
        programmes=list_programmes(actor, with_archived=True),
        editions=editions,
        kinds=KINDS,
        modes=MODES,
        states=STATES,
        state_chips=STATE_CHIPS,
        may_create=may_create_programmes(actor),
    )


@blueprint.route("/desk/programmes/<programme_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_programme(programme_id: str) -> Any:
    """Change a programme's texts, reach and what it leads to."""
    programme = own_programme(programme_id)
    actor = current_actor()
    following = [
        (p.id, pick(p.title, ui_language()).text)
        for p in list_programmes(actor)
        if p.id != programme.id
    ]
    if programme.leads_to_id and programme.leads_to_id not in dict(following):
        after = get_programme(programme.leads_to_id)
        following.append((after.id, pick(after.title, ui_language()).text))
    form = ProgrammeForm(following=following)
    status = 200
    if request.method == "POST":
        _done, status = sent(
            form,
            lambda: operations.update_programme(
                programme_id,
                form.programme_texts(),
                version=form.seen(),
                actor=actor,
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - saved
            flash(_("Saved."), "done")
            return redirect(url_for(".edit_programme", programme_id=programme_id), 303)
    else:
        form.show(programme)
    return render_template(
        "courses/programme.html",
        form=form,
        programme=programme,
        entries=list_desk_entries(actor, programme_id=programme_id),
        kinds=KINDS,
        states=STATES,
        state_chips=STATE_CHIPS,
    ), status


@blueprint.post("/desk/programmes/<programme_id>/archive")
@access(STAFF)
def archive_programme(programme_id: str) -> Any:
    """Take a programme out of the catalogue."""
    with unit_of_work():
        operations.archive_programme(programme_id, actor=current_actor(), at=clock.now())
    flash(_("The programme is archived: the catalogue no longer shows it."), "done")
    return redirect(url_for(".edit_programme", programme_id=programme_id), 303)


@blueprint.post("/desk/programmes/<programme_id>/restore")
@access(STAFF)
def restore_programme(programme_id: str) -> Any:
    """Bring a programme back."""
    with unit_of_work():
        operations.restore_programme(programme_id, actor=current_actor(), at=clock.now())
    flash(_("The programme is back."), "done")
    return redirect(url_for(".edit_programme", programme_id=programme_id), 303)
