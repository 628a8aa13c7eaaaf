"""Play sessions: the rows that leases and views are kept in.

Whoever calls has decided before, in the same transaction: a play session is a permission that
was given, so nothing here decides anew.
"""

from datetime import datetime

from sqlalchemy import select, update

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.kernel.clock import from_ms
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.rights.models import PlaySession
from lms.rights.rules import Decision

#: Play sessions a person may have open at a time; the newest ends the oldest.
MAX_OPEN = 2


def start_play(
    actor: Actor, recording: Recording, decision: Decision, at: datetime, *, country: str | None
) -> tuple[PlaySession, list[PlaySession]]:
    """Open a play session under an allowing decision; return it and those it ends.

    A person's row is locked, so that two starts at the same time see each other.
    """
    lease = _lease(decision)
    ended: list[PlaySession] = []
    if actor.person_id is not None:
        lock_row(Person, actor.person_id)
        opened = list(
            db.session.scalars(
                select(PlaySession)
                .where(PlaySession.person_id == actor.person_id, PlaySession.closed_at.is_(None))
                .order_by(PlaySession.started_at.desc(), PlaySession.id.desc())
            )
        )
        ended = opened[MAX_OPEN - 1 :]
    for old in ended:
        end_play(old, "superseded", at)
    play = PlaySession(
        recording_id=recording.id,
        person_id=actor.person_id,
        media_version=recording.media_version,
        generation=recording.generation,
        country=country,
        started_at=at,
        last_report_at=at,
        lease_until=lease,
    )
    db.session.add(play)
    db.session.flush()
    record_act(
        actor, "play.started", "recording", recording.id, at=at,
        play_session=play.id, code=decision.code.value,
    )  # fmt: skip
    return play, ended


def count_view(play: PlaySession, at: datetime) -> None:
    """Write down that the play session received a key: from now on it is a view."""
    if play.first_key_at is None:
        play.first_key_at = at


def renew_lease(play: PlaySession, decision: Decision) -> None:
    """Carry a play session on under an allowing decision."""
    play.lease_until = _lease(decision)


def end_play(play: PlaySession, why: str, at: datetime) -> None:
    """Close a play session: `ended` by its viewer, `superseded`, `refused`, `replaced`, `idle`."""
    if play.closed_at is None:
        play.closed_at = at
        play.closed_why = why


def end_leases(recording_id: str, at: datetime) -> None:
    """Let every running play of a recording be decided about at its next report."""
    db.session.execute(
        update(PlaySession)
        .where(PlaySession.recording_id == recording_id, PlaySession.closed_at.is_(None))
        .values(lease_until=at)
    )


def _lease(decision: Decision) -> datetime:
    if not decision.allowed or decision.lease_until is None:
        raise ValueError("A play session needs an allowing decision.")
    return from_ms(decision.lease_until)
