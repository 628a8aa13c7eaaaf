"""Whose report is it, and who is who in it: what is known silently, and what a person decides."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lms.kernel.ids import PersonId
from lms.kernel.intervals import Intervals, length, normalise
from lms.kernel.japanese import bigrams, search_key
from lms.sessions.rules.reports import (
    AttendanceReport,
    ColumnMapping,
    DateOrder,
    ReportPerson,
    ReportRow,
    Warned,
    read_report,
)

# --- whose report -----------------------------------------------------------------------------


class Fit(StrEnum):
    """How a report fits a session."""

    FITS = "fits"
    OTHER_TIME = "other_time"  # nothing of it lies in the session: never applied
    OTHER_MEETING = "other_meeting"  # of another number: applied when confirmed
    PARTLY = "partly"  # less than half of it lies in the session: applied when confirmed
    NO_TIME = "no_time"  # tells no times at all: applied when confirmed


#: What an organiser may confirm although it does not fit by itself.
CONFIRMABLE = frozenset({Fit.OTHER_MEETING, Fit.PARTLY, Fit.NO_TIME})

_SILENT = re.compile(r"[\u30fc'\u2019]")


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def stays_of(person: ReportPerson) -> Intervals:
    """Return the times of a reported person in seconds since the epoch."""
    return normalise((_seconds(a), _seconds(b)) for a, b in person.intervals)


def meeting_number(text: str) -> str:
    """Return the digits of a meeting's number, however it is grouped; '' for other names."""
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    return plain if plain.isdigit() else ""


def number_in_link(url: str) -> str:
    """Return the number of the meeting that a web address leads to, or ''."""
    found = re.search(r"/(?:j|w|s|wc/join|meeting)/(\d{9,12})(?:[/?#]|$)", url)
    return found[1] if found else ""


def judge_fit(
    report: AttendanceReport, starts_at: datetime, ends_at: datetime, numbers: Iterable[str]
) -> Fit:
    """Tell whether a report is of the session from `starts_at` to `ends_at`.

    `numbers` are the numbers of the meetings known for the session ('' and none: not known).
    The span of the report is that of the people's stays, else what it says of the meeting.
    """
    start, end = _seconds(starts_at), _seconds(ends_at)
    stays = [pair for person in report.people for pair in stays_of(person)]
    meeting = report.meeting
    if stays:
        span = (min(a for a, _b in stays), max(b for _a, b in stays))
    elif meeting.starts_at is not None and meeting.ends_at is not None:
        span = (_seconds(meeting.starts_at), _seconds(meeting.ends_at))
    else:
        span = None
    if span is not None:
        common = min(span[1], end) - max(span[0], start)
        if common <= 0:
            return Fit.OTHER_TIME
        if 2 * common < min(span[1] - span[0], end - start):
            return Fit.PARTLY
    known = {number for number in map(meeting_number, numbers) if number}
    told = meeting_number(meeting.id)
    if known and told and told not in known:
        return Fit.OTHER_MEETING
    return Fit.NO_TIME if span is None else Fit.FITS


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file is to be read, where it does not say so itself."""

    filename: str = ""
    zone: str = "Asia/Tokyo"
    date_order: DateOrder | None = None
    mapping: ColumnMapping | None = None


def read_for_session(
    data: bytes, how: Reading, starts_at: datetime, ends_at: datetime
) -> AttendanceReport:
    """Read a file for the session from `starts_at` to `ends_at`. Raises ReportUnreadableError.

    Where days can be read in more than one order (10/12), the order is taken in which the report
    is of the session, when there is one.
    """

    def read(order: DateOrder | None) -> AttendanceReport:
        return read_report(
            data, filename=how.filename, zone=how.zone, date_order=order, mapping=how.mapping
        )

    report = read(how.date_order)
    doubts = [one for one in report.warnings if one.code is Warned.DATE_ORDER]
    if how.date_order is not None or not doubts or _is_of(report, starts_at, ends_at):
        return report
    taken = str(doubts[0].params.get("order", "")).lower()
    for order in (DateOrder.MDY, DateOrder.DMY, DateOrder.YMD):
        if order.value != taken and _is_of(other := read(order), starts_at, ends_at):
            return other
    return report


def _is_of(report: AttendanceReport, starts_at: datetime, ends_at: datetime) -> bool:
    return judge_fit(report, starts_at, ends_at, ()) in {Fit.FITS, Fit.PARTLY}


# --- what is the same person, the same line ------------------------------------------------------


def _hash(*parts: object) -> str:
    text = json.dumps(parts, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def identity_of(name: str, email: str, registrant_id: str) -> str:
    """Return by what a reported person is known again: e-mail, else registrant id, else name."""
    if email:
        return _hash("email", email)
    return _hash("registrant", registrant_id) if registrant_id else _hash("name", name)


def row_keys(rows: Iterable[ReportRow]) -> dict[int, str]:
    """Return by what each line is known again in a newer file, by its number.

    The same line twice in one file is two lines.
    """
    seen: dict[str, int] = {}
    keys: dict[int, str] = {}
    for row in rows:
        content = _hash(
            row.name, row.email, row.registrant_id, row.starts_at, row.ends_at, row.minutes
        )
        seen[content] = seen.get(content, 0) + 1
        keys[row.number] = _hash(content, seen[content])
    return keys


def header_signature(headers: Iterable[str]) -> str:
    """Return by what a table is known again: its headings, whatever their width and case."""
    return _hash([unicodedata.normalize("NFKC", head).casefold().strip() for head in headers])


# --- who is who, silently ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownPeople:
    """By what people of a session can be told apart for certain.

    `registrants` are the ids of personal join links; `addresses` may be shared by several.
    """

    registrants: Mapping[str, PersonId] = field(default_factory=dict)
    aliases: Mapping[str, PersonId] = field(default_factory=dict)
    addresses: Mapping[str, frozenset[PersonId]] = field(default_factory=dict)


def match_reported(
    email: str, registrant_id: str, known: KnownPeople
) -> tuple[PersonId, str] | None:
    """Return who somebody in a report is, and by what; None when that is not certain.

    A personal join link comes first, then an address that was accepted for the edition, then an
    address that one person of the session alone has. Names are never looked at.
    """
    if registrant_id and registrant_id in known.registrants:
        return known.registrants[registrant_id], "registrant"
    if email and email in known.aliases:
        return known.aliases[email], "alias"
    holders = known.addresses.get(email, frozenset()) if email else frozenset()
    if len(holders) == 1:
        return next(iter(holders)), "address"
    return None


# --- who it might be: suggestions ---------------------------------------------------------------

_LONG = (("ou", "o"), ("oo", "o"), ("uu", "u"), ("aa", "a"), ("ii", "i"), ("ee", "e"))
_SPELLINGS = (
    ("tch", "ty"), ("sh", "sy"), ("ch", "ty"), ("ts", "t"), ("j", "zy"), ("dz", "z"), ("f", "h"),
    ("syi", "si"), ("tyi", "ti"), ("zyi", "zi"), ("dy", "zy"), ("di", "zi"), ("du", "zu"),
    ("mb", "nb"), ("mp", "np"), ("mm", "nm"), ("wo", "o"), ("l", "r"), ("v", "b"),
)  # fmt: skip
_DOUBLE = re.compile(r"([bcdfghkmpqrstwyz])\1")
_LONG_H = re.compile(r"oh(?![aeiouy])")


def _syllable(char: str) -> str | None:
    """Return a kana in Latin letters as its Unicode name has it, None for other characters."""
    name = unicodedata.name(char, "")
    for script in ("KATAKANA LETTER ", "HIRAGANA LETTER "):
        if name.startswith(script):
            return name.removeprefix(script).lower()
    return None


def latin_words(text: str) -> tuple[str, ...]:
    """Return kana and Latin words in one plain spelling; what is neither parts words.

    However romanised, long vowels shortened: for comparing only.
    """
    out: list[str] = []
    for char in unicodedata.normalize("NFKC", text):
        syllable = _syllable(char)
        if syllable is None:
            base = unicodedata.normalize("NFD", char)[0].lower()
            if base.isascii() and base.isalpha():
                out.append(base)
            elif not _SILENT.fullmatch(char):  # a long mark lengthens, an apostrophe parts nothing
                out.append(" ")
        elif syllable.startswith("small y"):
            before = out.pop() if out else ""
            out.append(before[:-1] + syllable.removeprefix("small "))
        elif syllable != "small tu":
            out.append(syllable.removeprefix("small "))
    words = []
    for word in "".join(out).split():
        plain = _LONG_H.sub("o", word)
        for written, kept in (*_SPELLINGS, *_LONG):
            plain = plain.replace(written, kept)
        words.append(_DOUBLE.sub(r"\1", plain))
    return tuple(words)


def _solid(text: str) -> str:
    return "".join(c for c in search_key(text) if c.isalnum())


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody of the session, in every form their name may be written in.

    `written` are keys of the whole name (family and given, either way round); `latin` the two
    parts in plain Latin spelling; `places` keys of their organisation's names.
    """

    person_id: PersonId
    written: tuple[str, ...]
    parts: tuple[str, ...]
    latin: tuple[frozenset[str], ...]
    places: tuple[str, ...]
    pairs: frozenset[str]


def make_candidate(
    person_id: PersonId,
    names: Iterable[tuple[str, str]],
    whole: Iterable[str],
    places: Iterable[str],
) -> Candidate:
    """Return a candidate from pairs of family and given name (kanji, kana, romanised, ...)."""
    written: dict[str, None] = {}
    parts: dict[str, None] = {}
    latin: dict[frozenset[str], None] = {}
    for family, given in names:
        for key in (_solid(family + given), _solid(given + family)):
            written[key] = None
        parts[_solid(family)] = None
        latin[frozenset(latin_words(f"{family} {given}"))] = None
    for name in whole:
        written[_solid(name)] = None
        latin[frozenset(latin_words(name))] = None
    kept = tuple(key for key in written if len(key) > 1)
    return Candidate(
        person_id,
        kept,
        tuple(part for part in parts if len(part) > 1),
        tuple(words for words in latin if words),
        tuple(key for key in map(_solid, places) if len(key) > 1),
        frozenset(pair for key in kept for pair in bigrams(key)),
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Who somebody in a report might be. `score` is 1 to 100; it decides nothing."""

    person_id: PersonId
    score: int
    by_organisation: bool = False


LEAST_SCORE = 40
MOST_SUGGESTIONS = 3


def _likeness(key: str, words: frozenset[str], pairs: frozenset[str], one: Candidate) -> int:
    """Return how alike a reported name and a candidate's are, 0 to 95."""
    if key in one.written:
        return 95
    if any(name in key for name in one.written):
        return 90
    best = 0
    for name in one.latin:
        common = len(name & words)
        if common == len(name) and common > 1:
            return 90
        if common:
            best = max(best, 50 if len(name) > 1 else 60)
    if any(part in key for part in one.parts):
        best = max(best, 60)
    if pairs and one.pairs:
        alike = 2 * len(pairs & one.pairs) / (len(pairs) + min(len(one.pairs), len(pairs)))
        best = max(best, int(alike * 80))
    return best


def suggest_people(name: str, candidates: Iterable[Candidate]) -> tuple[Suggestion, ...]:
    """Return who a reported name might stand for, the likeliest first, at most three."""
    key, words, pairs = _solid(name), frozenset(latin_words(name)), frozenset(bigrams(name))
    if not key:
        return ()
    found = []
    for one in candidates:
        score = _likeness(key, words, pairs, one)
        if score < LEAST_SCORE:
            continue
        placed = any(place in key for place in one.places)
        found.append(Suggestion(one.person_id, min(100, score + 5 * placed), placed))
    found.sort(key=lambda each: (-each.score, each.person_id))
    return tuple(found[:MOST_SUGGESTIONS])


def total_minutes(stays: Intervals) -> int:
    """Return whole minutes of stays in seconds."""
    return length(stays) // 60
