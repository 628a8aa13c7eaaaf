"""Codes of enrolment in words."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from lms.enrolment.errors import EnrolmentError
from lms.enrolment.models import Attending, EnrolmentState
from lms.enrolment.operations import Decided
from lms.enrolment.rules import Decision, Hindrance, Outcome
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError

STATES: Mapping[EnrolmentState, Any] = {
    EnrolmentState.APPLIED: _l("Applied"),
    EnrolmentState.UNDER_REVIEW: _l("Under review"),
    EnrolmentState.ENROLLED: _l("Enrolled"),
    EnrolmentState.WAITLISTED: _l("On the waiting list"),
    EnrolmentState.WITHDRAWN: _l("Withdrawn"),
    EnrolmentState.DECLINED: _l("Declined"),
    EnrolmentState.CANCELLED: _l("Cancelled"),
}
STATE_CHIPS: Mapping[EnrolmentState, str] = {
    EnrolmentState.APPLIED: "soon",
    EnrolmentState.UNDER_REVIEW: "soon",
    EnrolmentState.ENROLLED: "done",
    EnrolmentState.WAITLISTED: "wait",
    EnrolmentState.WITHDRAWN: "plain",
    EnrolmentState.DECLINED: "no",
    EnrolmentState.CANCELLED: "no",
}
# What a state means for the person in it.
STATE_MEANS: Mapping[EnrolmentState, Any] = {
    EnrolmentState.APPLIED: _l("Your application is in. The organiser decides and tells you."),
    EnrolmentState.UNDER_REVIEW: _l("The organiser is looking at your application."),
    EnrolmentState.ENROLLED: _l("You have a seat."),
    EnrolmentState.WAITLISTED: _l(
        "All seats are taken. When one becomes free, it goes to the first on the list, "
        "and you are told."
    ),
    EnrolmentState.WITHDRAWN: _l("You have withdrawn."),
    EnrolmentState.DECLINED: _l("Your application was declined."),
    EnrolmentState.CANCELLED: _l("Your place in this course was cancelled."),
}
ATTENDING: Mapping[Attending, Any] = {
    Attending.VENUE: _l("At the venue"),
    Attending.WEB: _l("On the web"),
}
HINDRANCES: Mapping[Hindrance, Any] = {
    Hindrance.NOT_SIGNED_IN: _l("Please sign in to apply."),
    Hindrance.SUSPENDED: _l("Your account is suspended."),
    Hindrance.OUT_OF_REACH: _l("This course is for members at other levels."),
    Hindrance.EDITION_CANCELLED: _l("This course will not take place."),
    Hindrance.EDITION_CLOSED: _l("This course is finished."),
    Hindrance.NOT_PUBLISHED: _l("This course does not take applications yet."),
    Hindrance.OVER: _l("This course is over."),
    Hindrance.DEADLINE_PASSED: _l("The deadline for applications has passed."),
    Hindrance.ALREADY_IN: _l("You have already applied."),
    Hindrance.DECLINED: _l("Your application was declined. Please ask the organiser."),
    Hindrance.TAKEN_OFF: _l("Your place was cancelled. Please ask the organiser."),
}
OUTCOMES: Mapping[Outcome, Any] = {
    Outcome.SEAT: _l("A seat is free: you are enrolled at once."),
    Outcome.WAITING_LIST: _l("All seats are taken: you go to the end of the waiting list."),
    Outcome.DECISION: _l("The organiser decides on each application and tells you."),
}
DECISIONS: Mapping[Decision, Any] = {
    Decision.ACCEPT: _l("Accept"),
    Decision.WAITLIST: _l("Put on the waiting list"),
    Decision.REVIEW: _l("Mark as under review"),
    Decision.DECLINE: _l("Decline"),
}
_REFUSALS: Mapping[str, Any] = {
    "cannot_withdraw": _l("There is nothing here to withdraw from any more."),
    "cannot_decide": _l(
        "This cannot be decided on like that any more: the state has changed. Please look again."
    ),
    "cannot_remove": _l("This person is not on the list any more."),
    "not_head_of_queue": _l(
        "Seats go to the waiting list in its order: there is no free seat for this person now."
    ),
    "seats_free": _l(
        "There are free seats: accept the application, or leave it undecided for now."
    ),
    "full": _l("Every seat is taken. Set more seats for this edition first."),
    "people_enrolled": _l(
        "People have applied or are enrolled: the edition cannot go back to draft. "
        "Finish it, or say that it will not take place."
    ),
}
_FAULTS: Mapping[str, Any] = {
    "reason_needed": _l("Please give a reason. The person is told it."),
    "attending": _l("This course cannot be attended in that way."),
}


def decided_text(decided: Decided) -> str:
    """Return what became of the applications, in one sentence each."""
    told = []
    if n := decided.enrolled:
        told.append(ngettext("%(num)s person is enrolled.", "%(num)s people are enrolled.", n))
    if n := decided.waitlisted:
        told.append(
            ngettext(
                "%(num)s person is on the waiting list.",
                "%(num)s people are on the waiting list.",
                n,
            )
        )
    if n := decided.declined:
        told.append(
            ngettext("%(num)s application is declined.", "%(num)s applications are declined.", n)
        )
    if n := decided.reviewed:
        told.append(
            ngettext(
                "%(num)s application is under review.",
                "%(num)s applications are under review.",
                n,
            )
        )
    if n := decided.skipped:
        told.append(
            ngettext(
                "%(num)s could not be decided on like that and is unchanged.",
                "%(num)s could not be decided on like that and are unchanged.",
                n,
            )
        )
    return " ".join(told)


def fault_text(error: InvalidInputError) -> str | None:
    """Return the sentence under a field."""
    if error.code == "too_long":
        return str(_("At most %(max)d characters fit here.", max=error.facts["most"]))
    text = _FAULTS.get(error.code)
    return str(text) if text is not None else None


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, or None."""
    if isinstance(error, EnrolmentError):
        if error.code in {h.value for h in Hindrance}:
            return str(HINDRANCES[Hindrance(error.code)])
        return str(_REFUSALS[error.code])
    if isinstance(error, InvalidInputError):
        return fault_text(error)
    return None
