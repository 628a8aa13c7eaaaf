"""Which records of requests are kept for a time: whom the office asked back."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from lms.infra.db import db
from lms.infra.retention import Kept
from lms.requests.models import MeetingRequest


def _old_contacts(before: datetime) -> Any:
    """Return the query for requests that were decided before and still name a contact."""
    return select(MeetingRequest.id).where(
        MeetingRequest.decided_at < before,
        or_(
            MeetingRequest.contact_name != "",
            MeetingRequest.contact_phone != "",
            MeetingRequest.contact_address != "",
        ),
    )


def _count(before: datetime) -> int:
    query = _old_contacts(before).subquery()
    return db.session.scalar(select(func.count()).select_from(query)) or 0


def _forget(before: datetime, most: int) -> int:
    """Forget the contacts; what was asked for and decided stays, for the year's figures."""
    ids = list(db.session.scalars(_old_contacts(before).limit(most)))
    db.session.execute(
        update(MeetingRequest)
        .where(MeetingRequest.id.in_(ids))
        .values(contact_name="", contact_phone="", contact_address="")
    )
    return len(ids)


KINDS = (Kept("request_contacts", 730, _count, _forget, 30),)
