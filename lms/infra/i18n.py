"""Languages. Inside a request or `speaking(language)` use flask_babel's gettext."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from lms.config import ROOT

LANGUAGES = ("ja", "en")
DEFAULT_LANGUAGE = "ja"
TRANSLATIONS = ROOT / "translations"


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for "mark, do not translate"
    """Mark a message for extraction; it is translated where it is shown."""
    return msgid


@cache
def _catalogue(language: str) -> NullTranslations:
    from babel.support import Translations  # noqa: PLC0415 - heavy, and only where needed

    if language == "en":
        return NullTranslations()
    if not Path(TRANSLATIONS / language / "LC_MESSAGES" / "messages.mo").exists():
        return NullTranslations()
    return Translations.load(str(TRANSLATIONS), [language])


def translate(language: str, msgid: str, **params: object) -> str:
    """Translate outside a request (commands, certificates): needs no application."""
    text = _catalogue(language).gettext(msgid)
    return text % params if params else text


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Render in this language whatever the request says (mail, PDF, calendar)."""
    from flask_babel import force_locale  # noqa: PLC0415 - `translate` must not need Flask

    with force_locale(language):
        yield
