"""Tables of watching. Times inside are integer ms; moments are ms since the epoch.

There is a row for every viewer of every recording, so they are kept small: no second key beside
the primary one, nothing that the play session's row says already.
"""

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model


class Watch(Model):
    """What a viewer has seen of one version of a recording; `intervals` packed.

    `hidden` (packed) is what this viewer may not see, widened to segments, as of the last
    decision; `required_ms` is the rest.
    """

    __tablename__ = "watch"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own name for it

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    media_version: Mapped[int] = mapped_column(primary_key=True)
    intervals: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    hidden: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    covered_ms: Mapped[int] = mapped_column(default=0)
    required_ms: Mapped[int] = mapped_column(default=0)
    credit: Mapped[int] = mapped_column(BigInteger, default=0)
    last_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    completed_ms: Mapped[int | None] = mapped_column(BigInteger)
    resume_ms: Mapped[int] = mapped_column(default=0)
    resume_moment_ms: Mapped[int] = mapped_column(BigInteger, default=0)


class WatchSession(Model):
    """The sequence numbers seen in one play session, packed; closed or not.

    Whose it is stands in the play session. Gone a day after it was closed: what is sent under
    it then is unknown, and is sent again under another.
    """

    __tablename__ = "watch_session"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own name for it

    play_session_id: Mapped[str] = mapped_column(
        String(26), ForeignKey("play_session.id"), primary_key=True
    )
    seen: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    closed: Mapped[bool] = mapped_column(default=False)
