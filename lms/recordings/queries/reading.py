"""Reads of recordings and handouts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select

from lms.infra.db import db
from lms.infra.jobs.models import Job, JobState
from lms.kernel.errors import NotFoundError
from lms.kernel.localized import Localized
from lms.recordings.models import Caption, Recording, Rendition, Stage, TranscriptIndex
from lms.recordings.rules import Cue, parse_cues
from lms.sessions.models import LiveSession


@dataclass(frozen=True, slots=True)
class Processing:
    """How far the worker is with a recording; `permille` of the whole.

    `state` is the job's; `retry_at` is when a failed attempt is tried again.
    """

    state: str
    permille: int
    retry_at: datetime | None = None

    @property
    def given_up(self) -> bool:
        """Whether the worker will not try again by itself."""
        return self.state in {JobState.FAILED, JobState.STOPPED}


def find_recording(recording_id: str) -> Recording | None:
    """Return the recording or handout whatever its stage, or None."""
    return db.session.get(Recording, recording_id)


def get_recording(recording_id: str) -> Recording:
    """Return the recording or handout, deleted ones not. Raises NotFoundError."""
    recording = find_recording(recording_id)
    if recording is None or recording.stage == Stage.DELETED:
        raise NotFoundError
    return recording


def list_recordings(
    edition_id: str,
    *,
    part_id: str | None = None,
    live_session_id: str | None = None,
    kind: str | None = None,
    stages: Collection[str] | None = None,
) -> list[Recording]:
    """Return the recordings and handouts of an edition, oldest first, deleted ones not.

    Narrowed to a part, a live session, a kind or some stages where these are given.
    """
    query = select(Recording).where(
        Recording.edition_id == edition_id, Recording.stage != Stage.DELETED
    )
    if part_id is not None:
        query = query.where(Recording.part_id == part_id)
    if live_session_id is not None:
        query = query.where(Recording.live_session_id == live_session_id)
    if kind is not None:
        query = query.where(Recording.kind == kind)
    if stages is not None:
        query = query.where(Recording.stage.in_(stages))
    return list(db.session.scalars(query.order_by(Recording.created_at, Recording.id)))


def find_rendition(recording: Recording) -> Rendition | None:
    """Return the best rendition of the recording's present version, or None."""
    return db.session.scalars(
        select(Rendition)
        .where(
            Rendition.recording_id == recording.id,
            Rendition.media_version == recording.media_version,
        )
        .order_by(Rendition.height.desc(), Rendition.id)
        .limit(1)
    ).first()


def list_captions(recording_id: str, *, reviewed_only: bool = False) -> list[Caption]:
    """Return the caption tracks of a recording in the order of their language tags."""
    query = select(Caption).where(Caption.recording_id == recording_id)
    if reviewed_only:
        query = query.where(Caption.status == "reviewed")
    return list(db.session.scalars(query.order_by(Caption.language)))


def find_caption(recording_id: str, language: str) -> Caption | None:
    """Return the caption track in a language, or None."""
    return db.session.scalar(
        select(Caption).where(Caption.recording_id == recording_id, Caption.language == language)
    )


def list_cues(caption: Caption) -> tuple[Cue, ...]:
    """Return the cues of a caption track, in order of their start, for player and transcript."""
    return parse_cues(caption.vtt)


def caption_languages(recording_ids: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the languages captioned of each recording, in one query."""
    found: dict[str, list[str]] = {recording_id: [] for recording_id in recording_ids}
    rows = db.session.execute(
        select(Caption.recording_id, Caption.language)
        .where(Caption.recording_id.in_(recording_ids))
        .order_by(Caption.language)
    )
    for recording_id, language in rows:
        found[recording_id].append(language)
    return found


def find_processing(recording: Recording) -> Processing | None:
    """Return how far the worker is, or None when nothing is being processed."""
    return list_processing([recording]).get(recording.id)


def list_processing(recordings: Sequence[Recording]) -> dict[str, Processing]:
    """Return how far the worker is with each recording in processing, in one query at most."""
    return follow_jobs(
        {r.job_id: r.id for r in recordings if r.stage == Stage.PROCESSING and r.job_id}
    )


def follow_jobs(jobs: Mapping[str, str]) -> dict[str, Processing]:
    """Return how far the worker is with things, by their ids, in one query at most.

    `jobs` names the thing of each job.
    """
    if not jobs:
        return {}
    return {
        jobs[job.id]: Processing(
            state=job.state,
            permille=job.progress,
            retry_at=job.run_at if job.state == JobState.QUEUED and job.attempts else None,
        )
        for job in db.session.scalars(select(Job).where(Job.id.in_(jobs)))
    }


def list_live_sessions(edition_id: str) -> list[tuple[str, Localized, str | None]]:
    """Return (id, title, part) of the live sessions of an edition, in order of time."""
    rows = db.session.execute(
        select(LiveSession.id, LiveSession.title, LiveSession.part_id)
        .where(LiveSession.edition_id == edition_id, LiveSession.cancelled_at.is_(None))
        .order_by(LiveSession.starts_at, LiveSession.id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def find_live_session(live_session_id: str) -> LiveSession | None:
    """Return the live session, or None."""
    return db.session.get(LiveSession, live_session_id)


def count_by_stage(edition_id: str) -> dict[str, int]:
    """Return how many recordings and handouts of an edition stand in each stage."""
    rows = db.session.execute(
        select(Recording.stage, func.count())
        .where(Recording.edition_id == edition_id, Recording.stage != Stage.DELETED)
        .group_by(Recording.stage)
    )
    return {row[0]: row[1] for row in rows}


def list_unindexed() -> list[str]:
    """Return recordings with captions that cannot be searched yet; one query."""
    rows = db.session.scalars(
        select(Caption.recording_id)
        .join(Recording, Recording.id == Caption.recording_id)
        .outerjoin(
            TranscriptIndex,
            and_(
                TranscriptIndex.recording_id == Caption.recording_id,
                TranscriptIndex.language == Caption.language,
            ),
        )
        .where(
            TranscriptIndex.recording_id.is_(None),
            Recording.stage.not_in((Stage.DELETED, Stage.DESTROYED)),
        )
        .distinct()
    )
    return list(rows)
