"""The rights desk: one recording's agreements, publication and takedown."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.site import read_site
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.dates import format_day
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_account, read_tree
from lms.people.rules import Tree
from lms.recordings.models import MediaKind, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.forms import AgreementForm, AnswerForm, PublicationForm, ReasonForm
from lms.rights.forms.segments import NoteForm, NumberForm, OverrideForm, TakedownForm
from lms.rights.models import PublicationProposal
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    end_publication,
    propose_publication,
    publish_recording,
    record_answer,
    wanted_scope,
    withdraw_agreement,
)
from lms.rights.operations.proposing import details_from_json
from lms.rights.operations.publishing import plan_publication
from lms.rights.queries import (
    AgreementLine,
    RightsDesk,
    find_agreement,
    list_overrides,
    read_rights_desk,
)
from lms.rights.queries.adapting import find_makings
from lms.rights.queries.elsewhere import find_removal_task
from lms.rights.queries.proposals import list_proposals
from lms.rights.rules import Code, Reach
from lms.rights.texts.consent import ruled_out_words
from lms.rights.texts.desk import brief_text, gap_texts, reach_text, scope_text, window_text
from lms.rights.texts.segments import (
    CLASHES,
    OVERRIDE_CHIPS,
    OVERRIDE_STATES,
    PROPOSAL_STATES,
)
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import (
    agreement_details,
    organisation_choices,
    organisation_names,
    publication_defaults,
    steps_of,
)
from lms.rights.views.managing import managed_recording, segment_choices, takedown_words
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
    """Publish, within the rights, or as set when `how` says so.

    Where the federation wants two people for it, propose it to a second one instead.
    """
    recording = _managed(recording_id)
    propose = read_site().second_approval
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
                (propose_publication if propose else publish_recording)(
                    current_actor(), recording_id, details, clock.now(),
                    within_rights=request.form.get("how") != "as_set",
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(
                _("It is proposed. Somebody else has to approve it.")
                if propose
                else _("It is published."),
                "done",
            )
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


def _managed(recording_id: str, agreement_id: str | None = None) -> Recording:
    """Return the recording; 404 for who does not look after it, or another one's agreement."""
    recording = managed_recording(recording_id)
    if agreement_id is not None:
        agreement = find_agreement(agreement_id)
        if agreement is None or agreement.recording_id != recording_id:
            raise NotFoundError
    return recording


def _show(
    recording: Recording,
    *,
    publication_form: PublicationForm | None = None,
    takedown_form: TakedownForm | None = None,
    withdraw_form: tuple[str, ReasonForm] | None = None,
    answer_form: tuple[str, AnswerForm] | None = None,
) -> Any:
    refused = publication_form or takedown_form or withdraw_form or answer_form
    page = show_rights(
        recording,
        publication_form=publication_form,
        takedown_form=takedown_form,
        withdraw_form=withdraw_form,
        answer_form=answer_form,
    )
    return page, 422 if refused else 200


def show_rights(
    recording: Recording,
    *,
    publication_form: PublicationForm | None = None,
    takedown_form: TakedownForm | None = None,
    withdraw_form: tuple[str, ReasonForm] | None = None,
    answer_form: tuple[str, AnswerForm] | None = None,
    override_form: OverrideForm | None = None,
    decision_form: tuple[str, TomoniForm] | None = None,
) -> str:
    """Return the page of a recording's rights; a form that was refused takes its place on it.

    `decision_form` is (id of the proposal or exception, form).
    """
    at = clock.now()
    desk, tree = read_rights_desk(recording, at), read_tree()
    if publication_form is None:
        publication_form = _publication_form(recording, desk, tree)
    names, language = organisation_names(tree), ui_language()
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
    parts = segment_choices(recording)
    if takedown_form is None:
        takedown_form = TakedownForm(None, prefix="takedown")
        takedown_form.set_choices(recording.kind, parts)
    if override_form is None:
        override_form = OverrideForm(None, prefix="override")
        override_form.set_choices(recording.kind)
    overrides, proposals = list_overrides(recording.id, at), list_proposals(recording.id)
    numbers = _number_forms(
        [*(one.override.id for one in overrides), *(one.proposal.id for one in proposals)],
        decision_form,
    )
    holders = {line.agreement.id: _dated(line) for line in desk.lines}
    return render_template(
        "rights/recording_rights.html",
        recording=recording,
        desk=desk,
        steps=steps_of(desk, at),
        removal=find_removal_task(desk),
        gaps=gap_texts(desk.gaps),
        publication_form=publication_form,
        takedown_form=takedown_form,
        takedown_text=takedown_words(parts),
        override_form=override_form,
        overrides=overrides,
        override_words={"state": OVERRIDE_STATES, "chip": OVERRIDE_CHIPS},
        proposals=[
            (line, _proposed_text(recording, line.proposal, names, language, at))
            for place, line in enumerate(proposals)
            if place == 0 or line.proposal.state == "waiting"
        ],
        proposal_states=PROPOSAL_STATES,
        second_approval=read_site().second_approval,
        clashes=[
            CLASHES[one.kind] % {"one": holders[one.one], "other": holders[one.other]}
            for one in desk.clashes
            if one.one in holders and one.other in holders
        ],
        decision_form=decision_form,
        number_forms=numbers,
        note_form=NoteForm(None),
        withdraw_forms=withdraw_forms,
        answer_forms=answer_forms,
        ruled_out=ruled_out_words(find_makings(recording.id, at)),
        scope_text=lambda scope: scope_text(scope, names, language),
        brief_text=lambda scope: brief_text(scope, names, language),
        refusals=[(gap_texts([Code(code)])[0], count) for code, count in desk.refusals],
        reach_text=lambda scope: reach_text(scope.reach, scope.orgs, names, language),
        window_text=lambda scope: window_text(scope.opens, scope.closes, language),
        names=names,
        simulation=simulation(recording, tree),
    )


def _number_forms(
    keys: Iterable[str], refused: tuple[str, TomoniForm] | None
) -> dict[str, NumberForm]:
    """Return a form for each decision, its field with an id of its own, so that labels find it."""
    forms = {key: NumberForm(None) for key in keys}
    if refused is not None and isinstance(refused[1], NumberForm):
        forms[refused[0]] = refused[1]
    for key, form in forms.items():
        form.number.id = f"number-{key}"
    return forms


def _dated(line: AgreementLine) -> str:
    """Name an agreement so that two of one rightsholder can be told apart."""
    day = line.signed_on
    name = line.agreement.holder_name
    if day is None:
        return name
    return str(
        _("%(name)s (%(day)s)", name=name, day=format_day(day, ui_language(), weekday=False))
    )


def _proposed_text(
    recording: Recording,
    proposal: PublicationProposal,
    names: Mapping[str, str],
    language: str,
    at: datetime,
) -> str:
    """Say what a proposal would publish now, within the rights where that was wanted."""
    details = details_from_json(proposal.details)
    scope = wanted_scope(details)
    if proposal.state == "waiting":
        try:
            scope = plan_publication(recording, details, at, within_rights=proposal.within_rights)
        except RightsRefusedError as error:
            return f"{brief_text(scope, names, language)} ({refusal_sentence(error)})"
    return brief_text(scope, names, language)


def _publication_form(
    recording: Recording, desk: RightsDesk | None = None, tree: Tree | None = None
) -> PublicationForm:
    data = {} if desk is None else publication_defaults(desk)
    form = (
        PublicationForm(None, prefix="publish", **data)
        if desk
        else PublicationForm(prefix="publish")
    )
    form.set_choices(recording.kind, organisation_choices(tree), ui_language())
    return form


def _fill_agreement(form: AgreementForm, recording: Recording, desk: RightsDesk) -> None:
    form.kind.data = "slides" if recording.kind == MediaKind.PAPER else "speaker"
    form.actions.data = ["display", "download"] if recording.kind == MediaKind.PAPER else ["play"]
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
