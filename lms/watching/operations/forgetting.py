"""Which records of watching are kept for a time: play sessions and the numbers of their reports.

What was covered stays for as long as the person does.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from lms.infra.db import db
from lms.infra.retention import Kept
from lms.rights.models import PlaySession
from lms.rights.operations.retaining import forget_plays
from lms.rights.queries.retention import count_of, old_plays
from lms.watching.models import WatchSession


def _old_sessions(before: datetime) -> Any:
    ended = select(PlaySession.id).where(PlaySession.closed_at < before)
    return select(WatchSession.play_session_id).where(
        WatchSession.closed.is_(True), WatchSession.play_session_id.in_(ended)
    )


def _forget_sessions(before: datetime, most: int) -> int:
    ids = list(db.session.scalars(_old_sessions(before).limit(most)))
    db.session.execute(delete(WatchSession).where(WatchSession.play_session_id.in_(ids)))
    return len(ids)


def _numbered() -> Any:
    """Return the query for play sessions whose numbers are still kept: those stay too."""
    return select(WatchSession.play_session_id)


#: In the order in which they are forgotten: the numbers before what they belong to.
KINDS = (
    Kept(
        "watch_sessions",
        1,
        lambda before: count_of(_old_sessions(before)),
        _forget_sessions,
    ),
    Kept(
        "plays",
        1095,
        lambda before: count_of(old_plays(before, _numbered())),
        lambda before, most: forget_plays(before, most, _numbered()),
        90,
    ),
)
