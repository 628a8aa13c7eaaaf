"""Tables of joining: the way somebody takes part in one session, and meetings held elsewhere."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class SessionWay(WithId, Model):
    """How a person takes part in this one session, where it differs from their enrolment."""

    __tablename__ = "session_way"
    __table_args__ = (
        UniqueConstraint("live_session_id", "person_id"),
        CheckConstraint("way in ('venue','web')", name="way_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    way: Mapped[str] = mapped_column(String(8))
    changed_at: Mapped[datetime]


class AddressRelease(WithId, Model):
    """The meeting's real address was sent by mail to those admitted: once a session."""

    __tablename__ = "address_release"
    __table_args__ = (UniqueConstraint("live_session_id"),)

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    by_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    people: Mapped[int]


class MeetingState(StrEnum):
    """Where a meeting stands that a service holds for a session."""

    WANTED = "wanted"  # to be made or changed there
    READY = "ready"
    FAILED = "failed"  # given up; the plain address stands in
    REMOVED = "removed"


class ProviderMeeting(WithId, Model):
    """The meeting that a service (Zoom) holds for a session.

    `meeting_id` is the service's number, kept as text; `join_url` and `passcode` are secrets as
    the plain address is. `fault` is a code of the last failure, empty while all is well.
    `told` is a fingerprint of what the service was told last. `generation` grows with every
    meeting given up, so that a new one is never taken for it. `fetched_at`: when the
    attendance was last read from there; `fetch_fault` why it was not since, '' while all is well.
    """

    __tablename__ = "provider_meeting"
    __table_args__ = (
        UniqueConstraint("live_session_id"),
        CheckConstraint("state in ('wanted','ready','failed','removed')", name="state_known"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    provider: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(8), default=MeetingState.WANTED)
    meeting_id: Mapped[str] = mapped_column(String(40), default="")
    join_url: Mapped[str] = mapped_column(String(1000), default="")
    passcode: Mapped[str] = mapped_column(String(100), default="")
    fault: Mapped[str] = mapped_column(String(40), default="")
    fault_at: Mapped[datetime | None]
    told: Mapped[str] = mapped_column(String(64), default="")
    generation: Mapped[int] = mapped_column(default=0, server_default="0")
    fetched_at: Mapped[datetime | None]
    fetch_fault: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime]


class PersonalLink(WithId, Model):
    """A person's own way into a meeting, made by its service: a secret of that one person.

    `registrant_id` is how the service names them in its report of who came.
    """

    __tablename__ = "personal_link"
    __table_args__ = (
        UniqueConstraint("live_session_id", "person_id"),
        UniqueConstraint("live_session_id", "registrant_id"),
    )

    live_session_id: Mapped[str] = mapped_column(ForeignKey("live_session.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    meeting_id: Mapped[str] = mapped_column(String(40))
    registrant_id: Mapped[str] = mapped_column(String(100))
    join_url: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]
