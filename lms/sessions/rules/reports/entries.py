"""Raw rows on their way, and the people that they make."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from lms.kernel.intervals import Intervals, length, normalise
from lms.sessions.rules.reports.naming import Who
from lms.sessions.rules.reports.notes import Notes
from lms.sessions.rules.reports.report import ReportPerson, ReportRow, Warned
from lms.sessions.rules.reports.tables import Line
from lms.sessions.rules.reports.words import plain

_MINUTE: Final = 60


@dataclass(slots=True)
class Entry:
    """A raw row on its way. `span` is what it counts for, in seconds since 1970."""

    line: Line
    who: Who
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    seconds: int | None = None
    counts: bool = True
    is_open: bool = False
    waited: bool = False
    is_summary: bool = False  # sums up what other rows tell
    has_gaps: bool = False  # shorter than from first to last
    span: tuple[int, int] | None = None


Event: TypeAlias = tuple[datetime, bool, Entry]
"""A moment, whether it is of joining (else of leaving), and its row."""


def seconds_of(moment: datetime) -> int:
    """Return a moment as whole seconds since 1970."""
    return int(moment.timestamp())


def person_of(entries: Sequence[Entry], notes: Notes) -> ReportPerson:
    """Return the person whom all these rows are about."""
    spans = [entry.span for entry in entries if entry.span]
    union = normalise(spans)
    seconds = length(union)
    if not union:
        seconds = sum(entry.seconds or 0 for entry in entries if entry.counts)
    who = entries[0].who
    name = _name(entries)
    if who.email:
        names = {" ".join(plain(entry.who.name).split()) for entry in entries} - {""}
        if len(names) > 1:
            notes.warn(Warned.NAMES_DIFFER, names=[who.email])
    elif sum(end - start for start, end in spans) > length(union):
        notes.warn(Warned.SAME_NAME, names=[name])
    ids = {entry.who.registrant_id for entry in entries} - {""}
    return ReportPerson(
        name,
        who.email,
        min(ids, default=""),
        _moments(union),
        seconds // _MINUTE,
        tuple(entry.line.number for entry in entries),
    )


def _name(entries: Sequence[Entry]) -> str:
    """Return the name that most rows bear, of several the first in time, then in letters."""
    counted = Counter(entry.who.name for entry in entries if entry.who.name)
    first: dict[str, int] = {}
    for entry in entries:
        start = entry.span[0] if entry.span else 0
        first[entry.who.name] = min(start, first.get(entry.who.name, start))
    return min(counted, key=lambda name: (-counted[name], first[name], name), default="")


def _moments(intervals: Intervals) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(
        (datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for a, b in intervals
    )


def pair_events(events: list[Event], notes: Notes) -> None:
    """Make stays of joinings and leavings.

    As many of the one as of the other and never more leavings before: somebody with two
    devices, present while one of them is. Else present from a joining to the next leaving.
    """
    ordered = _in_order(events)
    depth, depths = 0, []
    for _at, is_join, _entry in ordered:
        depth += 1 if is_join else -1
        depths.append(depth)
    nested = depth == 0 and min(depths) >= 0
    begun: Entry | None = None
    for (at, is_join, entry), level in zip(ordered, depths, strict=True):
        if is_join:
            if begun is None:
                begun = entry
            elif not nested:
                notes.warn(Warned.JOINED_TWICE, rows=[entry.line.number])
        elif begun is None:
            entry.counts = False
            notes.warn(Warned.NEVER_JOINED, rows=[entry.line.number])
        elif not nested or level == 0:
            assert begun.starts_at is not None
            begun.span = seconds_of(begun.starts_at), seconds_of(at)
            begun = None
    if begun is not None:
        begun.is_open = True


def _in_order(
    events: list[Event],
) -> list[Event]:
    """Sort events by time; at one moment whoever is there leaves first, else joins first."""
    by_moment: dict[datetime, list[Event]] = {}
    for event in events:
        by_moment.setdefault(event[0], []).append(event)
    ordered: list[Event] = []
    depth = 0
    for moment in sorted(by_moment):
        together = sorted(by_moment[moment], key=lambda event: event[1] != (depth <= 0))
        ordered += together
        depth = max(0, depth + sum(1 if event[1] else -1 for event in together))
    return ordered


def raw_row(entry: Entry) -> ReportRow:
    """Return a row as it is kept."""
    return ReportRow(
        entry.line.number,
        entry.who.name,
        entry.who.email,
        entry.who.registrant_id,
        entry.starts_at,
        entry.ends_at,
        None if entry.seconds is None else entry.seconds // _MINUTE,
        entry.line.cells,
        entry.counts,
    )
