"""Which records of sessions are kept for a time: the names of those who came unannounced."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from lms.infra.db import db
from lms.infra.retention import Kept
from lms.sessions.models import WalkIn


def _old_names(before: datetime) -> Any:
    """Return the query for notes that hold a name as it was said, of nobody known here.

    A note that became an enrolment names a person and stays with their attendance.
    """
    return select(WalkIn.id).where(WalkIn.person_id.is_(None), WalkIn.at < before)


def _count(before: datetime) -> int:
    return db.session.scalar(select(func.count()).select_from(_old_names(before).subquery())) or 0


def _forget(before: datetime, most: int) -> int:
    ids = list(db.session.scalars(_old_names(before).order_by(WalkIn.at).limit(most)))
    db.session.execute(delete(WalkIn).where(WalkIn.id.in_(ids)))
    return len(ids)


KINDS = (Kept("walk_ins", 365, _count, _forget, 7),)
