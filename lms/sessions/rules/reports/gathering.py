"""Rows -> people: who a row is about, when it says they were there, and what is doubtful."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from lms.sessions.rules.reports.durations import read_duration
from lms.sessions.rules.reports.entries import (
    Entry,
    Event,
    pair_events,
    person_of,
    raw_row,
    seconds_of,
)
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
from lms.sessions.rules.reports.naming import Who, who_of
from lms.sessions.rules.reports.notes import Notes
from lms.sessions.rules.reports.report import AttendanceReport, DateOrder, ReportMeeting, Warned
from lms.sessions.rules.reports.tables import Line
from lms.sessions.rules.reports.words import Head, is_blank, plain, values_of

_UTC: Final = ZoneInfo("UTC")
_MINUTE: Final = 60
_DAY: Final = timedelta(days=1)
_PAIRS: Final = (
    (Head.JOINED, Head.LEFT),
    (Head.FIRST_JOIN, Head.LAST_LEAVE),
    (Head.TIMESTAMP, None),
    (Head.UTC_TIMESTAMP, None),
    (Head.STARTS, Head.ENDS),
)


class Gathering:
    """Takes rows of tables in, gives the report out."""

    def __init__(
        self, layout: Layout, zone: ZoneInfo, order: DateOrder | None, hint: date | None
    ) -> None:
        """Infer the order of dates from the whole file, unless `order` is given."""
        self.layout = layout
        self.entries: list[Entry] = []
        self._zone = zone
        self.notes = Notes()
        self._written: dict[str, Written | None] = {}
        guess = OrderGuess(order) if order else self._infer(hint)
        self._order = guess.order
        if guess.read_as is not None:
            self.notes.warn(
                Warned.DATE_ORDER,
                order=guess.order.value,
                example=guess.example,
                read_as=guess.read_as.isoformat(),
            )
        self._day: date | None = None
        self.meeting = self._read_meeting()
        start = self.meeting.starts_at
        self._day = start.astimezone(zone).date() if start else hint
        if layout.is_guess:
            self.notes.warn(Warned.ENCODING_GUESSED)
        if layout.open_quotes:
            self.notes.warn(Warned.QUOTE_OPEN, rows=layout.open_quotes)

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
                self.notes.warn(Warned.DAY_UNKNOWN, rows=[number])
                return None
            placed = place(written, self._order, zone or self._zone, self._day)
        if placed is None:
            self.notes.warn(Warned.TIME_UNREADABLE, rows=[number], example=text)
        return placed

    def _tell_change(self, placed: Placed | None, text: str, number: int) -> None:
        """Note that clocks were changed at a moment."""
        if placed is None or not (placed.skipped or len(placed.instants) > 1):
            return
        code = Warned.TIME_SKIPPED if placed.skipped else Warned.TIME_TWICE
        self.notes.warn(code, rows=[number], example=text, zone=self._zone.key)

    def _read_meeting(self) -> ReportMeeting:
        told = self.layout.meeting
        starts, ends = self._meeting_moment(Head.STARTS), self._meeting_moment(Head.ENDS)
        lasts = told.get(Head.LENGTH) or told.get(Head.DURATION, "")
        if starts and not ends and lasts and (seconds := read_duration(lasts)):
            ends = starts + timedelta(seconds=seconds)
        if starts and ends and ends < starts:
            self.notes.warn(Warned.MEETING_REVERSED)
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

    def take_lines(
        self, table: Table, joined: Head = Head.JOINED, left: Head = Head.LEFT
    ) -> list[Entry]:
        """Take the rows of a table that has a line for each stay, or one with a duration."""
        missing = [head for head in (joined, left) if not table.has(head)]
        if len(missing) == 1:
            self.notes.warn(Warned.COLUMN_MISSING, missing=missing[0].value)
        taken: list[Entry] = []
        for line in table.lines:
            entry = Entry(
                line, who_of(table, line, self.notes), seconds=self._duration(table, line)
            )
            taken.append(entry)
            if not self._came(table, entry):
                entry.counts = False
            elif not entry.who.name and not entry.who.email:
                entry.counts = False
                self.notes.warn(Warned.NOBODY_NAMED, rows=[line.number])
            else:
                self._take_stay(entry, table, joined, left)
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
            self.notes.warn(Warned.DURATION_UNREADABLE, rows=[line.number], example=text)
        return seconds

    def _came(self, table: Table, entry: Entry) -> bool:
        """Whether a row is about presence: not of the waiting room, nor of one who did not come."""
        entry.waited = plain(table.cell(entry.line, Head.WAITING)) in values_of("yes")
        absent = plain(table.cell(entry.line, Head.ATTENDED)) in values_of("no")
        return not entry.waited and not absent

    def _take_stay(self, entry: Entry, table: Table, start: Head, end: Head) -> None:
        """Set when an entry starts and ends from its cells, with what is doubtful about it."""
        number = entry.line.number
        joined, left = table.cell(entry.line, start), table.cell(entry.line, end)
        starts = self._place(joined, number, _UTC if table.is_utc(start) else None)
        ends = self._place(left, number, _UTC if table.is_utc(end) else None)
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
                self.notes.warn(Warned.ENDS_BEFORE_START, rows=[number])
            else:
                entry.span = seconds_of(entry.starts_at), seconds_of(entry.ends_at)
        elif starts:
            entry.starts_at = starts.instants[0]
            self._lacks_end(entry, written_badly=not is_blank(left))
        elif ends:
            entry.ends_at = ends.instants[0]
            if entry.seconds is not None and is_blank(joined):
                last = seconds_of(entry.ends_at)
                entry.span = last - entry.seconds, last
            elif entry.seconds is None:
                entry.counts = False
                self.notes.warn(Warned.NEVER_JOINED, rows=[number])
        elif entry.seconds is None and is_blank(joined) and is_blank(left):
            self.notes.warn(Warned.NO_TIME, rows=[number])

    def _lacks_end(self, entry: Entry, *, written_badly: bool) -> None:
        """Reckon an end from the duration; without one the entry stays open, to be closed last."""
        assert entry.starts_at is not None
        start = seconds_of(entry.starts_at)
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

    def take_events(self, table: Table, head: Head) -> None:
        """Take a table with a line for each joining and each leaving.

        Lines of one person (and session, where there are such) belong together. A joining
        without a leaving counts to the end of the meeting, else to the last moment of the file.
        """
        groups: dict[tuple[str, ...], list[Event]] = {}
        zone = _UTC if head is Head.UTC_TIMESTAMP or table.is_utc(head) else None
        for line in table.lines:
            who = who_of(table, line, self.notes)
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
                self.notes.warn(Warned.NOBODY_NAMED, rows=[line.number])
            elif placed is None or not (is_join or action in values_of("left")):
                if placed is not None or is_blank(text):
                    self.notes.warn(Warned.NO_TIME, rows=[line.number])
            else:
                entry.starts_at = placed.instants[0] if is_join else None
                entry.ends_at = None if is_join else placed.instants[0]
                key = (*who.key(), table.cell(line, Head.SESSION_ID))
                groups.setdefault(key, []).append((placed.instants[0], is_join, entry))
        for events in groups.values():
            pair_events(events, self.notes)

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
            self.notes.warn(Warned.GAPS_UNKNOWN, names=gaps)
        people = [person_of(entries, self.notes) for entries in groups.values()]
        self._tell_waiting(groups)
        without = [person.name for person in people if not person.email]
        if without:
            self.notes.warn(Warned.NO_EMAIL, names=without)
        if not people:
            self.notes.warn(Warned.NOBODY)
        return AttendanceReport(
            service,
            kind,
            self.meeting,
            tuple(people),
            tuple(raw_row(entry) for entry in sorted(self.entries, key=lambda e: e.line.number)),
            self.notes.warnings(),
        )

    def _close_open(self) -> None:
        known = [at for entry in self.entries for at in (entry.starts_at, entry.ends_at) if at]
        until = self.meeting.ends_at or max(known, default=None)
        for entry in self.entries:
            if entry.is_open and entry.starts_at is not None and until is not None:
                self.notes.warn(Warned.NEVER_LEFT, rows=[entry.line.number])
                entry.span = seconds_of(entry.starts_at), seconds_of(max(until, entry.starts_at))

    def _tell_outside(self) -> None:
        meeting = self.meeting
        first, last = meeting.starts_at, meeting.ends_at or meeting.starts_at
        if first is None or last is None:
            return
        earliest, latest = seconds_of(first - _DAY), seconds_of(last + _DAY)
        rows = [
            entry.line.number
            for entry in self.entries
            if entry.span and (entry.span[1] < earliest or entry.span[0] > latest)
        ]
        if rows:
            self.notes.warn(Warned.OUTSIDE_MEETING, rows=rows)

    def _tell_waiting(self, came: Iterable[tuple[str, str]]) -> None:
        keys = set(came)
        names = {
            entry.who.name or entry.who.email
            for entry in self.entries
            if entry.waited and entry.who.key() not in keys
        }
        if names:
            self.notes.warn(Warned.WAITED_ONLY, names=sorted(names))
