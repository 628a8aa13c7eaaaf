"""Tables of reminders: which go out, who wants none, and which went out."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class EditionReminders(Model):
    """Which reminders an edition sends; without a row what is usual for its programme's kind."""

    __tablename__ = "edition_reminders"

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    week: Mapped[bool] = mapped_column(default=True)
    day: Mapped[bool] = mapped_column(default=True)
    hour: Mapped[bool] = mapped_column(default=True)


class ReminderChoice(Model):
    """Which reminders a person wants; without a row all of them."""

    __tablename__ = "reminder_choice"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    week: Mapped[bool] = mapped_column(default=True)
    day: Mapped[bool] = mapped_column(default=True)
    hour: Mapped[bool] = mapped_column(default=True)


class SessionReminder(WithId, Model):
    """A person was reminded of a session: once for each kind and each start.

    `starts_at` is the start they were reminded of. A session put off changes the row instead of
    adding one, so that two workers can never remind the same person twice.
    """

    __tablename__ = "session_reminder"
    __table_args__ = (
        UniqueConstraint("live_session_id", "person_id", "kind"),
        CheckConstraint("kind in ('week','day','hour')", name="kind_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    starts_at: Mapped[datetime]
    sent_at: Mapped[datetime]
