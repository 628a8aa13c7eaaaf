"""Where the segments of a play session lie, and in which renditions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.infra.db import db
from lms.recordings.models import Recording, Rendition
from lms.watching.rules import Track, order_tracks


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """A rendition of the present version, and whether its addresses still work.

    `segments` are (file name, length in ms, key number).
    """

    name: str
    folder: str
    segments: list[tuple[str, int, int]]
    generation: int
    media_version: int


def find_media(recording_id: str, rendition_id: str) -> MediaPlace | None:
    """Return a rendition with its recording's generation in one query, or None."""
    row = db.session.execute(
        select(
            Rendition.name,
            Rendition.folder,
            Rendition.segments,
            Recording.generation,
            Recording.media_version,
        )
        .join(Recording, Recording.id == Rendition.recording_id)
        .where(
            Rendition.id == rendition_id,
            Rendition.recording_id == recording_id,
            Rendition.media_version == Recording.media_version,
        )
    ).first()
    if row is None:
        return None
    name, folder, segments, generation, version = row
    return MediaPlace(
        name, folder, [(file, length, key) for file, length, key in segments], generation, version
    )


_TRACK = (
    Rendition.id,
    Rendition.name,
    Rendition.role,
    Rendition.language,
    Rendition.bandwidth,
    Rendition.codecs,
    Rendition.width,
    Rendition.height,
)


def list_tracks(recording_id: str, media_version: int) -> list[Track]:
    """Return the renditions of a version, best first, in one query without their segments."""
    rows = db.session.execute(
        select(*_TRACK).where(
            Rendition.recording_id == recording_id, Rendition.media_version == media_version
        )
    )
    return order_tracks(Track(*row) for row in rows)


def reference_lengths(tracks: Sequence[Track]) -> list[int]:
    """Return the lengths (ms) of the segments that all renditions are cut like; one query."""
    if not tracks:
        return []
    return _lengths(
        db.session.scalar(select(Rendition.segments).where(Rendition.id == tracks[0].id))
    )


def reference_lengths_of(recording_ids: Collection[str]) -> dict[str, list[int]]:
    """Return the same of the present versions of several recordings, in one query.

    Recordings without renditions are left out.
    """
    if not recording_ids:
        return {}
    tracks: dict[str, list[Track]] = {}
    segments: dict[str, list[Any]] = {}
    for recording_id, found, *track in db.session.execute(
        select(Rendition.recording_id, Rendition.segments, *_TRACK)
        .join(Recording, Recording.id == Rendition.recording_id)
        .where(Recording.id.in_(recording_ids), Rendition.media_version == Recording.media_version)
    ):
        one = Track(*track)
        tracks.setdefault(recording_id, []).append(one)
        segments[one.id] = found
    return {key: _lengths(segments[order_tracks(some)[0].id]) for key, some in tracks.items()}


def _lengths(segments: list[Any] | None) -> list[int]:
    return [length for _name, length, _key in segments or ()]
