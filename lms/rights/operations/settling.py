"""Closing letters about what was answered otherwise: by telephone, in the register's own form."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.infra.db import db, lock_row
from lms.rights.models import ConsentItem, ConsentRequest


def settle_letters(
    agreement_id: str, outcome: str, at: datetime, *, said: Mapping[str, Any] | None = None
) -> None:
    """Count an answer in every open letter that asks for the agreement.

    `said` is the answer as the form has it, where it is known so well. A letter with nothing left
    to answer is answered: nobody is reminded of it any more.
    """
    items = db.session.scalars(
        select(ConsentItem)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(ConsentItem.agreement_id == agreement_id, ConsentRequest.state == "open")
    ).all()
    for item in items:
        request: ConsentRequest = lock_row(ConsentRequest, item.request_id)
        if said is not None:
            item.answer = dict(said)
        item.outcome = outcome
        item.answered_at = at
        db.session.flush()
        waiting = db.session.scalar(
            select(ConsentItem.id)
            .where(ConsentItem.request_id == request.id, ConsentItem.outcome == "")
            .limit(1)
        )
        if waiting is None:
            request.state = "answered"
            request.answered_at = at
            request.code_sha256 = ""
