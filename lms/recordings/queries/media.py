"""Reads of what was made of a recording: renditions, other languages' sound, copies, chapters."""

from collections.abc import Sequence

from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import AudioTrack, Chapter, MediaCopy, Recording, Rendition
from lms.recordings.queries.reading import Processing, follow_jobs


def list_renditions(recording: Recording) -> list[Rendition]:
    """Return the renditions of the present version: the reference first, by size, then sound.

    The reference is the best picture, or the sound of a recording of sound; what is hidden is
    cut from all by the numbers of its segments.
    """
    rows = db.session.scalars(
        select(Rendition)
        .where(
            Rendition.recording_id == recording.id,
            Rendition.media_version == recording.media_version,
        )
        .order_by(Rendition.height.desc(), Rendition.language, Rendition.id)
    )
    return list(rows)


def list_tracks(recording_id: str, media_version: int) -> list[AudioTrack]:
    """Return the other languages' sound of one version, in the order of their tags."""
    return list(
        db.session.scalars(
            select(AudioTrack)
            .where(
                AudioTrack.recording_id == recording_id, AudioTrack.media_version == media_version
            )
            .order_by(AudioTrack.language)
        )
    )


def find_track(track_id: str) -> AudioTrack | None:
    """Return another language's sound, or None."""
    return db.session.get(AudioTrack, track_id)


def find_copy(recording: Recording) -> MediaCopy | None:
    """Return the copy to take away of the present version, ready or not, or None."""
    return db.session.scalar(
        select(MediaCopy).where(
            MediaCopy.recording_id == recording.id,
            MediaCopy.media_version == recording.media_version,
        )
    )


def find_copy_by_id(copy_id: str) -> MediaCopy | None:
    """Return a copy to take away, ready or not, or None."""
    return db.session.get(MediaCopy, copy_id)


def list_chapters(recording_id: str, *, outside_too: bool = False) -> list[Chapter]:
    """Return the chapters of a recording in order.

    Those behind its end, which a shorter file may have left, only where asked.
    """
    query = select(Chapter).where(Chapter.recording_id == recording_id)
    if not outside_too:
        query = query.join(Recording, Recording.id == Chapter.recording_id).where(
            Chapter.at_ms < Recording.duration_ms
        )
    return list(db.session.scalars(query.order_by(Chapter.at_ms)))


def list_making(things: Sequence[AudioTrack | MediaCopy]) -> dict[str, Processing]:
    """Return how far the worker is with tracks and copies in the making, by their ids."""
    return follow_jobs({thing.job_id: thing.id for thing in things if thing.job_id})
