"""Brings the demo up, step by step. Every step may be run again and does nothing twice."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from lms.config import ROOT, Settings
from lms.infra.db import unit_of_work
from lms.infra.storage import Storage
from lms.people.operations import hash_password
from lms.whole.content.check import check_content
from lms.whole.content.load import load_content
from lms.whole.demo import courses, enrolling, people, recordings, requests, rights
from lms.whole.demo.data import HERE, PASSWORD, hash_files, read_cast

CONTENT: Final = ROOT / "content"
_MARK: Final = "demo.json"

Tell = Callable[[str], None]


class NoDemoError(Exception):
    """The demo's people, whose password everybody knows, must not come into a real site."""


class FaultyContentError(Exception):
    """The content folder has faults; the text names file and line of each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the demo is brought up: settings, store and the folder of content."""

    settings: Settings
    storage: Storage
    content: Path = CONTENT


def seed_demo(place: Place, at: datetime, tell: Tell) -> None:
    """Load the content, bring in the cast and begin the stories; films wait for the worker.

    Nothing is done when nothing has changed since the last time. Raises NoDemoError outside
    demo mode, FaultyContentError.
    """
    if not place.settings.demo:
        raise NoDemoError
    mark = place.settings.var_dir / _MARK
    wanted = {"content": hash_files([place.content, HERE])}
    if mark.is_file() and json.loads(mark.read_text(encoding="utf-8")) == wanted:
        return
    tell("Loading the courses ...")
    _load(place.content, at)
    tell(f"Bringing in {len(read_cast().people)} people ...")
    _seed_people(place.settings, at)
    tell("Beginning the stories ...")
    with unit_of_work():
        courses.seed_editions(at)
    # Films first: the worker processes one while the next is made, before it writes letters.
    recordings.seed_recordings(
        place.content,
        place.settings.var_dir / "work" / "lectures",
        place.storage,
        at,
        lambda title: tell(f"Making a lecture from our own slides: {title}"),
    )
    tell("Letting people apply, take part and ask ...")
    _seed_stories(at)
    mark.write_text(json.dumps(wanted), encoding="utf-8")


def _load(content: Path, at: datetime) -> None:
    checked = check_content(content)
    if checked.faults:
        raise FaultyContentError("\n".join(str(fault) for fault in checked.faults))
    with unit_of_work():
        load_content(checked.programmes, checked.terms, at=at)


def _seed_people(settings: Settings, at: datetime) -> None:
    # Hashed once for all of them, and outside the transaction: it is made to take its time.
    password_hash = hash_password(PASSWORD, settings.password_cost)
    with unit_of_work():
        people.seed_site(at)
        people.seed_people(password_hash, at)


def _seed_stories(at: datetime) -> None:
    with unit_of_work():
        edition_id = courses.seed_past(at)
    # The meeting of a drafted edition is made when its transaction ends.
    for later in (courses.open_past, enrolling.seed_completions, enrolling.seed_question):
        with unit_of_work():
            later(edition_id, at)
    for step in (
        enrolling.seed_enrolments, courses.seed_groups, courses.seed_draft,
        requests.seed_requests, rights.seed_rights,
    ):  # fmt: skip
        with unit_of_work():
            step(at)
    held = enrolling.held_sessions(at)
    for session_id, logins in held:
        with unit_of_work():
            enrolling.seed_attendance(session_id, logins)
    # The list of the last one is left open: closing it waits for the organiser.
    for session_id, _logins in held[:-1]:
        with unit_of_work():
            enrolling.seed_absences(session_id, at)


def refresh_demo(place: Place, at: datetime) -> bool:
    """Publish what the worker has processed and bring the days up to now; tell if all is done.

    Raises NoDemoError outside demo mode.
    """
    if not place.settings.demo:
        raise NoDemoError
    done = recordings.finish_recordings(place.content, at)
    with unit_of_work():
        courses.move_editions(at)
    with unit_of_work():
        recordings.renew_dates(at)
    return done
