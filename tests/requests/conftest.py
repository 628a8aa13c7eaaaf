"""Requests as a coordinator sends them, and their programme."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from lms.courses.models import Programme
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Role
from lms.people.models import Person
from lms.requests.models import MeetingRequest
from lms.requests.operations import Acceptance, RequestPlan, submit_request
from lms.requests.queries import get_request
from lms.requests.rules import WishedDate
from tests.conftest import NOW, Cast, add_organisation, add_person, grant, join_organisation


def wished(start: str, end: str = "12:00") -> WishedDate:
    """Return a date such as 2026-11-05 10:00 that ends at a time of the same day."""
    first = datetime.fromisoformat(start)
    return WishedDate(first, datetime.fromisoformat(f"{first:%Y-%m-%d} {end}"))


@dataclass
class Desk:
    """A programme that can be asked for, and who asks and answers."""

    cast: Cast
    programme: Programme
    other_coordinator: Person
    limited: Person

    def plan(self, **more: Any) -> RequestPlan:
        """Return what the coordinator of the cast asks for in the name of the affiliated union."""
        plan = RequestPlan(
            organisation_id=self.cast.affiliate_a.id,
            programme_id=self.programme.id,
            purpose="新任役員に人権尊重の実務を伝えたい",
            dates=(wished("2026-11-05 10:00"), wished("2026-11-12 13:30", "16:00")),
            way="hybrid",
            place="名古屋市内",
            people=40,
            speaker="実務に詳しい方",
            contact_name="河﨑 秋江",
            contact_phone="052-000-0000",
            remarks="駐車場あり",
        )
        return replace(plan, **more)

    def ask(self, who: str = "coordinator", **more: Any) -> MeetingRequest:
        """Send a request as one of the cast; return it."""
        with unit_of_work():
            key = submit_request(self.cast.actor(who), self.plan(**more), at=NOW)
        return get_request(key)

    def acceptance(self, **more: Any) -> Acceptance:
        """Return a decision for the first of the dates."""
        decision = Acceptance(
            title={"ja": "青空第一労働組合", "en": "Aozora Union One"},
            programme_id=self.programme.id,
            when=wished("2026-11-05 10:00"),
            timezone="Asia/Tokyo",
            mode="hybrid",
            venue_name={"ja": "名古屋会館"},
            web_url="https://meet.example/nagoya",
            capacity=40,
            message="講師は追ってお知らせします。",
        )
        return replace(decision, **more)


@pytest.fixture
def desk(cast: Cast) -> Desk:
    with unit_of_work():
        programme = Programme(
            slug="due-diligence", kind="on_request",
            title={"ja": "人権デュー・ディリジェンス勉強会", "en": "Due diligence study meeting"},
            summary={}, purpose={"ja": "学ぶ"}, audience={"ja": "役員"}, languages=["ja"],
            created_at=NOW,
        )  # fmt: skip
        db.session.add(programme)
        other = add_person("others", "沢田", "緑")
        grant(other, Role.COORDINATOR, f"org:{cast.industrial_b.id}")
        join_organisation(other, cast.industrial_b)
        limited = add_person("limited", "枝野原", "順")
        db.session.flush()
        grant(limited, Role.ORGANISER, f"programme:{programme.id}")
    return Desk(cast, programme, other, limited)


def add_block(cast: Cast) -> str:
    """Add a regional block under headquarters; return its id."""
    with unit_of_work():
        block = add_organisation("BLOCK", "branch", ("東海ブロック", "Tokai block"), cast.hq)
    return block.id
