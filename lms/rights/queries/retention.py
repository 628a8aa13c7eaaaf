"""What retention would forget, before it does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, cast, func, select

from lms.infra.db import db
from lms.infra.retention import Kept, all_kept, days_kept, forgotten_before
from lms.infra.site import read_site
from lms.rights.models import ConsentRequest, PlaySession, RefusalLog, RightsFacts

_UNANSWERED: Final = ("open", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A kind with its days (0 = for ever) and how many of it would go now."""

    kind: Kept
    days: int
    count: int


def preview_retention(at: datetime, days: Mapping[str, int] | None = None) -> list[KeptLine]:
    """Return what would be forgotten at `at`; with `days` instead of those that are set."""
    set_days = read_site().retention if days is None else days
    lines = []
    for kind in all_kept():
        kept = days_kept(kind, set_days)
        count = kind.count(forgotten_before(kept, at)) if kept else 0
        lines.append(KeptLine(kind, kept, count))
    return lines


def old_refusals(before: datetime) -> Any:
    """Return the query for the ids of refusals before a moment."""
    return select(RefusalLog.id).where(RefusalLog.at < before)


def old_requests(before: datetime) -> Any:
    """Return the query for the ids of letters without an answer whose link ended before."""
    return select(ConsentRequest.id).where(
        ConsentRequest.state.in_(_UNANSWERED),
        ConsentRequest.answered_at.is_(None),
        ConsentRequest.expires_at < before,
    )


def old_plays(before: datetime, spared: Any) -> Any:
    """Return the query for the ids of play sessions closed before; not `spared` (a query of ids).

    Where an agreement or a publication counts views, its play sessions are the count and stay.
    """
    counting = select(RightsFacts.recording_id).where(
        cast(RightsFacts.facts, Text).contains('"max_views"', autoescape=True)
    )
    return select(PlaySession.id).where(
        PlaySession.closed_at < before,
        PlaySession.recording_id.not_in(counting),
        PlaySession.id.not_in(spared),
    )


def count_of(query: Any) -> int:
    """Return how many rows a query gives."""
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
