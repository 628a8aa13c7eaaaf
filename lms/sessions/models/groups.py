"""Tables of seminar groups: who is in which, which sessions are for whom, the planned timetable."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId

_NOW = text("until_at IS NULL")


class SeminarGroup(WithId, Model):
    """A group of an edition that meets on its own, with a theme.

    `tutor_id` is a known person, `tutor_name` what is shown instead or alone. `seats` None: as
    many as there are. `slug` is how content files and the planned timetable name it.
    `removed_at`: taken away while cancelled sessions still belong to it; nobody is in it.
    """

    __tablename__ = "seminar_group"
    __table_args__ = (
        UniqueConstraint("edition_id", "slug"),
        CheckConstraint("seats is null or seats > 0", name="seats_positive"),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    slug: Mapped[str | None] = mapped_column(String(80))
    title: Mapped[dict[str, str]]
    theme: Mapped[dict[str, str]] = mapped_column(default=dict)
    tutor_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    tutor_name: Mapped[dict[str, str]] = mapped_column(default=dict)
    room: Mapped[dict[str, str]] = mapped_column(default=dict)
    seats: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class GroupMember(WithId, Model):
    """An enrolled person in a group: at most one at a time, those of before are kept.

    A session counts for a member when it ended after `since_at` (None: from the beginning) and
    not after `until_at` (None: still in it). `told_at` is when the person was told of it.
    """

    __tablename__ = "group_member"
    __table_args__ = (
        Index(
            "uq_group_member_now",
            "enrolment_id",
            unique=True,
            sqlite_where=_NOW,
            postgresql_where=_NOW,
        ),
    )

    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolment.id"), index=True)
    group_id: Mapped[str] = mapped_column(ForeignKey("seminar_group.id"), index=True)
    since_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    placed_by: Mapped[str | None] = mapped_column(String(26))
    placed_at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class SessionGroup(Model):
    """A session is for this group (and others with a row); without any row for everybody."""

    __tablename__ = "session_group"

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"), primary_key=True)
    group_id: Mapped[str] = mapped_column(
        ForeignKey("seminar_group.id"), primary_key=True, index=True
    )


class GroupConsent(Model):
    """A person lets the members of their own group see their name and union. No row: not."""

    __tablename__ = "group_consent"

    enrolment_id: Mapped[str] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    agreed_at: Mapped[datetime]


class PlannedPlace(StrEnum):
    """Where an entry of the planned timetable is held."""

    VENUE = "venue"
    WEB = "web"
    BOTH = "both"


class PlannedSession(WithId, Model):
    """An entry of an edition's planned timetable, as its content file has it.

    `day` counts from 1; `starts`/`ends` are wall-clock times, HH:MM, at the place. `groups` are
    slugs, none: for everybody. `live_session_id` once it was laid out.
    """

    __tablename__ = "planned_session"
    __table_args__ = (
        CheckConstraint("day >= 1", name="day_counts_from_one"),
        CheckConstraint("place in ('venue','web','both')", name="place_known"),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    day: Mapped[int]
    starts: Mapped[str] = mapped_column(String(5))
    ends: Mapped[str] = mapped_column(String(5))
    title: Mapped[dict[str, str]]
    part_id: Mapped[str | None] = mapped_column(ForeignKey("part.id"), index=True)
    room: Mapped[dict[str, str]] = mapped_column(default=dict)
    groups: Mapped[list[str]] = mapped_column(default=list)
    place: Mapped[str] = mapped_column(String(8), default=PlannedPlace.VENUE.value)
    live_session_id: Mapped[str | None] = mapped_column(ForeignKey("live_session.id"), index=True)
