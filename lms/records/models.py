"""Tables of the record of learning."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class LessonReading(Model):
    """A person marked a lesson as read."""

    __tablename__ = "lesson_reading"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    lesson_id: Mapped[str] = mapped_column(ForeignKey("lesson.id"), primary_key=True)
    read_at: Mapped[datetime]


class Achievement(WithId, Model):
    """A completion that was earned. It is kept: only a person revokes it, with a reason."""

    __tablename__ = "achievement"
    __table_args__ = (UniqueConstraint("person_id", "edition_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    programme_id: Mapped[str] = mapped_column(ForeignKey("programme.id"), index=True)
    earned_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None] = mapped_column(String(26))
    revoke_reason: Mapped[str | None] = mapped_column(Text)
