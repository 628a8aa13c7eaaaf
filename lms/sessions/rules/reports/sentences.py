"""Doubts and refusals as English sentences, for the command line."""

from typing import Final

from lms.sessions.rules.reports.report import (
    ReportUnreadableError,
    ReportWarning,
    Unreadable,
    Warned,
)

_WARNINGS: Final = {
    Warned.ENCODING_GUESSED: (
        "The file was taken as Windows-1252 (Western Europe), which cannot be told for certain."
        " If names look wrong, save it as UTF-8 and try again."
    ),
    Warned.DATE_ORDER: (
        "The order of day and month is ambiguous: {example} was read as {read_as} ({order})."
        " Use --date-order if that is wrong."
    ),
    Warned.TIME_UNREADABLE: "A time cannot be read, such as {example}. Rows: {rows}.",
    Warned.DAY_UNKNOWN: (
        "Neither the file nor its name tells the day of a time, so only durations were counted."
        " Rows: {rows}."
    ),
    Warned.TIME_SKIPPED: (
        "A time did not exist in {zone}, because the clocks were set forward ({example}); it was"
        " taken as the one after the change. Rows: {rows}."
    ),
    Warned.TIME_TWICE: (
        "A time came twice in {zone}, because the clocks were set back ({example}); the one that"
        " fits the duration, else the first, was taken. Rows: {rows}."
    ),
    Warned.DURATION_UNREADABLE: "A duration cannot be read, such as {example}. Rows: {rows}.",
    Warned.MEETING_REVERSED: "The meeting ends before it starts; its end was left out.",
    Warned.OUTSIDE_MEETING: "Times lie more than a day away from the meeting. Rows: {rows}.",
    Warned.ENDS_BEFORE_START: "The end lies before the start; not counted. Rows: {rows}.",
    Warned.NEVER_LEFT: (
        "The time of leaving is missing; counted to the end of the meeting, or to the last time"
        " in the file. Rows: {rows}."
    ),
    Warned.NEVER_JOINED: "Left without having joined; not counted. Rows: {rows}.",
    Warned.JOINED_TWICE: (
        "Joined again without having left; the time between was counted. Rows: {rows}."
    ),
    Warned.GAPS_UNKNOWN: (
        "Away in between, and the report does not say when; durations were counted: {names}."
    ),
    Warned.NO_TIME: "Neither times nor a duration. Rows: {rows}.",
    Warned.NOBODY_NAMED: "Neither a name nor an e-mail address; not counted. Rows: {rows}.",
    Warned.BAD_EMAIL: "An e-mail address is none, such as {example}. Rows: {rows}.",
    Warned.NO_EMAIL: (
        "Without an e-mail address; rows with an identical name were counted as one person:"
        " {names}."
    ),
    Warned.SAME_NAME: (
        "Without an e-mail address and there twice at the same time, on two devices or as two"
        " people of one name: {names}."
    ),
    Warned.NAMES_DIFFER: ("One e-mail address under several names, which may be shared: {names}."),
    Warned.WAITED_ONLY: "Only in the waiting room; not counted: {names}.",
    Warned.COLUMN_MISSING: (
        "The report has no column for {missing}; it was reckoned from the durations."
    ),
    Warned.QUOTE_OPEN: "A quotation is opened and never closed. Rows: {rows}.",
    Warned.NOBODY: "The report names nobody who came.",
}
_REFUSALS: Final = {
    Unreadable.EMPTY: "The file is empty.",
    Unreadable.TOO_LARGE: "The file is larger than {most} MB.",
    Unreadable.TOO_LONG: "The file has more than {most} rows.",
    Unreadable.ENCODING: (
        "The file is in no encoding that is known here, or in two at once: line {row} differs."
        " Save it as UTF-8 and try again."
    ),
    Unreadable.FORMAT: "The file is neither text nor a workbook.",
    Unreadable.LOCKED: "The workbook has a password or is of an old form. Save it as XLSX or CSV.",
    Unreadable.BROKEN: "The workbook is damaged and cannot be opened.",
    Unreadable.UNKNOWN: (
        "This is no attendance report that is known here. Its columns were read as: {headers}."
    ),
    Unreadable.COLUMNS: (
        "The report lacks a column it cannot do without: {missing}. It has: {headers}."
    ),
    Unreadable.MAPPING: "The file lacks columns of the mapping: {missing}. It has: {headers}.",
    Unreadable.ZONE: "There is no time zone {zone}. Write it such as Asia/Tokyo.",
}


def warning_sentence(warning: ReportWarning) -> str:
    """Return what a warning says, in English."""
    return _WARNINGS[warning.code].format_map(warning.params)


def refusal_sentence(error: ReportUnreadableError) -> str:
    """Return why a file cannot be read, in English."""
    return _REFUSALS[error.code].format_map(
        {**error.params, "headers": error.params["headers"] or "-"}
    )
