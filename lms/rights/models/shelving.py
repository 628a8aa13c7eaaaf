"""Tables of the backlog: what came in from the shelves, by which sheet, and whose it is."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class ShelfImport(WithId, Model):
    """A sheet that was sent: shown first (`preview`), entered once confirmed (`taken`).

    `rows` are the rows as they were read, in the shape of `rules.shelf.ShelfRow`; they stay here
    between the two steps, so that what is entered is what was shown. `edition_id` or
    `programme_id` (its archive) is where rows go that name no course. `made` counts what was
    entered.
    """

    __tablename__ = "shelf_import"
    __table_args__ = (
        CheckConstraint("state in ('preview','taken','dropped')", name="state_known"),
    )

    name: Mapped[str] = mapped_column(String(300))
    sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default="preview", index=True)
    edition_id: Mapped[str | None] = mapped_column(ForeignKey("edition.id"))
    programme_id: Mapped[str | None] = mapped_column(ForeignKey("programme.id"))
    rows: Mapped[list[Any]]
    made: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[str | None] = mapped_column(String(26), index=True)
    created_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]


class ShelfArchive(Model):
    """The edition of a programme that holds what belongs to no edition: its archive."""

    __tablename__ = "shelf_archive"

    programme_id: Mapped[str] = mapped_column(ForeignKey("programme.id"), primary_key=True)
    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))


class ShelfItem(Model):
    """What the sheet said about a recording or paper from the shelves.

    `fingerprint` is the SHA-256 of file name, title, day and holders: the same row is never
    entered twice. `row` is its line in the sheet; `file_key` the form of the file name by which
    files are found.
    """

    __tablename__ = "shelf_item"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    import_id: Mapped[str | None] = mapped_column(ForeignKey("shelf_import.id"), index=True)
    row: Mapped[int]
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    file_key: Mapped[str] = mapped_column(String(300), default="", index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    taken_on_at: Mapped[datetime | None]


class ShelfHolder(WithId, Model):
    """Who holds rights in an item of the backlog, as far as is known, before anyone is asked."""

    __tablename__ = "shelf_holder"
    __table_args__ = (UniqueConstraint("recording_id", "rightsholder_id", "kind"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("shelf_item.recording_id"))
    rightsholder_id: Mapped[str] = mapped_column(ForeignKey("rightsholder.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))


class ShelfFile(WithId, Model):
    """A file that came in for the backlog, kept under `key` until a job has judged it.

    `recording_id` None: no item waits for a file of this name. `state` is waiting, taken,
    failed or unmatched; `error_code` says why it failed (a MediaFault, or what the shelf adds).
    """

    __tablename__ = "shelf_file"
    __table_args__ = (
        CheckConstraint("state in ('waiting','taken','failed','unmatched')", name="state_known"),
    )

    recording_id: Mapped[str | None] = mapped_column(ForeignKey("recording.id"))
    name: Mapped[str] = mapped_column(String(300))
    key: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    error_code: Mapped[str] = mapped_column(String(60), default="")
    job_id: Mapped[str | None] = mapped_column(String(26))
    created_by: Mapped[str | None] = mapped_column(String(26), index=True)
    created_at: Mapped[datetime]
