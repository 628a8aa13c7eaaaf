"""Two requests for study meetings: one that has just come, one that is being talked about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms.courses.models import Programme
from lms.infra.db import db
from lms.kernel.clock import JST, day_in
from lms.people.queries import find_organisation_by_code
from lms.requests.models import MeetingRequest
from lms.requests.operations import RequestPlan, submit_request, write_message
from lms.requests.rules import WishedDate
from lms.whole.demo.data import read_stories
from lms.whole.demo.people import actor_of


def seed_requests(at: datetime) -> None:
    """Let a union and the office's telephone ask, unless anybody has asked already."""
    if db.session.scalar(select(MeetingRequest.id).limit(1)) is not None:
        return
    for story in read_stories()["requests"]:
        _seed(story, at)


def _seed(story: Mapping[str, Any], at: datetime) -> None:
    asked_at = at - timedelta(days=story["days_ago"])
    organisation = find_organisation_by_code(story["organisation"])
    assert organisation is not None
    offered = select(Programme.id).where(
        Programme.slug == story.get("programme", ""), Programme.takes_requests
    )
    request_id = submit_request(
        actor_of(story["by"], asked_at),
        RequestPlan(
            organisation_id=organisation.id,
            programme_id=db.session.scalar(offered),
            theme=story["theme"],
            purpose=story["purpose"],
            dates=tuple(_date(one, at) for one in story["dates"]),
            way=story["way"],
            place=story["place"],
            people=story["people"],
            speaker=story["speaker"],
            contact_name=story["contact"],
            contact_phone=story["phone"],
            source=story["source"],
        ),
        at=asked_at,
    )
    for number, (who, text) in enumerate(story.get("messages", ()), start=1):
        moment = asked_at + timedelta(days=number)
        write_message(actor_of(who, moment), request_id, text, at=moment)


def _date(one: Mapping[str, Any], at: datetime) -> WishedDate:
    """Return a date so many days from now, moved on from a weekend to the Monday after."""
    day = day_in(at, JST) + timedelta(days=one["days"])
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)  # noqa: PLR2004 - Friday
    starts, ends = (
        datetime.fromisoformat(f"{day:%Y-%m-%d} {text}") for text in (one["from"], one["to"])
    )
    return WishedDate(starts, ends)
