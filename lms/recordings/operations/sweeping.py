"""Files that no row knows: what a process left that was killed between the file and its row.

Outside any transaction. Only what is surely nobody's goes: folders of recordings in the shapes
that uploads and jobs make, whole and older than a day.
"""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.storage import IncomingFolder, Storage
from lms.recordings.models import Recording
from lms.recordings.operations.removing import NAMED_COLUMNS
from lms.recordings.queries.uploads import list_expired_uploads, list_upload_keys

#: Nothing younger is touched: between a file and its row lie minutes at most.
SWEPT_AFTER = timedelta(days=1)

_ROOT = "recordings"
# A file that came in (v1-<id>), and what jobs make of it (v1/r-…, t-…, c-…).
_NAMED_BY_ROWS = re.compile(r"v\d+-[0-9a-z]{26}|v\d+/[rtc]-[0-9a-z-]+")
_OUTPUT_OF_JOBS = re.compile(r"v\d+")


@dataclass(frozen=True, slots=True)
class Orphan:
    """A folder of the store that belongs to no row; `size` in bytes."""

    folder: str
    files: int
    size: int


def find_orphans(storage: Storage, before: datetime) -> list[Orphan]:
    """Return the folders of recordings that no row names and nobody wrote to since a moment."""
    ids = set(db.session.scalars(select(Recording.id)))
    named = {
        _group(key) for column in NAMED_COLUMNS for key in db.session.scalars(select(column)) if key
    }
    db.session.rollback()  # no transaction stays open while the store is asked
    found = []
    for folder, files in groupby(storage.list_files(_ROOT), lambda file: _group(file.key)):
        listed = list(files)
        if max(file.written_at for file in listed) >= before or not _is_orphan(folder, ids, named):
            continue
        found.append(Orphan(folder, len(listed), sum(file.size for file in listed)))
    return found


def _group(key: str) -> str:
    """Return the folder that was made in one go: recordings/<id>/v1-<id> or …/v1/r-<id>."""
    parts = key.split("/")
    deep = len(parts) > 3 and _OUTPUT_OF_JOBS.fullmatch(parts[2])  # noqa: PLR2004 - as above
    return "/".join(parts[: 4 if deep else 3])


def _is_orphan(folder: str, ids: set[str], named: set[str]) -> bool:
    _root, recording_id, *rest = folder.split("/")
    if recording_id not in ids:
        return True
    return folder not in named and _NAMED_BY_ROWS.fullmatch("/".join(rest)) is not None


def remove_orphans(storage: Storage, orphans: Sequence[Orphan]) -> int:
    """Remove folders; return how many files went."""
    return sum(storage.delete_tree(orphan.folder) for orphan in orphans)


def sweep_incoming(folder: IncomingFolder, before: datetime, *, dry_run: bool = False) -> int:
    """Remove files on their way in that no upload knows; return how many."""
    known = list_upload_keys()
    db.session.rollback()
    lost = [
        name
        for name, written in folder.names()
        if name not in known and datetime.fromtimestamp(written, UTC) < before
    ]
    if not dry_run:
        for name in lost:
            folder.remove(name)
    return len(lost)


def remove_expired(folder: IncomingFolder, at: datetime) -> list[str]:
    """Remove the bytes of uploads whose time is over; return their ids, for `forget_uploads`."""
    expired = list_expired_uploads(at)
    db.session.rollback()
    for upload in expired:
        folder.remove(upload.key)
    return [upload.id for upload in expired]


def sweep_work(root: Path, before: datetime, *, dry_run: bool = False) -> int:
    """Remove the folders in which killed workers encoded; return how many."""
    old = [path for path in _work_folders(root) if _written_at(path) < before]
    if not dry_run:
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _work_folders(root: Path) -> Iterator[Path]:
    # `files` is the store's own, which sweeps it itself.
    yield from (path for path in root.glob("*-*") if path.is_dir())


def _written_at(folder: Path) -> datetime:
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:
            continue  # gone meanwhile: somebody is at work
    return datetime.fromtimestamp(max(times), UTC)
