"""Text held in several languages under BCP 47 tags; ja and en are complete, more may come."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Localized: TypeAlias = dict[str, str]

FALLBACK_ORDER = ("ja", "en")


class Picked(NamedTuple):
    """The text chosen for a reader; `is_fallback` when it is not in the language asked for."""

    text: str
    language: str
    is_fallback: bool


def pick(texts: Mapping[str, str] | None, language: str) -> Picked:
    """Choose the text for `language`; else the first of the fallback order, else any, else ''."""
    if not texts:
        return Picked("", language, is_fallback=False)
    text = texts.get(language)
    if text:
        return Picked(text, language, is_fallback=False)
    for other in (*FALLBACK_ORDER, *sorted(texts)):
        text = texts.get(other)
        if text:
            return Picked(text, other, is_fallback=True)
    return Picked("", language, is_fallback=False)


def localized(ja: str = "", en: str = "") -> Localized:
    """Make a localized text, leaving out what is empty."""
    return {tag: text for tag, text in (("ja", ja.strip()), ("en", en.strip())) if text}
