"""The demo: who is there, what each of them sees, and that none of it exists elsewhere."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.command import main
from lms.completion.models import Certificate, RevocationTask
from lms.config import ROOT, Settings
from lms.courses.models import Edition, Programme
from lms.enrolment.models import Enrolment
from lms.infra.db import Model, db
from lms.infra.mail.models import OutboxMail
from lms.infra.site.settings import forget_site
from lms.people.models import Person
from lms.recordings.models import MediaKind, Recording
from lms.sessions.models import LiveSession
from lms.whole.content.slides import Slide
from lms.whole.demo import lectures
from lms.whole.demo.data import PASSWORD, Deck, read_cast, read_deck, read_stories
from lms.whole.demo.recordings import find_one
from lms.whole.demo.seed import NoDemoError, Place, refresh_demo, seed_demo
from lms.worker import run_worker
from tests.conftest import Database

START = datetime(2026, 10, 12, 1, 7, tzinfo=UTC)  # a Monday, 10:07 in Japan

pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one lecture, short; the demo's own take seconds each to make and to process."""
    deck = read_deck(ROOT / "content", "how-wages-are-set")
    short = Deck(deck.slug, deck.title, {tag: slides[:2] for tag, slides in deck.slides.items()})
    target = tmp_path_factory.mktemp("lecture") / "short.mp4"
    lectures.make_film(short, target)
    return target


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo is kept once it was brought up, for the tests after the first."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def short_lectures(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the short lecture in the place of the demo's own, for its captions too."""

    def short_film(_deck: Deck, target: Path, _language: str = "ja") -> None:
        target.write_bytes(film.read_bytes())

    monkeypatch.setattr("lms.whole.demo.recordings.make_film", short_film)
    monkeypatch.setattr("lms.whole.demo.recordings.make_captions", _short_captions)


@dataclass
class Demo:
    """The demo as it stands after `make demo`, and a way in as each of the cast."""

    app: Flask
    place: Place

    def sign_in(self, who: str, language: str = "ja") -> FlaskClient:
        client = self.app.test_client()
        client.post("/language", data={"language": language})
        assert client.post(f"/demo/sign-in/{who}").status_code == 303
        return client


@pytest.fixture
def demo(
    app: Flask,
    database: Database,
    demo_settings: Settings,
    shelf: Path,
    short_lectures: None,  # noqa: ARG001 - films are made as the demo comes up
) -> Iterator[Demo]:
    """Bring the demo up as `make demo` does, with a shorter film; once, then from a copy."""
    before = app.extensions["settings"]
    app.extensions["settings"] = demo_settings
    mark = demo_settings.var_dir / "demo.json"
    place = Place(demo_settings, app.extensions["storage"])
    file = Path(database.url.removeprefix("sqlite:///"))
    folders = [demo_settings.media_dir, demo_settings.var_dir / "mail"]
    with time_machine.travel(START, tick=False):
        if (shelf / "demo.json").exists():
            db.session.remove()
            db.engine.dispose()
            _copy_database(shelf / "demo.db", file)
            for folder in folders:
                shutil.copytree(shelf / folder.name, folder, dirs_exist_ok=True)
            shutil.copy(shelf / "demo.json", mark)
            forget_site()
        else:
            mark.unlink(missing_ok=True)
            seed_demo(place, START, lambda _text: None)
            _work(app)
            assert refresh_demo(place, START)
            _work(app)
            db.session.remove()
            _copy_database(file, shelf / "demo.db")
            for folder in folders:
                shutil.copytree(folder, shelf / folder.name)
            shutil.copy(mark, shelf / "demo.json")
        yield Demo(app, place)
    app.extensions["settings"] = before
    mark.unlink(missing_ok=True)


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def _short_captions(deck: Deck, language: str) -> str:
    cut = Deck(deck.slug, deck.title, {tag: slides[:2] for tag, slides in deck.slides.items()})
    return lectures.make_captions(cut, language)


def _work(app: Flask) -> None:
    db.session.remove()
    run_worker(app, once=True)


def _counts() -> dict[str, int]:
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Model.metadata.sorted_tables
    }


def _recording(kind: MediaKind, part: str) -> Recording:
    found = find_one(kind, part)
    assert found is not None
    return found


def _person(login: str) -> Person:
    return db.session.scalars(select(Person).where(Person.login_id == login)).one()


def _edition(programme: str, slug: str) -> Edition:
    return db.session.scalars(
        select(Edition).join(Programme).where(Programme.slug == programme, Edition.slug == slug)
    ).one()


def _soon(at: datetime) -> list[LiveSession]:
    """Return the sessions that have not ended and begin within the hour."""
    return list(
        db.session.scalars(
            select(LiveSession)
            .where(LiveSession.ends_at > at, LiveSession.starts_at < at + timedelta(hours=1))
            .order_by(LiveSession.starts_at)
        )
    )


# What each of them sees


def test_the_sign_in_page_offers_each_of_the_cast_and_three_stories(demo: Demo) -> None:
    client = demo.app.test_client()
    page = client.get("/sign-in").text
    for who in ("trainee", "overseas", "coordinator", "organiser", "speaker", "auditor"):
        assert f'data-testid="demo-sign-in-{who}"' in page
        assert f"{who}@demo.example" in page
    assert sorted(re.findall(r'data-testid="demo-start-(\w+)"', page)) == [
        "organiser", "overseas", "trainee",
    ]  # fmt: skip
    assert PASSWORD in page
    form = {"identifier": "trainee@demo.example", "password": PASSWORD}
    assert demo.app.test_client().post("/sign-in", data=form).headers["Location"] == "/signed-in"


def test_the_trainee_joins_the_running_session_and_sees_the_next(demo: Demo) -> None:
    running, soon = _soon(START)
    assert running.starts_at < START < running.ends_at
    assert timedelta(minutes=5) <= soon.starts_at - timedelta(minutes=15) - START
    assert soon.starts_at - timedelta(minutes=15) - START <= timedelta(minutes=10)
    trainee = demo.sign_in("trainee")
    page = trainee.get("/my").text
    assert f"/live-sessions/{running.id}/join" in page
    assert (
        trainee.post(f"/live-sessions/{running.id}/join")
        .headers["Location"]
        .startswith("https://meeting.demo.example/")
    )
    with time_machine.travel(START + timedelta(minutes=10), tick=False):
        answer = trainee.post(f"/live-sessions/{soon.id}/join")
        assert answer.headers["Location"].startswith("https://meeting.demo.example/")


def test_the_trainee_resumes_what_was_half_watched(demo: Demo) -> None:
    half = _recording(MediaKind.VIDEO, "part-2")
    trainee = demo.sign_in("trainee", "en")
    assert f"/recordings/{half.id}" in trainee.get("/my").text
    started = trainee.post(f"/api/v1/recordings/{half.id}/play-sessions", json={}).get_json()
    assert (started["resume_ms"], started["duration_ms"]) == (9_000, 18_000)
    playlist = trainee.get(started["playlist"])
    assert playlist.status_code == 200
    assert playlist.text.startswith("#EXTM3U")


def test_what_was_taken_back_is_refused_without_a_reason(demo: Demo) -> None:
    withdrawn = _recording(MediaKind.VIDEO, "part-3")
    trainee = demo.sign_in("trainee", "en")
    started = trainee.post(f"/api/v1/recordings/{withdrawn.id}/play-sessions", json={})
    assert started.status_code == 403
    page = trainee.get(f"/recordings/{withdrawn.id}").text
    assert "not available" in page
    assert read_stories()["withdrawal_reason"] not in page
    assert "withdrawn" not in page
    desk = demo.sign_in("organiser", "en").get(f"/desk/recordings/{withdrawn.id}/rights").text
    assert "Taken back" in desk  # who looks after it knows


def test_what_expires_can_be_watched_for_three_days_more(demo: Demo) -> None:
    expiring = _recording(MediaKind.VIDEO, "part-1")
    trainee = demo.sign_in("trainee", "en")
    address = f"/api/v1/recordings/{expiring.id}/play-sessions"
    assert trainee.post(address, json={}).status_code == 201
    with time_machine.travel(datetime(2026, 10, 15, 14, 59, tzinfo=UTC), tick=False):
        assert trainee.post(address, json={}).status_code == 201
    with time_machine.travel(datetime(2026, 10, 15, 15, 0, tzinfo=UTC), tick=False):
        assert trainee.post(address, json={}).status_code == 403


def test_a_certificate_can_be_verified_and_fetched(demo: Demo) -> None:
    certificate = db.session.scalars(
        select(Certificate).where(Certificate.person_id == _person("trainee").id)
    ).one()
    page = demo.app.test_client().get(f"/verify/{certificate.code}")
    assert page.status_code == 200
    assert certificate.number in page.text
    pdf = demo.sign_in("trainee").get(f"/my/certificates/{certificate.id}.pdf")
    assert pdf.data.startswith(b"%PDF-")


@pytest.mark.usefixtures("demo")
def test_certificates_are_numbered_in_the_order_in_which_they_were_earned() -> None:
    rows = db.session.scalars(select(Certificate).order_by(Certificate.number)).all()
    assert [row.issued_on for row in rows] == sorted(row.issued_on for row in rows)
    # Three sessions of one series make a completion, at the third and not before.
    assert rows[-1].issued_on > rows[0].issued_on


def test_the_organiser_has_people_a_draft_and_a_question_to_decide_on(demo: Demo) -> None:
    organiser = demo.sign_in("organiser", "en")
    edition = _edition("international-training", "delegation")
    states = db.session.execute(
        select(Enrolment.state, func.count())
        .where(Enrolment.edition_id == edition.id)
        .group_by(Enrolment.state)
    ).all()
    found = sorted((state, number) for state, number in states)
    assert found == [("applied", 3), ("enrolled", 12), ("waitlisted", 2)]
    desk = organiser.get("/desk").text
    assert f"/desk/editions/{edition.id}/applications" in desk
    handout = _recording(MediaKind.PAPER, "part-1")
    assert f"/desk/recordings/{handout.id}/rights" in desk
    draft = db.session.scalars(select(Edition).where(Edition.state == "draft")).one()
    assert (draft.starts_on, f"/desk/editions/{draft.id}" in desk) == (None, True)
    task = db.session.scalars(select(RevocationTask)).one()
    assert task.closed_at is None
    assert task.id in organiser.get("/desk/completion/questions").text


def test_study_meetings_are_asked_for_and_talked_about(demo: Demo) -> None:
    asked = demo.sign_in("coordinator", "ja").get("/desk/meeting-requests").text
    assert 'data-testid="requests-table"' in asked
    assert "物価と賃金" not in asked  # another union's
    office = demo.sign_in("organiser", "ja").get("/desk/meeting-requests").text
    assert "物価と賃金" in office


def test_the_handout_is_published_no_further_than_its_author_agreed(demo: Demo) -> None:
    handout = _recording(MediaKind.PAPER, "part-1")
    organiser, overseas = demo.sign_in("organiser", "en"), demo.sign_in("overseas")
    address = f"/recordings/{handout.id}"
    assert organiser.get(f"/desk{address}/rights").status_code == 200
    form = {"publish-actions": "display", "publish-reach": "outside", "publish-enrolled_only": "y"}
    assert organiser.post(f"/desk{address}/rights/publish", data=form).status_code == 303
    assert demo.sign_in("trainee").get(f"{address}/pages/1.png").status_code == 200
    assert overseas.get(f"{address}/pages/1.png").status_code == 403


def test_the_speaker_sees_what_is_asked_and_the_author_of_nothing_else_does(demo: Demo) -> None:
    page = demo.sign_in("speaker").get("/my/consents").text
    title = _recording(MediaKind.PAPER, "part-3").title["ja"]
    assert title in page
    assert title not in demo.sign_in("trainee").get("/my/consents").text


def test_overseas_reads_english_and_both_zones(demo: Demo) -> None:
    overseas = demo.sign_in("overseas", "ja")  # a choice made before must not hide their language
    page = overseas.get("/my").text
    assert '<html lang="en"' in page
    part = _edition("international-labour-lectures", "first")
    assert "Kuala Lumpur time" in page
    table = db.session.scalars(
        select(LiveSession)
        .where(LiveSession.edition_id == part.id)
        .order_by(LiveSession.starts_at.desc())
    ).first()
    assert table is not None
    session_page = overseas.get(f"/live-sessions/{table.id}").text
    assert "16:00" in session_page
    assert "15:00" in session_page


def test_the_mailbox_holds_what_was_told_with_calendar_parts(demo: Demo) -> None:
    page = demo.app.test_client().get("/demo/mailbox?q=overseas").text
    names = re.findall(r"/demo/mailbox/(\w+)", page)
    assert names
    mails = [demo.app.test_client().get(f"/demo/mailbox/{name}").text for name in names]
    assert any("VEVENT" in mail for mail in mails)


def test_the_coordinator_sees_their_own_members_only(demo: Demo) -> None:
    coordinator = demo.sign_in("coordinator")
    own, foreign = _person("aed-101"), _person("mkr-101")
    assert coordinator.get(f"/desk/people/{own.id}").status_code == 200
    assert coordinator.get(f"/desk/people/{foreign.id}").status_code == 404


# Again and later


def test_a_second_start_changes_nothing(demo: Demo) -> None:
    before = _counts()
    mark = demo.place.settings.var_dir / "demo.json"
    seed_demo(demo.place, START, pytest.fail)  # nothing has changed: nothing to do
    mark.unlink()
    seed_demo(demo.place, START, lambda _text: None)
    assert refresh_demo(demo.place, START)
    assert _counts() == before
    assert json.loads(mark.read_text())["content"]


def test_days_later_the_stories_are_true_again(demo: Demo) -> None:
    told = db.session.scalar(select(func.count()).select_from(OutboxMail))
    later = START + timedelta(days=5, hours=3, minutes=2)
    with time_machine.travel(later, tick=False):
        assert refresh_demo(demo.place, later)
        running, soon = _soon(later)
        assert running.starts_at < later < running.ends_at
        assert timedelta(minutes=12) <= soon.starts_at - later <= timedelta(minutes=25)
        trainee = demo.sign_in("trainee", "en")
        assert trainee.post(f"/live-sessions/{running.id}/join").status_code == 303
        expiring = _recording(MediaKind.VIDEO, "part-1")
        address = f"/api/v1/recordings/{expiring.id}/play-sessions"
        assert trainee.post(address, json={}).status_code == 201
        withdrawn = _recording(MediaKind.VIDEO, "part-3")
        refused = trainee.post(f"/api/v1/recordings/{withdrawn.id}/play-sessions", json={})
        assert refused.status_code == 403
        after = _counts()
        assert refresh_demo(demo.place, later)
        assert _counts() == after
        _work(demo.app)
        now_told = db.session.scalar(select(func.count()).select_from(OutboxMail))
        assert told is not None
        assert now_told is not None
        assert now_told > told  # who is enrolled hears of the new time


def test_what_the_rights_desk_did_since_is_left_alone(demo: Demo) -> None:
    expiring = _recording(MediaKind.VIDEO, "part-1")
    organiser = demo.sign_in("organiser", "en")
    ended = organiser.post(f"/desk/recordings/{expiring.id}/rights/end-publication")
    assert ended.status_code == 303
    later = START + timedelta(days=1)
    with time_machine.travel(later, tick=False):
        assert refresh_demo(demo.place, later)
        db.session.expire_all()
        assert _recording(MediaKind.VIDEO, "part-1").stage == "review"


# Outside the demo


def test_outside_the_demo_there_is_none_of_it(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/demo")]
    assert {rule.endpoint for rule in rules} >= {"demo.sign_in_as", "notifications.mailbox"}
    client = app.test_client()
    for rule in rules:
        path = re.sub(r"<[^>]+>", "trainee", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            assert client.open(path, method=method).status_code == 404, (method, path)
    page = client.get("/sign-in").text
    assert "demo" not in page


@pytest.mark.usefixtures("cast")
def test_outside_the_demo_nobody_gets_in_by_a_click(client: FlaskClient) -> None:
    assert client.post("/demo/sign-in/trainee").status_code == 404
    assert client.get("/my").status_code == 303


def test_outside_the_demo_the_cast_does_not_come(app: Flask, settings: Settings) -> None:
    place = Place(settings, app.extensions["storage"])
    with pytest.raises(NoDemoError):
        seed_demo(place, START, pytest.fail)
    with pytest.raises(NoDemoError):
        refresh_demo(place, START)
    assert db.session.scalar(select(func.count()).select_from(Person)) == 0


@pytest.mark.parametrize("command", ["seed", "refresh"])
def test_outside_the_demo_the_commands_refuse(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOMONI_VAR", str(tmp_path))
    monkeypatch.delenv("TOMONI_DEMO", raising=False)
    done = CliRunner().invoke(main, ["demo", command])
    assert done.exit_code == 1
    assert "This is no demo" in done.output


@pytest.mark.usefixtures("cast")
def test_only_the_cast_can_be_clicked(
    app: Flask, client: FlaskClient, demo_settings: Settings, settings: Settings
) -> None:
    app.extensions["settings"] = demo_settings
    try:
        assert client.post("/demo/sign-in/stranger").status_code == 404
        assert client.get("/demo/sign-in/trainee").status_code == 405
        assert client.post("/demo/sign-in/trainee").status_code == 303
        assert client.get("/my").status_code == 200
    finally:
        app.extensions["settings"] = settings


# The lectures


def test_captions_say_every_line_within_its_slide(
    make_deck: Callable[[], Deck],
) -> None:
    text = lectures.make_captions(make_deck(), "en")
    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:04.460\nFirst &lt;b&gt;\n\n"
        "00:00:04.500 --> 00:00:08.960\nOne\n\n"
        "00:00:09.000 --> 00:00:17.960\nSecond\n"
    )


@pytest.fixture
def make_deck() -> Callable[[], Deck]:
    return lambda: Deck(
        "x", {"en": "Deck"}, {"en": (Slide("First <b>", ("One",)), Slide("Second"))}
    )


def test_every_name_of_the_cast_is_said_once() -> None:
    logins = [person.login for person in read_cast().people]
    assert len(logins) == len(set(logins))
    assert {org.code for org in read_cast().organisations} >= {
        person.org for person in read_cast().people if person.org
    }
