"""The tables of rights -> the recording as the case format has it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.recordings.models import MediaKind, Recording
from lms.rights.models import Agreement, AgreementTerm, Publication, Takedown, Withdrawal

Json: TypeAlias = dict[str, Any]

SPEAKER: Final = "speaker"
SLIDES: Final = "slides"

_STAGES: Final = {
    "planned": "draft",
    "recorded": "draft",
    "processing": "draft",
    "failed": "draft",
    "destroyed": "deleted",
}


def recording_case(recording: Recording) -> Json:
    """Return what the decision knows of a recording, in the case format, from the tables.

    Processing and failed count as draft. A publication that was ended by hand is none. A
    handout needs its author: the speaker, or whoever made the paper.
    """
    agreements = db.session.scalars(
        select(Agreement).where(Agreement.recording_id == recording.id).order_by(Agreement.id)
    ).all()
    publications = db.session.scalars(
        select(Publication)
        .where(Publication.recording_id == recording.id, Publication.ended_at.is_(None))
        .order_by(Publication.id)
    )
    takedowns = db.session.scalars(
        select(Takedown).where(Takedown.recording_id == recording.id).order_by(Takedown.id)
    )
    terms: dict[str, list[AgreementTerm]] = defaultdict(list)
    withdrawals: dict[str, list[Withdrawal]] = defaultdict(list)
    if agreements:
        ids = [agreement.id for agreement in agreements]
        for term in db.session.scalars(
            select(AgreementTerm)
            .where(AgreementTerm.agreement_id.in_(ids))
            .order_by(AgreementTerm.id)
        ):
            terms[term.agreement_id].append(term)
        for withdrawal in db.session.scalars(
            select(Withdrawal)
            .where(Withdrawal.agreement_id.in_(ids))
            .order_by(Withdrawal.at, Withdrawal.id)
        ):
            withdrawals[withdrawal.agreement_id].append(withdrawal)
    return {
        "id": recording.id,
        "stage": _STAGES.get(recording.stage, recording.stage),
        "duration": recording.duration_ms,
        "agreements": [_agreement(a, terms[a.id], withdrawals[a.id]) for a in agreements],
        "publications": [
            _terms(one.id, one.conditions, _window(one.from_at, one.until_at))
            for one in publications
        ],
        "takedowns": [_window(one.from_at, one.until_at) for one in takedowns],
        "required_kinds": [required_kind(recording.kind, {a.kind for a in agreements})],
    }


def bare_case(recording_id: str, stage: str, duration: int | None) -> Json:
    """Return the case of a recording about which nobody was asked and nothing published."""
    return {
        "id": recording_id,
        "stage": _STAGES.get(stage, stage),
        "duration": duration,
        "agreements": [],
        "publications": [],
        "takedowns": [],
        "required_kinds": [SPEAKER],
    }


def required_kind(media_kind: str, kinds: Collection[str]) -> str:
    """Return whose agreement there must be: the speaker's, for a paper also its author's."""
    return SLIDES if media_kind == MediaKind.PAPER and SLIDES in kinds else SPEAKER


def _window(from_at: datetime | None, until_at: datetime | None) -> Json:
    window: Json = {}
    if from_at is not None:
        window["from"] = to_ms(from_at)
    if until_at is not None:
        window["until"] = to_ms(until_at)
    return window


def _terms(key: str, conditions: Json, window: Json) -> Json:
    return {**conditions, "id": key, **({"window": window} if window else {})}


def _agreement(
    agreement: Agreement, terms: Iterable[AgreementTerm], withdrawals: Iterable[Withdrawal]
) -> Json:
    grants: list[Json] = []
    prohibitions: list[Json] = []
    for term in terms:
        case = _terms(term.id, term.conditions, _window(term.from_at, term.until_at))
        (grants if term.kind == "grant" else prohibitions).append(case)
    moments = {
        "signed_at": agreement.signed_at,
        "recording_consent_at": agreement.recording_consent_at,
    }
    return {
        "id": agreement.id,
        "lineage": agreement.lineage,
        "kind": agreement.kind,
        "scope": agreement.scope,
        "status": agreement.status,
        **{name: to_ms(moment) for name, moment in moments.items() if moment is not None},
        "grants": grants,
        "prohibitions": prohibitions,
        "withdrawals": [
            {"at": to_ms(one.at), "actions": one.actions or "all", "grace_ms": one.grace_ms}
            for one in withdrawals
        ],
    }
