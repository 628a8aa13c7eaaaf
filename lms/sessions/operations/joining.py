"""Changing between the room and the web, and sending the real address when the page cannot."""

from datetime import datetime

from sqlalchemy import delete, select

from lms.enrolment.models import Enrolment
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.sessions import policy
from lms.sessions.errors import LiveSessionRefusedError, NotAdmittedError, SessionInputError
from lms.sessions.events import AddressReleased
from lms.sessions.models import AddressRelease, LiveSession, SessionWay
from lms.sessions.queries.joining import admitted_ids, find_own_way, release_facts
from lms.sessions.rules.joining import SwitchFault, judge_release, judge_switch

WAYS = ("venue", "web")


def switch_way(actor: Actor, live_session_id: str, way: str, *, at: datetime) -> bool:
    """Change one's own way of taking part in this session; False when it was that already.

    The enrolment keeps its way for the other sessions. The seats of the room are counted with
    the session's row locked. Raises NotFoundError for those who may not know of the session,
    NotAdmittedError for those without a seat, SessionInputError for a way that there is not,
    LiveSessionRefusedError (`cancelled`, `ended`, `one_way`, `venue_full`).
    """
    found = policy.require_known(actor, live_session_id, at)
    person_id = actor.person_id
    if person_id is None:
        raise NotAdmittedError
    if way not in WAYS:
        raise SessionInputError("way", "way_unknown")
    lock_row(LiveSession, live_session_id)
    own = find_own_way(found.card, person_id)
    fault = judge_switch(own.facts, way, at)
    if fault is SwitchFault.NOT_ADMITTED:
        raise NotAdmittedError
    if fault is not None and way != own.way:
        raise LiveSessionRefusedError(fault.value)
    if way == own.way:
        return False
    usual = db.session.scalar(
        select(Enrolment.attending).where(
            Enrolment.edition_id == found.card.edition_id, Enrolment.person_id == person_id
        )
    )
    db.session.execute(
        delete(SessionWay).where(
            SessionWay.live_session_id == live_session_id, SessionWay.person_id == person_id
        )
    )
    if way != usual:
        db.session.add(
            SessionWay(live_session_id=live_session_id, person_id=person_id, way=way, changed_at=at)
        )
    record_act(actor, "live_session.way_changed", "live_session", live_session_id, at=at, way=way)
    return True


def release_address(actor: Actor, live_session_id: str, *, at: datetime) -> int:
    """Send the meeting's real address by mail to those admitted, once; return to how many.

    For organisers and the host, from an hour before the start until joining ends. Raises
    NotFoundError for everyone else, LiveSessionRefusedError (`cancelled`, `released`, `ended`,
    `no_link`, `release_too_early`).
    """
    card = policy.require_host(actor, live_session_id, at)
    if lock_row(LiveSession, live_session_id) is None:
        raise NotFoundError
    fault = judge_release(release_facts(card), at)
    if fault is not None:
        raise LiveSessionRefusedError(fault.value)
    people = admitted_ids(live_session_id)
    db.session.add(
        AddressRelease(
            live_session_id=live_session_id, by_id=actor.person_id, at=at, people=len(people)
        )
    )
    record_act(
        actor,
        "live_session.address_released",
        "live_session",
        live_session_id,
        at=at,
        edition_id=card.edition_id,
        people=len(people),
    )
    raise_event(AddressReleased(card.id, card.edition_id, at))
    return len(people)
