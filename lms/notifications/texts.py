"""Words of mail: what each template tells, its states, and why one was not sent."""

from typing import assert_never

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from lms.infra.mail.models import MailState
from lms.kernel.errors import ForbiddenError, InvalidInputError, RefusedError
from lms.notifications.errors import MailDeskError

#: What a mail tells, in the words of the desk, by template.
SUBJECTS = {
    "invitation": _l("Invitation"),
    "password_reset": _l("Link for a new password"),
    "address_change": _l("Confirmation of a new address"),
    "address_change_notice": _l("Notice of a change of address"),
    "enrolment_applied": _l("Application received"),
    "enrolment_confirmed": _l("Enrolled"),
    "enrolment_promoted": _l("Enrolled from the waiting list"),
    "enrolment_waitlisted": _l("On the waiting list"),
    "enrolment_declined": _l("Application declined"),
    "enrolment_withdrawn": _l("Withdrawal received"),
    "enrolment_cancelled": _l("Enrolment cancelled"),
    "edition_cancelled": _l("Course cancelled"),
    "edition_postponed": _l("Course postponed"),
    "new_dates_reminder": _l("New dates: reminder to answer"),
    "session_scheduled": _l("Session added"),
    "sessions_scheduled": _l("Sessions added"),
    "session_changed": _l("Session changed"),
    "session_cancelled": _l("Session cancelled"),
    "group_placed": _l("Seminar group"),
    "session_not_yours": _l("A session that is for others now"),
    "session_invited": _l("On the list of those who run a session"),
    "session_uninvited": _l("Taken off the list of a session"),
    "reminder_week": _l("Reminder a week before"),
    "reminder_day": _l("Reminder a day before"),
    "reminder_hour": _l("Reminder an hour before"),
    "address_released": _l("The way into a meeting, sent in need"),
    "host_sheet": _l("Host sheet"),
    "session_missing": _l("Message to the missing"),
    "ticket_renewed": _l("New ticket for the front desk"),
    "desk_hand_named": _l("Asked to the front desk"),
    "meeting_request_received": _l("Study meeting: request received"),
    "meeting_request_new": _l("Study meeting: request to answer"),
    "meeting_request_changed": _l("Study meeting: request changed"),
    "meeting_request_withdrawn": _l("Study meeting: request withdrawn"),
    "meeting_request_message": _l("Study meeting: message"),
    "meeting_request_in_talks": _l("Study meeting: in talks"),
    "meeting_request_accepted": _l("Study meeting: decided"),
    "meeting_request_declined": _l("Study meeting: declined"),
    "meeting_request_published": _l("Study meeting: open for applications"),
    "meeting_request_moved": _l("Study meeting: changed"),
    "meeting_request_called_off": _l("Study meeting: called off"),
    "recording_published": _l("Recording published"),
    "recording_new_version": _l("New version of a recording or handout"),
    "recording_taken_down": _l("Recording taken down"),
    "agreement_withdrawn": _l("Agreement withdrawn"),
    "consent_request": _l("Request for consent"),
    "consent_reminder": _l("Reminder of a request for consent"),
    "consent_code": _l("Code for signing"),
    "consent_receipt": _l("Receipt for an answer about rights"),
    "consent_withdrawn": _l("Receipt for a withdrawal"),
    "consent_answered": _l("Answer about rights received"),
    "publication_proposed": _l("Publication to approve"),
    "override_asked": _l("Exception to approve"),
    "override_approved": _l("Exception approved"),
    "rights_ending": _l("Rights end soon"),
    "rights_viewing_ends": _l("Last days to watch"),
    "rights_week": _l("Week of the rights desk"),
    "rights_dependants": _l("Another way to be given"),
    "rights_closed": _l("Recording closed"),
    "completion_earned": _l("Completed"),
    "certificate_issued": _l("Certificate issued"),
    "completion_questioned": _l("Completion to decide on"),
}

_ERRORS = {
    "no_address": _l("Nobody can be reached: no address, and no coordinator."),
    "too_late": _l("Not sent: it would have come too late."),
    "address_unusable": _l("This address cannot be written to."),
    "no_mail_server_set": _l("No mail server is set up."),
    "not_wanted": _l("Not sent: the reason for it is gone."),
    "worker_fell_silent": _l("The worker broke off again and again."),
}


def subject_of(template: str) -> str:
    """Return what a mail tells, for lists."""
    return str(SUBJECTS.get(template, template))


def state_text(state: MailState) -> str:
    """Return the word for a state."""
    match state:
        case MailState.QUEUED:
            return str(_("Waiting to be sent"))
        case MailState.SENT:
            return str(_("Sent"))
        case MailState.FAILED:
            return str(_("Not delivered"))
        case MailState.STOPPED:
            return str(_("Stopped"))
        case _:
            assert_never(state)


def state_chip(state: MailState) -> str:
    """Return the kind of chip for a state."""
    match state:
        case MailState.QUEUED:
            return "wait"
        case MailState.SENT:
            return "done"
        case MailState.FAILED:
            return "no"
        case MailState.STOPPED:
            return "plain"
        case _:
            assert_never(state)


def error_text(code: str) -> str:
    """Return why a mail was not sent; what a mail server said stands as it was said."""
    return str(_ERRORS.get(code, code))


def refusal_text(error: RefusedError | ForbiddenError | InvalidInputError) -> str | None:
    """Return the sentence for a refusal of this feature, else None."""
    if not isinstance(error, MailDeskError):
        return None
    sentences = {
        "being_sent": _("This mail is being sent at this moment. Look again in a little while."),
        "not_waiting": _("Only a mail that waits can be stopped."),
        "waits_already": _("This mail waits to be sent already."),
        "secret_gone": _(
            "This mail held a link for one person, which is not kept. Send a new invitation "
            "from the person's page instead."
        ),
        "no_address": _("There is no address. Correct the person's address first."),
    }
    return str(sentences[error.code])
