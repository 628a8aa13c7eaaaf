"""The journal beside the backups: what a restore must not undo.

Withdrawals, takedowns (with their lifting) and closings are written once more, one JSON object a
line, into a file of their own. It is written after the commit, by a job, from the tables: so it
holds nothing that did not happen, and what one job missed the next one finds. After a restore
`lms rights replay-journal` brings back what the database has lost.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import structlog
from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.jobs.ledger import enqueue
from lms.kernel.actor import SYSTEM
from lms.recordings.models import Recording, Stage
from lms.recordings.operations import bump_generation
from lms.rights.models import Agreement, DestructionRecord, Publication, Takedown, Withdrawal
from lms.rights.operations.freezing import rewrite_facts

log = structlog.get_logger()

Json: TypeAlias = dict[str, Any]

FILE: Final = "journal.jsonl"
_CHUNK: Final = 500


class Entry(StrEnum):
    """What a line of the journal tells."""

    WITHDRAWAL = "withdrawal"
    TAKEDOWN = "takedown"
    LIFTED = "lifted"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: lines applied, known already, without anything to apply them to."""

    applied: int
    known: int
    without_object: int
    damaged: int


@dataclass(frozen=True, slots=True)
class Journal:
    """The lines of a journal, oldest first, and how many could not be read."""

    lines: tuple[Json, ...]
    damaged: int


def read_journal(folder: Path) -> Journal:
    """Return what stands in the journal. A line that is damaged or half written is counted."""
    path = folder / FILE
    if not path.exists():
        return Journal((), 0)
    lines, damaged = [], 0
    for raw in path.read_bytes().split(b"\n"):
        if not raw.strip():
            continue
        line = _read_line(raw)
        if line is None:
            damaged += 1
        else:
            lines.append(line)
    return Journal(tuple(lines), damaged)


def _read_line(raw: bytes) -> Json | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    if not isinstance(line, dict) or line.pop("sum", None) != _sum(line):
        return None
    return line


def _sum(line: Json) -> str:
    """Return a check of a line's content: 16 hex digits of its SHA-256."""
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def append_missing(folder: Path) -> int:
    """Write down what the tables hold and the journal does not; return how many lines.

    Outside any write transaction. Two that write at once wait for each other.
    """
    lines = list(_from_tables())
    db.session.rollback()  # no transaction stays open while the disk is waited for
    known = {_key(line) for line in read_journal(folder).lines}
    if all(_key(line) in known for line in lines):
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = {_key(line) for line in read_journal(folder).lines}  # another's lines too
        new = [line for line in lines if _key(line) not in known]
        file.seek(0, os.SEEK_END)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a line that broke off stays apart from the next
                file.write(b"\n")
        for line in new:
            text = json.dumps({**line, "sum": _sum(line)}, ensure_ascii=False)
            file.write(text.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(folder)
    if new:
        log.info("journal_written", lines=len(new))
    return len(new)


def _sync_folder(folder: Path) -> None:
    """See that the file's name itself is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _key(line: Json) -> tuple[str, str]:
    return str(line.get("entry")), str(line.get("id"))


def _from_tables() -> Iterator[Json]:
    """Give a line for every withdrawal, takedown, lifting and closing, oldest first."""
    lines = [
        _withdrawal_line(withdrawal, agreement)
        for withdrawal, agreement in db.session.execute(
            select(Withdrawal, Agreement).join(Agreement, Agreement.id == Withdrawal.agreement_id)
        )
    ]
    for takedown in db.session.scalars(select(Takedown)):
        lines.append(_takedown_line(takedown))
        if takedown.until_at is not None:
            lines.append(
                {
                    "entry": Entry.LIFTED.value,
                    "id": takedown.id,
                    "recording_id": takedown.recording_id,
                    "at": _text(takedown.until_at),
                }
            )
    lines += [_closing_line(record) for record in db.session.scalars(select(DestructionRecord))]
    yield from sorted(lines, key=lambda line: (line["at"], line["entry"], line["id"]))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _withdrawal_line(withdrawal: Withdrawal, agreement: Agreement) -> Json:
    return {
        "entry": Entry.WITHDRAWAL.value,
        "id": withdrawal.id,
        "recording_id": agreement.recording_id,
        "agreement_id": agreement.id,
        "lineage": agreement.lineage,
        "at": _text(withdrawal.at),
        "actions": list(withdrawal.actions),
        "grace_ms": withdrawal.grace_ms,
        "reason": withdrawal.reason,
        "by": withdrawal.entered_by,
    }


def _takedown_line(takedown: Takedown) -> Json:
    return {
        "entry": Entry.TAKEDOWN.value,
        "id": takedown.id,
        "recording_id": takedown.recording_id,
        "at": _text(takedown.from_at),
        "segment_id": takedown.segment_id,
        "actions": list(takedown.actions),
        "reason": takedown.reason,
        "by": takedown.by_id,
    }


def _closing_line(record: DestructionRecord) -> Json:
    return {
        "entry": Entry.CLOSING.value,
        "id": record.id,
        "recording_id": record.recording_id,
        "at": _text(record.at),
        "title": dict(record.title),
        "reason": record.reason,
        "files": list(record.files),
        "by": record.by_id,
    }


def unreplayed(folder: Path) -> list[Json]:
    """Return the lines that the database has lost and can take back, oldest first.

    Lines about what the database does not know at all (an agreement newer than the backup)
    are left out: there is nothing that could be shown.
    """
    journal = read_journal(folder)
    if not journal.lines:
        return []
    known = _Known(journal.lines)
    return [line for line in journal.lines if known.lacks(line)]


class _Known:
    """What of the journal's lines the database holds."""

    def __init__(self, lines: Collection[Json]):
        def ids(name: str, *entries: Entry) -> set[str]:
            return {str(line.get(name)) for line in lines if line["entry"] in entries}

        self._withdrawals = _existing(Withdrawal.id, ids("id", Entry.WITHDRAWAL))
        self._agreements = _existing(Agreement.id, ids("agreement_id", Entry.WITHDRAWAL))
        self._lineages = _existing(Agreement.lineage, ids("lineage", Entry.WITHDRAWAL))
        self._takedowns: dict[str, datetime | None] = {}
        for part in _chunks(ids("id", Entry.TAKEDOWN, Entry.LIFTED)):
            rows = db.session.execute(
                select(Takedown.id, Takedown.until_at).where(Takedown.id.in_(part))
            )
            self._takedowns.update(dict(rows.all()))
        self._closings = _existing(DestructionRecord.id, ids("id", Entry.CLOSING))
        self._recordings = _existing(
            Recording.id, {str(line["recording_id"]) for line in lines if "recording_id" in line}
        )
        self._coming = ids("id", Entry.TAKEDOWN)

    def has_object(self, line: Json) -> bool:
        """Whether the database has what a line is about.

        A withdrawal ends its whole lineage: it counts where a renewal is lost and what it
        renewed is not.
        """
        if line["entry"] == Entry.WITHDRAWAL:
            return line["agreement_id"] in self._agreements or line.get("lineage") in self._lineages
        return line["recording_id"] in self._recordings

    def lacks(self, line: Json) -> bool:
        """Whether the database has lost a line that it could take back."""
        if not self.has_object(line):
            return False
        key, entry = line["id"], line["entry"]
        if entry == Entry.LIFTED:
            if key in self._takedowns:
                return self._takedowns[key] is None
            return key in self._coming
        held: Mapping[str, Collection[str]] = {
            Entry.WITHDRAWAL: self._withdrawals,
            Entry.TAKEDOWN: self._takedowns,
            Entry.CLOSING: self._closings,
        }
        return key not in held.get(entry, (key,))


def _existing(column: Any, ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in _chunks(ids):
        found.update(db.session.scalars(select(column).where(column.in_(part))))
    return found


def _chunks(ids: Collection[str]) -> Iterable[list[str]]:
    every = sorted(ids)
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


def replay(folder: Path, at: datetime) -> Replayed:
    """Apply what the database has lost, in the current transaction. Does nothing twice.

    Nobody is told again: they were when it happened. Raises ValueError (naming the entry) for a
    line that cannot be understood though its check fits.
    """
    journal = read_journal(folder)
    known = _Known(journal.lines) if journal.lines else None
    lost = [line for line in journal.lines if known is not None and known.lacks(line)]
    orphans = sum(known is not None and not known.has_object(line) for line in journal.lines)
    touched: dict[str, None] = {}
    for line in lost:
        _apply(line, at)
        touched[str(line["recording_id"])] = None
    for recording_id in touched:
        rewrite_facts(recording_id, at)
    return Replayed(
        applied=len(lost),
        known=len(journal.lines) - len(lost) - orphans,
        without_object=orphans,
        damaged=journal.damaged,
    )


def _apply(line: Json, at: datetime) -> None:
    moment = datetime.fromisoformat(line["at"])
    recording = db.session.get(Recording, line["recording_id"])
    if recording is None:
        raise ValueError(f"Entry {line['id']} names a recording that is not there.")
    match line["entry"]:
        case Entry.WITHDRAWAL:
            db.session.add(
                Withdrawal(
                    id=line["id"], agreement_id=_agreement_of(line), at=moment,
                    actions=list(line["actions"]), grace_ms=int(line["grace_ms"]),
                    reason=line["reason"], entered_by=line["by"],
                )
            )  # fmt: skip
        case Entry.TAKEDOWN:
            db.session.add(
                Takedown(
                    id=line["id"], recording_id=recording.id, from_at=moment,
                    segment_id=line["segment_id"], actions=list(line["actions"]),
                    reason=line["reason"], by_id=line["by"],
                )
            )  # fmt: skip
        case Entry.LIFTED:
            takedown = db.session.get(Takedown, line["id"])
            if takedown is not None:
                takedown.until_at = moment
        case Entry.CLOSING:
            _close_again(line, recording, moment, at)
        case _:
            raise ValueError(f"Entry {line['id']} is of a kind that is not known.")
    db.session.flush()
    if recording.stage not in (Stage.DELETED, Stage.DESTROYED):
        bump_generation(SYSTEM, recording.id, at)
    record_act(
        SYSTEM, "rights.journal_replayed", "recording", recording.id, at=at,
        entry=line["entry"], original=line["id"], happened_at=line["at"],
    )  # fmt: skip


def _agreement_of(line: Json) -> str:
    """Return the agreement that a withdrawal names, else the newest that its lineage has left."""
    named: str = line["agreement_id"]
    if db.session.get(Agreement, named) is not None:
        return named
    return db.session.scalars(
        select(Agreement.id)
        .where(Agreement.lineage == line["lineage"])
        .order_by(Agreement.created_at.desc(), Agreement.id.desc())
        .limit(1)
    ).one()


def _close_again(line: Json, recording: Recording, moment: datetime, at: datetime) -> None:
    db.session.add(
        DestructionRecord(
            id=line["id"], recording_id=recording.id, title=line["title"], reason=line["reason"],
            files=line["files"], by_id=line["by"], at=moment,
        )
    )  # fmt: skip
    for row in db.session.scalars(
        select(Publication).where(
            Publication.recording_id == recording.id, Publication.ended_at.is_(None)
        )
    ):
        row.ended_at = at
    recording.stage = Stage.DESTROYED
    enqueue("destroy_closed", {"record_id": line["id"]}, key=f"destroy:{line['id']}:replayed")
