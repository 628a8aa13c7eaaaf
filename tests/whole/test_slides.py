"""Slides of a lesson, read again by a reader of PDF that did not make them."""

import io
from pathlib import Path

import pypdf
import pytest
from click.testing import CliRunner

from lms.command import main
from lms.config import ROOT
from lms.whole.content.check import check_content
from lms.whole.content.documents import LessonDocument
from lms.whole.content.slides import Slide, lesson_slides, set_slides
from tests.whole.content import spoil, write_content


@pytest.fixture
def lesson(tmp_path: Path) -> LessonDocument:
    checked = check_content(write_content(tmp_path / "content"))
    return checked.programmes[0].lessons["wages"]


def _slides(lesson: LessonDocument, language: str) -> tuple[Slide, ...]:
    return lesson_slides("Evening course", lesson.texts[language], lesson.decks[language])


def _read(document: bytes) -> list[str]:
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return ["".join(page.extract_text().split()) for page in pages]


def test_the_lesson_s_own_words_stand_around_the_deck(lesson: LessonDocument) -> None:
    slides = _slides(lesson, "en")
    assert [(slide.kind, slide.title) for slide in slides] == [
        ("title", "Wages"),
        ("list", "What you can do afterwards"),
        ("list", "One"),
        ("list", "Two"),
        ("list", "Three"),
        ("figure", "Pay"),
        ("numbered", "Three questions"),
        ("small", "Sources"),
    ]
    assert slides[1].lines == ("Read a payslip", "Ask about it")
    assert slides[6].lines == ("What do you read?", "What do you ask?", "What do you do?")
    assert slides[7].lines == ("Statistics (Office, 2024)",)


def test_a_question_over_several_lines_is_one(tmp_path: Path) -> None:
    folder = write_content(tmp_path / "content")
    spoil(folder, "lessons/wages.en.md", "2. What do you ask?", "2. What do you\n   **ask** whom?")
    lesson = check_content(folder).programmes[0].lessons["wages"]
    assert _slides(lesson, "en")[6].lines[1] == "What do you ask whom?"


@pytest.mark.parametrize(("language", "title"), [("ja", "賃金"), ("en", "Wages")])
def test_a_pdf_has_every_page_its_text_and_its_fonts(
    lesson: LessonDocument, language: str, title: str
) -> None:
    slides = _slides(lesson, language)
    (document,) = set_slides(title, slides, language, "pdf")
    pages = _read(document)
    assert len(pages) == len(slides)
    for slide, page in zip(slides, pages, strict=True):
        for words in (slide.title, *slide.lines):
            assert "".join(words.split()) in page
    assert "1,250.5" in pages[5]  # the figure's words are words, not a picture of them
    for leaf in pypdf.PdfReader(io.BytesIO(document)).pages:
        fonts = leaf["/Resources"].get_object()["/Font"].get_object()  # type: ignore[index]
        for font in fonts.values():
            (own,) = font.get_object()["/DescendantFonts"]
            descriptor = own.get_object()["/FontDescriptor"].get_object()
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)


def test_the_same_lesson_gives_the_same_bytes(lesson: LessonDocument) -> None:
    slides = _slides(lesson, "ja")
    assert set_slides("x", slides, "ja", "pdf") == set_slides("x", slides, "ja", "pdf")


def test_long_lines_are_set_smaller_so_that_they_fit_their_page() -> None:
    long = Slide("Long", tuple("word " * 60 for _line in range(5)))
    (document,) = set_slides("x", (long, Slide("Next", ("end",))), "en", "pdf")
    pages = _read(document)
    assert len(pages) == 2
    assert pages[0].count("word") == 300


def test_pictures_are_as_many_as_pages(lesson: LessonDocument) -> None:
    pictures = set_slides("x", _slides(lesson, "en")[:2], "en", "png")
    assert [picture[:4] for picture in pictures] == [b"\x89PNG"] * 2


def test_the_command_writes_a_file_for_each_lesson_and_language(tmp_path: Path) -> None:
    folder = write_content(tmp_path / "content")
    result = CliRunner().invoke(
        main, ["content", "slides", str(folder), "--out", str(tmp_path / "out")]
    )
    assert result.output == f"2 files in {tmp_path / 'out'}.\n"
    names = sorted(path.name for path in (tmp_path / "out" / "evening-course").iterdir())
    assert names == ["wages.en.pdf", "wages.ja.pdf"]


def test_a_lesson_of_ours_has_slides_of_every_kind_of_figure() -> None:
    """Each kind of figure in the product's own content can be set."""
    slides: dict[str, Slide] = {}
    for programme in check_content(ROOT / "content").programmes:
        for lesson in programme.lessons.values():
            for text in lesson.texts.values():
                pages = lesson_slides("x", text, None)
                figures = [chart for chart in text.found.charts if chart is not None]
                drawn = [page for page in pages if page.kind == "figure"]
                slides |= {chart.kind: page for chart, page in zip(figures, drawn, strict=True)}
    assert {"bar", "steps", "timeline", "levels"} <= set(slides)
    (document,) = set_slides("x", tuple(slides.values()), "ja", "pdf")
    assert len(_read(document)) == len(slides)
