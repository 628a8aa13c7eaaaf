"""Tables of live sessions: when, where, and who speaks."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class LiveSession(WithId, Model):
    """A class meeting: in a room, on the web, or both.

    `starts_local`/`ends_local` are wall-clock times in `timezone`; `starts_at`/`ends_at` are
    the instants derived from them. The web address is for organisers and for the redirect
    after a recorded press only. `sequence` rises with every change told by calendar.
    `recording_state` is written by rights: empty (nothing planned), asked, allowed or forbidden.
    """

    __tablename__ = "live_session"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="times_in_order"),
        Index("ix_live_session_edition_starts", "edition_id", "starts_at"),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    part_id: Mapped[str | None] = mapped_column(ForeignKey("part.id"))
    title: Mapped[dict[str, str]]
    starts_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    ends_local: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Tokyo")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    venue_name: Mapped[dict[str, str]]
    venue_address: Mapped[dict[str, str]]
    venue_access: Mapped[dict[str, str]]
    map_url: Mapped[str] = mapped_column(String(500), default="")
    web_url: Mapped[str] = mapped_column(String(1000), default="")
    web_passcode: Mapped[str] = mapped_column(String(100), default="")
    join_opens_minutes: Mapped[int] = mapped_column(default=15)
    grace_minutes: Mapped[int] = mapped_column(default=15)
    is_recorded: Mapped[bool] = mapped_column(default=False)
    recording_state: Mapped[str] = mapped_column(String(12), default="", server_default="")
    interpretation: Mapped[bool] = mapped_column(default=False)
    cancelled_at: Mapped[datetime | None]
    # Its edition was put off and the new date follows: until then it counts as cancelled too.
    on_hold_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    # The room within the venue, the way in by telephone, whose meeting it is, the interpretation
    # offered (BCP 47 tags), how to write one's name in the meeting, and the version of the rules
    # of time zones from which the instants were derived.
    room: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    seats: Mapped[int | None]
    dial_in: Mapped[str] = mapped_column(Text, default="", server_default="")
    host_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    channels: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    name_format: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    zone_rules: Mapped[str] = mapped_column(String(20), default="", server_default="")
    # What people were told last (see SessionChange), so that pages need not ask for it.
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    changed_at: Mapped[datetime | None]


class SessionSpeaker(WithId, Model):
    """Who speaks or interprets: a known person, or a name only."""

    __tablename__ = "session_speaker"
    __table_args__ = (CheckConstraint("role in ('speaker','interpreter')", name="role_known"),)

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[dict[str, str]]
    position: Mapped[int] = mapped_column(default=0)
    role: Mapped[str] = mapped_column(String(12), default="speaker", server_default="speaker")
