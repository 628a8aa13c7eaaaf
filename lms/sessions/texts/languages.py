"""Languages of interpretation by name."""

from babel import Locale
from babel.core import UnknownLocaleError


def channel_name(tag: str, language: str) -> str:
    """Return a language by its name in the reader's language, else its tag."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(language) or tag
    except (UnknownLocaleError, ValueError):
        return tag
