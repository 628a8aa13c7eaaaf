"""Asking for a study meeting, talking about it, and deciding."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lms.courses import operations as courses
from lms.courses.queries import get_programme, list_parts
from lms.courses.rules import EditionPlan, PartPlan, ProgrammePlan
from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.i18n import LANGUAGES
from lms.kernel.actor import Actor
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import EditionId, PartId
from lms.kernel.japanese import search_document
from lms.kernel.localized import Localized
from lms.kernel.wall import is_zone
from lms.people.models import Organisation
from lms.people.queries import is_id, read_tree
from lms.people.rules import clean_address, is_address
from lms.requests import events, policy
from lms.requests.errors import MeetingRequestInputError, MeetingRequestRefusedError
from lms.requests.models import MeetingRequest, MeetingRequestDate, MeetingRequestEntry
from lms.requests.queries import find_same, list_askable, organisation_name
from lms.requests.rules import (
    MAX_DATES,
    MAX_MESSAGE,
    MAX_PEOPLE,
    MAX_TEXT,
    SAME_WITHIN,
    DateFault,
    Source,
    State,
    Step,
    Way,
    WishedDate,
    first_date_fault,
    may_follow,
)
from lms.sessions.operations import SessionPlan, schedule_drafted_session
from lms.sessions.operations.scheduling import SpeakerPlan

_PLACES = {DateFault.UNKNOWN_ZONE: "timezone", DateFault.ALREADY_PAST: "day"}
_LENGTHS = {
    "theme": 200, "purpose": MAX_TEXT, "place": 300, "speaker": 300, "contact_name": 120,
    "contact_phone": 40, "contact_address": 320, "remarks": MAX_TEXT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """What is asked for. `programme_id` None: a theme of its own, `theme`.

    `dates` are wall times in `timezone`, best first. `written_in` is the language of the texts,
    `source` how an organiser came to know; of a coordinator it is always the browser.
    """

    organisation_id: str
    programme_id: str | None
    theme: str = ""
    purpose: str = ""
    dates: tuple[WishedDate, ...] = ()
    timezone: str = "Asia/Tokyo"
    way: str = Way.VENUE
    place: str = ""
    people: int = 0
    languages: tuple[str, ...] = ("ja",)
    speaker: str = ""
    contact_name: str = ""
    contact_phone: str = ""
    contact_address: str = ""
    remarks: str = ""
    written_in: str = "ja"
    source: str = Source.BROWSER


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What is made of a request: an edition of a programme with one session.

    `programme_id` None makes a programme of the request's theme. `capacity` None = no limit.
    """

    title: Localized
    programme_id: str | None
    when: WishedDate
    timezone: str
    mode: str
    venue_name: Localized = field(default_factory=dict)
    web_url: str = ""
    capacity: int | None = None
    languages: tuple[str, ...] = ("ja",)
    speaker: SpeakerPlan | None = None
    message: str = ""


def submit_request(actor: Actor, plan: RequestPlan, *, at: datetime) -> str:
    """Ask for a study meeting; return the request's id.

    The same thing asked by the same person a moment ago (a button pressed twice) is that one.
    Raises NotFoundError for who may not ask for the organisation, MeetingRequestInputError,
    MeetingRequestRefusedError("asked_for_no_more") for a programme that is not offered.
    """
    plan, by_staff = _checked(actor, plan, at)
    lock_row(Organisation, plan.organisation_id)  # so that two presses come one after the other
    row = MeetingRequest(
        state=State.RECEIVED,
        source=Source(plan.source) if by_staff else Source.BROWSER,
        created_by=actor.person_id,
        created_at=at,
        changed_at=at,
        **_columns(plan),
    )
    row.dates = _dates(plan)
    same = find_same(row, at - SAME_WITHIN)
    if same is not None:
        return same.id
    db.session.add(row)
    db.session.flush()
    _note(row, Step.RECEIVED, actor, at, by_staff=by_staff)
    _audit(actor, "received", row, at, organisation_id=row.organisation_id, source=row.source)
    raise_event(events.MeetingRequested(row.id, at))
    return row.id


def change_request(
    actor: Actor, meeting_request_id: str, plan: RequestPlan, *, version: int, at: datetime
) -> bool:
    """Change what is asked for, while it is not decided; False when nothing was different.

    `version` is the one that was seen: MeetingRequestRefusedError("changed_meanwhile").
    """
    row = _locked(actor, meeting_request_id)
    _require(row, Step.CHANGED, version)
    plan, by_staff = _checked(actor, plan, at, keep=row.programme_id)
    columns, dates = _columns(plan), plan.dates
    columns["written_in"] = row.written_in if plan.theme == row.theme else plan.written_in
    if by_staff and row.source != Source.BROWSER:
        columns["source"] = Source(plan.source)
    before = tuple(WishedDate(one.starts_local, one.ends_local) for one in row.dates)
    changed = sorted(name for name, value in columns.items() if getattr(row, name) != value)
    if before != dates:
        row.dates = _dates(plan)
        changed.append("dates")
    if not changed:
        return False
    for name, value in columns.items():
        setattr(row, name, value)
    _moved(row, at)
    _note(row, Step.CHANGED, actor, at, by_staff=by_staff)
    _audit(actor, "changed", row, at, fields=changed)
    raise_event(events.MeetingRequestChanged(row.id, by_staff, at))
    return True


def withdraw_request(actor: Actor, meeting_request_id: str, *, at: datetime) -> None:
    """Take a request back, while it is not decided."""
    row = _locked(actor, meeting_request_id)
    _require(row, Step.WITHDRAWN)
    by_staff = _is_office(actor, row)
    _decide(row, State.WITHDRAWN, actor, at)
    _note(row, Step.WITHDRAWN, actor, at, by_staff=by_staff)
    _audit(actor, "withdrawn", row, at)
    raise_event(events.MeetingRequestWithdrawn(row.id, by_staff, at))


def write_message(actor: Actor, meeting_request_id: str, text: str, *, at: datetime) -> None:
    """Write to the other side. The office's first word means that it is in talks."""
    row = _locked(actor, meeting_request_id)
    _require(row, Step.MESSAGE)
    text = _message(text, "text", needed=True)
    by_staff = _is_office(actor, row)
    if by_staff and row.state == State.RECEIVED:
        row.state = State.IN_TALKS
    row.changed_at = at
    entry = _note(row, Step.MESSAGE, actor, at, by_staff=by_staff, text=text)
    _audit(actor, "message_written", row, at)
    raise_event(events.MeetingRequestMessageWritten(row.id, entry.id, by_staff, at))


def begin_talks(actor: Actor, meeting_request_id: str, *, at: datetime) -> None:
    """Say that the office looks into it (as when it telephones). Who answers it may."""
    row = _locked_to_answer(actor, meeting_request_id)
    _require(row, Step.IN_TALKS)
    row.state = State.IN_TALKS
    _moved(row, at)
    _note(row, Step.IN_TALKS, actor, at, by_staff=True)
    _audit(actor, "taken_up", row, at)
    raise_event(events.MeetingRequestTakenUp(row.id, at))


def decline_request(
    actor: Actor, meeting_request_id: str, reason: str, *, version: int, at: datetime
) -> None:
    """Say no, with a reason that those who asked read."""
    row = _locked_to_answer(actor, meeting_request_id)
    _require(row, Step.DECLINED, version)
    row.reason = _message(reason, "reason", needed=True)
    _decide(row, State.DECLINED, actor, at)
    _note(row, Step.DECLINED, actor, at, by_staff=True, text=row.reason)
    _audit(actor, "declined", row, at)
    raise_event(events.MeetingRequestDeclined(row.id, at))


def accept_request(
    actor: Actor, meeting_request_id: str, decision: Acceptance, *, version: int, at: datetime
) -> EditionId:
    """Say yes: draft an edition with its session, and tie both to the request.

    All or nothing. Raises SessionInputError for times, addresses and speakers that do not fit,
    the refusals of `courses.draft_edition`, MeetingRequestRefusedError.
    """
    row = _locked_to_answer(actor, meeting_request_id)
    _require(row, Step.ACCEPTED, version)
    message = _message(decision.message, "message")
    title = _meeting_title(row, decision)
    edition_id = courses.draft_edition(
        _edition_plan(decision, title, at),
        programme=decision.programme_id or _programme_plan(row, decision, title),
        actor=actor,
        at=at,
    )
    (part,) = list_parts(edition_id)
    row.live_session_id = schedule_drafted_session(
        edition_id,
        SessionPlan(
            title=title,
            starts_local=decision.when.starts_local,
            ends_local=decision.when.ends_local,
            timezone=decision.timezone,
            part_id=PartId(part.id),
            venue_name=decision.venue_name if decision.mode != Way.WEB else {},
            web_url=decision.web_url if decision.mode != Way.VENUE else "",
            speakers=(decision.speaker,) if decision.speaker is not None else (),
        ),
        actor=actor,
        at=at,
    )
    row.edition_id = edition_id
    _decide(row, State.ACCEPTED, actor, at)
    _note(row, Step.ACCEPTED, actor, at, by_staff=True, text=message)
    _audit(actor, "accepted", row, at, edition_id=edition_id)
    raise_event(events.MeetingRequestAccepted(row.id, edition_id, at))
    return edition_id


def _meeting_title(row: MeetingRequest, decision: Acceptance) -> Localized:
    if row.programme_id is not None and decision.programme_id == row.programme_id:
        return dict(get_programme(row.programme_id).title)
    if row.theme:
        return {row.written_in: row.theme}
    return dict(get_programme(str(decision.programme_id)).title)


def _edition_plan(decision: Acceptance, title: Localized, at: datetime) -> EditionPlan:
    fault = first_date_fault((decision.when,), decision.timezone, at)
    if fault is not None:
        raise MeetingRequestInputError(_PLACES.get(fault[1], "ends"), fault[1].value)
    starts_at, _ends_at = decision.when.moments(decision.timezone)
    return EditionPlan(
        title=decision.title,
        mode=decision.mode,
        languages=decision.languages,
        parts=(PartPlan(title),),
        timezone=decision.timezone,
        starts_on=decision.when.starts_local.date(),
        ends_on=decision.when.ends_local.date(),
        capacity=decision.capacity,
        apply_until_at=starts_at,
    )


def _programme_plan(row: MeetingRequest, decision: Acceptance, title: Localized) -> ProgrammePlan:
    """Return a programme of the theme that was asked for; its texts can be written later."""
    union = organisation_name(row.organisation_id, read_tree())
    return ProgrammePlan(
        kind="on_request",
        title=title,
        purpose={row.written_in: row.purpose} if row.purpose else {},
        audience=union,
        languages=decision.languages,
    )


def _checked(
    actor: Actor, plan: RequestPlan, at: datetime, *, keep: str | None = None
) -> tuple[RequestPlan, bool]:
    """Return the plan with clean texts, and whether the office asks. Raises what is refused."""
    tree = read_tree()
    by_staff = policy.require_asker(actor, plan.organisation_id, plan.programme_id, tree)
    texts = {name: getattr(plan, name).strip() for name in _LENGTHS}
    texts["contact_address"] = clean_address(texts["contact_address"])
    for name, most in _LENGTHS.items():
        if len(texts[name]) > most:
            raise MeetingRequestInputError(name, "too_long", most=most)
    plan = replace(plan, **texts)
    if plan.programme_id is None and not plan.theme:
        raise MeetingRequestInputError("theme", "required")
    if plan.programme_id is not None and plan.programme_id not in {
        one.id for one in list_askable(actor, keep=keep)
    }:
        raise MeetingRequestRefusedError("asked_for_no_more")
    _check_meeting(plan, at)
    _check_contact(plan)
    return plan, by_staff


def _check_meeting(plan: RequestPlan, at: datetime) -> None:
    if not plan.purpose:
        raise MeetingRequestInputError("purpose", "required")
    if len(plan.dates) > MAX_DATES:
        raise MeetingRequestInputError("day_1", "too_long", most=MAX_DATES)
    fault = first_date_fault(plan.dates, plan.timezone, at)
    if fault is not None:
        number, why = fault
        name = "timezone" if why is DateFault.UNKNOWN_ZONE else f"day_{number + 1}"
        raise MeetingRequestInputError(name, why.value)
    if not is_zone(plan.timezone):
        raise MeetingRequestInputError("timezone", "unknown_zone")
    if plan.way not in set(Way):
        raise MeetingRequestInputError("way", "unknown_choice")
    if plan.way != Way.WEB and not plan.place:
        raise MeetingRequestInputError("place", "required")
    if not 1 <= plan.people <= MAX_PEOPLE:
        raise MeetingRequestInputError("people", "people_out_of_range", most=MAX_PEOPLE)
    if not plan.languages or not set(plan.languages) <= set(LANGUAGES):
        raise MeetingRequestInputError("languages", "unknown_choice")
    if plan.source not in set(Source):
        raise MeetingRequestInputError("source", "unknown_choice")


def _check_contact(plan: RequestPlan) -> None:
    if not plan.contact_name:
        raise MeetingRequestInputError("contact_name", "required")
    if plan.contact_address and not is_address(plan.contact_address):
        raise MeetingRequestInputError("contact_address", "address")
    if not plan.contact_phone and not plan.contact_address:
        raise MeetingRequestInputError("contact_phone", "contact_missing")


def _columns(plan: RequestPlan) -> dict[str, Any]:
    return {
        "organisation_id": plan.organisation_id,
        "programme_id": plan.programme_id,
        "theme": plan.theme,
        "purpose": plan.purpose,
        "timezone": plan.timezone,
        "way": Way(plan.way),
        "place": plan.place,
        "people": plan.people,
        "languages": list(plan.languages),
        "speaker": plan.speaker,
        "contact_name": plan.contact_name,
        "contact_phone": plan.contact_phone,
        "contact_address": plan.contact_address,
        "remarks": plan.remarks,
        "search_key": search_document(plan.theme, plan.place, plan.speaker),
        "written_in": plan.written_in,
    }


def _dates(plan: RequestPlan) -> list[MeetingRequestDate]:
    return [
        MeetingRequestDate(
            position=position, starts_local=wished.starts_local, ends_local=wished.ends_local
        )
        for position, wished in enumerate(plan.dates, start=1)
    ]


def _message(text: str, name: str, *, needed: bool = False) -> str:
    text = text.strip()
    if needed and not text:
        raise MeetingRequestInputError(name, "required")
    if len(text) > MAX_MESSAGE:
        raise MeetingRequestInputError(name, "too_long", most=MAX_MESSAGE)
    return text


def _locked(actor: Actor, meeting_request_id: str) -> MeetingRequest:
    """Return a request that the actor sees, locked. Raises NotFoundError."""
    row: MeetingRequest | None = (
        lock_row(MeetingRequest, meeting_request_id) if is_id(meeting_request_id) else None
    )
    if row is None:
        raise NotFoundError
    policy.require_seen(actor, row, read_tree())
    return row


def _locked_to_answer(actor: Actor, meeting_request_id: str) -> MeetingRequest:
    """Return a request that the actor answers, locked. Raises NotFoundError."""
    row: MeetingRequest | None = (
        lock_row(MeetingRequest, meeting_request_id) if is_id(meeting_request_id) else None
    )
    if row is None:
        raise NotFoundError
    policy.require_answerer(actor, row)
    return row


def _require(row: MeetingRequest, step: Step, version: int | None = None) -> None:
    if not may_follow(row.state, step):
        raise MeetingRequestRefusedError("wrong_state")
    if version is not None and row.version != version:
        raise MeetingRequestRefusedError("changed_meanwhile")


def _is_office(actor: Actor, row: MeetingRequest) -> bool:
    """Whether the actor speaks for the office: who answers does, but for a request of their own."""
    if not policy.may_answer(actor, row.programme_id):
        return False
    own = row.created_by == actor.person_id and row.source == Source.BROWSER
    return not (own and policy.may_ask_for(actor, row.organisation_id, read_tree()))


def _moved(row: MeetingRequest, at: datetime) -> None:
    row.version += 1
    row.changed_at = at


def _decide(row: MeetingRequest, state: State, actor: Actor, at: datetime) -> None:
    row.state = state
    row.decided_at = at
    row.decided_by = actor.person_id
    _moved(row, at)


def _note(
    row: MeetingRequest, step: Step, actor: Actor, at: datetime, *, by_staff: bool, text: str = ""
) -> MeetingRequestEntry:
    entry = MeetingRequestEntry(
        meeting_request_id=row.id,
        step=step,
        by_id=actor.person_id,
        by_staff=by_staff,
        text=text,
        at=at,
    )
    db.session.add(entry)
    db.session.flush()
    return entry


def _audit(actor: Actor, act: str, row: MeetingRequest, at: datetime, **details: Any) -> None:
    record_act(actor, f"meeting_request.{act}", "meeting_request", row.id, at=at, **details)
