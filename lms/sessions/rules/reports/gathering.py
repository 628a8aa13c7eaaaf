"""Rows -> people: who a row is about, when it says they were there, and what is doubtful."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lms.kernel.intervals import Intervals, length, normalise
from lms.sessions.rules.reports.durations import read_duration
from lms.sessions.rules.reports.layout import Layout, Table
from lms.sessions.rules.reports.moments import (
    OrderGuess,
    Placed,
    Written,
    infer_order,
    pick,
    place,
    read_written,
)
from lms.sessions.rules.reports.report import (
    AttendanceReport,
    DateOrder,
    ReportMeeting,
    ReportPerson,
    ReportRow,
    ReportWarning,
    Warned,
)
from lms.sessions.rules.reports.tables import Line
from lms.sessions.rules.reports.words import Head, is_blank, key_of, plain, signs_of, values_of

_ADDRESS: Final = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_BEHIND: Final = re.compile(r"\s*[(\uff08]([^()\uff08\uff09]*)[)\uff09]\s*$")
_ORIGINAL: Final = re.compile(r"\s+\([^()]*\)\s*$")
_TOGETHER: Final = re.compile("[\u3041-\u30ff\u3400-\u9fff]")  # written family name first
_TOLD: Final = 10  # rows or names that a warning names
_MORE: Final = "\u2026"
_MINUTE: Final = 60
_DAY: Final = timedelta(days=1)
_PAIRS: Final = (
    (Head.JOINED, Head.LEFT),
    (Head.FIRST_JOIN, Head.LAST_LEAVE),
    (Head.TIMESTAMP, None),
    (Head.UTC_TIMESTAMP, None),
    (Head.STARTS, Head.ENDS),
)


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a row names. `email` is lower case."""

    name: str
    email: str = ""
    registrant_id: str = ""

    def key(self) -> tuple[str, str]:
        """Return what makes rows one person: the address, the registration, else the name."""
        if self.email:
            return "email", self.email
        if self.registrant_id:
            return "registrant", self.registrant_id
        return "name", " ".join(self.name.split())


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


@dataclass(slots=True)
class _Note:
    rows: set[int] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    params: dict[str, str | int] = field(default_factory=dict)


class Gathering:
    """Takes rows of tables in, gives the report out."""

    def __init__(
        self, layout: Layout, zone: ZoneInfo, order: DateOrder | None, hint: date | None
    ) -> None:
        """Infer the order of dates from the whole file, unless `order` is given."""
        self.layout = layout
        self.entries: list[Entry] = []
        self._zone = zone
        self._notes: dict[Warned, _Note] = {}
        self._written: dict[str, Written | None] = {}
        guess = OrderGuess(order) if order else self._infer(hint)
        self._order = guess.order
        if guess.read_as is not None:
            self.warn(
                Warned.DATE_ORDER,
                order=guess.order.value,
                example=guess.example,
                read_as=guess.read_as.isoformat(),
            )
        self._day: date | None = None
        self.meeting = self._read_meeting()
        start = self.meeting.starts_at
        self._day = start.astimezone(zone).date() if start else hint
        if layout.open_quotes:
            self.warn(Warned.QUOTE_OPEN, rows=layout.open_quotes)

    def warn(
        self,
        code: Warned,
        *,
        rows: Iterable[int] = (),
        names: Iterable[str] = (),
        **params: str | int,
    ) -> None:
        """Note a doubt; those of one kind are told together."""
        note = self._notes.setdefault(code, _Note())
        note.rows.update(rows)
        note.names.extend(names)
        for name, value in params.items():
            note.params.setdefault(name, value)

    # Moments

    def written(self, text: str) -> Written | None:
        """Return a moment as written, None for nothing or what is none."""
        if text not in self._written:
            self._written[text] = None if is_blank(text) else read_written(text)
        return self._written[text]

    def _infer(self, hint: date | None) -> OrderGuess:
        told = self.layout.meeting
        pairs = [(self.written(told.get(Head.STARTS, "")), self.written(told.get(Head.ENDS, "")))]
        for table in self.layout.tables:
            for one, other in _PAIRS:
                if not table.has(one) and not (other and table.has(other)):
                    continue
                pairs += [
                    (
                        self.written(table.cell(line, one)),
                        self.written(table.cell(line, other)) if other else None,
                    )
                    for line in table.lines
                ]
        return infer_order(pairs, hint=hint, japanese=self.layout.japanese)

    def _place(self, text: str, number: int, zone: ZoneInfo | None = None) -> Placed | None:
        """Return when a cell's moment was; None (and a doubt) for what cannot be read."""
        if is_blank(text):
            return None
        written = self.written(text)
        placed = None
        if written is not None:
            if written.parts is None and self._day is None:
                self.warn(Warned.DAY_UNKNOWN, rows=[number])
                return None
            placed = place(written, self._order, zone or self._zone, self._day)
        if placed is None:
            self.warn(Warned.TIME_UNREADABLE, rows=[number], example=text)
        return placed

    def _tell_change(self, placed: Placed | None, text: str, number: int) -> None:
        """Note that clocks were changed at a moment."""
        if placed is None or not (placed.skipped or len(placed.instants) > 1):
            return
        code = Warned.TIME_SKIPPED if placed.skipped else Warned.TIME_TWICE
        self.warn(code, rows=[number], example=text, zone=self._zone.key)

    def _read_meeting(self) -> ReportMeeting:
        told = self.layout.meeting
        starts, ends = self._meeting_moment(Head.STARTS), self._meeting_moment(Head.ENDS)
        lasts = told.get(Head.LENGTH) or told.get(Head.DURATION, "")
        if starts and not ends and lasts and (seconds := read_duration(lasts)):
            ends = starts + timedelta(seconds=seconds)
        if starts and ends and ends < starts:
            self.warn(Warned.MEETING_REVERSED)
            ends = None
        return ReportMeeting(self._told(Head.TITLE), self._told(Head.MEETING_ID), starts, ends)

    def _told(self, head: Head) -> str:
        """Return what is told of the meeting, above the tables or alike in all their lines."""
        told = self.layout.meeting.get(head, "")
        if told:
            return told
        values = {
            table.cell(line, head)
            for table in self.layout.tables
            if table.has(head)
            for line in table.lines
        }
        return next(iter(values)) if len(values) == 1 else ""

    def _meeting_moment(self, head: Head) -> datetime | None:
        """Return a moment of the meeting: as told above, else the outermost of a column."""
        text = self.layout.meeting.get(head, "")
        if text:
            number = self.layout.places[head]
            placed = self._place(text, number)
            self._tell_change(placed, text, number)
            return placed.instants[0] if placed else None
        texts = {
            table.cell(line, head): line.number
            for table in self.layout.tables
            if table.has(head)
            for line in table.lines
        }
        found = [p.instants[0] for text, n in texts.items() if (p := self._place(text, n))]
        if not found:
            return None
        return min(found) if head is Head.STARTS else max(found)

    # Rows

    def who(self, table: Table, line: Line) -> Who:
        """Return whom a line names."""
        name = table.cell(line, Head.NAME)
        if not name:
            first, last = table.cell(line, Head.FIRST_NAME), table.cell(line, Head.LAST_NAME)
            together = _TOGETHER.search(first + last) is not None
            name = " ".join(part for part in ((last, first) if together else (first, last)) if part)
        elif key_of(table.headings[table.columns[Head.NAME]]) in signs_of("with_original_name"):
            name = _ORIGINAL.sub("", name) or name
        while (match := _BEHIND.search(name)) and plain(match[1]) in values_of("suffixes"):
            name = name[: match.start()]
        number = table.cell(line, Head.REGISTRANT_ID)
        return Who(
            "" if is_blank(name) else name.strip(),
            self._address(table, line),
            "" if is_blank(number) else number,
        )

    def _address(self, table: Table, line: Line) -> str:
        for head in (Head.EMAIL, Head.REGISTRATION_EMAIL, Head.UPN):
            text = table.cell(line, head)
            if is_blank(text):
                continue
            address = plain(text)
            if _ADDRESS.fullmatch(address) and "#ext#" not in address:
                return address
            if head is not Head.UPN:
                self.warn(Warned.BAD_EMAIL, rows=[line.number], example=text)
        return ""

    def take_lines(
        self, table: Table, joined: Head = Head.JOINED, left: Head = Head.LEFT
    ) -> list[Entry]:
        """Take the rows of a table that has a line for each stay, or one with a duration."""
        has_stay = table.has(joined, left)
        missing = [head for head in (joined, left) if not table.has(head)]
        if len(missing) == 1:
            self.warn(Warned.COLUMN_MISSING, missing=missing[0].value)
        taken: list[Entry] = []
        for line in table.lines:
            entry = Entry(line, self.who(table, line), seconds=self._duration(table, line))
            taken.append(entry)
            if not self._came(table, entry):
                entry.counts = False
            elif not entry.who.name and not entry.who.email:
                entry.counts = False
                self.warn(Warned.NOBODY_NAMED, rows=[line.number])
            else:
                times = table.cell(line, joined), table.cell(line, left)
                self._take_stay(entry, *times, reckon=not has_stay)
        self.entries += taken
        return taken

    def _duration(self, table: Table, line: Line) -> int | None:
        head, unit = (Head.DURATION, _MINUTE)
        if table.has(Head.SECONDS) and not table.has(Head.DURATION):
            head, unit = Head.SECONDS, 1
        text = table.cell(line, head)
        if is_blank(text):
            return None
        seconds = read_duration(text, plain_unit=unit)
        if seconds is None:
            self.warn(Warned.DURATION_UNREADABLE, rows=[line.number], example=text)
        return seconds

    def _came(self, table: Table, entry: Entry) -> bool:
        """Whether a row is about presence: not of the waiting room, nor of one who did not come."""
        entry.waited = plain(table.cell(entry.line, Head.WAITING)) in values_of("yes")
        absent = plain(table.cell(entry.line, Head.ATTENDED)) in values_of("no")
        return not entry.waited and not absent

    def _take_stay(self, entry: Entry, joined: str, left: str, *, reckon: bool) -> None:
        """Set when an entry starts and ends from its cells, with what is doubtful about it."""
        number = entry.line.number
        starts, ends = self._place(joined, number), self._place(left, number)
        for placed, text in ((starts, joined), (ends, left)):
            self._tell_change(placed, text, number)
        if starts and ends:
            written = self.written(left)
            entry.starts_at, entry.ends_at = pick(
                starts,
                ends,
                seconds=entry.seconds,
                day_known=written is not None and written.parts is not None,
            )
            if entry.ends_at < entry.starts_at:
                entry.counts = False
                self.warn(Warned.ENDS_BEFORE_START, rows=[number])
            else:
                entry.span = _seconds(entry.starts_at), _seconds(entry.ends_at)
        elif starts:
            entry.starts_at = starts.instants[0]
            self._lacks_end(entry, written_badly=not is_blank(left))
        elif ends:
            entry.ends_at = ends.instants[0]
            if entry.seconds is not None and (reckon or is_blank(joined)):
                end = _seconds(entry.ends_at)
                entry.span = end - entry.seconds, end
            elif entry.seconds is None:
                entry.counts = False
                self.warn(Warned.NEVER_JOINED, rows=[number])
        elif entry.seconds is None and is_blank(joined) and is_blank(left):
            self.warn(Warned.NO_TIME, rows=[number])

    def _lacks_end(self, entry: Entry, *, written_badly: bool) -> None:
        """Reckon an end from the duration; without one the entry stays open, to be closed last."""
        assert entry.starts_at is not None
        start = _seconds(entry.starts_at)
        if entry.seconds is not None:
            entry.span = start, start + entry.seconds
        elif not written_badly:
            entry.is_open = True

    def take_first_and_last(self, table: Table) -> list[Entry]:
        """Take the rows of a table with the first joining, the last leaving and the time between.

        Where the duration is shorter than from first to last, when the person was away is not
        known: the duration counts, no interval is made up.
        """
        taken = self.take_lines(table, Head.FIRST_JOIN, Head.LAST_LEAVE)
        for entry in taken:
            if entry.span is None or entry.seconds is None or entry.ends_at is None:
                continue
            if abs(entry.span[1] - entry.span[0] - entry.seconds) > _MINUTE:
                entry.span, entry.has_gaps = None, True
        return taken

    def take_events(self, table: Table, head: Head, zone: ZoneInfo | None = None) -> None:
        """Take a table with a line for each joining and each leaving.

        Lines of one person (and session, where there are such) belong together. A joining
        without a leaving counts to the end of the meeting, else to the last moment of the file.
        """
        groups: dict[tuple[str, ...], list[tuple[datetime, bool, Entry]]] = {}
        for line in table.lines:
            who = self.who(table, line)
            if not who.name and not who.email:
                who = Who("", "", table.cell(line, Head.PARTICIPANT_ID))
            entry = Entry(line, who)
            self.entries.append(entry)
            action = plain(table.cell(line, Head.ACTION))
            text = table.cell(line, head)
            placed = self._place(text, line.number, zone)
            self._tell_change(placed, text, line.number)
            is_join = action in values_of("joined")
            if not any((who.name, who.email, who.registrant_id)):
                entry.counts = False
                self.warn(Warned.NOBODY_NAMED, rows=[line.number])
            elif placed is None or not (is_join or action in values_of("left")):
                if placed is not None or is_blank(text):
                    self.warn(Warned.NO_TIME, rows=[line.number])
            else:
                entry.starts_at = placed.instants[0] if is_join else None
                entry.ends_at = None if is_join else placed.instants[0]
                key = (*who.key(), table.cell(line, Head.SESSION_ID))
                groups.setdefault(key, []).append((placed.instants[0], is_join, entry))
        for events in groups.values():
            self._pair(events)

    def _pair(self, events: list[tuple[datetime, bool, Entry]]) -> None:
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
                    self.warn(Warned.JOINED_TWICE, rows=[entry.line.number])
            elif begun is None:
                entry.counts = False
                self.warn(Warned.NEVER_JOINED, rows=[entry.line.number])
            elif not nested or level == 0:
                assert begun.starts_at is not None
                begun.span = _seconds(begun.starts_at), _seconds(at)
                begun = None
        if begun is not None:
            begun.is_open = True

    # The report

    def report(self, service: str, kind: str) -> AttendanceReport:
        """Return all that was taken in, people in the order in which rows name them."""
        self._close_open()
        self._tell_outside()
        groups: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.entries:
            if not entry.is_summary and (entry.counts or entry.starts_at or entry.ends_at):
                groups.setdefault(entry.who.key(), []).append(entry)
        gaps = [e.who.name or e.who.email for e in self.entries if e.has_gaps and not e.is_summary]
        if gaps:
            self.warn(Warned.GAPS_UNKNOWN, names=gaps)
        people = [self._person(entries) for entries in groups.values()]
        self._tell_waiting(groups)
        without = [person.name for person in people if not person.email]
        if without:
            self.warn(Warned.NO_EMAIL, names=without)
        if not people:
            self.warn(Warned.NOBODY)
        return AttendanceReport(
            service,
            kind,
            self.meeting,
            tuple(people),
            tuple(_raw(entry) for entry in sorted(self.entries, key=lambda e: e.line.number)),
            tuple(
                ReportWarning(code, _params(self._notes[code]))
                for code in Warned
                if code in self._notes
            ),
        )

    def _close_open(self) -> None:
        known = [at for entry in self.entries for at in (entry.starts_at, entry.ends_at) if at]
        until = self.meeting.ends_at or max(known, default=None)
        for entry in self.entries:
            if entry.is_open and entry.starts_at is not None and until is not None:
                self.warn(Warned.NEVER_LEFT, rows=[entry.line.number])
                entry.span = _seconds(entry.starts_at), _seconds(max(until, entry.starts_at))

    def _tell_outside(self) -> None:
        meeting = self.meeting
        first, last = meeting.starts_at, meeting.ends_at or meeting.starts_at
        if first is None or last is None:
            return
        earliest, latest = _seconds(first - _DAY), _seconds(last + _DAY)
        rows = [
            entry.line.number
            for entry in self.entries
            if entry.span and (entry.span[1] < earliest or entry.span[0] > latest)
        ]
        if rows:
            self.warn(Warned.OUTSIDE_MEETING, rows=rows)

    def _tell_waiting(self, came: Iterable[tuple[str, str]]) -> None:
        keys = set(came)
        names = {
            entry.who.name or entry.who.email
            for entry in self.entries
            if entry.waited and entry.who.key() not in keys
        }
        if names:
            self.warn(Warned.WAITED_ONLY, names=sorted(names))

    def _person(self, entries: Sequence[Entry]) -> ReportPerson:
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
                self.warn(Warned.NAMES_DIFFER, names=[who.email])
        elif sum(end - start for start, end in spans) > length(union):
            self.warn(Warned.SAME_NAME, names=[name])
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


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moments(intervals: Intervals) -> tuple[tuple[datetime, datetime], ...]:
    return tuple(
        (datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for a, b in intervals
    )


def _in_order(
    events: list[tuple[datetime, bool, Entry]],
) -> list[tuple[datetime, bool, Entry]]:
    """Sort events by time; at one moment whoever is there leaves first, else joins first."""
    by_moment: dict[datetime, list[tuple[datetime, bool, Entry]]] = {}
    for event in events:
        by_moment.setdefault(event[0], []).append(event)
    ordered: list[tuple[datetime, bool, Entry]] = []
    depth = 0
    for moment in sorted(by_moment):
        together = sorted(by_moment[moment], key=lambda event: event[1] != (depth <= 0))
        ordered += together
        depth = max(0, depth + sum(1 if event[1] else -1 for event in together))
    return ordered


def _raw(entry: Entry) -> ReportRow:
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


def _params(note: _Note) -> dict[str, str | int]:
    """Return what fills the sentence of a doubt."""
    params = dict(note.params)
    if note.rows:
        rows = sorted(note.rows)
        shown = ", ".join(map(str, rows[:_TOLD])) + (f", {_MORE}" if len(rows) > _TOLD else "")
        params |= {"count": len(rows), "rows": shown}
    if note.names:
        names = list(dict.fromkeys(note.names))
        shown = "; ".join(names[:_TOLD]) + (f"; {_MORE}" if len(names) > _TOLD else "")
        params |= {"count": len(names), "names": shown}
    return params
