"""`lms content check` names file and line of every fault."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lms.command import main
from lms.config import ROOT
from tests.whole.content import spoil, write_content

P, EN, JA = "programme.yaml", "lessons/wages.en.md", "lessons/wages.ja.md"
DECK = "slides/wages.en.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_content(tmp_path / "content")


def _check(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["content", "check", str(folder), *options])


def _faults(folder: Path) -> list[tuple[str, int, str]]:
    """Return file below the programme, line and sentence of each fault."""
    result = _check(folder)
    assert result.exit_code == 1, result.output
    found = []
    for line in result.output.splitlines():
        match = re.fullmatch(r"(.+?):(\d+): (.+)", line)
        assert match is not None, line
        path = Path(match[1]).relative_to(folder)
        found.append((str(Path(*path.parts[1:])), int(match[2]), match[3]))
    return found


def test_the_product_s_own_content_has_no_fault() -> None:
    result = _check(ROOT / "content")
    assert result.output.endswith("no faults.\n")
    assert result.exit_code == 0


def test_sound_content_gives_one_line_of_counts(folder: Path) -> None:
    result = _check(folder)
    assert result.exit_code == 0
    assert result.output == (
        "1 programmes, 1 editions, 2 parts, 1 lessons in 2 texts, 2 figures, 0 terms: no faults.\n"
    )


def test_needs_neither_settings_nor_database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOMONI_SECRET_KEY", "short")  # any reading of settings would refuse it
    monkeypatch.setenv("TOMONI_DATABASE_URL", "nonsense://")
    assert _check(folder).exit_code == 0


ONE_FAULT = [
    # programme.yaml
    (P, "kind: series", "kind:\tseries", "tab"),
    (P, "kind: series", "kind: serial", "must be one of"),
    (P, "kind: series", "kind: series\nkid: 1", "unknown key 'kid'"),
    (P, "kind: series", "kind: series\nkind: series", "twice"),
    (P, "slug: evening-course", "slug: morning-course", "name of the folder"),
    (P, "slug: evening-course", "slug: Evening Course", "small letters"),
    (P, "en: Evening course", "en: ''", "is empty"),
    (P, "{ja: 夜間講座, en: Evening course}", "{ja: 夜間講座}", "no English text"),
    (P, "{ja: 夜間講座, en: Evening course}", "{en: Evening course}", "no Japanese text"),
    (P, "{ja: 夜間講座, en: Evening course}", "Evening course", "must be a mapping"),
    (P, "en: Evening course", "en: 2026", "quote it"),
    (P, "en: Evening course", "en: " + "long " * 30, "at most 120"),
    (P, "leads_to: null", "leads_to: nowhere", "no programme here"),
    (P, "leads_to: null", "leads_to: evening-course", "circle"),
    (P, "languages: [ja, en]", "languages: []", "1 to 2 entries"),
    (P, "languages: [ja, en]", "languages: ja", "must be a list"),
    (P, "languages: [ja, en]", "languages: [ja, fr]", "must be one of"),
    (P, ", year: 2024}", "}", "lacks the key 'year'"),
    (P, "year: 2024", "year: last", "whole number"),
    (P, "mode: hybrid", "mode: hybrids", "must be one of"),
    (P, "capacity: 20", "capacity: 0", "1 to 1000000"),
    (P, "capacity: 20", "capacity: many", "whole number"),
    (P, "capacity: 20", "starts_on: 2026-10-12", "both 'starts_on' and 'ends_on'"),
    (P, "capacity: 20", "starts_on: 2026-02-30\n    ends_on: 2026-03-01", "date that exists"),
    (P, "lessons: [wages]", "lessons: [wages, salaries]", "no lesson 'salaries'"),
    (P, "lessons: [wages]", "lessons: [wages, wages]", "twice"),
    (P, "{kind: attend, part: part-1}", "{kind: attend, part: part-9}", "no part 'part-9'"),
    (P, "{kind: attend, part: part-1}", "{kind: attend}", "lacks the key 'part'"),
    (P, "{kind: attend, part: part-1}", "{kind: fly, part: part-1}", "must be one of"),
    (P, "{kind: read, lesson: wages}", "{kind: read, lesson: nothing}", "no part of this edition"),
    (P, "percent: 80", "percent: 101", "1 to 100"),
    (P, "attend, part: part-1}", "attend, part: part-1, percent: 0}", "1 to 100"),
    (P, "lesson: wages}", "lesson: wages, percent: 80}", "the kind read has no 'percent'"),
    (P, "combine: at_least\n      needed", "combine: all\n      needed", "only at_least"),
    (P, "needed: 1", "needed: 3", "1 to 2"),
    # front matter
    (EN, "title: Wages", "titel: Wages", "unknown key 'titel'"),
    (EN, "minutes: 10", "minutes: 1:30", "whole number"),
    (EN, "year: 2024, ", "", "lacks the key 'year'"),
    (EN, "https://office.example/a", "http://office.example/a", "https://"),
    (EN, "meaning: What is always paid.", "reading: x, meaning: Paid.", "Japanese terms only"),
    (JA, ", reading: きほんきゅう", "", "lacks the key 'reading'"),
    (JA, "reading: きほんきゅう", "reading: kihonkyu", "hiragana or katakana"),
    (EN, "meaning: What is always paid.", "meaning: What, as a rule, is paid.", "comma in 'mean"),
    # Markdown
    (EN, "## In plain words", "# In plain words", "begin at ##"),
    (EN, "## In plain words", "<b>In plain words</b>", "HTML"),
    (EN, "## In plain words", "![a picture](https://office.example/a.png)", "Images"),
    (EN, "## In plain words", "[a page](javascript:alert(1))", "link must begin with https"),
    (EN, "## In plain words", "## In {plain|ぷれーん} words", "heading"),
    (EN, "## In plain words", "In {plain words", "{base|reading}"),
    (EN, "## In plain words", "The **plain words", "Asterisks are left over"),
    (EN, "## In plain words", "In plain words\n- one", "empty line above a list"),
    (EN, "## Three questions", "## Questions", "last section must be titled"),
    (JA, "## 考えてみよう", "## Three questions", "last section must be titled"),
    (EN, "## Three questions\n\n1. What", "## Three questions\n\nWhat", "3 numbered questions"),
    # figures
    (EN, "type: bar", "type: pie", "must be one of"),
    (EN, "alt: Two bars, of which the second one is longer than the first.", "", "'alt'"),
    (EN, "alt: Two bars, of which the second one is longer than the first.", "alt: Bars",
     "at least 20"),
    (EN, "[1000, 1250.5]", "[1000]", "1 values for 2 of x"),
    (EN, "[1000, 1250.5]", "[1000, many]", "must be a number or null"),
    (EN, "[1000, 1250.5]", "[1000, ]", "1 values for 2 of x"),
    (EN, "type: bar", "type: schema", "'x_label'"),
    (EN, "source: Office, Statistics, 2024", "", "'source'"),
    # checks
    (EN, "- ask: Which is longer?", "- ask: ''", "is empty"),
    (EN, ", why: It is shorter.}", "}", "lacks the key 'why'"),
    (EN, "right: false, why: It is shorter.", "right: maybe, why: It is shorter.", "true or false"),
    (EN, "text: The first, right: false", "text: 2,000 people, right: false", "must be a text"),
    # slides
    (DECK, "title: One", "title: " + "x" * 61, "at most 60"),
    (DECK, "lines: [a, b, c]", "lines: [a]", "3 to 4"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), ONE_FAULT)
def test_a_fault_is_named_with_its_line(
    folder: Path, name: str, old: str, new: str, words: str
) -> None:
    line = spoil(folder, name, old, new)
    near = [fault for fault in _faults(folder) if fault[0] == name and words in fault[2]]
    assert near, _faults(folder)
    # A missing key is named at the line on which its mapping begins; all else where it stands.
    missing = "lacks the key" in near[0][2] or "both" in near[0][2]
    at = near[0][1]
    assert at <= line if missing else line <= at <= line + new.count("\n")


def test_an_option_with_a_bare_comma_says_that_it_must_be_quoted(folder: Path) -> None:
    line = spoil(folder, EN, "text: The first, right: false", "text: 2,000人, right: false")
    sentence = (
        "Option 1 of question 1 has an unknown key '000人';"
        " perhaps a comma in 'text' must be quoted."
    )
    assert (EN, line, sentence) in _faults(folder)


@pytest.mark.parametrize("right", [("true", "true"), ("false", "false")])
def test_a_question_has_exactly_one_right_answer(folder: Path, right: tuple[str, str]) -> None:
    spoil(folder, EN, "text: The first, right: false", f"text: The first, right: {right[0]}")
    spoil(folder, EN, "text: The second, right: true", f"text: The second, right: {right[1]}")
    count = right.count("true")
    text = (folder / "evening-course" / EN).read_text(encoding="utf-8")
    line = text[: text.index("- ask: Which is longer?")].count("\n") + 1
    sentence = f"Question 1 of the check must have exactly one right option, not {count}."
    assert (EN, line, sentence) in _faults(folder)


def test_every_fault_is_named_and_not_only_the_first(folder: Path) -> None:
    lines = {
        (P, spoil(folder, P, "mode: hybrid", "mode: hybrids")),
        (P, spoil(folder, P, "percent: 80", "percent: 0")),
        (P, spoil(folder, P, "kind: series", "kind:\tseries")),
        (EN, spoil(folder, EN, "minutes: 10", "minutes: ten")),
        (EN, spoil(folder, EN, "type: bar", "type: pie")),
        (EN, spoil(folder, EN, "- ask: Which is shorter?", "- ask:")),
        (JA, spoil(folder, JA, "## やさしい言葉で", "# やさしい言葉で")),
        (DECK, spoil(folder, DECK, "title: Two", "titles: Two")),
    }
    assert lines <= {(name, line) for name, line, _sentence in _faults(folder)}


def test_yaml_that_cannot_be_read_is_named_in_every_block(folder: Path) -> None:
    chart = spoil(folder, EN, "unit: yen", 'unit: "yen')
    front = spoil(folder, EN, "title: Wages", "title: [Wages")
    places = {(name, line) for name, line, text in _faults(folder) if "not YAML" in text}
    assert {name for name, _line in places} == {EN}
    assert any(line >= chart for _name, line in places)
    assert any(front <= line < front + 12 for _name, line in places)


@pytest.mark.parametrize(("name", "language"), [(EN, "English"), (JA, "Japanese")])
def test_a_lesson_in_one_language_only(folder: Path, name: str, language: str) -> None:
    (folder / "evening-course" / name).unlink()
    other = JA if name == EN else EN
    faults = [fault for fault in _faults(folder) if f"no {language} text" in fault[2]]
    assert [(path, line) for path, line, _sentence in faults] == [(other, 1)]


def test_a_site_of_one_language_is_only_warned(folder: Path) -> None:
    (folder / "evening-course" / EN).unlink()
    (folder / "evening-course" / DECK).unlink()
    result = _check(folder, "--lenient")
    assert result.exit_code == 0, result.output
    assert f"{JA}:1: warning: " in result.output


def test_files_that_are_not_utf_8(folder: Path) -> None:
    path = folder / "evening-course" / JA
    lines = path.read_bytes().split(b"\n")
    lines[12] = "文字".encode("cp932")
    path.write_bytes(b"\n".join(lines))
    assert (JA, 13, "The file is not UTF-8 from here on.") in _faults(folder)


def test_byte_order_mark_and_line_ends(folder: Path) -> None:
    path = folder / "evening-course" / P
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    sentences = [text for name, line, text in _faults(folder) if (name, line) == (P, 1)]
    assert len(sentences) == 2
    assert "byte order mark" in " ".join(sentences)


@pytest.mark.parametrize("name", [EN, JA])
def test_lengths(folder: Path, name: str) -> None:
    path = folder / "evening-course" / name
    text = path.read_text(encoding="utf-8")
    long_line = max(text.split("\n"), key=len)
    line = text[: text.index("\n---\n") + 1].count("\n") + 2
    for replacement in ("short", long_line * 60):
        path.write_text(text.replace(long_line, replacement), encoding="utf-8")
        faults = _faults(folder)
        assert [fault[:2] for fault in faults if "The text must have" in fault[2]] == [(name, line)]


def test_duplicate_slugs_name_the_second(folder: Path) -> None:
    line = spoil(folder, P, "- slug: part-2", "- slug: part-1")
    sentence = "Another part has the slug 'part-1' already."
    assert (P, line, sentence) in _faults(folder)


def test_two_programmes_of_one_slug(folder: Path) -> None:
    other = folder / "other"
    (folder / "evening-course").rename(other)
    write_content(folder)
    result = _check(folder)
    assert "has the slug 'evening-course' already" in result.output


def test_a_lesson_that_a_route_names_has_a_check(folder: Path) -> None:
    for name in (EN, JA):
        path = folder / "evening-course" / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text[: text.index("```check")], encoding="utf-8")
    text = (folder / "evening-course" / P).read_text(encoding="utf-8")
    line = text[: text.index("lesson: wages}")].count("\n") + 1
    sentence = "The lesson 'wages' has no check, so that reading it cannot count."
    assert _faults(folder) == [(P, line, sentence)]


def test_languages_have_the_same_figures_and_questions(folder: Path) -> None:
    path = folder / "evening-course" / JA
    text = path.read_text(encoding="utf-8")
    start, end = text.index("```chart"), text.index("```\n\n## ")
    path.write_text(text[:start] + text[end + 4 :], encoding="utf-8")
    assert _faults(folder) == [(JA, 1, "It has 0 figures; the English text has 1.")]


def test_files_with_other_names_and_lessons_of_no_part(folder: Path) -> None:
    lessons = folder / "evening-course" / "lessons"
    (lessons / "notes.txt").write_text("x", encoding="utf-8")
    for language in ("en", "ja"):
        text = (lessons / f"wages.{language}.md").read_text(encoding="utf-8")
        (lessons / f"pay.{language}.md").write_text(text, encoding="utf-8")
    assert [(name, line) for name, line, _text in _faults(folder)] == [
        ("lessons/notes.txt", 1), ("lessons/pay.en.md", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["", "empty"])
def test_no_folder_or_nothing_in_it(tmp_path: Path, name: str) -> None:
    if name:
        (tmp_path / "content").mkdir()
    result = _check(tmp_path / "content")
    assert result.exit_code == 1
    assert result.output.startswith(str(tmp_path / "content") + ":1: ")


def test_a_programme_folder_without_its_file(folder: Path) -> None:
    (folder / "evening-course" / P).unlink()
    assert (P, 1, "The folder has no programme.yaml.") in _faults(folder)
