"""A rightsholder's own agreements and the letters that wait for their answer, signed in."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.web.access import SIGNED_IN, access, current_actor
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.consent import SignForm, WithdrawForm
from lms.rights.operations.consenting import (
    draft_answers,
    require_own_request,
    sign_signed_in,
    withdraw_own,
)
from lms.rights.policy import is_holder
from lms.rights.queries import find_agreement, list_consents
from lms.rights.queries.consents import Letter, documents_of, find_letter, list_own_letters
from lms.rights.texts import consent as words
from lms.rights.texts.desk import reach_text, window_text
from lms.rights.views.answering import (
    Places,
    answers_of,
    copy_answer,
    item_forms,
    letter_page,
    make_copy_soon,
    refuse_item,
    sign_page,
)
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import organisation_names


@blueprint.get("/my/consents")
@access(SIGNED_IN)
def my_consents() -> Any:
    """List what I agreed to, and what waits for my answer."""
    names, language = organisation_names(), ui_language()
    person_id, at = current_actor().person_id or "", clock.now()
    consents = list_consents(person_id, at)
    forms = {}
    for consent in consents:
        form = WithdrawForm(None, prefix=f"withdraw-{consent.line.agreement.id}")
        scope = consent.line.scope
        form.set_uses(() if scope is None or scope.actions is None else scope.actions)
        forms[consent.line.agreement.id] = form
    return render_template(
        "rights/my_consents.html",
        consents=consents,
        letters=list_own_letters(person_id, at),
        documents=documents_of([consent.line.agreement.id for consent in consents]),
        words=words,
        forms=forms,
        reach_text=lambda scope: reach_text(scope.reach, scope.orgs, names, language),
        window_text=lambda scope: window_text(scope.opens, scope.closes, language),
    )


@blueprint.post("/my/consents/<agreement_id>/withdraw")
@access(SIGNED_IN)
def withdraw_mine(agreement_id: str) -> Any:
    """Take my own agreement back, all of it or some uses, at once."""
    agreement = find_agreement(agreement_id)
    if agreement is None or not is_holder(current_actor(), agreement):
        raise NotFoundError
    form = WithdrawForm(prefix=f"withdraw-{agreement_id}")
    with unit_of_work():
        withdraw_own(
            current_actor(), agreement_id, clock.now(),
            actions=tuple(form.actions.data or ()), reason=(form.reason.data or "")[:2000],
        )  # fmt: skip
    flash(_("It is taken back, at once. A receipt is on its way by mail."), "done")
    return redirect(url_for("rights.my_consents"), 303)


@blueprint.get("/my/consents/letters/<request_id>")
@access(SIGNED_IN)
def my_letter(request_id: str) -> Any:
    """Show a letter to me, with its items, and my answer once I have signed it."""
    return letter_page(_mine(request_id), _places(request_id), signed_in=True)


@blueprint.post("/my/consents/letters/<request_id>")
@access(SIGNED_IN)
def answer_my_letter(request_id: str) -> Any:
    """Keep my answers until I sign them."""
    letter = _mine(request_id)
    main, forms = TomoniForm(), item_forms(letter, posted=True)
    answers = answers_of(letter, forms) if letter.open_items else None
    if answers is not None:
        try:
            with unit_of_work():
                draft_answers(request_id, answers, clock.now())
        except InvalidInputError as error:
            refuse_item(main, forms, error)
        except RightsRefusedError as error:
            main.refuse("", refusal_sentence(error))
        else:
            return redirect(url_for("rights.sign_my_letter", request_id=request_id), 303)
    return letter_page(letter, _places(request_id), main=main, forms=forms, signed_in=True)


@blueprint.route("/my/consents/letters/<request_id>/sign", methods=["GET", "POST"])
@access(SIGNED_IN)
def sign_my_letter(request_id: str) -> Any:
    """Sign my answers with name and tick; being signed in stands for the code."""
    letter = _mine(request_id)
    if not letter.is_drafted:
        return redirect(url_for("rights.my_letter", request_id=request_id), 303)
    form = SignForm()
    if form.validate_on_submit() and form.check(with_code=False):
        try:
            with unit_of_work():
                sign_signed_in(
                    current_actor(), request_id, name=form.name.data or "",
                    mark=form.mark.data or "", at=clock.now(),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            make_copy_soon(request_id)
            flash(_("Thank you. Your answer is signed."), "done")
            return redirect(url_for("rights.my_letter", request_id=request_id), 303)
    return sign_page(letter, _places(request_id), form, signed_in=True)


@blueprint.get("/my/consents/letters/<request_id>/copy")
@access(SIGNED_IN)
def my_copy(request_id: str) -> Any:
    """Give me the signed copy."""
    return copy_answer(_mine(request_id))


def _mine(request_id: str) -> Letter:
    letter = find_letter(request_id)
    if letter is None or letter.request.state == "cancelled":
        raise NotFoundError
    require_own_request(current_actor(), letter.request)
    return letter


def _places(request_id: str) -> Places:
    return Places(
        letter=url_for("rights.my_letter", request_id=request_id),
        sign=url_for("rights.sign_my_letter", request_id=request_id),
        copy=url_for("rights.my_copy", request_id=request_id),
        new_code="",
        withdraw=lambda agreement_id: url_for(
            "rights.my_consents", _anchor=f"consent-{agreement_id}"
        ),
    )
