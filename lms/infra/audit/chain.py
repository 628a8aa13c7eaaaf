"""The hash chain over the audit: what a seal covers, and how a chain is verified."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.engine import Connection

from lms.infra.audit.models import AuditEntry, AuditHead

GENESIS = "0" * 64
_FAULTS_TOLD = 20


def seal_hash(previous: str, position: int, entry: AuditEntry | Row[Any]) -> str:
    """Return the SHA-256 (hex) over the previous hash and the entry's canonical JSON.

    Canonical: UTF-8, sorted keys, no spaces, the moment in UTC with microseconds.
    """
    moment: datetime = entry.at
    canonical = json.dumps(
        {
            "id": entry.id,
            "position": position,
            "at": moment.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor_id": entry.actor_id,
            "action": entry.action,
            "subject_kind": entry.subject_kind,
            "subject_id": entry.subject_id,
            "details": entry.details,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


class Fault(StrEnum):
    """What does not fit in a chain."""

    MISSING = "missing"  # positions with no entry
    ALTERED = "altered"  # the entry no longer gives its hash
    UNLINKED = "unlinked"  # it does not follow on the entry before it
    CUT_SHORT = "cut short"  # the chain ends before (or after) the place that was sealed last
    UNLIKE_NOTE = "unlike the note"  # the entry noted elsewhere is not in the chain


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look over the whole chain found.

    `faults` are (position, fault), at most twenty; `head` the hash at `sealed`, the last
    position; `unsealed` how many entries wait, the oldest since `unsealed_since`.
    """

    sealed: int
    head: str
    unsealed: int
    unsealed_since: datetime | None
    faults: tuple[tuple[int, Fault], ...]


def verify_chain(connection: Connection, *, noted: tuple[int, str] | None = None) -> Verification:
    """Recompute every seal in order; `noted` is a (position, hash) kept outside the database.

    Reads as a stream: a long audit needs no more memory than a short one.
    """
    faults: list[tuple[int, Fault]] = []
    position, previous = 0, GENESIS
    noted_hash: str | None = None
    rows = connection.execution_options(yield_per=1000).execute(
        select(AuditEntry.__table__)
        .where(AuditEntry.position.is_not(None))
        .order_by(AuditEntry.position)
    )
    for row in rows:
        if row.position != position + 1:
            faults.append((position + 1, Fault.MISSING))
        if row.previous_hash != previous:
            faults.append((row.position, Fault.UNLINKED))
        if row.hash != seal_hash(row.previous_hash or "", row.position, row):
            faults.append((row.position, Fault.ALTERED))
        position, previous = row.position, row.hash
        if noted is not None and position == noted[0]:
            noted_hash = previous
    head = connection.execute(select(AuditHead.position, AuditHead.hash)).first()
    if (position, previous) != ((head.position, head.hash) if head else (0, GENESIS)):
        faults.append((position, Fault.CUT_SHORT))
    if noted is not None and noted_hash != noted[1]:
        faults.append((noted[0], Fault.UNLIKE_NOTE))
    waiting = connection.execute(
        select(func.count(), func.min(AuditEntry.at)).where(AuditEntry.position.is_(None))
    ).one()
    return Verification(position, previous, waiting[0], waiting[1], tuple(faults[:_FAULTS_TOLD]))
