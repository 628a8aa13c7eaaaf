"""The public cases through the database, idle play sessions, and what others read."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.kernel.actor import Actor
from lms.kernel.clock import from_ms, to_ms
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import PersonId
from lms.people.models import Person
from lms.recordings.models import MediaKind, Recording, Stage
from lms.rights.models import Agreement, AgreementTerm, PlaySession, Publication
from lms.rights.operations import rewrite_facts
from lms.watching.errors import WatchResult
from lms.watching.models import Watch, WatchSession
from lms.watching.operations import close_idle_plays, report_watch
from lms.watching.operations.forgetting import KINDS
from lms.watching.operations.states import close_watching, read_state, set_hidden, write_state
from lms.watching.queries import continue_watching, coverage_of, list_open_sessions, lock_watch
from lms.watching.rules import WatchReport, decide_open, unpack_intervals
from tests.conftest import NOW, Cast
from tests.recordings.conftest import Course

CASES = json.loads((Path(__file__).parent / "data" / "watch-cases.json").read_text())
CASES = CASES["cases"] if isinstance(CASES, dict) else CASES
BASE = 1_790_000_000_000  # the cases count from 0


def shown(course: Course, duration: int = 600_000) -> Recording:
    """A published recording whose files nobody asks for."""
    with unit_of_work():
        recording = Recording(
            edition_id=course.edition.id, kind=MediaKind.VIDEO, title={"en": "A lecture"},
            stage=Stage.PUBLISHED, duration_ms=duration, created_at=NOW, published_at=NOW,
        )  # fmt: skip
        db.session.add(recording)
        db.session.flush()
        everyone: dict[str, Any] = {"audience": {"reach": "outside"}}
        agreement = Agreement(
            recording_id=recording.id, lineage="a", kind="speaker", status="signed",
            holder_name="白浜汐里", signed_at=datetime(2020, 1, 1, tzinfo=UTC), created_at=NOW,
        )  # fmt: skip
        db.session.add(agreement)
        db.session.flush()
        db.session.add(AgreementTerm(agreement_id=agreement.id, kind="grant", conditions=everyone))
        db.session.add(Publication(recording_id=recording.id, conditions=everyone, created_at=NOW))
        rewrite_facts(recording.id, datetime(2020, 1, 1, tzinfo=UTC))
    return recording


def open_row(
    person: Person, recording: Recording, name: str, at: datetime, hidden: Any = ()
) -> None:
    """Open (or open again) a play session under a fixed name, without deciding."""
    play = db.session.get(PlaySession, name)
    if play is None:
        db.session.add(
            PlaySession(
                id=name, recording_id=recording.id, person_id=person.id, media_version=1,
                generation=1, started_at=at, last_report_at=at,
                lease_until=at + timedelta(days=3),
            )
        )  # fmt: skip
    else:
        play.closed_at = None
    watch = lock_watch(person.id, recording.id, 1)
    if watch is None:
        watch = Watch(
            person_id=person.id, recording_id=recording.id, media_version=1, intervals=b"",
            hidden=b"", covered_ms=0, required_ms=0, credit=0, last_ms=0, resume_ms=0,
            resume_moment_ms=0,
        )  # fmt: skip
        db.session.add(watch)
    db.session.flush()
    rows = list_open_sessions(watch)
    own = db.session.get(WatchSession, name)
    if own is not None and own not in rows:
        rows.append(own)
    now = to_ms(at)
    write_state(watch, rows, decide_open(read_state(watch, rows), name, now).state)
    set_hidden(watch, hidden, recording.duration_ms or 0)
    db.session.flush()


def replayable(case: dict[str, Any]) -> bool:
    """Whether what reaches the operation can express the case (the default threshold)."""
    return bool(case.get("threshold_permille", 900) == 900)


@pytest.mark.parametrize("case", [c for c in CASES if replayable(c)], ids=lambda c: str(c["id"]))
def test_public_case_through_the_database(case: dict[str, Any], cast: Cast, course: Course) -> None:
    recording = shown(course, case["duration_ms"])
    person, epoch = cast.trainee, cast.trainee.session_epoch
    hidden = tuple(sorted((a, b) for a, b in case.get("hidden", [])))
    results = []
    for step in case["steps"]:
        verb, name, now = step[0], step[1], step[3] if step[0] == "rep" else step[2]
        play_id = f"{name:0>26}"
        at = from_ms(BASE + now)
        with unit_of_work():
            if verb == "open":
                open_row(person, recording, play_id, at, hidden)
                results.append("OK")
            elif verb == "close":
                play = db.session.get(PlaySession, play_id)
                if play is None:
                    results.append("SESSION_UNKNOWN")
                    continue
                close_watching(person.id, recording.id, 1, {play_id: BASE + now})
                play.closed_at = play.closed_at or at
                results.append("OK")
            else:
                event = step[5] if len(step) > 5 else None
                event = event or {}
                report = WatchReport(step[2], step[4], event.get("pos"), event.get("age", 0))
                actor = Actor(PersonId(person.id))
                try:
                    results.append(report_watch(actor, epoch, play_id, report, at).result.value)
                except NotFoundError:
                    results.append("SESSION_UNKNOWN")

    expected = case
    assert results == expected["results"]
    watch = db.session.scalars(select(Watch)).one_or_none()
    if watch is None:
        assert expected["union"] == []
        return
    assert [list(pair) for pair in unpack_intervals(watch.intervals)] == expected["union"]
    assert watch.covered_ms == expected["covered_ms"]
    assert watch.required_ms == expected["required_ms"]
    covered = coverage_of(person.id, [recording.id])[recording.id]
    assert covered.permille == expected["permille"]
    completed = covered.completed_ms
    assert (completed - BASE if completed else None) == expected["completed_at"]
    assert covered.resume_ms == expected["resume"]


def play_some(person: Person, recording: Recording, until: int, at: datetime) -> str:
    """Open a play session at `at` and report `[0, until)` when that much time has passed."""
    play_id = f"{recording.id[-13:]}{person.id[-13:]}"
    with unit_of_work():
        open_row(person, recording, play_id, at)
    with unit_of_work():
        report_watch(
            Actor(PersonId(person.id)), person.session_epoch, play_id,
            WatchReport(1, [[0, until]], until), at + timedelta(milliseconds=until),
        )  # fmt: skip
    return play_id


def test_idle_play_sessions_are_closed_as_of_four_hours_after_their_last_report(
    cast: Cast, course: Course
) -> None:
    recording = shown(course)
    play_id = play_some(cast.trainee, recording, 60_000, NOW)
    last = NOW + timedelta(minutes=1)

    with unit_of_work():
        assert close_idle_plays(last + timedelta(hours=4)) == 0
    with unit_of_work():
        assert close_idle_plays(last + timedelta(hours=9)) == 1
    with unit_of_work():
        assert close_idle_plays(last + timedelta(hours=9)) == 0

    db.session.expire_all()
    play = db.session.get(PlaySession, play_id)
    watch = db.session.scalars(select(Watch)).one()
    assert play is not None
    assert (play.closed_at, play.closed_why) == (last + timedelta(hours=4), "idle")
    assert from_ms(watch.last_ms) == last + timedelta(hours=4)


def test_sequence_numbers_are_kept_for_a_day(cast: Cast, course: Course) -> None:
    recording = shown(course)
    play_some(cast.trainee, recording, 60_000, NOW)
    closed = NOW + timedelta(minutes=1, hours=4)
    with unit_of_work():
        close_idle_plays(closed + timedelta(hours=1))
    numbers = next(kind for kind in KINDS if kind.name == "watch_sessions")
    assert numbers.days == 1
    with unit_of_work():
        assert (numbers.count(closed), numbers.forget(closed, 10)) == (0, 0)
        later = closed + timedelta(hours=1)
        assert (numbers.count(later), numbers.forget(later, 10)) == (1, 1)
    assert coverage_of(cast.trainee.id, [recording.id])[recording.id].covered == 60_000


def test_coverage_and_going_on_are_one_query_each(
    cast: Cast, course: Course, statements: Any
) -> None:
    films = [shown(course) for _n in range(3)]
    for number, film in enumerate(films[:2]):
        play_some(cast.trainee, film, 60_000 * (number + 1), NOW + timedelta(hours=number))
    play_some(cast.other_trainee, films[2], 30_000, NOW)
    statements()

    covered = coverage_of(cast.trainee.id, [film.id for film in films])
    assert len(statements()) == 1
    going_on = continue_watching(cast.trainee.id, NOW + timedelta(days=1))
    assert len(statements()) == 1

    assert {key: value.permille for key, value in covered.items()} == {
        films[0].id: 100,
        films[1].id: 200,
    }
    assert [one.recording_id for one in going_on] == [films[1].id, films[0].id]
    assert going_on[0].coverage.resume_ms == 120_000
    assert coverage_of(cast.trainee.id, []) == {}


def test_a_new_version_ends_what_plays_and_starts_coverage_anew(cast: Cast, course: Course) -> None:
    recording = shown(course)
    play_id = play_some(cast.trainee, recording, 60_000, NOW)
    with unit_of_work():
        row = db.session.get(Recording, recording.id)
        assert row is not None
        row.media_version = 2
    with unit_of_work():
        told = report_watch(
            Actor(PersonId(cast.trainee.id)), cast.trainee.session_epoch, play_id,
            WatchReport(2, [[60_000, 61_000]], 61_000), NOW + timedelta(minutes=2),
        )  # fmt: skip
    assert (told.result, told.why_stopped) == (WatchResult.SESSION_CLOSED, "replaced")
    assert coverage_of(cast.trainee.id, [recording.id]) == {}
