"""Tables of asking: the letter with its link, and the items that it asks about."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class ConsentRequest(WithId, Model):
    """One letter to one rightsholder, about one or more recordings or papers.

    The link holds a secret of which only the SHA-256 is kept; it opens the form. Signing and
    withdrawing by it ask for a code as well, sent to the rightsholder's own address, so that a
    forwarded link signs nothing. `kind` is consent (before recording), backlog (after the fact)
    or renewal; `state` open, answered, cancelled or expired. `number` is the letter's (文書番号).
    `reminded` lists the days before `due_on` for which a reminder went out.
    """

    __tablename__ = "consent_request"
    __table_args__ = (
        CheckConstraint("kind in ('consent','backlog','renewal')", name="kind_known"),
        CheckConstraint("state in ('open','answered','cancelled','expired')", name="state_known"),
    )

    rightsholder_id: Mapped[str] = mapped_column(ForeignKey("rightsholder.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10), default="consent")
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    language: Mapped[str] = mapped_column(String(20), default="ja")
    number: Mapped[str] = mapped_column(String(60), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    due_on: Mapped[date | None]
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    code_sha256: Mapped[str] = mapped_column(String(64), default="")
    code_expires_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    reminded: Mapped[list[Any]] = mapped_column(default=list)
    document_key: Mapped[str] = mapped_column(String(300), default="")
    document_sha256: Mapped[str] = mapped_column(String(64), default="")
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]


class ConsentItem(WithId, Model):
    """One agreement that a letter asks for: what is proposed, what was answered.

    `proposal` and `answer` have the shape of the consent form; an agreement may stand in more
    than one letter (a second one after the first went unanswered).
    """

    __tablename__ = "consent_item"
    __table_args__ = (UniqueConstraint("request_id", "agreement_id"),)

    request_id: Mapped[str] = mapped_column(ForeignKey("consent_request.id"))
    agreement_id: Mapped[str] = mapped_column(ForeignKey("agreement.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    proposal: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    outcome: Mapped[str] = mapped_column(String(12), default="")
    answered_at: Mapped[datetime | None]
