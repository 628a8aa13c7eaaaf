"""Organisations at the desk."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.site import read_site
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.localized import localized, pick
from lms.people import operations, policy
from lms.people.errors import PeopleInputError
from lms.people.forms import NameForm, OrganisationForm, PlaceForm
from lms.people.models import Level
from lms.people.operations import NamePeriod, OrganisationPlace
from lms.people.queries import (
    get_organisation,
    get_organisation_name,
    is_id,
    organisation_paths,
    read_tree,
)
from lms.people.views.blueprint import blueprint, refuse, status_of
from lms.people.views.persons import organisation_choices


def _level_words() -> list[tuple[str, str]]:
    """Return the site's words for the levels."""
    language = ui_language()
    return [
        (level, pick(word, language).text or level) for level, word in read_site().levels.items()
    ]


def _place_of(form: PlaceForm) -> OrganisationPlace:
    return OrganisationPlace(
        code=form.code.data or "",
        level=Level(form.level.data),
        parent_id=form.parent_id.data or None,
        order=form.order.data or 0,
        country=form.country.data,
    )


def _name_of(form: NameForm) -> NamePeriod:
    return NamePeriod(
        name=localized(form.name_ja.data or "", form.name_en.data or ""),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
    )


@blueprint.get("/desk/organisations")
@access(STAFF)
def organisations() -> Any:
    """Show the tree in protocol order."""
    policy.require_manage_people(current_actor())
    return render_template(
        "people/organisations.html", rows=read_tree().rows(), levels=dict(_level_words())
    )


@blueprint.route("/desk/organisations/new", methods=["GET", "POST"])
@access(STAFF)
def new_organisation() -> Any:
    """Add an organisation."""
    actor = current_actor()
    policy.require_manage_people(actor)
    parent = request.args.get("parent", "")
    form = OrganisationForm(parent_id=parent if is_id(parent) else "", country="JP")
    form.offer(_level_words(), organisation_choices(read_tree()), ui_language())
    if form.validate_on_submit():
        name = NamePeriod(localized(form.name_ja.data or "", form.name_en.data or ""))
        try:
            with unit_of_work():
                key = operations.add_organisation(actor, _place_of(form), name, at=clock.now())
        except PeopleInputError as error:
            refuse(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("people.organisation", organisation_id=key), 303)
    return render_template("people/new_organisation.html", form=form), status_of(form)


@blueprint.route("/desk/organisations/<organisation_id>", methods=["GET", "POST"])
@access(STAFF)
def organisation(organisation_id: str) -> Any:
    """Show an organisation; change its place and order."""
    actor = current_actor()
    policy.require_manage_people(actor)
    found = get_organisation(organisation_id)
    form = PlaceForm(obj=found, order=found.protocol_order)
    tree = read_tree()
    below = tree.descendants(found.id)
    others = [choice for choice in organisation_choices(tree) if choice[0] not in below]
    form.offer(_level_words(), others, ui_language())
    if form.validate_on_submit():
        try:
            with unit_of_work():
                operations.move_organisation(actor, found.id, _place_of(form), at=clock.now())
        except PeopleInputError as error:
            refuse(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("people.organisation", organisation_id=found.id), 303)
    found = get_organisation(organisation_id)
    line = tree.ancestors(found.id)
    page = render_template(
        "people/organisation.html",
        form=form,
        organisation=found,
        node=line[0],
        crumbs=[
            (
                pick(node.name, ui_language()).text or node.code,
                url_for("people.organisation", organisation_id=node.id)
                if node.id != found.id
                else None,
            )
            for node in reversed(line)
        ],
    )
    return page, status_of(form)


@blueprint.route("/desk/organisations/<organisation_id>/names/new", methods=["GET", "POST"])
@access(STAFF)
def new_organisation_name(organisation_id: str) -> Any:
    """Rename an organisation from a day on."""
    return _name(organisation_id, None)


@blueprint.route("/desk/organisations/<organisation_id>/names/<name_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_organisation_name(organisation_id: str, name_id: str) -> Any:
    """Correct a name or its days."""
    return _name(organisation_id, name_id)


def _name(organisation_id: str, name_id: str | None) -> Any:
    actor = current_actor()
    policy.require_manage_people(actor)
    found = get_organisation(organisation_id)
    kept = get_organisation_name(found, name_id) if name_id else None
    form = NameForm(
        obj=kept,
        name_ja=kept.name.get("ja", "") if kept else "",
        name_en=kept.name.get("en", "") if kept else "",
    )
    if form.validate_on_submit():
        at = clock.now()
        try:
            with unit_of_work():
                if name_id is None:
                    operations.rename_organisation(actor, organisation_id, _name_of(form), at=at)
                else:
                    operations.change_organisation_name(
                        actor, organisation_id, name_id, _name_of(form), at=at
                    )
        except PeopleInputError as error:
            refuse(form, error)
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("people.organisation", organisation_id=organisation_id), 303)
    path = organisation_paths()
    page = render_template(
        "people/organisation_name.html",
        form=form,
        organisation_id=organisation_id,
        is_new=name_id is None,
        path=next(place for key, place in path.items() if key == organisation_id),
    )
    return page, status_of(form)
