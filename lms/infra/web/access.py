"""Every route says who may. What is not declared is not served."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, g, jsonify, redirect, request, url_for
from flask_babel import gettext as _

from lms.infra.current import current_settings
from lms.kernel.actor import ANONYMOUS, Actor, Role
from lms.kernel.errors import NotFoundError

View = TypeVar("View", bound=Callable[..., Any])

MAX_BODY = 4_000_000
"""Bytes that a route takes which is not made for uploads."""

SIGNED_IN_AREAS = ("/my", "/desk", "/api", "/live-sessions", "/recordings", "/account")


@dataclass(frozen=True, slots=True)
class Access:
    """A rule of access: its name in the table of routes, and who passes."""

    name: str
    admits: Callable[[Actor], bool]


PUBLIC = Access("public", lambda _actor: True)
#: The view itself checks who asks (a signed address, the browser's sign-in): reading the actor
#: would cost what is asked for every few seconds more than the rest of its answer.
OWN_CHECK = Access("checked by the view", lambda _actor: True)
SIGNED_IN = Access("signed in", lambda actor: actor.signed_in)
STAFF = Access("staff", lambda actor: actor.is_staff)
ADMIN = Access("administrator", lambda actor: actor.has(Role.ADMIN))
COORDINATOR = Access("coordinator or staff", lambda actor: actor.is_coordinator or actor.is_staff)
RIGHTS_DESK = Access("rights desk", lambda actor: actor.is_staff or actor.has(Role.RIGHTS_OFFICER))
AUDITOR = Access(
    "auditor or administrator", lambda actor: actor.has(Role.AUDITOR) or actor.has(Role.ADMIN)
)


def access(rule: Access) -> Callable[[View], View]:
    """Declare who may call a view. A finer question is the operation's policy."""

    def declare(view: View) -> View:
        view.__access__ = rule  # type: ignore[attr-defined]
        return view

    return declare


def takes_files(view: View) -> View:
    """Declare that a view takes uploads as large as the settings allow."""
    view.__takes_files__ = True  # type: ignore[attr-defined]
    return view


def limit_body() -> None:
    """Let only the routes for uploads take large bodies."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "__takes_files__", False):
        request.max_content_length = current_settings().max_upload_mb * 1_000_000


def access_of(app: Flask, endpoint: str) -> Access | None:
    """Return the declared rule of an endpoint, or None."""
    return getattr(app.view_functions[endpoint], "__access__", None)


def current_actor() -> Actor:
    """Return who acts in this request."""
    actor: Actor = g.get("actor", ANONYMOUS)
    return actor


def set_actor(actor: Actor) -> None:
    """Set who acts from here on in this request (sign-in, tests)."""
    g.actor = actor


def ask_to_sign_in() -> Any:
    """Answer somebody who is not signed in: JSON 401 for programs, the sign-in page else."""
    if request.path.startswith("/api/") or "Tus-Resumable" in request.headers:
        answer = jsonify(error="sign_in", message=_("Please sign in."))
        answer.status_code = 401
        return answer
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("people.sign_in", next=wanted), 303)


def enforce_access() -> Any:
    """Before every request: refuse what the route's declaration does not admit."""
    if request.endpoint is None:
        return None  # no such address: the 404 page decides what to tell
    rule = access_of(current_app, request.endpoint)
    if rule is None:
        raise RuntimeError(f"{request.endpoint} declares no access")
    actor = current_actor()
    if rule.admits(actor):
        return None
    if not actor.signed_in:
        return ask_to_sign_in()
    raise NotFoundError


def in_signed_in_area(path: str) -> bool:
    """Whether an address lies where only signed-in people go."""
    return any(path == area or path.startswith(area + "/") for area in SIGNED_IN_AREAS)


def found(thing: Any) -> Any:
    """Return the thing, or answer 404 as for anything missing."""
    if thing is None:
        abort(404)
    return thing


__all__ = [
    "ADMIN",
    "AUDITOR",
    "COORDINATOR",
    "OWN_CHECK",
    "PUBLIC",
    "RIGHTS_DESK",
    "SIGNED_IN",
    "STAFF",
    "Access",
    "Response",
    "access",
    "access_of",
    "current_actor",
    "enforce_access",
    "found",
    "limit_body",
    "set_actor",
    "takes_files",
]
