"""Whether a session may be recorded, written down to the session for everyone to see."""

import json
from datetime import datetime

from sqlalchemy import Text, cast, select

from lms.infra.db import db, lock_row
from lms.kernel.clock import to_ms
from lms.recordings.models import MediaKind, Recording, Stage
from lms.rights.models import RightsFacts
from lms.rights.rules import agreement_in_force, recording_from_json
from lms.rights.rules.consent import SpeakerStanding, judge_recording
from lms.rights.rules.facts import Lineage
from lms.sessions.models import LiveSession

_GONE = (Stage.DELETED, Stage.DESTROYED)
_PICTURED = (MediaKind.VIDEO, MediaKind.AUDIO)


def write_recording_state(live_session_id: str, at: datetime) -> None:
    """Judge a session anew by the agreements for what is to be recorded of it.

    Called with the facts of its recordings written; one query, two with a change.
    """
    rows = db.session.execute(
        select(Recording.stage, cast(RightsFacts.facts, Text))
        .outerjoin(RightsFacts, RightsFacts.recording_id == Recording.id)
        .where(
            Recording.live_session_id == live_session_id,
            Recording.kind.in_(_PICTURED),
            Recording.stage.not_in(_GONE),
        )
    ).all()
    now = to_ms(at)
    speakers = [
        _standing(lineage, now)
        for _stage, facts in rows
        if facts
        for lineage in recording_from_json(json.loads(facts)).speakers
    ]
    planned = any(stage == Stage.PLANNED for stage, _facts in rows)
    state = judge_recording(speakers, planned=planned)
    meeting = db.session.get(LiveSession, live_session_id)
    if meeting is not None and meeting.recording_state != state:
        lock_row(LiveSession, live_session_id).recording_state = state
        db.session.flush()


def review_recording_states(edition_id: str, at: datetime) -> None:
    """Judge the sessions of an edition anew that had a plan: a recording may have left one."""
    for live_session_id in db.session.scalars(
        select(LiveSession.id).where(
            LiveSession.edition_id == edition_id, LiveSession.recording_state != ""
        )
    ).all():
        write_recording_state(live_session_id, at)


def _standing(lineage: Lineage, now: int) -> SpeakerStanding:
    in_force = [one for one in lineage.agreements if agreement_in_force(lineage, one, now)]
    if in_force:
        return SpeakerStanding(consents=any(one.recording_consent_at for one in in_force))
    taken_back = any(one.actions is None and one.at <= now for one in lineage.withdrawals)
    refused = any(one.status == "refused" for one in lineage.agreements)
    return SpeakerStanding(forbids=taken_back or refused)
