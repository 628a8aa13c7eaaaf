"""A private address of one's own sessions for calendar programs: made, replaced, taken back."""

import hashlib
from datetime import datetime

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import new_secret
from lms.people.models import Person
from lms.sessions.models import CalendarFeed
from lms.sessions.queries.feeds import find_feed


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_feed(actor: Actor, *, at: datetime) -> str:
    """Make the actor's address anew and return its secret, which is kept nowhere.

    The address before, if any, stops working. Raises NotFoundError for nobody.
    """
    person_id = _lock(actor)
    _retire(person_id, at)
    secret = new_secret()
    db.session.add(CalendarFeed(person_id=person_id, secret_hash=digest_of(secret), created_at=at))
    db.session.flush()
    record_act(actor, "calendar.feed_made", "person", person_id, at=at)
    return secret


def revoke_feed(actor: Actor, *, at: datetime) -> bool:
    """Take the actor's address back. False when there was none."""
    person_id = _lock(actor)
    if not _retire(person_id, at):
        return False
    record_act(actor, "calendar.feed_revoked", "person", person_id, at=at)
    return True


def _lock(actor: Actor) -> str:
    """Keep a second press of the same person out, so that one address stays."""
    if actor.person_id is None or lock_row(Person, actor.person_id) is None:
        raise NotFoundError
    return actor.person_id


def _retire(person_id: str, at: datetime) -> bool:
    feed = find_feed(person_id)
    if feed is None:
        return False
    feed.revoked_at = at
    db.session.flush()
    return True
