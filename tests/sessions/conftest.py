"""A small world around live sessions."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment, EnrolmentState
from lms.infra import events as bus
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, LiveSessionId, PersonId
from lms.people.models import Person
from lms.sessions.events import (
    AttendanceChanged,
    AttendanceReconciled,
    LiveSessionCancelled,
    LiveSessionChanged,
    LiveSessionScheduled,
)
from lms.sessions.operations import SessionPlan, schedule_live_session
from tests.conftest import Cast

CANARY_URL = "https://meet.example/j/canary-4711"
CANARY_PASSCODE = "canary-passcode-0815"
PLAN = SessionPlan(
    title={"ja": "第4部 Web懇談会", "en": "Part 4: web round-table"},
    starts_local=datetime(2026, 10, 12, 16, 0),  # noqa: DTZ001 - wall time
    ends_local=datetime(2026, 10, 12, 17, 30),  # noqa: DTZ001
    web_url=CANARY_URL,
    web_passcode=CANARY_PASSCODE,
    is_recorded=True,
)
STARTS_AT = datetime.fromisoformat("2026-10-12T07:00:00+00:00")
ENDS_AT = datetime.fromisoformat("2026-10-12T08:30:00+00:00")
OPEN_AT = STARTS_AT - timedelta(minutes=10)


@dataclass
class World:
    """One published edition with a session; `events` collects what is raised."""

    cast: Cast
    programme: Programme
    edition: Edition
    now: datetime
    events: list[object] = field(default_factory=list)

    @property
    def edition_id(self) -> EditionId:
        return EditionId(self.edition.id)

    @property
    def organiser(self) -> Actor:
        return self.cast.actor("organiser")

    def add(self, **changes: Any) -> LiveSessionId:
        with unit_of_work():
            return schedule_live_session(
                self.organiser, self.edition_id, replace(PLAN, **changes), at=self.now
            )

    def enrol(
        self, person: Person, attending: str = "web", state: str = EnrolmentState.ENROLLED
    ) -> PersonId:
        with unit_of_work():
            taken = db.session.query(Enrolment).count()
            db.session.add(
                Enrolment(
                    edition_id=self.edition_id,
                    person_id=person.id,
                    state=state,
                    attending=attending,
                    seat=taken + 1 if state == EnrolmentState.ENROLLED else None,
                    applied_at=self.now,
                    changed_at=self.now,
                )
            )
        return PersonId(person.id)


def add_edition(slug: str, state: str, now: datetime) -> tuple[Programme, Edition]:
    """Add a programme with one edition, committed."""
    with unit_of_work():
        programme = Programme(
            slug=slug,
            kind="series",
            title={"ja": "国際労働講座", "en": "International labour lectures"},
            summary={},
            purpose={},
            audience={},
            languages=["ja", "en"],
            created_at=now,
        )
        db.session.add(programme)
        db.session.flush()
        edition = Edition(
            programme_id=programme.id,
            slug="2026",
            title={"ja": "国際労働講座 2026", "en": "International labour lectures 2026"},
            mode="hybrid",
            languages=["ja", "en"],
            state=state,
            created_at=now,
        )
        db.session.add(edition)
        db.session.flush()
    return programme, edition


@pytest.fixture
def world(cast: Cast, now: datetime) -> World:
    """A published edition, and every event of sessions written down."""
    programme, edition = add_edition("labour-lectures", "published", now)
    return World(cast, programme, edition, now)


@pytest.fixture
def heard(world: World, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is raised from here on, in order."""
    kinds = (
        AttendanceChanged,
        AttendanceReconciled,
        LiveSessionCancelled,
        LiveSessionChanged,
        LiveSessionScheduled,
    )
    table = dict(bus._handlers)
    monkeypatch.setattr(
        bus,
        "_handlers",
        table | {kind: (*table.get(kind, ()), world.events.append) for kind in kinds},
    )
    return world.events
