"""Tables of the frozen facts, play sessions and refusals."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


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
