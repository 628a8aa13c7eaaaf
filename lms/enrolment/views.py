"""Applying and withdrawing; the organiser's list and roster."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.models import Edition
from lms.courses.queries import Entry, find_edition, find_published_edition, get_entry
from lms.courses.texts import MODES
from lms.enrolment import operations
from lms.enrolment.forms import ApplyForm, AttendingForm, DecideForm, RemoveForm
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.enrolment.policy import may_decide
from lms.enrolment.queries import (
    count_by_state,
    find_enrolment,
    get_enrolment,
    last_reason,
    list_applicants,
    list_changes,
    list_roster,
    opening_facts,
    waiting_place,
)
from lms.enrolment.rules import (
    ACTIVE_STATES,
    DECIDABLE,
    Decision,
    judge_opening,
    ways_to_attend,
)
from lms.enrolment.texts import (
    ATTENDING,
    DECISIONS,
    HINDRANCES,
    OUTCOMES,
    STATE_CHIPS,
    STATE_MEANS,
    STATES,
    decided_text,
    fault_text,
)
from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, STAFF, access, current_actor, found
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, RefusedError

blueprint = Blueprint("enrolment", __name__, template_folder="templates")

_ENDED_BY_STAFF = frozenset({EnrolmentState.DECLINED, EnrolmentState.CANCELLED})
_GROUPS = ("applied", "under_review", "enrolled", "waitlisted")


def _course(programme_slug: str, edition_slug: str) -> tuple[Entry, Enrolment | None]:
    """Return the edition at this address and one's own enrolment in it, or answer 404.

    Who is in it sees it whatever its reach has become.
    """
    actor = current_actor()
    entry = found(find_published_edition(programme_slug, edition_slug))
    own = find_enrolment(entry.edition.id, actor.person_id or "")
    if own is None:
        found(find_published_edition(programme_slug, edition_slug, actor))
    return entry, own


def _sent(form: TomoniForm, act: Callable[[], Any]) -> tuple[Any, int]:
    """Do an act with what a form gave: its result and 303, or the fault told and its status."""
    if not form.validate_on_submit():
        return None, 422
    try:
        with unit_of_work():
            return act(), 303
    except InvalidInputError as error:
        form.refuse(error.field, fault_text(error) or refusal_sentence(error))
        return None, 422
    except RefusedError as error:
        form.refuse("", refusal_sentence(error))
        return None, 409


@blueprint.route("/courses/<programme_slug>/<edition_slug>/apply", methods=["GET", "POST"])
@access(SIGNED_IN)
def apply(programme_slug: str, edition_slug: str) -> Any:
    """Apply, or see how one's application stands."""
    entry, _own = _course(programme_slug, edition_slug)
    form = ApplyForm(ways=ways_to_attend(entry.edition.mode))
    status = 200
    if request.method == "POST":
        edition_id = entry.edition.id
        state, status = _sent(
            form,
            lambda: operations.apply_for_edition(
                edition_id,
                attending=form.way(),
                accommodation=form.accommodation.data or "",
                message=form.message.data or "",
                actor=current_actor(),
                at=clock.now(),
            ),
        )
        if status == 303:  # noqa: PLR2004 - taken
            flash(STATE_MEANS[state], "done")
            return redirect(request.path, 303)
        entry, _own = _course(programme_slug, edition_slug)
    return _apply_page(entry, form), status


def _apply_page(entry: Entry, form: ApplyForm) -> str:
    actor, edition = current_actor(), entry.edition
    own = find_enrolment(edition.id, actor.person_id or "")
    opening = judge_opening(opening_facts(edition, actor), clock.now())
    ways = ways_to_attend(edition.mode)
    active = own is not None and own.state in ACTIVE_STATES
    return render_template(
        "enrolment/apply.html",
        form=form,
        entry=entry,
        own=own,
        active=active,
        place=waiting_place(own) if own is not None else None,
        reason=last_reason(own.id) if own is not None and own.state in _ENDED_BY_STAFF else "",
        opening=opening,
        outcome=OUTCOMES[opening.outcome] if opening.outcome is not None else "",
        hindrance=HINDRANCES[opening.hindrance] if opening.hindrance is not None else "",
        attending_form=(
            AttendingForm(formdata=None, ways=ways, attending=own.attending)
            if active and own is not None and len(ways) > 1
            else None
        ),
        states=STATES,
        state_chips=STATE_CHIPS,
        means=STATE_MEANS,
        attending=ATTENDING,
        modes=MODES,
    )


@blueprint.post("/courses/<programme_slug>/<edition_slug>/withdraw")
@access(SIGNED_IN)
def withdraw(programme_slug: str, edition_slug: str) -> Any:
    """Withdraw; what was learned is kept."""
    entry, own = _course(programme_slug, edition_slug)
    found(own)
    with unit_of_work():
        operations.withdraw_enrolment(entry.edition.id, actor=current_actor(), at=clock.now())
    flash(_("You have withdrawn. What you have learned and earned is kept."), "done")
    return redirect(
        url_for(".apply", programme_slug=programme_slug, edition_slug=edition_slug), 303
    )


@blueprint.post("/courses/<programme_slug>/<edition_slug>/attending")
@access(SIGNED_IN)
def change_attending(programme_slug: str, edition_slug: str) -> Any:
    """Change between venue and web."""
    entry, own = _course(programme_slug, edition_slug)
    found(own)
    form = AttendingForm(ways=ways_to_attend(entry.edition.mode))
    edition_id = entry.edition.id
    _done, status = _sent(
        form,
        lambda: operations.change_attending(
            edition_id, form.way(), actor=current_actor(), at=clock.now()
        ),
    )
    if status != 303:  # noqa: PLR2004 - not changed
        entry, _own = _course(programme_slug, edition_slug)
        page = ApplyForm(formdata=None, ways=ways_to_attend(entry.edition.mode))
        page.form_errors.extend(
            error
            for errors in form.errors.values()
            for error in errors  # shown above the form
        )
        return _apply_page(entry, page), status
    flash(_("Saved."), "done")
    return redirect(
        url_for(".apply", programme_slug=programme_slug, edition_slug=edition_slug), 303
    )


def _desk_edition(edition_id: str) -> Edition:
    edition: Edition = found(find_edition(edition_id))
    found(may_decide(current_actor(), edition) or None)
    return edition


@blueprint.get("/desk/editions/<edition_id>/applications")
@access(STAFF)
def applications(edition_id: str) -> Any:
    """List the applications of an edition with counts, the waiting list in its order."""
    _desk_edition(edition_id)
    return _applications_page(edition_id, DecideForm(formdata=None))


def _applications_page(edition_id: str, form: DecideForm, ticked: list[str] | None = None) -> str:
    counts = count_by_state([edition_id])[edition_id]
    chosen = request.values.get("state", "")
    if chosen not in {state.value for state in EnrolmentState}:
        chosen = ""
    text = request.values.get("q", "")[:200]
    tabs = [
        {
            "label": _("All"),
            "href": url_for(".applications", edition_id=edition_id),
            "current": not chosen,
            "count": sum(counts.values()),
        },
        *(
            {
                "label": STATES[state],
                "href": url_for(".applications", edition_id=edition_id, state=state.value),
                "current": chosen == state.value,
                "count": counts.get(state.value, 0),
            }
            for state in EnrolmentState
            if counts.get(state.value) or state.value in _GROUPS
        ),
    ]
    return render_template(
        "enrolment/applications.html",
        form=form,
        entry=get_entry(edition_id),
        edition_id=edition_id,
        applicants=list_applicants(
            edition_id, clock.now(), states=[chosen] if chosen else [], text=text
        ),
        counts=counts,
        tabs=tabs,
        chosen=chosen,
        text=text,
        ticked=ticked or [],
        states=STATES,
        state_chips=STATE_CHIPS,
        attending=ATTENDING,
        decidable=frozenset().union(*DECIDABLE.values()),
    )


@blueprint.post("/desk/editions/<edition_id>/applications/decide")
@access(STAFF)
def decide(edition_id: str) -> Any:
    """Decide on every application that is ticked."""
    _desk_edition(edition_id)
    form = DecideForm()
    ticked = list(dict.fromkeys(request.form.getlist("enrolment_ids")))
    if not ticked:
        form.validate()
        form.refuse("", _("Please tick at least one application."))
        return _applications_page(edition_id, form), 422
    decided, status = _sent(
        form,
        lambda: operations.decide_applications(
            edition_id,
            ticked,
            form.chosen(),
            reason=form.reason.data or "",
            actor=current_actor(),
            at=clock.now(),
        ),
    )
    if status != 303:  # noqa: PLR2004 - not decided
        return _applications_page(edition_id, form, ticked), status
    flash(decided_text(decided), "warn" if decided.skipped else "done")
    return redirect(
        url_for(".applications", edition_id=edition_id, state=request.form.get("state") or None),
        303,
    )


def _desk_enrolment(edition_id: str, enrolment_id: str) -> Enrolment:
    _desk_edition(edition_id)
    enrolment: Enrolment = found(get_enrolment(enrolment_id))
    found(enrolment.edition_id == edition_id or None)
    return enrolment


@blueprint.get("/desk/editions/<edition_id>/applications/<enrolment_id>")
@access(STAFF)
def application(edition_id: str, enrolment_id: str) -> Any:
    """One application: what was written, how it went, and what can be decided."""
    _desk_enrolment(edition_id, enrolment_id)
    return _application_page(edition_id, enrolment_id, RemoveForm(formdata=None))


def _application_page(edition_id: str, enrolment_id: str, form: RemoveForm) -> str:
    (applicant,) = list_applicants(edition_id, clock.now(), enrolment_id=enrolment_id)
    state = applicant.enrolment.state
    return render_template(
        "enrolment/application.html",
        form=form,
        decline_form=DecideForm(formdata=None),
        entry=get_entry(edition_id),
        edition_id=edition_id,
        applicant=applicant,
        changes=list_changes(enrolment_id),
        decisions=[
            (decision.value, words)
            for decision, words in DECISIONS.items()
            if state in DECIDABLE[decision] and decision is not Decision.DECLINE
        ],
        may_decline=state in DECIDABLE[Decision.DECLINE],
        may_remove=state in ACTIVE_STATES,
        states=STATES,
        state_chips=STATE_CHIPS,
        attending=ATTENDING,
    )


@blueprint.post("/desk/editions/<edition_id>/applications/<enrolment_id>/remove")
@access(STAFF)
def remove(edition_id: str, enrolment_id: str) -> Any:
    """Take a person off, with a reason."""
    _desk_enrolment(edition_id, enrolment_id)
    form = RemoveForm()
    _done, status = _sent(
        form,
        lambda: operations.remove_enrolment(
            edition_id,
            enrolment_id,
            reason=form.reason.data or "",
            actor=current_actor(),
            at=clock.now(),
        ),
    )
    if status != 303:  # noqa: PLR2004 - not taken off
        return _application_page(edition_id, enrolment_id, form), status
    flash(_("The person is taken off. A free seat has gone to the waiting list."), "done")
    return redirect(url_for(".applications", edition_id=edition_id), 303)


@blueprint.get("/desk/editions/<edition_id>/roster")
@access(STAFF)
def roster(edition_id: str) -> Any:
    """Show who takes part, by the protocol order of organisations, for paper."""
    _desk_edition(edition_id)
    at = clock.now()
    return render_template(
        "enrolment/roster.html",
        entry=get_entry(edition_id),
        edition_id=edition_id,
        people=list_roster(edition_id, at),
        attending=ATTENDING,
        at=at,
    )
