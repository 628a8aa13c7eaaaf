"""Completions that a correction put in question."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.completion.forms import QuestionForm
from lms.completion.operations import decide_question
from lms.completion.policy import may_manage_completion
from lms.completion.queries import list_open_questions, requirement_titles
from lms.completion.texts import cause_text
from lms.completion.views.blueprint import blueprint
from lms.infra.db import unit_of_work
from lms.infra.web.access import STAFF, access, current_actor, found
from lms.kernel import clock
from lms.people.queries import name_of


def _page(form: QuestionForm, task_id: str = "", status: int = 200) -> Any:
    actor = current_actor()
    own = [one for one in list_open_questions() if may_manage_completion(actor, one.edition)]
    titles = requirement_titles({key for one in own for key in one.task.lacking.split()})
    page = render_template(
        "completion/questions.html",
        questions=[
            {
                "task": one.task,
                "name": name_of(one.person).shown,
                "programme": one.programme,
                "edition": one.edition,
                "earned_on": clock.day_in(one.achievement.earned_at),
                "cause": cause_text(one.task.cause),
                "lacking": [titles[key] for key in one.task.lacking.split() if key in titles],
            }
            for one in own
        ],
        form=form,
        refused=task_id,
        nav_current="completion.questions",
    )
    return page, status


@blueprint.get("/desk/completion/questions")
@access(STAFF)
def questions() -> Any:
    """Show what is to be decided."""
    return _page(QuestionForm(formdata=None))


@blueprint.post("/desk/completion/questions/<task_id>")
@access(STAFF)
def decide(task_id: str) -> Any:
    """Keep or revoke a completion."""
    actor = current_actor()
    own = {o.task.id for o in list_open_questions() if may_manage_completion(actor, o.edition)}
    form = QuestionForm()
    if task_id in own and not (form.reason.data or "") and form.validate_on_submit():
        form.refuse("reason", _("Please write a reason."))
        return _page(form, task_id, 422)
    choice = request.form.get("choice", "")
    if task_id in own and (not form.validate_on_submit() or choice not in {"keep", "revoke"}):
        if choice not in {"keep", "revoke"}:
            form.refuse("reason", _("Please choose whether to keep or to revoke it."))
        return _page(form, task_id, 422)
    found(form.validate_on_submit() or None)
    with unit_of_work():
        decide_question(
            actor,
            task_id,
            revoke=choice == "revoke",
            reason=form.reason.data or "",
            at=clock.now(),
        )
    flash(
        _("The completion is revoked.") if choice == "revoke" else _("The completion is kept."),
        "done",
    )
    return redirect(url_for("completion.questions"), 303)
