"""People at the desk."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import ADMIN, COORDINATOR, STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.actor import Role
from lms.kernel.localized import pick
from lms.people import operations, policy
from lms.people.errors import PeopleError, PeopleInputError
from lms.people.forms import (
    Choices,
    MembershipForm,
    NewPersonForm,
    PersonForm,
    RoleForm,
    country_choices,
)
from lms.people.models import Person
from lms.people.operations import MembershipPeriod, NewPerson, Written
from lms.people.queries import (
    PeopleFilter,
    find_organisation,
    get_membership,
    get_person,
    has_own_address,
    list_memberships,
    list_people,
    list_roles,
    name_of,
    overseen_organisations,
    read_tree,
    sees_everyone,
)
from lms.people.rules import Tree
from lms.people.texts import role_label
from lms.people.views.account import profile_of
from lms.people.views.blueprint import blueprint, refuse, status_of, tell_kana


def organisation_choices(tree: Tree) -> Choices:
    """Return the organisations in protocol order, indented by depth, for a select."""
    language = ui_language()
    return [
        (node.id, "\u2003" * depth + (pick(node.name, language).text or node.code))
        for depth, node in tree.rows()
    ]


def short_names(tree: Tree) -> dict[str, Any]:
    """Return each organisation's name by id, for templates."""
    return {node.id: node.name for node in tree.nodes.values()}


def _page_number() -> int:
    try:
        return int(request.args.get("page", "1")[:9])
    except ValueError:
        return 1


@blueprint.get("/desk/people")
@access(COORDINATOR)
def people() -> Any:
    """Find people by any form of their name; a coordinator finds the members in their charge."""
    actor, tree = current_actor(), read_tree()
    wanted = PeopleFilter(
        term=request.args.get("q", "")[:200],
        organisation_id=request.args.get("organisation", "")[:26],
        suspended=request.args.get("suspended") == "1",
        page=_page_number(),
    )
    choices = organisation_choices(tree)
    if not sees_everyone(actor):
        overseen = overseen_organisations(actor, tree)
        choices = [choice for choice in choices if choice[0] in overseen]
    return render_template(
        "people/people.html",
        found=list_people(actor, wanted, tree, clock.now()),
        wanted=wanted,
        organisations=[("", _("All organisations")), *choices],
        names=short_names(tree),
        may_manage=policy.may_manage_people(actor),
    )


def _account_of(form: PersonForm) -> NewPerson:
    return NewPerson(
        profile=profile_of(form),
        login_id=form.login_id.data or "",
        address=form.address.data or "",
    )


@blueprint.route("/desk/people/new", methods=["GET", "POST"])
@access(STAFF)
def new_person() -> Any:
    """Add a person, with an organisation and an invitation in the same step."""
    actor = current_actor()
    policy.require_manage_people(actor)
    form = NewPersonForm(language=ui_language() if request.method == "GET" else None)
    form.offer_countries(ui_language())
    form.offer_organisations([("", _("None yet")), *organisation_choices(read_tree())])
    if form.validate_on_submit():
        at = clock.now()
        secret = None
        try:
            with unit_of_work():
                written = operations.add_person(actor, _account_of(form), at=at)
                if form.organisation_id.data:
                    period = MembershipPeriod(form.organisation_id.data, starts_on=clock.day_in(at))
                    operations.add_membership(actor, written.person_id, period, at=at)
                if form.invite.data:
                    secret = operations.invite_person(actor, written.person_id, at=at)
        except PeopleInputError as error:
            refuse(form, error)
        else:
            return _after_writing(form, written, secret)
    return render_template("people/edit_person.html", form=form, person=None), status_of(form)


def _after_writing(form: TomoniForm, written: Written, secret: str | None) -> Any:
    tell_kana(form, written)
    if secret is not None:
        return _hand_over(get_person(written.person_id), secret)
    flash(_("Saved."), "done")
    return redirect(url_for("people.person", person_id=written.person_id), 303)


def _hand_over(person: Person, secret: str) -> Any:
    """Show, once, the link of a person whom no mail of their own reaches."""
    return render_template(
        "people/hand_over.html",
        person=person,
        name=name_of(person),
        link=url_for("people.accept_invitation", secret=secret, _external=True),
    )


@blueprint.get("/desk/people/<person_id>")
@access(COORDINATOR)
def person(person_id: str) -> Any:
    """Show one person: account, memberships, roles."""
    actor, at = current_actor(), clock.now()
    found = get_person(person_id)
    policy.require_see_person(actor, found, at)
    tree = read_tree()
    full = policy.may_manage_people(actor)
    memberships = list_memberships(found.id)
    if not sees_everyone(actor):
        overseen = overseen_organisations(actor, tree)
        memberships = [m for m in memberships if m.organisation_id in overseen]
    return render_template(
        "people/person.html",
        person=found,
        name=name_of(found),
        memberships=memberships,
        names=short_names(tree),
        country=dict(country_choices(ui_language())).get(found.country or ""),
        today=clock.day_in(at),
        roles=[
            {
                "id": role.id,
                "label": role_label(Role(role.role)),
                "scope": role.scope,
                "organisation": role.scope.removeprefix("org:"),
            }
            for role in (list_roles(found.id) if full else ())
        ],
        full=full,
        own_address=has_own_address(found),
        may_manage=policy.may_manage_person(actor, found),
        may_grant=policy.may_grant_roles(actor),
        is_self=actor.person_id == found.id,
    )


@blueprint.route("/desk/people/<person_id>/edit", methods=["GET", "POST"])
@access(STAFF)
def edit_person(person_id: str) -> Any:
    """Change a person's names and account."""
    actor = current_actor()
    found = get_person(person_id)
    policy.require_manage_person(actor, found)
    form = PersonForm(obj=found)
    form.offer_countries(ui_language())
    if form.validate_on_submit():
        try:
            with unit_of_work():
                written = operations.edit_person(actor, found.id, _account_of(form), at=clock.now())
        except PeopleInputError as error:
            refuse(form, error)
        else:
            return _after_writing(form, written, None)
    found = get_person(person_id)
    page = render_template("people/edit_person.html", form=form, person=found, name=name_of(found))
    return page, status_of(form)


@blueprint.post("/desk/people/<person_id>/invite")
@access(STAFF)
def invite_person(person_id: str) -> Any:
    """Invite a person again, or show the link to hand over."""
    try:
        with unit_of_work():
            secret = operations.invite_person(current_actor(), person_id, at=clock.now())
    except PeopleError as error:
        return _back_to(person_id, refusal_sentence(error), "danger")
    if secret is not None:
        return _hand_over(get_person(person_id), secret)
    return _back_to(person_id, _("The invitation is on its way."))


def _back_to(person_id: str, sentence: str, kind: str = "done") -> Any:
    flash(sentence, kind)
    return redirect(url_for("people.person", person_id=person_id), 303)


@blueprint.post("/desk/people/<person_id>/suspend")
@access(STAFF)
def suspend_person(person_id: str) -> Any:
    """Close an account."""
    try:
        with unit_of_work():
            operations.suspend_person(current_actor(), person_id, at=clock.now())
    except PeopleError as error:
        return _back_to(person_id, refusal_sentence(error), "danger")
    return _back_to(person_id, _("The account is suspended; every sign-in has ended."))


@blueprint.post("/desk/people/<person_id>/restore")
@access(STAFF)
def restore_person(person_id: str) -> Any:
    """Open a suspended account again."""
    with unit_of_work():
        operations.restore_person(current_actor(), person_id, at=clock.now())
    return _back_to(person_id, _("The account is open again."))


def _period_of(form: MembershipForm) -> MembershipPeriod:
    return MembershipPeriod(
        organisation_id=form.organisation_id.data,
        post=(form.post.data or "").strip(),
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
    )


@blueprint.route("/desk/people/<person_id>/memberships/new", methods=["GET", "POST"])
@access(STAFF)
def new_membership(person_id: str) -> Any:
    """Add a membership."""
    return _membership(person_id, None)


@blueprint.route("/desk/people/<person_id>/memberships/<membership_id>", methods=["GET", "POST"])
@access(STAFF)
def edit_membership(person_id: str, membership_id: str) -> Any:
    """Change a membership's days and post."""
    return _membership(person_id, membership_id)


def _membership(person_id: str, membership_id: str | None) -> Any:
    actor, at = current_actor(), clock.now()
    found = get_person(person_id)
    policy.require_manage_person(actor, found)
    membership = get_membership(found, membership_id) if membership_id else None
    form = MembershipForm(obj=membership)
    form.offer_organisations(organisation_choices(read_tree()))
    if request.method == "GET" and membership is None:
        form.starts_on.data = clock.day_in(at)
    if form.validate_on_submit():
        try:
            with unit_of_work():
                if membership_id is None:
                    operations.add_membership(actor, person_id, _period_of(form), at=at)
                else:
                    operations.change_membership(
                        actor, person_id, membership_id, _period_of(form), at=at
                    )
        except PeopleInputError as error:
            refuse(form, error)
        else:
            return _back_to(person_id, _("Saved."))
    found = get_person(person_id)
    page = render_template(
        "people/membership.html",
        form=form,
        person=found,
        name=name_of(found),
        membership_id=membership_id,
    )
    return page, status_of(form)


@blueprint.post("/desk/people/<person_id>/memberships/<membership_id>/remove")
@access(STAFF)
def remove_membership(person_id: str, membership_id: str) -> Any:
    """Remove a membership entered by mistake."""
    with unit_of_work():
        operations.remove_membership(current_actor(), person_id, membership_id, at=clock.now())
    return _back_to(person_id, _("The membership is removed."))


@blueprint.route("/desk/people/<person_id>/roles/new", methods=["GET", "POST"])
@access(ADMIN)
def new_role(person_id: str) -> Any:
    """Give a role."""
    found = get_person(person_id)
    form = RoleForm()
    form.offer(organisation_choices(read_tree()))
    if form.validate_on_submit():
        key = form.organisation_id.data
        scope = f"org:{key}" if key and find_organisation(key) else "*"
        try:
            with unit_of_work():
                operations.grant_role(
                    current_actor(), person_id, Role(form.role.data), scope, at=clock.now()
                )
        except PeopleInputError as error:
            refuse(form, error)
            if error.field == "scope":
                form.refuse("organisation_id", refusal_sentence(error))
        else:
            return _back_to(person_id, _("The role is given."))
    found = get_person(person_id)
    page = render_template("people/role.html", form=form, person=found, name=name_of(found))
    return page, status_of(form)


@blueprint.post("/desk/people/<person_id>/roles/<role_id>/revoke")
@access(ADMIN)
def revoke_role(person_id: str, role_id: str) -> Any:
    """Take a role away."""
    try:
        with unit_of_work():
            operations.revoke_role(current_actor(), person_id, role_id, at=clock.now())
    except PeopleError as error:
        return _back_to(person_id, refusal_sentence(error), "danger")
    return _back_to(person_id, _("The role is taken away."))
