"""Reads the files of the glossary, and says which of its terms a text holds."""

import re
from collections.abc import Mapping
from pathlib import Path

from yaml.nodes import Node

from lms.infra.markup.convert import convert
from lms.infra.markup.nodes import Fields, read_yaml
from lms.infra.markup.terms import Term
from lms.whole.content.documents import Faults, LessonText, TermDocument, TermText
from lms.whole.content.shape import LANGUAGE_NAMES, LANGUAGES, SLUG, FileReader, read_text

_MEANINGS = {"ja": 300, "en": 400}
# How CJK ideographs and kana are written in a pattern, without a letter of them in the code.
_KANJI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3005]")
_KANA = re.compile(r"[\u3040-\u30ff\s]+")


def read_glossary(folder: Path, faults: Faults) -> dict[str, TermDocument]:
    """Read every file of a folder `glossary`; return its terms by slug."""
    terms: dict[str, TermDocument] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        name = path.name.removesuffix(".yaml")
        if name == path.name or not path.is_file() or not SLUG.fullmatch(name):
            faults.add(path, 1, "A file here is named <topic>.yaml.")
            continue
        report = faults.within(path)
        text = read_text(path, report)
        node = read_yaml(text, 1, report) if text is not None else None
        if node is None:
            continue
        read = FileReader(1, report)
        for number, item in enumerate(read.items(node, "The glossary", 1), 1):
            term = _entry(path, item, f"Entry {number}", read)
            if term is not None and term.slug in terms:
                other = terms[term.slug]
                where = f"{other.path.name}:{other.line}"
                read.fault(item, f"The slug {term.slug!r} stands in {where} already.")
            elif term is not None and term.slug:
                terms[term.slug] = term
    _check_together(terms, faults)
    return terms


def _entry(path: Path, node: Node, what: str, read: FileReader) -> TermDocument | None:
    fields = read.fields(node, what, ("slug",), (*LANGUAGES, "see"))
    if fields is None:
        return None
    slug = read.slug(fields.get("slug"), f"{what}: 'slug'")
    what = f"The term {slug!r}" if slug else what
    texts = {}
    for language in LANGUAGES:
        if language not in fields:
            read.lenient(node, f"{what} has no {LANGUAGE_NAMES[language]} text ({language!r}).")
            continue
        may = ("reading", "also") if language == "ja" else ("also",)
        one = f"{what} ({language})"
        own = read.fields(fields[language], one, ("term", "meaning"), may)
        if own is not None:
            texts[language] = read_term(fields[language], own, one, language, read)
    if not texts:
        read.fault(node, f"{what} has no text in any language.")
    nodes = read.items(fields.get("see"), f"{what}: 'see'", 0, 8)
    see = [read.slug(item, f"{what}: 'see'") for item in nodes]
    return TermDocument(path, read.line(node), slug, texts, tuple(one for one in see if one))


def read_term(node: Node, fields: Fields, what: str, language: str, read: FileReader) -> TermText:
    """Read a term with its meaning. A Japanese one with kanji has its reading in kana."""
    term = read.text(fields.get("term"), f"{what}: 'term'", 60)
    reading = ""
    if "reading" in fields:
        reading = read.text(fields["reading"], f"{what}: 'reading'", 80)
        if language != "ja":
            read.fault(fields["reading"], f"{what}: a reading is for Japanese terms only.")
        elif reading and not _KANA.fullmatch(reading):
            read.fault(fields["reading"], f"{what}: 'reading' must be hiragana or katakana.")
    elif language == "ja" and _KANJI.search(term):
        read.fault(node, f"{what} lacks the key 'reading': its term has kanji.")
    also = tuple(
        read.text(item, f"{what}: 'also'", 60)
        for item in read.items(fields.get("also"), f"{what}: 'also'", 0, 8)
    )
    meaning = read.text(fields.get("meaning"), f"{what}: 'meaning'", _MEANINGS[language])
    return TermText(term, meaning, reading, tuple(one for one in also if one))


def _check_together(terms: Mapping[str, TermDocument], faults: Faults) -> None:
    """Report what leads nowhere, and words that two terms claim."""
    claimed: dict[tuple[str, str], str] = {}
    for slug, term in terms.items():
        for other in term.see:
            if other not in terms:
                sentence = f"The term {slug!r}: 'see' names {other!r}, which is no term here."
                faults.add(term.path, term.line, sentence)
        for language, text in term.texts.items():
            for form in text.forms:
                first = claimed.setdefault((language, " ".join(form.casefold().split())), slug)
                if first != slug:
                    sentence = f"The term {slug!r}: {form!r} ({language}) belongs to {first!r}."
                    faults.add(term.path, term.line, sentence)


def check_terms(text: LessonText, terms: Mapping[str, TermDocument], faults: Faults) -> None:
    """Report terms that a lesson lists but that are none, or that its text does not hold."""
    listed = dict(text.terms)
    for slug, line in listed.items():
        if slug not in terms:
            faults.add(text.path, line, f"The glossary has no term {slug!r}.")
    forms = {
        slug: term.texts[text.language].forms
        for slug, term in terms.items()
        if text.language in term.texts
    }
    own = [form.casefold() for slug in listed for form in forms.get(slug, ())]
    # Of the others only those count within which a listed one might stand.
    book = [
        Term(slug, "#", words, link=slug in listed)
        for slug, words in forms.items()
        if slug in listed or any(form in word.casefold() for word in words for form in own)
    ]
    linked = set(convert(text.found.text, book).linked) if listed else set()
    for slug, line in listed.items():
        words = terms[slug].texts.get(text.language) if slug in terms else None
        if words is not None and slug not in linked:
            sentence = (
                f"The term {slug!r} ({', '.join(words.forms)}) does not occur in the text:"
                " outside headings, heads of tables, links and longer terms."
            )
            faults.add(text.path, line, sentence)
