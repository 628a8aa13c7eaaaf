"""What can be asked for: texts that fit, dates to come, somebody to ask back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lms.infra.i18n import LANGUAGES
from lms.kernel.actor import Actor
from lms.kernel.japanese import search_document
from lms.kernel.wall import is_zone
from lms.people.queries import read_tree
from lms.people.rules import clean_address, is_address
from lms.requests import policy
from lms.requests.errors import MeetingRequestInputError, MeetingRequestRefusedError
from lms.requests.models import MeetingRequestDate
from lms.requests.queries import list_askable
from lms.requests.rules import (
    MAX_DATES,
    MAX_PEOPLE,
    MAX_TEXT,
    DateFault,
    Source,
    Way,
    WishedDate,
    first_date_fault,
)

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


def checked(
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


def columns_of(plan: RequestPlan) -> dict[str, Any]:
    """Return the values of a request's row."""
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


def dates_of(plan: RequestPlan) -> list[MeetingRequestDate]:
    """Return the rows of the wished-for dates, best first."""
    return [
        MeetingRequestDate(
            position=position, starts_local=wished.starts_local, ends_local=wished.ends_local
        )
        for position, wished in enumerate(plan.dates, start=1)
    ]
