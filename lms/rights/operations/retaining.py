"""Forgetting what is kept for a time, and setting that time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete

from lms.infra.audit import record_act
from lms.infra.db import db
from lms.infra.retention import MAX_DAYS, Kept, all_kept
from lms.infra.site import read_site, write_site
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError
from lms.rights.models import ConsentItem, ConsentRequest, PlaySession, RefusalLog, ShelfImport
from lms.rights.policy import require_retention_setter
from lms.rights.queries.backlog import old_lists
from lms.rights.queries.retention import count_of, old_plays, old_refusals, old_requests


def forget_refusals(before: datetime, most: int) -> int:
    """Forget refusals; the audit keeps its entry of each."""
    return _delete(RefusalLog, old_refusals(before), most)


def forget_requests(before: datetime, most: int) -> int:
    """Forget letters that nobody answered; the agreements that they asked for stay."""
    ids = list(db.session.scalars(old_requests(before).limit(most)))
    db.session.execute(delete(ConsentItem).where(ConsentItem.request_id.in_(ids)))
    db.session.execute(delete(ConsentRequest).where(ConsentRequest.id.in_(ids)))
    return len(ids)


def forget_plays(before: datetime, most: int, spared: Any) -> int:
    """Forget closed play sessions; not those in `spared` (a query of ids) nor counted views."""
    return _delete(PlaySession, old_plays(before, spared), most)


def _delete(model: Any, query: Any, most: int) -> int:
    ids = list(db.session.scalars(query.limit(most)))
    db.session.execute(delete(model).where(model.id.in_(ids)))
    return len(ids)


def forget_lists(before: datetime, most: int) -> int:
    """Forget lists for the backlog that were sent and never entered, with the names in them."""
    return _delete(ShelfImport, old_lists(before), most)


KINDS = (
    Kept("refusals", 730, lambda before: count_of(old_refusals(before)), forget_refusals, 30),
    Kept("requests", 365, lambda before: count_of(old_requests(before)), forget_requests, 30),
    Kept("shelf_lists", 30, lambda before: count_of(old_lists(before)), forget_lists, 1),
)


def set_retention(actor: Actor, days: Mapping[str, int], at: datetime) -> None:
    """Set for how many days each kind is kept; 0 = for ever.

    Raises InvalidInputError (the kind's name): unknown, too few or too many days.
    """
    require_retention_setter(actor)
    kinds = {kind.name: kind for kind in all_kept()}
    for name, count in days.items():
        if name not in kinds:
            raise InvalidInputError(name, "retention_unknown")
        if count < 0 or count > MAX_DAYS or 0 < count < kinds[name].least:
            raise InvalidInputError(name, "retention_days", least=kinds[name].least, most=MAX_DAYS)
    write_site(replace(read_site(), retention=dict(days)), at=at)
    record_act(actor, "retention.set", "site", "1", at=at, days=dict(days))
