"""Recordings and handouts of the demo: made, processed, agreed upon, published, watched."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from lms.infra.db import db, unit_of_work
from lms.infra.storage import Storage
from lms.kernel.clock import day_in
from lms.recordings.models import MediaKind, Recording, Stage
from lms.recordings.operations import (
    Details,
    add_recording,
    import_file,
    put_captions,
    set_captions_reviewed,
)
from lms.rights.models import Agreement, Publication, Withdrawal
from lms.rights.operations import (
    AgreementDetails,
    PublicationDetails,
    TermDetails,
    add_agreement,
    publish_recording,
    rewrite_facts,
    withdraw_agreement,
)
from lms.rights.queries import day_end
from lms.watching.models import Watch
from lms.watching.operations import end_watch, open_play, report_watch
from lms.watching.rules import WatchReport
from lms.whole.demo.courses import days_ago, find_edition, parts_of, session_of
from lms.whole.demo.data import Deck, read_deck, read_stories
from lms.whole.demo.lectures import make_captions, make_film, make_handout
from lms.whole.demo.people import actor_of, get_member, id_of
from lms.whole.demo.rights import add_parts

_EDITION: Final = "labour-economics/first"
_LANGUAGE: Final = "ja"
_WITHDRAWN_BEFORE: Final = timedelta(hours=1)

Entry = Mapping[str, Any]


def entries() -> list[tuple[MediaKind, Entry]]:
    """Return what there is to be, films first."""
    stories = read_stories()
    return [
        *((MediaKind.VIDEO, entry) for entry in stories["recordings"]),
        *((MediaKind.PAPER, entry) for entry in stories["handouts"]),
    ]


def find_one(kind: MediaKind, slug: str) -> Recording | None:
    """Return the demo's film or handout of a part, or None."""
    edition = find_edition(_EDITION)
    return db.session.scalar(
        select(Recording)
        .where(
            Recording.edition_id == edition.id,
            Recording.part_id == parts_of(edition.id)[slug].id,
            Recording.kind == kind,
        )
        .order_by(Recording.created_at, Recording.id)
        .limit(1)
    )


def seed_recordings(
    content: Path, work: Path, storage: Storage, at: datetime, tell: Callable[[str], None]
) -> None:
    """Make what is missing and hand it in as an organiser would; the worker does the rest.

    Each in its own transaction: making a film takes seconds, and nobody is to wait for it.
    """
    work.mkdir(parents=True, exist_ok=True)
    for kind, entry in entries():
        known = find_one(kind, entry["part"])
        if known is not None and known.source_key:
            continue
        deck = read_deck(content, entry["deck"])
        tell(deck.title["en"] if kind is MediaKind.VIDEO else f"{deck.title['en']} (handout)")
        path = work / f"{entry['deck']}.{'mp4' if kind is MediaKind.VIDEO else 'pdf'}"
        if kind is MediaKind.VIDEO:
            make_film(deck, path, _LANGUAGE)
        else:
            make_handout(deck, path, _LANGUAGE)
        with unit_of_work():
            _hand_in(kind, entry, deck, path, storage=storage, at=at)
        path.unlink()


def _hand_in(
    kind: MediaKind, entry: Entry, deck: Deck, path: Path, *, storage: Storage, at: datetime
) -> None:
    edition = find_edition(_EDITION)
    part = parts_of(edition.id)[entry["part"]]
    session = session_of(edition.id, part.id)
    held = session.ends_at if session is not None and session.ends_at < at else days_ago(at, 3)
    actor, then = actor_of("organiser", at), held + timedelta(hours=2)
    title = dict(deck.title)
    if kind is MediaKind.PAPER:
        word = read_stories()["handout_title"]
        title = {tag: word[tag].format(title=text) for tag, text in title.items()}
    recording = find_one(kind, entry["part"])
    if recording is None:
        live_session_id = session.id if session is not None else None
        details = Details(title, _LANGUAGE, part.id, live_session_id)
        recording = add_recording(actor, edition.id, kind, details, then)
    import_file(actor, storage, recording.id, path, then)
    _agree(recording, entry["story"], then, at)


def _agree(recording: Recording, story: str, then: datetime, at: datetime) -> None:
    """Enter what the speaker agreed to, or was asked."""
    speaker = get_member("speaker")
    paper = recording.kind == MediaKind.PAPER
    name = f"{speaker.family_name} {speaker.given_name}"
    actions = ["display", "print"] if paper else ["play"]
    reach = "affiliate" if story == "to_publish" else "outside"
    last_on = day_in(at) + timedelta(days=60) if story == "to_publish" else None
    asked = story == "asked"
    conditions = {"actions": actions, "audience": {"reach": reach}}
    add_agreement(
        actor_of("organiser", at),
        recording.id,
        AgreementDetails(
            holder_name=name,
            kind="slides" if paper else "speaker",
            status="requested" if asked else "signed",
            holder_person_id=speaker.id,
            signed_on=None if asked else day_in(then),
            recording_consent=not paper,
            attribution=name,
            note=read_stories()["asked_note"] if asked else "",
            grants=(TermDetails(conditions, last_on=last_on),),
        ),
        then,
    )


def finish_recordings(content: Path, at: datetime) -> bool:
    """Publish what the worker has processed, each as its story wants; tell if all is done."""
    done = True
    for kind, entry in entries():
        recording = find_one(kind, entry["part"])
        if recording is None or recording.stage in {Stage.DRAFT, Stage.PROCESSING}:
            done = False
            continue
        if recording.stage == Stage.REVIEW and not _was_published(recording.id):
            with unit_of_work():
                _finish(recording.id, kind, entry, read_deck(content, entry["deck"]), at)
    return done


def _was_published(recording_id: str) -> bool:
    query = select(Publication.id).where(Publication.recording_id == recording_id).limit(1)
    return db.session.scalar(query) is not None


def _finish(recording_id: str, kind: MediaKind, entry: Entry, deck: Deck, at: datetime) -> None:
    recording = db.session.get_one(Recording, recording_id)
    actor = actor_of("organiser", at)
    then = recording.created_at + timedelta(hours=20)
    if kind is MediaKind.VIDEO:
        for language in deck.slides:
            captions = make_captions(deck, language).encode()
            put_captions(actor, recording_id, language, captions, then)
            set_captions_reviewed(actor, recording_id, language, then, reviewed=True)
    add_parts(recording, kind, entry["part"], deck, then)
    story = entry["story"]
    if story in {"to_publish", "asked"}:
        return
    last_on = day_in(at) + timedelta(days=entry["expires"]) if "expires" in entry else None
    actions = ("play",) if kind is MediaKind.VIDEO else ("display", "print")
    publish_recording(
        actor, recording_id, PublicationDetails(actions=actions, last_on=last_on), then
    )
    if story == "half_watched":
        _watch_half(recording, at)
    elif story == "withdrawn":
        agreement = _agreement(recording_id)
        assert agreement is not None
        withdraw_agreement(
            actor_of("speaker", at),
            agreement.id,
            at - _WITHDRAWN_BEFORE,
            reason=read_stories()["withdrawal_reason"],
        )


def _agreement(recording_id: str) -> Agreement | None:
    """Return the recording's agreement when it is the only one."""
    found = db.session.scalars(
        select(Agreement).where(Agreement.recording_id == recording_id)
    ).all()
    return found[0] if len(found) == 1 else None


def _watch_half(recording: Recording, at: datetime) -> None:
    """Let the trainee watch the first half yesterday evening, as a player would report it."""
    trainee = get_member("trainee")
    if db.session.get(Watch, (trainee.id, recording.id, recording.media_version)) is not None:
        return
    half = (recording.duration_ms or 0) // 2
    began = days_ago(at, 1) - timedelta(hours=2)
    ended = began + timedelta(milliseconds=half)
    actor = actor_of("trainee", began)
    opened = open_play(actor, recording.id, None, began)
    report = WatchReport(sequence=1, intervals=[[0, half]], position=half)
    report_watch(actor, trainee.session_epoch, opened.play.id, report, ended)
    end_watch(actor, opened.play.id, ended)


def renew_dates(at: datetime) -> None:
    """Let what expires in some days, and what was just withdrawn, be so again from now."""
    for kind, entry in entries():
        recording = find_one(kind, entry["part"])
        if recording is None:
            continue
        if entry["story"] == "expires" and recording.stage == Stage.PUBLISHED:
            _renew_publication(recording, entry, at)
        elif entry["story"] == "withdrawn":
            _renew_withdrawal(recording, at)


def _renew_publication(recording: Recording, entry: Entry, at: datetime) -> None:
    last_on = day_in(at) + timedelta(days=entry["expires"])
    open_ones = db.session.scalars(
        select(Publication).where(
            Publication.recording_id == recording.id, Publication.ended_at.is_(None)
        )
    ).all()
    if any(one.until_at == day_end(last_on) for one in open_ones):
        return
    publish_recording(
        actor_of("organiser", at), recording.id, PublicationDetails(last_on=last_on), at
    )


def _renew_withdrawal(recording: Recording, at: datetime) -> None:
    """Move the withdrawal to an hour ago, unless the rights desk has gone on from it."""
    agreement = _agreement(recording.id)
    if agreement is None:
        return
    for one in db.session.scalars(
        select(Withdrawal).where(Withdrawal.agreement_id == agreement.id)
    ):
        if one.at < at - timedelta(hours=3) and one.entered_by == id_of("speaker"):
            one.at = at - _WITHDRAWN_BEFORE
            rewrite_facts(recording.id, at)
