"""Asking every route, and taking back whatever the asking changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import urlencode

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, TextClause, event, text
from werkzeug.routing import Rule

from lms.infra.db import Model, db
from lms.infra.site.settings import forget_site
from tests.architecture.world import World
from tests.conftest import NOW

FIXED: Mapping[str, str] = {
    "kind": "web-lecture", "language": "ja", "name": "0000.eml", "who": "trainee",
    "form_name": "consent-form",
}  # fmt: skip
"""Parameters that name no object."""

_PAPER = {"recording_id": "paper_id"}
_LINK = {"recording_id": "link_id"}
_SHELF = {"recording_id": "shelf_id"}
_CLOSED = {"recording_id": "closed_id"}
_WAITING = {"agreement_id": "waiting_agreement_id"}
_SIGNED = {"agreement_id": "signed_agreement_id"}
_ANSWERED = {"request_id": "answered_request_id"}
INSTEAD: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(
        (
            "watching.download", "watching.handout_page", "watching.own_copy",
            "watching.print_handout", "watching.print_page", "watching.screen_handout",
            "watching.screen_page", "rights.channels", "rights.edit_flag", "rights.remove_flag",
            "rights.cut_paper",
        ),
        _PAPER,
    ),
    "recordings.edit_address": _LINK,
    "rights.removed_elsewhere": _LINK,
    "watching.go_elsewhere": _LINK,
    "rights.backlog_holder": _SHELF,
    "rights.destruction": _CLOSED,
    "rights.destruction_pdf": _CLOSED,
    "rights.copy_destroyed": _CLOSED,
    "rights.answer": {**_PAPER, **_WAITING},
    "rights.drop_agreement": _WAITING,
    "rights.renew": _SIGNED,
    "rights.withdraw_consent": _SIGNED,
    "rights.request_document": _ANSWERED,
    "rights.my_copy": _ANSWERED,
}  # fmt: skip
"""Routes for another thing than the usual one of their parameter: a paper, a link, a shelf."""

FROM_ONE = {
    "watching.handout_page", "watching.print_page", "watching.screen_page",
    "recordings.note_version",
}  # fmt: skip
"""Routes whose number counts from 1."""

SECRETS = {
    "people.accept_invitation": "invitation",
    "people.reset_password": "reset",
    "people.confirm_address": "address",
    "sessions.feed": "feed",
    **dict.fromkeys(
        (
            "rights.consent", "rights.answer_consent", "rights.sign_consent",
            "rights.send_consent_code",
        ),
        "consent",
    ),
    "rights.consent_copy": "answered",
    "rights.withdraw_consent": "answered",
}  # fmt: skip

_ITEM = {"holder": "shelf_holder_id", "item": "shelf_item"}
QUERIES: Mapping[str, Mapping[str, str]] = {
    "recordings.add": {"edition": "edition_id"},
    "recordings.add_elsewhere": {"edition": "edition_id"},
    "rights.backlog_letter": _ITEM,
    "rights.backlog_answer": _ITEM,
    "rights.backlog": {"holder": "shelf_holder_id"},
    "rights.person_evidence": {"person": "person_id"},
    "rights.person_evidence_csv": {"person": "person_id"},
    "watching.whose_copy": {"serial": "serial"},
}
"""Routes that are told by a question in the address which thing they are for."""


class Writes:
    """Whether any statement that changes rows was sent since the last look."""

    def __init__(self) -> None:
        self._seen = False

    def note(self, *sent: Any) -> None:
        """Hear of a statement, as `before_cursor_execute` tells it."""
        self._seen |= sent[2].lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"} or (
            "RETURNING" in sent[2]
        )

    def take(self) -> bool:
        """Return whether there was one, and forget it."""
        seen, self._seen = self._seen, False
        return seen


@contextmanager
def noting_writes(connection: Connection) -> Iterator[Writes]:
    """Note what is written on a connection: counting all tables costs far more than asking."""
    writes = Writes()
    event.listen(connection, "before_cursor_execute", writes.note)
    try:
        yield writes
    finally:
        event.remove(connection, "before_cursor_execute", writes.note)


@contextmanager
def taking_back() -> Iterator[Connection]:
    """Run everything inside on one connection whose transaction is never committed."""
    db.session.remove()
    engines = cast("dict[str | None, Any]", db.engines)
    engine = engines[None]
    with engine.connect() as connection:
        outer = connection.begin()
        engines[None] = connection
        try:
            yield connection
        finally:
            engines[None] = engine
            db.session.remove()
            outer.rollback()
            forget_site()


@contextmanager
def one_request(connection: Connection) -> Iterator[None]:
    """Give the database as it was before."""
    step = connection.begin_nested()
    try:
        yield
    finally:
        db.session.remove()
        forget_site()
        if step.is_active:
            step.rollback()


@cache
def _counting(apart_from: frozenset[str]) -> TextClause:
    """Return one statement for all tables; as text, for it is asked thousands of times."""
    return text(
        " UNION ALL ".join(
            f"SELECT '{table.name}', count(*) FROM \"{table.name}\""  # noqa: S608 - our own names
            for table in Model.metadata.sorted_tables
            if table.name not in apart_from
        )
    )


def count_rows(connection: Connection, apart_from: frozenset[str]) -> dict[str, int]:
    """Return the number of rows of every table but those named."""
    rows = connection.execute(_counting(apart_from))
    return {str(row[0]): int(row[1]) for row in rows}


def cookies_of(app: Flask, world: World) -> dict[str, str]:
    """Return the cookie with which each of the cast is signed in, reading English."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    cookies = {}
    for name, sign_in in world.sign_ins.items():
        values: dict[str, object] = {"language": "en"}
        if sign_in is not None:
            values["person"], values["epoch"] = sign_in
        cookies[name] = signer.dumps(values)
    return cookies


def browser(app: Flask, cookie: str) -> FlaskClient:
    """Return a browser that carries the cookie."""
    client = app.test_client()
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], cookie)
    return client


def methods_of(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def walked(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


_MIXED = {"crossed": "foreign", "own-missing": "missing"}


def _value(world: World, rule: Rule, name: str, which: str) -> Any:
    if name in FIXED:
        return FIXED[name]
    if name == "number":
        return 1 if rule.endpoint in FROM_ONE else 0
    ids = world.objects[which]
    if name == "person_id" and "role_id" in rule.arguments:
        return ids["role_person_id"]
    if name == "secret":
        return ids.get(SECRETS[rule.endpoint], "no-such-secret")
    return ids[INSTEAD.get(rule.endpoint, {}).get(name, name)]


def objects_of(rule: Rule) -> tuple[str, ...]:
    """Return for which objects a route is asked; ("-",) where its address names none."""
    named = [name for name in rule.arguments if name not in FIXED and name != "number"]
    asked = QUERIES.get(rule.endpoint, {})
    if not named and not asked:
        return ("-",)
    kinds = ["own", "foreign"]
    if {"edition_id", "edition_slug", "recording_id", "live_session_id"} & {
        *named,
        *asked.values(),
    }:
        kinds.append("draft")
    kinds.append("missing")
    if len(named) > 1:
        kinds += ["crossed", "own-missing"]
    return tuple(kinds)


def arguments(world: World, rule: Rule, which: str) -> dict[str, Any]:
    """Return what fills the address.

    Crossed: the last object is not of the first's family. Own-missing: the last is not there.
    """
    order = [name for _static, name in rule._trace if _static]
    named = [name for name in order if name not in FIXED and name != "number"]
    values: dict[str, Any] = {}
    for name in rule.arguments:
        kind = which
        if which == "-":
            kind = "own"
        elif which in _MIXED:
            kind = _MIXED[which] if name == named[-1] else "own"
        values[name] = _value(world, rule, name, kind)
    return values


def named_in_body(world: World, rule: Rule, which: str) -> dict[str, str]:
    """Return the form fields that name an object where the address does not name it."""
    ids = world.objects.get(which, {})
    if rule.endpoint == "completion.confirm":
        return {"requirement": ids["requirement_id"], "person": ids["person_id"]}
    if rule.endpoint == "completion.issue":
        return {"achievement": ids["achievement_id"]}
    return {}


def address(app: Flask, rule: Rule, values: Mapping[str, Any]) -> str:
    adapter = app.url_map.bind("localhost")
    return adapter.build(rule.endpoint, values, force_external=False)


def place(app: Flask, world: World, rule: Rule, which: str) -> str:
    """Return the address at which a route is asked for an object, with its question."""
    path = address(app, rule, arguments(world, rule, which))
    asked = QUERIES.get(rule.endpoint)
    if not asked:
        return path
    ids = world.objects[which]
    return f"{path}?{urlencode({name: ids[key] for name, key in asked.items()})}"


_PIECE = {
    "headers": {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"},
    "content_type": "application/offset+octet-stream",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `text` holds headers and body, for looking for words."""

    status: int
    location: str
    body: bytes
    text: str
    headers: Mapping[str, str]


def ask(client: FlaskClient, method: str, path: str, **more: Any) -> Answer:
    """Ask; without more, JSON routes get the least that they take and the others no body.

    Uploads are asked in their own protocol, for a piece of no length.

    Each request has a context of its own, as on a server: nothing kept for one serves another.
    """
    if not more and method != "GET" and path.startswith("/api/"):
        more = {"json": {"sequence": 0, "intervals": []} if path.endswith("/events") else {}}
    if path.startswith("/desk/uploads"):
        more = {**_PIECE, **more}
    return Context().run(_ask, client, method, path, more)


def _ask(client: FlaskClient, method: str, path: str, more: Mapping[str, Any]) -> Answer:
    with client.open(path, method=method, **more) as response:
        body = response.get_data()
        headers = dict(response.headers)
        shown = f"{response.headers}\n{body.decode('utf-8', 'replace')}"
        return Answer(response.status_code, headers.get("Location", ""), body, shown, headers)


@contextmanager
def standing_clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
