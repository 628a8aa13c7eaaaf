"""Slides of a lesson: its own deck, and around it what the lesson says already.

Title, objectives, the deck, the figures of the text drawn by the same code, the three questions
and the sources are set as pages of one document.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from lms.infra.markup.convert import plain_text
from lms.infra.markup.printed import Picture, printed
from lms.infra.markup.words import word
from lms.whole.content.documents import Deck, LessonDocument, LessonText, ProgrammeDocument

_TEMPLATE: Final = Path(__file__).with_name("slides.typ")
_PPI: Final = 96  # 960 x 540 pt become 1280 x 720 pixels
_NUMBERED: Final = re.compile(r"\d+[.)]\s+(.*)")
_SOURCES_A_PAGE: Final = 8


class Slide(NamedTuple):
    """A page: its title and lines, and how it is set (see slides.typ)."""

    title: str
    lines: tuple[str, ...] = ()
    kind: Literal["title", "list", "numbered", "small", "figure"] = "list"
    picture: Picture | None = None
    note: str = ""


def lesson_slides(programme: str, text: LessonText, deck: Deck | None) -> tuple[Slide, ...]:
    """Return the pages of a lesson in one language; `programme` is its programme's title."""
    language = text.language
    figures = [figure for figure in text.found.charts if figure is not None]
    return (
        Slide(text.title, (programme,), "title"),
        Slide(word("objectives", language), tuple(text.objectives)),
        *(Slide(title, lines) for title, lines in (deck.slides if deck is not None else ())),
        *(
            Slide(
                figure.title,
                kind="figure",
                picture=printed(figure),
                note=f"{word('source', language)} {figure.source}".strip(),
            )
            for figure in figures
        ),
        Slide(word("questions", language), tuple(_questions(text)), "numbered"),
        *_sources(text),
    )


def _questions(text: LessonText) -> Iterator[str]:
    """Yield the three questions of the last section as plain text."""
    last = re.split(r"^## .*$", text.found.text, flags=re.MULTILINE)[-1]
    question: list[str] = []
    for line in last.split("\n"):
        match = _NUMBERED.match(line)
        if match is not None or not line.strip():
            if question:
                yield _plain(question)
            question = [match[1]] if match is not None else []
        elif question:
            question.append(line.strip())
    if question:
        yield _plain(question)


def _plain(lines: Sequence[str]) -> str:
    return " ".join(plain_text("\n".join(lines)).split())


def _sources(text: LessonText) -> Iterator[Slide]:
    lines = [f"{one['title']} ({one['publisher']}, {one['year']})" for one in text.sources]
    for start in range(0, len(lines), _SOURCES_A_PAGE):
        page = tuple(lines[start : start + _SOURCES_A_PAGE])
        yield Slide(word("sources", text.language), page, "small")


def set_slides(
    title: str, slides: Sequence[Slide], language: str, form: Literal["png", "pdf"]
) -> list[bytes]:
    """Set slides as pictures (`png`, one each) or as one document (`pdf`)."""
    import pylopdf_fonts_jp  # noqa: PLC0415 - only where it is drawn
    import typst  # noqa: PLC0415 - heavy, and only where slides are made

    data = {"lang": language, "title": title, "slides": [_page(slide) for slide in slides]}
    made: Any = typst.compile(
        _TEMPLATE,
        format=form,
        ppi=_PPI,
        font_paths=[Path(pylopdf_fonts_jp.__file__).parent],
        ignore_system_fonts=True,
        sys_inputs={"deck": json.dumps(data, ensure_ascii=False)},
    )
    return [made] if isinstance(made, bytes) else list(made)


def _page(slide: Slide) -> dict[str, Any]:
    picture = slide.picture or Picture("")
    return {
        "kind": slide.kind,
        "title": slide.title,
        "lines": list(slide.lines),
        "svg": picture.svg,
        "keys": [{"svg": svg, "name": name} for svg, name in picture.keys],
        "note": slide.note,
    }


def write_slides(programme: ProgrammeDocument, lesson: LessonDocument, folder: Path) -> list[Path]:
    """Write a PDF for each language of a lesson below a folder; return their paths."""
    paths = []
    for language, text in lesson.texts.items():
        title = programme.title.get(language) or next(iter(programme.title.values()), "")
        slides = lesson_slides(title, text, lesson.decks.get(language))
        (document,) = set_slides(text.title, slides, language, "pdf")
        path = folder / programme.slug / f"{lesson.slug}.{language}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document)
        paths.append(path)
    return paths
