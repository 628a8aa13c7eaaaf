"""What the page behind a link and a rightsholder's own page share: answering, signing, the copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Response, render_template, request
from flask_babel import gettext as _

from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.i18n import speaking
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.forms import TomoniForm
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.localized import pick
from lms.people.queries import read_tree
from lms.rights.forms.consent import ItemForm, SignForm
from lms.rights.operations.consenting import keep_copy, mark_of
from lms.rights.operations.copies import print_copy
from lms.rights.queries.consents import Letter, LetterItem, find_letter
from lms.rights.rules.consent import ADAPTATIONS, ItemAnswer
from lms.rights.texts import consent as words
from lms.rights.texts.letters import copy_document, organisation_words, sender, spoken

log = structlog.get_logger()

_LEVELS = ("hq", "industrial", "affiliate")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the pages of one letter lie, by link or signed in."""

    letter: str
    sign: str
    copy: str
    new_code: str
    withdraw: Callable[[str], str]


def item_forms(letter: Letter, *, posted: bool) -> dict[str, ItemForm]:
    """Return a form for each open item: as sent, else with what was chosen or asked for."""
    names, language = organisation_words(ui_language()), ui_language()
    choices = [
        (str(node.id), "\u3000" * depth + pick(node.name, language).text)
        for depth, node in read_tree().rows()
        if node.level in _LEVELS
    ]
    forms = {}
    for one in letter.open_items:
        form = ItemForm(request.form if posted else None, prefix=one.item.id, meta={"csrf": False})
        form.set_asked(one.asked, names, choices, language)
        if not posted:
            form.show(one.asked if one.drafted is None else one.drafted.terms)
            form.choice.data = None if one.drafted is None else one.drafted.choice
            form.other.data = "" if one.drafted is None else one.drafted.other
        forms[one.item.id] = form
    return forms


def answers_of(letter: Letter, forms: Mapping[str, ItemForm]) -> dict[str, ItemAnswer] | None:
    """Return what was chosen for each item; None when a form has faults, which it shows."""
    answers: dict[str, ItemAnswer] = {}
    fine = True
    for one in letter.open_items:
        form = forms[one.item.id]
        if not form.validate():
            fine = False
            continue
        try:
            answers[one.item.id] = form.answer(one.asked, one.recording.edition_id)
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
            fine = False
    return answers if fine else None


def refuse_item(main: TomoniForm, forms: Mapping[str, ItemForm], error: InvalidInputError) -> None:
    """Put the sentence under the field of the item that it is about, else above the form."""
    item_id, _dash, field = error.field.partition("-")
    form = forms.get(item_id)
    if form is None:
        main.refuse(error.field, refusal_sentence(error))
    else:
        # What was not asked for has no field that could be seen.
        seen = field in form and field not in ADAPTATIONS and form.offers(field)
        form.refuse(field if seen else "choice", refusal_sentence(error))


def letter_page(
    letter: Letter,
    places: Places,
    *,
    main: TomoniForm | None = None,
    forms: Mapping[str, ItemForm] | None = None,
    signed_in: bool,
) -> Any:
    """Show a letter: what is asked and the form; once answered, the state and the copy."""
    names, language = organisation_words(ui_language()), ui_language()
    refused = main is not None
    main = main or TomoniForm(None)
    forms = item_forms(letter, posted=False) if forms is None else forms
    wrong = any(form.errors for form in forms.values())
    if wrong and not main.form_errors:
        main.refuse("", _("Please look at the items below: something is missing or too much."))
    page = render_template(
        "rights/consent/letter.html",
        letter=letter,
        places=places,
        main=main,
        forms=forms,
        sender=sender(language),
        asked_rows=lambda one: words.terms_rows(
            one.asked, names, language, asked=True, own_words=False
        ),
        given_rows=lambda one: words.terms_rows(one.given, names, language),
        words=words,
        signed_in=signed_in,
    )
    return page, 422 if refused or wrong else 200


def sign_page(letter: Letter, places: Places, form: SignForm, *, signed_in: bool) -> Any:
    """Show what is about to be signed, and the form of the signature."""
    names, language = organisation_words(ui_language()), ui_language()
    if not form.is_submitted():
        form.mark.data = mark_of(letter.request.id)
    page = render_template(
        "rights/consent/sign.html",
        letter=letter,
        places=places,
        form=form,
        words=words,
        drafted_rows=lambda one: words.terms_rows(one.drafted.terms, names, language),
        signed_in=signed_in,
    )
    return page, 422 if form.is_submitted() else 200


def make_copy(request_id: str, secret: str = "") -> None:
    """Set the signed copy now, outside the transaction that took the answer; its job is second."""
    letter = find_letter(request_id)
    if letter is None or letter.request.document_key or letter.request.state != "answered":
        return
    language = spoken(letter.request.language)
    with speaking(language):
        document = copy_document(letter, organisation_words(language))
        author = sender(language)
    db.session.rollback()  # no transaction stays open while the pages are set
    key, digest = print_copy(
        current_storage(), request_id, document.blocks, language=language,
        title=document.title, author=author, at=document.at, foot=document.foot,
    )  # fmt: skip
    with unit_of_work():
        keep_copy(request_id, key, digest, clock.now(), secret=secret)


def make_copy_soon(request_id: str, secret: str = "") -> None:
    """Set the signed copy now; where that fails its job does, for the answer is signed already."""
    try:
        make_copy(request_id, secret)
    except Exception:  # whatever it is: the signature holds, and the job tries again
        db.session.rollback()
        log.exception("consent_copy_failed", request_id=request_id)


def copy_answer(letter: Letter) -> Response:
    """Give the signed copy, or the scan of the paper, to who may have it."""
    if letter.request.state != "answered":
        raise NotFoundError
    if not letter.request.document_key:
        make_copy(letter.request.id)
        letter = find_letter(letter.request.id) or letter
    return file_answer(letter.request.document_key, f"{letter.request.number}")


def file_answer(key: str, name: str) -> Response:
    """Give a kept document in the browser; its kind is told by the ending that we gave it."""
    ending = key.rpartition(".")[2]
    kinds = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}
    try:
        data = current_storage().read(key)
    except FileNotFoundError:
        raise NotFoundError from None
    answer = Response(data, mimetype=kinds.get(ending, "application/octet-stream"))
    safe = "".join(char for char in name if char.isascii() and (char.isalnum() or char in "-_"))
    answer.headers["Content-Disposition"] = f'inline; filename="{safe or "copy"}.{ending}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def withdrawable_uses(one: LetterItem) -> list[str]:
    """Return the uses that are granted and not taken back yet."""
    granted = {use for term in one.agreement.terms for use in term.conditions.get("actions", ())}
    gone = {use for withdrawal in one.withdrawals for use in withdrawal.actions}
    return sorted(granted - gone)
