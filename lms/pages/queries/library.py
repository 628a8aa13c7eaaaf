"""Everything that one may watch or read, over all courses, and what is said in it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, or_, select

from lms.courses.models import Edition, Programme
from lms.enrolment.queries import enrolment_facts
from lms.infra.db import db
from lms.kernel.actor import Actor
from lms.kernel.intervals import Intervals
from lms.kernel.japanese import search_document, search_key
from lms.pages.queries.media import MediaLine
from lms.recordings.models import Caption, Recording, TranscriptIndex
from lms.recordings.rules import parse_cues, readable_text, search_index
from lms.rights.models import Agreement
from lms.rights.queries import Watchable, known_until, list_watchable, listing_viewer, seeing
from lms.rights.queries.adapting import IS_SIGNED, SIGNED_FORM, makings_of
from lms.rights.rules.adapting import is_readable
from lms.sessions.queries import attended_session_ids
from lms.watching.models import Watch
from lms.watching.queries import Covered, covered_of, reference_lengths_of
from lms.watching.rules import cut_segments

PAGE: Final = 20
_SHOWN: Final = 3  # places where a word is said, of each recording


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word is said: ms of the uncut recording, and the caption there."""

    start_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class LibraryLine:
    """A recording or handout that may be seen now, with its course and where words are said.

    `places` are the first of `said`, all in the language of the captions `language`.
    """

    media: MediaLine
    programme: Programme
    edition: Edition
    language: str = ""
    said: int = 0
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """One page of what was found; `total` of all pages."""

    lines: tuple[LibraryLine, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """Return how many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


class _Said:
    """Where the words are said in one recording's captions of one language."""

    def __init__(self, language: str, starts: Sequence[int]):
        self.language = language
        self.starts = starts


def find_library(
    actor: Actor, at: datetime, *, text: str = "", language: str = "ja", page: int = 1
) -> Library:
    """Return what an actor may see now, newest first; with `text` only where it is found.

    Found in the title, or said in captions that this viewer may read: what lies in ranges that
    are hidden from them is not found, nor what a signed form does not let be read. `language` is
    which captions are taken first. The number of queries does not depend on how much there is.
    """
    viewer = listing_viewer(
        actor,
        enrolment_facts(actor.person_id) if actor.person_id else (),
        attended_session_ids(actor.person_id) if actor.person_id else (),
    )
    found = list_watchable(viewer, at)
    keys = [key for word in text.split() if (key := search_key(word))]
    said: dict[str, _Said] = {}
    if text.strip():
        said = _said_in(found, keys, language, at)
        found = [
            one
            for one in found
            if one.recording.id in said or _is_titled(one.recording.title, keys)
        ]
    page = min(max(page, 1), max(1, -(-len(found) // PAGE)))
    shown = found[(page - 1) * PAGE : page * PAGE]
    ids = [one.recording.id for one in shown]
    rows = _rows(actor.person_id or "", ids)
    texts = _texts({key: one for key, one in said.items() if key in ids})
    lines = []
    for one in shown:
        key, action = one.recording.id, seeing(one.recording.kind)
        edition, programme, watched = rows[key]
        hit = said.get(key)
        media = MediaLine(
            one.recording,
            one.decision,
            watched.permille if watched else 0,
            watched.resume_ms if watched else 0,
            until=known_until(viewer, one.known, action, at),
        )
        lines.append(
            LibraryLine(
                media,
                programme,
                edition,
                hit.language if hit else "",
                len(hit.starts) if hit else 0,
                texts.get(key, ()),
            )
        )
    return Library(tuple(lines), len(found), page)


def _is_titled(title: Mapping[str, str], keys: Collection[str]) -> bool:
    document = search_document(*title.values())
    return bool(keys) and all(key in document for key in keys)


def _said_in(
    found: Sequence[Watchable], keys: Collection[str], language: str, at: datetime
) -> dict[str, _Said]:
    """Return where the words are said, by recording; the reader's language before others."""
    if not keys or not found:
        return {}
    known = {one.recording.id: one for one in found}
    rows = sorted(
        _readable_words([one.recording for one in found], keys, at),
        key=lambda row: (row[1] != language, row[1].split("-")[0] != language),
    )
    hidden = _hidden([known[key] for key in {row[0] for row in rows}])
    said: dict[str, _Said] = {}
    for recording_id, tag, words in rows:
        if recording_id in said:
            continue
        starts = [one.start_ms for one in search_index(words, keys, hidden.get(recording_id, ()))]
        if starts:
            said[recording_id] = _Said(tag, starts)
    return said


def _readable_words(
    recordings: Collection[Recording], keys: Collection[str], at: datetime
) -> list[tuple[str, str, str]]:
    """Return (recording, language, words) of the captions in which all keys stand.

    Only those that rightsholders let be read as a transcript, by their forms of the day. One
    query, in which the words come once for every signed form beside them.
    """
    spoken = {one.id: one.language for one in recordings}
    query = (
        select(
            TranscriptIndex.recording_id,
            TranscriptIndex.language,
            TranscriptIndex.words,
            *SIGNED_FORM,
        )
        .outerjoin(
            Agreement, and_(Agreement.recording_id == TranscriptIndex.recording_id, IS_SIGNED)
        )
        .where(TranscriptIndex.recording_id.in_(spoken))
    )
    for key in keys:
        query = query.where(TranscriptIndex.words.contains(key, autoescape=True))
    tracks: dict[tuple[str, str], str] = {}
    forms: dict[tuple[str, str], list[Any]] = {}
    for recording_id, tag, words, *form in db.session.execute(query):
        tracks[recording_id, tag] = words
        forms.setdefault((recording_id, tag), []).append(form)
    return [
        (*track, words)
        for track, words in tracks.items()
        if is_readable(makings_of(forms[track], at), spoken[track[0]], track[1])
    ]


def _hidden(found: Collection[Watchable]) -> dict[str, Intervals]:
    """Return what is left out for this viewer, widened to segments as the player has it.

    By recording, of those that have such ranges; one query if there are any.
    """
    left_out = {
        one.recording.id: (*one.decision.obligations.hide, *one.decision.obligations.mute)
        for one in found
    }
    left_out = {key: ranges for key, ranges in left_out.items() if ranges}
    lengths = reference_lengths_of(left_out)
    return {
        key: cut_segments(lengths.get(key, []), ranges).hidden for key, ranges in left_out.items()
    }


def _rows(
    person_id: str, recording_ids: Collection[str]
) -> dict[str, tuple[Edition, Programme, Covered | None]]:
    """Return the course of each recording and what the person watched of it, in one query."""
    if not recording_ids:
        return {}
    rows = db.session.execute(
        select(Recording.id, Recording.duration_ms, Edition, Programme, Watch)
        .join(Edition, Edition.id == Recording.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .outerjoin(
            Watch,
            and_(
                Watch.person_id == person_id,
                Watch.recording_id == Recording.id,
                Watch.media_version == Recording.media_version,
            ),
        )
        .where(Recording.id.in_(recording_ids))
    )
    found: dict[str, tuple[Edition, Programme, Covered | None]] = {}
    for key, duration, edition, programme, watch in rows:
        begun: Watch | None = watch  # none where the outer join found none
        found[key] = edition, programme, covered_of(begun, duration or 0) if begun else None
    return found


def _texts(said: Mapping[str, _Said]) -> dict[str, tuple[Place, ...]]:
    """Return the first captions in which words are said, by recording, in one query."""
    if not said:
        return {}
    rows = db.session.scalars(
        select(Caption).where(
            or_(
                *(
                    and_(Caption.recording_id == key, Caption.language == one.language)
                    for key, one in said.items()
                )
            )
        )
    )
    texts = {}
    for caption in rows:
        wanted = set(said[caption.recording_id].starts[:_SHOWN])
        texts[caption.recording_id] = tuple(
            Place(cue.start_ms, readable_text(cue.text))
            for cue in parse_cues(caption.vtt)
            if cue.start_ms in wanted
        )[:_SHOWN]
    return texts
