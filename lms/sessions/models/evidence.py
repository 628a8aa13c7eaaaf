"""Tables of evidence: who came, by which way, and what was written down."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class AttendanceStatus(StrEnum):
    """出席 遅刻 早退 欠席 公欠."""

    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    EXCUSED = "excused"


class JoinPress(WithId, Model):
    """Evidence: this person pressed join at that moment."""

    __tablename__ = "join_press"
    __table_args__ = (Index("ix_join_press_session_person", "live_session_id", "person_id"),)

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]


class Attendance(WithId, Model):
    """The status of a person in a session, set by hand; it stands before what presses say."""

    __tablename__ = "attendance"
    __table_args__ = (
        UniqueConstraint("live_session_id", "person_id"),
        CheckConstraint(
            "status in ('present','late','left_early','absent','excused')", name="status_known"
        ),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    status: Mapped[str] = mapped_column(String(12))
    way: Mapped[str] = mapped_column(String(8), default="venue")
    reason: Mapped[str] = mapped_column(Text, default="")
    set_by: Mapped[str | None] = mapped_column(String(26))
    set_at: Mapped[datetime]
