"""Tables of requests for study meetings."""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.infra.db import Model, WithId


class MeetingRequest(WithId, Model):
    """An organisation asks for a study meeting: of a programme, or on a theme of its own.

    Texts stand in the language of whoever wrote them, `written_in`. The wished-for dates are wall
    time in `timezone`; `search_key` is derived. `created_by` wrote it down; when `source` is not
    the browser, an organiser did so for the organisation. Once accepted, `edition_id` and
    `live_session_id` are what was made of it. `version` grows with every change, so that nobody
    decides on one unseen.
    """

    __tablename__ = "meeting_request"
    __table_args__ = (
        CheckConstraint(
            "state in ('received','in_talks','accepted','declined','withdrawn')",
            name="state_known",
        ),
        CheckConstraint("way in ('venue','web','hybrid')", name="way_known"),
        CheckConstraint("source in ('browser','telephone','paper')", name="source_known"),
        CheckConstraint("people > 0", name="people_positive"),
        CheckConstraint("programme_id is not null or theme <> ''", name="about_something"),
        CheckConstraint("state <> 'accepted' or edition_id is not null", name="accepted_is_made"),
        Index("ix_meeting_request_state_created", "state", "created_at"),
    )

    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisation.id"), index=True)
    programme_id: Mapped[str | None] = mapped_column(ForeignKey("programme.id"), index=True)
    theme: Mapped[str] = mapped_column(String(200), default="")
    purpose: Mapped[str] = mapped_column(Text, default="")
    way: Mapped[str] = mapped_column(String(8))
    place: Mapped[str] = mapped_column(String(300), default="")
    timezone: Mapped[str] = mapped_column(String(64))
    people: Mapped[int]
    languages: Mapped[list[str]]
    speaker: Mapped[str] = mapped_column(String(300), default="")
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    contact_address: Mapped[str] = mapped_column(String(320), default="")
    remarks: Mapped[str] = mapped_column(Text, default="")
    search_key: Mapped[str] = mapped_column(Text, default="")
    written_in: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(26))
    edition_id: Mapped[str | None] = mapped_column(ForeignKey("edition.id"), unique=True)
    live_session_id: Mapped[str | None] = mapped_column(ForeignKey("live_session.id"))
    version: Mapped[int] = mapped_column(default=1)
    dates: Mapped[list["MeetingRequestDate"]] = relationship(
        order_by="MeetingRequestDate.position",
        lazy="selectin",
        cascade="all, delete-orphan",
    )


class MeetingRequestDate(WithId, Model):
    """One of the dates wished for, in the order of preference."""

    __tablename__ = "meeting_request_date"
    __table_args__ = (CheckConstraint("ends_local > starts_local", name="times_in_order"),)

    meeting_request_id: Mapped[str] = mapped_column(ForeignKey("meeting_request.id"), index=True)
    position: Mapped[int]
    starts_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    ends_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))


class MeetingRequestEntry(WithId, Model):
    """One line of a request's history: a message, or what was done with it."""

    __tablename__ = "meeting_request_entry"
    __table_args__ = (
        CheckConstraint(
            "step in ('received','changed','message','in_talks','accepted','declined','withdrawn')",
            name="step_known",
        ),
        Index("ix_meeting_request_entry_request_at", "meeting_request_id", "at"),
    )

    meeting_request_id: Mapped[str] = mapped_column(ForeignKey("meeting_request.id"))
    step: Mapped[str] = mapped_column(String(10))
    by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    by_staff: Mapped[bool]
    text: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
