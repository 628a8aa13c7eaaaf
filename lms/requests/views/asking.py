"""Asking for a study meeting; the page of one request, for both sides."""

from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.queries import get_entry
from lms.courses.texts import LANGUAGE_NAMES
from lms.infra.db import unit_of_work
from lms.infra.web.access import COORDINATOR, access, current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.errors import RefusedError
from lms.people.queries import find_person, read_tree
from lms.people.rules import Tree
from lms.requests import operations, policy
from lms.requests.forms import DeclineForm, MessageForm, RequestForm
from lms.requests.queries import (
    RequestRow,
    list_askable,
    list_history,
    organisation_name,
    organisations_in_charge,
)
from lms.requests.rules import OPEN, Source, State, Step, Way, days_waiting, may_follow
from lms.requests.texts import (
    SOURCES,
    STATE_CHIPS,
    STATE_MEANS,
    STATES,
    WAYS,
    step_text,
    waiting_text,
)
from lms.requests.views.blueprint import (
    blueprint,
    organisation_choices,
    seen_row,
    sent,
    shown_dates,
)


def _form(actor: Actor, tree: Tree, row: RequestRow | None = None, **values: Any) -> RequestForm:
    """Return the form with the organisations and programmes that this actor may name."""
    office = policy.may_enter(actor)
    kept = row.request.programme_id if row is not None else None
    offered = list_askable(actor, keep=kept)
    if not organisations_in_charge(actor, tree):
        offered = [one for one in offered if policy.may_answer(actor, one.id) or one.id == kept]
    ids = frozenset(tree.nodes) if office else organisations_in_charge(actor, tree)
    if row is not None:
        ids |= {row.request.organisation_id}  # type: ignore[arg-type] # an id all the same
    return RequestForm(
        organisations=organisation_choices(ids, tree),
        programmes=[(one.id, one.title) for one in offered],
        by_hand=office and (row is None or row.request.source != Source.BROWSER),
        **values,
    )


@blueprint.route("/desk/meeting-requests/new", methods=["GET", "POST"])
@access(COORDINATOR)
def new_request() -> Any:
    """Ask for a study meeting; an organiser enters what came by telephone or on paper."""
    actor, tree = current_actor(), read_tree()
    charge = organisations_in_charge(actor, tree)
    found(policy.may_enter(actor) or charge or None)
    form = _form(actor, tree, **_usual(actor, mine=bool(charge)))
    status = 200
    if request.method == "POST":
        status = 422
        plan = form.plan() if form.validate() else None
        if plan is not None:
            key, status = sent(form, lambda: operations.submit_request(actor, plan, at=clock.now()))
            if status == HTTPStatus.SEE_OTHER:
                flash(
                    _("The request is entered. Those who asked are told.")
                    if policy.may_enter(actor)
                    else _("The office has your request and will write to you."),
                    "done",
                )
                return redirect(url_for(".request_page", meeting_request_id=key), 303)
    return _form_page(form, None), status


def _usual(actor: Actor, *, mine: bool) -> dict[str, Any]:
    """Return with what an empty form begins; a coordinator is the contact unless they say else."""
    values: dict[str, Any] = {
        "languages": [ui_language()],
        "timezone": actor.timezone,
        "way": Way.VENUE.value,
        "programme_id": request.args.get("programme", "")[:26],
    }
    person = find_person(actor.person_id) if actor.person_id is not None and mine else None
    if person is not None:
        values |= {"contact_name": actor.display_name, "contact_address": person.address or ""}
    return values


def _form_page(form: RequestForm, row: RequestRow | None) -> str:
    return render_template("requests/request_form.html", form=form, row=row)


@blueprint.get("/desk/meeting-requests/<meeting_request_id>")
@access(COORDINATOR)
def request_page(meeting_request_id: str) -> Any:
    """Show one request: what is asked for, what was said, and what can be done."""
    row, tree = seen_row(meeting_request_id)
    return request_shown(row, tree)


def request_shown(
    row: RequestRow,
    tree: Tree,
    *,
    message: MessageForm | None = None,
    decline: DeclineForm | None = None,
    refusal: str = "",
) -> str:
    """Return the page of a request, with a form that was refused."""
    actor, one, at = current_actor(), row.request, clock.now()
    answers = policy.may_answer(actor, one.programme_id)
    decline = decline or DeclineForm(formdata=None, version=str(one.version))
    return render_template(
        "requests/request.html",
        row=row,
        one=one,
        state=State(one.state),
        organisation=organisation_name(one.organisation_id, tree),
        dates=shown_dates(one),
        history=[
            (line, step_text(line.entry.step, by_staff=line.entry.by_staff))
            for line in list_history(one.id)
        ],
        waited=(
            waiting_text(days_waiting(clock.day_in(one.created_at), clock.day_in(at)))
            if one.state in OPEN
            else ""
        ),
        message_form=message or MessageForm(formdata=None),
        decline_form=decline,
        refusal=refusal,
        edition_programme=(
            get_entry(one.edition_id).programme if one.edition_id is not None else None
        ),
        answers=answers,
        may_change=may_follow(one.state, Step.CHANGED),
        may_write=may_follow(one.state, Step.MESSAGE),
        may_take_up=answers and may_follow(one.state, Step.IN_TALKS),
        may_decide=answers and may_follow(one.state, Step.ACCEPTED),
        may_open_edition=answers,
        states=STATES,
        chips=STATE_CHIPS,
        means=STATE_MEANS,
        ways=WAYS,
        sources=SOURCES,
        languages=LANGUAGE_NAMES,
    )


@blueprint.route("/desk/meeting-requests/<meeting_request_id>/edit", methods=["GET", "POST"])
@access(COORDINATOR)
def edit_request(meeting_request_id: str) -> Any:
    """Change what is asked for, while it is not decided."""
    row, tree = seen_row(meeting_request_id)
    actor = current_actor()
    form = _form(actor, tree, row)
    if request.method == "GET":
        form.show(row.request)
        return _form_page(form, row)
    status, plan = 422, form.plan() if form.validate() else None
    if plan is not None:
        changed, status = sent(
            form,
            lambda: operations.change_request(
                actor, meeting_request_id, plan, version=form.seen(), at=clock.now()
            ),
        )
        if status == HTTPStatus.SEE_OTHER:
            if changed:
                flash(_("The request is changed. The other side is told."), "done")
            else:
                flash(_("Nothing was different, so nothing was changed."), "info")
            return redirect(url_for(".request_page", meeting_request_id=meeting_request_id), 303)
    return _form_page(form, row), status


@blueprint.post("/desk/meeting-requests/<meeting_request_id>/withdraw")
@access(COORDINATOR)
def withdraw_request(meeting_request_id: str) -> Any:
    """Take a request back."""
    row, tree = seen_row(meeting_request_id)
    try:
        with unit_of_work():
            operations.withdraw_request(current_actor(), meeting_request_id, at=clock.now())
    except RefusedError as error:
        row, tree = seen_row(meeting_request_id)
        return request_shown(row, tree, refusal=refusal_sentence(error)), 409
    flash(_("The request is withdrawn."), "done")
    return redirect(url_for(".request_page", meeting_request_id=meeting_request_id), 303)


@blueprint.post("/desk/meeting-requests/<meeting_request_id>/messages")
@access(COORDINATOR)
def write_message(meeting_request_id: str) -> Any:
    """Write to the other side."""
    seen_row(meeting_request_id)
    form = MessageForm()
    status = 422
    if is_written(form, "text"):
        _done, status = sent(
            form,
            lambda: operations.write_message(
                current_actor(), meeting_request_id, form.text.data or "", at=clock.now()
            ),
        )
        if status == HTTPStatus.SEE_OTHER:
            flash(_("Your message is sent and kept with the request."), "done")
            return redirect(url_for(".request_page", meeting_request_id=meeting_request_id), 303)
    row, tree = seen_row(meeting_request_id)
    return request_shown(row, tree, message=form), status


def is_written(form: TomoniForm, name: str) -> bool:
    """Whether a form with one text can be taken; says what is missing."""
    fine = bool(form.validate())
    if not form[name].data and not form[name].errors:
        form.refuse(name, _("Please fill this in."))
        return False
    return fine
