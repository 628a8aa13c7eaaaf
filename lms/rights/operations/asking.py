"""Asking rightsholders: what is proposed, the letter with its link, asking again."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.clock import JST, day_in
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import new_id, new_secret
from lms.people.queries import is_id
from lms.recordings.models import MediaKind, Recording
from lms.rights.errors import RightsRefusedError
from lms.rights.events import ConsentAsked
from lms.rights.models import Agreement, AgreementTerm, ConsentItem, ConsentRequest, Rightsholder
from lms.rights.operations.agreeing import KINDS, check_lineage
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.opening import open_agreement, open_recording
from lms.rights.policy import require_request_desk, require_rights_desk, require_rights_staff
from lms.rights.queries import day_end, day_start
from lms.rights.rules.consent import ConsentTerms, check_terms, grants_of

REQUEST_KINDS: Final = ("consent", "backlog", "renewal")
LINK_LIFE: Final = timedelta(days=60)
"""How long an unanswered link works, at least; and this long after the day asked for."""
REMIND_DAYS: Final = (14, 7, 3)
_AFTER_DUE: Final = timedelta(days=30)
_MESSAGE: Final = 2000
_NUMBER: Final = 60


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def propose_agreement(  # noqa: PLR0917 - who, what, whom, as what, for what: as it is said
    actor: Actor,
    recording_id: str,
    rightsholder_id: str,
    kind: str,
    proposal: ConsentTerms,
    at: datetime,
    *,
    lineage: str | None = None,
    scope: str = "whole",
) -> Agreement:
    """Enter what a rightsholder is to be asked for a recording; status `requested`.

    It permits nothing until signed. `lineage` is that of the agreement which it renews; `scope`
    segment for a third party's part. Raises NotFoundError, InvalidInputError (kind, scope,
    lineage, uses and the fields of `check_terms`).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    holder = get_holder(rightsholder_id)
    if kind not in KINDS:
        raise InvalidInputError("kind", "kind_unknown")
    if scope not in {"whole", "segment"}:
        raise InvalidInputError("scope", "choice_unknown")
    check_terms(proposal)
    if not proposal.uses:
        raise InvalidInputError("uses", "nothing_granted")
    key = new_id()
    agreement = Agreement(
        id=key,
        recording_id=recording.id,
        lineage=check_lineage(recording.id, lineage) or key,
        kind=kind,
        scope=scope,
        status="requested",
        holder_name=holder.name,
        holder_person_id=holder.person_id,
        rightsholder_id=holder.id,
        responsible_id=actor.person_id,
        attribution=proposal.credit.strip(),
        basis="form",
        answers={"asked": proposal.to_json()},
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(agreement)
    db.session.flush()
    write_grants(agreement, proposal, recording)
    record_act(
        actor, "rights.agreement_proposed", "recording", recording.id, at=at,
        agreement=key, kind=kind, rightsholder=holder.id,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return agreement


def write_grants(agreement: Agreement, terms: ConsentTerms, recording: Recording) -> None:
    """Put the grants that follow from terms in place of those that an agreement has."""
    db.session.execute(delete(AgreementTerm).where(AgreementTerm.agreement_id == agreement.id))
    for conditions in grants_of(terms, pictured=recording.kind == MediaKind.VIDEO):
        db.session.add(
            AgreementTerm(
                agreement_id=agreement.id,
                kind="grant",
                conditions=conditions,
                from_at=None if terms.first_on is None else day_start(terms.first_on),
                until_at=None if terms.last_on is None else day_end(terms.last_on),
            )
        )
    db.session.flush()
    db.session.expire(agreement, ["terms"])


def ask_consent(
    actor: Actor,
    rightsholder_id: str,
    agreement_ids: Collection[str],
    at: datetime,
    *,
    kind: str = "consent",
    message: str = "",
    due_on: date | None = None,
    number: str = "",
    language: str | None = None,
    by_mail: bool = True,
) -> ConsentRequest:
    """Ask a rightsholder for one or more proposed agreements, in one letter.

    Where there is an e-mail (and `by_mail`) the link goes there; else the letter is printed and
    the answer entered from paper. `due_on` is the day by which an answer is asked for.
    Raises NotFoundError, RightsRefusedError (not_requested, asked_already), InvalidInputError
    (agreements, kind, message, number, due_on).
    """
    holder = get_holder(rightsholder_id)
    agreements = _askable(actor, holder, agreement_ids)
    if kind not in REQUEST_KINDS:
        raise InvalidInputError("kind", "choice_unknown")
    if len(message) > _MESSAGE:
        raise InvalidInputError("message", "text_too_long", most=_MESSAGE)
    if len(number.strip()) > _NUMBER:
        raise InvalidInputError("number", "text_too_long", most=_NUMBER)
    if due_on is not None and due_on < day_in(at):
        raise InvalidInputError("due_on", "due_in_past")
    secret = new_secret()
    mailed = by_mail and bool(holder.email)
    request = ConsentRequest(
        rightsholder_id=holder.id,
        kind=kind,
        state="open",
        language=language or holder.language,
        number=number.strip() or _next_number(at),
        message=message.strip(),
        due_on=due_on,
        token_sha256=digest_of(secret),
        expires_at=_expiry(due_on, at),
        sent_at=at if mailed else None,
        reminded=[],
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(request)
    db.session.flush()
    for position, agreement in enumerate(agreements):
        db.session.add(
            ConsentItem(
                request_id=request.id,
                agreement_id=agreement.id,
                position=position,
                proposal=agreement.answers.get("asked", {}),
            )
        )
    db.session.flush()
    record_act(
        actor, "consent.asked", "consent_request", request.id, at=at,
        kind=kind, agreements=[one.id for one in agreements], mailed=mailed,
    )  # fmt: skip
    if mailed:
        raise_event(ConsentAsked(request.id, secret, at))
    return request


def cancel_request(actor: Actor, request_id: str, at: datetime) -> ConsentRequest:
    """Take a letter back: its link is dead. What it asked for stays proposed.

    Raises NotFoundError, RightsRefusedError (request_closed).
    """
    request = open_request(request_id)
    require_request_desk(actor, request)
    if request.state != "open":
        raise RightsRefusedError("request_closed")
    request.state = "cancelled"
    request.code_sha256 = ""
    record_act(actor, "consent.cancelled", "consent_request", request.id, at=at)
    return request


def resend_request(actor: Actor, request_id: str, at: datetime) -> ConsentRequest:
    """Send a letter again with a new link; the old link is dead.

    Raises NotFoundError, RightsRefusedError (request_closed, no_email, and asked_already when it
    ran out and another letter asks meanwhile).
    """
    request = open_request(request_id)
    require_request_desk(actor, request)
    if request.state not in {"open", "expired"}:
        raise RightsRefusedError("request_closed")
    if request.state == "expired" and _is_asked(_agreements_of(request)):
        raise RightsRefusedError("asked_already")
    if not get_holder(request.rightsholder_id).email:
        raise RightsRefusedError("no_email")
    secret = new_secret()
    request.state = "open"
    request.token_sha256 = digest_of(secret)
    request.code_sha256 = ""
    request.code_tries = 0
    request.expires_at = _expiry(request.due_on, at)
    request.sent_at = at
    record_act(actor, "consent.resent", "consent_request", request.id, at=at)
    raise_event(ConsentAsked(request.id, secret, at))
    return request


def drop_proposal(actor: Actor, agreement_id: str, at: datetime) -> str:
    """Take what was proposed by mistake, and is in no open letter, out of the register.

    It was never answered, so nobody's word is lost; the audit keeps that it was there. Returns
    the id of the recording. Raises
    NotFoundError, RightsRefusedError (not_requested, asked_already).
    """
    agreement, recording = open_agreement(agreement_id)
    require_rights_desk(actor, recording)
    if agreement.status != "requested" or agreement.outcome:
        raise RightsRefusedError("not_requested")
    if _is_asked([agreement.id]):
        raise RightsRefusedError("asked_already")
    for table in (ConsentItem, AgreementTerm):
        db.session.execute(delete(table).where(table.agreement_id == agreement.id))
    db.session.delete(agreement)
    record_act(
        actor, "rights.proposal_dropped", "recording", recording.id, at=at, agreement=agreement.id
    )
    rewrite_facts(recording.id, at)
    return recording.id


def note_reminders(at: datetime) -> int:
    """Remind of every open letter whose day comes near: 14, 7 and 3 days before; return how many.

    Each is told once; one that was asked later than a step begins with the next. None goes to
    who has answered, and none by post.
    """
    today = day_in(at)
    requests = db.session.scalars(
        select(ConsentRequest)
        .join(Rightsholder, Rightsholder.id == ConsentRequest.rightsholder_id)
        .where(
            ConsentRequest.state == "open",
            ConsentRequest.sent_at.is_not(None),
            ConsentRequest.due_on >= today,
            ConsentRequest.due_on <= today + timedelta(days=max(REMIND_DAYS)),
            ConsentRequest.expires_at > at,
            Rightsholder.email != "",
        )
        .order_by(ConsentRequest.id)
    ).all()
    count = 0
    for request in requests:
        if request.due_on is None or request.sent_at is None:
            continue
        left = (request.due_on - today).days
        sent_on = request.sent_at.astimezone(JST).date()
        due = [days for days in REMIND_DAYS if left <= days < (request.due_on - sent_on).days]
        new = [days for days in due if days not in request.reminded]
        if not new:
            continue
        # After a pause of the worker only the nearest is told; those before are over.
        request.reminded = sorted({*request.reminded, *due}, reverse=True)
        raise_event(ConsentAsked(request.id, "", at, days=left))
        count += 1
    return count


def expire_requests(at: datetime) -> int:
    """Close open letters whose link has run out; return how many."""
    rows = db.session.scalars(
        select(ConsentRequest).where(
            ConsentRequest.state == "open", ConsentRequest.expires_at <= at
        )
    ).all()
    for request in rows:
        request.state = "expired"
        request.code_sha256 = ""
    return len(rows)


def get_holder(rightsholder_id: str) -> Rightsholder:
    """Return a rightsholder. Raises NotFoundError."""
    holder = db.session.get(Rightsholder, rightsholder_id) if is_id(rightsholder_id) else None
    if holder is None:
        raise NotFoundError
    return holder


def open_request(request_id: str) -> ConsentRequest:
    """Lock a letter for the rest of the transaction. Raises NotFoundError."""
    request: ConsentRequest | None = (
        lock_row(ConsentRequest, request_id) if is_id(request_id) else None
    )
    if request is None:
        raise NotFoundError
    return request


def _askable(actor: Actor, holder: Rightsholder, agreement_ids: Collection[str]) -> list[Agreement]:
    if not agreement_ids:
        raise InvalidInputError("agreements", "agreements_missing")
    require_rights_staff(actor)
    found = []
    for key in dict.fromkeys(agreement_ids):
        agreement, recording = open_agreement(key)
        require_rights_desk(actor, recording)
        if agreement.rightsholder_id != holder.id:
            raise InvalidInputError("agreements", "agreements_of_another")
        if agreement.status != "requested":
            raise RightsRefusedError("not_requested")
        found.append(agreement)
    if _is_asked([one.id for one in found]):
        raise RightsRefusedError("asked_already")
    return found


def _agreements_of(request: ConsentRequest) -> Sequence[str]:
    return db.session.scalars(
        select(ConsentItem.agreement_id).where(ConsentItem.request_id == request.id)
    ).all()


def _is_asked(agreement_ids: Collection[str]) -> bool:
    """Whether one of these stands in a letter that waits for its answer."""
    return (
        db.session.scalar(
            select(ConsentItem.id)
            .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
            .where(ConsentItem.agreement_id.in_(agreement_ids), ConsentRequest.state == "open")
            .limit(1)
        )
        is not None
    )


def _expiry(due_on: date | None, at: datetime) -> datetime:
    life = at + LINK_LIFE
    return life if due_on is None else max(life, day_end(due_on) + _AFTER_DUE)


def _next_number(at: datetime) -> str:
    """Return the next number of a letter in this calendar year, such as 2026-012."""
    year = day_in(at).year
    count = db.session.scalar(
        select(func.count())
        .select_from(ConsentRequest)
        .where(
            ConsentRequest.created_at >= day_start(date(year, 1, 1)),
            ConsentRequest.created_at < day_start(date(year + 1, 1, 1)),
        )
    )
    return f"{year}-{(count or 0) + 1:03d}"
