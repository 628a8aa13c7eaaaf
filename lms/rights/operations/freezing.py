"""Keeping the frozen facts equal to the tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import Actor
from lms.recordings.models import MediaCopy, Recording
from lms.recordings.operations import cut_makings
from lms.rights.models import RefusalLog, RightsFacts
from lms.rights.operations.recordable import write_recording_state
from lms.rights.queries import recording_case
from lms.rights.queries.adapting import find_makings
from lms.rights.queries.tables import length_of
from lms.rights.rules import recording_from_json


def rewrite_facts(recording_id: str, at: datetime) -> None:
    """Write down anew what the decision reads of a recording; nothing when there is none.

    Called in every transaction that changes agreements, withdrawals, publications, takedowns
    or the recording itself; whether its session may be recorded is told anew as well. Raises
    BadFactsError when the tables hold what cannot be read.
    """
    db.session.flush()
    # The lock keeps out who writes at the same time: of two, the later sees both changes.
    recording = lock_row(Recording, recording_id)
    if recording is None:
        return
    facts = facts_at(recording, at)
    recording_from_json(facts)
    row = db.session.get(RightsFacts, recording_id)
    if row is None:
        db.session.add(RightsFacts(recording_id=recording_id, facts=facts, written_at=at))
    else:
        row.facts = facts
        row.written_at = at
    db.session.flush()
    if recording.live_session_id is not None:
        write_recording_state(recording.live_session_id, at)


def facts_at(recording: Recording, at: datetime) -> dict[str, Any]:
    """Return what the decision may read of a recording: no copy with cuts that are not allowed.

    So that a copy made before a rightsholder ruled such cuts out is taken away no more (R13).
    """
    facts = recording_case(recording)
    cuts = facts.get("cut_rendition")
    if cuts:
        wanted = cut_makings(cuts, length_of(recording) or 0)
        if not wanted <= find_makings(recording.id, at):
            del facts["cut_rendition"]
    return facts


def follow_the_day(at: datetime) -> None:
    """Write anew the facts of cut copies that a form allows or rules out from this day on.

    A renewed form may begin, and the one before end, on a day on which nobody does anything.
    """
    copies = select(MediaCopy.recording_id).where(MediaCopy.state == "ready").distinct()
    for recording_id in db.session.scalars(copies.order_by(MediaCopy.recording_id)).all():
        recording = db.session.get_one(Recording, recording_id)
        row = db.session.get(RightsFacts, recording_id)
        if row is not None and row.facts != facts_at(recording, at):
            rewrite_facts(recording_id, at)


def log_refusal(actor: Actor, recording_id: str, action: str, code: str, at: datetime) -> None:
    """Write down that somebody was refused what they asked for, with the full code."""
    record_act(
        actor, "rights.refused", "recording", recording_id, at=at, wanted=action[:30], code=code
    )
    db.session.add(
        RefusalLog(
            recording_id=recording_id,
            person_id=actor.person_id,
            action=action[:30],
            code=code,
            at=at,
        )
    )
