"""Closing what nobody closed."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import select

from lms.infra.db import db
from lms.infra.events import raise_event
from lms.kernel.clock import from_ms, to_ms
from lms.kernel.ids import EditionId, PersonId, RecordingId
from lms.recordings.models import Recording
from lms.rights.models import PlaySession
from lms.rights.operations.play_sessions import end_play
from lms.watching.events import CoverageChanged
from lms.watching.models import Watch
from lms.watching.operations.states import close_watching
from lms.watching.rules import IDLE_AFTER

_BATCH = 500


def close_idle_plays(at: datetime) -> int:
    """Close play sessions as of their last report + 4 h; return how many.

    An act of the clock's, so it takes no actor.
    """
    idle_since = from_ms(to_ms(at) - IDLE_AFTER)
    rows = db.session.execute(
        select(PlaySession, Recording.edition_id)
        .join(Recording, Recording.id == PlaySession.recording_id)
        .where(PlaySession.closed_at.is_(None), PlaySession.last_report_at < idle_since)
        .order_by(PlaySession.id)
        .limit(_BATCH)
    ).all()
    groups: dict[tuple[str, str, int, str], dict[str, int]] = defaultdict(dict)
    for play, edition_id in rows:
        moment = to_ms(play.last_report_at) + IDLE_AFTER
        end_play(play, "idle", from_ms(moment))
        if play.person_id is not None:
            key = (play.person_id, play.recording_id, play.media_version, edition_id)
            groups[key][play.id] = moment
    for (person_id, recording_id, version, edition_id), moments in sorted(groups.items()):
        close_watching(person_id, recording_id, version, moments)
        watch = db.session.get(Watch, (person_id, recording_id, version))
        if watch is not None:
            raise_event(
                CoverageChanged(
                    RecordingId(recording_id), EditionId(edition_id), PersonId(person_id), at,
                    completed=watch.completed_ms is not None,
                )
            )  # fmt: skip
    return len(rows)
