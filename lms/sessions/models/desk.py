"""Tables of the front desk: who was seen at the door, who came unannounced, who sits there."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId

_OPEN = text("undone_at IS NULL")


class CheckInSource(StrEnum):
    """How the desk came to know that somebody is there."""

    TAP = "tap"
    QR = "qr"
    WALK_IN = "walk_in"
    PAPER = "paper"


class CheckIn(WithId, Model):
    """Evidence: the desk saw this person at that moment.

    `at` is when the person came (on paper: the time written there), `entered_at` when it was
    entered. One that was undone stays, with who undid it; only one stands per session and person.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        Index(
            "uq_check_in_open",
            "live_session_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        CheckConstraint("source in ('tap','qr','walk_in','paper')", name="source_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    entered_at: Mapped[datetime]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    way: Mapped[str] = mapped_column(String(8), default="venue", server_default="venue")
    source: Mapped[str] = mapped_column(String(8))
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(26))


class WalkInState(StrEnum):
    """What became of a note about somebody who came unannounced."""

    NOTED = "noted"
    ENROLLED = "enrolled"
    DISMISSED = "dismissed"


class WalkIn(WithId, Model):
    """Somebody who came and is not on the list: a known person, or a name noted as it was said.

    A note makes no account and no enrolment; the organiser decides what becomes of it.
    """

    __tablename__ = "walk_in"
    __table_args__ = (
        CheckConstraint("state in ('noted','enrolled','dismissed')", name="state_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    organisation: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), default="noted")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(26))


class DeskHand(WithId, Model):
    """A person whom the organiser asked to sit at the front desk of an edition."""

    __tablename__ = "desk_hand"
    __table_args__ = (UniqueConstraint("edition_id", "person_id"),)

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    named_by: Mapped[str] = mapped_column(String(26))
    named_at: Mapped[datetime]


class TicketIssue(WithId, Model):
    """That an enrolment has a new ticket: only the one with this number is good (none: 0)."""

    __tablename__ = "ticket_issue"
    __table_args__ = (
        UniqueConstraint("enrolment_id"),
        CheckConstraint("number > 0", name="number_positive"),
    )

    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolment.id"))
    number: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))


class MissingCall(WithId, Model):
    """A message sent during a session to those who were missing at that moment."""

    __tablename__ = "missing_call"

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"), index=True)
    at: Mapped[datetime]
    by_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    people: Mapped[int]
