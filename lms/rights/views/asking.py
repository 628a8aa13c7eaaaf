"""The desk asks: a rightsholder for a recording, several things in one letter, paper answers."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.i18n import speaking
from lms.infra.typesetting import typeset
from lms.infra.web.access import RIGHTS_DESK, access, current_actor, takes_files
from lms.infra.web.errors import refusal_sentence
from lms.infra.web.locale import ui_language
from lms.kernel import clock
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import find_account, list_names
from lms.recordings.models import Recording
from lms.recordings.queries import find_live_session
from lms.rights.errors import RightsRefusedError
from lms.rights.forms.consent import AskForm, HolderForm, PaperForm, SeveralForm
from lms.rights.models import Rightsholder
from lms.rights.operations import (
    HolderDetails,
    ask_consent,
    cancel_request,
    drop_proposal,
    find_or_add_rightsholder,
    propose_agreement,
    resend_request,
)
from lms.rights.operations.consenting import enter_paper
from lms.rights.operations.copies import drop_scan, store_scan
from lms.rights.operations.planning import take_over_request
from lms.rights.policy import may_manage_request
from lms.rights.queries import read_rights_desk
from lms.rights.queries.consents import (
    Letter,
    find_holder,
    find_letter,
    list_holders,
    list_letters,
    list_unasked,
)
from lms.rights.rules.consent import ConsentTerms
from lms.rights.texts import consent as words
from lms.rights.texts.letters import letter_document, organisation_words, sender, spoken
from lms.rights.views.answering import answers_of, copy_answer, item_forms, refuse_item
from lms.rights.views.blueprint import blueprint
from lms.rights.views.choices import organisation_choices
from lms.rights.views.managing import managed_recording
from lms.rights.views.readers import page_number

_PICTURED = ("video", "audio")


@blueprint.route("/desk/recordings/<recording_id>/rights/ask", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def ask(recording_id: str) -> Any:
    """Ask a rightsholder; `?kind=`, `?name=` and `?renews=` fill the form."""
    recording = managed_recording(recording_id)
    desk = read_rights_desk(recording, clock.now())
    form = AskForm()
    form.set_choices(
        recording.kind,
        organisations=organisation_choices(),
        holders=[(one.id, _holder_name(one)) for one in list_holders(current_actor())],
        lineages=[(line.agreement.lineage, line.agreement.holder_name) for line in desk.lines],
        language=ui_language(),
    )
    if not form.is_submitted():
        _fill(form, recording, [line.agreement for line in desk.lines])
    elif form.validate():
        try:
            asked = _ask(form, recording)
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            if asked is None:
                flash(_("It is noted. Send the letter when everything is together."), "done")
                return redirect(url_for("rights.recording_rights", recording_id=recording_id), 303)
            flash(_("The letter is written."), "done")
            return redirect(url_for("rights.consent_request", request_id=asked), 303)
    page = render_template("rights/ask/ask.html", recording=recording, entry=desk.entry, form=form)
    return page, 422 if form.is_submitted() else 200


def _ask(form: AskForm, recording: Recording) -> str | None:
    """Enter the rightsholder, what is asked, and the letter; return the letter's id."""
    actor, at = current_actor(), clock.now()
    details = holder_details(form) if not form.holder.data else None
    terms = _proposal(form, recording)
    if terms.last_on is None:
        raise InvalidInputError("last_on", "last_day_missing")
    with unit_of_work():
        holder = (
            find_or_add_rightsholder(actor, details, at)
            if details is not None
            else find_holder(actor, form.holder.data)
        )
        if holder is None:
            raise InvalidInputError("holder", "choice_unknown")
        renews = form.renews.data or None
        agreement = propose_agreement(
            actor, recording.id, holder.id, form.kind.data, terms, at, lineage=renews
        )
        if form.way.data == "later":
            return None
        sent = ask_consent(
            actor, holder.id, [agreement.id], at,
            kind="renewal" if renews else _request_kind(recording),
            message=form.message.data or "", due_on=form.due_on.data,
            number=form.number.data or "", by_mail=form.way.data == "mail",
        )  # fmt: skip
        return sent.id


def _request_kind(recording: Recording) -> str:
    """Return whether it is asked before recording or after the fact."""
    return "backlog" if recording.source_key or recording.stage == "recorded" else "consent"


def holder_details(form: HolderForm, person_id: str | None = None) -> HolderDetails:
    """Return what the form says of a rightsholder; `person_id` of the account known so far.

    Raises InvalidInputError (account).
    """
    identifier = (form.account.data or "").strip()
    account = find_account(identifier) if identifier else None
    if identifier and account is None:
        raise InvalidInputError("account", "holder_unknown")
    return HolderDetails(
        name=form.name.data or "",
        kana=form.kana.data or "",
        organisation=form.organisation.data or "",
        title=form.title.data or "",
        email=form.email.data or "",
        address=form.address.data or "",
        language=form.language.data or "ja",
        person_id=person_id if account is None else account.person_id,
        note=form.note.data or "",
    )


def _proposal(form: AskForm, recording: Recording) -> ConsentTerms:
    """Return what is asked. A tick that is not set is no question (recording, portrait)."""
    terms = form.terms(recording.edition_id)
    pictured = recording.kind in _PICTURED
    return replace(
        terms,
        record=True if pictured and terms.record else None,
        portrait=True if recording.kind == "video" and terms.portrait else None,
    )


def _fill(form: AskForm, recording: Recording, known: list[Any]) -> None:
    """Begin with what is usual, or with the agreement that is renewed."""
    pictured = recording.kind in _PICTURED
    meeting = (
        None if recording.live_session_id is None else find_live_session(recording.live_session_id)
    )
    first = clock.day_in(clock.now() if meeting is None else meeting.starts_at)
    terms = ConsentTerms(
        record=pictured and not recording.source_key,
        uses=frozenset({"play"} if pictured else {"display", "download"}),
        first_on=first,
        last_on=_year_after(first),
        portrait=recording.kind == "video",
        captions=pictured,
    )
    form.kind.data = request.args.get("kind") or ("speaker" if pictured else "slides")
    form.name.data = request.args.get("name", "")[:200]
    wanted = request.args.get("renews", "")
    for agreement in known:
        if wanted and agreement.lineage == wanted:
            form.renews.data, form.kind.data = wanted, agreement.kind
            form.name.data = agreement.holder_name
            form.holder.data = agreement.rightsholder_id or ""
            given = agreement.answers.get("given")
            if given:
                before = ConsentTerms.from_json(given)
                begins = before.last_on + timedelta(days=1) if before.last_on else first
                terms = replace(
                    before, first_on=begins, last_on=_year_after(begins), record=None, remark=""
                )
    form.show(terms)
    form.due_on.data = clock.day_in(clock.now()) + timedelta(days=21)


def _year_after(day: date) -> date:
    """Return the last day of a year that begins on a day."""
    return day + timedelta(days=364)


@blueprint.get("/desk/rights/requests")
@access(RIGHTS_DESK)
def consent_requests() -> Any:
    """List the letters to rightsholders with where they stand."""
    state = request.args.get("state", "")
    found = list_letters(
        current_actor(),
        state=state if state in words.STATE_NAMES else "",
        page=page_number(),
    )
    people = {row.request.created_by for row in found.rows if row.request.created_by}
    return render_template(
        "rights/ask/requests.html",
        found=found,
        state=state,
        words=words,
        names=list_names(people) if people else {},
        today=clock.day_in(clock.now()),
    )


@blueprint.get("/desk/rights/requests/<request_id>")
@access(RIGHTS_DESK)
def consent_request(request_id: str) -> Any:
    """Show one letter: what it asks for, what was answered, what can be done."""
    letter = _managed(request_id)
    names, language = organisation_words(ui_language()), ui_language()
    responsible = letter.request.created_by
    return render_template(
        "rights/ask/request.html",
        letter=letter,
        words=words,
        asked_rows=lambda one: words.terms_rows(one.asked, names, language, asked=True),
        given_rows=lambda one: words.terms_rows(one.given, names, language),
        responsible=next(iter(list_names([responsible]).values()), None) if responsible else None,
    )


@blueprint.post("/desk/rights/requests/<request_id>/resend")
@access(RIGHTS_DESK)
def resend_consent(request_id: str) -> Any:
    """Send the letter again with a new link."""
    _managed(request_id)
    with unit_of_work():
        resend_request(current_actor(), request_id, clock.now())
    flash(_("A new link is on its way. The old one does not work any more."), "done")
    return _to_request(request_id)


@blueprint.post("/desk/rights/requests/<request_id>/cancel")
@access(RIGHTS_DESK)
def cancel_consent(request_id: str) -> Any:
    """Take the letter back."""
    _managed(request_id)
    with unit_of_work():
        cancel_request(current_actor(), request_id, clock.now())
    flash(_("The letter is cancelled. Its link does not work any more."), "done")
    return _to_request(request_id)


@blueprint.post("/desk/rights/requests/<request_id>/take-over")
@access(RIGHTS_DESK)
def take_over_consent(request_id: str) -> Any:
    """Become responsible for the letter."""
    _managed(request_id)
    with unit_of_work():
        take_over_request(current_actor(), request_id, clock.now())
    flash(_("You are responsible for this letter now."), "done")
    return _to_request(request_id)


@blueprint.get("/desk/rights/requests/<request_id>/letter")
@access(RIGHTS_DESK)
def request_letter(request_id: str) -> Any:
    """Give the letter with its consent form as PDF, to be printed and signed."""
    letter = _managed(request_id)
    language = spoken(letter.request.language)
    with speaking(language):
        document = letter_document(
            letter, organisation_words(language), mailed=letter.request.sent_at is not None
        )
        author = sender(language)
    db.session.rollback()  # no transaction stays open while the pages are set
    pdf = typeset(
        document.blocks, language=language, title=document.title, author=author,
        at=document.at, foot=document.foot,
    )  # fmt: skip
    return pdf_answer(pdf, f"letter-{letter.request.number}")


@blueprint.get("/desk/rights/requests/<request_id>/document")
@access(RIGHTS_DESK)
def request_document(request_id: str) -> Any:
    """Give the signed copy, or the scan of the paper form."""
    return copy_answer(_managed(request_id))


@blueprint.route("/desk/rights/requests/<request_id>/paper", methods=["GET", "POST"])
@access(RIGHTS_DESK)
@takes_files
def paper_answer(request_id: str) -> Any:
    """Enter the answers of a paper form, item by item, with its scan."""
    letter = _managed(request_id)
    if letter.request.state not in {"open", "expired"}:
        return _to_request(request_id)
    form = PaperForm()
    forms = item_forms(letter, posted=form.is_submitted())
    if form.is_submitted() and _enter_paper(letter, form, forms):
        flash(_("The answers are entered, with the scan."), "done")
        return _to_request(request_id)
    names, language = organisation_words(ui_language()), ui_language()
    page = render_template(
        "rights/ask/paper.html",
        letter=letter,
        form=form,
        forms=forms,
        words=words,
        asked_rows=lambda one: words.terms_rows(
            one.asked, names, language, asked=True, own_words=False
        ),
    )
    return page, 422 if form.is_submitted() else 200


def _enter_paper(letter: Letter, form: PaperForm, forms: Any) -> bool:
    """Store the scan and enter the answers; nothing stays of what was refused."""
    fine = form.validate()
    if form.signed_on.data is None and not form.signed_on.errors:
        missing = InvalidInputError("signed_on", "signature_date_missing")
        form.refuse("signed_on", refusal_sentence(missing))
        fine = False
    answers = answers_of(letter, forms)
    if not fine or answers is None:
        if answers is None:
            form.refuse("", _("Please look at the items below: something is missing or too much."))
        return False
    key = ""
    scan = form.scan.data
    if not scan:
        form.refuse("scan", words.sentence("scan_missing"))
        return False
    try:
        key, digest, name = store_scan(
            current_storage(), letter.request.id, scan.stream, scan.filename or ""
        )
        with unit_of_work():
            enter_paper(
                current_actor(), letter.request.id, answers, clock.now(),
                signed_on=form.signed_on.data, document_key=key, document_name=name,
                document_sha256=digest,
            )  # fmt: skip
    except (InvalidInputError, RightsRefusedError) as error:
        _drop(key)
        if isinstance(error, InvalidInputError):
            refuse_item(form, forms, error)
        else:
            form.refuse("", refusal_sentence(error))
        return False
    except BaseException:
        _drop(key)
        raise
    return True


def _drop(key: str) -> None:
    if key:
        drop_scan(current_storage(), key)


@blueprint.post("/desk/rights/agreements/<agreement_id>/drop")
@access(RIGHTS_DESK)
def drop_agreement(agreement_id: str) -> Any:
    """Take what was asked by mistake out of the register."""
    with unit_of_work():
        recording_id = drop_proposal(current_actor(), agreement_id, clock.now())
    flash(_("It is taken out of the register."), "done")
    return redirect(url_for("rights.recording_rights", recording_id=recording_id), 303)


@blueprint.route("/desk/rights/holders/<rightsholder_id>/letter", methods=["GET", "POST"])
@access(RIGHTS_DESK)
def holder_letter(rightsholder_id: str) -> Any:
    """Ask a rightsholder for several things in one letter."""
    holder = managed_holder(rightsholder_id)
    waiting = list_unasked(holder.id)
    form = SeveralForm()
    form.agreements.choices = [(one.id, recording.id) for one, recording in waiting]
    if not form.is_submitted():
        form.agreements.data = [one.id for one, _recording in waiting]
        form.due_on.data = clock.day_in(clock.now()) + timedelta(days=21)
        form.way.data = "mail" if holder.email else "paper"
    elif form.validate():
        recordings = [recording for _one, recording in waiting]
        before = any(_request_kind(recording) == "consent" for recording in recordings)
        try:
            with unit_of_work():
                sent = ask_consent(
                    current_actor(), holder.id, form.agreements.data or (), clock.now(),
                    kind="consent" if before else "backlog", message=form.message.data or "",
                    due_on=form.due_on.data, number=form.number.data or "",
                    by_mail=form.way.data == "mail",
                )  # fmt: skip
        except InvalidInputError as error:
            form.refuse(error.field, refusal_sentence(error))
        except RightsRefusedError as error:
            form.refuse("", refusal_sentence(error))
        else:
            flash(_("The letter is written."), "done")
            return _to_request(sent.id)
    page = render_template("rights/ask/several.html", holder=holder, waiting=waiting, form=form)
    return page, 422 if form.is_submitted() else 200


def managed_holder(rightsholder_id: str) -> Rightsholder:
    """Return a rightsholder whom the actor may see. Raises NotFoundError."""
    holder = find_holder(current_actor(), rightsholder_id)
    if holder is None:
        raise NotFoundError
    return holder


def pdf_answer(pdf: bytes, name: str) -> Response:
    """Give a PDF to be shown in the browser."""
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'inline; filename="{_ascii(name)}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _ascii(name: str) -> str:
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "-_")) or "document"


def _managed(request_id: str) -> Letter:
    letter = find_letter(request_id)
    if letter is None or not may_manage_request(current_actor(), letter.request):
        raise NotFoundError
    return letter


def _holder_name(holder: Rightsholder) -> str:
    parts = dict.fromkeys(part for part in (holder.name, holder.organisation) if part)
    return " / ".join(parts)


def _to_request(request_id: str) -> Any:
    return redirect(url_for("rights.consent_request", request_id=request_id), 303)
