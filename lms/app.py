"""The application: settings, extensions, features, and which event is handled by whom."""

import gc
import importlib
import importlib.util
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from babel import Locale
from flask import Flask, request, session, url_for
from flask_babel import Babel
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from lms.config import ROOT, Settings, load_settings
from lms.infra.db import db
from lms.infra.events import set_handlers
from lms.infra.i18n import LANGUAGES
from lms.infra.site import read_site
from lms.infra.storage import make_storage
from lms.infra.web import access, errors, formats, headers
from lms.infra.web.assets import STATIC, asset, pack_assets, tree_hash
from lms.infra.web.locale import catalogue, ui_language, viewer_zone
from lms.kernel import clock
from lms.kernel.actor import ANONYMOUS, Actor, Role
from lms.kernel.dates import format_day
from lms.kernel.localized import Picked, pick
from lms.people.queries import find_actor

FEATURES = (
    "people", "courses", "records", "enrolment", "sessions", "requests", "recordings", "rights",
    "watching", "completion", "notifications", "pages", "whole",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry of the main navigation."""

    endpoint: str
    label: Any
    icon: str
    admits: Callable[[Actor], bool]


NAVIGATION = (
    NavItem("pages.my_learning", _l("My learning"), "house", lambda a: a.signed_in),
    NavItem("pages.catalogue", _l("Courses"), "search", lambda _a: True),
    NavItem("pages.my_schedule", _l("Schedule"), "calendar3", lambda a: a.signed_in),
    NavItem("pages.my_record", _l("Record"), "check2-square", lambda a: a.signed_in),
    NavItem("pages.desk", _l("Desk"), "kanban", lambda a: a.is_staff),
    NavItem(
        "people.people", _l("Members"), "people", lambda a: a.is_coordinator and not a.is_staff
    ),
    NavItem(
        "requests.requests",
        _l("Study meetings on request"),
        "easel",
        lambda a: a.is_coordinator and not a.is_staff,
    ),
    NavItem(
        "rights.register",
        _l("Rights"),
        "shield-check",
        lambda a: a.has(Role.RIGHTS_OFFICER) and not a.is_staff,
    ),
    NavItem("notifications.audit", _l("Audit"), "journal-check", lambda a: a.has(Role.AUDITOR)),
)


class _Migrations:
    """Flask-Migrate's entry in the extensions, set up when a command first asks it for something.

    It brings Alembic, which no request needs and every start would wait for.
    """

    def __init__(self, app: Flask):
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate  # noqa: PLC0415 - heavy, and only where needed

        Migrate(self._app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
        return getattr(self._app.extensions["migrate"], name)


def _room(feature: str, room: str) -> Any:
    """Import a feature's room when it has one."""
    name = f"lms.{feature}.{room}"
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


def _rooms(room: str) -> Iterable[Any]:
    return (module for feature in FEATURES if (module := _room(feature, room)) is not None)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Raises ConfigError when a setting cannot be used."""
    with _without_collecting():
        return _make_app(settings or load_settings())


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector out: a start makes many things and drops none.

    Looking for what was dropped took a seventh of it.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _make_app(settings: Settings) -> Flask:
    app = Flask("lms.app", static_folder=None, template_folder="infra/web/templates")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        TESTING=settings.testing,
        SESSION_COOKIE_NAME="tomoni",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=access.MAX_BODY,
        MAX_FORM_MEMORY_SIZE=2_000_000,
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        # Pages whose address is a secret send no Referer; the token and SameSite decide alone.
        WTF_CSRF_SSL_STRICT=False,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
    )
    app.extensions["settings"] = settings
    app.extensions["storage"] = make_storage(settings)
    if settings.database_url.startswith("sqlite:///"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(
            parents=True, exist_ok=True
        )
    for _module in _rooms("models"):
        pass  # importing registers the tables
    db.init_app(app)
    app.extensions["migrate"] = _Migrations(app)
    Babel(
        app,
        locale_selector=ui_language,
        timezone_selector=lambda: viewer_zone().key,
        default_locale="en",
    )
    _set_up_logging(settings)
    _set_up_templates(app)
    headers.install_headers(app)
    errors.install_errors(app)
    _install_features(app)
    app.wsgi_app = _static_files(app, settings)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )
    return app


def _install_features(app: Flask) -> None:
    app.before_request(lambda: _recognise(app))
    app.before_request(access.limit_body)
    app.before_request(access.enforce_access)
    CSRFProtect(app)  # after it is known who asks: reading the token reads the whole body
    for views in _rooms("views"):
        for blueprint in getattr(views, "blueprints", ()) or (views.blueprint,):
            app.register_blueprint(blueprint)
    for texts in _rooms("texts"):
        if hasattr(texts, "refusal_text"):
            errors.add_refusal_text(texts.refusal_text)
    handlers: dict[type, tuple[Callable[[Any], None], ...]] = {}
    for module in _rooms("handlers"):
        for event, functions in module.HANDLERS.items():
            handlers[event] = (*handlers.get(event, ()), *functions)
    set_handlers(handlers)
    jobs: dict[str, Callable[..., None]] = {}
    ticks: dict[str, int] = {}
    for module in _rooms("jobs"):
        jobs.update(module.JOBS)
        ticks.update(getattr(module, "TICKS", {}))
    app.extensions["jobs"] = jobs
    app.extensions["ticks"] = ticks
    for module in _rooms("contributions"):
        module.register(app)


def _recognise(app: Flask) -> None:
    endpoint = request.endpoint
    if endpoint is not None and access.access_of(app, endpoint) is access.OWN_CHECK:
        return
    person_id, epoch = session.get("person"), session.get("epoch")
    if not isinstance(person_id, str) or not isinstance(epoch, int):
        access.set_actor(ANONYMOUS)
        return
    access.set_actor(find_actor(person_id, epoch, clock.now()) or ANONYMOUS)


def _static_files(app: Flask, settings: Settings) -> WhiteNoise:
    folder = STATIC if settings.testing else pack_assets(settings.var_dir / "static")
    noise = WhiteNoise(app.wsgi_app, immutable_file_test=lambda *_a: True)
    noise.add_files(str(folder), prefix=f"static/{tree_hash()}/")
    return noise


def _foot_items(app: Flask, actor: Actor) -> list[dict[str, Any]]:
    """Return the links at the foot of every page."""
    items = []
    if "pages.glossary" in app.view_functions:
        items.append({"href": url_for("pages.glossary"), "label": _("Glossary")})
    if not actor.signed_in and "people.set_time_zone" in app.view_functions:
        items.append({"href": url_for("people.set_time_zone"), "label": _("Time zone")})
    if contact := read_site().contact:
        items.append({"href": f"mailto:{contact}", "label": _("Contact")})
    if app.extensions["settings"].demo:
        items.append({"href": url_for("notifications.mailbox"), "label": _("Mailbox of the demo")})
    return items


def _set_up_logging(settings: Settings) -> None:
    logging.getLogger("werkzeug").setLevel(logging.WARNING if settings.testing else logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


def _set_up_templates(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: catalogue().gettext(text),
        ngettext=lambda one, many, count: catalogue().ngettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        csp_nonce=headers.csp_nonce,
        asset=asset,
        language_name=lambda tag: Locale.parse(tag, sep="-").get_display_name(tag),
        has_endpoint=lambda endpoint: endpoint in app.view_functions,
    )

    @app.context_processor
    def common() -> dict[str, Any]:
        actor, language = access.current_actor(), ui_language()
        return {
            "actor": actor,
            "ui_lang": language,
            "other_langs": [tag for tag in LANGUAGES if tag != language],
            "site": read_site(),
            "viewer_tz": viewer_zone(),
            "demo": app.extensions["settings"].demo,
            "foot_items": _foot_items(app, actor),
            "nav_items": [
                {
                    "endpoint": item.endpoint,
                    "label": item.label,
                    "icon": item.icon,
                    "current": request.endpoint == item.endpoint,
                }
                for item in NAVIGATION
                if item.admits(actor) and item.endpoint in app.view_functions
            ],
        }

    @app.template_filter("loc")
    def loc(value: Any) -> Picked:
        return pick(value, ui_language())

    @app.template_filter("day")
    def day(value: Any, **options: bool) -> str:
        return format_day(value, ui_language(), **options)

    @app.template_filter("moment")
    def moment(value: Any, zone: ZoneInfo | str | None = None, **options: bool) -> str:
        place = ZoneInfo(zone) if isinstance(zone, str) else zone or viewer_zone()
        return formats.format_moment(value, place, ui_language(), **options)

    @app.template_filter("span")
    def span(start: Any, end: Any, zone: ZoneInfo | str | None = None) -> str:
        place = ZoneInfo(zone) if isinstance(zone, str) else zone or viewer_zone()
        return formats.format_span(start, end, place, ui_language())

    app.template_filter("duration")(formats.format_length)
    app.template_filter("size")(formats.format_bytes)
