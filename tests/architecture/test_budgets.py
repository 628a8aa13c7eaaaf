"""No page asks the database more often than its budget, and never more for more rows.

Counted are the statements sent to the database but BEGIN, COMMIT, ROLLBACK and PRAGMA. What a
process reads once in five seconds for everybody (the site's settings, the tree of organisations)
is known already, as in all but the first request of those five seconds; that one may send two more.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import close_all_sessions

from bench.world import World, cookie_of, counted, fill
from lms.infra.db import Model, db, unit_of_work
from lms.infra.mail.models import OutboxMail
from lms.infra.site import settings
from lms.infra.site.settings import forget_site
from lms.kernel.ids import new_id
from lms.pages.queries import glossary
from lms.pages.queries.glossary import forget_glossary
from lms.recordings.models import Caption, Chapter, Recording, Rendition
from lms.rights.models import (
    Agreement,
    ConsentItem,
    ConsentRequest,
    Rightsholder,
    Segment,
    ShelfHolder,
    ShelfItem,
)
from lms.rights.operations import rewrite_facts
from lms.rights.queries import viewers
from lms.sessions.models import (
    AttendanceReport,
    LiveSession,
    ReportedPerson,
    SessionInvitation,
)
from tests.conftest import NOW

BUDGET = 8  # of every page that learners and visitors use
DESK_BUDGET = 10
WATCH_BUDGET = 9  # a page that decides about one recording and shows what is said in it
EVIDENCE_BUDGET = 14  # who was there by all evidence; whom those who wait might be
RIGHTS_BUDGET = 14  # lists of the rights desk
RIGHTS_OF_ONE = 18  # everything about the rights of one recording on one page
SHARED = 2  # read once in five seconds a process
Page = Callable[[World], tuple[str, str]]


def add_rights_work(world: World, at: datetime) -> None:
    """Give every recording a part that waits, a letter, captions, and a paper from the shelf."""
    seen = at - timedelta(days=1)
    with unit_of_work():
        for number, key in enumerate(world.recordings):
            found = db.session.get_one(Recording, key)
            holder = Rightsholder(id=new_id(), name=f"Holder {number}", created_at=seen)
            letter = ConsentRequest(
                id=new_id(), rightsholder_id=holder.id, number=str(number), created_at=seen,
                token_sha256=f"{number:064}", expires_at=at + timedelta(days=30),
            )  # fmt: skip
            asked = Agreement(
                id=new_id(), recording_id=key, lineage=new_id(), kind="music", scope="segment",
                status="requested", holder_name=holder.name, rightsholder_id=holder.id,
                created_at=seen,
            )  # fmt: skip
            shelved = Recording(
                id=new_id(), edition_id=found.edition_id, kind="paper", stage="recorded",
                title={"ja": f"棚 {number}", "en": f"Shelf {number}"}, created_at=seen,
            )  # fmt: skip
            for row in (holder, letter, asked, shelved, ShelfItem(
                recording_id=shelved.id, row=1, fingerprint=shelved.id
            )):  # fmt: skip
                db.session.add(row)
                db.session.flush()
            db.session.add_all(
                [
                    ConsentItem(request_id=letter.id, agreement_id=asked.id, proposal={}),
                    Segment(recording_id=key, a=1, b=2, kind="music", created_at=seen),
                    ShelfHolder(recording_id=shelved.id, rightsholder_id=holder.id, kind="slides"),
                ]
            )
            if found.kind == "video":
                vtt = "WEBVTT\n\n00:10.000 --> 00:11.000\nwages\n"
                db.session.add_all(
                    [
                        Caption(recording_id=key, language="ja", vtt=vtt, updated_at=seen),
                        Chapter(recording_id=key, at_ms=0, title={"en": "Beginning"}),
                        _rendition(key, at),
                    ]
                )
            db.session.flush()
            rewrite_facts(key, at)
        db.session.execute(update(Recording).values(live_session_id=None))


def add_session_work(world: World, at: datetime) -> None:
    """Give the first session reports with people who wait and a change that was told.

    And, as the last session of all, one of the first course that begins within the day.
    """
    first, then = world.sessions[0], at - timedelta(hours=2)
    with unit_of_work():
        meeting = db.session.get_one(LiveSession, first)
        told = {"kind": "moved", "was": {}, "message": {}, "at": then.isoformat()}
        meeting.notice, meeting.changed_at, meeting.sequence = told, then, 1
        starts = (at + timedelta(hours=3)).replace(second=0, microsecond=0)
        local = starts.replace(tzinfo=None) + timedelta(hours=9)
        soon = LiveSession(
            id=new_id(), edition_id=world.editions[0], title={"ja": "次", "en": "Next"},
            starts_local=local, ends_local=local + timedelta(hours=1), starts_at=starts,
            ends_at=starts + timedelta(hours=1), venue_name={}, venue_address={}, venue_access={},
            web_url="https://meet.example/soon", created_at=then,
        )  # fmt: skip
        db.session.add(soon)
        db.session.flush()
        for number, person_id in enumerate(world.people):
            db.session.add_all(
                [
                    AttendanceReport(
                        live_session_id=first, checksum=f"{number:064}", file_name="report.csv",
                        zone="Asia/Tokyo", mapping={}, uploaded_at=then, applied_at=then,
                    ),
                    ReportedPerson(
                        live_session_id=first, identity=f"{number:064}", name=f"山瀬 春夫{number}",
                        minutes=50,
                    ),
                    SessionInvitation(
                        live_session_id=first, person_id=person_id, method="REQUEST", sequence=1,
                        session_sequence=1, at=then,
                    ),
                    OutboxMail(
                        to_address=f"person{number}@demo.example", person_id=person_id,
                        template="session_changed", params={}, language="ja", state="sent",
                        dedup_key=f"session_changed:{first}:1:{person_id}", created_at=then,
                        sent_at=then,
                    ),
                ]
            )  # fmt: skip
    world.sessions.append(soon.id)


def _rendition(recording_id: str, at: datetime) -> Rendition:
    return Rendition(
        recording_id=recording_id, media_version=1, name="480p", folder="hls/x", width=854,
        height=480, bandwidth=600_000, codecs="avc1.42c01f,mp4a.40.2",
        segments=[["0.ts", 6000, 0]] * 870, ready_at=at,
    )  # fmt: skip


#: Name -> who asks ("" = nobody) and where; the budget.
PAGES: dict[str, tuple[Page, int]] = {
    "learner": (lambda w: (w.learner, "/my"), BUDGET),
    "schedule": (lambda w: (w.learner, "/my/schedule"), BUDGET),
    "record": (lambda w: (w.learner, "/my/record"), BUDGET),
    "course, enrolled": (lambda w: (w.learner, w.course_path()), BUDGET),
    "course, signed in": (lambda w: (w.other, w.course_path()), BUDGET),
    "course, anonymous": (lambda w: ("", w.course_path()), BUDGET),
    "library": (lambda w: (w.learner, "/recordings"), BUDGET),
    "library, searched": (lambda w: (w.learner, "/recordings?q=%E8%B3%83%E9%87%91"), BUDGET),
    "catalogue": (lambda w: (w.learner, "/courses"), BUDGET),
    "catalogue, anonymous": (lambda _w: ("", "/courses"), BUDGET),
    "timetable": (lambda w: (w.learner, f"{w.course_path()}/timetable"), BUDGET),
    "timetable, desk": (
        lambda w: (w.organiser, f"/desk/editions/{w.editions[0]}/timetable"),
        BUDGET,
    ),
    "lesson": (lambda w: (w.learner, f"{w.course_path()}/lessons/lesson-0-0"), BUDGET),
    "glossary": (lambda w: (w.learner, "/glossary"), BUDGET),
    "watch page": (lambda w: (w.learner, f"/recordings/{w.recordings[0]}"), WATCH_BUDGET),
    "transcript": (
        lambda w: (w.learner, f"/recordings/{w.recordings[0]}/transcript"),
        WATCH_BUDGET,
    ),
    "register": (lambda w: (w.organiser, "/desk/rights/register"), RIGHTS_BUDGET),
    "backlog": (lambda w: (w.organiser, "/desk/rights/backlog"), RIGHTS_BUDGET),
    "clearing": (lambda w: (w.organiser, "/desk/rights/clearing"), RIGHTS_BUDGET),
    "expiry": (lambda w: (w.organiser, "/desk/rights/expiry"), RIGHTS_BUDGET),
    "letters": (lambda w: (w.organiser, "/desk/rights/requests"), RIGHTS_BUDGET),
    "rightsholders": (lambda w: (w.organiser, "/desk/rights/holders"), RIGHTS_BUDGET),
    "rights of one": (
        lambda w: (w.organiser, f"/desk/recordings/{w.recordings[0]}/rights"),
        RIGHTS_OF_ONE,
    ),
    "segments of one": (
        lambda w: (w.organiser, f"/desk/recordings/{w.recordings[0]}/segments"),
        RIGHTS_OF_ONE,
    ),
    "check-in": (
        lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/check-in"),
        DESK_BUDGET,
    ),
    "live board": (lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/board"), DESK_BUDGET),
    "session": (lambda w: (w.learner, f"/live-sessions/{w.sessions[-1]}"), BUDGET),
    "connection check": (
        lambda w: (w.learner, f"/live-sessions/{w.sessions[-1]}/check"),
        BUDGET,
    ),
    "own calendar": (lambda w: (w.learner, "/account/calendar"), BUDGET),
    "change of a session": (
        lambda w: (w.organiser, f"/desk/sessions/{w.sessions[-1]}/change"),
        DESK_BUDGET,
    ),
    "who was told": (lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/told"), DESK_BUDGET),
    "attendance": (
        lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/attendance"),
        EVIDENCE_BUDGET,
    ),
    "attendance reports": (
        lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/reports"),
        DESK_BUDGET,
    ),
    "who is who": (
        lambda w: (w.organiser, f"/desk/sessions/{w.sessions[0]}/reconciliation"),
        EVIDENCE_BUDGET,
    ),
    "attendance rule": (
        lambda w: (w.organiser, f"/desk/editions/{w.editions[0]}/attendance-rule"),
        DESK_BUDGET,
    ),
    "ticket": (lambda w: (w.learner, f"/my/editions/{w.editions[0]}/ticket"), BUDGET),
    "desk": (lambda w: (w.organiser, "/desk"), DESK_BUDGET),
    "desk edition": (lambda w: (w.organiser, f"/desk/editions/{w.editions[0]}"), DESK_BUDGET),
}


def count(app: Flask, person_id: str, path: str) -> tuple[int, int]:
    """Return how many statements a request sends: usually, and when nothing is remembered."""
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": cookie_of(app, person_id)} if person_id else {}
    forget_site()
    forget_glossary()
    viewers._tree.until = 0.0
    counts = []
    for _ in range(2):
        db.session.remove()  # every request begins with nothing read, whatever is still in memory
        with counted() as sent:
            answer = client.get(path, headers=headers)
        assert answer.status_code == 200, path
        counts.append(len(sent))
        settings._cache.until = viewers._tree.until = glossary._cache.until = float("inf")
    forget_site()
    forget_glossary()
    viewers._tree.until = 0.0
    return counts[1], counts[0]


@pytest.fixture
def measured(app: Flask) -> Any:
    """Return a function that fills the empty database and counts every page once."""

    def measure(**sizes: int) -> dict[str, tuple[int, int]]:
        with time_machine.travel(NOW, tick=False):
            world = fill(NOW, **sizes)
            add_rights_work(world, NOW)
            add_session_work(world, NOW)
            db.session.remove()
            return {name: count(app, *page(world)) for name, (page, _budget) in PAGES.items()}

    return measure


def empty_database() -> None:
    """Take everything out again, between two sizes of one test."""
    close_all_sessions()
    with unit_of_work():
        for table in reversed(Model.metadata.sorted_tables):
            db.session.execute(table.delete())
    db.session.remove()


def test_no_page_exceeds_its_budget_nor_asks_more_for_more(measured: Any) -> None:
    few = measured(courses=1, parts=1, people=1)
    empty_database()
    many = measured(courses=30, parts=2, people=30)
    empty_database()
    long = measured(courses=1, parts=30, people=3)

    usual = [{name: one[0] for name, one in counts.items()} for counts in (few, many, long)]
    assert usual[0] == usual[1] == usual[2]
    beyond = [
        f"{name}: {many[name]}"
        for name, (_page, budget) in PAGES.items()
        if many[name][0] > budget or many[name][1] > budget + SHARED
    ]
    assert beyond == []


def test_a_watch_report_takes_four_queries_and_one_that_renews_eight(app: Flask) -> None:
    at = NOW
    world = fill(at, courses=2, parts=1, people=2)
    video = world.recordings[0]
    with unit_of_work():
        db.session.execute(update(Recording).values(live_session_id=None))
        db.session.add(_rendition(video, at))
    db.session.remove()
    client = app.test_client(use_cookies=False)
    with time_machine.travel(at, tick=False):  # when the cookie is signed
        headers = {"Cookie": cookie_of(app, world.learner)}

    def report(play: dict[str, Any], number: int, moment: datetime) -> tuple[dict[str, Any], int]:
        seconds = 10_000 * number
        body = {
            "sequence": number,
            "intervals": [[seconds - 10_000, seconds]],
            "position": seconds,
        }
        with time_machine.travel(moment, tick=False), counted() as sent:
            answer = client.post(play["events"], json=body, headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json(), len(sent)

    with time_machine.travel(at, tick=False):
        opened = client.post(f"/api/v1/recordings/{video}/play-sessions", json={}, headers=headers)
    assert opened.status_code == 201, opened.get_data(as_text=True)
    play = opened.get_json()

    first, queries = report(play, 1, at + timedelta(seconds=30))  # the rights were just written
    assert queries <= 8
    plain, queries = report(play, 2, at + timedelta(seconds=60))
    assert plain["lease_until"] == first["lease_until"]
    assert queries <= 4

    close = datetime.fromtimestamp(first["lease_until"] / 1000, UTC) - timedelta(seconds=5)
    renewed, queries = report(play, 3, close)
    assert renewed["lease_until"] > first["lease_until"]
    assert queries <= 8


def test_what_is_counted_is_what_is_sent(app: Flask, tmp_path: Path) -> None:
    assert tmp_path.exists()
    assert app.name
    with counted() as sent:
        db.session.execute(db.text("SELECT 1"))
        db.session.commit()
    assert sent == ["SELECT 1"]
