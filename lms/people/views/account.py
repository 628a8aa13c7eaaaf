"""One's own account."""

from typing import Any

from flask import flash, redirect, render_template, session, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.infra.web.session import begin_session, end_session
from lms.kernel import clock
from lms.kernel.ids import PersonId
from lms.people import operations
from lms.people.errors import PeopleInputError, TooManyAttemptsError
from lms.people.forms import AddressForm, ChangePasswordForm, ProfileForm
from lms.people.models import Person
from lms.people.operations import Profile
from lms.people.queries import (
    get_person,
    has_own_address,
    list_memberships,
    name_of,
    organisation_paths,
)
from lms.people.views.blueprint import (
    blueprint,
    refuse,
    secret_key,
    status_of,
    tell_kana,
    too_many,
)

PROFILE_FIELDS = tuple(Profile.__dataclass_fields__)


def own_id() -> PersonId:
    """Return who is signed in; the route has made sure that somebody is."""
    person_id = current_actor().person_id
    if person_id is None:
        raise AssertionError("the route admits signed-in people only")
    return person_id


def profile_of(form: ProfileForm) -> Profile:
    """Return what a form says of a person."""
    return Profile(**{name: form[name].data or "" for name in PROFILE_FIELDS})


@blueprint.route("/account", methods=["GET", "POST"])
@access(SIGNED_IN)
def account() -> Any:
    """Names, language, time zone and country; the way to address, password and sign-ins."""
    person = get_person(own_id())
    form = ProfileForm(obj=person)
    form.offer_countries(ui_language())
    if form.validate_on_submit():
        try:
            with unit_of_work():
                written = operations.update_profile(
                    current_actor(), person.id, profile_of(form), at=clock.now()
                )
        except PeopleInputError as error:
            refuse(form, error)
        else:
            if form.language.data != current_actor().language:
                session.pop("language", None)
            tell_kana(form, written)
            flash(_("Your details are saved."), "done")
            return redirect(url_for("people.account"), 303)
    person = get_person(own_id())
    page = render_template(
        "people/account.html",
        form=form,
        person=person,
        name=name_of(person),
        own_address=has_own_address(person),
        memberships=list_memberships(person.id),
        paths=organisation_paths(),
    )
    return page, status_of(form)


def _check_current_password(person: Person, password: str) -> None:
    """Raise PeopleInputError for a wrong password, TooManyAttemptsError for too many."""
    at = clock.now()
    with unit_of_work():
        attempt = operations.begin_attempt(
            kind="own",
            subject=person.id,
            source=person.id,
            limits=operations.SIGN_IN,
            secret_key=secret_key(),
            at=at,
        )
    cost = current_settings().password_cost
    if not operations.verify_password(person.password_hash, password, cost):
        raise PeopleInputError("current", "wrong_password")
    with unit_of_work():
        operations.mark_success(attempt)


@blueprint.route("/account/password", methods=["GET", "POST"])
@access(SIGNED_IN)
def change_password() -> Any:
    """Change the password; every other sign-in ends."""
    form, headers = ChangePasswordForm(), dict[str, str]()
    status = status_of(form)
    if form.validate_on_submit():
        person, password = get_person(own_id()), form.password.data or ""
        at = clock.now()
        try:
            _check_current_password(person, form.current.data or "")
            operations.check_new_password(person, password)
            new_hash = operations.hash_password(password, current_settings().password_cost)
            with unit_of_work():
                epoch = operations.change_password(current_actor(), person.id, new_hash, at=at)
        except PeopleInputError as error:
            refuse(form, error)
        except TooManyAttemptsError as error:
            status, headers = too_many(form, error.again_at, at)
        else:
            begin_session(person.id, epoch)
            flash(_("Your password is changed. Other devices are signed out."), "done")
            return redirect(url_for("people.account"), 303)
    return _own_form("people/change_password.html", form, status, headers)


def _own_form(template: str, form: TomoniForm, status: int, headers: dict[str, str]) -> Any:
    return render_template(template, form=form, person=get_person(own_id())), status, headers


@blueprint.route("/account/address", methods=["GET", "POST"])
@access(SIGNED_IN)
def change_address() -> Any:
    """Ask for another address; it changes when the link sent there is used."""
    form, headers = AddressForm(), dict[str, str]()
    status = status_of(form)
    if form.validate_on_submit():
        person, at = get_person(own_id()), clock.now()
        try:
            _check_current_password(person, form.current.data or "")
            with unit_of_work():
                operations.begin_attempt(
                    kind="address",
                    subject=person.id,
                    source=person.id,
                    limits=operations.ASK_LINK,
                    secret_key=secret_key(),
                    at=at,
                )
                operations.ask_address_change(
                    current_actor(), person.id, form.new_address.data or "", at=at
                )
        except PeopleInputError as error:
            refuse(form, error)
        except TooManyAttemptsError as error:
            status, headers = too_many(form, error.again_at, at)
        else:
            flash(
                _("We have sent a link to the new address. Open it within 24 hours to confirm."),
                "info",
            )
            return redirect(url_for("people.account"), 303)
    return _own_form("people/change_address.html", form, status, headers)


@blueprint.post("/account/sign-out-everywhere")
@access(SIGNED_IN)
def sign_out_everywhere() -> Any:
    """End every open sign-in, this one too."""
    with unit_of_work():
        operations.end_sign_ins(current_actor(), own_id(), at=clock.now())
    end_session()
    flash(_("You are signed out on every device."), "done")
    return redirect(url_for("people.sign_in"), 303)
