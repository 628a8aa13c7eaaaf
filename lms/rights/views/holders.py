"""The desk's list of rightsholders, and the model letters and forms."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.db import db, unit_of_work
from lms.infra.i18n import LANGUAGES, speaking
from lms.infra.typesetting import typeset
from lms.infra.web.access import RIGHTS_DESK, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_person, name_of
from lms.rights.forms.consent import HolderForm
from lms.rights.operations import change_rightsholder
from lms.rights.queries.consents import list_holders, list_unasked
from lms.rights.texts.letters import MODELS, Document, model_document, sender
from lms.rights.views.asking import holder_details, managed_holder, pdf_answer
from lms.rights.views.blueprint import blueprint


@blueprint.get("/desk/rights/holders")
@access(RIGHTS_DESK)
def holders() -> Any:
    """List rightsholders; `?q=` searches names, organisations and addresses."""
    search = request.args.get("q", "")[:100].replace("\0", "")
    return render_template(
        "rights/ask/holders.html", holders=list_holders(current_actor(), search), search=search
    )


@blueprint.route("/desk/rights/holders/<rightsholder_id>", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def holder(rightsholder_id: str) -> Any:
    """Change a rightsholder; what is noted for them and not asked yet stands beside it."""
    found = managed_holder(rightsholder_id)
    form = HolderForm(obj=None if request.method == "POST" else found)
    if form.validate_on_submit():
        try:
            details = holder_details(form, found.person_id)
            with unit_of_work():
                change_rightsholder(current_actor(), rightsholder_id, details, clock.now())
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        else:
            flash(_("Saved."), "done")
            return redirect(url_for("rights.holder", rightsholder_id=rightsholder_id), 303)
    person = None if found.person_id is None else find_person(found.person_id)
    page = render_template(
        "rights/ask/holder.html",
        holder=found,
        form=form,
        account=None if person is None else name_of(person),
        waiting=list_unasked(found.id),
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/desk/rights/forms")
@access(RIGHTS_DESK)
def consent_forms() -> Any:
    """Offer the model letter and the model form, to be printed and used freely."""
    return render_template("rights/ask/forms.html", models=MODELS, languages=LANGUAGES)


@blueprint.get("/desk/rights/forms/<form_name>/<language>")
@access(RIGHTS_DESK)
def consent_form_page(form_name: str, language: str) -> Any:
    """Show a model as a page that prints."""
    document, _author = _model(form_name, language)
    return render_template("rights/ask/form_page.html", document=document, form_name=form_name)


@blueprint.get("/desk/rights/forms/<form_name>/<language>/pdf")
@access(RIGHTS_DESK)
def consent_form_pdf(form_name: str, language: str) -> Any:
    """Give a model as PDF."""
    document, author = _model(form_name, language)
    db.session.rollback()  # no transaction stays open while the pages are set
    pdf = typeset(
        document.blocks, language=language, title=document.title, author=author, at=document.at
    )
    return pdf_answer(pdf, f"{form_name}-{language}")


def _model(form_name: str, language: str) -> tuple[Document, str]:
    if form_name not in MODELS or language not in LANGUAGES:
        raise NotFoundError
    with speaking(language):
        return model_document(form_name, language, clock.now()), sender(language)
