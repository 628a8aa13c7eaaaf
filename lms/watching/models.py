"""Tables of watching. Times inside are integer ms; moments are ms since the epoch."""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model


class Watch(Model):
    """What a viewer has seen of one version of a recording; `intervals` packed."""

    __tablename__ = "watch"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(
        ForeignKey("recording.id"), primary_key=True, index=True
    )
    media_version: Mapped[int] = mapped_column(primary_key=True)
    intervals: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    covered_ms: Mapped[int] = mapped_column(default=0)
    required_ms: Mapped[int] = mapped_column(default=0)
    credit: Mapped[int] = mapped_column(BigInteger, default=0)
    last_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    completed_ms: Mapped[int | None] = mapped_column(BigInteger)
    resume_ms: Mapped[int] = mapped_column(default=0)
    resume_moment_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class WatchSession(Model):
    """The sequence numbers seen in one play session, packed; closed or not."""

    __tablename__ = "watch_session"

    play_session_id: Mapped[str] = mapped_column(
        String(26), ForeignKey("play_session.id"), primary_key=True
    )
    person_id: Mapped[str] = mapped_column(String(26), index=True)
    recording_id: Mapped[str] = mapped_column(String(26))
    media_version: Mapped[int]
    seen: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    closed: Mapped[bool] = mapped_column(default=False)
