"""The rights desk: one recording's agreements, publication and takedown."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_account, is_id
from lms.recordings.models import Recording
from lms.recordings.queries import get_recording
from lms.rights.errors import RightsRefusedError
from lms.rights.forms import AgreementForm, AnswerForm, PublicationForm, ReasonForm
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    end_publication,
    lift_takedown,
    publish_recording,
    record_answer,
    take_down,
    withdraw_agreement,
)
from lms.rights.policy import require_rights_desk
from lms.rights.queries import RightsDesk, find_agreement, read_rights_desk
from lms.rights.rules import Code, Reach
from lms.rights.texts.desk import brief_text, gap_texts, reach_text, scope_text, window_text
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import (
    agreement_details,
    organisation_choices,
    organisation_names,
    publication_defaults,
    steps_of,
)
from lms.rights.views.simulator import simulation


@blueprint.get("/desk/recordings/<recording_id>/rights")
@access(RIGHTS_DESK)
def recording_rights(recording_id: str) -> Any:
    """Show agreements and publication, and the simulator when asked (`?organisation=…`)."""
    return _show(_managed(recording_id))


@blueprint.route("/desk/recordings/<recording_id>/rights/agreements/new", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def new_agreement(recording_id: str) -> Any:
    """Enter an agreement; `?renews=` preselects the one that it renews."""
    recording = _managed(recording_id)
    desk = read_rights_desk(recording, clock.now())
    form = AgreementForm()
    form.set_choices(recording.kind, organisation_choices(), ui_language())
    form.set_lineages([(line.agreement.lineage, line.agreement.holder_name) for line in desk.lines])
    if not form.is_submitted():
        _fill_agreement(form, recording, desk)
    elif form.validate():
        try:
            details = _details(form, recording)
            with unit_of_work():
                add_agreement(current_actor(), recording_id, details, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("The agreement was entered."), "done")
            return _back(recording_id, "agreements")
    page = render_template(
        "rights/agreement_form.html", recording=recording, entry=desk.entry, form=form
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/desk/recordings/<recording_id>/rights/agreements/<agreement_id>/answer")
@access(RIGHTS_DESK)
def answer(recording_id: str, agreement_id: str) -> Any:
    """Enter the answer to a request."""
    recording = _managed(recording_id, agreement_id)
    form = AnswerForm(prefix=f"answer-{agreement_id}")
    if form.validate_on_submit():
        try:
            with unit_of_work():
                record_answer(
                    current_actor(), agreement_id, form.status.data, clock.now(),
                    signed_on=form.signed_on.data,
                    recording_consent=bool(form.recording_consent.data),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("The answer was entered."), "done")
            return _back(recording_id, "agreements")
    return _show(recording, answer_form=(agreement_id, form))


@blueprint.post("/desk/recordings/<recording_id>/rights/agreements/<agreement_id>/withdraw")
@access(RIGHTS_DESK)
def withdraw(recording_id: str, agreement_id: str) -> Any:
    """Enter that a rightsholder took an agreement back; it holds at once."""
    recording = _managed(recording_id, agreement_id)
    form = ReasonForm(prefix=f"withdraw-{agreement_id}")
    if form.validate_on_submit():
        try:
            with unit_of_work():
                withdraw_agreement(
                    current_actor(), agreement_id, clock.now(), reason=form.reason.data or ""
                )
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("The agreement is withdrawn. Nobody can use it any more."), "done")
            return _back(recording_id, "agreements")
    return _show(recording, withdraw_form=(agreement_id, form))


@blueprint.post("/desk/recordings/<recording_id>/rights/publish")
@access(RIGHTS_DESK)
def publish(recording_id: str) -> Any:
    """Publish: within the rights, or as set when `how` says so."""
    recording = _managed(recording_id)
    form = _publication_form(recording)
    if form.validate_on_submit():
        details = PublicationDetails(
            actions=tuple(form.actions.data or ()),
            reach=form.chosen_reach,
            orgs=frozenset(form.organisations.data or ()),
            enrolled_only=bool(form.enrolled_only.data),
            first_on=form.first_on.data,
            last_on=form.last_on.data,
        )
        try:
            with unit_of_work():
                publish_recording(
                    current_actor(), recording_id, details, clock.now(),
                    within_rights=request.form.get("how") != "as_set",
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("It is published."), "done")
            return _back(recording_id)
    return _show(recording, publication_form=form)


@blueprint.post("/desk/recordings/<recording_id>/rights/end-publication")
@access(RIGHTS_DESK)
def end(recording_id: str) -> Any:
    """End what is published."""
    with unit_of_work():
        end_publication(current_actor(), recording_id, clock.now())
    flash(_("It is not published any more."), "done")
    return _back(recording_id)


@blueprint.post("/desk/recordings/<recording_id>/rights/takedown")
@access(RIGHTS_DESK)
def stop(recording_id: str) -> Any:
    """Take it down for everyone, staff too."""
    recording = _managed(recording_id)
    form = ReasonForm(prefix="takedown")
    if form.validate_on_submit():
        try:
            with unit_of_work():
                take_down(current_actor(), recording_id, form.reason.data or "", clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("It is taken down. Nobody sees it any more, staff included."), "done")
            return _back(recording_id)
    return _show(recording, takedown_form=form)


@blueprint.post("/desk/recordings/<recording_id>/rights/lift-takedown")
@access(RIGHTS_DESK)
def lift(recording_id: str) -> Any:
    """Lift the takedown."""
    with unit_of_work():
        lift_takedown(current_actor(), recording_id, clock.now())
    flash(_("The takedown is lifted."), "done")
    return _back(recording_id)


def _managed(recording_id: str, agreement_id: str | None = None) -> Recording:
    """Return the recording; 404 for who does not look after it, or another one's agreement."""
    if not is_id(recording_id):
        raise NotFoundError
    recording = get_recording(recording_id)
    require_rights_desk(current_actor(), recording)
    if agreement_id is not None:
        agreement = find_agreement(agreement_id)
        if agreement is None or agreement.recording_id != recording_id:
            raise NotFoundError
    return recording


def _show(
    recording: Recording,
    *,
    publication_form: PublicationForm | None = None,
    takedown_form: ReasonForm | None = None,
    withdraw_form: tuple[str, ReasonForm] | None = None,
    answer_form: tuple[str, AnswerForm] | None = None,
) -> Any:
    desk = read_rights_desk(recording, clock.now())
    refused = publication_form or takedown_form or withdraw_form or answer_form
    if publication_form is None:
        publication_form = _publication_form(recording, desk)
    names, language = organisation_names(), ui_language()
    withdraw_forms: dict[str, TomoniForm] = {
        line.agreement.id: ReasonForm(None, prefix=f"withdraw-{line.agreement.id}")
        for line in desk.lines
    }
    answer_forms: dict[str, TomoniForm] = {
        line.agreement.id: AnswerForm(None, prefix=f"answer-{line.agreement.id}")
        for line in desk.lines
    }
    withdraw_forms.update([withdraw_form] if withdraw_form else [])
    answer_forms.update([answer_form] if answer_form else [])
    page = render_template(
        "rights/recording_rights.html",
        recording=recording,
        desk=desk,
        steps=steps_of(desk, clock.now()),
        gaps=gap_texts(desk.gaps),
        publication_form=publication_form,
        takedown_form=takedown_form or ReasonForm(None, prefix="takedown"),
        withdraw_forms=withdraw_forms,
        answer_forms=answer_forms,
        scope_text=lambda scope: scope_text(scope, names, language),
        brief_text=lambda scope: brief_text(scope, names, language),
        refusals=[(gap_texts([Code(code)])[0], count) for code, count in desk.refusals],
        reach_text=lambda scope: reach_text(scope.reach, scope.orgs, names, language),
        window_text=lambda scope: window_text(scope.opens, scope.closes, language),
        names=names,
        simulation=simulation(recording),
    )
    return page, 422 if refused else 200


def _publication_form(recording: Recording, desk: RightsDesk | None = None) -> PublicationForm:
    data = {} if desk is None else publication_defaults(desk)
    form = (
        PublicationForm(None, prefix="publish", **data)
        if desk
        else PublicationForm(prefix="publish")
    )
    form.set_choices(recording.kind, organisation_choices(), ui_language())
    return form


def _fill_agreement(form: AgreementForm, recording: Recording, desk: RightsDesk) -> None:
    form.kind.data = "speaker" if recording.kind == "video" else "slides"
    form.actions.data = ["play"] if recording.kind == "video" else ["display", "download"]
    form.reach.data = Reach.AFFILIATE.name.lower()
    wanted = request.args.get("renews", "")
    for line in desk.lines:
        if line.agreement.lineage == wanted:
            form.renews.data = wanted
            form.kind.data = line.agreement.kind
            form.holder_name.data = line.agreement.holder_name
            form.attribution.data = line.agreement.attribution


def _details(form: AgreementForm, recording: Recording) -> AgreementDetails:
    identifier = (form.holder_account.data or "").strip()
    account = find_account(identifier) if identifier else None
    if identifier and account is None:
        raise InvalidInputError("holder_account", "holder_unknown")
    grants, prohibitions = agreement_details(form, recording.edition_id)
    return AgreementDetails(
        holder_name=form.holder_name.data or "",
        kind=form.kind.data,
        status=form.status.data,
        holder_person_id=None if account is None else account.person_id,
        signed_on=form.signed_on.data,
        recording_consent=bool(form.recording_consent.data),
        attribution=form.attribution.data or "",
        note=form.note.data or "",
        lineage=form.renews.data or None,
        grants=tuple(TermDetails(one, form.first_on.data, form.last_on.data) for one in grants),
        prohibitions=tuple(TermDetails(one) for one in prohibitions),
    )


def _back(recording_id: str, anchor: str | None = None) -> Any:
    return redirect(
        url_for("rights.recording_rights", recording_id=recording_id, _anchor=anchor), 303
    )
