"""The glossary: its page, and the words of a lesson that lead to it."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from bench.world import counted
from lms.courses.models import Edition, GlossaryTerm, Programme
from lms.infra.db import db, unit_of_work
from lms.pages.queries.glossary import forget_glossary, read_glossary
from lms.whole.content.check import check_content
from lms.whole.content.load import load_content
from tests.conftest import NOW
from tests.whole.content import spoil, write_content

TERMS = """\
- slug: base-pay
  ja: {term: 基本給, reading: きほんきゅう, also: [本給], meaning: いつも支払われる部分。}
  en: {term: base pay, also: [basic pay], meaning: What is always paid.}
  see: [bonus]
- slug: bonus
  ja: {term: 一時金, reading: いちじきん, meaning: 夏と冬の支払い。}
  en: {term: bonus, meaning: What is paid in summer and winter.}
- slug: ilo
  ja: {term: ILO, meaning: 国際労働機関。}
  en: {term: ILO, also: [International Labour Organization], meaning: A body of the UN.}
- slug: dispute
  ja: {term: 労働争議, reading: ろうどうそうぎ, meaning: 労使の争い。}
  en: {term: dispute, meaning: A conflict of labour.}
- slug: agency
  ja: {term: 派遣, reading: はけん, meaning: 派遣で働くこと。}
  en: {term: agency work, meaning: Work through an agency.}
"""
LESSON = "/courses/evening-course/first/lessons/wages"
MORE = "A dispute about the bonus went to the ILO, about agency work too.\n\n## Three questions"


@pytest.fixture
def loaded(app: Flask, tmp_path: Path) -> Path:
    """A published course whose lesson lists a term, and a glossary with more."""
    folder = write_content(tmp_path / "content")
    (folder / "glossary").mkdir()
    (folder / "glossary" / "words.yaml").write_text(TERMS, encoding="utf-8")
    for language in ("en", "ja"):
        path = folder / "evening-course" / "lessons" / f"wages.{language}.md"
        lines = path.read_text(encoding="utf-8").split("\n")
        at = lines.index("glossary:")
        lines[at : at + 2] = ["glossary: [base-pay]"]
        path.write_text("\n".join(lines), encoding="utf-8")
    spoil(folder, "lessons/wages.en.md", "## Three questions", MORE)
    checked = check_content(folder)
    assert checked.faults == ()
    with unit_of_work():
        load_content(checked.programmes, checked.terms, at=NOW)
        db.session.execute(update(Edition).values(state="published", published_at=NOW))
    del app
    return folder


def _get(client: FlaskClient, path: str, language: str = "en") -> str:
    answer = client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.text


def _words(page: str) -> list[str]:
    return re.findall(r'<article class="terms__entry" id="([^"]+)"', page)


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("language", "order", "headings"),
    [
        (
            "ja",
            ["ilo", "bonus", "base-pay", "agency", "dispute"],
            ["英字など", "あ", "か", "は", "ら"],
        ),
        ("en", ["agency", "base-pay", "bonus", "dispute", "ilo"], ["A", "B", "D", "I"]),
    ],
)
def test_terms_stand_in_the_order_of_the_reader_s_language(
    client: FlaskClient, language: str, order: list[str], headings: list[str]
) -> None:
    page = _get(client, "/glossary", language)
    assert _words(page) == order
    assert re.findall(r'<h2 id="group-\d+">([^<]+)</h2>', page) == headings
    assert "基本給" in page
    assert "base pay" in page
    assert "<rt>きほんきゅう</rt>" in page


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("きほん", ["base-pay"]), ("キホンキュウ", ["base-pay"]), ("本給", ["base-pay"]),
        ("BASIC pay", ["base-pay"]), ("summer", ["bonus"]), ("ｉｌｏ", ["ilo"]), ("zebra", []),
        ("% _", []), ("   ", ["agency", "base-pay", "bonus", "dispute", "ilo"]),
    ],
)  # fmt: skip
def test_a_term_is_found_by_word_reading_or_meaning(
    client: FlaskClient, text: str, found: list[str]
) -> None:
    answer = client.get("/glossary", query_string={"q": text}, headers={"Accept-Language": "en"})
    assert _words(answer.text) == found
    if not found:
        assert "No term fits this search" in answer.text


@pytest.mark.usefixtures("loaded")
def test_each_term_names_its_lessons_and_its_relations(client: FlaskClient) -> None:
    page = _get(client, "/glossary")
    entry = page[page.index('id="base-pay"') :].split("</article>")[0]
    assert f'<a href="{LESSON}">Wages</a>' in entry
    assert '<a href="#bonus">bonus</a>' in entry
    other = page[page.index('id="bonus"') :].split("</article>")[0]
    assert LESSON not in other


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("hidden", ["reach", "draft", "archived"])
def test_lessons_that_one_may_not_know_of_are_not_named(client: FlaskClient, hidden: str) -> None:
    with unit_of_work():
        change = {
            "reach": update(Programme).values(reach="affiliate"),
            "draft": update(Edition).values(state="draft"),
            "archived": update(Programme).values(archived_at=NOW),
        }[hidden]
        db.session.execute(change)
    page = _get(client, "/glossary")
    assert "evening-course" not in page
    assert len(_words(page)) == 5


def test_a_site_without_a_glossary_says_so(client: FlaskClient) -> None:
    assert "There is no glossary yet" in _get(client, "/glossary")


@pytest.mark.usefixtures("loaded")
def test_the_text_links_its_own_terms_and_those_that_cannot_mean_something_else(
    client: FlaskClient,
) -> None:
    page = _get(client, LESSON)
    links = re.findall(r'<a class="term"[^>]*>[^<]+</a>', page)
    assert {re.sub("<[^>]+>", "", one) for one in links} == {"base pay", "ILO", "agency work"}
    hrefs = set(re.findall(r'href="([^"]+)"', " ".join(links)))
    assert hrefs == {"#term-base-pay", "/glossary#ilo", "/glossary#agency"}
    assert 'id="term-base-pay"' in page


@pytest.mark.usefixtures("loaded")
def test_each_linked_word_has_its_card_with_the_other_language(client: FlaskClient) -> None:
    page = _get(client, LESSON)
    linked = set(re.findall(r'data-term="([^"]+)"', page))
    assert set(re.findall(r'id="card-(\w[\w-]*?)(?<!-term)"', page)) == linked
    card = page[page.index('id="card-base-pay"') :].split("</div>")[0]
    assert "What is always paid." in card
    assert '<p class="term-card__other" lang="ja"><ruby>基本給' in card
    assert 'href="/glossary#base-pay"' in card


@pytest.mark.usefixtures("loaded")
def test_a_page_in_english_has_japanese_in_the_cards_only(client: FlaskClient) -> None:
    page = _get(client, LESSON)
    article = page[page.index("<article") : page.index("</article>")]
    text = re.sub(r'<div class="term-card".*?</div>', "", article, flags=re.DOTALL)
    assert re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]+", text) == []


@pytest.mark.usefixtures("loaded")
def test_a_term_that_is_gone_leaves_the_lesson_whole(client: FlaskClient) -> None:
    with unit_of_work():
        for term in db.session.query(GlossaryTerm):
            db.session.delete(term)
    forget_glossary()
    page = _get(client, LESSON)
    assert 'class="term"' not in page
    assert "glossary-title" not in page


@pytest.mark.usefixtures("loaded")
def test_the_glossary_is_read_once_for_many_lessons(app: Flask, client: FlaskClient) -> None:
    del app
    _get(client, LESSON)
    read_glossary()
    with counted() as sent:
        read_glossary()
    assert sent == []


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("query", ["q=%00", "q=" + "x" * 5000, "q=%ff", "x=1", "q=a&q=b"])
def test_no_question_makes_the_page_fall_over(client: FlaskClient, query: str) -> None:
    assert client.get(f"/glossary?{query}").status_code == 200


@pytest.mark.usefixtures("loaded")
def test_every_page_leads_to_it(client: FlaskClient) -> None:
    assert '<a href="/glossary">' in _get(client, "/courses")
