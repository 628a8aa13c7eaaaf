"""Measure taking in an attendance report of 5,000 rows, on SQLite and on PostgreSQL.

    .venv/bin/python bench/attendance.py

An edition of 1,600 people, all of whom are judged for completion when their attendance changes.
The report is Zoom's, with rejoins and rows that overlap; one in ten of those in it has no
e-mail and waits. `s`: reading the file, keeping it, showing it, applying it with everyone judged,
and the first page of those who wait with whom they might be. `s`, `matched` and `unmatched` are
the slower engine's; `cpu_s` is the processor time of this process in `s`.
"""

import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.world import ENGINES, fill, make_settings, scratch
from lms.app import create_app
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.kernel import clock
from lms.kernel.ids import new_id
from lms.people.models import Person
from lms.people.queries import find_actor
from lms.sessions.models import LiveSession, MatchState
from lms.sessions.operations.reporting import SentReport, apply_report, keep_report
from lms.sessions.queries.candidates import list_candidates
from lms.sessions.queries.reports import list_reported, preview_report
from lms.sessions.rules.reconciling import Reading, read_for_session, suggest_people

PEOPLE, ROWS, WAITING_PAGE = 1_600, 5_000, 20
START = datetime.fromisoformat("2026-10-12T07:00:00+00:00")
END = START + timedelta(minutes=90)
FAMILIES = ("佐久", "田端", "山科", "川添", "森岡", "井坂", "木戸", "林田")
GIVEN = ("春夫", "夏子", "秋彦", "冬美", "一葉", "二郎")


def fill_session(edition_id: str) -> str:
    """Add the people and the session; return its id."""
    now = clock.now()
    key = new_id()
    people = [
        Person(
            id=new_id(), login_id=f"bench-{number}", address=f"bench-{number}@demo.example",
            family_name=FAMILIES[number % len(FAMILIES)] + str(number),
            given_name=GIVEN[number % len(GIVEN)], created_at=now,
        )
        for number in range(PEOPLE)
    ]  # fmt: skip
    with unit_of_work():
        db.session.add(
            LiveSession(
                id=key, edition_id=edition_id, title={"ja": "講義", "en": "Lecture"},
                starts_local=datetime.fromisoformat("2026-10-12T16:00:00"),
                ends_local=datetime.fromisoformat("2026-10-12T17:30:00"), timezone="Asia/Tokyo",
                starts_at=START, ends_at=END, venue_name={}, venue_address={}, venue_access={},
                web_url="https://meet.example/x", created_at=now,
            )
        )  # fmt: skip
        db.session.add_all(people)
        db.session.flush()
        db.session.add_all(
            Enrolment(
                edition_id=edition_id, person_id=person.id, state="enrolled", attending="web",
                seat=1_000 + number, applied_at=now, changed_at=now,
            )
            for number, person in enumerate(people)
        )  # fmt: skip
    return key


def write_report() -> bytes:
    """Write a report of 5,000 rows as Zoom does."""
    lines = [
        "Topic,ID,Host,Duration (minutes),Start time,End time,Participants",
        "Lecture,812 3456 7890,Host,90,10/12/2026 16:00:00,10/12/2026 17:30:00,1600",
        "",
        "Name (original name),Email,Join time,Leave time,Duration (minutes),Guest",
    ]
    for row in range(ROWS):
        number = row % PEOPLE
        name = FAMILIES[number % len(FAMILIES)] + str(number) + GIVEN[number % len(GIVEN)]
        email = "" if number % 10 == 0 else f"bench-{number}@demo.example"
        joined = row // PEOPLE * 25 + row % 7
        left = joined + 28
        lines.append(
            f"{name},{email},10/12/2026 {16 + joined // 60}:{joined % 60:02}:00,"
            f"10/12/2026 {16 + left // 60}:{left % 60:02}:00,{left - joined},No"
        )
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def measure(url: str, folder: Path) -> dict[str, Any]:
    """Fill a database and return the figures of this engine."""
    app = create_app(make_settings(url, folder / "var"))
    with app.app_context():
        db.create_all()
        at = clock.now()
        world = fill(at, courses=1, parts=1)
        edition_id = world.editions[0]
        key = fill_session(edition_id)
        actor = find_actor(world.organiser, 0, at)
        assert actor is not None
        data = write_report()
        steps: dict[str, float] = {}
        started, burnt = time.perf_counter(), time.process_time()

        def note(name: str) -> None:
            steps[name] = time.perf_counter() - started - sum(steps.values())

        report = read_for_session(data, Reading(), START, END)
        note("read")
        with unit_of_work():
            kept = keep_report(actor, key, SentReport("r.csv", data, "Asia/Tokyo"), at=at)
        preview = preview_report(key, edition_id, report)
        note("shown")
        with unit_of_work():
            applied = apply_report(actor, key, kept.id, report, at=at)
        note("applied")
        listed = list_candidates(key, edition_id, START.date())
        waiting = list_reported(key, edition_id, MatchState.WAITING, 1, WAITING_PAGE)
        suggested = [suggest_people(one.name, listed) for one in waiting]
        note("who is who")
        taken, cpu = time.perf_counter() - started, time.process_time() - burnt
        assert preview.new_rows == applied.new_rows == ROWS
        assert all(suggested)
        db.session.remove()
        db.engine.dispose()
    return {
        "rows": ROWS,
        "s": round(taken, 2),
        "cpu_s": round(cpu, 2),
        "matched": applied.matched,
        "unmatched": applied.waiting,
        **{f"{name.replace(' ', '_')}_s": round(one, 2) for name, one in steps.items()},
    }


def main() -> None:
    """Measure on every engine that can be had; print a table, then JSON."""
    engines: dict[str, dict[str, Any]] = {}
    for name, lend in ENGINES.items():
        with lend() as url, scratch() as folder:
            if url is not None:
                engines[name] = measure(url, folder)
    for name, found in engines.items():
        print(name)
        for figure, value in found.items():
            print(f"  {figure:14} {value}")
    worst = max(engines.values(), key=lambda found: float(found["s"]))
    print(json.dumps({key: worst[key] for key in ("rows", "s", "matched", "unmatched")}
                     | {"engines": engines}))  # fmt: skip


if __name__ == "__main__":
    main()
