"""Tables of attendance reports: the files, their rows, who is who, and the rule of an edition."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class AttendanceReport(WithId, Model):
    """A report of a meeting service for one session: shown first, applied when confirmed.

    The file's bytes are kept until it is applied or dropped; afterwards the rows tell what it
    said. `zone` is where its times without a zone were meant; `mapping` and `date_order` how it
    was read where it does not say so itself.
    """

    __tablename__ = "attendance_report"
    __table_args__ = (
        UniqueConstraint("live_session_id", "checksum"),
        CheckConstraint("(applied_at is null) = (content is not null)", name="kept_until_applied"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    file_name: Mapped[str] = mapped_column(String(255))
    checksum: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    zone: Mapped[str] = mapped_column(String(64))
    date_order: Mapped[str] = mapped_column(String(8), default="")
    mapping: Mapped[dict[str, Any]]
    service: Mapped[str] = mapped_column(String(40), default="")
    meeting_id: Mapped[str] = mapped_column(String(200), default="")
    uploaded_by: Mapped[str | None] = mapped_column(String(26))
    uploaded_at: Mapped[datetime]
    applied_by: Mapped[str | None] = mapped_column(String(26))
    applied_at: Mapped[datetime | None]


class MatchState(StrEnum):
    """What is known of who somebody in a report is."""

    WAITING = "waiting"
    MATCHED = "matched"
    DISMISSED = "dismissed"


class MatchedBy(StrEnum):
    """By what somebody in a report was matched to a person. Never by a name alone."""

    REGISTRANT = "registrant"
    ADDRESS = "address"
    ALIAS = "alias"
    HAND = "hand"


class ReportedPerson(WithId, Model):
    """Somebody as the reports of one session know them, over all its files.

    `identity` is the hash of the e-mail, else the registrant id, else the name as written.
    `stays` is the union of the times told, `a-b a-b` in seconds since the epoch; `minutes` the
    length told where no times are.
    """

    __tablename__ = "reported_person"
    __table_args__ = (
        UniqueConstraint("live_session_id", "identity"),
        CheckConstraint("state in ('waiting','matched','dismissed')", name="state_known"),
        CheckConstraint("(state = 'matched') = (person_id is not null)", name="person_if_matched"),
        Index("ix_reported_person_session_state", "live_session_id", "state"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    identity: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(String(320), default="")
    registrant_id: Mapped[str] = mapped_column(String(200), default="")
    stays: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default=MatchState.WAITING)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    matched_by: Mapped[str] = mapped_column(String(12), default="")
    decided_by: Mapped[str | None] = mapped_column(String(26))
    decided_at: Mapped[datetime | None]


class ReportRow(WithId, Model):
    """A line of a report as it was read. The same line in a newer file is not kept again.

    `reported_id` is None for a line that counts for nobody (a waiting room, who did not come).
    """

    __tablename__ = "report_row"
    __table_args__ = (UniqueConstraint("live_session_id", "row_key"),)

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    report_id: Mapped[str] = mapped_column(ForeignKey("attendance_report.id"), index=True)
    reported_id: Mapped[str | None] = mapped_column(ForeignKey("reported_person.id"), index=True)
    row_key: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text, default="")
    registrant_id: Mapped[str] = mapped_column(Text, default="")
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    minutes: Mapped[int | None]
    cells: Mapped[list[Any]]


class AttendanceAlias(WithId, Model):
    """An address under which a person comes to the sessions of one edition."""

    __tablename__ = "attendance_alias"
    __table_args__ = (UniqueConstraint("edition_id", "email"),)

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    email: Mapped[str] = mapped_column(String(320))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    made_by: Mapped[str | None] = mapped_column(String(26))
    made_at: Mapped[datetime]


class ReportMapping(WithId, Model):
    """How the columns of a file with such headings were told apart, for the next one like it."""

    __tablename__ = "report_mapping"

    signature: Mapped[str] = mapped_column(String(64), unique=True)
    mapping: Mapped[dict[str, Any]]
    date_order: Mapped[str] = mapped_column(String(8), default="")
    made_by: Mapped[str | None] = mapped_column(String(26))
    made_at: Mapped[datetime]


class EditionAttendanceRule(WithId, Model):
    """What an edition asks of those who were there (`rules.attendance_status`)."""

    __tablename__ = "attendance_rule"
    __table_args__ = (
        UniqueConstraint("edition_id"),
        CheckConstraint("min_percent between 0 and 100", name="percent_in_range"),
        CheckConstraint(
            "min_minutes >= 0 and late_minutes >= 0 and early_minutes >= 0", name="minutes_positive"
        ),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    min_minutes: Mapped[int]
    min_percent: Mapped[int]
    late_minutes: Mapped[int]
    early_minutes: Mapped[int]
    press_counts: Mapped[bool]
    missing_is_absent: Mapped[bool]
    changed_by: Mapped[str | None] = mapped_column(String(26))
    changed_at: Mapped[datetime]
