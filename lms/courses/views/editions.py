"""The desk's pages for editions: presets, settings, states."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses import operations
from lms.courses.forms import (
    DRAFT_FORMS,
    DraftForm,
    EditionForm,
)
from lms.courses.models import EditionState, Kind
from lms.courses.policy import (
    may_create_programmes,
)
from lms.courses.queries import (
    edition_facts,
    get_entry,
    list_parts,
    list_programmes,
)
from lms.courses.rules import missing_for_publication, warnings_for
from lms.courses.texts import (
    CAUTIONS,
    KIND_HINTS,
    KINDS,
    STATE_CHIPS,
    STATES,
    missing_text,
)
from lms.courses.views.blueprint import (
    blueprint,
    own_edition,
    own_programme,
    sent,
)
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import RefusedError


@blueprint.get("/desk/editions/new")
@access(STAFF)
def new_edition() -> Any:
    """Choose the preset, or the programme to run again."""
    actor = current_actor()
    return render_template(
        "courses/new_edition.html",
        kinds=KINDS,
        hints=KIND_HINTS,
        may_create=may_create_programmes(actor),
        programmes=list_programmes(actor),
    )


@blueprint.route("/desk/editions/new/<kind>", methods=["GET", "POST"])
@access(STAFF)
def draft_edition(kind: str) -> Any:
    """Show the preset's page; with `programme` a further edition of one that exists."""
    actor = current_actor()
    known = {k.value.replace("_", "-"): k for k in Kind}
    preset: Kind = found(known.get(kind))
    programme_id = request.args.get("programme", "")
    programme = own_programme(programme_id) if programme_id else None
    if programme is None:
        found(may_create_programmes(actor) or None)
    form: DraftForm = DRAFT_FORMS[preset](with_programme=programme is None)
    status = 200
    if request.method == "POST":
        edition_id, status = sent(
            form,
            lambda: operations.draft_edition(
                form.edition_plan(),
                programme=programme.id if programme is not None else form.programme_plan(),
                actor=actor,
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - made
            flash(_("The draft is made. Check it, then publish it."), "done")
            return redirect(url_for(".edit_edition", edition_id=edition_id), 303)
    return render_template(
        "courses/draft_edition.html",
        form=form,
        kind=preset,
        kinds=KINDS,
        hints=KIND_HINTS,
        programme=programme,
    ), status


@blueprint.route("/desk/editions/<edition_id>/settings", methods=["GET", "POST"])
@access(STAFF)
def edit_edition(edition_id: str) -> Any:
    """Change the settings of an edition; its state is changed from here too."""
    edition = own_edition(edition_id)
    form = EditionForm(timezone=edition.timezone)
    if request.method == "GET":
        form.show(edition)
        return _edition_page(edition_id, form)
    cautions, status = sent(
        form,
        lambda: operations.update_edition(
            edition_id,
            form.settings(),
            version=form.seen(),
            actor=current_actor(),
            at=clock.now(),
        ),
    )
    if status != 303:  # noqa: PLR2004 - not saved
        return _edition_page(edition_id, form), status
    flash(_("Saved."), "done")
    for caution in cautions:
        flash(CAUTIONS[caution], "warn")
    return redirect(url_for(".edit_edition", edition_id=edition_id), 303)


def _edition_page(edition_id: str, form: EditionForm, refusal: str = "") -> str:
    entry = get_entry(edition_id)
    parts = list_parts(edition_id)
    facts, at = edition_facts(entry, parts), clock.now()
    missing = missing_for_publication(facts, at)
    return render_template(
        "courses/edition.html",
        form=form,
        entry=entry,
        edition_id=edition_id,
        parts=parts,
        missing=missing_text(missing) if missing else "",
        cautions=[CAUTIONS[caution] for caution in warnings_for(facts, at)],
        refusal=refusal,
        states=STATES,
        state_chips=STATE_CHIPS,
        State=EditionState,
    )


def _change_state(edition_id: str, act: Callable[..., None], done: str) -> Any:
    """Change the state of an edition, or show its page with the reason why not."""
    try:
        with unit_of_work():
            act(edition_id, actor=current_actor(), at=clock.now())
    except RefusedError as error:
        sentence = refusal_sentence(error)
        edition = own_edition(edition_id)
        form = EditionForm(formdata=None, timezone=edition.timezone)
        form.show(edition)
        return _edition_page(edition_id, form, refusal=sentence), 409
    flash(done, "done")
    return redirect(url_for(".edit_edition", edition_id=edition_id), 303)


@blueprint.post("/desk/editions/<edition_id>/publish")
@access(STAFF)
def publish_edition(edition_id: str) -> Any:
    """Open an edition to the catalogue."""
    return _change_state(
        edition_id, operations.publish_edition, _("Published. It now stands in the catalogue.")
    )


@blueprint.post("/desk/editions/<edition_id>/unpublish")
@access(STAFF)
def unpublish_edition(edition_id: str) -> Any:
    """Take an edition back to draft."""
    return _change_state(edition_id, operations.unpublish_edition, _("It is a draft again."))


@blueprint.post("/desk/editions/<edition_id>/close")
@access(STAFF)
def close_edition(edition_id: str) -> Any:
    """End an edition."""
    return _change_state(
        edition_id, operations.close_edition, _("Finished. Nobody can apply any more.")
    )


@blueprint.post("/desk/editions/<edition_id>/cancel")
@access(STAFF)
def cancel_edition(edition_id: str) -> Any:
    """Say that an edition will not take place."""
    return _change_state(
        edition_id, operations.cancel_edition, _("The edition will not take place.")
    )
