"""Tables of recordings, handouts and what belongs to them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class MediaKind(StrEnum):
    """What it is. Papers matter as much as videos: one table, one decision."""

    VIDEO = "video"
    AUDIO = "audio"
    PAPER = "paper"
    #: Held elsewhere: listed here, neither enforced nor measured.
    LINK = "link"


class Stage(StrEnum):
    """Where a recording stands.

    `planned` (of a session to come), `recorded` (from the shelves, not worked on yet), `processing`
    and `failed` count as draft for the decision, `destroyed` as deleted.
    """

    PLANNED = "planned"
    RECORDED = "recorded"
    DRAFT = "draft"
    PROCESSING = "processing"
    FAILED = "failed"
    REVIEW = "review"
    PUBLISHED = "published"
    DELETED = "deleted"
    DESTROYED = "destroyed"


class Recording(WithId, Model):
    """A recording of a lecture, or a handout.

    `generation` is bumped by a takedown and kills every media token; `media_version` is
    bumped by a new upload and starts coverage anew. `error_code` says why processing failed.
    `source_url` is the address of a recording held elsewhere; `shelf` says where a copy lies
    that is not in this store. Sizes in bytes, durations in ms.
    """

    __tablename__ = "recording"
    __table_args__ = (
        CheckConstraint("kind in ('video','audio','paper','link')", name="kind_known"),
        CheckConstraint(
            "stage in ('planned','recorded','draft','processing','failed','review','published',"
            "'deleted','destroyed')",
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
    source_size: Mapped[int | None] = mapped_column(BigInteger)
    source_sha256: Mapped[str | None] = mapped_column(String(64))
    poster_key: Mapped[str] = mapped_column(String(300), default="")
    error_code: Mapped[str] = mapped_column(String(60), default="")
    job_id: Mapped[str | None] = mapped_column(String(26))
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    source_url: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    shelf: Mapped[str] = mapped_column(String(200), default="", server_default="")
    recorded_on: Mapped[date | None]


class Rendition(WithId, Model):
    """One set of encrypted HLS segments.

    `segments` is a list of [file name, duration in ms, key number]; `folder` a storage prefix.
    `role` is video (picture, with the film's own sound), or audio: sound alone, in `language`
    (BCP 47) where it is another's than the film's own. Width and height are 0 without a picture.
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
    role: Mapped[str] = mapped_column(String(8), default="video", server_default="video")
    language: Mapped[str] = mapped_column(String(20), default="", server_default="")


class AudioTrack(WithId, Model):
    """Another language of the sound, recorded beside the floor: an interpreter's channel.

    `shift_ms` is how much later than the film it begins. `state` is waiting, ready or failed.
    """

    __tablename__ = "audio_track"
    __table_args__ = (UniqueConstraint("recording_id", "media_version", "language"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    media_version: Mapped[int]
    language: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(16), default="interpretation")
    source_key: Mapped[str] = mapped_column(String(300))
    source_name: Mapped[str] = mapped_column(String(300), default="")
    source_size: Mapped[int] = mapped_column(BigInteger)
    source_sha256: Mapped[str] = mapped_column(String(64))
    shift_ms: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    error_code: Mapped[str] = mapped_column(String(60), default="")
    job_id: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]


class MediaCopy(WithId, Model):
    """A whole file to be taken away or shown: the recording without `cuts` ([[a, b]] in ms).

    Of a paper, cuts count pages from 0. `state` is making, ready or failed.
    """

    __tablename__ = "media_copy"
    __table_args__ = (UniqueConstraint("recording_id", "media_version"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    media_version: Mapped[int]
    cuts: Mapped[list[Any]]
    key: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[str] = mapped_column(String(10), default="making")
    job_id: Mapped[str | None] = mapped_column(String(26))
    made_at: Mapped[datetime | None]


class Chapter(WithId, Model):
    """A heading at a moment of the uncut recording, in ms."""

    __tablename__ = "chapter"
    __table_args__ = (UniqueConstraint("recording_id", "at_ms"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    at_ms: Mapped[int]
    title: Mapped[dict[str, str]]


class Caption(WithId, Model):
    """Captions in one language (BCP 47 tag), as checked WebVTT text.

    `status` is machine, draft or reviewed; `revision` rises with every change, so that of two
    who edit at once the second is told.
    """

    __tablename__ = "caption"
    __table_args__ = (UniqueConstraint("recording_id", "language"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    language: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(10), default="draft")
    vtt: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")


class FileVersion(WithId, Model):
    """Which file a recording or paper had as which version, and what was said about the change."""

    __tablename__ = "file_version"
    __table_args__ = (UniqueConstraint("recording_id", "media_version"),)

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    media_version: Mapped[int]
    name: Mapped[str] = mapped_column(String(300), default="")
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    pages: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime]


class ChannelFlag(WithId, Model):
    """Through which channels some pages of a paper may go: room, live stream, later, download.

    Pages count from 1, both ends included. The cue sheet of a session is printed from these.
    """

    __tablename__ = "channel_flag"
    __table_args__ = (
        CheckConstraint("last_page >= first_page and first_page >= 1", name="pages_in_order"),
    )

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    first_page: Mapped[int]
    last_page: Mapped[int]
    room: Mapped[bool] = mapped_column(default=True)
    live: Mapped[bool] = mapped_column(default=True)
    later: Mapped[bool] = mapped_column(default=True)
    download: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str] = mapped_column(String(300), default="")
