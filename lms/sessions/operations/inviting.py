"""Writing down what calendars are told, in the transaction of the mails that tell it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db, lock_row
from lms.sessions.models import LiveSession, SessionInvitation
from lms.sessions.rules.inviting import LastWord, next_sequence


def note_invitations(
    live_session_id: str, person_ids: Collection[str], method: str, *, at: datetime
) -> None:
    """Note that these people's calendars are told of a session now: REQUEST or CANCEL.

    The session is locked, so that two jobs never write the same row. Who is told the same of
    the same state again keeps the number. Done by the product itself: there is no actor.
    """
    row: LiveSession | None = lock_row(LiveSession, live_session_id)
    if row is None or not person_ids:
        return
    known = {
        one.person_id: one
        for one in db.session.scalars(
            select(SessionInvitation).where(
                SessionInvitation.live_session_id == live_session_id,
                SessionInvitation.person_id.in_(person_ids),
            )
        )
    }
    for person_id in person_ids:
        told = known.get(person_id)
        last = (
            LastWord(told.method, told.sequence, told.session_sequence)
            if told is not None
            else None
        )
        sequence = next_sequence(method, row.sequence, last)
        if told is None:
            told = SessionInvitation(live_session_id=live_session_id, person_id=person_id)
            db.session.add(told)
        told.method, told.sequence, told.at = method, sequence, at
        told.session_sequence = row.sequence
    db.session.flush()
