"""Telling people, and looking after the outbox."""

from lms.notifications.operations.consents import (
    tell_consent_asked,
    tell_consent_code,
    tell_consent_copy,
    tell_staff_of_answer,
    tell_withdrawal,
)
from lms.notifications.operations.outbox import send_mail_again, stop_mail
from lms.notifications.operations.reminding import due_reminders, forget_reminders, remind
from lms.notifications.operations.telling import (
    tell_address_asked,
    tell_certificate,
    tell_completion,
    tell_desk_hand,
    tell_desk_of_request,
    tell_enrolled_of_recording,
    tell_enrolment,
    tell_hands_of_session,
    tell_invited,
    tell_missing,
    tell_new_ticket,
    tell_organisers_of_agreement,
    tell_organisers_of_question,
    tell_people_of_session,
    tell_person_of_override,
    tell_reset_asked,
)

__all__ = [
    "due_reminders",
    "forget_reminders",
    "remind",
    "send_mail_again",
    "stop_mail",
    "tell_address_asked",
    "tell_certificate",
    "tell_completion",
    "tell_consent_asked",
    "tell_consent_code",
    "tell_consent_copy",
    "tell_desk_hand",
    "tell_desk_of_request",
    "tell_enrolled_of_recording",
    "tell_enrolment",
    "tell_hands_of_session",
    "tell_invited",
    "tell_missing",
    "tell_new_ticket",
    "tell_organisers_of_agreement",
    "tell_organisers_of_question",
    "tell_people_of_session",
    "tell_person_of_override",
    "tell_reset_asked",
    "tell_staff_of_answer",
    "tell_withdrawal",
]
