"""Tables of watching over rights: reminders that went out, and what was destroyed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class RightsReminder(WithId, Model):
    """A reminder went out: about what, how many days before which day; never twice."""

    __tablename__ = "rights_reminder"
    __table_args__ = (UniqueConstraint("subject_id", "kind", "days", "due_on"),)

    subject_id: Mapped[str] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(20))
    days: Mapped[int]
    due_on: Mapped[date]
    sent_at: Mapped[datetime]


class DestructionRecord(WithId, Model):
    """The files of a recording were destroyed; the evidence stays.

    `files` lists every key with its size in bytes, as found before; `done_at` is when the last
    one was gone.
    """

    __tablename__ = "destruction_record"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    title: Mapped[dict[str, str]]
    reason: Mapped[str] = mapped_column(Text)
    files: Mapped[list[Any]] = mapped_column(default=list)
    by_id: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
