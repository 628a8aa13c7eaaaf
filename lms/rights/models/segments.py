"""Tables of what lies inside a recording and belongs to others."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class Segment(WithId, Model):
    """A range with rightsholders of its own: `[a, b)` in ms of the uncut recording.

    Of a paper, `[a, b)` counts pages from 0: pages 14 to 16 are `[13, 16)`. `kind` is slide,
    music, face, quotation, performance or unknown; `way` how it is to be cleared (ask, exempt,
    cut, replace; empty while undecided); `basis` names the article or contract for `exempt`.
    `lineages` are those of the agreements that must permit it. `media_version` is that of the
    file in which it was marked: in a later file it may lie elsewhere.
    """

    __tablename__ = "segment"
    __table_args__ = (
        CheckConstraint("b > a and a >= 0", name="range_in_order"),
        CheckConstraint(
            "disposition in ('needs_agreement','unresolved','exempt','removed')",
            name="disposition_known",
        ),
        CheckConstraint("on_deny in ('hide','mute','deny_recording')", name="on_deny_known"),
    )

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    a: Mapped[int]
    b: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12), default="unknown")
    title: Mapped[str] = mapped_column(String(200), default="")
    disposition: Mapped[str] = mapped_column(String(16), default="unresolved")
    on_deny: Mapped[str] = mapped_column(String(16), default="hide")
    way: Mapped[str] = mapped_column(String(8), default="")
    basis: Mapped[str] = mapped_column(String(60), default="")
    basis_note: Mapped[str] = mapped_column(Text, default="")
    assessor_id: Mapped[str | None] = mapped_column(String(26))
    assessed_at: Mapped[datetime | None]
    lineages: Mapped[list[Any]] = mapped_column(default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    media_version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_by: Mapped[str | None] = mapped_column(String(26))
    created_at: Mapped[datetime]


class RightsPlan(Model):
    """What the desk has settled for one recording as a whole.

    `required_kinds` None: the speaker (of a paper, its author). `checklist` holds the venue's
    points that were ticked (notice, off-camera seats, music off).
    """

    __tablename__ = "rights_plan"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    required_kinds: Mapped[list[Any] | None]
    responsible_id: Mapped[str | None] = mapped_column(String(26))
    checklist: Mapped[list[Any]] = mapped_column(default=list)
    updated_at: Mapped[datetime]
