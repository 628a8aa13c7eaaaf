"""The glossary: its page, and the terms of a lesson."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flask import render_template, request, url_for

from lms.infra.web.access import PUBLIC, access, current_actor
from lms.infra.web.locale import ui_language
from lms.kernel.japanese import kana_row
from lms.kernel.localized import pick
from lms.pages.queries.glossary import Glossary, TermLine, lessons_by_term, read_glossary
from lms.pages.views.blueprint import blueprint

if TYPE_CHECKING:
    from lms.infra.markup.terms import Term

MAX_SEARCH = 100


@blueprint.get("/glossary")
@access(PUBLIC)
def glossary() -> Any:
    """Show every term with its meaning, in the order of the reader's language; search."""
    language, actor = ui_language(), current_actor()
    text = request.args.get("q", "").replace("\0", "").strip()[:MAX_SEARCH]
    known = read_glossary()
    lines = known.found(text, language)
    groups = [
        (key, list(group)) for key, group in groupby(lines, lambda one: _group(one, language))
    ]
    return render_template(
        "pages/glossary.html",
        q=text,
        groups=groups,
        total=len(lines),
        known=known.lines,
        lessons=lessons_by_term(actor) if lines else {},
        language=language,
    )


def _group(line: TermLine, language: str) -> str:
    """Return under which heading a term stands: a row of kana or a letter, '' for the rest."""
    text = pick(line.term, language).text
    if language == "ja":
        return kana_row(line.reading or text)
    return text[0].upper() if text[0].isascii() and text[0].isalpha() else ""


@dataclass(frozen=True, slots=True)
class TermCard:
    """A term as a lesson shows it, in the lesson's language. `anchor` is its id within the page.

    `other` is the term in the other language, with its reading; `href` its place in the glossary.
    """

    anchor: str
    term: str
    reading: str
    meaning: str
    other: str = ""
    other_language: str = ""
    other_reading: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class LessonTerms:
    """The terms that a lesson lists, all that its text may link, and the card of each of these."""

    language: str
    listed: tuple[TermCard, ...]
    linkable: tuple["Term", ...]

    def card(self, anchor: str) -> TermCard:
        """Return the card of a term that the text links."""
        own = next((card for card in self.listed if card.anchor == anchor), None)
        return own or _card(read_glossary().lines[anchor], self.language)


def lesson_terms(entries: Sequence[Mapping[str, str]], language: str) -> LessonTerms:
    """Return the terms of a lesson in its language.

    Those that it lists are linked to the list at its foot; others of the glossary to its page,
    unless they are everyday words that may mean something else there.
    """
    known = read_glossary()
    listed: list[TermCard] = []
    for number, entry in enumerate(entries, 1):
        line = known.lines.get(entry.get("slug", ""))
        if line is not None and language in line.term:
            listed.append(_card(line, language))
        elif "term" in entry:
            listed.append(
                TermCard(str(number), entry["term"], entry.get("reading", ""), entry["meaning"])
            )
    own = tuple((card.anchor, card.term) for card in listed)
    if (language, own) not in known.kept:
        known.kept[language, own] = _linkable(known, language, dict(own))
    return LessonTerms(language, tuple(listed), known.kept[language, own])


def _card(line: TermLine, language: str) -> TermCard:
    other = line.other_language(language)
    return TermCard(
        anchor=line.slug,
        term=line.term[language],
        reading=line.reading if language == "ja" else "",
        meaning=pick(line.meaning, language).text,
        other=line.term.get(other, ""),
        other_language=other,
        other_reading=line.reading if other == "ja" else "",
        href=url_for("pages.glossary", _anchor=line.slug),
    )


def _linkable(known: Glossary, language: str, own: Mapping[str, str]) -> tuple["Term", ...]:
    from lms.infra.markup.terms import Term, is_unmistakable  # noqa: PLC0415 - heavy neighbours

    page = url_for("pages.glossary")
    terms = [
        Term(anchor, f"#term-{anchor}", (term,))
        for anchor, term in own.items()
        if anchor not in known.lines
    ]
    for slug, line in known.lines.items():
        forms = line.forms(language)
        if slug in own:
            terms.append(Term(slug, f"#term-{slug}", forms))
        elif forms:
            sure = tuple(form for form in forms if is_unmistakable(form))
            rest = tuple(form for form in forms if form not in sure)
            terms += [Term(slug, f"{page}#{slug}", sure)] if sure else []
            terms += [Term(slug, "", rest, link=False)] if rest else []
    return tuple(terms)
