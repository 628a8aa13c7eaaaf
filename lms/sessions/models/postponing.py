"""Tables of editions that are put off: what was told, and who confirmed the new dates."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.infra.db import Model, WithId


class EditionPostponement(WithId, Model):
    """An edition was put off, or called off, in one act of which all were told in one mail.

    `kind`: moved (the new dates are there), open (they follow) or off (never to be held). `cause`
    is a code with a sentence in every language, `words` what the organiser said besides. `lines`
    holds the sessions in order of time as they stood: `id`, `title`, `starts_at` and `ends_at`
    (ISO 8601), `timezone`, `was_on_hold`. `answer_until`: until when the enrolled are asked to
    confirm; None: nobody is asked. `settled_at`: the organiser decided about those who did not
    answer.
    """

    __tablename__ = "edition_postponement"
    __table_args__ = (
        CheckConstraint("kind in ('moved','open','off')", name="kind_known"),
        CheckConstraint(
            "cause in ('weather','infection','strike','speaker','other')", name="cause_known"
        ),
        Index("ix_edition_postponement_edition_at", "edition_id", "at"),
    )

    edition_id: Mapped[str] = mapped_column(ForeignKey("edition.id"))
    kind: Mapped[str] = mapped_column(String(8))
    cause: Mapped[str] = mapped_column(String(12))
    words: Mapped[dict[str, str]]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    answer_until: Mapped[datetime | None]
    by_id: Mapped[str | None] = mapped_column(String(26))
    at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class PostponementAnswer(WithId, Model):
    """Somebody who held a seat is asked whether the new dates suit them.

    `answer` is '' (none yet), yes, no or unsure; `by_id` is who said so: the person, or an
    organiser who was told by telephone. `reminded_at`: reminded, once. `outcome` is what the
    organiser decided of a seat without a yes or no: kept or released.
    """

    __tablename__ = "postponement_answer"
    __table_args__ = (
        UniqueConstraint("postponement_id", "person_id"),
        CheckConstraint("answer in ('','yes','no','unsure')", name="answer_known"),
        CheckConstraint("outcome in ('','kept','released')", name="outcome_known"),
    )

    postponement_id: Mapped[str] = mapped_column(ForeignKey("edition_postponement.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    answer: Mapped[str] = mapped_column(String(8), default="")
    answered_at: Mapped[datetime | None]
    by_id: Mapped[str | None] = mapped_column(String(26))
    reminded_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(8), default="")
