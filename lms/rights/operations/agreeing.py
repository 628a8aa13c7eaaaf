"""Agreements with rightsholders: entering, answering, withdrawing."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.clock import day_in
from lms.kernel.errors import InvalidInputError
from lms.kernel.ids import AgreementId, EditionId, RecordingId, new_id
from lms.rights.errors import BadFactsError, RightsRefusedError
from lms.rights.events import AgreementWithdrawn
from lms.rights.models import Agreement, AgreementTerm, Withdrawal
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.opening import open_agreement, open_recording
from lms.rights.operations.settling import settle_letters
from lms.rights.policy import require_rights_desk, require_withdrawer
from lms.rights.queries import day_end, day_start
from lms.rights.rules import recording_from_json

KINDS: Final = ("speaker", "slides", "music", "performer", "person_shown", "interpreter")
STATUSES: Final = ("signed", "requested", "refused")


@dataclass(frozen=True, slots=True)
class TermDetails:
    """A grant or a prohibition: conditions in the case format; first and last day in Japan."""

    conditions: dict[str, Any]
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class AgreementDetails:
    """What one rightsholder was asked and answered. `grants` are alternatives.

    `lineage` is that of the agreement which this one renews. `signed_on` is needed where the
    status is `signed`, and only there.
    """

    holder_name: str
    kind: str = "speaker"
    status: str = "signed"
    holder_person_id: str | None = None
    signed_on: date | None = None
    recording_consent: bool = False
    attribution: str = ""
    note: str = ""
    lineage: str | None = None
    grants: tuple[TermDetails, ...] = ()
    prohibitions: tuple[TermDetails, ...] = field(default=())


def add_agreement(
    actor: Actor, recording_id: str, details: AgreementDetails, at: datetime
) -> Agreement:
    """Enter an agreement, signed on paper, asked for, or refused.

    Raises InvalidInputError (holder_name, kind, status, signed_on, last_on, actions, conditions,
    lineage).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    if not details.holder_name.strip():
        raise InvalidInputError("holder_name", "holder_missing")
    if details.kind not in KINDS:
        raise InvalidInputError("kind", "kind_unknown")
    signed_at = _signed_at(details.status, details.signed_on, at)
    if details.status != "refused" and not details.grants:
        raise InvalidInputError("actions", "nothing_granted")
    key = new_id()
    agreement = Agreement(
        id=key,
        recording_id=recording.id,
        lineage=check_lineage(recording.id, details.lineage) or key,
        kind=details.kind,
        scope="whole",
        status=details.status,
        holder_name=details.holder_name.strip(),
        holder_person_id=details.holder_person_id,
        attribution=details.attribution.strip(),
        signed_at=signed_at,
        recording_consent_at=signed_at if details.recording_consent else None,
        note=details.note.strip(),
        created_by=actor.person_id,
        created_at=at,
    )
    db.session.add(agreement)
    db.session.flush()
    for kind, several in (("grant", details.grants), ("prohibition", details.prohibitions)):
        for one in several:
            _check(one)
            db.session.add(
                AgreementTerm(
                    agreement_id=key,
                    kind=kind,
                    conditions=one.conditions,
                    from_at=None if one.first_on is None else day_start(one.first_on),
                    until_at=None if one.last_on is None else day_end(one.last_on),
                )
            )
    record_act(
        actor, "rights.agreement_added", "recording", recording.id, at=at,
        agreement=key, kind=details.kind, status=details.status,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return agreement


def record_answer(
    actor: Actor,
    agreement_id: str,
    status: str,
    at: datetime,
    *,
    signed_on: date | None = None,
    recording_consent: bool = False,
) -> Agreement:
    """Enter the answer to a request: signed (on a day) or refused.

    A letter that asks for it counts as answered. Raises RightsRefusedError (not_requested),
    InvalidInputError (status, signed_on).
    """
    agreement, recording = open_agreement(agreement_id)
    require_rights_desk(actor, recording)
    if agreement.status != "requested":
        raise RightsRefusedError("not_requested")
    if status == "requested":
        raise InvalidInputError("status", "status_unknown")
    agreement.signed_at = _signed_at(status, signed_on, at)
    agreement.status = status
    agreement.outcome = "yes" if status == "signed" else "no"
    if recording_consent:
        agreement.recording_consent_at = agreement.signed_at
    settle_letters(agreement.id, agreement.outcome, at)
    record_act(
        actor, "rights.answer_recorded", "recording", recording.id, at=at,
        agreement=agreement.id, status=status,
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    return agreement


def withdraw_agreement(
    actor: Actor,
    agreement_id: str,
    at: datetime,
    *,
    reason: str = "",
    actions: tuple[str, ...] = (),
    grace_ms: int = 0,
) -> Withdrawal:
    """Take an agreement back at once, for all actions or those named.

    It ends every agreement of its lineage signed by now; one signed later restores. Running
    plays end at the next key, or after `grace_ms`. Raises RightsRefusedError
    (already_withdrawn), InvalidInputError (reason) for the desk, which must give one.
    """
    agreement, recording = open_agreement(agreement_id)
    require_withdrawer(actor, agreement, recording)
    if actor.person_id != agreement.holder_person_id and not reason.strip():
        raise InvalidInputError("reason", "reason_missing")
    if any(not earlier.actions for earlier in _withdrawals(agreement.id)):
        raise RightsRefusedError("already_withdrawn")
    withdrawal = Withdrawal(
        agreement_id=agreement.id,
        at=at,
        actions=list(actions),
        grace_ms=max(0, grace_ms),
        reason=reason.strip(),
        entered_by=actor.person_id,
    )
    db.session.add(withdrawal)
    record_act(
        actor, "rights.agreement_withdrawn", "recording", recording.id, at=at,
        agreement=agreement.id, actions=list(actions),
    )  # fmt: skip
    rewrite_facts(recording.id, at)
    db.session.expire(agreement, ["withdrawals"])
    raise_event(
        AgreementWithdrawn(
            AgreementId(agreement.id),
            RecordingId(recording.id),
            EditionId(recording.edition_id),
            at,
        )
    )
    return withdrawal


def _withdrawals(agreement_id: str) -> list[Withdrawal]:
    return list(
        db.session.scalars(select(Withdrawal).where(Withdrawal.agreement_id == agreement_id))
    )


def _signed_at(status: str, signed_on: date | None, at: datetime) -> datetime | None:
    if status not in STATUSES:
        raise InvalidInputError("status", "status_unknown")
    return signature_moment(signed_on, at) if status == "signed" else None


def signature_moment(signed_on: date | None, at: datetime) -> datetime:
    """Return the moment of a signature; one of today counts from its entry.

    So a renewal signed on the day of a withdrawal comes after it. Raises InvalidInputError
    (signed_on).
    """
    if signed_on is None:
        raise InvalidInputError("signed_on", "signature_date_missing")
    today = day_in(at)
    if signed_on > today:
        raise InvalidInputError("signed_on", "signature_in_future")
    return at if signed_on == today else day_start(signed_on)


def check_lineage(recording_id: str, lineage: str | None) -> str | None:
    """Return the lineage when the recording has it. Raises InvalidInputError (lineage)."""
    if not lineage:
        return None
    known = db.session.scalar(
        select(Agreement.lineage)
        .where(Agreement.recording_id == recording_id, Agreement.lineage == lineage)
        .limit(1)
    )
    if known is None:
        raise InvalidInputError("lineage", "lineage_unknown")
    return known


def _check(term: TermDetails) -> None:
    """Refuse what the decision could not read, before it is stored."""
    if term.first_on is not None and term.last_on is not None and term.last_on < term.first_on:
        raise InvalidInputError("last_on", "last_before_first")
    check_conditions(term.conditions)


def check_conditions(conditions: dict[str, Any]) -> None:
    """Refuse conditions that the decision could not read. Raises InvalidInputError."""
    trial: dict[str, Any] = {"id": "trial", "stage": "draft", "duration": None, "agreements": []}
    try:
        recording_from_json({**trial, "publications": [{**conditions, "id": "trial"}]})
    except BadFactsError:
        raise InvalidInputError("conditions", "conditions_unreadable") from None
