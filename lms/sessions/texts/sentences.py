"""Codes as sentences."""

from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.web.formats import format_moment
from lms.infra.web.locale import ui_language, viewer_zone
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.sessions.errors import (
    DeskRefusedError,
    GroupRefusedError,
    LiveSessionRefusedError,
    NotAdmittedError,
    PostponingInputError,
    PostponingRefusedError,
    ReportRefusedError,
    SessionInputError,
)
from lms.sessions.models import AttendanceStatus
from lms.sessions.rules import JoinDecision, JoinOutcome
from lms.sessions.texts.desk import desk_refusal_text
from lms.sessions.texts.groups import group_refusal_text
from lms.sessions.texts.postponing import postponing_text
from lms.sessions.texts.reports import report_refusal_text

STATUSES: dict[AttendanceStatus, Any] = {
    AttendanceStatus.PRESENT: _l("Present"),
    AttendanceStatus.LATE: _l("Late"),
    AttendanceStatus.LEFT_EARLY: _l("Left early"),
    AttendanceStatus.ABSENT: _l("Absent"),
    AttendanceStatus.EXCUSED: _l("Excused"),
}
WAYS: dict[str, Any] = {"venue": _l("Venue"), "web": _l("Web")}


def status_text(status: str | None) -> str:
    """Return the word for a status; "not recorded" while nothing is known."""
    return str(_("Not recorded")) if status is None else str(STATUSES[AttendanceStatus(status)])


def attending_text(way: str) -> str:
    """Return the word for the way in which a person takes part."""
    return str(WAYS.get(way, way))


def join_reason(decision: JoinDecision, zone: ZoneInfo | None = None) -> str:
    """Return why one cannot join now and when that changes; '' when the button is open.

    The moment is written in `zone` (of the place), else in the viewer's.
    """
    if decision.outcome is JoinOutcome.TOO_EARLY:
        opens = format_moment(decision.opens_at, zone or viewer_zone(), ui_language())
        return str(_("You can join from %(moment)s.", moment=opens))
    return str(_REASONS[decision.outcome])


_REASONS: dict[JoinOutcome, Any] = {
    JoinOutcome.OPEN: "",
    JoinOutcome.ENDED: _l("This session is over."),
    JoinOutcome.NOT_ADMITTED: _l("Only people who are enrolled can join this session."),
    JoinOutcome.OTHER_GROUP: _l("This session is for another seminar group."),
    JoinOutcome.CANCELLED: _l("This session was cancelled."),
    JoinOutcome.NO_LINK: _l("The organiser has not set a web link for this session yet."),
    JoinOutcome.IN_VENUE: _l("You take part at the venue. To join by web, change over first."),
}


def _input_sentences(facts: Any) -> dict[str, str]:
    return {
        "title_missing": _("Please give the session a title, in Japanese or in English."),
        "ends_before_start": _("The end must be after the start."),
        "longer_than_day": _("A session can last 24 hours at most. Please check day and time."),
        "unlikely_year": _("Please check the year: it must lie between 2000 and 2100."),
        "unknown_zone": _("This is not a known time zone. Please write it such as Asia/Tokyo."),
        "time_does_not_exist": _(
            "This time does not exist in %(zone)s on that day, because the clocks are set forward.",
            zone=facts.get("zone", ""),
        ),
        "bad_link": _("Please enter a web address that begins with https:// or http://."),
        "name_place_unknown": _(
            "Only {name}, {kana}, {latin}, {organisation} and {country} can be filled in."
        ),
        "minutes_out_of_range": _(
            "Please write a number of minutes between 0 and %(most)s.", most=facts.get("most", "")
        ),
        "seats_out_of_range": _(
            "Please write a number of seats between 1 and %(most)s.", most=facts.get("most", "")
        ),
        "number_of_sessions": _(
            "Please write a number between 1 and %(most)s.", most=facts.get("most", "")
        ),
        "unknown_language": _("Please choose the languages from the list."),
        "venue_name_missing": _("Please give the venue a name, in Japanese or in English."),
        "room_name_missing": _("Please give every room a name, in Japanese or in English."),
        "venue_changed_meanwhile": _(
            "Somebody else changed this venue in the meantime. Please load the page again."
        ),
        "group_title_missing": _("Please give the group a name, in Japanese or in English."),
        "group_unknown": _("This group does not belong to the edition."),
        "group_changed_meanwhile": _(
            "Somebody else changed this group in the meantime. Please load the page again."
        ),
        "way_unknown": _("Please choose venue or web."),
        "provider_unknown": _("Please choose one of the meeting services."),
        "unknown_role": _("Please choose whether the person speaks or interprets."),
        "unknown_part": _("This part does not belong to the edition."),
        "unknown_speaker": _(
            "No single person signs in with this id or address. Use the sign-in id when an "
            "address is shared, or write a name only."
        ),
        "percent_out_of_range": _("Please write a number between 0 and 100."),
        "status_unknown": _("Please choose one of the statuses."),
        "reason_missing": _("Please give the reason for this correction."),
        "reason_too_long": _(
            "Please use at most %(most)s characters for the reason.", most=facts.get("most", "")
        ),
        "already_past": _("This time is already past. Please check day and time."),
        "web_only_without_link": _(
            "There is no web link for this session yet. Please set one first, then tell people."
        ),
        "paper_in_future": _("This time is still to come."),
        "paper_far": _("This time lies far from the session. Please check it."),
        "paper_time": _("Please write a time such as 18:30."),
        "changed_meanwhile": _(
            "Somebody else changed this entry in the meantime. Please look at it again."
        ),
    }


def _joining_sentences() -> dict[str, str]:
    return {
        "in_venue": str(_("You take part at the venue. To join by web, change over first.")),
        "one_way": str(_("This session is held in one way only, so there is nothing to change.")),
        "venue_full": str(_("All seats at the venue are taken. Please take part on the web.")),
        "release_too_early": str(
            _("The address can be sent from one hour before the start of the session.")
        ),
        "other_group": str(_("This session is for another seminar group.")),
        "released": str(_("The address was sent before. It is sent only once.")),
        "provider_off": str(
            _("This meeting service is not set up here. Ask whoever runs this installation.")
        ),
        "not_fetched_yet": str(_("There is no meeting to read the attendance from yet.")),
    }


def _text_of_part(error: DeskRefusedError | ReportRefusedError | GroupRefusedError) -> str:
    if isinstance(error, DeskRefusedError):
        return desk_refusal_text(error)
    if isinstance(error, GroupRefusedError):
        return group_refusal_text(error)
    return report_refusal_text(error)


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None for those of others."""
    if isinstance(error, SessionInputError | PostponingInputError | PostponingRefusedError):
        own = None if isinstance(error, SessionInputError) else postponing_text(error)
        return own or _input_sentences(error.facts)[error.code]
    if isinstance(error, NotAdmittedError):
        return str(_("Only people who are enrolled can join this session."))
    if isinstance(error, DeskRefusedError | ReportRefusedError | GroupRefusedError):
        return _text_of_part(error)
    if isinstance(error, LiveSessionRefusedError):
        if error.code == JoinOutcome.TOO_EARLY:
            opens: Any = error.facts["opens_at"]
            moment = format_moment(opens, viewer_zone(), ui_language())
            return str(_("You can join from %(moment)s.", moment=moment))
        return {
            "cancelled": str(_("This session was cancelled.")),
            "edition_cancelled": str(
                _("This edition was cancelled: no session can be added to it.")
            ),
            "ended": str(_("This session is over.")),
            "no_link": str(_("The organiser has not set a web link for this session yet.")),
            **_joining_sentences(),
        }[error.code]
    return None
