"""The real address of a meeting by mail: to hosts the day before, to those admitted in need.

It stands among the secrets of a mail, which are gone from the outbox once the mail is sent, and
is never sent by way of a coordinator.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta

from lms.infra.db import db
from lms.kernel.ids import LiveSessionId, PersonId
from lms.kernel.localized import pick
from lms.notifications import queries
from lms.notifications.operations.telling import tell_staff
from lms.sessions.models import LiveSession
from lms.sessions.queries.joining import (
    admitted_ids,
    find_host_id,
    find_release,
    get_host_sheet,
    sessions_for_hosts,
)

BEFORE = timedelta(hours=24)


def admitted_to(live_session_id: str) -> tuple[PersonId, ...]:
    """Return to whom a released address goes; nobody while it is not released."""
    return admitted_ids(live_session_id) if find_release(live_session_id) is not None else ()


def tell_release(live_session_id: str, among: Collection[str], at: datetime) -> None:
    """Send the real address to those `among` these people who are admitted; not after the end."""
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled or card.joins_until <= at:
        return
    wanted = set(among)
    people = [person_id for person_id in admitted_to(live_session_id) if person_id in wanted]
    session = db.session.get_one(LiveSession, live_session_id)
    secrets = {
        "url": session.web_url,
        "passcode": session.web_passcode,
        "dial_in": session.dial_in,
    }
    tell_staff(
        people,
        "address_released",
        {
            "course": queries.course_words(card.edition_id)["course"],
            "session": queries.session_words(card),
        },
        key=live_session_id,
        secrets=secrets,
        not_after=card.joins_until,
    )


def sessions_to_tell(at: datetime) -> tuple[LiveSessionId, ...]:
    """Return the sessions of the next 24 hours that have an address."""
    return sessions_for_hosts(at, at + BEFORE)


def tell_hosts(live_session_id: str) -> None:
    """Send the host's sheet to organisers and the host: once for each start and address."""
    card = queries.find_session(live_session_id)
    if card is None or card.is_cancelled or not card.has_web:
        return
    sheet = get_host_sheet(card)
    host = find_host_id(live_session_id)
    people = dict.fromkeys([*queries.organiser_ids(card.edition_id), *([host] if host else [])])
    names = [
        f"{name} ({union})" if (union := pick(organisation, "ja").text) else name
        for name, _kana, organisation in sheet.people
    ]
    way = f"{card.starts_at.isoformat()}\n{sheet.url}\n{sheet.passcode}\n{sheet.dial_in}"
    mark = hashlib.sha256(way.encode()).hexdigest()[:12]
    tell_staff(
        list(people),
        "host_sheet",
        {
            "course": queries.course_words(card.edition_id)["course"],
            "session": queries.session_words(card),
            "count": len(sheet.people),
        },
        key=f"{live_session_id}:{mark}",
        secrets={
            "url": sheet.url,
            "passcode": sheet.passcode,
            "dial_in": sheet.dial_in,
            "people": "\n".join(names),
        },
        not_after=card.joins_until,
    )
