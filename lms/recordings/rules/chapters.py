"""Chapters as people write them: one a line, a moment and a title in one or two languages."""

import re
import unicodedata
from dataclasses import dataclass

from lms.kernel.localized import Localized, localized
from lms.recordings.errors import ChapterFault
from lms.recordings.rules.cuts import read_moment, write_moment

MAX_CHAPTERS = 200
MAX_TITLE = 200

_LINE = re.compile(r"^(\S+)\s+(.+)$")
_BAR = re.compile(r"[|\uff5c]")
#: Kana and kanji, half-width katakana too.
_JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9f]")


@dataclass(frozen=True, slots=True)
class ChapterLine:
    """A heading at a moment of the uncut recording, in ms."""

    at_ms: int
    title: Localized


@dataclass(frozen=True, slots=True)
class ChapterReading:
    """What was read, in order of time; or the faults, each with the numbers of its lines."""

    chapters: tuple[ChapterLine, ...] = ()
    faults: tuple[tuple[ChapterFault, tuple[int, ...]], ...] = ()


def read_chapters(text: str, duration_ms: int) -> ChapterReading:
    """Read lines such as `12:30 Title`, with two titles `12:30 ja | en`, in any order.

    A single title is Japanese where it has kana or kanji, else English. Lines are counted
    from 1; empty ones are left out.
    """
    found: dict[int, ChapterLine] = {}
    faults: dict[ChapterFault, list[int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        read = _read_line(line.strip(), duration_ms)
        if isinstance(read, ChapterLine) and read.at_ms in found:
            read = ChapterFault.TWICE
        if isinstance(read, ChapterFault):
            faults.setdefault(read, []).append(number)
        else:
            found[read.at_ms] = read
    if faults:
        told = sorted(faults.items(), key=lambda item: item[1])
        return ChapterReading(faults=tuple((fault, tuple(lines)) for fault, lines in told))
    if len(found) > MAX_CHAPTERS:
        return ChapterReading(faults=((ChapterFault.TOO_MANY, ()),))
    return ChapterReading(chapters=tuple(found[at] for at in sorted(found)))


def _read_line(line: str, duration_ms: int) -> ChapterLine | ChapterFault:
    # Full-width digits, colon and space are read too; the title stays as it was written.
    match = _LINE.match(line)
    moment = read_moment(match[1] if match else line)
    if moment is None:
        return ChapterFault.TIME
    title = _title(match[2]) if match else {}
    if not title or any(len(words) > MAX_TITLE for words in title.values()):
        return ChapterFault.TITLE
    if any(unicodedata.category(c) == "Cc" for words in title.values() for c in words):
        return ChapterFault.TITLE
    return ChapterFault.OUTSIDE if moment >= duration_ms else ChapterLine(moment, title)


def _title(text: str) -> Localized:
    first, bar, second = (part.strip() for part in _split(text))
    if bar:
        return localized(first, second)
    return localized(ja=first) if _JAPANESE.search(first) else localized(en=first)


def _split(text: str) -> tuple[str, str, str]:
    parts = _BAR.split(text, maxsplit=1)
    return (parts[0], "|", parts[1]) if len(parts) > 1 else (text, "", "")


def write_chapter(at_ms: int, title: Localized) -> str:
    """Return a chapter as a line that `read_chapters` reads back."""
    words = title.get("ja", ""), title.get("en", "")
    if words[0] and words[1]:
        return f"{write_moment(at_ms)} {words[0]} | {words[1]}"
    single = words[0] or words[1]
    japanese = bool(_JAPANESE.search(single))
    if japanese == bool(words[0]):
        return f"{write_moment(at_ms)} {single}"
    return f"{write_moment(at_ms)} {words[0]} | {words[1]}"
