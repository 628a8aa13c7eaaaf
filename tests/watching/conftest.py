"""Recordings that are really encrypted, handouts, and what is agreed about them."""

import dataclasses
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import event, select

from lms.enrolment.models import Enrolment
from lms.infra.current import current_storage
from lms.infra.db import db, unit_of_work
from lms.infra.jobs.running import LEASE, claim_job, run_claim
from lms.kernel import clock
from lms.kernel.actor import SYSTEM
from lms.kernel.ids import new_id
from lms.people.models import Person
from lms.recordings.jobs import JOBS
from lms.recordings.models import Caption, MediaKind, Recording, Rendition, Stage
from lms.recordings.operations import Details, Target, add_recording, receive
from lms.recordings.rules import Cue, render_vtt
from lms.rights.models import (
    Agreement,
    AgreementTerm,
    Publication,
    Segment,
    Takedown,
    Withdrawal,
)
from lms.rights.operations import rewrite_facts
from tests.conftest import NOW
from tests.recordings.conftest import Course, course, films, make_course, papers
from tests.watching.encoded import encoded_once

__all__ = ["course", "films", "make_course", "papers"]

# A machine under load is no fault of the code.
hypothesis_settings.register_profile("no deadline", deadline=None)
hypothesis_settings.load_profile("no deadline")

OUTSIDE: dict[str, Any] = {"audience": {"reach": "outside"}}


@pytest.fixture(scope="package", autouse=True)
def _encoded_once(kept_folder: Callable[[str], Path]) -> Iterator[None]:
    with encoded_once(kept_folder("films")):
        yield


@dataclass
class Shelf:
    """Puts recordings into a course and says who may see them."""

    course: Course
    films: Path
    papers: Path

    def film(self, name: str = "long.mp4", title: str = "A lecture") -> Recording:
        """Add a film, processed as the worker does it; in review."""
        return self._made(Target("", 1, MediaKind.VIDEO), name, title)

    def _made(self, target: Target, name: str, title: str) -> Recording:
        recording_id = self._add(target, self.films / name, title)
        claim = claim_job(["transcode"], "w", clock.now() + timedelta(days=1), LEASE)
        assert claim is not None
        run_claim(claim, JOBS["transcode"], LEASE, threading.Event())
        recording = db.session.get(Recording, recording_id)
        assert recording is not None
        db.session.refresh(recording)
        assert recording.stage == Stage.REVIEW, recording.error_code
        return recording

    def talk(self, name: str, title: str = "A talk") -> Recording:
        """Add a recording of sound, processed as the worker does it; in review."""
        return self._made(Target("", 1, MediaKind.AUDIO), name, title)

    def paper(self, name: str = "three.pdf", title: str = "A handout") -> Recording:
        """Add a handout; in review."""
        recording_id = self._add(Target("", 1, MediaKind.PAPER), self.papers / name, title)
        recording = db.session.get(Recording, recording_id)
        assert recording is not None
        return recording

    def _add(self, target: Target, path: Path, title: str) -> str:
        target = dataclasses.replace(target, recording_id=new_id())
        with path.open("rb") as stream:
            received = receive(current_storage(), target, stream, path.name)
        with unit_of_work():
            add_recording(
                SYSTEM, self.course.edition.id, target.kind,
                Details(title={"en": title, "ja": "講義"}, language="ja"), clock.now(),
                received=received, recording_id=target.recording_id,
            )  # fmt: skip
        return target.recording_id

    def agree(self, recording: Recording, **conditions: Any) -> Agreement:
        """A speaker's signed agreement, for everyone unless told."""
        with unit_of_work():
            agreement = Agreement(
                recording_id=recording.id, lineage="", kind="speaker", scope="whole",
                status="signed", holder_name="白浜汐里", signed_at=NOW - timedelta(days=9),
                recording_consent_at=NOW - timedelta(days=9), created_at=NOW,
            )  # fmt: skip
            db.session.add(agreement)
            db.session.flush()
            agreement.lineage = agreement.id
            db.session.add(
                AgreementTerm(
                    agreement_id=agreement.id, kind="grant", conditions={**OUTSIDE, **conditions}
                )
            )
            rewrite_facts(recording.id, clock.now())
        return agreement

    def publish(
        self, recording: Recording, until: datetime | None = None, **conditions: Any
    ) -> None:
        """Publish, for everyone unless told."""
        with unit_of_work():
            db.session.add(
                Publication(
                    recording_id=recording.id, conditions={**OUTSIDE, **conditions},
                    until_at=until, created_at=NOW,
                )
            )  # fmt: skip
            row = db.session.get(Recording, recording.id)
            assert row is not None
            row.stage = Stage.PUBLISHED
            rewrite_facts(recording.id, clock.now())

    def renew(self, recording: Recording, agreement: Agreement) -> None:
        """Let a later agreement of the same lineage be signed now."""
        renewed = self.agree(recording)
        with unit_of_work():
            row = db.session.get(Agreement, renewed.id)
            assert row is not None
            row.lineage = agreement.lineage
            row.signed_at = row.recording_consent_at = clock.now()
            db.session.flush()
            rewrite_facts(recording.id, clock.now())

    def withdraw(self, agreement: Agreement) -> None:
        with unit_of_work():
            db.session.add(
                Withdrawal(agreement_id=agreement.id, at=clock.now(), actions=[], grace_ms=0)
            )
            rewrite_facts(agreement.recording_id, clock.now())

    def segment(self, recording: Recording, a: int, b: int, on_deny: str = "hide") -> Segment:
        """Mark a passage (ms) that nobody has cleared."""
        with unit_of_work():
            segment = Segment(
                recording_id=recording.id, a=a, b=b, kind="slide", disposition="unresolved",
                on_deny=on_deny, lineages=[], created_at=NOW,
            )  # fmt: skip
            db.session.add(segment)
            db.session.flush()
            rewrite_facts(recording.id, clock.now())
        return segment

    def caption(
        self, recording: Recording, *cues: Cue, language: str = "ja", status: str = "reviewed"
    ) -> None:
        """Give a film captions."""
        with unit_of_work():
            db.session.add(
                Caption(
                    recording_id=recording.id, language=language, status=status,
                    vtt=render_vtt(cues), updated_at=clock.now(),
                )
            )  # fmt: skip

    def track(self, recording: Recording, language: str, name: str) -> Rendition:
        """Give a film another language's sound, cut like it; its segments are the film's."""
        with unit_of_work():
            first = db.session.scalars(
                select(Rendition)
                .where(Rendition.recording_id == recording.id)
                .order_by(Rendition.height.desc())
            ).first()
            assert first is not None
            track = Rendition(
                recording_id=recording.id, media_version=recording.media_version, name=name,
                role="audio", language=language, folder=first.folder, width=0, height=0,
                bandwidth=64_000, codecs="mp4a.40.2", segments=first.segments, ready_at=NOW,
            )  # fmt: skip
            db.session.add(track)
        return track

    def take_down(self, recording: Recording) -> None:
        with unit_of_work():
            db.session.add(
                Takedown(recording_id=recording.id, from_at=clock.now(), reason="a complaint")
            )
            row = db.session.get(Recording, recording.id)
            assert row is not None
            row.generation += 1
            rewrite_facts(recording.id, clock.now())

    def shown(self, name: str = "long.mp4") -> Recording:
        """A film that everyone may see."""
        recording = self.film(name)
        self.agree(recording)
        self.publish(recording)
        return recording


@pytest.fixture
def shelf(course: Course, films: Path, papers: Path) -> Shelf:
    return Shelf(course, films, papers)


@contextmanager
def stopped_clock(after: float = 60) -> Iterator[time_machine.Traveller]:
    """Stop the clock some seconds from now; `shift` moves it on."""
    with time_machine.travel(clock.now() + timedelta(seconds=after), tick=False) as traveller:
        yield traveller


def enrol(person: Person, course: Course) -> None:
    with unit_of_work():
        db.session.add(
            Enrolment(
                edition_id=course.edition.id, person_id=person.id, state="enrolled", seat=1,
                applied_at=NOW, changed_at=NOW,
            )
        )  # fmt: skip


@pytest.fixture
def statements(app: Flask) -> Iterator[Callable[[], Sequence[str]]]:
    """Count statements: call it to get (and forget) those since the last call."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    def taken() -> Sequence[str]:
        found = list(seen)
        seen.clear()
        return found

    assert app.testing  # its database is asked for inside its context
    event.listen(db.engine, "before_cursor_execute", note)
    yield taken
    event.remove(db.engine, "before_cursor_execute", note)
