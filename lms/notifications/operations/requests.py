"""Telling both sides of a request for a study meeting how it goes on."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lms.courses.events import EditionPublished
from lms.infra.mail.outbox import Recipient, queue_mail
from lms.kernel.ids import PersonId
from lms.kernel.localized import Localized
from lms.kernel.wall import WallTimeError
from lms.notifications import queries
from lms.notifications.operations.telling import tell_staff
from lms.people.queries import read_tree, recipients_of
from lms.people.rules import Tree
from lms.requests.events import (
    MeetingRequestAccepted,
    MeetingRequestChanged,
    MeetingRequestDeclined,
    MeetingRequested,
    MeetingRequestMessageWritten,
    MeetingRequestTakenUp,
    MeetingRequestWithdrawn,
)
from lms.requests.models import MeetingRequest, MeetingRequestEntry
from lms.requests.queries import (
    RequestRow,
    answerers_of,
    askers_of,
    find_entry,
    find_row_of_edition,
    find_row_of_session,
    get_row,
    organisation_name,
    wished_dates,
)
from lms.sessions.events import EditionPostponed, LiveSessionCancelled, LiveSessionChanged


def tell_requested(event: MeetingRequested) -> None:
    """Confirm a request to those who ask, and tell those who answer."""
    row, tree = get_row(event.meeting_request_id), read_tree()
    _tell_askers(row, tree, "meeting_request_received", event.at)
    written_by_office = row.request.source != "browser"
    but = row.request.created_by if written_by_office else None
    _tell_answerers(row, tree, "meeting_request_new", event.at, but=but)


def tell_changed(event: MeetingRequestChanged) -> None:
    """Tell the other side that something else is asked for."""
    _tell_other_side(event, "meeting_request_changed", by_staff=event.by_staff)


def tell_withdrawn(event: MeetingRequestWithdrawn) -> None:
    """Tell the other side that nothing is asked for any more."""
    _tell_other_side(event, "meeting_request_withdrawn", by_staff=event.by_staff)


def tell_message(event: MeetingRequestMessageWritten) -> None:
    """Send a message to the other side."""
    row, tree = get_row(event.meeting_request_id), read_tree()
    entry: MeetingRequestEntry = find_entry(event.entry_id)
    tell = _tell_askers if event.by_staff else _tell_answerers
    tell(row, tree, "meeting_request_message", event.at, but=entry.by_id, text=entry.text)


def tell_taken_up(event: MeetingRequestTakenUp) -> None:
    """Tell those who ask that the office looks into it."""
    row, tree = get_row(event.meeting_request_id), read_tree()
    _tell_askers(row, tree, "meeting_request_in_talks", event.at)


def tell_accepted(event: MeetingRequestAccepted) -> None:
    """Tell those who ask when and where the meeting will be held."""
    row, tree = get_row(event.meeting_request_id), read_tree()
    _tell_askers(row, tree, "meeting_request_accepted", event.at, text=_last_word(row.request))


def tell_declined(event: MeetingRequestDeclined) -> None:
    """Tell those who ask that the meeting cannot be held, and why."""
    row, tree = get_row(event.meeting_request_id), read_tree()
    _tell_askers(row, tree, "meeting_request_declined", event.at, text=row.request.reason)


def tell_published(event: EditionPublished) -> None:
    """Tell those who asked that the page of their meeting is open for applications."""
    row = find_row_of_edition(event.edition_id)
    if row is not None:
        _tell_askers(row, read_tree(), "meeting_request_published", event.at)


def tell_put_off(event: EditionPostponed) -> None:
    """Tell those who asked that their meeting was put off, to another date or to none yet."""
    row = find_row_of_edition(event.edition_id)
    if row is not None:
        _tell_askers(row, read_tree(), "meeting_request_moved", event.at)


def tell_moved(event: LiveSessionChanged) -> None:
    """Tell those who asked that their meeting is held otherwise than they were told."""
    row = find_row_of_session(event.live_session_id)
    if row is not None:
        _tell_askers(row, read_tree(), "meeting_request_moved", event.at)


def tell_called_off(event: LiveSessionCancelled) -> None:
    """Tell those who asked that their meeting is not held after all."""
    row = find_row_of_session(event.live_session_id)
    if row is not None:
        _tell_askers(row, read_tree(), "meeting_request_called_off", event.at)


def _last_word(request: MeetingRequest) -> str:
    entry = find_entry(request.id, step="accepted")
    return entry.text


def _tell_other_side(
    event: MeetingRequestChanged | MeetingRequestWithdrawn, template: str, *, by_staff: bool
) -> None:
    row, tree = get_row(event.meeting_request_id), read_tree()
    tell = _tell_askers if by_staff else _tell_answerers
    tell(row, tree, template, event.at)


def _words(row: RequestRow, tree: Tree, text: str) -> dict[str, Any]:
    """Return how mails tell of a request."""
    one = row.request
    return {
        "asked": {
            "id": one.id,
            "title": row.title,
            "organisation": organisation_name(one.organisation_id, tree),
            "dates": list(_dates(one)),
            "timezone": one.timezone,
            "way": one.way,
            "place": one.place,
            "people": one.people,
        },
        "text": text,
        "course": (queries.course_words(row.edition.id) if row.edition is not None else {}),
        "held": _held(row),
    }


def _dates(request: MeetingRequest) -> Iterable[dict[str, str]]:
    for wished in wished_dates(request):
        try:
            starts_at, ends_at = wished.moments(request.timezone)
        except WallTimeError:  # the rules of the zone have changed since
            continue
        yield {"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}


def _held(row: RequestRow) -> dict[str, Any]:
    """Return when and where the meeting will be held; empty while nothing is decided."""
    venue: Localized = {}
    if row.session is None or row.edition is None or row.session.on_hold_at is not None:
        return {"starts_at": "", "ends_at": "", "timezone": "", "venue_name": venue, "way": ""}
    return {
        "way": row.edition.mode,
        "starts_at": row.session.starts_at.isoformat(),
        "ends_at": row.session.ends_at.isoformat(),
        "timezone": row.session.timezone,
        "venue_name": row.session.venue_name,
    }


def _key(row: RequestRow, at: datetime) -> str:
    return f"{row.request.id}:{at.isoformat(timespec='microseconds')}"


def _tell_answerers(
    row: RequestRow,
    tree: Tree,
    template: str,
    at: datetime,
    *,
    but: str | None = None,
    text: str = "",
) -> None:
    people = [key for key in answerers_of(row.request) if key != but]
    params = {**_words(row, tree, text), "can_open": True}
    tell_staff(people, template, params, key=_key(row, at))


def _tell_askers(
    row: RequestRow,
    tree: Tree,
    template: str,
    at: datetime,
    *,
    but: str | None = None,
    text: str = "",
) -> None:
    """Tell those who ask: the coordinators with an account, and a contact that has none."""
    people = [key for key in askers_of(row.request, tree) if key != but]
    words = _words(row, tree, text)
    tell_staff(people, template, {**words, "can_open": True}, key=_key(row, at))
    contact = _contact(row.request, people)
    if contact is not None:
        params = {
            **words, "can_open": False, "on_behalf_of": "", "reader_zone": contact.timezone,
        }  # fmt: skip
        queue_mail(contact, template, params, dedup_key=f"{template}:{_key(row, at)}:contact")


def _contact(request: MeetingRequest, people: list[PersonId]) -> Recipient | None:
    """Return the contact of a request that the office entered, unless they are told anyway."""
    address = request.contact_address
    if not address or (request.source == "browser" and people):
        return None
    told = {reach.recipient.address for reach in recipients_of(people).values() if reach.recipient}
    if address in told:
        return None
    return Recipient(
        address=address,
        name=request.contact_name,
        language=request.written_in,
        timezone=request.timezone,
    )
