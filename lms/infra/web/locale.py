"""Which language and zone an answer speaks."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import g, has_request_context, request, session
from flask_babel import get_translations

from lms.infra.i18n import DEFAULT_LANGUAGE, LANGUAGES
from lms.infra.web.access import current_actor
from lms.kernel.wall import is_zone


def ui_language() -> str:
    """Return the person's choice for this browser, else their own language, else the browser's."""
    chosen = session.get("language")
    if chosen in LANGUAGES:
        return str(chosen)
    actor = current_actor()
    if actor.signed_in and actor.language in LANGUAGES:
        return actor.language
    best = request.accept_languages.best_match(LANGUAGES) if has_request_context() else None
    return best or DEFAULT_LANGUAGE


def viewer_zone() -> ZoneInfo:
    """Return the zone in which the viewer lives: the person's own, else what this browser chose."""
    actor = current_actor()
    name = actor.timezone if actor.signed_in else str(session.get("timezone", "Asia/Tokyo"))
    return ZoneInfo(name if is_zone(name) else "Asia/Tokyo")


_catalogues: dict[Any, Any] = {}


def catalogue() -> Any:
    """Return the translations that templates speak now (gettext's object).

    flask_babel finds them anew for every text, through a dozen proxies; a page has a hundred
    texts. What it found for a locale is remembered here; which locale holds, also inside
    `speaking`, is still what it says.
    """
    locale = getattr(g.get("_flask_babel"), "babel_locale", None)
    found = _catalogues.get(locale)
    if found is None:
        found = get_translations()
        if locale is not None:
            _catalogues[locale] = found
    return found
