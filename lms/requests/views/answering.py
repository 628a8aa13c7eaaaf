"""The organiser's answers: in talks, yes with an edition, no with a reason."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.courses.queries import list_programmes
from lms.infra.db import unit_of_work
from lms.infra.i18n import LANGUAGES
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.actor import Actor
from lms.kernel.errors import RefusedError
from lms.kernel.localized import Localized, pick
from lms.people.rules import Tree
from lms.requests import operations, policy
from lms.requests.errors import MeetingRequestRefusedError
from lms.requests.forms import OTHER, AcceptForm, DeclineForm
from lms.requests.operations import Acceptance
from lms.requests.queries import RequestRow, organisation_name
from lms.requests.rules import Step, Way, judge_date, may_follow
from lms.requests.texts import refusal_text
from lms.requests.views.asking import is_written, request_shown
from lms.requests.views.blueprint import ShownDate, blueprint, seen_row, sent, shown_dates
from lms.sessions.policy import may_organise
from lms.sessions.queries.clashes import find_clashes
from lms.sessions.rules.clashes import Clash, Meeting, digest, place_keys
from lms.sessions.texts.clashes import clash_text, repeated_note


def _answered_row(meeting_request_id: str) -> tuple[RequestRow, Tree]:
    """Return a request that the actor answers, or answer 404."""
    row, tree = seen_row(meeting_request_id)
    policy.require_answerer(current_actor(), row.request)
    return row, tree


@blueprint.post("/desk/meeting-requests/<meeting_request_id>/talks")
@access(STAFF)
def begin_talks(meeting_request_id: str) -> Any:
    """Say that the office looks into a request."""
    _answered_row(meeting_request_id)
    try:
        with unit_of_work():
            operations.begin_talks(current_actor(), meeting_request_id, at=clock.now())
    except RefusedError as error:
        row, tree = _answered_row(meeting_request_id)
        return request_shown(row, tree, refusal=refusal_sentence(error)), 409
    flash(_("Those who asked are told that you are looking into it."), "done")
    return redirect(url_for(".request_page", meeting_request_id=meeting_request_id), 303)


@blueprint.post("/desk/meeting-requests/<meeting_request_id>/decline")
@access(STAFF)
def decline_request(meeting_request_id: str) -> Any:
    """Say no, with a reason."""
    _answered_row(meeting_request_id)
    form = DeclineForm()
    status = 422
    if is_written(form, "reason"):
        _done, status = sent(
            form,
            lambda: operations.decline_request(
                current_actor(),
                meeting_request_id,
                form.reason.data or "",
                version=form.seen(),
                at=clock.now(),
            ),
        )
        if status == HTTPStatus.SEE_OTHER:
            flash(_("The request is declined. Those who asked are told the reason."), "done")
            return redirect(url_for(".request_page", meeting_request_id=meeting_request_id), 303)
    row, tree = _answered_row(meeting_request_id)
    if status == HTTPStatus.CONFLICT:  # changed meanwhile: the page shows it as it is now
        form.version.data = str(row.request.version)
    return request_shown(row, tree, decline=form), status


@blueprint.route("/desk/meeting-requests/<meeting_request_id>/accept", methods=["GET", "POST"])
@access(STAFF)
def accept_request(meeting_request_id: str) -> Any:
    """Say yes: choose a date and make the edition; what stands in the way is shown first."""
    row, tree = _answered_row(meeting_request_id)
    if not may_follow(row.request.state, Step.ACCEPTED):
        error = MeetingRequestRefusedError("wrong_state")
        return request_shown(row, tree, refusal=refusal_text(error) or ""), 409
    actor, dates = current_actor(), shown_dates(row.request)
    form = _accept_form(actor, row, tree, dates)
    if request.method == "GET":
        return _accept_page(form, row, tree, dates)
    clashes: tuple[Clash, ...] = ()
    decision = form.decision() if form.validate() else None
    status = 422
    if decision is not None:
        clashes = _clashes(actor, decision)
        if not clashes or request.form.get("anyway") == digest(clashes):
            edition_id, status = sent(
                form,
                lambda: operations.accept_request(
                    actor, meeting_request_id, decision, version=form.seen(), at=clock.now()
                ),
                names=("choice",),
            )
            if status == HTTPStatus.SEE_OTHER:
                flash(_("The meeting is decided and those who asked are told. "
                        "Complete the draft, then publish it."), "done")  # fmt: skip
                _tell_repeated(decision)
                return redirect(url_for("courses.edit_edition", edition_id=edition_id), 303)
            row, tree = _answered_row(meeting_request_id)
    return _accept_page(form, row, tree, dates, clashes), status


def _accept_form(
    actor: Actor, row: RequestRow, tree: Tree, dates: Sequence[ShownDate]
) -> AcceptForm:
    one, language = row.request, ui_language()
    union = organisation_name(one.organisation_id, tree)
    programmes = [(p.id, pick(p.title, language).text) for p in list_programmes(actor)]
    if one.theme and policy.may_answer(actor, None):
        programmes.append(("", _("A new programme: %(theme)s", theme=one.theme)))
    first = next(
        (n for n, d in enumerate(dates, 1)
         if judge_date(d.wished, one.timezone, clock.now()) is None),
        None,
    )  # fmt: skip
    return AcceptForm(
        dates=[(one_date.wished, one_date.text) for one_date in dates],
        programmes=programmes,
        data={
            "choice": str(first) if first is not None else OTHER,
            "timezone": one.timezone,
            "programme_id": one.programme_id or "",
            **{f"title_{tag}": text for tag, text in _edition_title(union).items()},
            "mode": one.way,
            f"venue_{one.written_in}": one.place if one.way != Way.WEB else "",
            "capacity": one.people,
            "languages": one.languages,
            "version": str(one.version),
        },
    )


def _edition_title(union: Localized) -> Localized:
    """Return the edition's name: that of the organisation which asked."""
    return {tag: union[tag] for tag in LANGUAGES if union.get(tag)}


def _clashes(actor: Actor, decision: Acceptance) -> tuple[Clash, ...]:
    """Return what stands in the way of the meeting; nothing where its time is no time at all."""
    if judge_date(decision.when, decision.timezone, clock.now()) is not None:
        return ()
    starts_at, ends_at = decision.when.moments(decision.timezone)
    known = decision.speaker.person_id if decision.speaker is not None else None
    meeting = Meeting(
        starts_at,
        ends_at,
        decision.timezone,
        frozenset({known} if known is not None else ()),
        None,
        place_keys(decision.venue_name, {}) if decision.mode != Way.WEB else frozenset(),
    )
    return _find(actor, [meeting])


def _find(actor: Actor, meetings: Sequence[Meeting]) -> tuple[Clash, ...]:
    # Nobody takes part in the new edition yet: speakers, rooms and holidays are what can be told.
    return find_clashes("", meetings, sees=partial(may_organise, actor), language=ui_language())


def _notes(actor: Actor, row: RequestRow, dates: Sequence[ShownDate]) -> list[list[str]]:
    """Return for each wished-for date what is known to stand in its way."""
    notes: list[list[str]] = [[] for _date in dates]
    meetings, numbers = [], []
    for number, one in enumerate(dates):
        fault = judge_date(one.wished, row.request.timezone, clock.now())
        if fault is not None or one.starts_at is None or one.ends_at is None:
            notes[number].append(str(_("This date cannot be taken any more.")))
            continue
        meetings.append(Meeting(one.starts_at, one.ends_at, row.request.timezone))
        numbers.append(number)
    for clash in _find(actor, meetings):
        notes[numbers[clash.number]].append(clash_text(clash))
    return notes


def _tell_repeated(decision: Acceptance) -> None:
    note = repeated_note(decision.when.starts_local, decision.when.ends_local, decision.timezone)
    if note:
        flash(note, "warn")


def _accept_page(
    form: AcceptForm,
    row: RequestRow,
    tree: Tree,
    dates: Sequence[ShownDate],
    clashes: tuple[Clash, ...] = (),
) -> str:
    return render_template(
        "requests/accept.html",
        form=form,
        row=row,
        one=row.request,
        organisation=organisation_name(row.request.organisation_id, tree),
        dates=list(zip(dates, _notes(current_actor(), row, dates), strict=True)),
        clashes=[clash_text(clash) for clash in clashes],
        clash_digest=digest(clashes),
        language=ui_language(),
    )
