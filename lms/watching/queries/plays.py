"""Play sessions with what they have watched, as a report or a media address needs them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from lms.infra.db import db
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.rights.models import PlaySession, RightsFacts
from lms.watching.models import Watch, WatchSession


@dataclass(frozen=True, slots=True)
class WatchedPlay:
    """A play session of a known person, locked, with all that a report changes or reads.

    `sessions` are the play sessions of this person, recording and version that are open, and
    this one.
    """

    play: PlaySession
    watch: Watch
    sessions: tuple[WatchSession, ...]
    recording: Recording
    person: Person
    facts_written_at: datetime | None


def lock_watched_play(play_id: str) -> WatchedPlay | None:
    """Read a play session and its watching in one query, locked; None when there is none."""
    mine, other = aliased(PlaySession), aliased(PlaySession)
    statement = (
        select(
            Watch,
            WatchSession,
            mine,
            Recording,
            Person,
            RightsFacts.written_at,
        )
        .select_from(Watch)
        .join(
            mine,
            and_(
                mine.person_id == Watch.person_id,
                mine.recording_id == Watch.recording_id,
                mine.media_version == Watch.media_version,
            ),
        )
        .join(
            other,
            or_(
                other.id == mine.id,
                and_(
                    other.person_id == mine.person_id,
                    other.recording_id == mine.recording_id,
                    other.media_version == mine.media_version,
                    other.closed_at.is_(None),
                ),
            ),
        )
        .join(WatchSession, WatchSession.play_session_id == other.id)
        .join(Recording, Recording.id == mine.recording_id)
        .join(Person, Person.id == mine.person_id)
        .outerjoin(RightsFacts, RightsFacts.recording_id == mine.recording_id)
        .where(mine.id == play_id)
        # The row of coverage comes first, so that two tabs of one viewer wait, not lock each
        # other out.
        .with_for_update(of=(Watch, WatchSession, other))
        .execution_options(populate_existing=True)
    )
    rows = db.session.execute(statement).all()
    if not any(row[1].play_session_id == play_id for row in rows):
        return None
    watch, _session, play, recording, person, written_at = rows[0]
    sessions = tuple(row[1] for row in rows)
    return WatchedPlay(play, watch, sessions, recording, person, written_at)


def lock_watch(person_id: str, recording_id: str, media_version: int) -> Watch | None:
    """Read the coverage of one viewer for the rest of the transaction, or None."""
    return db.session.get(
        Watch, (person_id, recording_id, media_version),
        with_for_update=True, populate_existing=True,
    )  # fmt: skip


def list_open_sessions(watch: Watch) -> list[WatchSession]:
    """Return the open play sessions that earn credit for one viewer and recording."""
    return list(
        db.session.scalars(
            select(WatchSession)
            .join(PlaySession, PlaySession.id == WatchSession.play_session_id)
            .where(
                PlaySession.person_id == watch.person_id,
                PlaySession.recording_id == watch.recording_id,
                PlaySession.media_version == watch.media_version,
                WatchSession.closed.is_(False),
            )
            .execution_options(populate_existing=True)
        )
    )


def find_play(play_id: str) -> PlaySession | None:
    """Return the play session, or None."""
    return db.session.get(PlaySession, play_id)
