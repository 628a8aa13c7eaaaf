"""Shapes that several content files share: slugs, localized texts, sources, dates."""

import re
from datetime import date, datetime
from pathlib import Path

from yaml.nodes import Node, ScalarNode

from lms.infra.markup.nodes import Reader
from lms.kernel.localized import Localized
from lms.whole.content.documents import FileFaults

LANGUAGES = ("ja", "en")
LANGUAGE_NAMES = {"ja": "Japanese", "en": "English"}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LENGTH = 60
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WALL = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_LONGEST = 300


def read_text(path: Path, report: FileFaults) -> str | None:
    """Return the text of a file, or None when it cannot be read as UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        report(1, f"The file cannot be read: {error.strerror}.")
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        report(1, "The file begins with a byte order mark; save it as UTF-8 without BOM.")
        raw = raw[3:]
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        report(1 + raw[: error.start].count(b"\n"), "The file is not UTF-8 from here on.")
        return None
    if "\r" in text:
        report(1 + text[: text.index("\r")].count("\n"), "Lines must end with LF, not CR LF.")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        report(1, "The file is empty.")
        return None
    return text


class FileReader(Reader):
    """Reads the YAML of one content file."""

    def __init__(self, first_line: int, report: FileFaults):
        super().__init__(first_line, report)
        self._file = report

    def lenient(self, node: Node, sentence: str) -> None:
        """Report a fault that a site of one language may let pass."""
        self._file.lenient(self.line(node), sentence)

    def localized(self, node: Node | None, what: str, most: int) -> Localized:
        """Return {ja, en}; a language that is missing may pass on a site of one language."""
        if node is None:
            return {}
        fields = self.fields(node, what, (), LANGUAGES)
        if fields is None:
            return {}
        for language in LANGUAGES:
            if language not in fields:
                name = LANGUAGE_NAMES[language]
                self.lenient(node, f"{what} has no {name} text ({language!r}).")
        if not fields:
            self.fault(node, f"{what} has no text in any language.")
        texts = {
            language: self.text(value, f"{what} ({language})", most)
            for language, value in fields.items()
        }
        return {language: texts[language] for language in LANGUAGES if texts.get(language)}

    def slug(self, node: Node | None, what: str) -> str:
        """Return a slug, or an empty text."""
        if node is None:
            return ""
        value = node.value if isinstance(node, ScalarNode) else None
        if value is None or not SLUG.fullmatch(value) or len(value) > SLUG_LENGTH:
            self.fault(
                node,
                f"{what} must be small letters, digits and single hyphens,"
                f" at most {SLUG_LENGTH} characters.",
            )
            return ""
        return str(value)

    def day(self, node: Node | None, what: str) -> date | None:
        """Return a date."""
        if node is None:
            return None
        value = self.plain(node)
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self.fault(node, f"{what} must be a date that exists, written YYYY-MM-DD.")
        return None

    def wall_time(self, node: Node | None, what: str) -> datetime | None:
        """Return wall time, without a zone."""
        if node is None:
            return None
        value = self.plain(node)
        if isinstance(value, str) and _WALL.fullmatch(value):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass
        self.fault(node, f"{what} must be a time that exists, written YYYY-MM-DD HH:MM.")
        return None

    def sources(self, node: Node | None, what: str, *, localized: bool) -> list[dict[str, str]]:
        """Return sources; their texts are kept only where they have one language."""
        found = []
        for number, item in enumerate(self.items(node, what), 1):
            one = f"{what}[{number}]"
            fields = self.fields(item, one, ("title", "publisher", "year"), ("url",))
            if fields is None:
                continue
            source: dict[str, str] = {}
            for key in ("title", "publisher"):
                value = fields.get(key)
                if localized and value is not None and not isinstance(value, ScalarNode):
                    self.localized(value, f"{one}: {key!r}", _LONGEST)
                else:
                    source[key] = self.text(value, f"{one}: {key!r}", _LONGEST)
            year = self.whole(fields.get("year"), f"{one}: 'year'", 1000, 2999)
            source["year"] = str(year or "")
            if "url" in fields:
                source["url"] = self._address(fields["url"], f"{one}: 'url'")
            found.append(source)
        return found

    def _address(self, node: Node, what: str) -> str:
        address = self.text(node, what, 500)
        if address and not re.fullmatch(r"https://[^\s/]+\.[^\s]+", address):
            self.fault(node, f"{what} must begin with https://.")
        return address
