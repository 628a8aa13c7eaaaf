"""The outbox."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class MailState(StrEnum):
    """Where a mail stands."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # the other side refused it for good, or patience ended
    STOPPED = "stopped"  # a person stopped it


class OutboxMail(WithId, Model):
    """A mail to be: template name, frozen parameters and language.

    The job renders it for its recipient and sends it. `dedup_key` makes a second telling of
    the same thing impossible. `params["calendar"]` names the live sessions whose
    invitations go along, each {"live_session_id", "method"}.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        CheckConstraint("state in ('queued','sent','failed','stopped')", name="state_known"),
    )

    to_address: Mapped[str] = mapped_column(String(320))
    to_name: Mapped[str] = mapped_column(String(200), default="")
    person_id: Mapped[str | None] = mapped_column(String(26), index=True)
    template: Mapped[str] = mapped_column(String(80))
    params: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(20))
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Tokyo")
    dedup_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("job.id"))
    state: Mapped[str] = mapped_column(String(10), default=MailState.QUEUED, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
