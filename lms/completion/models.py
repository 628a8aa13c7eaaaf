"""Tables of completion."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class Combine(StrEnum):
    """How requirements make a completion."""

    ALL = "all"
    ANY = "any"
    AT_LEAST = "at_least"


class CompletionRule(Model):
    """One rule an edition. `needed` counts for at_least; `due_at` is told to the learner."""

    __tablename__ = "completion_rule"
    __table_args__ = (CheckConstraint("combine in ('all','any','at_least')", name="combine_known"),)

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    combine: Mapped[str] = mapped_column(String(10), default=Combine.ALL)
    needed: Mapped[int | None]
    due_at: Mapped[datetime | None]
    gives_certificate: Mapped[bool] = mapped_column(default=True)


class Requirement(WithId, Model):
    """One requirement with one or more routes, any of which meets it.

    `routes`: [{"kind": "attend", "live_session_id" | "part_id", "permille"? (of the part's
    sessions; absent: one is enough)}, {"kind": "watch", "recording_id",
    "permille"}, {"kind": "read", "lesson_id"}, {"kind": "confirmed"} (by an organiser)].
    """

    __tablename__ = "requirement"

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    part_id: Mapped[str | None] = mapped_column(ForeignKey("part.id"))
    position: Mapped[int]
    title: Mapped[dict[str, str]]
    routes: Mapped[list[Any]]


class Confirmation(WithId, Model):
    """An organiser confirmed that a person met a requirement (a report handed in)."""

    __tablename__ = "confirmation"
    __table_args__ = (UniqueConstraint("requirement_id", "person_id"),)

    requirement_id: Mapped[str] = mapped_column(ForeignKey("requirement.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime]


class Certificate(WithId, Model):
    """A certificate issued for an achievement; its words are frozen at issue.

    `code` is the secret part of the public address that verifies it.
    """

    __tablename__ = "certificate"

    achievement_id: Mapped[str] = mapped_column(ForeignKey("achievement.id"), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    names: Mapped[dict[str, str]]
    course: Mapped[dict[str, str]]
    issuer: Mapped[dict[str, str]]
    issuer_title: Mapped[dict[str, str]]
    issued_on: Mapped[date]
    revoked_at: Mapped[datetime | None]


class CertificateCounter(Model):
    """The next serial number of a fiscal year."""

    __tablename__ = "certificate_counter"

    fiscal_year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_serial: Mapped[int] = mapped_column(default=0)


class RevocationTask(WithId, Model):
    """A correction would undo a completion: a person decides, with a reason.

    `lacking`: the requirements (ids, separated by spaces) that were not met when it was asked.
    Settled by machine, when met again: decision kept, `closed_by` None.
    """

    __tablename__ = "revocation_task"

    achievement_id: Mapped[str] = mapped_column(ForeignKey("achievement.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    lacking: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(26))
    decision: Mapped[str | None] = mapped_column(String(10))  # kept | revoked
    reason: Mapped[str] = mapped_column(Text, default="")
