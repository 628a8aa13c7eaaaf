"""Tables of rightsholders and what they agreed to."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.infra.db import Model, WithId


class Rightsholder(WithId, Model):
    """Who is asked: a person or a body, with an account here or without.

    `email` and `language` (BCP 47) are where and in what the letter goes; `kana` sorts.
    """

    __tablename__ = "rightsholder"

    name: Mapped[str] = mapped_column(String(200))
    kana: Mapped[str] = mapped_column(String(200), default="")
    organisation: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(100), default="")
    email: Mapped[str] = mapped_column(String(320), default="", index=True)
    address: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(20), default="ja")
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]


class Agreement(WithId, Model):
    """What one rightsholder agreed to for one recording.

    `lineage` joins an agreement with its renewals; `kind` is speaker, slides, music,
    performer, person_shown or interpreter; `status` requested, signed or refused; `outcome`
    says how the answer read: yes, narrower, no or not_found (nobody could be asked), empty
    while there is none. `scope` is whole, or segment for a third party's part of it.
    `answers` holds what was asked and answered item by item in the consent form (edits,
    captions, translation, transcript, summary, name, moral rights, fee, withdrawal terms,
    portrait, after the period). The document is the signed copy or the scan of a paper form.
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
    citation: Mapped[str] = mapped_column(String(300), default="", server_default="")
    outcome: Mapped[str] = mapped_column(String(12), default="", server_default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    rightsholder_id: Mapped[str | None] = mapped_column(ForeignKey("rightsholder.id"), index=True)
    responsible_id: Mapped[str | None] = mapped_column(String(26))
    document_key: Mapped[str] = mapped_column(String(300), default="", server_default="")
    document_name: Mapped[str] = mapped_column(String(300), default="", server_default="")
    document_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
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
