"""The demo as it stands after its first start, on a database of its own, for tests that look."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext
from sqlalchemy import select
from werkzeug.serving import make_server

from lms.app import create_app
from lms.completion.models import Certificate
from lms.config import ROOT, Settings
from lms.courses.models import Edition, Lesson, Part, Programme
from lms.enrolment.models import Enrolment
from lms.infra.db import db
from lms.infra.site.settings import forget_site
from lms.kernel import clock
from lms.people.models import Organisation, Person
from lms.recordings.models import MediaKind
from lms.sessions.models import LiveSession
from lms.whole.demo import lectures
from lms.whole.demo.data import Deck, read_deck
from lms.whole.demo.recordings import find_one
from lms.whole.demo.seed import Place, refresh_demo, seed_demo
from lms.worker import run_worker


@dataclass(frozen=True)
class Demo:
    """The demo's application, its address, and the addresses of its pages by name."""

    app: Flask
    address: str
    paths: dict[str, str]

    def sign_in(self, context: BrowserContext, who: str, language: str) -> None:
        """Sign a browser in as one of the cast, by the session that a sign-in leaves."""
        with self.app.app_context():
            person = db.session.scalars(select(Person).where(Person.login_id == who)).one()
            known = person.id, person.session_epoch
            db.session.remove()
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["person"], session["epoch"] = known
            session["language"] = language
        cookie = client.get_cookie("tomoni")
        assert cookie is not None
        context.add_cookies([{"name": "tomoni", "value": cookie.value, "url": self.address}])


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application from a thread; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    vars(server)["daemon_threads"] = False  # what is still answered ends before the database goes
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def bring_up(folder: Path) -> Flask:
    """Bring the demo up as `make demo` does, with one short lecture for all of them."""
    settings = Settings(
        database_url=f"sqlite:///{folder / 'demo.db'}",
        secret_key="d" * 64,
        var_dir=folder,
        demo=True,
        testing=True,
        mail_folder=folder / "mail",
        password_cost=(1, 1024),
        media_master_key=b"m" * 32,
    )
    film = folder / "short.mp4"
    deck = read_deck(ROOT / "content", "how-wages-are-set")
    lectures.make_film(_cut(deck), film)
    forget_site()
    app = create_app(settings)
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        patch.setattr(
            "lms.whole.demo.recordings.make_film",
            lambda _deck, target, _language: target.write_bytes(film.read_bytes()),
        )
        patch.setattr(
            "lms.whole.demo.recordings.make_captions",
            lambda deck, language: lectures.make_captions(_cut(deck), language),
        )
        db.create_all()
        place, at = Place(settings, app.extensions["storage"]), clock.now()
        seed_demo(place, at, lambda _text: None)
        db.session.remove()
        run_worker(app, once=True)
        assert refresh_demo(place, at)
        db.session.remove()
        run_worker(app, once=True)
        db.session.remove()
    return app


def _cut(deck: Deck) -> Deck:
    return Deck(deck.slug, deck.title, {tag: slides[:1] for tag, slides in deck.slides.items()})


def find_paths(app: Flask) -> dict[str, str]:
    """Return the addresses of pages that hold something, by name; every feature has some."""
    with app.app_context():
        programme = db.session.scalars(
            select(Programme).where(Programme.slug == "labour-economics")
        ).one()
        edition = db.session.scalars(
            select(Edition).where(Edition.programme_id == programme.id, Edition.slug == "first")
        ).one()
        draft = db.session.scalars(
            select(Edition).where(Edition.programme_id == programme.id, Edition.state == "draft")
        ).first()
        part = db.session.scalars(
            select(Part).where(Part.edition_id == edition.id).order_by(Part.position)
        ).first()
        assert draft is not None
        assert part is not None
        lesson = db.session.scalars(select(Lesson).where(Lesson.part_id == part.id)).first()
        session = db.session.scalars(
            select(LiveSession)
            .where(LiveSession.ends_at > clock.now(), LiveSession.edition_id == edition.id)
            .order_by(LiveSession.starts_at)
        ).first()
        held = db.session.scalars(
            select(LiveSession)
            .where(LiveSession.ends_at < clock.now(), LiveSession.edition_id == edition.id)
            .order_by(LiveSession.starts_at)
        ).first()
        applied = db.session.scalars(select(Enrolment).where(Enrolment.state == "applied")).first()
        trainee = db.session.scalars(select(Person).where(Person.login_id == "trainee")).one()
        certificate = db.session.scalars(
            select(Certificate).where(Certificate.person_id == trainee.id)
        ).first()
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.code == "AED-1")
        ).one()
        films = {n: find_one(MediaKind.VIDEO, f"part-{n}") for n in (1, 2, 3)}
        papers = {n: find_one(MediaKind.PAPER, f"part-{n}") for n in (1, 2, 3)}
        assert lesson is not None
        assert session is not None
        assert held is not None
        assert applied is not None
        assert certificate is not None
        course = f"/courses/labour-economics/{edition.slug}"
        desk = f"/desk/editions/{edition.id}"
        paths = {
            "course": course,
            "apply": f"{course}/apply",
            "apply-open": "/courses/international-training/delegation/apply",
            "course-hybrid": "/courses/international-training/delegation",
            "lesson": f"{course}/lessons/{lesson.slug}",
            "live-session": f"/live-sessions/{session.id}",
            "verify": f"/verify/{certificate.code}",
            "desk-edition": desk,
            "desk-settings-of-edition": f"{desk}/settings",
            "desk-parts": f"{desk}/parts",
            "desk-part": f"/desk/parts/{part.id}",
            "desk-lesson": f"/desk/lessons/{lesson.id}",
            "desk-draft": f"/desk/editions/{draft.id}",
            "desk-draft-settings": f"/desk/editions/{draft.id}/settings",
            "desk-programme": f"/desk/programmes/{programme.id}",
            "desk-applications": f"/desk/editions/{applied.edition_id}/applications",
            "desk-application": f"/desk/editions/{applied.edition_id}/applications/{applied.id}",
            "desk-roster": f"{desk}/roster",
            "desk-sessions": f"{desk}/sessions",
            "desk-session-new": f"{desk}/sessions/new",
            "desk-session": f"/desk/sessions/{session.id}",
            "desk-attendance": f"/desk/sessions/{held.id}/attendance",
            "desk-sheet": f"/desk/sessions/{session.id}/sign-in-sheet",
            "desk-recordings": f"{desk}/recordings",
            "desk-upload": f"/desk/recordings/new?edition={edition.id}",
            "desk-completion": f"{desk}/completion",
            "desk-completion-people": f"{desk}/completion/people",
            "desk-person": f"/desk/people/{trainee.id}",
            "desk-person-edit": f"/desk/people/{trainee.id}/edit",
            "desk-membership": f"/desk/people/{trainee.id}/memberships/new",
            "desk-role": f"/desk/people/{trainee.id}/roles/new",
            "desk-organisation": f"/desk/organisations/{organisation.id}",
            "desk-organisation-name": f"/desk/organisations/{organisation.id}/names/new",
        }
        for number, film in films.items():
            assert film is not None
            paths[f"watch-{number}"] = f"/recordings/{film.id}"
            paths[f"desk-recording-{number}"] = f"/desk/recordings/{film.id}"
            paths[f"desk-rights-{number}"] = f"/desk/recordings/{film.id}/rights"
        for number, paper in papers.items():
            assert paper is not None
            paths[f"handout-{number}"] = f"/recordings/{paper.id}"
            paths[f"desk-rights-paper-{number}"] = f"/desk/recordings/{paper.id}/rights"
        paths["desk-agreement"] = paths["desk-rights-1"] + "/agreements/new"
        folder = app.extensions["settings"].mail_folder
        paths["mail"] = f"/demo/mailbox/{min(folder.iterdir()).stem}"
        db.session.remove()
        return paths
