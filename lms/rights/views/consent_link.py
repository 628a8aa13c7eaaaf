"""The page behind the link of a letter: no account, no way to sign with a forwarded link."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from lms.infra.db import unit_of_work
from lms.infra.i18n import LANGUAGES
from lms.infra.web.access import PUBLIC, access
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.consent import SignForm, WithdrawForm
from lms.rights.operations.consenting import (
    ask_code,
    draft_answers,
    sign_by_link,
    withdraw_by_link,
)
from lms.rights.queries.consents import Letter, LetterItem, find_letter_by_secret
from lms.rights.texts import consent as words
from lms.rights.texts.letters import spoken
from lms.rights.views.answering import (
    Places,
    answers_of,
    copy_answer,
    item_forms,
    letter_page,
    make_copy_soon,
    refuse_item,
    sign_page,
    withdrawable_uses,
)
from lms.rights.views.blueprint import blueprint


@blueprint.after_request
def keep_secret(response: Response) -> Response:
    """Let no address with a secret leave by a Referer, and no search engine keep the page."""
    if request.path.startswith("/consents/"):
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/consents/<secret>")
@access(PUBLIC)
def consent(secret: str) -> Any:
    """Show what is asked, or what was answered. Opening it changes nothing."""
    letter = find_letter_by_secret(secret, clock.now())
    if letter is None:
        return _gone()
    if session.get("language") not in LANGUAGES:
        session["language"] = spoken(letter.request.language)
    return letter_page(letter, _places(secret), signed_in=False)


@blueprint.post("/consents/<secret>")
@access(PUBLIC)
def answer_consent(secret: str) -> Any:
    """Keep the answers and send the code with which they are signed."""
    letter = find_letter_by_secret(secret, clock.now())
    if letter is None:
        return _gone()
    main, forms = TomoniForm(), item_forms(letter, posted=True)
    answers = answers_of(letter, forms) if letter.open_items else None
    if answers is not None:
        try:
            with unit_of_work():
                draft_answers(letter.request.id, answers, clock.now())
            with unit_of_work():
                ask_code(letter.request.id, secret, clock.now())
        except InvalidInputError as error:
            refuse_item(main, forms, error)
        except RightsRefusedError as error:
            main.refuse("", refusal_sentence(error))
        else:
            return redirect(url_for("rights.sign_consent", secret=secret), 303)
    return letter_page(letter, _places(secret), main=main, forms=forms, signed_in=False)


@blueprint.route("/consents/<secret>/sign", methods=["GET", "POST"])
@access(PUBLIC)
def sign_consent(secret: str) -> Any:
    """Sign with name, tick and code."""
    letter = find_letter_by_secret(secret, clock.now())
    if letter is None:
        return _gone()
    if not letter.is_drafted:
        return redirect(url_for("rights.consent", secret=secret), 303)
    form = SignForm()
    if form.validate_on_submit() and form.check(with_code=True):
        try:
            with unit_of_work():
                fault = sign_by_link(
                    letter.request.id, secret, name=form.name.data or "",
                    code=form.code.data or "", mark=form.mark.data or "", at=clock.now(),
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            if not fault:
                make_copy_soon(letter.request.id, secret)
                flash(_("Thank you. Your answer is signed."), "done")
                return redirect(url_for("rights.consent", secret=secret), 303)
            form.refuse("code", words.sentence(fault))
    return sign_page(letter, _places(secret), form, signed_in=False)


@blueprint.post("/consents/<secret>/code")
@access(PUBLIC)
def send_consent_code(secret: str) -> Any:
    """Send a code to the rightsholder's own address; `?agreement=` goes on to withdrawing."""
    letter = find_letter_by_secret(secret, clock.now())
    if letter is None:
        return _gone()
    with unit_of_work():
        sent = ask_code(letter.request.id, secret, clock.now())
    flash(
        _("A code is on its way to your mailbox.")
        if sent
        else _("A code was sent a moment ago. Please look into your mailbox."),
        "info",
    )
    wanted = request.args.get("agreement", "")
    if any(one.agreement.id == wanted for one in letter.items):
        return redirect(_places(secret).withdraw(wanted), 303)
    return redirect(url_for("rights.sign_consent", secret=secret), 303)


@blueprint.get("/consents/<secret>/copy")
@access(PUBLIC)
def consent_copy(secret: str) -> Any:
    """Give the signed copy."""
    letter = find_letter_by_secret(secret, clock.now())
    if letter is None or letter.request.state != "answered":
        return _gone()
    return copy_answer(letter)


@blueprint.route("/consents/<secret>/withdraw/<agreement_id>", methods=["GET", "POST"])
@access(PUBLIC)
def withdraw_consent(secret: str, agreement_id: str) -> Any:
    """Take an agreement back, all of it or some uses, with a code from the mailbox."""
    letter = find_letter_by_secret(secret, clock.now())
    one = None if letter is None else _withdrawable(letter, agreement_id)
    if letter is None or one is None:
        return _gone()
    form = WithdrawForm()
    form.set_uses(withdrawable_uses(one))
    if form.validate_on_submit():
        fault = "code_missing"
        try:
            if (form.code.data or "").strip():
                with unit_of_work():
                    fault = withdraw_by_link(
                        letter.request.id, secret, agreement_id, clock.now(),
                        code=form.code.data or "", actions=tuple(form.actions.data or ()),
                        reason=form.reason.data or "",
                    )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except (RightsRefusedError, NotFoundError):
            return redirect(url_for("rights.consent", secret=secret), 303)
        else:
            if not fault:
                flash(_("It is taken back, at once. A receipt is on its way by mail."), "done")
                return redirect(url_for("rights.consent", secret=secret), 303)
            form.refuse("code", words.sentence(fault))
    page = render_template(
        "rights/consent/withdraw.html",
        letter=letter,
        one=one,
        form=form,
        back=url_for("rights.consent", secret=secret),
        code_url=url_for("rights.send_consent_code", secret=secret, agreement=agreement_id),
    )
    return page, 422 if form.is_submitted() else 200


def _withdrawable(letter: Letter, agreement_id: str) -> LetterItem | None:
    return next(
        (one for one in letter.items if one.agreement.id == agreement_id and one.in_force), None
    )


def _places(secret: str) -> Places:
    return Places(
        letter=url_for("rights.consent", secret=secret),
        sign=url_for("rights.sign_consent", secret=secret),
        copy=url_for("rights.consent_copy", secret=secret),
        new_code=url_for("rights.send_consent_code", secret=secret),
        withdraw=lambda agreement_id: url_for(
            "rights.withdraw_consent", secret=secret, agreement_id=agreement_id
        ),
    )


def _gone() -> Any:
    """Answer the same for a link that is unknown, altered, replaced, cancelled or run out."""
    return render_template("rights/consent/gone.html"), 404
