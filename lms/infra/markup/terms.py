"""Finds the terms of a glossary in a text that is being converted, and links each once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from xml.etree import ElementTree as ET

_UNLINKED = {"a", "code", "pre", "h2", "h3", "h4", "rt", "rp", "th"}
# Written as ranges, so that no letter of them stands in the code.
_KANJI = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005"
_KATAKANA = r"\u30a1-\u30fa\u30fc"
_LATIN = r"A-Za-z0-9_\u00c0-\u024f"
_SHORT_KANJI = re.compile(rf"[{_KANJI}]{{1,2}}")
_PLAIN_WORD = 3

Piece: TypeAlias = str | ET.Element


@dataclass(frozen=True, slots=True)
class Term:
    """A term that may be linked: what it is known by, where its link leads, how it is written.

    One that is not linked is known all the same, so that no shorter term is found within it.
    """

    key: str
    href: str
    forms: tuple[str, ...]
    link: bool = True


def is_unmistakable(form: str) -> bool:
    """Whether a form is a term wherever it stands.

    A single everyday word (demand, mandate, bias) or one of two characters may mean something
    else in another text; words of several parts, capitals and longer compounds hardly do.
    """
    if form[0].isascii() and form[-1].isascii():
        words = form.removeprefix("the ")
        return " " in words or "-" in words or words.isupper()
    return len(form) >= _PLAIN_WORD


class TermBook:
    """The terms of a text, found by one pattern: the longest first."""

    def __init__(self, terms: Sequence[Term]):
        self._by_form = {form: term for term in reversed(terms) for form in term.forms if form}
        self._plain = {_plain(form): term for form, term in self._by_form.items()}
        self._pattern = _compiled(frozenset(self._by_form)) if self._by_form else None

    def matches(self, text: str) -> list[tuple[int, int, Term]]:
        """Return beginning, end and term of what is found, in order and none within another."""
        if self._pattern is None:
            return []
        found = ((match, self._term(match[0])) for match in self._pattern.finditer(text))
        return [(match.start(), match.end(), term) for match, term in found if term is not None]

    def _term(self, text: str) -> Term | None:
        word = _plain(text)
        singular = (word, word[:-1], word[:-2], f"{word[:-3]}y")
        return next((self._plain[one] for one in singular if one in self._plain), None)


@lru_cache(maxsize=64)
def _compiled(forms: frozenset[str]) -> re.Pattern[str]:
    """Return the pattern of these forms: all lessons of a language share it."""
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(_pattern, longest_first)), re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _pattern(form: str) -> str:
    """Return the pattern of a form: a Latin word stands whole and may be in the plural.

    Japanese has no spaces to ask for: a word of two kanji must not be part of a longer run of
    them, and katakana not of a longer word in katakana.
    """
    before = after = ""
    found = r"\s+".join(re.escape(part) for part in form.split())
    if form.isupper():
        found = f"(?-i:{found})"
    if form[0].isascii():
        before = rf"(?<![{_LATIN}-])"
    elif re.match(f"[{_KATAKANA}]", form[0]):
        before = f"(?<![{_KATAKANA}])"
    if form[-1].isascii():
        plural = "(?:s|es)?" if form[-1].isalpha() else ""
        if form[-1] in "yY" and len(form) > _PLAIN_WORD:
            found, plural = found[:-1], "(?:y|ys|ies)"
        after = rf"{plural}(?![{_LATIN}]|-[{_LATIN}])"
    elif re.match(f"[{_KATAKANA}]", form[-1]):
        after = f"(?![{_KATAKANA}])"
    if _SHORT_KANJI.fullmatch(form):
        before, after = f"(?<![{_KANJI}])", f"(?![{_KANJI}])"
    return f"{before}{found}{after}"


class TermLinks:
    """Links the first occurrence of each term; `linked` has their keys in reading order."""

    def __init__(self, book: TermBook):
        self._book = book
        self.linked: list[str] = []

    def link(self, element: ET.Element) -> None:
        """Walk the tree in reading order; a ruby is a part of the text around it."""
        if element.tag in _UNLINKED or element.tag == "ruby":
            return
        made: list[Piece] = []
        run: list[Piece] = [element.text or ""]
        for child in list(element):
            tail, child.tail = child.tail or "", None
            element.remove(child)
            if child.tag == "ruby":
                run += [child, tail]
                continue
            made += self._run(run)
            self.link(child)
            made.append(child)
            run = [tail]
        made += self._run(run)
        _fill(element, made)

    def _run(self, run: list[Piece]) -> list[Piece]:
        """Return a run of text and ruby with its terms linked."""
        text = "".join(_text(piece) for piece in run)
        spans = [span for span in self._book.matches(text) if span[2].link]
        edges, at = set(), 0  # places within the base of a ruby, where no link may begin or end
        for piece in run:
            if isinstance(piece, ET.Element):
                edges |= set(range(at + 1, at + len(_text(piece))))
            at += len(_text(piece))
        made, done = [], 0
        for start, end, term in spans:
            if term.key in self.linked or start in edges or end in edges:
                continue
            self.linked.append(term.key)
            made += _cut(run, done, start)
            link = ET.Element("a", {"class": "term", "href": term.href, "data-term": term.key})
            _fill(link, _cut(run, start, end))
            made.append(link)
            done = end
        return [*made, *_cut(run, done, len(text))]


def _text(piece: Piece) -> str:
    return piece if isinstance(piece, str) else piece.text or ""


def _cut(run: Sequence[Piece], start: int, end: int) -> list[Piece]:
    """Return what stands between two places of a run; a ruby is never cut."""
    cut: list[Piece] = []
    at = 0
    for piece in run:
        length = len(_text(piece))
        if isinstance(piece, str):
            part = piece[max(0, start - at) : max(0, end - at)]
            cut += [part] if part else []
        elif start <= at < end:
            cut.append(piece)
        at += length
    return cut


def _fill(element: ET.Element, pieces: Sequence[Piece]) -> None:
    """Make these pieces the content of an element that has no children."""
    element.text = ""
    last: ET.Element | None = None
    for piece in pieces:
        if isinstance(piece, ET.Element):
            element.append(piece)
            last = piece
        elif last is None:
            element.text += piece
        else:
            last.tail = (last.tail or "") + piece
