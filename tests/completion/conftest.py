"""A course of two parts, each with a session and a published recording."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from lms.completion.events import CertificateIssued, CompletionEarned, CompletionQuestioned
from lms.completion.models import Certificate, Requirement, RevocationTask
from lms.completion.operations import set_rule
from lms.completion.rules import EditionRuleDraft, RequirementDraft
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.enrolment.models import Enrolment
from lms.infra import events as bus
from lms.infra.db import db, unit_of_work
from lms.infra.events import raise_event
from lms.kernel.actor import Actor
from lms.kernel.ids import EditionId, LessonId, LiveSessionId, PersonId, RecordingId
from lms.people.models import Person
from lms.recordings.models import Recording
from lms.records.events import LessonRead
from lms.records.models import Achievement, LessonReading
from lms.sessions.events import AttendanceChanged
from lms.sessions.models import Attendance, LiveSession
from lms.watching.events import CoverageChanged
from lms.watching.models import Watch
from tests.conftest import Cast

BOTH = ("attend", "watch")


@dataclass
class Course:
    """The course; `events` collects what completion raises."""

    cast: Cast
    now: datetime
    programme: Programme
    edition: Edition
    parts: list[Part]
    sessions: list[LiveSession]
    recordings: list[Recording]
    lessons: list[Lesson]
    events: list[Any] = field(default_factory=list)

    @property
    def id(self) -> EditionId:
        return EditionId(self.edition.id)

    @property
    def organiser(self) -> Actor:
        return self.cast.actor("organiser")

    def enrol(self, person: Person, state: str = "enrolled") -> PersonId:
        with unit_of_work():
            taken = db.session.query(Enrolment).count()
            db.session.add(
                Enrolment(
                    edition_id=self.edition.id,
                    person_id=person.id,
                    state=state,
                    seat=taken + 1 if state == "enrolled" else None,
                    applied_at=self.now,
                    changed_at=self.now,
                )
            )
        return PersonId(person.id)

    def requirement(self, part: int, *kinds: str, permille: int = 800) -> RequirementDraft:
        routes: list[dict[str, str | int]] = []
        for kind in kinds:
            route: dict[str, str | int] = {"kind": kind}
            if kind in {"attend", "watch"}:
                route["part_id"] = self.parts[part].id
            if kind == "watch":
                route["permille"] = permille
            if kind == "read":
                route["lesson_id"] = self.lessons[part].id
            routes.append(route)
        title = {"ja": f"第{part + 1}部", "en": f"Part {part + 1}"}
        return RequirementDraft(title, tuple(routes), self.parts[part].id)

    def rule(self, *requirements: RequirementDraft, combine: str = "all", **more: Any) -> None:
        with unit_of_work():
            draft = EditionRuleDraft(combine, requirements, **more)
            set_rule(self.organiser, self.id, draft, at=self.now)

    def both_parts(self, combine: str = "all", **more: Any) -> None:
        self.rule(self.requirement(0, *BOTH), self.requirement(1, *BOTH), combine=combine, **more)

    def attend(self, person: Person, part: int, status: str = "present") -> None:
        session = self.sessions[part]
        with unit_of_work():
            row = (
                db.session.query(Attendance)
                .filter_by(live_session_id=session.id, person_id=person.id)
                .one_or_none()
            )
            if row is None:
                row = Attendance(live_session_id=session.id, person_id=person.id)
                db.session.add(row)
            row.status, row.set_at = status, self.now
            raise_event(
                AttendanceChanged(LiveSessionId(session.id), self.id, PersonId(person.id), self.now)
            )

    def watch(self, person: Person, part: int, permille: int) -> None:
        recording = self.recordings[part]
        with unit_of_work():
            db.session.merge(
                Watch(
                    person_id=person.id,
                    recording_id=recording.id,
                    media_version=1,
                    covered_ms=permille * 1000,
                    required_ms=1_000_000,
                )
            )
            raise_event(
                CoverageChanged(RecordingId(recording.id), self.id, PersonId(person.id), self.now)
            )

    def read(self, person: Person, part: int) -> None:
        lesson = self.lessons[part]
        with unit_of_work():
            db.session.add(
                LessonReading(person_id=person.id, lesson_id=lesson.id, read_at=self.now)
            )
            raise_event(LessonRead(LessonId(lesson.id), self.id, PersonId(person.id), self.now))

    def achievements(self) -> list[Achievement]:
        db.session.rollback()
        return db.session.query(Achievement).order_by(Achievement.id).all()

    def certificates(self) -> list[Certificate]:
        db.session.rollback()
        return db.session.query(Certificate).order_by(Certificate.number).all()

    def tasks(self) -> list[RevocationTask]:
        db.session.rollback()
        return db.session.query(RevocationTask).order_by(RevocationTask.id).all()

    def requirements(self) -> list[Requirement]:
        db.session.rollback()
        return db.session.query(Requirement).order_by(Requirement.position).all()

    def raised(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def _edition(now: datetime) -> tuple[Programme, Edition]:
    programme = Programme(
        slug="economics",
        kind="series",
        title={"ja": "労働経済学入門", "en": "Introduction to labour economics"},
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
        title={"ja": "第1回", "en": "Edition 1"},
        mode="hybrid",
        languages=["ja", "en"],
        state="published",
        created_at=now,
    )
    db.session.add(edition)
    db.session.flush()
    return programme, edition


def _part(edition: Edition, place: int, now: datetime) -> tuple[Any, ...]:
    title = {"ja": f"第{place}部 賃金", "en": f"Part {place}: wages"}
    part = Part(
        edition_id=edition.id, slug=f"part-{place}", position=place, title=title, summary={}
    )
    db.session.add(part)
    db.session.flush()
    starts = now + timedelta(days=place)
    session = LiveSession(
        edition_id=edition.id,
        part_id=part.id,
        title=title,
        starts_local=starts.replace(tzinfo=None),
        ends_local=starts.replace(tzinfo=None) + timedelta(hours=1),
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        venue_name={},
        venue_address={},
        venue_access={},
        created_at=now,
    )
    recording = Recording(
        edition_id=edition.id,
        part_id=part.id,
        kind="video",
        title=title,
        stage="published",
        duration_ms=1_000_000,
        created_at=now,
        published_at=now,
    )
    lesson = Lesson(
        part_id=part.id,
        slug=f"lesson-{place}",
        position=1,
        title=title,
        objectives={},
        body={},
        sources={},
        glossary={},
    )
    db.session.add_all([session, recording, lesson])
    db.session.flush()
    return part, session, recording, lesson


@pytest.fixture
def course(cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Two parts, committed; the trainee is enrolled. No rule yet."""
    with unit_of_work():
        programme, edition = _edition(now)
        rows = [_part(edition, place, now) for place in (1, 2)]
    made = Course(
        cast, now, programme, edition, *(list(column) for column in zip(*rows, strict=True))
    )
    kinds = (CompletionEarned, CertificateIssued, CompletionQuestioned)
    table = dict(bus._handlers)
    monkeypatch.setattr(
        bus,
        "_handlers",
        table | {kind: (*table.get(kind, ()), made.events.append) for kind in kinds},
    )
    made.enrol(cast.trainee)
    return made
