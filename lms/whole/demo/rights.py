"""Rights of the demo: somebody is asked, a part belongs to another, papers stand on a shelf."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from lms.infra.db import db
from lms.kernel.clock import day_in
from lms.recordings.models import ChannelFlag, Chapter, MediaKind, Recording, Stage
from lms.recordings.operations import (
    Details,
    FlagDetails,
    add_flag,
    add_link,
    set_chapters,
)
from lms.recordings.rules import Channel, write_chapter
from lms.rights.models import Segment
from lms.rights.operations import (
    AgreementDetails,
    HolderDetails,
    PublicationDetails,
    SegmentDetails,
    TermDetails,
    add_agreement,
    ask_consent,
    find_or_add_rightsholder,
    mark_segment,
    propose_agreement,
    publish_recording,
)
from lms.rights.operations.planning import plan_recording
from lms.rights.operations.shelving import keep_sheet, take_sheet
from lms.rights.rules import Reach
from lms.rights.rules.consent import ConsentTerms
from lms.rights.rules.shelf import Holder, Place, Sheet, ShelfRow
from lms.whole.demo.courses import find_edition, parts_of, session_of
from lms.whole.demo.data import Deck, read_stories
from lms.whole.demo.lectures import SLIDE_SECONDS
from lms.whole.demo.people import actor_of, get_member

_KINDS: Final = {MediaKind.VIDEO: "speaker", MediaKind.PAPER: "slides"}


def seed_rights(at: datetime) -> None:
    """Ask the speaker for what is to be recorded, list what is elsewhere, fill the shelf."""
    story = read_stories()["rights"]
    _ask(story["ask"], at)
    _list_elsewhere(story["link"], at)
    _shelve(story["shelf"], at)


def add_parts(recording: Recording, kind: MediaKind, slug: str, deck: Deck, at: datetime) -> None:
    """Give a film its chapters and marked parts, a paper its flagged pages; once."""
    actor, story = actor_of("organiser", at), read_stories()["rights"]
    if kind is MediaKind.PAPER:
        has_flag = select(ChannelFlag.id).where(ChannelFlag.recording_id == recording.id).limit(1)
        if db.session.scalar(has_flag) is None:
            for one in story["flags"]:
                if one["part"] == slug:
                    barred = frozenset(Channel(name) for name in one["barred"])
                    details = FlagDetails(one["first"], one["last"], barred, one["note"])
                    add_flag(actor, recording.id, details, at)
        return
    has_chapter = select(Chapter.id).where(Chapter.recording_id == recording.id).limit(1)
    if db.session.scalar(has_chapter) is None:
        set_chapters(actor, recording.id, _chapters(deck, recording.duration_ms or 0), at)
    has_segment = select(Segment.id).where(Segment.recording_id == recording.id).limit(1)
    if db.session.scalar(has_segment) is None:
        for one in story["segments"]:
            if one["part"] == slug and one["to"] * 1000 < (recording.duration_ms or 0):
                mark_segment(
                    actor,
                    recording.id,
                    SegmentDetails(
                        one["from"] * 1000, one["to"] * 1000, kind=one["kind"], title=one["title"]
                    ),
                    at,
                )


def _chapters(deck: Deck, duration_ms: int) -> str:
    """Return the slides' titles with the moments at which they come, within a film's length."""
    languages = list(deck.slides)
    return "\n".join(
        write_chapter(
            place * SLIDE_SECONDS * 1000,
            {language: deck.slides[language][place].title for language in languages},
        )
        for place in range(len(deck.slides[languages[0]]))
        if place * SLIDE_SECONDS * 1000 < duration_ms
    )


def _ask(story: Mapping[str, Any], at: datetime) -> None:
    edition = find_edition(story["edition"])
    session = session_of(edition.id, parts_of(edition.id)[story["part"]].id)
    assert session is not None
    planned = select(Recording.id).where(Recording.live_session_id == session.id).limit(1)
    if db.session.scalar(planned) is not None:
        return
    actor, speaker = actor_of("organiser", at), get_member("speaker")
    name = f"{speaker.family_name} {speaker.given_name}"
    holder = find_or_add_rightsholder(
        actor,
        HolderDetails(
            name=name,
            kana=f"{speaker.family_kana} {speaker.given_kana}",
            email=speaker.address or "",
            language=speaker.language,
            person_id=speaker.id,
        ),
        at,
    )
    recording = plan_recording(
        actor, session.id, MediaKind.VIDEO, at, title=story["title"], language="ja"
    )
    today = day_in(at)
    terms = ConsentTerms(
        record=True,
        uses=frozenset({"play"}),
        reach=Reach.OUTSIDE,
        first_on=today,
        last_on=today + timedelta(days=story["last"]),
        captions=True,
        translation=True,
        transcript=True,
        credit=name,
        portrait=True,
        watermark=True,
    )
    agreement = propose_agreement(actor, recording.id, holder.id, "speaker", terms, at)
    ask_consent(
        actor,
        holder.id,
        [agreement.id],
        at,
        message=story["message"],
        due_on=today + timedelta(days=story["due"]),
    )


def _list_elsewhere(story: Mapping[str, Any], at: datetime) -> None:
    edition = find_edition(story["edition"])
    known = select(Recording.id).where(
        Recording.edition_id == edition.id, Recording.kind == MediaKind.LINK
    )
    if db.session.scalar(known.limit(1)) is not None:
        return
    actor = actor_of("organiser", at)
    link = add_link(actor, edition.id, Details(story["title"], "en"), story["address"], at)
    add_agreement(
        actor,
        link.id,
        AgreementDetails(
            holder_name=story["holder"],
            signed_on=day_in(at) - timedelta(days=1),
            recording_consent=True,
            grants=(TermDetails({"actions": ["play"], "audience": {"reach": "outside"}}),),
        ),
        at,
    )
    publish_recording(actor, link.id, PublicationDetails(), at)


def _shelve(story: Mapping[str, Any], at: datetime) -> None:
    """Bring in a sheet as an organiser does; a row that is there already is not entered twice."""
    edition = find_edition(story["edition"])
    known = select(Recording.id).where(
        Recording.edition_id == edition.id, Recording.stage == Stage.RECORDED
    )
    if db.session.scalar(known.limit(1)) is not None:
        return
    rows = tuple(
        ShelfRow(
            line=line,
            title=one["title"],
            kind=one["kind"],
            recorded_on=one["recorded"],
            holders=(Holder(_KINDS[MediaKind(one["kind"])], **story["holders"][one["holder"]]),),
            shelf=one["shelf"],
        )
        for line, one in enumerate(story["items"], 2)
    )
    actor = actor_of("organiser", at)
    sha256 = hashlib.sha256(repr(rows).encode()).hexdigest()
    kept = keep_sheet(
        actor, story["file"], Sheet(rows), at, sha256=sha256, fallback=Place(edition.id)
    )
    take_sheet(actor, kept.id, at)
