"""Asking every route, and taking back whatever the asking changed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Any, cast

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, func, literal, select, union_all
from werkzeug.routing import Rule

from lms.infra.db import Model, db
from lms.infra.site.settings import forget_site
from tests.architecture.world import World
from tests.conftest import NOW

FIXED: Mapping[str, str] = {
    "kind": "web-lecture", "language": "ja", "name": "0000.eml", "who": "trainee",
    "form_name": "consent-form", "serial": "0" * 26,
}  # fmt: skip
"""Parameters that name no object."""

HANDOUTS = {
    "watching.download", "watching.handout_page", "watching.own_copy", "watching.print_handout",
    "watching.print_page", "watching.screen_handout", "watching.screen_page", "rights.channels",
    "rights.edit_flag", "rights.remove_flag", "rights.cut_paper",
}  # fmt: skip
SECRETS = {
    "people.accept_invitation": "invitation",
    "people.reset_password": "reset",
    "people.confirm_address": "address",
    **dict.fromkeys(
        (
            "rights.consent", "rights.answer_consent", "rights.sign_consent",
            "rights.send_consent_code", "rights.consent_copy", "rights.withdraw_consent",
        ),
        "consent",
    ),
}  # fmt: skip


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


def count_rows(connection: Connection, apart_from: frozenset[str]) -> dict[str, int]:
    """Return the number of rows of every table but those named."""
    counts = [
        select(literal(table.name), func.count()).select_from(table)
        for table in Model.metadata.sorted_tables
        if table.name not in apart_from
    ]
    rows = connection.execute(union_all(*counts))
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


def _value(world: World, rule: Rule, name: str, which: str) -> Any:
    if name in FIXED:
        return FIXED[name]
    if name == "number":
        return 1 if rule.endpoint in HANDOUTS else 0
    ids = world.objects[which]
    if name == "recording_id" and rule.endpoint in HANDOUTS:
        return ids["paper_id"]
    if name == "person_id" and "role_id" in rule.arguments:
        return ids["role_person_id"]
    if name == "secret":
        return ids.get(SECRETS[rule.endpoint], "no-such-secret")
    return ids[name]


def objects_of(rule: Rule) -> tuple[str, ...]:
    """Return for which objects a route is asked; ("-",) where its address names none."""
    named = [name for name in rule.arguments if name not in FIXED and name != "number"]
    if not named:
        return ("-",)
    kinds = ["own", "foreign"]
    if {"edition_id", "edition_slug", "recording_id", "live_session_id"} & set(named):
        kinds.append("draft")
    kinds.append("missing")
    if len(named) > 1:
        kinds.append("crossed")
    return tuple(kinds)


def arguments(world: World, rule: Rule, which: str) -> dict[str, Any]:
    """Return what fills the address. Crossed: the last object is not of the first's family."""
    order = [name for _static, name in rule._trace if _static]
    named = [name for name in order if name not in FIXED and name != "number"]
    values: dict[str, Any] = {}
    for name in rule.arguments:
        kind = which
        if which == "-":
            kind = "own"
        elif which.startswith("crossed"):
            other = "foreign" if which == "crossed" else "missing"
            kind = other if name == named[-1] else "own"
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

    Each request has a context of its own, as on a server: nothing kept for one serves another.
    """
    if not more and method != "GET" and path.startswith("/api/"):
        more = {"json": {"sequence": 0, "intervals": []} if path.endswith("/events") else {}}
    return Context().run(_ask, client, method, path, more)


def _ask(client: FlaskClient, method: str, path: str, more: Mapping[str, Any]) -> Answer:
    with client.open(path, method=method, **more) as response:
        body = response.get_data()
        headers = dict(response.headers)
        text = f"{response.headers}\n{body.decode('utf-8', 'replace')}"
        return Answer(response.status_code, headers.get("Location", ""), body, text, headers)


@contextmanager
def standing_clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield
