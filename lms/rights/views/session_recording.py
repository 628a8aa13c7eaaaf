"""What will be recorded of a session, who has to be asked, and the points of the venue."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError
from lms.kernel.localized import localized
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.consent import ChecklistForm, PlanForm
from lms.rights.operations.planning import plan_recording, tick_checklist
from lms.rights.queries.consents import find_plan, list_session_agreements
from lms.rights.texts import consent as words
from lms.rights.views.blueprint import blueprint
from lms.sessions.policy import require_organiser_of_session
from lms.sessions.queries import get_live_session, speakers_of

NAV = "sessions.edition_sessions"


@blueprint.get("/desk/sessions/<live_session_id>/recording")
@access(STAFF)
def session_recording(live_session_id: str) -> Any:
    """Show what is planned to be recorded of a session and how far the asking is."""
    return _show(live_session_id)


@blueprint.post("/desk/sessions/<live_session_id>/recording/plan")
@access(STAFF)
def plan_session_recording(live_session_id: str) -> Any:
    """Plan a recording or a paper of the session."""
    require_organiser_of_session(current_actor(), live_session_id)
    form = PlanForm()
    if form.validate_on_submit():
        title = localized(form.title_ja.data or "", form.title_en.data or "")
        try:
            with unit_of_work():
                planned = plan_recording(
                    current_actor(), live_session_id, form.kind.data or "", clock.now(),
                    title=title, language=ui_language(),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("It is planned. Now ask those who hold rights in it."), "done")
            return redirect(
                url_for(
                    "rights.session_recording", live_session_id=live_session_id,
                    _anchor=f"recording-{planned.id}",
                ),
                303,
            )  # fmt: skip
    return _show(live_session_id, plan_form=form)


@blueprint.post("/desk/sessions/<live_session_id>/recording/checklist")
@access(STAFF)
def tick_session_checklist(live_session_id: str) -> Any:
    """Write down what was seen to at the venue."""
    require_organiser_of_session(current_actor(), live_session_id)
    form = ChecklistForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                tick_checklist(current_actor(), live_session_id, form.done.data or (), clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return redirect(
                url_for("rights.session_recording", live_session_id=live_session_id), 303
            )
    return _show(live_session_id, checklist_form=form)


@blueprint.get("/desk/sessions/<live_session_id>/recording/sheet")
@access(STAFF)
def recording_sheet(live_session_id: str) -> Any:
    """Show the sheet for the venue: the notice to hang up, and the list to tick."""
    edition = require_organiser_of_session(current_actor(), live_session_id)
    card = get_live_session(live_session_id)
    return render_template(
        "rights/ask/sheet.html",
        card=card,
        edition=edition,
        checklist=words.CHECKLIST,
        state=card.recording_state,
        words=words,
    )


def _show(
    live_session_id: str,
    *,
    plan_form: PlanForm | None = None,
    checklist_form: ChecklistForm | None = None,
) -> Any:
    edition = require_organiser_of_session(current_actor(), live_session_id)
    card = get_live_session(live_session_id)
    planned = list_session_agreements(live_session_id)
    refused = plan_form or checklist_form
    if plan_form is None:
        plan_form = PlanForm(None)
        plan_form.title_ja.data = card.title.get("ja", "")
        plan_form.title_en.data = card.title.get("en", "")
    films = [recording for recording, _agreements in planned if recording.kind != "paper"]
    if checklist_form is None:
        checklist_form = ChecklistForm(None)
        plan = find_plan(films[0].id) if films else None
        checklist_form.done.data = [] if plan is None else list(plan.checklist)
    page = render_template(
        "rights/ask/session_recording.html",
        card=card,
        edition=edition,
        edition_id=edition.edition_id,
        nav_current=NAV,
        planned=planned,
        has_film=bool(films),
        speakers=speakers_of([card.id]).get(card.id, ()),
        plan_form=plan_form,
        checklist_form=checklist_form,
        words=words,
    )
    return page, 422 if refused else 200
