"""What is understood of an attendance report, and what is said about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

Interval: TypeAlias = tuple[datetime, datetime]
"""From joining to leaving; both aware, in UTC, the second later than the first."""

MAX_BYTES: Final = 20_000_000
"""What a report may weigh, in bytes."""

MAX_ROWS: Final = 50_000
"""Rows a report may have."""

_SHOWN: Final = 40  # headers that a refusal names, and characters of each


class DateOrder(StrEnum):
    """In which order a report writes the parts of a day."""

    MDY = "mdy"
    DMY = "dmy"
    YMD = "ymd"


class Column(StrEnum):
    """What a column of a report can mean; a `ColumnMapping` names the headers by these."""

    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    REGISTRANT_ID = "registrant_id"
    JOINED = "joined"
    LEFT = "left"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which header of a file means what, for files that no reader knows.

    `headers` maps columns to headers as the file writes them (compared without regard to case,
    width and spaces). A name (`name`, or `last_name` and/or `first_name`) or an `email` is
    needed, and either `joined` with `left` or `duration`. A plain number is minutes.
    """

    headers: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class ReportMeeting:
    """The meeting as the report tells it; '' and None where it does not. Moments in UTC."""

    title: str = ""
    id: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One raw row about one person. `number` is its line in the table, counted from 1.

    `minutes` is the row's own duration, rounded down; `cells` are the row as it was written.
    A row that counts for nobody (waiting room, did not come) has `counts` false.
    """

    number: int
    name: str
    email: str = ""
    registrant_id: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    minutes: int | None = None
    cells: tuple[str, ...] = ()
    counts: bool = True


@dataclass(frozen=True, slots=True)
class ReportPerson:
    """One who came. `email` is lower case ('' without one); intervals are sorted and disjoint.

    `intervals` is empty where only a duration is given. `minutes` is the length of all intervals
    together (without any, the sum of durations), rounded down. `rows` are numbers of `ReportRow`.
    """

    name: str
    email: str
    registrant_id: str
    intervals: tuple[Interval, ...]
    minutes: int
    rows: tuple[int, ...]


class Warned(StrEnum):
    """What a person should look at before relying on a report, told once for all rows.

    Params in brackets. `count` is how many, `rows` their numbers and `names` the names in one
    text (the first ten, then an ellipsis), `example` a text of the file.
    """

    ENCODING_GUESSED = "encoding_guessed"  # []: taken as Windows-1252
    DATE_ORDER = "date_order"  # [order, example, read_as]: read so, could be another day
    TIME_UNREADABLE = "time_unreadable"  # [count, rows, example]
    DAY_UNKNOWN = "day_unknown"  # [count, rows]: times without a day
    TIME_SKIPPED = "time_skipped"  # [count, rows, example, zone]: clocks were set forward
    TIME_TWICE = "time_twice"  # [count, rows, example, zone]: clocks were set back
    DURATION_UNREADABLE = "duration_unreadable"  # [count, rows, example]
    MEETING_REVERSED = "meeting_reversed"  # []: the meeting ends before it starts
    OUTSIDE_MEETING = "outside_meeting"  # [count, rows]: more than a day from the meeting
    ENDS_BEFORE_START = "ends_before_start"  # [count, rows]: not counted
    NEVER_LEFT = "never_left"  # [count, rows]: counted to the meeting's end or the last moment
    NEVER_JOINED = "never_joined"  # [count, rows]: not counted
    JOINED_TWICE = "joined_twice"  # [count, rows]: joined again without having left
    GAPS_UNKNOWN = "gaps_unknown"  # [count, names]: first, last, and a shorter duration
    NO_TIME = "no_time"  # [count, rows]: neither times nor a duration
    NOBODY_NAMED = "nobody_named"  # [count, rows]: neither a name nor an address; not counted
    BAD_EMAIL = "bad_email"  # [count, rows, example]: no address, left out
    NO_EMAIL = "no_email"  # [count, names]: one person per identical name
    SAME_NAME = "same_name"  # [count, names]: without address, twice at the same time
    NAMES_DIFFER = "names_differ"  # [count, names]: one address under several names
    WAITED_ONLY = "waited_only"  # [count, names]: never left the waiting room; not counted
    COLUMN_MISSING = "column_missing"  # [missing]: reckoned from the duration
    QUOTE_OPEN = "quote_open"  # [count, rows]: a quotation that never closes
    NOBODY = "nobody"  # []: nobody came


@dataclass(frozen=True, slots=True)
class ReportWarning:
    """A code of `Warned` and what fills its sentence (strings and whole numbers)."""

    code: Warned
    params: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttendanceReport:
    """All that was understood of a file.

    `service`: zoom, teams, webex, meet or generic. `report`: which of its reports. `people` in
    the order in which the file names them; `rows` are the raw ones, in the order of the file.
    """

    service: str
    report: str
    meeting: ReportMeeting
    people: tuple[ReportPerson, ...]
    rows: tuple[ReportRow, ...]
    warnings: tuple[ReportWarning, ...]


class Unreadable(StrEnum):
    """Why a file cannot be read as an attendance report. Params in brackets."""

    EMPTY = "report_empty"
    TOO_LARGE = "report_too_large"  # [most]: megabytes
    TOO_LONG = "report_too_long"  # [most]: rows
    ENCODING = "report_encoding"  # [row]: the line that is in no encoding or in another
    FORMAT = "report_format"  # no text and no workbook
    LOCKED = "report_locked"  # a workbook with a password, or of the old form
    BROKEN = "report_broken"  # a workbook that cannot be opened
    UNKNOWN = "report_unknown"  # no reader knows it: map its columns [headers]
    COLUMNS = "report_columns"  # a known report that lacks columns [missing, headers]
    MAPPING = "report_mapping"  # the mapping does not fit the file [missing, headers]
    ZONE = "report_zone"  # [zone]


class ReportUnreadableError(Exception):
    """A file that is not understood.

    `code` is of `Unreadable`; `params` fill its sentence; `headers` are the columns of the table
    that was found (none: no table), to be mapped by hand.
    """

    def __init__(
        self, code: Unreadable, *, headers: tuple[str, ...] = (), **params: str | int
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.headers = headers
        shown = ", ".join(header[:_SHOWN] for header in headers[:_SHOWN])
        self.params: Mapping[str, str | int] = {**params, "headers": shown}
