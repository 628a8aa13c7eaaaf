"""How much people have watched."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, select

from lms.infra.db import db
from lms.kernel.clock import to_ms
from lms.kernel.localized import Localized
from lms.recordings.models import MediaKind, Recording, Stage
from lms.watching.models import Watch
from lms.watching.rules import END_ZONE

#: A bound for one statement's parameters.
_CHUNK = 500
#: What was not touched for this long is not offered as "continue watching" (ms).
_FORGOTTEN = 180 * 86_400_000


class Covered(NamedTuple):
    """What a person has watched of a recording's present version.

    Times in ms, `permille` rounded down; `completed_ms` the moment (ms since the epoch) at which
    the default threshold was reached; `resume_ms` the position to go on from.
    """

    covered: int
    required: int
    permille: int
    completed_ms: int | None
    resume_ms: int


@dataclass(frozen=True, slots=True)
class Continue:
    """A recording that a person began and has not finished."""

    recording_id: str
    edition_id: str
    part_id: str | None
    title: Localized
    duration_ms: int
    coverage: Covered
    moment_ms: int


def coverage_of(person_id: str, recording_ids: Collection[str]) -> dict[str, Covered]:
    """Return what one person has watched, by recording; not begun ones are left out.

    One query.
    """
    found = coverage_of_people([person_id], recording_ids)
    return {recording_id: covered for (_person, recording_id), covered in found.items()}


def coverage_of_people(
    person_ids: Iterable[str], recording_ids: Collection[str]
) -> dict[tuple[str, str], Covered]:
    """Return what people have watched, by (person, recording); one query for 500 people."""
    people, wanted = sorted(set(person_ids)), sorted(set(recording_ids))
    found: dict[tuple[str, str], Covered] = {}
    if not wanted:
        return found
    for start in range(0, len(people), _CHUNK):
        rows = db.session.execute(
            select(Watch, Recording.duration_ms)
            .join(Recording, _present_version())
            .where(
                Watch.person_id.in_(people[start : start + _CHUNK]),
                Watch.recording_id.in_(wanted),
            )
        )
        for watch, duration in rows:
            found[watch.person_id, watch.recording_id] = covered_of(watch, duration or 0)
    return found


def continue_watching(person_id: str, at: datetime, limit: int = 6) -> list[Continue]:
    """Return what a person began and has not completed, the last watched first. One query.

    Only published recordings; whether the person may still see them, the decision says.
    """
    rows = db.session.execute(
        select(Watch, Recording)
        .join(Recording, _present_version())
        .where(
            Watch.person_id == person_id,
            Watch.resume_moment_ms > to_ms(at) - _FORGOTTEN,
            Watch.completed_ms.is_(None),
            Recording.stage == Stage.PUBLISHED,
            Recording.kind == MediaKind.VIDEO,
        )
        .order_by(Watch.resume_moment_ms.desc(), Watch.recording_id)
        .limit(limit)
    )
    return [
        Continue(
            recording.id,
            recording.edition_id,
            recording.part_id,
            recording.title,
            recording.duration_ms or 0,
            covered_of(watch, recording.duration_ms or 0),
            watch.resume_moment_ms,
        )
        for watch, recording in rows
    ]


def covered_of(watch: Watch, duration_ms: int) -> Covered:
    """Return a row of coverage in the form that others read."""
    at_end = watch.completed_ms is not None and watch.resume_ms >= duration_ms - END_ZONE
    return Covered(
        watch.covered_ms,
        watch.required_ms,
        permille(watch.covered_ms, watch.required_ms),
        watch.completed_ms,
        0 if at_end else watch.resume_ms,
    )


def permille(covered_ms: int, required_ms: int) -> int:
    """Return the share in thousandths, rounded down; nothing required is nothing watched."""
    return covered_ms * 1000 // required_ms if required_ms else 0


def _present_version() -> ColumnElement[bool]:
    return and_(Recording.id == Watch.recording_id, Recording.media_version == Watch.media_version)
