"""What rightsholders do: answer, sign with a code, take back. By the link, signed in, on paper."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from lms.infra.audit import record_act
from lms.infra.audit.models import AuditEntry
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.infra.jobs.ledger import enqueue
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import AgreementId, PersonId
from lms.people.queries import get_person
from lms.people.rules import display_name
from lms.recordings.models import Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.events import (
    ConsentAnswered,
    ConsentCodeAsked,
    ConsentDocumented,
    WithdrawalReceived,
)
from lms.rights.models import Agreement, ConsentItem, ConsentRequest, Withdrawal
from lms.rights.operations.agreeing import signature_moment, withdraw_agreement
from lms.rights.operations.asking import digest_of, get_holder, open_request, write_grants
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.policy import require_request_desk
from lms.rights.rules.consent import ConsentTerms, ItemAnswer, Settled, settle_answer

CODE_LIFE: Final = timedelta(minutes=15)
CODE_TRIES: Final = 5
CODE_PAUSE: Final = timedelta(seconds=60)
CODES_A_DAY: Final = 8
_NAME: Final = 200
_HOUR_MS: Final = 3_600_000


def draft_answers(request_id: str, answers: Mapping[str, ItemAnswer], at: datetime) -> str:
    """Keep what was chosen, item by item, until it is signed; return the mark of these answers.

    The signature names the mark, so that nobody signs answers that were changed meanwhile by
    somebody else with the link. Raises NotFoundError, RightsRefusedError (request_closed),
    InvalidInputError (`<item id>-<field>`).
    """
    request = _answerable(request_id, at)
    for item, agreement in _open_items(request):
        answer = answers.get(item.id)
        if answer is None:
            raise InvalidInputError(f"{item.id}-choice", "choice_missing")
        _settle(agreement, item, answer)
        item.answer = answer.to_json()
    request.opened_at = request.opened_at or at
    db.session.flush()
    return mark_of(request.id)


def mark_of(request_id: str) -> str:
    """Return the mark of the answers that a letter has so far (SHA-256 in hex)."""
    rows = db.session.execute(
        select(ConsentItem.id, ConsentItem.answer)
        .where(ConsentItem.request_id == request_id)
        .order_by(ConsentItem.id)
    ).all()
    text = json.dumps([[key, answer] for key, answer in rows], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def ask_code(request_id: str, secret: str, at: datetime) -> bool:
    """Send a code of six digits to the rightsholder's own address, not to who has the link.

    False when one went out within the last minute: that one still works. Raises NotFoundError,
    RightsRefusedError (code_too_often, no_email).
    """
    request = _reachable(request_id, at)
    if not get_holder(request.rightsholder_id).email:
        raise RightsRefusedError("no_email")
    sent_at = None if request.code_expires_at is None else request.code_expires_at - CODE_LIFE
    if request.code_sha256 and sent_at is not None and at < sent_at + CODE_PAUSE:
        return False
    if _codes_sent(request.id, at - timedelta(days=1)) >= CODES_A_DAY:
        raise RightsRefusedError("code_too_often")
    code = f"{secrets.randbelow(1_000_000):06d}"
    request.code_sha256 = digest_of(secret + code)
    request.code_expires_at = at + CODE_LIFE
    request.code_tries = 0
    record_act(SYSTEM, "consent.code_sent", "consent_request", request.id, at=at)
    raise_event(ConsentCodeAsked(request.id, code, at))
    return True


def sign_by_link(
    request_id: str, secret: str, *, name: str, code: str, mark: str, at: datetime
) -> str:
    """Sign the answers kept by `draft_answers`. Return '' or what is wrong with the code.

    `code_wrong` costs one of five tries; `code_over` asks for a new code. Both are returned, not
    raised, so that the try counts. Raises NotFoundError, RightsRefusedError (request_closed,
    answers_changed), InvalidInputError (name).
    """
    request = _answerable(request_id, at)
    _check_name(name)
    if mark != mark_of(request.id):
        raise RightsRefusedError("answers_changed")
    if fault := _use_code(request, secret, code, at):
        return fault
    holder = _link_actor(get_holder(request.rightsholder_id).person_id)
    _take_answers(holder, request, name.strip(), "link", at)
    return ""


def sign_signed_in(
    actor: Actor, request_id: str, *, name: str, mark: str, at: datetime
) -> ConsentRequest:
    """Sign as the rightsholder who is signed in; the account stands for the code.

    Raises as `sign_by_link`, and NotFoundError for anybody else.
    """
    request = _answerable(request_id, at)
    require_own_request(actor, request)
    _check_name(name)
    if mark != mark_of(request.id):
        raise RightsRefusedError("answers_changed")
    _take_answers(actor, request, name.strip(), "account", at)
    return request


def enter_paper(
    actor: Actor,
    request_id: str,
    answers: Mapping[str, ItemAnswer],
    at: datetime,
    *,
    signed_on: date,
    document_key: str,
    document_name: str,
    document_sha256: str,
) -> ConsentRequest:
    """Enter the answers of a paper form on behalf of the rightsholder, with its scan.

    Raises NotFoundError, RightsRefusedError (request_closed), InvalidInputError (signed_on,
    scan, `<item id>-<field>`).
    """
    request = open_request(request_id)
    require_request_desk(actor, request)
    if request.state not in {"open", "expired"}:
        raise RightsRefusedError("request_closed")
    signed_at = signature_moment(signed_on, at)
    if not document_key:
        raise InvalidInputError("scan", "scan_missing")
    answered = _open_items(request)
    for item, _agreement in answered:
        if item.id not in answers:
            raise InvalidInputError(f"{item.id}-choice", "choice_missing")
        item.answer = answers[item.id].to_json()
    _take_answers(
        actor, request, get_holder(request.rightsholder_id).name, "paper", at, signed_at=signed_at
    )
    request.document_key, request.document_sha256 = document_key, document_sha256
    for _item, agreement in answered:
        agreement.basis = "paper"
        agreement.document_key = document_key
        agreement.document_name = document_name[:300]
        agreement.document_sha256 = document_sha256
    return request


def keep_copy(request_id: str, key: str, sha256: str, at: datetime, *, secret: str = "") -> bool:
    """Write down where the signed copy lies and its SHA-256; the receipt goes out.

    False when there is one already. Raises NotFoundError.
    """
    request = open_request(request_id)
    if request.document_key:
        return False
    request.document_key, request.document_sha256 = key, sha256
    for _item, agreement in _items(request):
        if agreement.status != "requested" and not agreement.document_key:
            agreement.document_key, agreement.document_sha256 = key, sha256
            agreement.document_name = f"{request.number}.pdf"
    raise_event(ConsentDocumented(request.id, secret, at))
    return True


def withdraw_by_link(
    request_id: str,
    secret: str,
    agreement_id: str,
    at: datetime,
    *,
    code: str,
    actions: tuple[str, ...] = (),
    reason: str = "",
) -> str:
    """Take an agreement of a letter back by its link and a code. Return '' or the code's fault.

    Raises NotFoundError, RightsRefusedError (already_withdrawn), InvalidInputError (actions).
    """
    request = _reachable(request_id, at)
    own = {agreement.id: agreement for _item, agreement in _items(request)}
    if agreement_id not in own or own[agreement_id].status != "signed":
        raise NotFoundError
    if fault := _use_code(request, secret, code, at):
        return fault
    # As whom the agreement names: the account of the rightsholder may have come or changed since.
    holder = _link_actor(own[agreement_id].holder_person_id)
    withdraw_own(holder, agreement_id, at, actions=actions, reason=reason, secret=secret)
    return ""


def withdraw_own(
    actor: Actor,
    agreement_id: str,
    at: datetime,
    *,
    actions: tuple[str, ...] = (),
    reason: str = "",
    secret: str = "",
) -> Withdrawal:
    """Take one's own agreement back, all of it or the uses named; the receipt goes out at once.

    Viewings that have begun run on for as long as was agreed. Raises NotFoundError,
    RightsRefusedError (already_withdrawn), InvalidInputError (actions).
    """
    agreement = db.session.get(Agreement, agreement_id)
    if agreement is None:
        raise NotFoundError
    granted = {use for term in agreement.terms for use in term.conditions.get("actions", ())}
    if not set(actions) <= granted:
        raise InvalidInputError("actions", "choice_unknown")
    if granted and set(actions) == granted:
        actions = ()
    given = agreement.answers.get("given") or {}
    withdrawal = withdraw_agreement(
        actor,
        agreement_id,
        at,
        reason=reason,
        actions=actions,
        grace_ms=int(given.get("grace_hours", 0)) * _HOUR_MS,
    )
    db.session.flush()
    raise_event(WithdrawalReceived(AgreementId(agreement.id), withdrawal.id, actions, secret, at))
    return withdrawal


def require_own_request(actor: Actor, request: ConsentRequest) -> None:
    """Refuse, as if nothing were there, anybody but the rightsholder with their account."""
    holder = get_holder(request.rightsholder_id)
    if actor.person_id is None or holder.person_id != actor.person_id:
        raise NotFoundError


def _link_actor(person_id: str | None) -> Actor:
    """Return who acts by a link: the rightsholder's account where there is one."""
    if person_id is None:
        return SYSTEM
    person = get_person(person_id)
    return Actor(person_id=PersonId(person.id), display_name=display_name(person))


def _answerable(request_id: str, at: datetime) -> ConsentRequest:
    request = open_request(request_id)
    if request.state != "open" or request.expires_at <= at:
        raise RightsRefusedError("request_closed")
    return request


def _reachable(request_id: str, at: datetime) -> ConsentRequest:
    """Return a letter whose link still opens: one that waits, or that was answered."""
    request = open_request(request_id)
    if request.state == "answered" or (request.state == "open" and request.expires_at > at):
        return request
    raise NotFoundError


def _use_code(request: ConsentRequest, secret: str, code: str, at: datetime) -> str:
    """Count a try; return '' for the right code, which is used up then, else the fault."""
    expires_at = request.code_expires_at
    if not request.code_sha256 or expires_at is None or expires_at <= at:
        return "code_over"
    if request.code_tries >= CODE_TRIES:
        return "code_over"
    digits = "".join(char for char in code if char.isdecimal())
    plain = "".join(str(int(char)) for char in digits)  # full-width digits count too
    request.code_tries += 1
    if not secrets.compare_digest(digest_of(secret + plain), request.code_sha256):
        return "code_over" if request.code_tries >= CODE_TRIES else "code_wrong"
    request.code_sha256 = ""
    request.code_expires_at = None
    request.code_tries = 0
    return ""


def _codes_sent(request_id: str, since: datetime) -> int:
    count = db.session.scalar(
        select(func.count())
        .select_from(AuditEntry)
        .where(
            AuditEntry.action == "consent.code_sent",
            AuditEntry.subject_id == request_id,
            AuditEntry.at > since,
        )
    )
    return count or 0


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidInputError("name", "signature_name_missing")
    if len(name) > _NAME:
        raise InvalidInputError("name", "text_too_long", most=_NAME)


def _items(request: ConsentRequest) -> list[tuple[ConsentItem, Agreement]]:
    rows = db.session.execute(
        select(ConsentItem, Agreement)
        .join(Agreement, Agreement.id == ConsentItem.agreement_id)
        .where(ConsentItem.request_id == request.id)
        .order_by(ConsentItem.position, ConsentItem.id)
    )
    return [(item, agreement) for item, agreement in rows]


def _open_items(request: ConsentRequest) -> list[tuple[ConsentItem, Agreement]]:
    """Return the items that nobody has answered otherwise meanwhile."""
    return [
        (item, agreement)
        for item, agreement in _items(request)
        if agreement.status == "requested" and not item.outcome
    ]


def _settle(agreement: Agreement, item: ConsentItem, answer: ItemAnswer) -> Settled:
    asked = ConsentTerms.from_json(item.proposal or agreement.answers.get("asked", {}))
    try:
        return settle_answer(asked, answer)
    except InvalidInputError as error:
        field = f"{item.id}-{error.field}"
        raise InvalidInputError(field, error.code, **error.facts) from None


def _take_answers(
    actor: Actor,
    request: ConsentRequest,
    name: str,
    way: str,
    at: datetime,
    *,
    signed_at: datetime | None = None,
) -> None:
    """Turn the answers of a letter into agreements, refusals and open questions."""
    moment = signed_at or at
    touched: dict[str, Recording] = {}
    for item, agreement in _open_items(request):
        answer = ItemAnswer.from_json(item.answer)
        settled = _settle(agreement, item, answer)
        recording = db.session.get_one(Recording, agreement.recording_id)
        _write_answer(agreement, recording, answer, settled, moment)
        agreement.answers = {
            **agreement.answers,
            **answer.to_json(),
            "given": None if settled.given is None else settled.given.to_json(),
            "signed_name": name,
            "way": way,
            "request": request.id,
        }
        item.outcome = settled.outcome
        item.answered_at = moment
        touched[recording.id] = recording
        record_act(
            actor, "consent.item_answered", "recording", recording.id, at=at,
            agreement=agreement.id, outcome=settled.outcome, way=way,
        )  # fmt: skip
    request.state = "answered"
    request.answered_at = moment
    request.code_sha256 = ""
    for recording_id in touched:
        rewrite_facts(recording_id, at)
    record_act(actor, "consent.answered", "consent_request", request.id, at=at, way=way)
    raise_event(ConsentAnswered(request.id, at))
    if way != "paper":
        enqueue("print_consent", {"request_id": request.id}, key=f"print_consent:{request.id}")


def _write_answer(
    agreement: Agreement,
    recording: Recording,
    answer: ItemAnswer,
    settled: Settled,
    moment: datetime,
) -> None:
    """Write one answer into the register."""
    agreement.outcome = settled.outcome
    given: Any = settled.given
    if settled.outcome == "not_mine":
        agreement.note = "\n".join(filter(None, (agreement.note, answer.other.strip())))
        return
    if settled.outcome == "no":
        agreement.status = "refused"
        return
    agreement.status = "signed"
    agreement.signed_at = moment
    agreement.recording_consent_at = moment if given.record else None
    agreement.attribution = given.credit.strip()
    write_grants(agreement, given, recording)
