"""Telling people what happened: who, in which words, and never twice.

Called by the handlers of events, in the transaction of what happened, and by jobs where many
are told. Nobody acts here but the product itself, so there is no actor.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from lms.enrolment.queries import list_enrolled_ids
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.kernel.ids import PersonId
from lms.notifications import queries
from lms.people.queries import list_names, recipients_of
from lms.sessions.operations.inviting import note_invitations
from lms.sessions.queries import SessionCard
from lms.sessions.queries.audience import (
    list_audience_ids,
    list_hand_ids,
    list_invited_ids,
    run_by,
    sessions_held_by,
    sessions_told_to,
)
from lms.sessions.queries.groups import list_participant_ids, meant_by_session
from lms.sessions.queries.reminding import has_more_soon
from lms.sessions.rules.reminding import ReminderKind

#: A live session's id and what a calendar is told of it: REQUEST or CANCEL.
Entry: TypeAlias = tuple[str, str]
_SHOWN = 10


def _tell(
    person_ids: Collection[str],
    template: str,
    params: Mapping[str, Any],
    *,
    key: str,
    secrets: Mapping[str, str] | None = None,
    calendar: Mapping[str, Sequence[Entry]] | None = None,
    at: datetime | None = None,
    not_after: datetime | None = None,
) -> None:
    """Write a mail for each person; `key` and the person make its idempotency key.

    `calendar` holds by person what their calendar is told, `at` when. Who has no address of
    their own is told through a coordinator, without secrets, and without the calendar parts,
    which would land in the coordinator's calendar.
    """
    reaches = recipients_of(person_ids)
    entries: Mapping[str, Sequence[Entry]] = calendar or {}
    direct = [key for key, reach in reaches.items() if not reach.through_coordinator]
    if at is not None:
        _note_calendars({key: entries.get(key, ()) for key in direct}, at)
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
            if entries.get(person_id):
                told["calendar"] = [
                    {"live_session_id": session_id, "method": method}
                    for session_id, method in entries[person_id]
                ]
        if not_after is not None:
            told["not_after"] = not_after.isoformat()
        queue_mail(recipient, template, told, dedup_key=f"{template}:{key}:{person_id}")


def tell_with_calendar(
    person_ids: Collection[str],
    template: str,
    params: Mapping[str, Any],
    *,
    key: str,
    calendar: Mapping[str, Sequence[Entry]],
    at: datetime,
    not_after: datetime | None = None,
) -> None:
    """Tell these people something, and their calendars what changes in them; see `_tell`."""
    _tell(person_ids, template, params, key=key, calendar=calendar, at=at, not_after=not_after)


def _note_calendars(calendar: Mapping[str, Sequence[Entry]], at: datetime) -> None:
    """Give numbers to what calendars are told, session after session in one order for all."""
    people: dict[Entry, list[str]] = defaultdict(list)
    for person_id, entries in calendar.items():
        for entry in entries:
            people[entry].append(person_id)
    for session_id, method in sorted(people):
        note_invitations(session_id, people[session_id, method], method, at=at)


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
    calendar: list[Entry] = []
    cards = queries.coming_sessions(edition_id, at, person_id)
    ids = [card.id for card in cards]
    if template in {"enrolment_confirmed", "enrolment_promoted"}:
        params["sessions"] = [queries.session_words(card) for card in cards[:_SHOWN]]
        params["more"] = len(cards[_SHOWN:])
        calendar = [(key, "REQUEST") for key in ids]
    elif template in {"enrolment_withdrawn", "enrolment_cancelled"}:
        held = sessions_held_by([person_id], ids).get(person_id, set())
        if queries.left_at(edition_id, at).get(person_id):
            held |= _untold(person_id, ids)
        gone = held - run_by(person_id, ids)
        calendar = [(key, "CANCEL") for key in ids if key in gone]
    _tell(
        [person_id],
        template,
        params,
        key=f"{enrolment_id}:{_stamp(at)}",
        calendar={person_id: calendar},
        at=at,
    )


def _untold(person_id: str, live_session_ids: Collection[str]) -> set[str]:
    """Return the sessions for everybody of which this person's calendar was never told.

    Who was enrolled before invitations were kept may have taken them in all the same.
    """
    known = sessions_told_to([person_id], live_session_ids).get(person_id, set())
    return set(live_session_ids) - known - set(meant_by_session(live_session_ids))


def tell_people_of_session(
    template: str, live_session_id: str, mark: str, at: datetime, *, among: Collection[str]
) -> None:
    """Tell those `among` these people who are on the list of a session: enrolled, or running it.

    `mark` tells one change of it from the next. Who runs a new session is told that they do.
    """
    card = queries.find_session(live_session_id)
    if card is None or (card.is_cancelled and template != "session_cancelled"):
        return
    people = _among(list_audience_ids(live_session_id), among)
    method = "CANCEL" if template == "session_cancelled" else "REQUEST"
    hands: list[str] = []
    if template == "session_scheduled":
        enrolled = set(list_participant_ids(live_session_id))
        # Who was enrolled in the meantime read of it in the mail about their seat.
        told = set(list_invited_ids(live_session_id))
        people = [key for key in people if key not in told]
        hands = [key for key in people if key not in enrolled]
        people = [key for key in people if key in enrolled]
    for listeners, telling in ((people, template), (hands, "session_invited")):
        _tell_of_session(listeners, telling, card, key=mark, method=method, at=at)


def _tell_of_session(
    people: Collection[str],
    template: str,
    card: SessionCard,
    *,
    key: str,
    method: str,
    at: datetime,
) -> None:
    params = {
        "course": queries.course_words(card.edition_id)["course"],
        "session": queries.session_words(card),
        "change": queries.change_words(card),
    }
    _tell(
        people,
        template,
        params,
        key=f"{card.id}:{key}",
        calendar=dict.fromkeys(people, ((card.id, method),)),
        at=at,
        not_after=card.ends_at,
    )


def tell_hands_of_session(
    live_session_id: str, mark: str, at: datetime, *, only_gone: bool = False
) -> None:
    """Tell who now runs a session, and who no longer does, as far as they were not told yet.

    `only_gone`: the others are told of all their sessions in one mail.
    """
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled or card.ends_at <= at or queries.is_draft(card):
        return
    hands, invited = set(list_hand_ids(live_session_id)), set(list_invited_ids(live_session_id))
    on_list = hands | set(list_participant_ids(live_session_id))
    for template, method, people in (
        ("session_invited", "REQUEST", set() if only_gone else hands - invited),
        ("session_uninvited", "CANCEL", invited - on_list),
    ):
        _tell_of_session(sorted(people), template, card, key=mark, method=method, at=at)


def tell_of_reminder(
    kind: str, live_session_id: str, people: Collection[str], *, not_after: datetime
) -> None:
    """Write the reminders of a session for these people, who were noted as reminded just now."""
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled:
        return
    params = {
        "course": queries.course_words(card.edition_id)["course"],
        "session": queries.session_words(card),
        "change": queries.change_words(card),
        "timetable": {},
    }
    if has_more_soon(live_session_id, ReminderKind(kind)):
        params["timetable"] = {
            "programme_slug": card.programme_slug,
            "edition_slug": card.edition_slug,
        }
    mark = f"{card.starts_at:%Y%m%dT%H%M}"
    _tell(
        people,
        f"reminder_{kind}",
        params,
        key=f"{live_session_id}:{mark}",
        not_after=min(not_after, card.starts_at),
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


def _among(people: Collection[str], among: Collection[str]) -> list[str]:
    wanted = set(among)
    return [person_id for person_id in people if person_id in wanted]


def _still_enrolled(edition_id: str, among: Collection[str]) -> list[str]:
    return _among(list_enrolled_ids(edition_id), among)


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
    person_ids: Collection[str],
    template: str,
    params: Mapping[str, Any],
    *,
    key: str,
    secrets: Mapping[str, str] | None = None,
    not_after: datetime | None = None,
) -> None:
    """Tell these people of the office something, once for each `key`; see `_tell`."""
    _tell(person_ids, template, params, key=key, secrets=secrets, not_after=not_after)


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


def tell_new_ticket(edition_id: str, person_id: str, at: datetime) -> None:
    """Tell a person that they have a new ticket, and the one before is good no more."""
    params = {"course": queries.course_words(edition_id)["course"], "edition_id": edition_id}
    _tell([person_id], "ticket_renewed", params, key=f"{edition_id}:{_stamp(at)}")


def tell_desk_hand(edition_id: str, person_id: str, at: datetime) -> None:
    """Tell a person that they are asked to sit at the front desk of an edition."""
    params = {"course": queries.course_words(edition_id)["course"], "edition_id": edition_id}
    _tell([person_id], "desk_hand_named", params, key=f"{edition_id}:{_stamp(at)}")
