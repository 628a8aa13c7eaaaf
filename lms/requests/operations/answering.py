"""The office's answers: in talks, no with a reason, yes with an edition and its session."""

from dataclasses import dataclass, field
from datetime import datetime

from lms.courses import operations as courses
from lms.courses.queries import get_programme, list_parts
from lms.courses.rules import EditionPlan, PartPlan, ProgrammePlan
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, PartId
from lms.kernel.localized import Localized
from lms.people.queries import read_tree
from lms.requests import events
from lms.requests.errors import MeetingRequestInputError
from lms.requests.models import MeetingRequest
from lms.requests.operations.steps import (
    audit,
    decide,
    locked_to_answer,
    moved,
    note,
    require,
    tidy_message,
)
from lms.requests.queries import organisation_name
from lms.requests.rules import DateFault, State, Step, Way, WishedDate, first_date_fault
from lms.sessions.operations import SessionPlan, schedule_drafted_session
from lms.sessions.operations.scheduling import SpeakerPlan

_PLACES = {DateFault.UNKNOWN_ZONE: "timezone", DateFault.ALREADY_PAST: "day"}


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


def begin_talks(actor: Actor, meeting_request_id: str, *, at: datetime) -> None:
    """Say that the office looks into it (as when it telephones). Who answers it may."""
    row = locked_to_answer(actor, meeting_request_id)
    require(row, Step.IN_TALKS)
    row.state = State.IN_TALKS
    moved(row, at)
    note(row, Step.IN_TALKS, actor, at, by_staff=True)
    audit(actor, "taken_up", row, at)
    raise_event(events.MeetingRequestTakenUp(row.id, at))


def decline_request(
    actor: Actor, meeting_request_id: str, reason: str, *, version: int, at: datetime
) -> None:
    """Say no, with a reason that those who asked read."""
    row = locked_to_answer(actor, meeting_request_id)
    require(row, Step.DECLINED, version)
    row.reason = tidy_message(reason, "reason", needed=True)
    decide(row, State.DECLINED, actor, at)
    note(row, Step.DECLINED, actor, at, by_staff=True, text=row.reason)
    audit(actor, "declined", row, at)
    raise_event(events.MeetingRequestDeclined(row.id, at))


def accept_request(
    actor: Actor, meeting_request_id: str, decision: Acceptance, *, version: int, at: datetime
) -> EditionId:
    """Say yes: draft an edition with its session, and tie both to the request.

    All or nothing. Raises SessionInputError for times, addresses and speakers that do not fit,
    the refusals of `courses.draft_edition`, MeetingRequestRefusedError.
    """
    row = locked_to_answer(actor, meeting_request_id)
    require(row, Step.ACCEPTED, version)
    message = tidy_message(decision.message, "message")
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
    decide(row, State.ACCEPTED, actor, at)
    note(row, Step.ACCEPTED, actor, at, by_staff=True, text=message)
    audit(actor, "accepted", row, at, edition_id=edition_id)
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
