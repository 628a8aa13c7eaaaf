"""Markdown -> safe HTML: no raw HTML in, an allow-list out."""

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree as ET

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor
from typing_extensions import override

from lms.infra.markup.terms import Term, TermBook, TermLinks

RUBY = re.compile(r"\{([^{}|\n]+)\|([^{}|\n]+)\}")
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "rp", "rt", "ruby", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
    "details", "section", "summary",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "data-term"},
    "h2": {"id"}, "h3": {"id"}, "h4": {"id"},
    "ol": {"start"},
    "th": {"scope"},
}  # fmt: skip
_CLASSES = {
    "a": {"term"},
    "blockquote": {"callout"},
    "details": {"deeper"},
    "section": {"plain"},
    "td": {"num"},
    "th": {"num"},
}
_SCHEMES = {"http", "https", "mailto"}
_HEADINGS = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
# Figures stand flush right; a unit or sign may stand with them.
_FIGURES = re.compile(r"\W*[\d.,]+\W*", re.ASCII)


RoleOf: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a lesson: level 2 to 4, its plain text, the id it can be reached by."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Converted:
    """Safe HTML with its headings and the keys of the terms linked in it, in order."""

    html: str
    headings: tuple[Heading, ...]
    linked: tuple[str, ...] = ()


class _Ruby(InlineProcessor):
    """{base|reading} -> ruby, with brackets for whoever cannot show it."""

    @override
    def handleMatch(  # type: ignore[override] # the base class allows either kind of processor
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element, int, int]:
        ruby = ET.Element("ruby")
        ruby.text = m[1]
        for tag, text in (("rp", "("), ("rt", m[2]), ("rp", ")")):
            ET.SubElement(ruby, tag).text = text
        return ruby, m.start(0), m.end(0)


class _Shape(Treeprocessor):
    """Give headings their ids, mark callouts and columns of figures, link terms."""

    def __init__(self, md: Markdown, terms: Sequence[Term], role_of: RoleOf):
        super().__init__(md)
        self._role_of = role_of
        self.headings: list[Heading] = []
        self.links = TermLinks(TermBook(terms))

    @override
    def run(self, root: ET.Element) -> None:
        for element in root.iter():
            if element.tag in _HEADINGS:
                self._heading(element)
            elif element.tag == "blockquote" and _begins_bold(element):
                element.set("class", "callout")
            elif element.tag == "table":
                _shape_table(element)
        self._fold(root)
        self.links.link(root)

    def _fold(self, root: ET.Element) -> None:
        """Put a section that has a part of its own into an element: plain words, harder path."""
        fold: ET.Element | None = None
        titles = {heading.anchor: heading.text for heading in self.headings}
        for element in list(root):
            if element.tag == "h2":
                role = self._role_of(titles[element.get("id", "")])
                fold = self._folded(root, element, role) if role in {"plain", "deeper"} else None
            elif fold is not None:
                root.remove(element)
                fold.append(element)

    def _folded(self, root: ET.Element, heading: ET.Element, role: str) -> ET.Element:
        """Return the element that stands in a heading's place and holds it."""
        fold = ET.Element("section" if role == "plain" else "details", {"class": role})
        at = list(root).index(heading)
        root.remove(heading)
        root.insert(at, fold)
        (fold if role == "plain" else ET.SubElement(fold, "summary")).append(heading)
        return fold

    def _heading(self, element: ET.Element) -> None:
        element.tag = _HEADINGS[element.tag]
        anchor = f"section-{len(self.headings) + 1}"
        element.set("id", anchor)
        text = html.unescape(self._plain(element)).strip()
        self.headings.append(Heading(int(element.tag[1]), text, anchor))

    def _plain(self, element: ET.Element) -> str:
        """Return the text of an element, without readings and the converter's place-holders."""
        parts = [element.text or ""]
        for child in element:
            if child.tag not in {"rt", "rp"}:
                parts.append(self._plain(child))
            parts.append(child.tail or "")
        return re.sub("\x02(\\d+)\x03", lambda m: chr(int(m[1])), "".join(parts))


def _begins_bold(quote: ET.Element) -> bool:
    first = quote[0] if len(quote) else None
    if first is None or first.tag != "p" or (first.text or "").strip() or not len(first):
        return False
    return first[0].tag == "strong"


def _shape_table(table: ET.Element) -> None:
    for head in list(table.iter("th")):
        if "".join(head.itertext()).strip():
            head.set("scope", "col")
        else:
            head.tag = "td"  # the corner above names of rows heads nothing
    rows = [list(row) for body in table.iter("tbody") for row in body]
    heads = [list(row) for head in table.iter("thead") for row in head]
    for column in range(max((len(row) for row in rows), default=0)):
        cells = [row[column] for row in rows if column < len(row)]
        texts = ["".join(cell.itertext()).strip() for cell in cells]
        if column and any(texts) and all(_FIGURES.fullmatch(text) for text in texts if text):
            for cell in [*cells, *(row[column] for row in heads if column < len(row))]:
                cell.set("class", "num")


class _House(Extension):
    """What a lesson may hold beside plain Markdown, and what it may not."""

    def __init__(self, terms: Sequence[Term], role_of: RoleOf):
        super().__init__()
        self._terms = terms
        self._role_of = role_of
        self.shape: _Shape | None = None

    @override
    def extendMarkdown(self, md: Markdown) -> None:
        md.preprocessors.deregister("html_block")
        md.inlinePatterns.deregister("html")
        md.inlinePatterns.register(_Ruby(RUBY.pattern, md), "ruby", 185)
        self.shape = _Shape(md, self._terms, self._role_of)
        md.treeprocessors.register(self.shape, "house", 15)


def convert(
    markdown: str, terms: Sequence[Term] = (), role_of: RoleOf = lambda _title: ""
) -> Converted:
    """Return safe HTML. Whatever the text holds, the result has only elements of a text.

    A section of whose title `role_of` says "deeper" can be folded (`details`), a "plain" one is a
    `section`; both have that class.
    A text nested too deeply to be read is given as it is written.
    """
    house = _House(terms, role_of)
    # The converter's own place-holders are made with these two characters.
    clean = markdown.replace("\x02", "").replace("\x03", "")
    try:
        converter = Markdown(extensions=["tables", "sane_lists", "fenced_code", house])
        raw = converter.convert(clean)
    except RecursionError:
        return Converted(f"<pre>{html.escape(clean)}</pre>", ())
    safe = nh3.clean(
        raw,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    if house.shape is None:
        return Converted(safe, ())
    return Converted(safe, tuple(house.shape.headings), tuple(house.shape.links.linked))


def plain_text(markdown: str, *, without_code: bool = False) -> str:
    """Return the words of a text without marks; of ruby the base."""
    return bare_text(convert(markdown).html, without_code=without_code)


def bare_text(safe: str, *, without_code: bool = False) -> str:
    """Return the words of converted HTML; of ruby the base."""
    left_out = {"rt", "rp", "code", "pre"} if without_code else {"rt", "rp"}
    return html.unescape(nh3.clean(safe, tags=set(), clean_content_tags=left_out))
