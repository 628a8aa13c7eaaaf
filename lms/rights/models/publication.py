"""Tables of publication: what the federation shows, stops, and passes over for a person."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


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
    """Stopped for everyone, staff too, until lifted: whole, one segment, or the named actions.

    `segment_id` None and no `actions`: the whole recording.
    """

    __tablename__ = "takedown"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(String(26))
    segment_id: Mapped[str | None] = mapped_column(String(26))
    actions: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class PublicationProposal(WithId, Model):
    """A publication that waits for a second person, where the federation wants two.

    `details` in the shape of `operations.PublicationDetails`; `state` waiting, approved, refused
    or dropped; `number` is the number of the decision (決裁番号).
    """

    __tablename__ = "publication_proposal"
    __table_args__ = (
        CheckConstraint("state in ('waiting','approved','refused','dropped')", name="state_known"),
    )

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    details: Mapped[dict[str, Any]]
    within_rights: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    number: Mapped[str] = mapped_column(String(60), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    requested_by: Mapped[str | None] = mapped_column(String(26))
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(26))
    decided_at: Mapped[datetime | None]


class Override(WithId, Model):
    """Publication passed over for one person (R15); never what the rightsholders allow.

    It counts once approved by somebody other than who asked, inside `[from_at, until_at)`.
    """

    __tablename__ = "rights_override"
    __table_args__ = (
        CheckConstraint("approved_by is null or approved_by <> requested_by", name="two_people"),
    )

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    actions: Mapped[list[str]]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(String(60), default="")
    requested_by: Mapped[str] = mapped_column(String(26))
    requested_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(26))
    approved_at: Mapped[datetime | None]
    refused_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
