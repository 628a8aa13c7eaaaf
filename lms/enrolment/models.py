"""Tables of enrolment."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class EnrolmentState(StrEnum):
    """The fixed glossary of states (申込済 審査中 受講決定 キャンセル待ち 辞退 不承認 取消)."""

    APPLIED = "applied"
    UNDER_REVIEW = "under_review"
    ENROLLED = "enrolled"
    WAITLISTED = "waitlisted"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Attending(StrEnum):
    """How a person takes part."""

    VENUE = "venue"
    WEB = "web"


class Enrolment(WithId, Model):
    """One person in one edition. Who is enrolled holds a numbered seat, and nobody else does.

    `seat` is unique within the edition, which backs the capacity decided under a lock on the
    edition's row. `queue_position` orders the waiting list: it only grows within an edition and
    is kept when the person leaves the list, so that no two ever shared a place. `approved_at`:
    when an organiser agreed; who waits without it is not promoted where approval is asked for.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("edition_id", "person_id"),
        UniqueConstraint("edition_id", "seat"),
        UniqueConstraint("edition_id", "queue_position"),
        CheckConstraint(
            "state in ('applied','under_review','enrolled','waitlisted','withdrawn','declined',"
            "'cancelled')",
            name="state_known",
        ),
        CheckConstraint("(state = 'enrolled') = (seat is not null)", name="seat_if_enrolled"),
        CheckConstraint("seat is null or seat >= 1", name="seat_positive"),
        Index("ix_enrolment_edition_state", "edition_id", "state"),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    attending: Mapped[str] = mapped_column(String(8), default=Attending.WEB)
    seat: Mapped[int | None]
    queue_position: Mapped[int | None]
    approved_at: Mapped[datetime | None]
    accommodation: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text, default="")
    applied_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class EnrolmentChange(WithId, Model):
    """One step in an enrolment's life."""

    __tablename__ = "enrolment_change"

    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolment.id"), index=True)
    from_state: Mapped[str | None] = mapped_column(String(12))
    to_state: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime]
    by_id: Mapped[str | None] = mapped_column(String(26))
    reason: Mapped[str] = mapped_column(Text, default="")
