"""Telling people what happened: who, in which words, and never twice.

Called by the handlers of events, in the transaction of what happened, and by jobs where many
are told. Nobody acts here but the product itself, so there is no actor.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from lms.enrolment.queries import list_enrolled_ids
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.kernel.ids import PersonId
from lms.notifications import queries
from lms.people.queries import list_names, recipients_of


def _tell(
    person_ids: Collection[str],
    template: str,
    params: Mapping[str, Any],
    *,
    key: str,
    secrets: Mapping[str, str] | None = None,
    calendar: Mapping[str, str] | None = None,
    not_after: datetime | None = None,
) -> None:
    """Write a mail for each person; `key` and the person make its idempotency key.

    Who has no address of their own is told through a coordinator, without secrets, and without
    the calendar part, which would land in the coordinator's calendar.
    """
    reaches = recipients_of(person_ids)
    other = [key for key, reach in reaches.items() if reach.through_coordinator]
    names = list_names(other) if other else {}
    for person_id, reach in reaches.items():
        recipient = reach.recipient or Recipient(address="", person_id=person_id)
        told: dict[str, Any] = {
            **params,
            "on_behalf_of": names[person_id].shown if reach.through_coordinator else "",
            "reader_zone": recipient.timezone,
        }
        if not reach.through_coordinator:
            if secrets:
                told["secrets"] = dict(secrets)
            if calendar:
                told["calendar"] = dict(calendar)
        if not_after is not None:
            told["not_after"] = not_after.isoformat()
        queue_mail(recipient, template, told, dedup_key=f"{template}:{key}:{person_id}")


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def tell_invited(person_id: str, token_id: str, secret: str) -> None:
    """Tell a person of their account, with the link for a first password."""
    _tell_link(person_id, "invitation", token_id, secret)


def tell_reset_asked(person_id: str, token_id: str, secret: str) -> None:
    """Send the link for a new password."""
    _tell_link(person_id, "password_reset", token_id, secret)


def _tell_link(person_id: str, template: str, token_id: str, secret: str) -> None:
    expires_at = queries.token_expiry(token_id)
    params: dict[str, Any] = {"expires_at": expires_at.isoformat() if expires_at else ""}
    if template == "invitation":
        params["login_id"] = queries.login_id_of(person_id)
    _tell([person_id], template, params, key=token_id, secrets={"link": secret})


def tell_address_asked(person_id: PersonId, token_id: str, secret: str, new_address: str) -> None:
    """Send the link to the new address, and a word of warning to where mail went before."""
    expires_at = queries.token_expiry(token_id)
    person = queries.recipient_at(person_id, new_address)
    queue_mail(
        person,
        "address_change",
        {
            "expires_at": expires_at.isoformat() if expires_at else "",
            "secrets": {"link": secret},
            "on_behalf_of": "",
            "reader_zone": person.timezone,
        },
        dedup_key=f"address_change:{token_id}",
    )
    reach = recipients_of([person_id])[person_id]
    if not reach.through_coordinator:
        _tell([person_id], "address_change_notice", {}, key=token_id)


def tell_enrolment(
    template: str, person_id: str, edition_id: str, enrolment_id: str, at: datetime
) -> None:
    """Tell a person how their enrolment stands; who is enrolled also learns what is ahead."""
    params = queries.course_words(edition_id)
    calendar = None
    if template in {"enrolment_confirmed", "enrolment_promoted"}:
        cards = queries.coming_sessions(edition_id, at)
        params["sessions"] = [queries.session_words(card) for card in cards]
        if cards:
            calendar = {"live_session_id": cards[0].id, "method": "REQUEST"}
    _tell([person_id], template, params, key=f"{enrolment_id}:{_stamp(at)}", calendar=calendar)


def tell_enrolled_of_session(
    template: str, live_session_id: str, mark: str, at: datetime, *, among: Collection[str]
) -> None:
    """Tell those `among` these people who are enrolled of a session.

    `mark` tells one change of it from the next. A reminder comes before the start or not at all.
    """
    card = queries.find_session(live_session_id)
    if card is None or (card.is_cancelled and template != "session_cancelled"):
        return
    if card.starts_at <= at and template.startswith("reminder"):
        return
    method = "CANCEL" if template == "session_cancelled" else "REQUEST"
    _tell(
        _still_enrolled(card.edition_id, among),
        template,
        {
            "course": queries.course_words(card.edition_id)["course"],
            "session": queries.session_words(card),
        },
        key=f"{live_session_id}:{mark}",
        calendar=None
        if template == "reminder_hour"
        else {"live_session_id": live_session_id, "method": method},
        not_after=card.starts_at if template.startswith("reminder") else card.ends_at,
    )


def tell_enrolled_of_recording(
    template: str, recording_id: str, edition_id: str, mark: str, *, among: Collection[str]
) -> None:
    """Tell those `among` these people who are enrolled of a recording or handout."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    _tell(_still_enrolled(edition_id, among), template, params, key=f"{recording_id}:{mark}")


def tell_edition_cancelled(edition_id: str, at: datetime, person_ids: Collection[str]) -> None:
    """Tell people that an edition will not take place."""
    params = queries.course_words(edition_id)
    _tell(person_ids, "edition_cancelled", params, key=f"{edition_id}:{_stamp(at)}")


def _still_enrolled(edition_id: str, among: Collection[str]) -> list[str]:
    wanted = set(among)
    return [person_id for person_id in list_enrolled_ids(edition_id) if person_id in wanted]


def tell_organisers_of_agreement(agreement_id: str, recording_id: str, edition_id: str) -> None:
    """Tell those who run the edition and look after rights that an agreement was taken back."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    staff = queries.organiser_ids(edition_id, recording_id)
    _tell(staff, "agreement_withdrawn", params, key=agreement_id)


def tell_desk_of_request(
    template: str, request_id: str, recording_id: str, edition_id: str
) -> None:
    """Tell those who look after a recording that something waits for a second person."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    _tell(queries.organiser_ids(edition_id, recording_id), template, params, key=request_id)


def tell_person_of_override(
    override_id: str, recording_id: str, edition_id: str, person_id: str
) -> None:
    """Tell a person that they may see a recording or handout by an exception."""
    words = queries.recording_words(recording_id)
    if words is None:
        return
    params = {"course": queries.course_words(edition_id)["course"], **words}
    _tell([person_id], "override_approved", params, key=override_id)


def tell_completion(achievement_id: str, person_id: str, edition_id: str) -> None:
    """Tell a person that they completed an edition, unless a certificate will tell it."""
    if not queries.gives_certificate(edition_id):
        params = queries.course_words(edition_id)
        _tell([person_id], "completion_earned", params, key=achievement_id)


def tell_certificate(certificate_id: str, person_id: str, edition_id: str) -> None:
    """Tell a person that their certificate can be fetched."""
    params = queries.course_words(edition_id)
    _tell([person_id], "certificate_issued", params, key=certificate_id)


def tell_organisers_of_question(task_id: str, edition_id: str) -> None:
    """Tell those who run the edition that a completion waits for their decision."""
    params = {"course": queries.course_words(edition_id)["course"], "edition_id": edition_id}
    _tell(queries.organiser_ids(edition_id), "completion_questioned", params, key=task_id)


def tell_staff(
    person_ids: Collection[str], template: str, params: Mapping[str, Any], *, key: str
) -> None:
    """Tell these people of the office something, once for each `key`."""
    _tell(person_ids, template, params, key=key)


def tell_missing(live_session_id: str, person_ids: Collection[str], at: datetime) -> None:
    """Ask people who were missing at this moment whether they come; useless after the end."""
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled:
        return
    _tell(
        person_ids,
        "session_missing",
        {
            "course": queries.course_words(card.edition_id)["course"],
            "session": queries.session_words(card),
        },
        key=f"{live_session_id}:{_stamp(at)}",
        not_after=card.ends_at,
    )


def tell_desk_hand(edition_id: str, person_id: str, at: datetime) -> None:
    """Tell a person that they are asked to sit at the front desk of an edition."""
    params = {"course": queries.course_words(edition_id)["course"], "edition_id": edition_id}
    _tell([person_id], "desk_hand_named", params, key=f"{edition_id}:{_stamp(at)}")
