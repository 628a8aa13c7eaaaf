"""Viewers under measurement: people, a recording to watch, and players that speak HTTP.

The players do what the page's player does: open a play session, read the playlists, fetch keys,
report what was played. Segments are not fetched: a store or nginx sends those.
"""

import http.client
import json
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from bench.world import make_settings, signed_in
from lms.app import create_app
from lms.infra.db import db, unit_of_work
from lms.kernel.ids import new_id
from lms.people.models import Membership, Organisation, OrganisationName, Person
from lms.recordings.models import Recording, Rendition
from lms.recordings.rules import number_keys
from lms.rights.models import Agreement, AgreementTerm, Publication
from lms.rights.operations import rewrite_facts

SEGMENT_MS = 6_000
KEY_URI = re.compile(r'^#EXT-X-KEY:.*URI="([^"]+)"')


@dataclass
class Audience:
    """What was filled in: ids, and what a browser of each viewer sends to be known."""

    recording_id: str
    agreement_id: str
    people: list[str]
    cookies: list[str] = field(default_factory=list)
    csrf: str = ""


def fill_audience(
    url: str, var_dir: Path, viewers: int, at: datetime, *, minutes: int = 87
) -> Audience:
    """Make the tables, `viewers` members of one union and a published recording of `minutes`.

    A speaker's agreement allows members of affiliated unions to play it, with a watermark.
    """
    app = create_app(make_settings(url, var_dir))
    with app.app_context():
        db.create_all()
        with unit_of_work():
            people = _add_people(viewers, at)
            recording_id, agreement_id = _add_recording(minutes, at)
            rewrite_facts(recording_id, at)
        db.session.remove()
        db.engine.dispose()
    found = Audience(recording_id, agreement_id, people)
    found.cookies, found.csrf = signed_in(app, people)
    return found


def _add_people(viewers: int, at: datetime) -> list[str]:
    union = Organisation(id=new_id(), code="A1", level="affiliate", country="JP")
    db.session.add(union)
    db.session.flush()
    db.session.add(
        OrganisationName(
            organisation_id=union.id, name={"ja": "青空第一労働組合", "en": "Aozora Union One"}
        )
    )
    rows = [
        Person(
            id=new_id(), login_id=f"viewer{n}", address=f"viewer{n}@demo.example",
            address_confirmed_at=at, family_name="山瀬", given_name=f"春夫{n}",
            family_kana="ヤマセ", given_kana="ハルオ", country="JP", created_at=at,
        )
        for n in range(viewers)
    ]  # fmt: skip
    db.session.add_all(rows)
    db.session.flush()
    db.session.add_all([Membership(person_id=one.id, organisation_id=union.id) for one in rows])
    db.session.flush()
    return [one.id for one in rows]


def _add_recording(minutes: int, at: datetime) -> tuple[str, str]:
    from lms.courses.models import Edition, Programme  # noqa: PLC0415 - beside its use

    programme = Programme(
        id=new_id(), slug="bench", kind="series", title={"ja": "講座", "en": "Course"},
        summary={}, purpose={}, audience={}, reach="affiliate", languages=["ja"], keywords={},
        created_at=at,
    )  # fmt: skip
    db.session.add(programme)
    db.session.flush()
    edition = Edition(
        id=new_id(), programme_id=programme.id, slug="first", title={"ja": "第1期", "en": "First"},
        mode="web", languages=["ja"], starts_on=at.date(), ends_on=at.date(), capacity=None,
        approval="first_come", state="published", published_at=at, created_at=at,
    )  # fmt: skip
    db.session.add(edition)
    db.session.flush()
    count = minutes * 60_000 // SEGMENT_MS
    recording = Recording(
        id=new_id(), edition_id=edition.id, kind="video", stage="published",
        title={"ja": "賃金はどう決まるか", "en": "How wages are set"}, source_key="x",
        duration_ms=count * SEGMENT_MS, created_at=at, published_at=at,
    )  # fmt: skip
    db.session.add(recording)
    db.session.flush()
    db.session.add(
        Rendition(
            recording_id=recording.id, media_version=1, name="720p", folder="bench", width=1280,
            height=720, bandwidth=1_500_000, codecs="avc1.4d401f,mp4a.40.2", ready_at=at,
            segments=[[f"{n:05}.ts", SEGMENT_MS, key] for n, key in enumerate(number_keys(count))],
        )
    )  # fmt: skip
    conditions = {"actions": ["play"], "audience": {"reach": "affiliate"}}
    agreement = Agreement(
        id=new_id(), recording_id=recording.id, lineage=new_id(), kind="speaker",
        status="signed", holder_name="白浜 汐里", signed_at=at - timedelta(days=9),
        recording_consent_at=at - timedelta(days=9), created_at=at,
    )  # fmt: skip
    db.session.add(agreement)
    db.session.flush()
    db.session.add_all(
        [
            AgreementTerm(
                agreement_id=agreement.id, kind="grant",
                conditions={**conditions, "obligations": ["watermark"]},
                until_at=at + timedelta(days=300),
            ),
            Publication(
                recording_id=recording.id, conditions=conditions,
                until_at=at + timedelta(days=90), created_at=at,
            ),
        ]
    )  # fmt: skip
    db.session.flush()
    return recording.id, agreement.id


class Line:
    """A kept connection to the server; one at a time uses it."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Send and return status and body; a connection that was closed is opened once more."""
        for attempt in (0, 1):
            try:
                self._connection.request(method, path, body=body, headers=headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (http.client.RemoteDisconnected, ConnectionError):
                self._connection.close()
                if attempt:
                    raise
        raise AssertionError("unreachable")


_lines = threading.local()


def line_to(port: int) -> Line:
    """Return this thread's connection."""
    if getattr(_lines, "port", None) != port:
        _lines.port, _lines.line = port, Line(port)
    line: Line = _lines.line
    return line


@dataclass
class Player:
    """One viewer's player: what it was told at the start, and what it has reported."""

    port: int
    audience: Audience
    place: int
    play_id: str = ""
    events: str = ""
    keys: list[str] = field(default_factory=list)
    sequence: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """What this viewer's browser sends with every request."""
        return {"Cookie": self.audience.cookies[self.place], "X-CSRFToken": self.audience.csrf}

    def get(self, path: str) -> tuple[int, bytes]:
        """Fetch an address as this viewer."""
        return line_to(self.port).ask("GET", path, self.headers)

    def post(self, path: str, value: object) -> tuple[int, dict[str, Any]]:
        """Send JSON as this viewer."""
        headers = {**self.headers, "Content-Type": "application/json"}
        status, body = line_to(self.port).ask("POST", path, headers, json.dumps(value).encode())
        return status, json.loads(body) if body else {}

    def start(self) -> None:
        """Open a play session and read the playlists. Raises AssertionError when refused."""
        address = f"/api/v1/recordings/{self.audience.recording_id}/play-sessions"
        status, told = self.post(address, {"country": "JP"})
        assert status == 201, (status, told)
        self.play_id, self.events = told["play_session"], told["events"]
        address = told["playlist"]
        text = self._playlist(address)
        if "#EXT-X-STREAM-INF" in text:
            lines = text.splitlines()
            first = next(n for n, line in enumerate(lines) if line.startswith("#EXT-X-STREAM-INF"))
            address = urljoin(address, lines[first + 1])
            text = self._playlist(address)
        found = [urljoin(address, m[1]) for line in text.splitlines() if (m := KEY_URI.match(line))]
        self.keys = list(dict.fromkeys(found))

    def _playlist(self, address: str) -> str:
        status, body = self.get(address)
        assert status == 200, (status, body[:200])
        return body.decode()

    def report(
        self, intervals: Sequence[tuple[int, int]], position: int
    ) -> tuple[int, dict[str, Any]]:
        """Report what was played; each report has the next number."""
        self.sequence += 1
        return self.post(
            self.events,
            {
                "sequence": self.sequence,
                "intervals": [list(pair) for pair in intervals],
                "position": position,
                "age": 0,
            },
        )
