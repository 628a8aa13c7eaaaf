"""A lesson's Markdown as the HTML of its page."""

import math
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from lms.infra.i18n import N_, translate
from lms.infra.markup.blocks import (
    Block,
    Diagram,
    Question,
    read_chart,
    read_check,
    split_blocks,
)
from lms.infra.markup.chart import chart_html
from lms.infra.markup.convert import Heading, convert, plain_text
from lms.infra.markup.diagram import diagram_html
from lms.infra.markup.faults import role_of, text_length
from lms.infra.markup.quiz import quiz_html
from lms.infra.markup.terms import Term

# Reading speed with understanding: characters or words a minute.
_PER_MINUTE = {"ja": 450, "en": 190}
_DEEPER = re.compile(
    r'<details class="deeper">\s*(<summary>.*?)</summary>(.*?)</details>', re.DOTALL
)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class LessonHtml:
    """A lesson ready for its page.

    `html` is the whole text with figures and, at its end, the check; it goes into an element
    with the lesson's `lang` and the class `prose`. `headings` make the table of contents
    (`anchor` is an id within `html`). `checks` are the questions of the check, for whoever wants
    to ask them otherwise. `minutes` is the estimated reading time, at least 1. `figures` counts
    the figures. `linked` are the keys of the terms linked in the text, in order.
    """

    html: Markup
    headings: tuple[Heading, ...]
    checks: tuple[Question, ...]
    minutes: int
    figures: int
    linked: tuple[str, ...] = ()


def render_lesson(markdown: str, language: str, terms: Sequence[str | Term] = ()) -> LessonHtml:
    """Return a lesson's HTML; safe whatever the text holds, and kept for the next reader.

    The first occurrence of each term is linked. A term given as text leads to `#term-1`,
    `#term-2`, …, by its place among all, the ids that the macro `glossary` of ui/lesson.html gives.
    """
    known = (
        one if isinstance(one, Term) else Term(str(number), f"#term-{number}", (one,))
        for number, one in enumerate(terms, 1)
    )
    return _render(markdown, language, tuple(one for one in known if any(one.forms)))


@lru_cache(maxsize=512)
def _render(markdown: str, language: str, terms: tuple[Term, ...]) -> LessonHtml:
    lines, blocks = split_blocks(markdown.replace("\r\n", "\n"))
    # Nobody can write the place of a figure into a text, because it is drawn by lot.
    lot = secrets.token_hex(8)
    drawn: dict[str, Markup] = {}
    checks: list[Question] = []
    figures = 0
    for block in blocks:
        place = f"{lot}x{len(drawn)}x"
        if block.kind == "chart":
            figures += 1
            drawn[place] = _figure(block, figures, language)
        else:
            drawn[place] = _check(block, checks, language)
        lines[block.first_line] = f"\n{place}\n"
    converted = convert("\n".join(lines), terms, lambda title: role_of(title, language))
    html = _mark_deeper(converted.html, language)
    for place, markup in drawn.items():
        html = html.replace(f"<p>{place}</p>", str(markup)).replace(place, "")
    return LessonHtml(
        html=Markup(_wrap_tables(html, language)),  # noqa: S704 - what nh3 let pass, and ours
        headings=converted.headings,
        checks=tuple(checks),
        minutes=_minutes(lines, drawn, figures, language),
        figures=figures,
        linked=converted.linked,
    )


def _ignore(_line: int, _sentence: str) -> None:
    """Take a fault that only the reader sees: the page says so where the figure would be."""


def _figure(block: Block, number: int, language: str) -> Markup:
    chart = read_chart(block.source, 0, _ignore, language)
    if chart is None:
        return _broken(
            translate(language, N_("This figure cannot be shown: its text has a fault."))
        )
    if isinstance(chart, Diagram):
        return diagram_html(chart, number, language)
    return chart_html(chart, number, language)


def _check(block: Block, checks: list[Question], language: str) -> Markup:
    questions = read_check(block.source, 0, _ignore)
    if questions is None:
        return _broken(translate(language, N_("This check cannot be shown: its text has a fault.")))
    if checks:
        return Markup()
    checks.extend(questions)
    return quiz_html(questions, language)


def _broken(sentence: str) -> Markup:
    return Markup(  # noqa: S704 - the sentence is escaped
        f'<div class="notice notice--warn"><p>{escape(sentence)}</p></div>'
    )


def _mark_deeper(html: str, language: str) -> str:
    """Say of each folded section that it is harder and how long it takes."""

    def marked(match: re.Match[str]) -> str:
        minutes = _reading_minutes(_TAG.sub("", match[0]), language)
        meta = translate(language, N_("A harder path, %(minutes)s min"), minutes=minutes)
        begin = f'<details class="deeper">{match[1]}<span class="deeper__meta">'
        return f"{begin}{escape(meta)}</span></summary>{match[2]}</details>"

    return _DEEPER.sub(marked, html)


def _wrap_tables(html: str, language: str) -> str:
    """Let the tables of the text (those without attributes or caption) scroll by themselves."""
    pieces = html.split("<table>")
    out, number = [pieces[0]], 0
    for piece in pieces[1:]:
        if piece.startswith("<caption>"):
            out.append("<table>" + piece)
            continue
        number += 1
        label = escape(translate(language, N_("Table %(number)s"), number=number))
        begin = f'<div class="table-scroll" role="region" aria-label="{label}" tabindex="0"><table>'
        out.append(begin + piece.replace("</table>", "</table></div>", 1))
    return "".join(out)


def _minutes(lines: list[str], drawn: dict[str, Markup], figures: int, language: str) -> int:
    text = plain_text("\n".join(line for line in lines if line.strip() not in drawn))
    return _reading_minutes(text, language) + figures


def _reading_minutes(text: str, language: str) -> int:
    pace = _PER_MINUTE.get(language, _PER_MINUTE["en"])
    return max(1, math.ceil(text_length(text, language) / pace))
