"""Terms of a glossary in a text: what is linked, and what only looks like a term."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.infra.markup import render_lesson
from lms.infra.markup.terms import Term, is_unmistakable


def _term(*forms: str, link: bool = True) -> Term:
    return Term(forms[0], f"/glossary#{forms[0]}", forms, link=link)


def _linked(text: str, *terms: Term, language: str = "en") -> list[str]:
    """Return what stands within the links of a rendered text, readings left out."""
    made = str(render_lesson(text, language, terms).html)
    found = re.findall(r'<a class="term"[^>]*>(.*?)</a>', made, re.DOTALL)
    return [re.sub(r"<(rt|rp)>.*?</\1>|<[^>]+>", "", one) for one in found]


@pytest.mark.parametrize(
    ("text", "term", "found"),
    [
        ("A union is here.", "union", ["union"]),
        ("Unions are here.", "union", ["Unions"]),
        ("The agencies and an agency", "agency", ["agencies"]),
        ("the union's hall", "union", ["union"]),
        ("a reunion, unionised", "union", []),
        ("a non-union shop and a union-free one", "union", []),
        ("collective\nbargaining", "collective bargaining", ["collective\nbargaining"]),
        ("it or IT", "IT", ["IT"]),
        ("a grass-roots drive (base-up)", "base-up", ["base-up"]),
        ("`union` and [union](https://office.example/a)", "union", []),
        ("## A union\n\nnothing here", "union", []),
        ("| union |\n| --- |\n| a union |\n", "union", ["union"]),
        ("**union** and *union*", "union", ["union"]),
    ],
)
def test_a_latin_word_is_linked_whole_and_once(text: str, term: str, found: list[str]) -> None:
    assert _linked(text, _term(term)) == found


@pytest.mark.parametrize(
    ("text", "terms", "found"),
    [
        ("単組の役員", ("単組",), ["単組"]),
        ("単組別の表", ("単組",), []),
        ("最低賃金額", ("最低賃金",), ["最低賃金"]),
        ("ロボットとロボットアーム", ("ロボット",), ["ロボット"]),
        ("ロボットアーム", ("ロボット",), []),
        ("ILOの条約", ("ILO", "条約"), ["ILO", "条約"]),
        ("実質賃金と賃金", ("賃金", "実質賃金"), ["実質賃金", "賃金"]),
        ("実質{賃金|ちんぎん}", ("実質賃金",), ["実質賃金"]),
        ("{実質|じっしつ}{賃金|ちんぎん}です", ("実質賃金",), ["実質賃金"]),
        ("{団体交渉権|だんたいこうしょうけん}", ("団体交渉",), []),
        ("{団体交渉権|だんたいこうしょうけん}と団体交渉", ("団体交渉",), ["団体交渉"]),
    ],
)
def test_japanese_is_linked_by_the_longest_term_and_no_ruby_is_broken(
    text: str, terms: tuple[str, ...], found: list[str]
) -> None:
    assert _linked(text, *map(_term, terms), language="ja") == found


def test_a_term_that_is_not_to_be_linked_still_keeps_shorter_ones_out() -> None:
    terms = (_term("wage"), _term("minimum wage", link=False))
    assert _linked("The minimum wage is a wage.", *terms) == ["wage"]
    assert "minimum wage is" in render_lesson("The minimum wage is a wage.", "en", terms).html


def test_any_form_of_a_term_is_found_but_only_the_first_is_linked() -> None:
    term = _term("dismissal", "dismissed", "laid off")
    made = render_lesson(
        "She was laid off. Dismissal is hard; dismissed people know.", "en", [term]
    )
    assert made.linked == ("dismissal",)
    assert made.html.count('class="term"') == 1
    assert 'data-term="dismissal"' in made.html


@pytest.mark.parametrize(
    ("form", "sure"),
    [
        ("collective bargaining", True), ("base-up", True), ("ILO", True), ("demand", False),
        ("the minutes", False), ("単組", False), ("労働協約", True), ("モニタリング", True),
    ],
)  # fmt: skip
def test_everyday_words_are_terms_only_where_a_lesson_says_so(form: str, *, sure: bool) -> None:
    assert is_unmistakable(form) is sure


@given(
    st.text(alphabet=list("ab 賃金{}|*()_\n# -"), max_size=60),
    st.lists(st.text(alphabet="ab賃金", min_size=1, max_size=3), min_size=1, max_size=4),
)
def test_linking_changes_no_word_of_the_text(text: str, forms: list[str]) -> None:
    terms = [Term(str(place), f"#t{place}", (form,)) for place, form in enumerate(forms)]
    plain, linked = (str(render_lesson(text, "ja", given).html) for given in ((), terms))
    assert re.sub(r'<a class="term"[^>]*>|</a>', "", linked) == re.sub("</a>", "", plain)
