"""What is stopped of a recording, and since when."""

from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db
from lms.people.queries import is_id
from lms.rights.models import Takedown


def open_takedowns(recording_id: str, at: datetime) -> list[Takedown]:
    """Return what is stopped at `at`: the whole, segments or actions; oldest first."""
    return list(
        db.session.scalars(
            select(Takedown)
            .where(
                Takedown.recording_id == recording_id,
                Takedown.until_at.is_(None) | (Takedown.until_at > at),
            )
            .order_by(Takedown.from_at, Takedown.id)
        )
    )


def is_whole(takedown: Takedown) -> bool:
    """Whether a takedown stops everything of its recording."""
    return takedown.segment_id is None and not takedown.actions


def find_takedown(takedown_id: str) -> Takedown | None:
    """Return a takedown, or None."""
    return db.session.get(Takedown, takedown_id) if is_id(takedown_id) else None
