"""Tables of calendars: who holds an invitation, what was changed, and private subscriptions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class SessionInvitation(WithId, Model):
    """What a person's calendar was last told of a session, by a mail with a calendar part.

    `sequence` (RFC 5545 3.8.7.4) rises for this person with every change, withdrawal and return,
    so that a calendar never takes an older word for a newer one; `session_sequence` is the
    session's own number at that time.
    """

    __tablename__ = "session_invitation"
    __table_args__ = (
        UniqueConstraint("live_session_id", "person_id"),
        CheckConstraint("method in ('REQUEST','CANCEL')", name="method_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    method: Mapped[str] = mapped_column(String(8))
    sequence: Mapped[int]
    session_sequence: Mapped[int]
    at: Mapped[datetime]


class SessionChange(WithId, Model):
    """A change that people were told of, with how it was before and what was said about it.

    `kind` is moved (time, place or title), web_only, cancelled, or postponed (the date follows).
    `was` holds what changed as it stood: `starts_at` and `ends_at` (ISO 8601), `timezone`,
    `venue_name`, `room`, `has_web`, `title`.
    `sequence` is the session's number after it, by which the mails about it are found.
    """

    __tablename__ = "session_change"
    __table_args__ = (
        CheckConstraint("kind in ('moved','web_only','cancelled','postponed')", name="kind_known"),
        Index("ix_session_change_session_at", "live_session_id", "at"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    kind: Mapped[str] = mapped_column(String(12))
    sequence: Mapped[int]
    was: Mapped[dict[str, Any]]
    message: Mapped[dict[str, str]]
    by_id: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime]


class CalendarFeed(WithId, Model):
    """A private subscription: who knows the secret reads this person's sessions.

    Only the SHA-256 of the secret is kept. A person has at most one that is not revoked.
    """

    __tablename__ = "calendar_feed"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
