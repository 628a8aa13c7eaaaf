"""Captions as people send them, read strictly and kept as plain WebVTT of one shape."""

import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lms.recordings.errors import CaptionFault

#: More than the text of an eight-hour lecture.
MAX_CAPTION_BYTES = 2_000_000

_CLIP_MS = 2000  # an end this far past the recording's own is cut, not refused

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}(?:\s+(.*?))?\s*$")
_SETTING = re.compile(
    r"(?:(?:line|position|size):-?\d+(?:\.\d+)?%?(?:,[a-z-]+)?"
    r"|align:(?:start|center|end|left|right)|vertical:(?:rl|lr))"
)
_TAG = re.compile(r"<[^<>\n]*>")
_KEPT_TAG = re.compile(
    r"</?(?:b|i|u|ruby|rt)>|</(?:v|lang)>|<v(?:\.[\w-]+)* [^<>&\n]+>|<lang [\w-]+>"
)
_READING = re.compile(r"<rt>([^<]*)</rt>")
#: A reading stands in full-width brackets where it cannot stand above its word.
_IN_BRACKETS = rf"{chr(0xFF08)}\1{chr(0xFF09)}"
_NOT_SRT = re.compile(r"<(?!/?[biu]>)[^<>\n]*>")
_ASS_TAG = re.compile(r"\{\\[^{}\n]*\}")
_STRAY_AMP = re.compile(r"&(?!(?:amp|lt|gt|nbsp|lrm|rlm|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_HALF_KANA = re.compile(r"[\uff61-\uff9f]")


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: `[start_ms, end_ms)` of the uncut recording, and its WebVTT cue text."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class LineFault:
    """What is wrong with one line, counted from 1 (0: with the whole file)."""

    line: int
    fault: CaptionFault


@dataclass(frozen=True, slots=True)
class CaptionReading:
    """What was read. With any fault nothing may be stored. `dropped`: cues without words."""

    cues: tuple[Cue, ...]
    dropped: int
    faults: tuple[LineFault, ...]


def decode_captions(data: bytes) -> str | None:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or CP932; else None.

    Files called Shift_JIS are CP932 in practice (`shift_jis` fails on 髙 and ①). Text that
    comes out as mostly half-width kana is some other encoding read wrongly.
    """
    encodings: Sequence[str] = ("utf-8-sig", "cp932")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif data.startswith(b"\xef\xbb\xbf"):
        encodings = ("utf-8-sig",)
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text if _plausible(text, encoding) else None
    return None


def _plausible(text: str, encoding: str) -> bool:
    if _CONTROL.search(text):
        return False
    if encoding != "cp932":
        return True
    foreign = sum(1 for c in text if ord(c) > 127)  # noqa: PLR2004 - beyond ASCII
    return len(_HALF_KANA.findall(text)) * 3 <= foreign


def read_captions(text: str, duration_ms: int | None) -> CaptionReading:
    """Read WebVTT or SubRip. Checks what the parser lets through.

    The parser takes cues that end before they start and leaves out what it cannot read; so
    every timing line is checked here first, and what then has no words is counted.
    """
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        return _refused(LineFault(0, CaptionFault.EMPTY))
    kind = _format_of(lines)
    if kind is None:
        return _refused(LineFault(0, CaptionFault.FORMAT))
    timings = _timing_lines(lines)
    faults = [f for n, line in timings if (f := _judge_timing(n, line, duration_ms)) is not None]
    if faults:
        return _refused(*faults)
    import webvtt  # noqa: PLC0415 - heavy, and only where needed
    from webvtt.errors import (  # noqa: PLC0415 - as above
        MalformedCaptionError,
        MalformedFileError,
    )

    try:
        parsed = webvtt.from_buffer(io.StringIO("\n".join(lines)), format=kind)
    except (MalformedFileError, MalformedCaptionError):
        return _refused(LineFault(0, CaptionFault.FORMAT))
    cues = sorted(_cues(parsed.captions, duration_ms), key=lambda cue: (cue.start_ms, cue.end_ms))
    if not cues:
        return _refused(LineFault(0, CaptionFault.NO_CUES))
    return CaptionReading(tuple(cues), len(timings) - len(cues), ())


def _refused(*faults: LineFault) -> CaptionReading:
    return CaptionReading((), 0, faults)


def _format_of(lines: list[str]) -> str | None:
    if re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        return "vtt"
    if len(lines) > 1 and lines[0].strip().isdigit() and "-->" in lines[1]:
        lines[0] = lines[0].strip()
        return "srt"
    return None


def _timing_lines(lines: Iterable[str]) -> list[tuple[int, str]]:
    """Return the lines with an arrow and their numbers; comments are free to hold one."""
    found, comment, first = [], False, True
    for number, line in enumerate(lines, 1):
        if not line.strip():
            comment, first = False, True
            continue
        if first:
            comment, first = bool(re.match(r"NOTE(?:\s|$)", line)), False
        if "-->" in line and not comment:
            found.append((number, line))
    return found


def _moment(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, fraction = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((fraction or "0").ljust(3, "0"))


def _judge_timing(number: int, line: str, duration_ms: int | None) -> LineFault | None:
    match = _TIMING.match(line)
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:  # noqa: PLR2004 - a clock
        return LineFault(number, CaptionFault.TIMING)
    if int(match[6]) > 59 or int(match[7]) > 59:  # noqa: PLR2004 - a clock
        return LineFault(number, CaptionFault.TIMING)
    groups = match.groups()
    start, end = _moment(groups[0:4]), _moment(groups[4:8])
    if end <= start:
        return LineFault(number, CaptionFault.END_BEFORE_START)
    if duration_ms is not None and (start >= duration_ms or end > duration_ms + _CLIP_MS):
        return LineFault(number, CaptionFault.OUTSIDE)
    return None


def _cues(captions: Iterable[Any], duration_ms: int | None) -> Iterable[Cue]:
    for caption in captions:
        start, end = (
            ((t.hours * 60 + t.minutes) * 60 + t.seconds) * 1000 + t.milliseconds
            for t in (caption.start_time, caption.end_time)
        )
        text = _clean_text(caption.raw_text)
        if not text:
            continue
        settings = " ".join(s for s in str(caption.settings or "").split() if _SETTING.fullmatch(s))
        yield Cue(start, end if duration_ms is None else min(end, duration_ms), text, settings)


def _clean_text(raw: str) -> str:
    """Keep the tags that carry meaning (speaker, language, ruby, emphasis); escape the rest."""
    text = _ASS_TAG.sub("", raw)
    parts, end = [], 0
    for match in _TAG.finditer(text):
        parts.append(_escape(text[end : match.start()]))
        if _KEPT_TAG.fullmatch(match[0]):
            parts.append(match[0])
        end = match.end()
    parts.append(_escape(text[end:]))
    lines = (line.strip() for line in "".join(parts).splitlines())
    kept = "\n".join(line for line in lines if line)
    return kept if plain_text(kept) else ""


def _escape(text: str) -> str:
    return _STRAY_AMP.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def plain_text(text: str) -> str:
    """Return cue text without tags and entities, for a transcript."""
    return html.unescape(_TAG.sub("", text)).strip()


def readable_text(text: str) -> str:
    """Return cue text as it is read on paper: without tags, readings in brackets."""
    return plain_text(_READING.sub(_IN_BRACKETS, text))


def text_without_readings(text: str) -> str:
    """Return the words of cue text that stand on its lines: without tags and readings."""
    return plain_text(_READING.sub("", text))


def _stamp(ms: int, mark: str = ".") -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{ms:03}"


def render_vtt(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT text, the shape in which captions are stored and served."""
    blocks = ["WEBVTT"]
    for cue in cues:
        timing = f"{_stamp(cue.start_ms)} --> {_stamp(cue.end_ms)} {cue.settings}".rstrip()
        blocks.append(f"{timing}\n{cue.text}")
    return "\n\n".join(blocks) + "\n"


def render_srt(cues: Iterable[Cue]) -> str:
    """Return cues as SubRip text: numbered, without places; of the tags only emphasis stays."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        timing = f"{_stamp(cue.start_ms, ',')} --> {_stamp(cue.end_ms, ',')}"
        text = html.unescape(_NOT_SRT.sub("", _READING.sub(_IN_BRACKETS, cue.text)))
        blocks.append(f"{number}\n{timing}\n{text}\n")
    return "\n".join(blocks)


def parse_cues(vtt: str) -> tuple[Cue, ...]:
    """Read back what `render_vtt` wrote."""
    cues = []
    for block in vtt.split("\n\n")[1:]:
        timing, _newline, text = block.partition("\n")
        match = _TIMING.match(timing)
        if match is not None:
            groups = match.groups()
            cues.append(
                Cue(_moment(groups[0:4]), _moment(groups[4:8]), text.rstrip("\n"), groups[8] or "")
            )
    return tuple(cues)
