"""Reads of files on their way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from lms.infra.db import db
from lms.recordings.models import Upload

_LIVELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Arriving:
    """A file on its way in, as it was when it was read; sizes in bytes. Not bound to a session."""

    id: str
    owner_id: str
    purpose: str
    target: dict[str, Any]
    name: str
    size: int
    received: int
    key: str
    state: str
    error_code: str
    updated_at: datetime
    expires_at: datetime

    @property
    def whole(self) -> bool:
        """Whether every byte has come."""
        return self.received >= self.size


def arriving(row: Upload) -> Arriving:
    """Return a row as a value of its own."""
    return Arriving(
        row.id, row.owner_id, row.purpose, dict(row.target), row.name, row.size, row.received,
        row.key, row.state, row.error_code, row.updated_at, row.expires_at,
    )  # fmt: skip


def find_upload(owner_id: str, upload_id: str) -> Arriving | None:
    """Return a person's upload, or None; somebody else's is like none."""
    row = db.session.get(Upload, upload_id)
    return arriving(row) if row is not None and row.owner_id == owner_id else None


def count_open_uploads(owner_id: str) -> int:
    """Return how many uploads of a person have begun and not ended."""
    open_ones = select(func.count()).where(Upload.owner_id == owner_id, Upload.state == "open")
    return int(db.session.scalar(open_ones) or 0)


def bytes_still_to_come(at: datetime) -> int:
    """Return how many bytes the uploads will still bring that went on within the last hour."""
    rest = select(func.sum(Upload.size - Upload.received)).where(
        Upload.state == "open", Upload.updated_at > at - _LIVELY
    )
    return int(db.session.scalar(rest) or 0)


def list_expired_uploads(at: datetime) -> Sequence[Arriving]:
    """Return the uploads whose time is over, whatever became of them."""
    rows = db.session.scalars(select(Upload).where(Upload.expires_at <= at).order_by(Upload.id))
    return [arriving(row) for row in rows]


def list_upload_keys() -> set[str]:
    """Return the names of all files that are on their way in."""
    return set(db.session.scalars(select(Upload.key)))


def stop_reading() -> None:
    """End the read transaction, so that none stands open for as long as a body takes to come."""
    db.session.rollback()
