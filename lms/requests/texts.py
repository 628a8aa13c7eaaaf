"""Codes of requests for study meetings in words."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.infra.web.formats import zone_label
from lms.infra.web.locale import ui_language
from lms.kernel.dates import format_day
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.kernel.wall import is_zone
from lms.requests.errors import MeetingRequestInputError, MeetingRequestRefusedError
from lms.requests.rules import Source, State, Step, Way, WishedDate

STATES: Mapping[State, Any] = {
    State.RECEIVED: _l("Request received"),
    State.IN_TALKS: _l("In talks"),
    State.ACCEPTED: _l("Meeting decided"),
    State.DECLINED: _l("Request declined"),
    State.WITHDRAWN: _l("Request withdrawn"),
}
STATE_CHIPS: Mapping[State, str] = {
    State.RECEIVED: "wait",
    State.IN_TALKS: "soon",
    State.ACCEPTED: "done",
    State.DECLINED: "no",
    State.WITHDRAWN: "plain",
}
STATE_MEANS: Mapping[State, Any] = {
    State.RECEIVED: _l("The office has the request and will write to you."),
    State.IN_TALKS: _l("The office is looking for a date and a speaker."),
    State.ACCEPTED: _l("The meeting will be held."),
    State.DECLINED: _l("The meeting cannot be held as it was asked for."),
    State.WITHDRAWN: _l("The request was taken back."),
}
WAYS: Mapping[Way, Any] = {
    Way.VENUE: _l("At a venue"),
    Way.WEB: _l("On the web"),
    Way.HYBRID: _l("At a venue and on the web"),
}
SOURCES: Mapping[Source, Any] = {
    Source.BROWSER: _l("Written here"),
    Source.TELEPHONE: _l("Asked by telephone"),
    Source.PAPER: _l("On paper or by mail"),
}
_BY_ASKERS: Mapping[Step, Any] = {
    Step.RECEIVED: _l("Asked for"),
    Step.CHANGED: _l("What is asked for was changed"),
    Step.MESSAGE: _l("Message to the office"),
    Step.IN_TALKS: _l("The office is in talks about it"),
    Step.ACCEPTED: _l("The meeting is decided"),
    Step.DECLINED: _l("The office declined"),
    Step.WITHDRAWN: _l("The request was withdrawn"),
}
_BY_STAFF: Mapping[Step, Any] = {
    **_BY_ASKERS,
    Step.RECEIVED: _l("Entered by the office"),
    Step.MESSAGE: _l("Message from the office"),
}
_FAULTS: Mapping[str, Any] = {
    "required": _l("Please fill this in."),
    "no_such_time": _l("There is no such date or time."),
    "unknown_zone": _l("This time zone is not known."),
    "ends_before_start": _l("The end must lie after the start."),
    "longer_than_day": _l("A meeting lasts at most a day."),
    "already_past": _l("This date has passed."),
    "twice": _l("This date stands there twice."),
    "contact_missing": _l("Please give a telephone number or an address."),
    "address": _l("This is not written like a mail address."),
    "unknown_choice": _l("Please choose one of these."),
}
_REFUSALS: Mapping[str, Any] = {
    "changed_meanwhile": _l(
        "The request was changed since you opened it. Please look at it again, then decide."
    ),
    "wrong_state": _l("That does not fit the present state of this request. Please look again."),
    "asked_for_no_more": _l("This programme cannot be asked for at present."),
}  # fmt: skip


def step_text(step: str, *, by_staff: bool) -> str:
    """Return what happened, as a line of the history says it."""
    return str((_BY_STAFF if by_staff else _BY_ASKERS)[Step(step)])


def waiting_text(days: int) -> str:
    """Return for how long something has waited."""
    if days == 0:
        return str(_("since today"))
    return str(ngettext("for %(num)s day", "for %(num)s days", days))


def wall_text(wished: WishedDate, zone: str) -> str:
    """Write a wished-for date as it was written, also when no moment answers to it."""
    day = format_day(wished.starts_local.date(), ui_language())
    place = zone_label(ZoneInfo(zone), ui_language()) if is_zone(zone) else zone
    return f"{day} {wished.starts_local:%H:%M}\u2013{wished.ends_local:%H:%M} {place}"


def fault_text(error: InvalidInputError) -> str | None:
    """Return the sentence under a field."""
    if error.code == "people_out_of_range":
        return str(_("Please write a number from 1 to %(most)s.", most=error.facts["most"]))
    if error.code == "too_long":
        return str(_("At most %(max)d characters fit here.", max=error.facts["most"]))
    text = _FAULTS.get(error.code)
    return str(text) if text is not None else None


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    if isinstance(error, MeetingRequestRefusedError):
        return str(_REFUSALS[error.code])
    if isinstance(error, MeetingRequestInputError):
        return fault_text(error)
    return None
