"""The table of uploads that may be taken up again after a lost connection (tus 1.0)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class Upload(WithId, Model):
    """A file on its way in. Bytes lie under `key` in the upload folder until it is whole.

    `purpose` and `target` say what it becomes (a recording's file, an audio track, a scan);
    `state` is open, whole, taken or refused. Sizes in bytes; gone after `expires_at`.
    """

    __tablename__ = "upload"

    owner_id: Mapped[str] = mapped_column(String(26), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    target: Mapped[dict[str, Any]]
    name: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    key: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), default="open")
    error_code: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
