"""Closing letters about what was answered otherwise: by telephone, in the register's own form."""

from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db, lock_row
from lms.rights.models import ConsentItem, ConsentRequest


def settle_letters(agreement_id: str, outcome: str, at: datetime) -> None:
    """Count an answer in every open letter that asks for the agreement.

    A letter with nothing left to answer is answered: nobody is reminded of it any more.
    """
    items = db.session.scalars(
        select(ConsentItem)
        .join(ConsentRequest, ConsentRequest.id == ConsentItem.request_id)
        .where(
            ConsentItem.agreement_id == agreement_id,
            ConsentItem.outcome == "",
            ConsentRequest.state == "open",
        )
    ).all()
    for item in items:
        item.outcome = outcome
        item.answered_at = at
        db.session.flush()
        request: ConsentRequest = lock_row(ConsentRequest, item.request_id)
        waiting = db.session.scalar(
            select(ConsentItem.id)
            .where(ConsentItem.request_id == request.id, ConsentItem.outcome == "")
            .limit(1)
        )
        if waiting is None:
            request.state = "answered"
            request.answered_at = at
            request.code_sha256 = ""
