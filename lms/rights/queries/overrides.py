"""Publication passed over for one person: what is approved, and what waits (R15)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import or_, select

from lms.infra.db import db
from lms.kernel.clock import day_in, to_ms
from lms.people.queries import is_id, list_names
from lms.rights.models import Override
from lms.rights.rules import Code
from lms.rights.rules.facts import Override as RuleOverride

PASSED_OVER: Final = frozenset(
    {Code.NOT_PUBLISHED, *(code for code in Code if code.name.startswith("PUB_"))}
)
"""What an exception can clear: what the federation chose, never what rightsholders did."""


class OverrideState(StrEnum):
    """Where an exception stands at a moment."""

    WAITING = "waiting"
    COMING = "coming"
    IN_FORCE = "in_force"
    OVER = "over"
    REFUSED = "refused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class OverrideLine:
    """One exception as the rights page shows it; first and last day in Japan."""

    override: Override
    name: str
    requested_by: str
    approved_by: str
    state: OverrideState

    @property
    def first_on(self) -> date:
        """Return its first day."""
        return day_in(self.override.from_at)

    @property
    def last_on(self) -> date:
        """Return its last day: the one before the midnight at which it ends."""
        return day_in(self.override.until_at - self.override.until_at.resolution)


def is_passed_over(reasons: Collection[Code]) -> bool:
    """Whether publication alone stands in the way, so that an exception could help."""
    return bool(reasons) and PASSED_OVER.issuperset(reasons)


def find_override(
    recording_id: str, person_id: str, action: str, at: datetime
) -> RuleOverride | None:
    """Return the approved exception that holds at `at`, else the next one to come, or None.

    Of several that hold the one that lasts longest. One query.
    """
    rows = db.session.scalars(
        select(Override)
        .where(
            Override.recording_id == recording_id,
            Override.person_id == person_id,
            Override.until_at > at,
            Override.approved_at.is_not(None),
            Override.refused_at.is_(None),
            # One that was ended has held until then: a look back sees it.
            or_(Override.ended_at.is_(None), Override.ended_at > at),
        )
        .order_by(Override.from_at, Override.id)
    )
    named = [row for row in rows if action in row.actions]
    holding = [row for row in named if row.from_at <= at]
    if holding:
        return _facts(max(holding, key=_ends))
    return _facts(named[0]) if named else None


def overrides_of(
    person_id: str, at: datetime, among: Collection[str]
) -> dict[str, list[RuleOverride]]:
    """Return one person's approved exceptions that hold at `at`, by recording. One query."""
    found: dict[str, list[RuleOverride]] = defaultdict(list)
    if among:
        for row in db.session.scalars(
            select(Override)
            .where(
                Override.person_id == person_id,
                Override.recording_id.in_(among),
                Override.from_at <= at,
                Override.until_at > at,
                Override.approved_at.is_not(None),
                Override.refused_at.is_(None),
                or_(Override.ended_at.is_(None), Override.ended_at > at),
            )
            .order_by(Override.until_at.desc(), Override.id)
        ):
            found[row.recording_id].append(_facts(row))
    return found


def list_overrides(recording_id: str, at: datetime) -> list[OverrideLine]:
    """Return every exception of a recording with the people it names, newest first. Two queries."""
    rows = list(
        db.session.scalars(
            select(Override)
            .where(Override.recording_id == recording_id)
            .order_by(Override.requested_at.desc(), Override.id.desc())
        )
    )
    names = names_of({key for row in rows for key in _people(row)})
    return [
        OverrideLine(
            override=row,
            name=names.get(row.person_id, ""),
            requested_by=names.get(row.requested_by, ""),
            approved_by=names.get(row.approved_by or "", ""),
            state=state_of(row, at),
        )
        for row in rows
    ]


def get_override(override_id: str) -> Override | None:
    """Return an exception, or None."""
    return db.session.get(Override, override_id) if is_id(override_id) else None


def state_of(override: Override, at: datetime) -> OverrideState:
    """Return where an exception stands at `at`."""
    if override.refused_at is not None:
        return OverrideState.REFUSED
    if override.ended_at is not None and override.ended_at <= at:
        return OverrideState.ENDED
    if override.until_at <= at:
        return OverrideState.OVER
    if override.approved_at is None:
        return OverrideState.WAITING
    return OverrideState.COMING if override.from_at > at else OverrideState.IN_FORCE


def names_of(person_ids: Collection[str]) -> dict[str, str]:
    """Return the names of people by id as pages show them, in one query; none for nobody."""
    wanted = [key for key in person_ids if key]
    return {str(key): one.shown for key, one in list_names(wanted).items()} if wanted else {}


def _people(row: Override) -> tuple[str, ...]:
    return tuple(key for key in (row.person_id, row.requested_by, row.approved_by) if key)


def _ends(row: Override) -> tuple[datetime, str]:
    return row.until_at, row.id


def _facts(row: Override) -> RuleOverride:
    return RuleOverride(
        person=row.person_id,
        requested_by=row.requested_by,
        approved_by=row.approved_by or "",
        reason=row.reason,
        actions=frozenset(row.actions),
        opens=to_ms(row.from_at),
        closes=to_ms(row.until_at),
    )
