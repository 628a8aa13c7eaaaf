"""What a house asks of its own content: held by the check, and in nobody's way when loading."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from lms.command import main
from lms.config import ROOT
from lms.whole.content.check import check_content
from tests.whole.content import DECK, FILES, spoil, write_content

EN, JA = "lessons/wages.en.md", "lessons/wages.ja.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_content(tmp_path / "content")


def _unlike(folder: Path, rules: str) -> list[tuple[str, int, str]]:
    (folder / "house.yaml").write_text(rules, encoding="utf-8")
    checked = check_content(folder)
    assert checked.faults == ()
    return [(Path(one.path).name, one.line, one.sentence) for one in checked.unlike_house]


def _line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


FIRST = _line_of(FILES[f"evening-course/{EN}"], "## In plain words")
LAST = _line_of(FILES[f"evening-course/{EN}"], "## Three questions")


@pytest.mark.parametrize(
    ("rules", "line", "words"),
    [
        ("text: {en: [800, 1500], ja: [0, 9000]}", FIRST, "must have 800 to 1,500 words, not"),
        (
            "section: {en: [0, 10], ja: [0, 9000]}",
            LAST,
            "'Three questions' must have 0 to 10 words",
        ),
        ("plain: {en: [500, 600], ja: [0, 9000]}", FIRST, "'In plain words' must have 500 to 600"),
        ("deeper_in: [evening-course]", FIRST, "titled '## Going deeper' in each lesson"),
        ("questions: [3, 4]", 1, "check must have 3 to 4 questions, not 2"),
        ("terms: [5, 12]", 1, "must list 5 to 12 terms of the glossary, not 0"),
        ("minutes: [1.9, 2.5]", 1, "'minutes' is 10; the text asks for about 5."),
        ("slides: [4, 8]", 1, "deck must have 4 to 8 slides, not 3"),
        ("glossary: 150", 1, "at least 150 terms, not 0"),
    ],
)
def test_a_rule_names_the_line_that_does_not_keep_it(
    folder: Path, rules: str, line: int, words: str
) -> None:
    found = [one for one in _unlike(folder, rules) if words in one[2]]
    assert found
    assert found[0][1] == line
    (folder / "house.yaml").unlink()
    assert check_content(folder).unlike_house == ()


def test_each_lesson_has_a_figure_or_a_table_and_a_deck(folder: Path) -> None:
    for name in (EN, JA):
        path = folder / "evening-course" / name
        text = path.read_text(encoding="utf-8")
        start, end = text.index("```chart"), text.index("```\n\n## ")
        path.write_text(text[:start] + text[end + 4 :], encoding="utf-8")
    for language in ("en", "ja"):
        (folder / "evening-course" / "slides" / f"wages.{language}.yaml").unlink()
    found = _unlike(folder, "figure: true\nslides: [4, 8]\n")
    assert [one[2] for one in found if one[0] == "wages.en.md"] == [
        "The lesson has no deck of slides (slides/wages.en.yaml).",
        "The lesson has neither figure nor table.",
    ]


def test_tables_are_alike_in_both_languages(folder: Path) -> None:
    table = "| a | b |\n| --- | --- |\n| c | d |\n"
    spoil(folder, EN, "## Three questions", f"{table}\n## Three questions")
    spoil(folder, JA, "## 考えてみよう", f"{table}| e | f |\n\n## 考えてみよう")
    (found,) = _unlike(folder, "figure: true")
    assert "(3x2)" in found[2]
    assert "(2x2)" in found[2]


def test_plain_words_stand_first_and_the_harder_path_before_the_questions(folder: Path) -> None:
    spoil(folder, EN, "## In plain words", "## Going deeper: a\n\nHard.\n\n## In plain words")
    sentences = [one[2] for one in _unlike(folder, "figure: true") if one[0] == "wages.en.md"]
    assert "The section in plain words must stand first." in sentences
    assert "The harder passage must stand just before the questions." in sentences


def test_the_harder_path_does_not_count_as_text(folder: Path) -> None:
    before = check_content(folder).programmes[0].lessons["wages"].texts["en"].found.length
    spoil(folder, EN, "## Three", "## Going deeper: more\n\n" + "word " * 300 + "\n\n## Three")
    rules = f"text: {{en: [1, {before}], ja: [1, 9000]}}\ndeeper: {{en: [0, 100], ja: [0, 100]}}\n"
    (found,) = _unlike(folder, rules)
    assert "'Going deeper: more' must have 0 to 100 words" in found[2]


def test_a_deck_does_not_repeat_the_questions(folder: Path) -> None:
    name = "slides/wages.en.yaml"
    spoil(folder, name, "title: Three", "title: To think about")
    found = _unlike(folder, "slides: [3, 8]")
    line = _line_of(DECK, "- title: Three")
    assert [(one[0], one[1]) for one in found] == [("wages.en.yaml", line)]


@pytest.mark.parametrize(
    ("rules", "words"),
    [("texts: 1", "unknown key"), ("slides: 4", "must be a list"), ("figure: 1", "true or false"),
     ("text: {en: [1, 2]}", "lacks the key 'ja'"), ("plain_in: [A b]", "small letters")],
)  # fmt: skip
def test_rules_that_are_none_are_faults(folder: Path, rules: str, words: str) -> None:
    (folder / "house.yaml").write_text(rules, encoding="utf-8")
    faults = [str(one) for one in check_content(folder).faults]
    assert [one for one in faults if "house.yaml:1" in one and words in one], faults


def test_the_command_fails_and_loading_does_not_mind(folder: Path) -> None:
    (folder / "house.yaml").write_text("questions: [3, 4]", encoding="utf-8")
    result = CliRunner().invoke(main, ["content", "check", str(folder)])
    assert result.exit_code == 1
    assert result.output.count("The check must have 3 to 4 questions, not 2.") == 2
    assert check_content(folder).faults == ()


def test_the_product_s_own_content_keeps_the_rules_of_its_house() -> None:
    assert (ROOT / "content" / "house.yaml").is_file()
    checked = check_content(ROOT / "content")
    assert [str(one) for one in checked.unlike_house] == []
    assert len(checked.terms) >= 150


def test_each_programme_of_ours_but_the_single_lecture_has_lessons() -> None:
    without = {one.slug for one in check_content(ROOT / "content").programmes if not one.lessons}
    assert without <= {"web-lecture"}
