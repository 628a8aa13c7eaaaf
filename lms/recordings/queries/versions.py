"""Reads of the versions of recordings and papers."""

from collections.abc import Iterable, Mapping

from sqlalchemy import and_, or_, select

from lms.infra.db import db
from lms.recordings.models import FileVersion, Recording


def list_versions(recording_id: str) -> list[FileVersion]:
    """Return what was written down about every version, the newest first."""
    return list(
        db.session.scalars(
            select(FileVersion)
            .where(FileVersion.recording_id == recording_id)
            .order_by(FileVersion.media_version.desc())
        )
    )


def find_new_version(recording: Recording) -> FileVersion | None:
    """Return the present version where it replaced an earlier one, else None."""
    return list_new_versions([recording]).get(recording.id)


def list_new_versions(recordings: Iterable[Recording]) -> Mapping[str, FileVersion]:
    """Return the present versions of those that replaced an earlier file, by recording.

    One query; none where nothing was ever replaced.
    """
    wanted = {one.id: one.media_version for one in recordings if one.media_version > 1}
    if not wanted:
        return {}
    present = [
        and_(FileVersion.recording_id == key, FileVersion.media_version == version)
        for key, version in wanted.items()
    ]
    rows = db.session.scalars(select(FileVersion).where(or_(*present)))
    return {row.recording_id: row for row in rows}
