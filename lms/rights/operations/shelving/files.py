"""Files for the backlog: found by name, judged one by one; a bad one stops no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import new_id
from lms.people.queries import is_id
from lms.recordings.errors import MediaFaultError
from lms.recordings.models import Recording, Stage
from lms.recordings.operations import Received, attach_file, discard, next_target, receive
from lms.recordings.rules import safe_name
from lms.rights.models import ShelfFile, ShelfItem
from lms.rights.policy import require_rights_desk, require_rights_staff
from lms.rights.queries.backlog import find_same_file, list_expected
from lms.rights.rules.shelf import match_files

UNEXPECTED: Final = "file_unexpected"
SEVERAL: Final = "file_several"
HAS_FILE: Final = "item_has_file"
GONE: Final = "item_gone"
KNOWN: Final = "file_known"
OTHER_KIND: Final = "file_other_kind"
UNCHECKED: Final = "file_unchecked"


@dataclass(frozen=True, slots=True)
class FileMatch:
    """A file name with the item that waits for it, or with why there is none."""

    name: str
    recording_id: str | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file in the store that waits to be judged; `size` in bytes."""

    match: FileMatch
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """A file that was judged: what was received, or a code that says why not."""

    received: Received | None
    fault: str = ""


def match_names(actor: Actor, names: Sequence[str]) -> list[FileMatch]:
    """Say for each file name which item waits for it; two files never go to one item."""
    require_rights_staff(actor)
    expected = list_expected(actor)
    found = match_files(names, [(key, file) for key, file, has in expected if not has])
    there = match_files(names, [(key, file) for key, file, has in expected if has])
    taken: set[str] = set()
    matches = []
    for name in names:
        items = [one for one in found[name] if one not in taken]
        if len(items) == 1:
            taken.add(items[0])
            matches.append(FileMatch(name, items[0]))
        else:
            has = bool(found[name] or there[name])
            fault = SEVERAL if items else HAS_FILE if has else UNEXPECTED
            matches.append(FileMatch(name, None, fault))
    return matches


def store_incoming(storage: Storage, match: FileMatch, stream: BinaryIO) -> Incoming:
    """Put a file into the store, to be judged by a job. Outside any transaction."""
    key = f"shelf/{new_id()}/source"
    size, _sha256 = storage.put(key, stream)
    return Incoming(match, key, size)


def keep_files(
    actor: Actor, incoming: Sequence[Incoming], unmatched: Sequence[tuple[FileMatch, int]],
    at: datetime,
) -> list[ShelfFile]:  # fmt: skip
    """Write down files that came in, each with its job, and those that no item waits for.

    `unmatched` are (match, size in bytes); their content was not kept.
    """
    require_rights_staff(actor)
    kept = []
    for one in incoming:
        recording = db.session.get(Recording, one.match.recording_id)
        if recording is None:
            raise NotFoundError
        require_rights_desk(actor, recording)
        file = ShelfFile(
            recording_id=recording.id,
            name=safe_name(one.match.name),
            key=one.key,
            size=one.size,
            state="waiting",
            created_by=actor.person_id,
            created_at=at,
        )
        db.session.add(file)
        db.session.flush()
        file.job_id = enqueue("shelve_file", {"file_id": file.id}, max_attempts=5)
        kept.append(file)
    for match, size in unmatched:
        db.session.add(
            ShelfFile(
                name=safe_name(match.name), size=size, state="unmatched", error_code=match.fault,
                created_by=actor.person_id, created_at=at,
            )
        )  # fmt: skip
    db.session.flush()
    return kept


def judge_incoming(storage: Storage, file_id: str) -> JudgedFile | None:
    """Judge a file that waits; None when it waits no more. Outside any transaction.

    What is received must be settled or discarded.
    """
    file = db.session.get(ShelfFile, file_id) if is_id(file_id) else None
    if file is None or file.state != "waiting":
        return None
    if not storage.exists(file.key):
        return JudgedFile(None, "file_missing")
    with storage.open(file.key) as stream:
        return judge_stream(storage, file.recording_id or "", stream, file.name)


def judge_stream(
    storage: Storage, recording_id: str, stream: BinaryIO, name: str
) -> JudgedFile:  # fmt: skip
    """Take a stream in for an item and judge it: its kind, and whether it is here already."""
    recording = db.session.get(Recording, recording_id)
    if recording is None or recording.stage != Stage.RECORDED:
        return JudgedFile(None, GONE)
    if recording.source_key:
        return JudgedFile(None, HAS_FILE)
    try:
        received = receive(storage, next_target(recording), stream, Path(name).name)
    except MediaFaultError as error:
        return JudgedFile(None, error.fault.value)
    if find_same_file(received.sha256, but=recording.id) is not None:
        discard(storage, received)
        return JudgedFile(None, KNOWN)
    return JudgedFile(received)


def settle_file(file_id: str, judged: JudgedFile, at: datetime) -> bool:
    """Write down what came of a file that waited; False: what was received was not attached."""
    file: ShelfFile | None = lock_row(ShelfFile, file_id)
    if file is None or file.state != "waiting":
        return False
    fault = judged.fault
    if judged.received is not None:
        fault = attach_shelved(SYSTEM, file.recording_id or "", judged.received, at)
    file.state = "failed" if fault else "taken"
    file.error_code = fault
    file.key = ""
    return not fault


def attach_shelved(actor: Actor, recording_id: str, received: Received, at: datetime) -> str:
    """Give an item of the backlog its file; return '' or a code that says why not.

    The item stays hidden and is not worked on until it is taken on.
    """
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage != Stage.RECORDED:
        return GONE
    require_rights_desk(actor, recording)
    if recording.source_key:
        return HAS_FILE
    if find_same_file(received.sha256, but=recording.id) is not None:
        return KNOWN
    try:
        attach_file(SYSTEM, recording.id, received, at)
    except InvalidInputError:
        return OTHER_KIND
    record_act(
        actor, "rights.shelf_file_taken", "recording", recording.id, at=at, sha256=received.sha256
    )
    return ""


def list_lacking(actor: Actor) -> list[tuple[str, str]]:
    """Return (recording id, file name) of items that no file has come in for."""
    ids = [key for key, _file, has in list_expected(actor) if not has]
    names: list[tuple[str, str]] = []
    for start in range(0, len(ids), 500):
        rows = db.session.execute(
            select(Recording.id, Recording.source_name)
            .join(ShelfItem, ShelfItem.recording_id == Recording.id)
            .where(Recording.id.in_(ids[start : start + 500]))
            .order_by(Recording.id)
        )
        names.extend((row[0], row[1]) for row in rows)
    return names


def list_folder(folder: Path) -> list[str]:
    """Return the files below a folder by their paths within it; hidden ones are left out."""
    within = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix() for path in within if not any(part.startswith(".") for part in path.parts)
    )
