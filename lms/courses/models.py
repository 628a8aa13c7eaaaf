"""Tables of courses."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class Kind(StrEnum):
    """The shape of a programme: the preset an organiser starts from."""

    WEB_LECTURE = "web_lecture"
    SERIES = "series"
    RESIDENTIAL = "residential"
    ON_REQUEST = "on_request"
    STAGED = "staged"


class Mode(StrEnum):
    """Where an edition is held."""

    VENUE = "venue"
    WEB = "web"
    HYBRID = "hybrid"
    ON_DEMAND = "on_demand"


class EditionState(StrEnum):
    """Where an edition stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class Approval(StrEnum):
    """How an application becomes a seat."""

    FIRST_COME = "first_come"
    ORGANISER = "organiser"


class Reach(StrEnum):
    """Who may see a programme in the catalogue; outside = everyone, without an account."""

    HQ = "hq"
    INDUSTRIAL = "industrial"
    AFFILIATE = "affiliate"
    OUTSIDE = "outside"


def _as_its_kind(context: Any) -> bool:
    """Return whether a new programme is of the kind that is held on request."""
    return bool(context.get_current_parameters()["kind"] == Kind.ON_REQUEST)


class Programme(WithId, Model):
    """A programme with its stated purpose and audience. `leads_to_id`: the one after it.

    `keywords` are words a language to be found by; `search_key` is derived from all texts.

    `takes_requests`: unions and regions can ask for a meeting of it; at first those of the kind
    `on_request` alone.

    `version` grows with every edit in the browser, so that none overwrites another unseen.
    """

    __tablename__ = "programme"

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    purpose: Mapped[dict[str, str]]
    audience: Mapped[dict[str, str]]
    reach: Mapped[str] = mapped_column(String(12), default=Reach.OUTSIDE)
    languages: Mapped[list[str]]
    leads_to_id: Mapped[str | None] = mapped_column(ForeignKey("programme.id"))
    takes_requests: Mapped[bool] = mapped_column(default=_as_its_kind, server_default=false())
    keywords: Mapped[dict[str, list[str]]] = mapped_column(default=dict)
    search_key: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class Edition(WithId, Model):
    """One run of a programme. `capacity` None = no limit; `apply_until_at` is a moment.

    `notice` is what people were told when it was put off or called off (see `EditionNotice`), so
    that pages need not ask for it.
    `version` grows with every edit of these settings, so that none overwrites another unseen.
    """

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("programme_id", "slug"),
        CheckConstraint("capacity is null or capacity >= 0", name="capacity_not_negative"),
        CheckConstraint("state in ('draft','published','cancelled','closed')", name="state_known"),
        CheckConstraint(
            "ends_on is null or starts_on is null or ends_on >= starts_on", name="dates_in_order"
        ),
    )

    programme_id: Mapped[str] = mapped_column(ForeignKey("programme.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    title: Mapped[dict[str, str]]
    mode: Mapped[str] = mapped_column(String(12))
    languages: Mapped[list[str]]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    timezone: Mapped[str] = mapped_column(String(64), default="Asia/Tokyo")
    capacity: Mapped[int | None]
    apply_until_at: Mapped[datetime | None]
    approval: Mapped[str] = mapped_column(String(12), default=Approval.FIRST_COME)
    state: Mapped[str] = mapped_column(String(12), default=EditionState.DRAFT)
    published_at: Mapped[datetime | None]
    notice: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Part(WithId, Model):
    """A part of an edition, in order: a lecture, a stage, a round-table."""

    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("edition_id", "slug"),)

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    title: Mapped[dict[str, str]]
    summary: Mapped[dict[str, str]]
    version: Mapped[int] = mapped_column(default=1)


class Lesson(WithId, Model):
    """Text to read in a part. `body` holds Markdown a language; see docs/content-format.md.

    `sources` and `glossary` are lists a language: {"ja": [...], "en": [...]}.
    """

    __tablename__ = "lesson"
    __table_args__ = (UniqueConstraint("part_id", "slug"),)

    part_id: Mapped[str] = mapped_column(ForeignKey("part.id"), index=True)
    slug: Mapped[str] = mapped_column(String(80))
    position: Mapped[int]
    title: Mapped[dict[str, str]]
    minutes: Mapped[int] = mapped_column(default=10)
    objectives: Mapped[dict[str, list[str]]]
    body: Mapped[dict[str, str]]
    sources: Mapped[dict[str, list[dict[str, str]]]]
    glossary: Mapped[dict[str, list[dict[str, str]]]]
    version: Mapped[int] = mapped_column(default=1)


class GlossaryTerm(WithId, Model):
    """A term of the site's glossary. Texts are keyed by language: ways to write it, its meaning.

    `reading` is that of the Japanese term in kana, or empty; `also` are other ways in which texts
    write it; `see` are the slugs of related terms.
    """

    __tablename__ = "glossary_term"

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    term: Mapped[dict[str, str]]
    reading: Mapped[str] = mapped_column(String(120), default="")
    also: Mapped[dict[str, list[str]]] = mapped_column(default=dict)
    meaning: Mapped[dict[str, str]]
    see: Mapped[list[str]] = mapped_column(default=list)


class ContentRecord(Model):
    """What `lms content load` wrote: the file's key, the row, and how the row looked then.

    A row that no longer hashes to `row_hash` was edited in the browser since.
    """

    __tablename__ = "content_record"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[str] = mapped_column(String(26), index=True)
    row_hash: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]
