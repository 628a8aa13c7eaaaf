"""The parts of a lesson's page around its text."""

import re

from flask import Flask, render_template_string

from lms.infra.markup import render_lesson

PAGE = (
    "{% import 'ui/lesson.html' as lesson %}"
    "{{ lesson.objectives(objectives) }}{{ made.html }}{{ lesson.contents(made.headings) }}"
    "{{ lesson.glossary(glossary) }}{{ lesson.sources(sources) }}"
)


def _page(app: Flask, **values: object) -> str:
    given = {"objectives": [], "glossary": [], "sources": [], **values}
    with app.test_request_context():
        return render_template_string(PAGE, **given)


def test_every_link_to_a_term_or_heading_leads_somewhere(app: Flask) -> None:
    glossary = [
        {"term": "賃金", "reading": "ちんぎん", "meaning": "労働の対価。"},
        {"term": "春闘", "meaning": "春の交渉。"},
    ]
    text = "## 一\n\n{賃金|ちんぎん}と春闘。\n\n## 二\n\nあ\n\n## 三\n\nい\n"
    made = render_lesson(text, "ja", [item["term"] for item in glossary])
    page = _page(app, made=made, glossary=glossary)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) == 5
    assert set(links) <= set(re.findall(r'id="([^"]+)"', page))
    assert page.count("<rt>ちんぎん</rt>") == 2


def test_what_authors_write_is_escaped(app: Flask) -> None:
    evil = "<b>x</b>"
    page = _page(
        app,
        made=render_lesson("a", "en"),
        objectives=[evil],
        glossary=[{"term": evil, "reading": evil, "meaning": evil}],
        sources=[{"title": evil, "publisher": evil, "year": evil}],
    )
    assert "<b>" not in page


def test_sources_link_where_there_is_an_address(app: Flask) -> None:
    sources = [
        {"title": "One", "publisher": "Office", "year": "2024", "url": "https://office.example/a"},
        {"title": "Two", "publisher": "Office", "year": "2023"},
    ]
    page = _page(app, made=render_lesson("a", "en"), sources=sources)
    assert re.findall(r'<a href="(https[^"]+)"', page) == ["https://office.example/a"]
    assert "Office, 2023" in page


def test_empty_parts_leave_nothing_behind(app: Flask) -> None:
    page = _page(app, made=render_lesson("a", "en"))
    assert re.sub(r"\s+", "", page) == "<p>a</p>"
