"""A course with a recording that waits for its rights."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.recordings.models import Recording
from lms.rights.models import Agreement
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    publish_recording,
    rewrite_facts,
)
from lms.rights.queries import decide, viewer_facts
from lms.rights.rules import Decision, Reach
from tests.conftest import NOW, Cast


@dataclass
class Course:
    programme_id: str
    edition_id: str
    recording_id: str
    paper_id: str


def add_recording(edition_id: str, **more: Any) -> Recording:
    values: dict[str, Any] = {
        "kind": "video",
        "title": {"ja": "賃金はどう決まるか", "en": "How wages are set"},
        "stage": "review",
        "duration_ms": 5_220_000,
        "source_key": "sources/x",
        **more,
    }
    recording = Recording(edition_id=edition_id, created_at=NOW, **values)
    db.session.add(recording)
    db.session.flush()
    return recording


@pytest.fixture
def course(cast: Cast) -> Course:
    with unit_of_work():
        programme = Programme(
            slug="labour-economics",
            kind="series",
            title={"ja": "労働経済入門", "en": "Introduction to labour economics"},
            summary={},
            purpose={},
            audience={},
            languages=["ja"],
            created_at=NOW,
        )
        db.session.add(programme)
        db.session.flush()
        edition = Edition(
            programme_id=programme.id,
            slug="2026",
            title={"ja": "2026年", "en": "2026"},
            mode="web",
            languages=["ja"],
            state="published",
            created_at=NOW,
        )
        db.session.add(edition)
        db.session.flush()
        recording = add_recording(edition.id)
        paper = add_recording(edition.id, kind="paper", duration_ms=None, pages=12)
        for one in (recording, paper):
            rewrite_facts(one.id, NOW)
        for seat, person in enumerate((cast.trainee, cast.overseas), start=1):
            db.session.add(
                Enrolment(
                    person_id=person.id,
                    edition_id=edition.id,
                    state="enrolled",
                    seat=seat,
                    applied_at=NOW,
                    changed_at=NOW,
                )
            )
    return Course(programme.id, edition.id, recording.id, paper.id)


def granted(
    reach: str = "affiliate",
    actions: tuple[str, ...] = ("play",),
    last_on: date | None = None,
    **more: Any,
) -> TermDetails:
    conditions = {"actions": sorted(actions), "audience": {"reach": reach}, **more}
    return TermDetails(conditions, None, last_on)


@dataclass
class Desk:
    """Acts of the organiser, one transaction each."""

    actor: Actor
    course: Course

    def agree(self, at: Any = NOW, **more: Any) -> Agreement:
        details = {
            "holder_name": "白浜 汐里",
            "signed_on": date(2026, 10, 1),
            "recording_consent": True,
            "grants": (granted(),),
            **more,
        }
        recording_id = details.pop("recording_id", self.course.recording_id)
        with unit_of_work():
            return add_agreement(self.actor, recording_id, AgreementDetails(**details), at)

    def publish(self, at: Any = NOW, **more: Any) -> list[Any]:
        within = more.pop("within_rights", True)
        recording_id = more.pop("recording_id", self.course.recording_id)
        details = PublicationDetails(**{"reach": Reach.OUTSIDE, **more})
        with unit_of_work():
            return publish_recording(self.actor, recording_id, details, at, within_rights=within)


@pytest.fixture
def desk(cast: Cast, course: Course) -> Desk:
    return Desk(cast.actor("organiser"), course)


@pytest.fixture
def ask(cast: Cast, course: Course) -> Callable[..., Decision]:
    """Return a function that decides for one of the cast."""

    def asked(name: str, action: str = "play", at: Any = NOW, recording_id: str = "") -> Decision:
        db.session.rollback()
        viewer = viewer_facts(cast.actor(name), at)
        return decide(viewer, recording_id or course.recording_id, action, at=at)

    return asked
