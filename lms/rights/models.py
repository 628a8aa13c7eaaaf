"""Tables of rights, publication and play sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.infra.db import Model, WithId


class Agreement(WithId, Model):
    """What one rightsholder agreed to for one recording.

    `lineage` joins an agreement with its renewals; `kind` is speaker, slides, music,
    performer, person_shown or interpreter; `status` requested, signed or refused.
    """

    __tablename__ = "agreement"
    __table_args__ = (
        CheckConstraint("status in ('requested','signed','refused')", name="status_known"),
    )

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    lineage: Mapped[str] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(String(20))
    scope: Mapped[str] = mapped_column(String(10), default="whole")
    status: Mapped[str] = mapped_column(String(10))
    holder_name: Mapped[str] = mapped_column(String(200))
    holder_person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    attribution: Mapped[str] = mapped_column(String(200), default="")
    signed_at: Mapped[datetime | None]
    recording_consent_at: Mapped[datetime | None]
    basis: Mapped[str] = mapped_column(String(40), default="form")
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]
    terms: Mapped[list["AgreementTerm"]] = relationship(
        order_by="AgreementTerm.id", lazy="selectin"
    )
    withdrawals: Mapped[list["Withdrawal"]] = relationship(
        order_by="Withdrawal.at", lazy="selectin"
    )


class AgreementTerm(WithId, Model):
    """A grant or a prohibition.

    `conditions` has the shape of the case format in
    docs/decisions (actions, purposes, channels, territory, audience, enrolled, attended,
    max_views, obligations); the window stands in columns, `[from_at, until_at)`.
    """

    __tablename__ = "agreement_term"
    __table_args__ = (CheckConstraint("kind in ('grant','prohibition')", name="kind_known"),)

    agreement_id: Mapped[str] = mapped_column(ForeignKey("agreement.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    conditions: Mapped[dict[str, Any]]
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]


class Withdrawal(WithId, Model):
    """A rightsholder took back an agreement, for all actions or the named ones."""

    __tablename__ = "withdrawal"

    agreement_id: Mapped[str] = mapped_column(ForeignKey("agreement.id"), index=True)
    at: Mapped[datetime]
    actions: Mapped[list[str]]
    grace_ms: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    entered_by: Mapped[str | None] = mapped_column(String(26))


class Publication(WithId, Model):
    """What the federation chooses to show; conditions as in AgreementTerm."""

    __tablename__ = "publication"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    conditions: Mapped[dict[str, Any]]
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]


class Takedown(WithId, Model):
    """The recording is stopped for everyone, staff too, until lifted."""

    __tablename__ = "takedown"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(String(26))


class RightsFacts(Model):
    """The frozen facts of a recording in the case format.

    Rewritten in the transaction that changes them; a property test holds it to the tables.
    """

    __tablename__ = "rights_facts"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    facts: Mapped[dict[str, Any]]
    written_at: Mapped[datetime]


class PlaySession(WithId, Model):
    """One person's playing of one recording; a view once it received a key.

    `person_id` None: somebody without an account, for what is public. Two open ones a person:
    the newest ends the oldest.
    """

    __tablename__ = "play_session"
    __table_args__ = (Index("ix_play_session_person_open", "person_id", "closed_at"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    media_version: Mapped[int]
    generation: Mapped[int]
    country: Mapped[str | None] = mapped_column(String(2))
    started_at: Mapped[datetime]
    first_key_at: Mapped[datetime | None]
    last_report_at: Mapped[datetime]
    lease_until: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_why: Mapped[str | None] = mapped_column(String(20))


class RefusalLog(WithId, Model):
    """A refusal: which code, for which action. The evidence the rights desk reads."""

    __tablename__ = "refusal_log"
    __table_args__ = (Index("ix_refusal_log_recording_at", "recording_id", "at"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    person_id: Mapped[str | None] = mapped_column(String(26))
    action: Mapped[str] = mapped_column(String(30))
    code: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
