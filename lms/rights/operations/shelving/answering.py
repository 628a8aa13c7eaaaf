"""Asking for what stands on the shelves, and the answers, item by item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.recordings.models import Recording, Stage
from lms.recordings.operations import take_off_shelf
from lms.rights.errors import RightsRefusedError
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    ShelfHolder,
    ShelfItem,
)
from lms.rights.operations.agreeing import KINDS, signature_moment
from lms.rights.operations.asking import (
    ask_consent,
    drop_proposal,
    get_holder,
    propose_agreement,
    write_grants,
)
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.holders import HolderDetails, find_or_add_rightsholder
from lms.rights.operations.opening import open_recording
from lms.rights.operations.settling import settle_letters
from lms.rights.policy import require_rights_desk
from lms.rights.queries.tables import required_kind
from lms.rights.rules.consent import ConsentTerms, ItemAnswer, judge_answer, refused
from lms.rights.rules.shelf import judge_item, needs_answer

MOST_IN_A_LETTER: Final = 100
OUTCOMES: Final = ("yes", "narrower", "no", "not_found")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter about several items says. `due_on`: by when an answer is asked for."""

    message: str = ""
    due_on: date | None = None
    number: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class ShelfAnswer:
    """An answer that came on paper, by telephone or not at all.

    `outcome` is one of OUTCOMES; `terms` what is allowed, for yes and narrower; `note` what was
    done to find them, for not_found. `recording_consent`: they agree to have been recorded.
    """

    outcome: str
    signed_on: date | None = None
    terms: ConsentTerms | None = None
    note: str = ""
    recording_consent: bool = False


def name_holder(
    actor: Actor, recording_id: str, kind: str, details: HolderDetails, at: datetime
) -> ShelfHolder:
    """Write down who holds rights in an item of the backlog, before they are asked.

    Raises NotFoundError, InvalidInputError (kind and those of `add_rightsholder`),
    RightsRefusedError (holder_named).
    """
    recording = _open_item(actor, recording_id)
    if kind not in KINDS:
        raise InvalidInputError("kind", "kind_unknown")
    holder = find_or_add_rightsholder(actor, details, at)
    if _named(recording.id, holder.id, kind) is not None:
        raise RightsRefusedError("holder_named")
    named = ShelfHolder(recording_id=recording.id, rightsholder_id=holder.id, kind=kind)
    db.session.add(named)
    record_act(
        actor, "rights.shelf_holder_named", "recording", recording.id, at=at,
        rightsholder=holder.id, kind=kind,
    )  # fmt: skip
    return named


def unname_holder(actor: Actor, rightsholder_id: str, item: tuple[str, str], at: datetime) -> None:
    """Take back that somebody holds rights in an item, (recording id, kind of right).

    What was proposed and never asked goes too; an answer stays in the register. Raises
    NotFoundError, RightsRefusedError (holder_unnamed, holder_answered).
    """
    recording = _open_item(actor, item[0])
    named = _named(recording.id, rightsholder_id, item[1])
    if named is None:
        raise RightsRefusedError("holder_unnamed")
    agreement = _latest(recording.id, rightsholder_id, item[1])
    if agreement is not None and agreement.outcome != "not_mine":
        if agreement.status != "requested" or agreement.outcome or _open_items(agreement.id):
            raise RightsRefusedError("holder_answered")
        drop_proposal(actor, agreement.id, at)
    db.session.delete(named)
    record_act(
        actor, "rights.shelf_holder_unnamed", "recording", recording.id, at=at,
        rightsholder=rightsholder_id, kind=item[1],
    )  # fmt: skip


def ask_for_items(
    actor: Actor,
    rightsholder_id: str,
    chosen: Sequence[tuple[str, str]],
    proposal_for: Callable[[Recording, str], ConsentTerms],
    at: datetime,
    *,
    letter: Letter,
) -> ConsentRequest:
    """Ask one rightsholder for several items in one letter, after the fact.

    `chosen` are (recording id, kind of right), which `proposal_for` is asked for too. What was
    asked before without an answer is asked anew in its own lineage. Raises NotFoundError,
    RightsRefusedError (answered_already, asked_already, holder_unnamed), InvalidInputError
    (items, message, due_on, number, uses …).
    """
    if not chosen:
        raise InvalidInputError("items", "items_missing")
    if len(chosen) > MOST_IN_A_LETTER:
        raise InvalidInputError("items", "items_many", most=MOST_IN_A_LETTER)
    agreement_ids = []
    for recording_id, kind in chosen:
        recording = _open_item(actor, recording_id)
        _require_named(recording.id, rightsholder_id, kind)
        latest = _latest(recording.id, rightsholder_id, kind)
        if latest is not None and latest.status == "signed":
            raise RightsRefusedError("answered_already")
        if latest is not None and _open_items(latest.id):
            raise RightsRefusedError("asked_already")
        agreement = propose_agreement(
            actor, recording.id, rightsholder_id, kind, proposal_for(recording, kind), at,
            lineage=None if latest is None else latest.lineage,
        )  # fmt: skip
        agreement_ids.append(agreement.id)
    return ask_consent(
        actor, rightsholder_id, agreement_ids, at, kind="backlog", message=letter.message,
        due_on=letter.due_on, number=letter.number, language=letter.language,
    )  # fmt: skip


def record_shelf_answer(
    actor: Actor,
    rightsholder_id: str,
    item: tuple[str, str],
    answer: ShelfAnswer,
    at: datetime,
    *,
    proposal: ConsentTerms,
) -> Agreement:
    """Enter the answer of one rightsholder about one item, (recording id, kind of right).

    `proposal` is what they were asked where no letter says it (by telephone). An open letter
    about the item counts as answered for it. `not_found` leaves it unsigned: it can never be
    published so. Raises NotFoundError, RightsRefusedError (holder_unnamed, answered_already),
    InvalidInputError (outcome, signed_on, note, uses, answer_widens …).
    """
    recording = _open_item(actor, item[0])
    kind = item[1]
    _require_named(recording.id, rightsholder_id, kind)
    if answer.outcome not in OUTCOMES:
        raise InvalidInputError("outcome", "choice_unknown")
    if answer.outcome == "not_found" and not answer.note.strip():
        raise InvalidInputError("note", "search_missing")
    agreement = _latest(recording.id, rightsholder_id, kind)
    if agreement is not None and agreement.status == "signed":
        raise RightsRefusedError("answered_already")
    if agreement is None or agreement.status != "requested":
        agreement = propose_agreement(
            actor, recording.id, rightsholder_id, kind, proposal, at,
            lineage=None if agreement is None else agreement.lineage,
        )  # fmt: skip
    asked = _asked_terms(agreement, proposal)
    given = _given(asked, answer)
    outcome = answer.outcome
    if outcome in {"yes", "narrower"}:
        agreement.signed_at = signature_moment(answer.signed_on, at)
        outcome = judge_answer(asked, given)
        agreement.status = "refused" if outcome == "no" else "signed"
        if answer.recording_consent and outcome != "no":
            agreement.recording_consent_at = agreement.signed_at
        write_grants(agreement, given, recording)
        agreement.attribution = given.credit.strip()
    elif outcome == "no":
        agreement.status = "refused"
    agreement.outcome = outcome
    agreement.basis = "paper"
    said = {} if outcome == "not_found" else ItemAnswer(outcome, given).to_json()
    agreement.answers = {**agreement.answers, "asked": asked.to_json(), **said, "way": "paper"}
    if answer.note.strip():
        agreement.note = answer.note.strip()
    settle_letters(agreement.id, outcome, at, said=said)
    record_act(
        actor, "rights.shelf_answer_recorded", "recording", recording.id, at=at,
        agreement=agreement.id, outcome=outcome,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return agreement


def take_on(actor: Actor, recording_id: str, at: datetime) -> Recording:
    """Take an item out of the backlog, to be worked on: whose consent is required has agreed.

    Its file is processed, or it waits as a draft for the file to come; then it is reviewed,
    cleared and published as any other. Raises NotFoundError, RightsRefusedError
    (nobody_agreed).
    """
    recording = _open_item(actor, recording_id)
    agreements = db.session.scalars(
        select(Agreement)
        .where(Agreement.recording_id == recording.id, Agreement.scope == "whole")
        .order_by(Agreement.created_at, Agreement.id)
    ).all()
    latest = {(one.lineage, one.kind): one for one in agreements}
    states = [
        (
            one.kind,
            judge_item(
                status=one.status,
                outcome=one.outcome,
                asked=False,
                withdrawn=any(not taken.actions for taken in one.withdrawals),
            ),
        )
        for one in latest.values()
    ]
    if needs_answer(states, required_kind(recording.kind, {kind for kind, _state in states})):
        raise RightsRefusedError("nobody_agreed")
    item = db.session.get(ShelfItem, recording.id)
    if item is not None:
        item.taken_on_at = at
    taken = take_off_shelf(recording.id, at)
    record_act(actor, "rights.shelf_item_taken_on", "recording", recording.id, at=at)
    rewrite_facts(recording.id, at)
    return taken


def _open_item(actor: Actor, recording_id: str) -> Recording:
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if recording.stage != Stage.RECORDED:
        raise NotFoundError
    return recording


def _named(recording_id: str, rightsholder_id: str, kind: str) -> ShelfHolder | None:
    return db.session.scalar(
        select(ShelfHolder).where(
            ShelfHolder.recording_id == recording_id,
            ShelfHolder.rightsholder_id == rightsholder_id,
            ShelfHolder.kind == kind,
        )
    )


def _require_named(recording_id: str, rightsholder_id: str, kind: str) -> None:
    get_holder(rightsholder_id)
    if _named(recording_id, rightsholder_id, kind) is None:
        raise RightsRefusedError("holder_unnamed")


def _latest(recording_id: str, rightsholder_id: str, kind: str) -> Agreement | None:
    return db.session.scalars(
        select(Agreement)
        .where(
            Agreement.recording_id == recording_id,
            Agreement.rightsholder_id == rightsholder_id,
            Agreement.kind == kind,
            Agreement.scope == "whole",
        )
        .order_by(Agreement.created_at.desc(), Agreement.id.desc())
        .limit(1)
    ).first()


def _open_items(agreement_id: str) -> Sequence[ConsentItem]:
    """Return the places of an agreement in letters that wait for their answer."""
    return db.session.scalars(
        select(ConsentItem)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(ConsentItem.agreement_id == agreement_id, ConsentRequest.state == "open")
    ).all()


def _asked_terms(agreement: Agreement, proposal: ConsentTerms) -> ConsentTerms:
    asked = agreement.answers.get("asked")
    return proposal if asked is None else ConsentTerms.from_json(asked)


def _given(asked: ConsentTerms, answer: ShelfAnswer) -> ConsentTerms:
    if answer.outcome == "yes":
        return asked
    if answer.outcome == "narrower":
        if answer.terms is None:
            raise InvalidInputError("uses", "nothing_granted")
        return answer.terms
    return refused(asked, remark=answer.note.strip())
