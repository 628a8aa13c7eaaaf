"""Lessons as HTML: what may stand in a text, what may not, and what a reader gets."""

import html as html_module
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from lms.infra.markup import render_lesson
from lms.infra.markup.convert import plain_text
from tests.whole.content import LESSON_EN, LESSON_JA

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><path></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    "[x]: javascript:alert(1)\n\n[x][x]",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '[x](https://office.example/ "a\\" onmouseover=alert(1) \\"")',
    "<iframe src=https://office.example></iframe>",
    "<style>body{display:none}</style>",
    "<p style='position:fixed'>x</p>",
    "`<script>alert(1)</script>`",
    "```\n<script>alert(1)</script>\n```",
    "| <script>alert(1)</script> | b |\n| --- | --- |\n| <img src=x onerror=alert(1)> | d |",
    "{<script>alert(1)</script>|x}",
    "{x|<img src=x onerror=alert(1)>}",
    "## <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x02klzzwxh:0000\x03 <script>",
    "<!-- --><script>alert(1)</script>",
]
ELEMENTS = {
    "a", "article", "blockquote", "br", "caption", "circle", "code", "desc", "details", "div",
    "em", "figcaption", "figure", "h2", "h3", "h4", "hr", "li", "line", "ol", "p", "path", "pre",
    "rect", "rp", "rt", "ruby", "section", "small", "span", "strong", "summary", "svg", "table",
    "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


def _assert_safe(text: str) -> None:
    """Assert that only known elements stand there, without handlers, styles or odd addresses."""
    for tag in re.findall(r"<[^>]*>", text):
        name = re.match(r"</?([a-z0-9]+)", tag)
        assert name is not None, tag
        assert name[1] in ELEMENTS, tag
        names = re.findall(r'\s([a-zA-Z:-]+)=(?:"[^"]*"|[^\s>]*)', tag)
        assert not [n for n in names if n.lower().startswith("on") or n.lower() == "style"], tag
        for address in re.findall(r'(?:href|src)="([^"]*)"', tag):
            plain = html_module.unescape(address)
            assert re.match(r"https?://|mailto:|[#/?]|[^:]*$", plain), tag


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_harmful_comes_through_the_text(attack: str) -> None:
    _assert_safe(render_lesson(f"Before\n\n{attack}\n\nafter", "en").html)


@pytest.mark.parametrize("place", ["title", "alt", "unit", "source", "name", "x"])
def test_nothing_harmful_comes_through_a_figure(place: str) -> None:
    attack = "'<script>alert(1)</script>\"><img src=x onerror=alert(1)>'"
    values = {"title": "t", "alt": "a" * 20, "unit": "u", "source": "s", "name": "n", "x": "c"}
    values[place] = attack
    text = (
        "```chart\ntype: bar\n"
        + "".join(f"{key}: {values[key]}\n" for key in ("title", "alt", "unit", "source"))
        + f"x: [{values['x']}, b]\nseries:\n  - {{name: {values['name']}, values: [1, 2]}}\n"
        "  - {name: other, values: [1, 2]}\n```\n"
    )
    made = render_lesson(text, "en")
    assert made.figures == 1
    _assert_safe(made.html)
    assert "<script" not in made.html
    assert "<img" not in made.html


def test_nothing_harmful_comes_through_a_check() -> None:
    made = render_lesson(LESSON_EN.replace("It is shorter.", "<img src=x onerror=alert(1)>"), "en")
    assert made.checks
    _assert_safe(made.html)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=list("<>&\"'`*_#|{}[]()!:;-=~ \n\x02\x03ax字\\/"), max_size=80))
def test_whatever_is_written_the_page_stands(text: str) -> None:
    _assert_safe(render_lesson(text, "ja").html)


def test_what_is_nested_too_deeply_is_shown_as_it_is_written() -> None:
    made = render_lesson(">" * 3000 + " <b>x</b>", "en")
    _assert_safe(made.html)
    assert "x" in made.html


def test_ruby_has_brackets_for_who_cannot_show_it() -> None:
    made = render_lesson("まず{賃金|ちんぎん}です。", "ja")
    assert "<ruby>賃金<rp>(</rp><rt>ちんぎん</rt><rp>)</rp></ruby>" in made.html
    assert plain_text("まず{賃金|ちんぎん}です。").strip() == "まず賃金です。"


@pytest.mark.parametrize(
    "text", ["**「太字」**です", "これは**「太字」**です。", "「**定昇込みか**」と尋ねる"]
)
def test_emphasis_beside_japanese_brackets(text: str) -> None:
    made = render_lesson(text, "ja").html
    assert "<strong>" in made
    assert "*" not in made


def test_headings_make_the_contents() -> None:
    made = render_lesson("# One\n\n## Two *b*\n\n### {三|さん}\n", "en")
    assert [(h.level, h.text, h.anchor) for h in made.headings] == [
        (2, "One", "section-1"), (2, "Two b", "section-2"), (3, "三", "section-3"),
    ]  # fmt: skip
    for heading in made.headings:
        assert f'<h{heading.level} id="{heading.anchor}">' in made.html


def test_the_first_occurrence_of_a_term_is_linked_to_the_glossary() -> None:
    made = render_lesson(
        "## base pay\n\nBased on Base pay, {基本給|きほんきゅう} and base pay. `pay`",
        "en",
        ("base pay", "基本給", "pay"),
    ).html
    assert made.count('class="term"') == 2
    assert re.search(r'<a class="term"[^>]* href="#term-1"[^>]*>Base pay</a>, <a', made)
    assert re.search(r'href="#term-2"[^>]*><ruby>基本給', made)
    assert 'href="#term-3"' not in made


def test_a_longer_term_is_not_cut_by_a_shorter_one() -> None:
    made = render_lesson("実質賃金と賃金。賃金。", "ja", ("賃金", "実質賃金")).html
    assert re.findall(r'href="#term-(\d)"[^>]*>([^<]+)<', made) == [
        ("2", "実質賃金"), ("1", "賃金"),
    ]  # fmt: skip


def test_a_callout_and_a_quotation() -> None:
    made = render_lesson("> **Note.** Mind this.\n\ntext\n\n> Only said.\n", "en").html
    assert made.count('<blockquote class="callout">') == 1
    assert made.count("<blockquote>") == 1


def test_columns_of_figures_stand_flush_and_tables_scroll() -> None:
    made = render_lesson("| a | b |\n| --- | --- |\n| x | 1,000 |\n| y | **−2.5** |\n", "en").html
    assert made.count('class="num"') == 3
    assert '<div class="table-scroll" role="region"' in made
    assert made.count("</table></div>") == 1


def test_links_leave_no_trace_of_the_page() -> None:
    made = render_lesson("[x](https://office.example/a) [y](/courses)", "en").html
    assert '<a href="https://office.example/a" rel="noopener noreferrer">x</a>' in made
    assert 'href="/courses"' in made


def test_a_check_stands_at_its_place_and_is_given_as_data() -> None:
    made = render_lesson(LESSON_EN.split("---\n", 2)[2], "en")
    assert [[option.right for option in one.options] for one in made.checks] == [
        [False, True], [True, False],
    ]  # fmt: skip
    assert made.html.index("Three questions") < made.html.index('id="check"')
    assert made.html.count('<details class="quiz__option') == 4
    assert made.html.count('name="check-1"') == 2
    assert made.html.count("quiz__option--right") == 2


def test_a_broken_figure_or_check_says_so_and_harms_nothing() -> None:
    made = render_lesson("a\n\n```chart\ntype: [\n```\n\n```check\nx\n```\n\nb\n", "en")
    assert made.html.count("notice--warn") == 2
    assert made.checks == ()
    assert "<p>a</p>" in made.html
    assert "<p>b</p>" in made.html


def test_a_block_that_is_not_closed_takes_the_rest() -> None:
    assert "notice--warn" in render_lesson("a\n\n```chart\ntype: bar\n", "en").html


def test_other_fenced_blocks_are_code() -> None:
    made = render_lesson("```text\n```chart inside\n```\n", "en").html
    assert "<pre><code" in made


@pytest.mark.parametrize(("text", "language"), [(LESSON_EN, "en"), (LESSON_JA, "ja")])
def test_minutes_grow_with_the_text(text: str, language: str) -> None:
    body = text.split("---\n", 2)[2]
    longest = max(body.split("\n"), key=len)
    short, long = (render_lesson(one, language) for one in (body, body + (longest + "\n") * 8))
    assert 1 <= short.minutes < long.minutes


def test_a_lesson_is_rendered_once() -> None:
    first = render_lesson("Only once", "en", ["once"])
    assert render_lesson("Only once", "en", ["once"]) is first
    assert isinstance(first.html, Markup)


def test_the_harder_path_is_folded_with_its_minutes_and_ends_before_the_questions() -> None:
    text = (
        "## In plain words\n\na\n\n## Going deeper: more\n\n" + "word " * 400 + "\n\n"
        "### Within\n\nb\n\n## Three questions\n\n1. c\n"
    )
    made = render_lesson(text, "en").html
    fold = made[made.index('<details class="deeper">') : made.index("</details>")]
    assert re.search(r"<summary>\s*<h2[^>]*>Going deeper: more</h2>", fold)
    assert "A harder path, 3 min" in fold
    assert "Within" in fold
    assert "Three questions" not in fold
    assert made.index('<section class="plain">') < made.index("</section>") < made.index("<details")


@pytest.mark.parametrize(
    ("title", "folded"),
    [
        ("Going deeper", True),
        ("Going deeper: a", True),
        ("Going deeperly", False),
        ("Deeper", False),
    ],
)
def test_only_its_title_makes_a_section_the_harder_path(title: str, *, folded: bool) -> None:
    assert ('class="deeper"' in render_lesson(f"## {title}\n\na\n", "en").html) is folded


def test_a_heading_within_a_quotation_folds_nothing() -> None:
    made = render_lesson("> ## Going deeper: a\n>\n> b\n\nc\n", "en").html
    assert "<details" not in made
    assert "<p>c</p>" in made


def test_an_empty_corner_of_a_table_heads_nothing_and_tables_are_told_apart() -> None:
    table = "|  | a |\n| --- | --- |\n| b | c |\n"
    made = render_lesson(f"{table}\ntext\n\n{table}", "en").html
    assert made.count("<th") - made.count("<thead") == 2
    assert 'aria-label="Table 1"' in made
    assert 'aria-label="Table 2"' in made
