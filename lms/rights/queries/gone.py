"""Recordings that were published and are gone from everyone: taken down, withdrawn, destroyed."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, exists, or_, select

from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.recordings.models import Recording, Stage
from lms.rights.models import Agreement, Takedown, Withdrawal
from lms.rights.queries.deciding import find_known
from lms.rights.rules import Recording as KnownRecording
from lms.rights.rules import sum_up_rights


class Gone(StrEnum):
    """Why nobody can see it."""

    TAKEN_DOWN = "taken_down"
    WITHDRAWN = "withdrawn"
    DESTROYED = "destroyed"


def find_gone(
    at: datetime,
    *,
    edition_ids: Collection[str] | None = None,
    recording_ids: Collection[str] | None = None,
) -> dict[str, tuple[Recording, Gone]]:
    """Return what is gone among recordings or in editions, by id; one query where nothing is.

    A takedown of a part and a withdrawal of some uses leave the rest, so they do not count.
    """
    query = select(Recording).where(
        Recording.published_at.is_not(None),
        or_(
            Recording.stage == Stage.DESTROYED.value,
            and_(
                Recording.stage == Stage.PUBLISHED.value,
                or_(_taken_down(at), _ever_withdrawn()),
            ),
        ),
    )
    if edition_ids is not None:
        query = query.where(Recording.edition_id.in_(edition_ids))
    if recording_ids is not None:
        query = query.where(Recording.id.in_(recording_ids))
    rows = list(db.session.scalars(query.order_by(Recording.created_at, Recording.id)))
    known = find_known([row.id for row in rows]) if rows else {}
    found: dict[str, tuple[Recording, Gone]] = {}
    for row in rows:
        why = _why(row, known[row.id].recording, to_ms(at))
        if why is not None:
            found[row.id] = (row, why)
    return found


def _taken_down(at: datetime) -> Any:
    return exists().where(
        Takedown.recording_id == Recording.id,
        Takedown.segment_id.is_(None),
        or_(Takedown.until_at.is_(None), Takedown.until_at > at),
    )


def _ever_withdrawn() -> Any:
    return exists().where(
        Withdrawal.agreement_id == Agreement.id, Agreement.recording_id == Recording.id
    )


def _why(row: Recording, known: KnownRecording, now: int) -> Gone | None:
    if row.stage == Stage.DESTROYED:
        return Gone.DESTROYED
    if any(
        one.segment is None and one.actions is None and one.opens <= now < one.closes
        for one in known.takedowns
    ):
        return Gone.TAKEN_DOWN
    return Gone.WITHDRAWN if sum_up_rights(known, now) is None else None
