"""Whatever is sent, no answer is a 5xx, and what is refused leaves the tables as they were.

The forms are found by reading the pages, so that a new form is asked without being named here.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from typing_extensions import override
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from lms.config import Settings
from tests.architecture.walking import (
    Answer,
    Writes,
    address,
    arguments,
    ask,
    browser,
    cookies_of,
    count_rows,
    methods_of,
    noting_writes,
    objects_of,
    one_request,
    place,
    standing_clock,
    taking_back,
    walked,
)
from tests.architecture.world import World, build_world
from tests.conftest import Database, emptied

WITNESSES = frozenset({"audit_entry", "sign_in_attempt", "refusal_log"})
"""Tables that may grow by what is refused."""

AT_DESK = ("admin", "organiser", "officer")
READERS = (*AT_DESK, "trainee", "speaker", "anonymous")
"""Between them they see every form; what the organiser sent in nobody else at the desk sees."""

TURNS = 5
FORM = "application/x-www-form-urlencoded"
LONG = "x" * 10_000
ONE_BY_ONE = ("\0", "9" * 20, LONG, "../..")
ODD = (
    "", "\x01\x1b\x7f\u202e\ufeff", "-1", "\uff11\uff12\uff13", "2026-02-30", "9999-12-31",
    "\u4ee4\u548c99\u5e7413\u670832\u65e5", "25:61", "../..", "\U00020bb7\U0001f600e\u0301",
    "'\";--<script>{{7*7}}%s%(x)s", "NaN", "1e400", "ja", "outside",
)  # fmt: skip
NO_IDS = ("..%2f..", "x" * 500, "%00", "%ff", "\u6f22", "'%20OR%201=1", "-1", "9" * 30, "%0d%0aX:1")
NO_JSON: tuple[bytes, ...] = (
    b"", b"{", b"[]", b"null", b'"x"', b"12", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 9_000,
    b"9" * 5_000, b"NaN", b'{"country": "\\ud800"}', b'{"country": "\\u0000"}',
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 10**30, 1.5, "x", LONG, "\0", "\ud800", [], [[]], {}, [[0, 10**30]],
    [[-5, -1]], [["a", "b"]], [[0]], [[0, 1000, 1, 1, 1]], [{"a": 1}], [[0, 1000]] * 300,
)  # fmt: skip


@dataclass
class Found:
    """A form of a page: where it goes, and its fields with the values that they show."""

    method: str
    action: str
    files: bool = False
    fields: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Found] = []
        self._select = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = values.get("action") or self.path
            self.forms.append(Found(values.get("method", "get").upper(), action))
        if not self.forms:
            return
        form, name = self.forms[-1], values.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in values:
            form.fields.append((self._select, values.get("value", "")))
        elif tag == "textarea" and name:
            form.fields.append((name, "text"))
        elif tag == "input" and name and name != "csrf_token":
            kind = values.get("type", "text")
            if kind == "file":
                form.uploads.append(name)
            elif kind not in {"checkbox", "radio"} or "checked" in values:
                form.fields.append((name, values.get("value", "")))
        elif tag == "button" and name:
            form.fields.append((name, values.get("value", "")))


@dataclass
class Site:
    """The application, its world, and how every changing route is rightly asked."""

    app: Flask
    world: World
    cookies: dict[str, str]
    connection: Connection
    writes: Writes
    rows: dict[str, int]
    forms: dict[str, tuple[str, Found]]
    searches: list[tuple[str, Found]]

    def send(self, who: str, method: str, path: str, **more: Any) -> str | None:
        """Ask; return what is wrong with the answer, or None."""
        with one_request(self.connection):
            self.writes.take()
            try:
                answer = ask(browser(self.app, self.cookies[who]), method, path, **more)
            except Exception as error:  # noqa: BLE001 - any crash is what is looked for
                return f"{type(error).__name__}: {str(error)[:200]}"
            return self._judge(answer)

    def _judge(self, answer: Answer) -> str | None:
        if answer.status >= 500:
            return f"{answer.status}"
        if "Traceback (most recent" in answer.text:
            return "a traceback is shown"
        if answer.status < 400 or not self.writes.take():
            return None
        now = count_rows(self.connection, WITNESSES)
        changed = sorted(name for name, count in now.items() if count != self.rows[name])
        return f"{answer.status}, but written to {changed}" if changed else None


@pytest.fixture(scope="module")
def site(
    session_app: Flask,
    database: Database,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    with emptied(session_app, database, settings) as app, standing_clock():
        world = build_world(tmp_path_factory.mktemp("world"))
        with taking_back() as connection, noting_writes(connection) as writes:
            rows = count_rows(connection, WITNESSES)
            found = Site(app, world, cookies_of(app, world), connection, writes, rows, {}, [])
            for who in READERS:
                _read_forms(found, who)
            yield found


def _read_forms(site: Site, who: str) -> None:
    pages = []
    if who == "admin":
        ids = site.world.objects["own"]
        pages += [
            f"/desk/recordings/{ids[thing]}{page}"
            for thing in ("paper_id", "link_id", "closed_id")
            for page in ("", "/rights", "/segments", "/channels")
        ]
        segments = f"/desk/recordings/{ids['recording_id']}/segments"
        pages.append(f"{segments}?edit={ids['segment_id']}")
    for rule in walked(site.app):
        if "GET" not in methods_of(rule) or rule.rule.startswith(("/media/", "/api/")):
            continue
        if rule.rule.startswith("/desk") and who not in AT_DESK:
            continue
        pages += [
            place(site.app, site.world, rule, which)
            for which in objects_of(rule)
            if which in {"own", "draft", "-"}
        ]
    for path in pages:
        with one_request(site.connection):
            answer = ask(browser(site.app, site.cookies[who]), "GET", path)
        if answer.status == 200 and b"<form" in answer.body:
            page = _Forms(path)
            page.feed(answer.body.decode())
            for form in page.forms:
                _keep(site, who, form)


def _keep(site: Site, who: str, form: Found) -> None:
    """Keep the form of a route that has the most fields."""
    if form.method == "GET":
        if all(form.action != known.action for _who, known in site.searches):
            site.searches.append((who, form))
        return
    adapter = site.app.url_map.bind("localhost")
    try:
        endpoint, _values = adapter.match(form.action.partition("?")[0], method="POST")
    except (HTTPException, RequestRedirect):
        return
    known = site.forms.get(endpoint)
    if known is None or len(known[1].fields) < len(form.fields):
        site.forms[endpoint] = (who, form)


def _takes_json(rule: Rule) -> bool:
    return rule.rule.startswith("/api/") or rule.endpoint == "recordings.check"


def _posting(site: Site) -> Iterator[tuple[Rule, str, str]]:
    """Yield every changing route, who may call it, and its address."""
    for rule in walked(site.app):
        if "POST" in methods_of(rule):
            who = site.forms[rule.endpoint][0] if rule.endpoint in site.forms else "admin"
            which = "-" if objects_of(rule) == ("-",) else "own"
            path = place(site.app, site.world, rule, which)
            yield rule, who, path


#: Routes whose form is shown in a state that the world is not in, and their fields: why.
UNSEEN: dict[str, tuple[str, ...]] = {
    # Nobody is suspended, nothing archived, no mail or file failed, the demo is off.
    "people.restore_person": (),
    "courses.restore_programme": (),
    "recordings.retry": (),
    "notifications.send_mail_again": (),
    "demo.sign_in_as": (),
    # Nothing is taken down, no exception runs, no certificate waits, nobody readable has a role.
    "rights.lift": (),
    "rights.removed_elsewhere": (),
    "rights.end_exception": (),
    "completion.issue": ("achievement",),
    "people.revoke_role": (),
    # There is one part and one lesson, with nothing to change places with.
    "courses.move_part": ("up",),
    "courses.move_lesson": ("up",),
    # No part is to be cut or was, none came from an older file or has an agreement.
    "rights.cut_paper": (),
    "rights.cut_copy": (),
    "rights.mark_removed": (),
    "rights.confirm_segments": (),
    "rights.unlink": ("lineage",),
    # Every venue is offered, no report was applied, and the one that waits is known by its columns.
    "sessions.list_venue": (),
    "sessions.discard": (),
    "sessions.report_columns": ("name", "email", "joined", "left", "duration", "registrant_id"),
    # Written by the page's own program, or shown on the way from one page to the next.
    "recordings.start_upload": (),
    "rights.tick_session_checklist": ("done",),
    "rights.sign_consent": ("name", "sure", "code", "mark"),
    "rights.sign_my_letter": ("name", "sure", "mark"),
    # No letter was cancelled or has run out.
    "rights.drop_agreement": (),
}  # fmt: skip


def test_what_is_written_is_noted(site: Site) -> None:
    with one_request(site.connection):
        site.writes.take()
        site.connection.execute(text("SELECT 1"))
        assert not site.writes.take()
        site.connection.execute(text("DELETE FROM person WHERE id = 'nobody'"))
        assert site.writes.take()
        assert not site.writes.take()


def test_every_form_is_found(site: Site) -> None:
    lost = [
        rule.endpoint
        for rule, _who, path in _posting(site)
        if rule.endpoint not in site.forms and rule.endpoint not in UNSEEN and not _takes_json(rule)
    ]
    assert lost == []
    assert [endpoint for endpoint in UNSEEN if endpoint in site.forms] == []


def _bodies(form: Found) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield bad bodies for a form: a name, and what the client is to send."""
    names = list(dict.fromkeys(name for name, _value in form.fields))
    right = {name: value for name, value in form.fields}  # noqa: C416 - the last one counts
    yield "nothing", {"data": b"", "content_type": FORM}
    yield "no form", {"data": b"\x00\xff" * 50, "content_type": "application/octet-stream"}
    yield "JSON", {"json": {name: [1, {"a": None}] for name in names}}
    yield "broken parts", {"data": b"--x\r\nfoo", "content_type": "multipart/form-data; boundary=x"}
    wild = "&".join(f"{quote(name)}=%ff%fe%00" for name in names).encode()
    yield "no UTF-8", {"data": wild + b"&\xff=\xff", "content_type": FORM}
    twice = [(name, value) for name in names for value in ("a", "b", "../..", "9" * 20)]
    yield "lists", {"data": urlencode(twice), "content_type": FORM}
    for turn in range(TURNS):
        odd = {name: ODD[(at + turn * 3) % len(ODD)] for at, name in enumerate(names)}
        yield f"odd values, turn {turn}", {"data": odd}
    for at, name in enumerate(names):
        value = ONE_BY_ONE[at % len(ONE_BY_ONE)]
        yield f"{name}={value[:20]!r}", {"data": {**right, name: value}}
    uploads = form.uploads
    yield (
        "files for texts, texts for files",
        {
            "data": {
                **{name: (BytesIO(b"\0\1"), "a\u6f22/../b.mp4") for name in names},
                **dict.fromkeys(uploads, "text"),
            }
        },
    )
    for data in (b"", b"\0" * 2000, b"%PDF-1.4 cut", b"\x00\x00\x00\x18ftypmp42cut", b"WEBVTT"):
        if uploads:
            files = {name: (BytesIO(data), "x" * 300 + ".mp4") for name in uploads}
            yield f"file {data[:9]!r}", {"data": {**right, **files}}


def test_no_form_falls_over(site: Site) -> None:
    faults = []
    for rule, who, path in _posting(site):
        if _takes_json(rule):
            continue
        unseen = Found("POST", path, fields=[(name, "") for name in UNSEEN.get(rule.endpoint, ())])
        form = site.forms[rule.endpoint][1] if rule.endpoint in site.forms else unseen
        target = form.action if rule.endpoint in site.forms else path
        for name, more in _bodies(form):
            fault = site.send(who, "POST", target, **more)
            if fault is not None:
                faults.append(f"{rule.endpoint} {name}: {fault}")
    assert faults == []


def _json_bodies() -> Iterator[bytes]:
    yield from NO_JSON
    right: dict[str, Any] = {
        "sequence": 0, "intervals": [[0, 1000, 1]], "position": 0, "age": 0,
        "cues": [[0, 1000, "x"]],
    }  # fmt: skip
    for name in (*right, "country", "close"):
        for value in ODD_VALUES:
            yield json.dumps({**right, name: value}).encode()


def test_no_json_route_falls_over(site: Site) -> None:
    faults = []
    for rule, _who, path in _posting(site):
        if _takes_json(rule):
            who = "trainee" if path.startswith("/api/") else "admin"
            for body in _json_bodies():
                fault = site.send(who, "POST", path, data=body, content_type="application/json")
                if fault is not None:
                    faults.append(f"{rule.endpoint} {body[:60]!r}: {fault}")
    assert faults == []


def test_no_address_falls_over(site: Site) -> None:
    faults = []
    for rule in walked(site.app):
        values = arguments(site.world, rule, "-" if objects_of(rule) == ("-",) else "own")
        texts = [name for name in values if isinstance(values[name], str)]
        for name in texts:
            path = address(site.app, rule, {**values, name: "zzzz"})
            for odd in NO_IDS:
                for method in methods_of(rule):
                    fault = site.send("admin", method, path.replace("zzzz", odd))
                    if fault is not None:
                        faults.append(f"{method} {rule.rule} {name}={odd[:20]}: {fault}")
    assert faults == []


def test_no_question_in_an_address_falls_over(site: Site) -> None:
    faults = []
    common = ("q", "page", "next", "country", "edition", "part")
    asked = [(who, form.action, [name for name, _v in form.fields]) for who, form in site.searches]
    for rule in walked(site.app):
        if "GET" in methods_of(rule) and "draft" not in objects_of(rule):
            which = "-" if objects_of(rule) == ("-",) else "own"
            asked.append(("admin", address(site.app, rule, arguments(site.world, rule, which)), []))
    for who, path, names in asked:
        for odd in ("%00", "9" * 25, "-1", "%ff", "\u6f22%5C%25_", "x" * 3000):
            query = "&".join(f"{name}={odd}" for name in {*names, *common})
            fault = site.send(who, "GET", f"{path.partition('?')[0]}?{query}")
            if fault is not None:
                faults.append(f"{path}?…={odd[:20]}: {fault}")
    assert faults == []


@pytest.mark.sqlite_only
def test_nothing_is_changed_without_the_token_of_the_page(site: Site) -> None:
    site.app.config["WTF_CSRF_ENABLED"] = True
    statuses = {}
    try:
        for rule, who, path in _posting(site):
            person = "trainee" if path.startswith("/api/") else who
            with one_request(site.connection):
                answer = ask(browser(site.app, site.cookies[person]), "POST", path)
                same = count_rows(site.connection, WITNESSES) == site.rows
            statuses[rule.endpoint] = (answer.status, same)
    finally:
        site.app.config["WTF_CSRF_ENABLED"] = False
    assert {name: got for name, got in statuses.items() if got != (400, True)} == {}
