"""Words of attendance reports: what is doubted, refused and known of who is who."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.web.locale import ui_language
from lms.kernel.localized import pick
from lms.sessions.errors import ReportRefusedError
from lms.sessions.models import MatchedBy, MatchState
from lms.sessions.queries import Evidence
from lms.sessions.rules.attendance_status import AttendanceRule, Source
from lms.sessions.rules.reconciling import Fit
from lms.sessions.rules.reports import (
    Column,
    DateOrder,
    ReportUnreadableError,
    ReportWarning,
    Unreadable,
    Warned,
)

DATE_ORDERS: dict[str, Any] = {
    "": _l("As the session has it"),
    DateOrder.YMD.value: _l("Year, month, day"),
    DateOrder.MDY.value: _l("Month, day, year"),
    DateOrder.DMY.value: _l("Day, month, year"),
}
COLUMNS: dict[Column, Any] = {
    Column.NAME: _l("Name"),
    Column.LAST_NAME: _l("Family name"),
    Column.FIRST_NAME: _l("Given name"),
    Column.EMAIL: _l("E-mail"),
    Column.JOINED: _l("Joined at"),
    Column.LEFT: _l("Left at"),
    Column.DURATION: _l("Duration"),
    Column.REGISTRANT_ID: _l("Registrant id"),
}
SERVICES: dict[str, Any] = {
    "zoom": "Zoom",
    "teams": "Microsoft Teams",
    "webex": "Webex",
    "meet": "Google Meet",
    "generic": _l("Columns told apart by hand"),
}
MATCH_STATES: dict[MatchState, Any] = {
    MatchState.WAITING: _l("To be told apart"),
    MatchState.MATCHED: _l("Told apart"),
    MatchState.DISMISSED: _l("Not one of ours"),
}
MATCHED_BYS: dict[str, Any] = {
    MatchedBy.REGISTRANT: _l("By the personal link"),
    MatchedBy.ADDRESS: _l("By the e-mail"),
    MatchedBy.ALIAS: _l("By an e-mail accepted before"),
    MatchedBy.HAND: _l("By hand"),
}
SOURCES: dict[Source, Any] = {
    Source.HAND: _l("By hand"),
    Source.DESK: _l("Seen at the desk"),
    Source.REPORT: _l("By the report"),
    Source.PRESS: _l("Pressed join"),
    Source.NOTHING: _l("In no evidence"),
}
FITS: dict[Fit, Any] = {
    Fit.OTHER_TIME: _l(
        "This report is of another time: nobody in it was there during this session. It cannot be "
        "applied here. Please check which session it belongs to, or the time zone and the order "
        "of day and month."
    ),
    Fit.OTHER_MEETING: _l(
        "This report is of a meeting with another number than the link of this session."
    ),
    Fit.PARTLY: _l("Less than half of this report lies in the time of this session."),
    Fit.NO_TIME: _l(
        "This report tells no times, so that it cannot be seen which session it is of."
    ),
}
_WARNINGS: dict[Warned, Any] = {
    Warned.ENCODING_GUESSED: _l(
        "The file was taken as Windows-1252 (Western Europe), which cannot be told for certain. "
        "If names look wrong, please save it as UTF-8 and send it again."
    ),
    Warned.DATE_ORDER: _l(
        "The order of day and month is ambiguous: %(example)s was read as %(read_as)s."
    ),
    Warned.TIME_UNREADABLE: _l("A time cannot be read, such as %(example)s. Rows: %(rows)s."),
    Warned.DAY_UNKNOWN: _l(
        "Neither the file nor its name tells the day of a time, so only durations were counted. "
        "Rows: %(rows)s."
    ),
    Warned.TIME_SKIPPED: _l(
        "A time did not exist in %(zone)s, because the clocks were set forward (%(example)s); it "
        "was taken as the one after the change. Rows: %(rows)s."
    ),
    Warned.TIME_TWICE: _l(
        "A time came twice in %(zone)s, because the clocks were set back (%(example)s); the one "
        "that fits the duration, else the first, was taken. Rows: %(rows)s."
    ),
    Warned.DURATION_UNREADABLE: _l(
        "A duration cannot be read, such as %(example)s. Rows: %(rows)s."
    ),
    Warned.MEETING_REVERSED: _l("The meeting ends before it starts; its end was left out."),
    Warned.OUTSIDE_MEETING: _l("Times lie more than a day away from the meeting. Rows: %(rows)s."),
    Warned.ENDS_BEFORE_START: _l("The end lies before the start; not counted. Rows: %(rows)s."),
    Warned.NEVER_LEFT: _l(
        "The time of leaving is missing; counted to the end of the meeting, or to the last time "
        "in the file. Rows: %(rows)s."
    ),
    Warned.NEVER_JOINED: _l("Left without having joined; not counted. Rows: %(rows)s."),
    Warned.JOINED_TWICE: _l(
        "Joined again without having left; the time between was counted. Rows: %(rows)s."
    ),
    Warned.GAPS_UNKNOWN: _l(
        "Away in between, and the report does not say when; durations were counted: %(names)s."
    ),
    Warned.NO_TIME: _l("Neither times nor a duration. Rows: %(rows)s."),
    Warned.NOBODY_NAMED: _l("Neither a name nor an e-mail address; not counted. Rows: %(rows)s."),
    Warned.BAD_EMAIL: _l("An e-mail address is none, such as %(example)s. Rows: %(rows)s."),
    Warned.NO_EMAIL: _l(
        "Without an e-mail address; rows with an identical name were counted as one person: "
        "%(names)s."
    ),
    Warned.SAME_NAME: _l(
        "Without an e-mail address and there twice at the same time, on two devices or as two "
        "people of one name: %(names)s."
    ),
    Warned.NAMES_DIFFER: _l(
        "One e-mail address under several names, which may be shared: %(names)s."
    ),
    Warned.WAITED_ONLY: _l("Only in the waiting room; not counted: %(names)s."),
    Warned.COLUMN_MISSING: _l(
        "The report has no column for %(missing)s; it was reckoned from the durations."
    ),
    Warned.QUOTE_OPEN: _l("A quotation is opened and never closed. Rows: %(rows)s."),
    Warned.NOBODY: _l("The report names nobody who came."),
}
_UNREADABLE: dict[Unreadable, Any] = {
    Unreadable.EMPTY: _l("The file is empty."),
    Unreadable.TOO_LARGE: _l("The file is larger than %(most)s MB."),
    Unreadable.TOO_LONG: _l("The file has more than %(most)s rows."),
    Unreadable.ENCODING: _l(
        "The file is in no encoding that is known here, or in two at once: line %(row)s differs. "
        "Please save it as UTF-8 and send it again."
    ),
    Unreadable.FORMAT: _l("The file is neither text nor a workbook."),
    Unreadable.LOCKED: _l(
        "The workbook has a password or is of an old form. Please save it as XLSX or CSV."
    ),
    Unreadable.BROKEN: _l("The workbook is damaged and cannot be opened."),
    Unreadable.UNKNOWN: _l(
        "This is no attendance report that is known here. Please say which column is which."
    ),
    Unreadable.COLUMNS: _l(
        "The report lacks a column it cannot do without: %(missing)s. Please say which column is "
        "which."
    ),
    Unreadable.MAPPING: _l(
        "A name or an e-mail is needed, and either joining and leaving or a duration. Missing: "
        "%(missing)s."
    ),
    Unreadable.ZONE: _l("This is not a known time zone. Please write it such as Asia/Tokyo."),
}
_REFUSALS: dict[str, Any] = {
    "report_gone": _l("This file is not there any more. Please send it again."),
    "report_applied": _l("This file was applied already. Nothing was changed."),
    "report_nobody": _l("The report names nobody who came. Nothing was changed."),
    "match_not_listed": _l("This person is not of this session. Please choose from the list."),
    **{f"report_{fit.value}": sentence for fit, sentence in FITS.items()},
}


def warning_text(warning: ReportWarning) -> str:
    """Return what a doubt about a report says."""
    return str(_WARNINGS[warning.code] % warning.params)


def unreadable_text(error: ReportUnreadableError) -> str:
    """Return why a file cannot be read."""
    params = {"missing": "", "most": "", "row": "", **error.params}
    return str(_UNREADABLE[error.code] % params)


def report_refusal_text(error: ReportRefusedError) -> str:
    """Return why a report or a match cannot be taken."""
    return str(_REFUSALS[error.code])


def service_text(service: str) -> str:
    """Return the name of a meeting's service."""
    return str(SERVICES.get(service, service or _("Not read yet")))


def rule_sentences(rule: AttendanceRule) -> tuple[str, ...]:
    """Return what an edition asks of those who were there, in sentences."""
    asked = []
    if rule.min_minutes:
        asked.append(str(_("At least %(num)s minutes.", num=rule.min_minutes)))
    if rule.min_percent:
        asked.append(str(_("At least %(num)s %% of the session.", num=rule.min_percent)))
    asked += [
        str(_("Late after %(num)s minutes.", num=rule.late_minutes)),
        str(_("Left early with more than %(num)s minutes to go.", num=rule.early_minutes)),
    ]
    if rule.press_counts and not rule.asks_minutes:
        asked.append(str(_("Without a report, pressing join counts.")))
    else:
        asked.append(str(_("Pressing join alone does not count.")))
    if rule.missing_is_absent:
        asked.append(str(_("Who is in no evidence after the report is absent.")))
    return tuple(asked)


def place_name(organisation: Any) -> str:
    """Return the name of an organisation in the reader's language, '' for none."""
    return pick(organisation, ui_language()).text if organisation else ""


def source_text(evidence: Evidence) -> str:
    """Return what the status rests on."""
    source = evidence.decision.source
    return str(SOURCES[source]) if source is not None else ""
