"""Tables of recordings and handouts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class MediaKind(StrEnum):
    """What it is. Papers matter as much as videos: one table, one decision."""

    VIDEO = "video"
    PAPER = "paper"


class Stage(StrEnum):
    """Where a recording stands. `processing` and `failed` count as draft for the decision."""

    DRAFT = "draft"
    PROCESSING = "processing"
    FAILED = "failed"
    REVIEW = "review"
    PUBLISHED = "published"
    DELETED = "deleted"


class Recording(WithId, Model):
    """A recording of a lecture, or a handout.

    `generation` is bumped by a takedown and kills every media token; `media_version` is
    bumped by a new upload and starts coverage anew. `error_code` says why processing failed.
    Sizes in bytes, durations in ms.
    """

    __tablename__ = "recording"
    __table_args__ = (
        CheckConstraint("kind in ('video','paper')", name="kind_known"),
        CheckConstraint(
            "stage in ('draft','processing','failed','review','published','deleted')",
            name="stage_known",
        ),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    part_id: Mapped[str | None] = mapped_column(ForeignKey("part.id"), index=True)
    live_session_id: Mapped[str | None] = mapped_column(ForeignKey("live_session.id"))
    kind: Mapped[str] = mapped_column(String(8))
    title: Mapped[dict[str, str]]
    language: Mapped[str] = mapped_column(String(20), default="ja")
    stage: Mapped[str] = mapped_column(String(12), default=Stage.DRAFT)
    duration_ms: Mapped[int | None]
    pages: Mapped[int | None]
    generation: Mapped[int] = mapped_column(default=1)
    media_version: Mapped[int] = mapped_column(default=1)
    source_key: Mapped[str] = mapped_column(String(300), default="")
    source_name: Mapped[str] = mapped_column(String(300), default="")
    source_size: Mapped[int | None]
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    poster_key: Mapped[str] = mapped_column(String(300), default="")
    error_code: Mapped[str] = mapped_column(String(60), default="")
    job_id: Mapped[str | None] = mapped_column(String(26))
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class Rendition(WithId, Model):
    """One set of encrypted HLS segments.

    `segments` is a list of [file name, duration in ms, key number]; `folder` a storage prefix.
    """

    __tablename__ = "rendition"
    __table_args__ = (UniqueConstraint("recording_id", "media_version", "name"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    media_version: Mapped[int]
    name: Mapped[str] = mapped_column(String(20))
    folder: Mapped[str] = mapped_column(String(300))
    width: Mapped[int]
    height: Mapped[int]
    bandwidth: Mapped[int]
    codecs: Mapped[str] = mapped_column(String(60))
    segments: Mapped[list[Any]]
    ready_at: Mapped[datetime]


class Caption(WithId, Model):
    """Captions in one language (BCP 47 tag), as checked WebVTT text."""

    __tablename__ = "caption"
    __table_args__ = (UniqueConstraint("recording_id", "language"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default="draft")
    vtt: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
