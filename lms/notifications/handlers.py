"""Who is told when something happens. One is told at once; many are told by a job."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from lms.completion.events import CertificateIssued, CompletionEarned, CompletionQuestioned
from lms.courses.events import EditionCancelled, EditionPublished
from lms.enrolment.events import (
    EnrolmentApplied,
    EnrolmentConfirmed,
    EnrolmentDeclined,
    EnrolmentWaitlisted,
    EnrolmentWithdrawn,
)
from lms.infra.jobs.ledger import enqueue
from lms.notifications import operations, queries
from lms.notifications.operations import groups, requests, rights_watch
from lms.people.events import AddressChangeAsked, PasswordResetAsked, PersonInvited
from lms.requests.events import (
    MeetingRequestAccepted,
    MeetingRequestChanged,
    MeetingRequestDeclined,
    MeetingRequested,
    MeetingRequestMessageWritten,
    MeetingRequestTakenUp,
    MeetingRequestWithdrawn,
)
from lms.rights.events import (
    AgreementWithdrawn,
    ConsentAnswered,
    ConsentAsked,
    ConsentCodeAsked,
    ConsentDocumented,
    OverrideApproved,
    OverrideAsked,
    PublicationProposed,
    RecordingClosed,
    RecordingPublished,
    RecordingTakenDown,
    RightsEnding,
    RightsWeekEnded,
    ViewingEnds,
    WithdrawalReceived,
)
from lms.sessions.events import (
    AddressReleased,
    DeskHandNamed,
    EditionPostponed,
    LiveSessionCancelled,
    LiveSessionChanged,
    LiveSessionGroupsChanged,
    LiveSessionPeopleChanged,
    LiveSessionScheduled,
    LiveSessionsScheduled,
    MissingCalled,
    SeminarGroupsChanged,
    TicketRenewed,
)


def invited(event: PersonInvited) -> None:
    """Send the link for a first password."""
    operations.tell_invited(event.person_id, event.token_id, event.secret)


def reset_asked(event: PasswordResetAsked) -> None:
    """Send the link for a new password."""
    operations.tell_reset_asked(event.person_id, event.token_id, event.secret)


def address_asked(event: AddressChangeAsked) -> None:
    """Send the link to the new address and a warning to the old."""
    operations.tell_address_asked(event.person_id, event.token_id, event.secret, event.new_address)


def _enrolment(template: str, event: Any) -> None:
    operations.tell_enrolment(
        template, event.person_id, event.edition_id, event.enrolment_id, event.at
    )


def applied(event: EnrolmentApplied) -> None:
    """Confirm that an application arrived."""
    _enrolment("enrolment_applied", event)


def confirmed(event: EnrolmentConfirmed) -> None:
    """Tell of the seat and of what is ahead."""
    _enrolment("enrolment_promoted" if event.promoted else "enrolment_confirmed", event)


def waitlisted(event: EnrolmentWaitlisted) -> None:
    """Tell of the waiting list."""
    _enrolment("enrolment_waitlisted", event)


def declined(event: EnrolmentDeclined) -> None:
    """Tell that there is no seat."""
    _enrolment("enrolment_declined", event)


def withdrawn(event: EnrolmentWithdrawn) -> None:
    """Tell of the withdrawal, and remind no more."""
    _enrolment("enrolment_cancelled" if event.by_staff else "enrolment_withdrawn", event)
    operations.forget_reminders(queries.session_ids(event.edition_id), event.person_id)


def edition_cancelled(event: EditionCancelled) -> None:
    """Tell all whom it concerns that an edition will not take place, in one mail each."""
    at = event.at.isoformat(timespec="microseconds")
    enqueue(
        "tell_of_cancelled_edition",
        {"edition_id": event.edition_id, "at": at},
        key=f"tell:edition_cancelled:{event.edition_id}:{at}",
    )


def _session(
    template: str, event: LiveSessionScheduled | LiveSessionChanged | LiveSessionCancelled
) -> None:
    card = queries.find_session(event.live_session_id)
    mark = str(card.sequence) if card is not None else "0"
    enqueue(
        "tell_of_session",
        {"template": template, "live_session_id": event.live_session_id, "mark": mark},
        key=f"tell:{template}:{event.live_session_id}:{mark}",
    )


def scheduled(event: LiveSessionScheduled) -> None:
    """Tell everyone on its list of a new session."""
    if not event.among_others:
        _session("session_scheduled", event)


def several_scheduled(event: LiveSessionsScheduled) -> None:
    """Tell everyone on the lists of new sessions of all of them in one mail."""
    mark = f"{event.at:%Y%m%dT%H%M%S%f}"
    payload: dict[str, Any] = {
        "edition_id": event.edition_id,
        "live_session_ids": list(event.live_session_ids),
        "mark": mark,
    }
    enqueue(
        "tell_of_new_sessions",
        payload,
        key=f"tell:sessions_scheduled:{event.edition_id}:{mark}",
    )


def postponed(event: EditionPostponed) -> None:
    """Tell all whom it concerns that an edition is put off; reminders of before are void."""
    operations.forget_reminders(queries.session_ids(event.edition_id))
    enqueue(
        "tell_of_postponement",
        {"postponement_id": event.postponement_id},
        key=f"tell:edition_postponed:{event.postponement_id}",
    )


def changed(event: LiveSessionChanged) -> None:
    """Tell everyone on its list how it stands now; reminders of before are void."""
    operations.forget_reminders([event.live_session_id])
    _session("session_changed", event)


def cancelled(event: LiveSessionCancelled) -> None:
    """Tell everyone on its list that it will not take place, unless it went with its edition."""
    operations.forget_reminders([event.live_session_id])
    if not event.among_others:
        _session("session_cancelled", event)


def hands_changed(event: LiveSessionPeopleChanged) -> None:
    """Tell who speaks or hosts now, and who no longer does."""
    mark = f"{event.at:%Y%m%dT%H%M%S%f}"
    enqueue(
        "tell_of_hands",
        {"live_session_id": event.live_session_id, "mark": mark},
        key=f"tell:hands:{event.live_session_id}:{mark}",
    )


def session_groups_changed(event: LiveSessionGroupsChanged) -> None:
    """Tell for whom a session is now, and for whom no longer."""
    mark = f"{event.at:%Y%m%dT%H%M%S%f}"
    enqueue(
        "tell_of_session_groups",
        {"live_session_id": event.live_session_id, "mark": mark},
        key=f"tell:session_groups:{event.live_session_id}:{mark}",
    )


def groups_changed(event: SeminarGroupsChanged) -> None:
    """Tell people of their seminar group, a little later: organisers put right what they did."""
    people = " ".join(event.person_ids)
    mark = f"{event.at:%Y%m%dT%H%M%S%f}:{hashlib.sha256(people.encode()).hexdigest()[:8]}"
    enqueue(
        "tell_of_groups",
        {
            "edition_id": event.edition_id,
            "person_ids": people,
            "mark": mark,
        },
        key=f"tell:groups:{event.edition_id}:{mark}",
        run_at=event.at + groups.PATIENCE,
    )


def edition_published(event: EditionPublished) -> None:
    """Tell who speaks and hosts: while the edition was a draft nobody was told of anything."""
    mark = f"{event.at:%Y%m%dT%H%M%S%f}"
    enqueue(
        "tell_of_edition_hands",
        {"edition_id": event.edition_id, "mark": mark},
        key=f"tell:edition_hands:{event.edition_id}:{mark}",
    )


def _recording(template: str, mark: str, event: RecordingPublished | RecordingTakenDown) -> None:
    enqueue(
        "tell_of_recording",
        {
            "template": template,
            "recording_id": event.recording_id,
            "edition_id": event.edition_id,
            "mark": mark,
        },
        key=f"tell:{template}:{event.recording_id}:{mark}",
    )


def published(event: RecordingPublished) -> None:
    """Tell the enrolled, once for each recording and each version of it."""
    version = queries.replaced_version(event.recording_id)
    if version is None:
        _recording("recording_published", "first", event)
    else:
        _recording("recording_new_version", f"v{version}", event)


def taken_down(event: RecordingTakenDown) -> None:
    """Tell the enrolled that it is no longer there."""
    _recording("recording_taken_down", f"{event.at:%Y%m%dT%H%M%S}", event)


def agreement_withdrawn(event: AgreementWithdrawn) -> None:
    """Tell those who look after the recording."""
    operations.tell_organisers_of_agreement(
        event.agreement_id, event.recording_id, event.edition_id
    )


def publication_proposed(event: PublicationProposed) -> None:
    """Ask those who look after the recording for a second decision."""
    operations.tell_desk_of_request(
        "publication_proposed", event.proposal_id, event.recording_id, event.edition_id
    )


def override_asked(event: OverrideAsked) -> None:
    """Ask those who look after the recording for a second decision."""
    operations.tell_desk_of_request(
        "override_asked", event.override_id, event.recording_id, event.edition_id
    )


def override_approved(event: OverrideApproved) -> None:
    """Tell the person what they may see."""
    operations.tell_person_of_override(
        event.override_id, event.recording_id, event.edition_id, event.person_id
    )


def ask_for_another_way(
    event: RecordingTakenDown | AgreementWithdrawn | RecordingClosed,
) -> None:
    """Have those who run the edition told who still needs a recording that is gone."""
    moment = event.at.isoformat(timespec="microseconds")
    enqueue(
        "tell_of_dependants",
        {"recording_id": event.recording_id, "edition_id": event.edition_id, "mark": moment},
        key=f"tell:rights_dependants:{event.recording_id}:{moment}",
    )


def closed(event: RecordingClosed) -> None:
    """Tell those who look after the recording that it is closed."""
    rights_watch.tell_closed(event.record_id, event.recording_id, event.edition_id)


def rights_ending(event: RightsEnding) -> None:
    """Tell those who look after rights what ends soon, one mail a person."""
    rights_watch.tell_endings(event.items, event.at)


def viewing_ends(event: ViewingEnds) -> None:
    """Tell viewers that they can see it for a few days more: many, so by a job."""
    day = event.last_on.isoformat()
    enqueue(
        "tell_of_viewing_end",
        {"recording_id": event.recording_id, "edition_id": event.edition_id, "last_on": day},
        key=f"tell:rights_viewing_ends:{event.recording_id}:{day}",
    )


def rights_week_ended(event: RightsWeekEnded) -> None:
    """Write the week's digest for each of the rights desk: by a job, as it counts for each."""
    enqueue(
        "tell_of_rights_week",
        {"since": event.since.isoformat(), "until": event.until.isoformat()},
        key=f"tell:rights_week:{event.until.isoformat()}",
    )


def completed(event: CompletionEarned) -> None:
    """Congratulate, when no certificate will."""
    operations.tell_completion(event.achievement_id, event.person_id, event.edition_id)


def certified(event: CertificateIssued) -> None:
    """Tell where the certificate is."""
    operations.tell_certificate(event.certificate_id, event.person_id, event.edition_id)


def questioned(event: CompletionQuestioned) -> None:
    """Ask those who run the edition to decide."""
    operations.tell_organisers_of_question(event.task_id, event.edition_id)


def consent_asked(event: ConsentAsked) -> None:
    """Send a rightsholder the letter with its link, or a reminder of it."""
    operations.tell_consent_asked(event)


def consent_code_asked(event: ConsentCodeAsked) -> None:
    """Send the code with which a rightsholder signs."""
    operations.tell_consent_code(event)


def consent_answered(event: ConsentAnswered) -> None:
    """Tell who asked that an answer came."""
    operations.tell_staff_of_answer(event)


def withdrawal_received(event: WithdrawalReceived) -> None:
    """Send the rightsholder the receipt of their withdrawal."""
    operations.tell_withdrawal(event)


def consent_documented(event: ConsentDocumented) -> None:
    """Send the rightsholder the receipt with the fingerprint of the signed copy."""
    operations.tell_consent_copy(event)


def missing_called(event: MissingCalled) -> None:
    """Write to those who are missing, in the transaction in which the desk says so."""
    operations.tell_missing(event.live_session_id, event.person_ids, event.at)


def desk_hand_named(event: DeskHandNamed) -> None:
    """Tell who is asked to the front desk where it is."""
    operations.tell_desk_hand(event.edition_id, event.person_id, event.at)


def ticket_renewed(event: TicketRenewed) -> None:
    """Tell the person of the new ticket."""
    operations.tell_new_ticket(event.edition_id, event.person_id, event.at)


def address_released(event: AddressReleased) -> None:
    """Send the real address to those admitted: by a job, as they may be many."""
    enqueue(
        "tell_of_release",
        {"live_session_id": event.live_session_id},
        key=f"tell:address_released:{event.live_session_id}",
    )


HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {
    PersonInvited: (invited,),
    PasswordResetAsked: (reset_asked,),
    AddressChangeAsked: (address_asked,),
    EnrolmentApplied: (applied,),
    EnrolmentConfirmed: (confirmed,),
    EnrolmentWaitlisted: (waitlisted,),
    EnrolmentDeclined: (declined,),
    EnrolmentWithdrawn: (withdrawn,),
    EditionCancelled: (edition_cancelled,),
    LiveSessionScheduled: (scheduled,),
    LiveSessionsScheduled: (several_scheduled,),
    EditionPostponed: (postponed, requests.tell_put_off),
    LiveSessionChanged: (changed, requests.tell_moved),
    LiveSessionCancelled: (cancelled, requests.tell_called_off),
    AddressReleased: (address_released,),
    LiveSessionPeopleChanged: (hands_changed,),
    LiveSessionGroupsChanged: (session_groups_changed,),
    SeminarGroupsChanged: (groups_changed,),
    EditionPublished: (edition_published, requests.tell_published),
    MissingCalled: (missing_called,),
    DeskHandNamed: (desk_hand_named,),
    TicketRenewed: (ticket_renewed,),
    MeetingRequested: (requests.tell_requested,),
    MeetingRequestChanged: (requests.tell_changed,),
    MeetingRequestWithdrawn: (requests.tell_withdrawn,),
    MeetingRequestMessageWritten: (requests.tell_message,),
    MeetingRequestTakenUp: (requests.tell_taken_up,),
    MeetingRequestAccepted: (requests.tell_accepted,),
    MeetingRequestDeclined: (requests.tell_declined,),
    RecordingPublished: (published,),
    RecordingTakenDown: (taken_down, ask_for_another_way),
    AgreementWithdrawn: (agreement_withdrawn, ask_for_another_way),
    ConsentAsked: (consent_asked,),
    ConsentCodeAsked: (consent_code_asked,),
    ConsentAnswered: (consent_answered,),
    ConsentDocumented: (consent_documented,),
    WithdrawalReceived: (withdrawal_received,),
    PublicationProposed: (publication_proposed,),
    OverrideAsked: (override_asked,),
    OverrideApproved: (override_approved,),
    RecordingClosed: (closed, ask_for_another_way),
    RightsEnding: (rights_ending,),
    ViewingEnds: (viewing_ends,),
    RightsWeekEnded: (rights_week_ended,),
    CompletionEarned: (completed,),
    CertificateIssued: (certified,),
    CompletionQuestioned: (questioned,),
}
