"""What is wrong in a lesson's Markdown, each fault with its line."""

import re
from dataclasses import dataclass

from lms.infra.markup.blocks import (
    BLOCK_KINDS,
    Chart,
    Diagram,
    Question,
    read_chart,
    read_check,
    split_blocks,
)
from lms.infra.markup.convert import RUBY, bare_text, convert, plain_text
from lms.infra.markup.nodes import Report
from lms.infra.markup.words import word

# How long a lesson's text is: words in English, characters in a language without spaces.
LENGTHS = {"ja": (400, 7000), "en": (150, 2500)}
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
_AUTOLINK = re.compile(r"<https://[^<>\s]+>")
_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]*)|^\s*\[[^\]]+\]:\s*<?([^\s>]+)")
_HEADING = re.compile(r"(#{1,6})\s*(.*?)\s*#*\s*")
_LIST_ITEM = re.compile(r"\s*([-+*]|\d+[.)])\s+\S")
_NUMBERED = re.compile(r"\d+[.)]\s+\S")
_CODE = re.compile(r"(`+).+?\1")
_FENCE_INSIDE = re.compile(r"\s+(```+|~~~+)\s*(" + "|".join(BLOCK_KINDS) + r")\s*")
_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A section under a heading of level 2. `line` is that of its heading within the file.

    `role` is "plain", "deeper", "questions" or empty; `length` as in LENGTHS, with its heading.
    """

    title: str
    line: int
    role: str
    length: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the text: rows with the head, and columns."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Body:
    """What a lesson's Markdown holds. `charts` has None for a figure with faults.

    `questions` is empty without a check, None for a check with faults; `length` as in LENGTHS.
    `text` is the Markdown without figures and check, as the terms of the glossary are sought in it.
    """

    charts: tuple[Chart | Diagram | None, ...]
    questions: tuple[Question, ...] | None
    has_check: bool
    length: int
    sections: tuple[Section, ...] = ()
    tables: tuple[Table, ...] = ()
    text: str = ""


def text_length(text: str, language: str) -> int:
    """Count words, or characters where words are not parted by spaces."""
    return len("".join(text.split())) if language == "ja" else len(text.split())


def find_faults(markdown: str, language: str, first_line: int, report: Report) -> Body:
    """Report every fault of a lesson's text; `first_line` is its first line within the file."""
    lines, blocks = split_blocks(markdown)

    def note(index: int, sentence: str) -> None:
        report(first_line + index, sentence)

    charts: list[Chart | Diagram | None] = []
    questions: tuple[Question, ...] | None = ()
    checks = [block for block in blocks if block.kind == "check"]
    for block in blocks:
        if not block.closed:
            note(block.first_line, f"The {block.kind} block is not closed with ```.")
        inside = first_line + block.first_line + 1
        if block.kind == "chart":
            charts.append(read_chart(block.source, inside, report, language))
        elif block is checks[0]:
            questions = read_check(block.source, inside, report)
        else:
            note(block.first_line, "A lesson has at most one check.")
    _look_at_lines(lines, note)
    _look_at_emphasis(lines, note)
    last = _look_at_questions(lines, language, note)
    if checks and checks[0].first_line < last:
        note(checks[0].first_line, "The check must stand at the end, below the questions.")
    for index, line in enumerate(lines):
        if checks and index > checks[0].first_line and line.strip():
            note(index, "Nothing may stand below the check.")
            break
    text = "\n".join(lines)
    html = convert(text).html
    length = text_length(bare_text(html), language)
    least, most = LENGTHS.get(language, LENGTHS["en"])
    if not least <= length <= most:
        unit = "characters" if language == "ja" else "words"
        note(0, f"The text must have {least:,} to {most:,} {unit}, not {length:,}.")
    return Body(
        charts=tuple(charts),
        questions=questions,
        has_check=bool(checks),
        length=length,
        sections=_sections(lines, html, language, first_line),
        tables=_tables(html),
        text=text,
    )


def role_of(title: str, language: str) -> str:
    """Return what a section is, by its title: "plain", "deeper", "questions" or an empty text."""
    if title in {word("plain", language), word("questions", language)}:
        return "plain" if title == word("plain", language) else "questions"
    begin = word("deeper", language)
    after = title.removeprefix(begin)
    is_deeper = title.startswith(begin) and not after[:1].isalnum()
    return "deeper" if is_deeper else ""


def _sections(lines: list[str], html: str, language: str, first_line: int) -> tuple[Section, ...]:
    starts = [n for n, line in enumerate(lines) if line.startswith("## ")]
    pieces = re.split(r"(?=<h2 )", html)[1:]
    if len(pieces) != len(starts):  # one stands within a quotation or a block of code
        ends = [*starts[1:], len(lines)]
        pieces = [
            convert("\n".join(lines[start:end])).html
            for start, end in zip(starts, ends, strict=True)
        ]
    found = []
    for start, piece in zip(starts, pieces, strict=True):
        title = bare_text(piece.partition("</h2>")[0]).strip()
        length = text_length(bare_text(piece), language)
        found.append(Section(title, first_line + start, role_of(title, language), length))
    return tuple(found)


def _tables(html: str) -> tuple[Table, ...]:
    found = []
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        rows = table.count("<tr>")
        found.append(Table(rows, len(re.findall(r"<t[hd]\b", table)) // max(rows, 1)))
    return tuple(found)


def _look_at_lines(lines: list[str], note: Report) -> None:
    """Report what a single line shows: raw HTML, images, links, headings, ruby, lists."""
    code = False
    before = ""
    for index, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            if _FENCE_INSIDE.fullmatch(line):
                note(index, "A chart or check must begin at the start of its line.")
            code = not code
        if code:
            before = line
            continue
        bare = _CODE.sub("", line)
        _look_at_markup(bare, index, note)
        _look_at_ruby(bare, index, note)
        if _LIST_ITEM.match(line) and before.strip() and not _continues_list(before):
            note(index, "Leave an empty line above a list.")
        if line.startswith("#"):
            _look_at_heading(line, index, note)
        before = line


def _look_at_markup(bare: str, index: int, note: Report) -> None:
    if "\t" in bare:
        note(index, "A tab stands here; use spaces.")
    if _TAG.search(_AUTOLINK.sub("", bare)):
        note(index, "HTML is not allowed here.")
    if "![" in bare:
        note(index, "Images are not allowed; draw a chart.")
    for match in _LINK.finditer(bare):
        address = match[1] or match[2] or ""
        if not address.startswith("https://"):
            note(index, f"A link must begin with https://, not {address[:60]!r}.")


def _continues_list(line: str) -> bool:
    return bool(_LIST_ITEM.match(line)) or line.startswith((" ", ">"))


def _look_at_heading(line: str, index: int, note: Report) -> None:
    match = _HEADING.fullmatch(line)
    if match is None or not match[2]:
        note(index, "A heading has no text.")
    elif len(match[1]) == 1:
        note(index, "Headings begin at ##; the page's title is the lesson's own.")


def _look_at_ruby(bare: str, index: int, note: Report) -> None:
    rest = RUBY.sub("", bare)
    if "{" in rest or "}" in rest:
        note(index, "Ruby is written {base|reading}; a brace here belongs to none.")
    if RUBY.search(bare):
        if bare.lstrip().startswith("|"):
            note(index, "Ruby may not stand in a table: its bar divides the cell.")
        elif bare.startswith("#"):
            note(index, "Ruby may not stand in a heading.")


def _look_at_emphasis(lines: list[str], note: Report) -> None:
    """Report asterisks that a reader would see, because they open or close no emphasis."""
    if not _leaves_asterisk("\n".join(lines)):
        return
    start = 0
    for index in range(len(lines) + 1):
        if index < len(lines) and lines[index].strip():
            continue
        paragraph = lines[start:index]
        if _leaves_asterisk("\n".join(paragraph)):
            marked = [n for n, line in enumerate(paragraph, start) if "*" in line]
            guilty = [n for n in marked if _leaves_asterisk(lines[n])] or marked[:1]
            for number in guilty:
                note(number, "Asterisks are left over here: they mark no emphasis.")
        start = index + 1


def _leaves_asterisk(text: str) -> bool:
    if "*" not in text:
        return False
    return "*" in plain_text(text.replace("\\*", ""), without_code=True)


def _look_at_questions(lines: list[str], language: str, note: Report) -> int:
    """Report a last section that is not the questions; return the line on which it begins."""
    title = word("questions", language)
    at = max((n for n, line in enumerate(lines) if line.startswith("## ")), default=0)
    heading = convert(lines[at]).headings
    if not heading or heading[0].text != title:
        note(at, f"The last section must be titled '## {title}'.")
        return at
    asked = sum(1 for line in lines[at + 1 :] if _NUMBERED.match(line))
    if asked != _QUESTIONS:
        note(at, f"The last section must have {_QUESTIONS} numbered questions, not {asked}.")
    return at
