"""The tables of rights -> the recording as the case format has it."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.recordings.models import MediaCopy, MediaKind, Recording
from lms.recordings.queries import barred_by, list_flags
from lms.rights.models import (
    Agreement,
    AgreementTerm,
    Publication,
    RightsPlan,
    Segment,
    Takedown,
    Withdrawal,
)
from lms.rights.rules.channels import flag_facts

Json: TypeAlias = dict[str, Any]

SPEAKER: Final = "speaker"
SLIDES: Final = "slides"
WHOLE: Final = "whole"
NOT_MINE: Final = "not_mine"

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
    handout needs its author: the speaker, or whoever made the paper, unless the desk has settled
    whom. The length of a handout is its number of pages, which its segments count from 0. Who
    answered that somebody else holds the rights is no rightsholder: nothing waits for them.
    """
    agreements = db.session.scalars(
        select(Agreement)
        .where(Agreement.recording_id == recording.id, Agreement.outcome != NOT_MINE)
        .order_by(Agreement.id)
    ).all()
    publications = db.session.scalars(
        select(Publication)
        .where(Publication.recording_id == recording.id, Publication.ended_at.is_(None))
        .order_by(Publication.id)
    )
    takedowns = db.session.scalars(
        select(Takedown).where(Takedown.recording_id == recording.id).order_by(Takedown.id)
    )
    segments = db.session.scalars(
        select(Segment).where(Segment.recording_id == recording.id).order_by(Segment.a, Segment.id)
    ).all()
    flags = _flags(recording)
    is_paper = recording.kind == MediaKind.PAPER
    plan = db.session.get(RightsPlan, recording.id)
    cuts = _cuts(recording)
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
        "duration": length_of(recording),
        "agreements": [
            *(_agreement(a, terms[a.id], withdrawals[a.id], is_paper=is_paper) for a in agreements),
            *(agreement for agreement, _segment in flags),
        ],
        "segments": [
            {
                "id": one.id,
                "a": one.a,
                "b": one.b,
                "lineages": list(one.lineages),
                "disposition": one.disposition,
                "on_deny": one.on_deny,
            }
            for one in segments
        ]
        + [segment for _own, segment in flags],
        "publications": [
            _terms(one.id, one.conditions, _window(one.from_at, one.until_at))
            for one in publications
        ],
        "takedowns": [_takedown(one, {segment.id for segment in segments}) for one in takedowns],
        "required_kinds": sorted(plan.required_kinds)
        if plan is not None and plan.required_kinds
        else [required_kind(recording.kind, {a.kind for a in agreements if a.scope == WHOLE})],
        **({} if cuts is None else {"cut_rendition": cuts}),
    }


def _flags(recording: Recording) -> list[tuple[Json, Json]]:
    """Return the agreement and the segment of each flag on pages of a paper."""
    if recording.kind != MediaKind.PAPER:
        return []
    return [
        flag_facts(one.id, one.first_page, one.last_page, barred_by(one))
        for one in list_flags(recording.id)
    ]


def length_of(recording: Recording) -> int | None:
    """Return what segments are measured against: ms of a recording, pages of a paper."""
    return recording.pages if recording.kind == MediaKind.PAPER else recording.duration_ms


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


def _cuts(recording: Recording) -> list[Any] | None:
    """Return the cuts of the copy of the present file, None while there is no such copy."""
    copy = db.session.scalar(
        select(MediaCopy).where(
            MediaCopy.recording_id == recording.id,
            MediaCopy.media_version == recording.media_version,
            MediaCopy.state == "ready",
        )
    )
    return [list(pair) for pair in copy.cuts] if copy is not None and copy.cuts else None


def _takedown(takedown: Takedown, segment_ids: Collection[str]) -> Json:
    """Return a takedown; of a part that is not marked any more it stops the whole: never less."""
    case = _window(takedown.from_at, takedown.until_at)
    if takedown.actions:
        case["actions"] = sorted(takedown.actions)
    if takedown.segment_id is not None and takedown.segment_id in segment_ids:
        case["segment"] = takedown.segment_id
    return case


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
    agreement: Agreement,
    terms: Iterable[AgreementTerm],
    withdrawals: Iterable[Withdrawal],
    *,
    is_paper: bool,
) -> Json:
    grants: list[Json] = []
    prohibitions: list[Json] = []
    for term in terms:
        case = _terms(term.id, term.conditions, _window(term.from_at, term.until_at))
        (grants if term.kind == "grant" else prohibitions).append(case)
    consent_at = agreement.recording_consent_at
    if is_paper and agreement.kind == SLIDES:
        # A paper is not recorded: with the signature its author lets us hold it.
        consent_at = consent_at or agreement.signed_at
    moments = {"signed_at": agreement.signed_at, "recording_consent_at": consent_at}
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
