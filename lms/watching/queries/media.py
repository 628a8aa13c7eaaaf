"""Where the segments of a play session lie, and in which renditions."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def list_tracks(recording_id: str, media_version: int) -> list[Track]:
    """Return the renditions of a version, best first, in one query without their segments."""
    rows = db.session.execute(
        select(
            Rendition.id,
            Rendition.name,
            Rendition.role,
            Rendition.language,
            Rendition.bandwidth,
            Rendition.codecs,
            Rendition.width,
            Rendition.height,
        ).where(Rendition.recording_id == recording_id, Rendition.media_version == media_version)
    )
    return order_tracks(Track(*row) for row in rows)


def reference_lengths(tracks: Sequence[Track]) -> list[int]:
    """Return the lengths (ms) of the segments that all renditions are cut like; one query."""
    if not tracks:
        return []
    segments = db.session.scalar(select(Rendition.segments).where(Rendition.id == tracks[0].id))
    return [length for _name, length, _key in segments or ()]
