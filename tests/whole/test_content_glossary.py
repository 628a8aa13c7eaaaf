"""The glossary's files: what is checked, and what a load makes of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.courses.models import GlossaryTerm, Lesson
from lms.infra.db import db, unit_of_work
from lms.whole.content.check import Checked, check_content
from lms.whole.content.load import load_content
from lms.whole.content.rows import LoadReport
from tests.whole.content import write_content

AT = datetime(2026, 10, 12, 1, tzinfo=UTC)
TERMS = """\
- slug: base-pay
  ja: {term: 基本給, reading: きほんきゅう, also: [本給], meaning: いつも支払われる部分。}
  en: {term: base pay, meaning: What is always paid.}
  see: [wage]
- slug: wage
  ja: {term: 賃金, reading: ちんぎん, meaning: 労働の対価。}
  en: {term: wage, also: [pay], meaning: What is paid for work.}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_content(tmp_path / "content")
    (folder / "glossary").mkdir()
    (folder / "glossary" / "words.yaml").write_text(TERMS, encoding="utf-8")
    for language in ("en", "ja"):
        path = _lesson(folder, language)
        lines = path.read_text(encoding="utf-8").split("\n")
        at = lines.index("glossary:")
        lines[at : at + 2] = ["glossary: [wage, base-pay]"]
        path.write_text("\n".join(lines), encoding="utf-8")
    return folder


def _lesson(folder: Path, language: str) -> Path:
    return folder / "evening-course" / "lessons" / f"wages.{language}.md"


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _faults(folder: Path) -> list[str]:
    return [
        f"{Path(one.path).name}:{one.line}: {one.sentence}" for one in check_content(folder).faults
    ]


def test_a_sound_glossary_is_read_with_both_languages(folder: Path) -> None:
    checked = check_content(folder)
    assert checked.faults == ()
    assert [(one.slug, one.texts["en"].forms) for one in checked.terms] == [
        ("base-pay", ("base pay",)), ("wage", ("wage", "pay")),
    ]  # fmt: skip
    assert "2 terms" in checked.counts()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (", reading: ちんぎん", "", "words.yaml:6: The term 'wage' (ja) lacks the key 'reading'"),
        ("reading: ちんぎん", "reading: chingin", "must be hiragana or katakana"),
        ("- slug: wage", "- slug: base-pay", "yaml:5: The slug 'base-pay' stands in words.yaml:1"),
        ("see: [wage]", "see: [salary]", "'see' names 'salary', which is no term here"),
        ("also: [pay]", "also: [Base  Pay]", "belongs to 'base-pay'"),
        ("  en: {term: wage, also: [pay], meaning: What is paid for work.}", "", "no English text"),
        ("meaning: What is always paid.", "meaning: " + "long " * 90, "at most 400"),
        ("meaning: いつも支払われる部分。", "meaning: " + "長" * 301, "at most 300"),
        ("term: wage", "word: wage", "unknown key 'word'"),
        ("- slug: wage", "- slug: Wage", "small letters"),
    ],
)  # fmt: skip
def test_a_fault_of_the_glossary_is_named(folder: Path, old: str, new: str, fault: str) -> None:
    _change(folder / "glossary" / "words.yaml", old, new)
    assert [one for one in _faults(folder) if fault in one], _faults(folder)


def test_only_files_of_terms_stand_in_the_folder(folder: Path) -> None:
    (folder / "glossary" / "notes.txt").write_text("x", encoding="utf-8")
    assert _faults(folder) == ["notes.txt:1: A file here is named <topic>.yaml."]


def test_a_lesson_lists_terms_that_there_are_and_that_its_text_uses(folder: Path) -> None:
    _change(_lesson(folder, "en"), "[wage, base-pay]", "[wage, base-pay, bonus, wage]")
    _change(folder / "glossary" / "words.yaml", "term: base pay", "term: basic pay")
    where = "outside headings, heads of tables, links and longer terms"
    assert _faults(folder) == [
        "wages.en.md:9: The glossary has no term 'bonus'.",
        f"wages.en.md:9: The term 'base-pay' (basic pay) does not occur in the text: {where}.",
        "wages.en.md:9: glossary[4] lists 'wage' a second time.",
    ]


def test_a_term_does_not_occur_within_a_longer_one(folder: Path) -> None:
    _change(folder / "glossary" / "words.yaml", "also: [pay]", "also: [earnings]")
    _change(folder / "glossary" / "words.yaml", "term: base pay", "term: pay")
    with (folder / "glossary" / "words.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "- slug: long\n  ja: {term: 長い, reading: ながい, meaning: 長い語。}\n"
            "  en: {term: base pay, meaning: A longer one.}\n"
        )
    assert [one for one in _faults(folder) if "'base-pay' (pay) does not occur" in one]


def _load(folder: Path, *, overwrite: bool = False) -> LoadReport:
    checked: Checked = check_content(folder)
    assert checked.faults == ()
    with unit_of_work():
        return load_content(checked.programmes, checked.terms, at=AT, overwrite=overwrite)


@pytest.mark.usefixtures("app")
def test_terms_are_loaded_changed_and_removed(folder: Path) -> None:
    assert "glossary/wage" in _load(folder).created
    term = db.session.scalars(select(GlossaryTerm).where(GlossaryTerm.slug == "base-pay")).one()
    assert (term.reading, term.also, term.see) == ("きほんきゅう", {"ja": ["本給"]}, ["wage"])
    assert _load(folder).updated == []
    lesson = db.session.scalars(select(Lesson)).one()
    assert lesson.glossary["en"] == [{"slug": "wage"}, {"slug": "base-pay"}]

    _change(folder / "glossary" / "words.yaml", "What is always paid.", "Paid in any case.")
    assert _load(folder).updated == ["glossary/base-pay"]

    for language in ("en", "ja"):
        _change(_lesson(folder, language), "[wage, base-pay]", "[wage]")
    text = (folder / "glossary" / "words.yaml").read_text(encoding="utf-8")
    (folder / "glossary" / "words.yaml").write_text(text[text.index("- slug: wage") :], "utf-8")
    assert _load(folder).removed == ["glossary/base-pay"]


@pytest.mark.usefixtures("app")
def test_a_folder_without_a_glossary_takes_none_away(folder: Path) -> None:
    _load(folder)
    (folder / "glossary" / "words.yaml").unlink()
    for language in ("en", "ja"):
        _change(_lesson(folder, language), "[wage, base-pay]", "[]")
    report = _load(folder)
    assert report.removed == []
    assert "glossary/wage" in report.left
