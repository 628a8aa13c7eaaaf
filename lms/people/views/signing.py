"""Signing in and out, links that came by mail, language and time zone of this browser."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.infra.db import unit_of_work
from lms.infra.i18n import LANGUAGES
from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import viewer_zone
from lms.infra.web.session import begin_session, end_session
from lms.kernel import clock
from lms.kernel.wall import is_zone
from lms.people import operations
from lms.people.errors import PeopleError, PeopleInputError, TooManyAttemptsError
from lms.people.forms import ForgottenForm, NewPasswordForm, SignInForm, TimeZoneForm
from lms.people.queries import find_account, get_person, name_of
from lms.people.views.blueprint import (
    blueprint,
    home,
    refuse,
    secret_key,
    status_of,
    too_many,
    wanted_path,
)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@access(PUBLIC)
def sign_in() -> Any:
    """Sign in with an issued id or an address of one's own."""
    if request.method == "GET" and current_actor().signed_in:
        return redirect(wanted_path() or home(), 303)
    form = SignInForm()
    headers: dict[str, str] = {}
    status = status_of(form)
    if form.validate_on_submit():
        at = clock.now()
        try:
            if _try_to_sign_in(form.identifier.data or "", form.password.data or ""):
                return redirect(wanted_path() or url_for("people.signed_in"), 303)
        except TooManyAttemptsError as error:
            status, headers = too_many(form, error.again_at, at)
        else:
            form.refuse("", _("ID, address or password do not match. Please check them."))
    page = render_template("people/sign_in.html", form=form, next=wanted_path())
    return page, status, headers


def _try_to_sign_in(identifier: str, password: str) -> bool:
    """Count the attempt, verify outside any write, then write the sign-in down."""
    at, cost = clock.now(), current_settings().password_cost
    with unit_of_work():
        attempt = operations.begin_attempt(
            kind="sign-in",
            subject=identifier,
            source=request.remote_addr,
            limits=operations.SIGN_IN,
            secret_key=secret_key(),
            at=at,
        )
    account = find_account(identifier)
    kept = account.password_hash if account else None
    if not operations.verify_password(kept, password, cost):
        return False
    if account is None or kept is None or account.suspended:
        return False
    new_hash = (
        operations.hash_password(password, cost) if operations.needs_rehash(kept, cost) else None
    )
    with unit_of_work():
        epoch = operations.sign_in_person(
            account.person_id, attempt, new_hash=new_hash, checked_hash=kept
        )
    if epoch is None:
        return False
    begin_session(account.person_id, epoch)
    return True


@blueprint.get("/signed-in")
@access(PUBLIC)
def signed_in() -> Any:
    """Go where this person begins: a desk or their learning."""
    return redirect(home() if current_actor().signed_in else url_for("people.sign_in"), 303)


@blueprint.post("/sign-out")
@access(PUBLIC)
def sign_out() -> Any:
    """Sign this browser out."""
    end_session()
    flash(_("You are signed out."), "done")
    return redirect("/", 303)


@blueprint.route("/forgotten-password", methods=["GET", "POST"])
@access(PUBLIC)
def forgotten_password() -> Any:
    """Ask for a link to set a new password. The answer is the same whoever is meant."""
    form = ForgottenForm()
    headers: dict[str, str] = {}
    status = status_of(form)
    if form.validate_on_submit():
        at, identifier = clock.now(), form.identifier.data or ""
        try:
            with unit_of_work():
                operations.begin_attempt(
                    kind="reset",
                    subject=identifier,
                    source=request.remote_addr,
                    limits=operations.ASK_LINK,
                    secret_key=secret_key(),
                    at=at,
                )
                operations.ask_reset(identifier, at=at)
        except TooManyAttemptsError as error:
            status, headers = too_many(form, error.again_at, at)
        else:
            return redirect(url_for("people.link_sent"), 303)
    return render_template("people/forgotten_password.html", form=form), status, headers


@blueprint.get("/forgotten-password/sent")
@access(PUBLIC)
def link_sent() -> Any:
    """Say what happens next, in general words."""
    return render_template("people/link_sent.html")


@blueprint.route("/invitation/<secret>", methods=["GET", "POST"])
@access(PUBLIC)
def accept_invitation(secret: str) -> Any:
    """Set a first password."""
    return _set_password("invitation", secret)


@blueprint.route("/new-password/<secret>", methods=["GET", "POST"])
@access(PUBLIC)
def reset_password(secret: str) -> Any:
    """Set a new password in place of a forgotten one."""
    return _set_password("reset", secret)


def _set_password(kind: str, secret: str) -> Any:
    form = NewPasswordForm()
    try:
        person_id = operations.check_link(kind, secret, at=clock.now()).person_id
    except PeopleError as error:
        return _bad_link(kind, error)
    try:
        if form.validate_on_submit():
            person, password = get_person(person_id), form.password.data or ""
            operations.check_new_password(person, password)
            new_hash = operations.hash_password(password, current_settings().password_cost)
            with unit_of_work():
                operations.set_password_by_link(kind, secret, new_hash, at=clock.now())
            end_session()
            flash(_("Your password is set. You can sign in with it now."), "done")
            return redirect(url_for("people.sign_in"), 303)
    except PeopleError as error:
        return _bad_link(kind, error)
    except PeopleInputError as error:
        refuse(form, error)
    person = get_person(person_id)
    page = render_template(
        "people/set_password.html", form=form, kind=kind, name=name_of(person), person=person
    )
    return page, status_of(form)


def _bad_link(kind: str, error: PeopleError) -> Any:
    status = 404 if error.code == "link_unknown" else 410
    page = render_template(
        "people/bad_link.html", kind=kind, sentence=refusal_sentence(error), code=error.code
    )
    return page, status


@blueprint.route("/new-address/<secret>", methods=["GET", "POST"])
@access(PUBLIC)
def confirm_address(secret: str) -> Any:
    """Confirm a new address. Opening the link changes nothing: mail programs open links too."""
    try:
        token = operations.check_link("address", secret, at=clock.now())
        if request.method == "POST":
            with unit_of_work():
                operations.confirm_address(secret, at=clock.now())
            flash(_("Your new address is confirmed."), "done")
            signed_in = current_actor().signed_in
            return redirect(url_for("people.account" if signed_in else "people.sign_in"), 303)
    except PeopleError as error:
        return _bad_link("address", error)
    return render_template("people/confirm_address.html", address=token.new_address, secret=secret)


@blueprint.post("/language")
@access(PUBLIC)
def set_language() -> Any:
    """Change the language of the pages in this browser and come back to the same page."""
    language = request.form.get("language", "")
    if language not in LANGUAGES:
        abort(422)
    session["language"] = language
    return redirect(wanted_path() or "/", 303)


@blueprint.route("/time-zone", methods=["GET", "POST"])
@access(PUBLIC)
def set_time_zone() -> Any:
    """Change the time zone in which times are shown: of the person, or of this browser."""
    form = TimeZoneForm(timezone=viewer_zone().key)
    if form.validate_on_submit() and is_zone(form.timezone.data):
        actor = current_actor()
        if actor.person_id is not None:
            with unit_of_work():
                operations.change_time_zone(
                    actor, actor.person_id, form.timezone.data, at=clock.now()
                )
        else:
            session["timezone"] = form.timezone.data
        return redirect(wanted_path() or "/", 303)
    page = render_template("people/time_zone.html", form=form, next=wanted_path())
    return page, status_of(form)
