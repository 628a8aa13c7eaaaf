"""The words that a lesson's page and a lesson's text share, in the language of the lesson.

What authors must write is kept as data (words.yaml), so that a check needs no catalogue; what the
page says around a lesson goes through the catalogue like every other text.
"""

from functools import cache
from pathlib import Path

import yaml


@cache
def _words() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("words.yaml").read_text(encoding="utf-8")
    words: dict[str, dict[str, str]] = yaml.safe_load(text)
    return words


def word(name: str, language: str) -> str:
    """Return a word of words.yaml in a language (English for one that it does not have)."""
    texts = _words()[name]
    return texts.get(language, texts["en"])
