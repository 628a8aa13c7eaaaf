"""Parts of a recording that belong to others: marking, judging, asking, taking out.

A part that is not settled is hidden from whoever its rightsholders do not admit (R13), so every
act here may change what a running play shows: it ends the media tokens of what is published.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.kernel.actor import SYSTEM, Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.people.queries import is_id
from lms.recordings.models import MediaCopy, Recording, Stage
from lms.recordings.operations import bump_generation, request_copy
from lms.rights.errors import RightsRefusedError
from lms.rights.models import Agreement, Segment, Takedown
from lms.rights.operations.asking import propose_agreement
from lms.rights.operations.freezing import rewrite_facts
from lms.rights.operations.opening import open_recording
from lms.rights.policy import require_rights_desk
from lms.rights.queries import length_of
from lms.rights.queries.segments import wanted_cuts
from lms.rights.rules.consent import ConsentTerms
from lms.rights.rules.facts import Disposition, OnDeny
from lms.rights.rules.segments import BASES, BASES_WITH_NOTE, KINDS

WAYS: Final = ("", "ask", "exempt", "cut", "replace")
MOST_SEGMENTS: Final = 500
_SHORT: Final = 200
_LONG: Final = 2000

_DISPOSITIONS: Final = {
    "": Disposition.UNRESOLVED,
    "ask": Disposition.NEEDS_AGREEMENT,
    "exempt": Disposition.EXEMPT,
    # Until the file no longer holds it, it is hidden from everyone.
    "cut": Disposition.UNRESOLVED,
    "replace": Disposition.UNRESOLVED,
}


@dataclass(frozen=True, slots=True)
class SegmentDetails:
    """A part `[a, b)` in ms of the uncut recording, of a paper in pages from 0; and its way.

    `way`: empty (not decided), ask, exempt (with one of `BASES`; a note where the basis alone
    says too little), cut or replace. `on_deny`: hide, mute or deny_recording.
    """

    a: int
    b: int
    kind: str = "unknown"
    title: str = ""
    way: str = ""
    on_deny: str = "hide"
    basis: str = ""
    basis_note: str = ""
    note: str = ""


def mark_segment(actor: Actor, recording_id: str, details: SegmentDetails, at: datetime) -> Segment:
    """Mark a part. Unless it is exempt it is hidden until its rightsholders permit.

    Raises InvalidInputError (range, kind, title, way, on_deny, basis, basis_note, note).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    _check(recording, details)
    known = db.session.scalar(
        select(func.count()).select_from(Segment).where(Segment.recording_id == recording.id)
    )
    if (known or 0) >= MOST_SEGMENTS:
        raise InvalidInputError("range", "segments_too_many", most=MOST_SEGMENTS)
    segment = Segment(
        recording_id=recording.id,
        lineages=[],
        media_version=recording.media_version,
        created_by=actor.person_id,
        created_at=at,
    )
    _write(segment, details, actor, at)
    db.session.add(segment)
    db.session.flush()
    _record(actor, "rights.segment_marked", segment, at)
    _settle(recording, at)
    return segment


def change_segment(actor: Actor, segment_id: str, details: SegmentDetails, at: datetime) -> Segment:
    """Change a part: its range, what it is, how it is to be cleared.

    Raises RightsRefusedError (segment_taken_down) for another range while it is taken down, and
    InvalidInputError as `mark_segment`.
    """
    segment, recording = open_segment(actor, segment_id)
    _check(recording, details)
    if (segment.a, segment.b) != (details.a, details.b):
        _refuse_taken_down(segment, at)
        segment.media_version = recording.media_version
    _write(segment, details, actor, at)
    _record(actor, "rights.segment_changed", segment, at)
    _settle(recording, at)
    return segment


def clear_segment(
    actor: Actor, segment_id: str, way: str, at: datetime, *, basis: str = "", basis_note: str = ""
) -> Segment:
    """Decide how a part is to be cleared, leaving everything else: from the clearing board.

    Raises InvalidInputError (way, basis, basis_note).
    """
    segment, recording = open_segment(actor, segment_id)
    details = replace(details_of(segment), way=way, basis=basis, basis_note=basis_note)
    _check(recording, details)
    _write(segment, details, actor, at)
    _record(actor, "rights.segment_cleared", segment, at)
    _settle(recording, at)
    return segment


def link_agreement(actor: Actor, segment_id: str, lineage: str, at: datetime) -> Segment:
    """Let a part depend on an agreement of its recording (and its renewals), asked or signed.

    Raises InvalidInputError (lineage).
    """
    segment, recording = open_segment(actor, segment_id)
    known = db.session.scalar(
        select(Agreement.id)
        .where(Agreement.recording_id == recording.id, Agreement.lineage == lineage)
        .limit(1)
    )
    if known is None:
        raise InvalidInputError("lineage", "lineage_unknown")
    if lineage not in segment.lineages:
        segment.lineages = [*segment.lineages, lineage]
    segment.way = "ask"
    segment.disposition = Disposition.NEEDS_AGREEMENT
    segment.basis = segment.basis_note = ""
    record_act(
        actor, "rights.segment_linked", "recording", recording.id, at=at,
        segment=segment.id, lineage=lineage,
    )  # fmt: skip
    _settle(recording, at)
    return segment


def ask_for_segment(
    actor: Actor,
    segment_id: str,
    rightsholder_id: str,
    at: datetime,
    *,
    kind: str,
    proposal: ConsentTerms,
) -> Agreement:
    """Enter what a rightsholder is to be asked for a part alone; the part waits for it, hidden.

    The letter is `asking.ask_consent`. Raises NotFoundError, InvalidInputError as
    `propose_agreement`.
    """
    _segment, recording = open_segment(actor, segment_id)
    agreement = propose_agreement(
        actor, recording.id, rightsholder_id, kind, proposal, at, scope="segment"
    )
    link_agreement(actor, segment_id, agreement.lineage, at)
    return agreement


def unlink_agreement(actor: Actor, segment_id: str, lineage: str, at: datetime) -> Segment:
    """Take an agreement off a part again; with none left it stays hidden.

    Raises InvalidInputError (lineage).
    """
    segment, recording = open_segment(actor, segment_id)
    if lineage not in segment.lineages:
        raise InvalidInputError("lineage", "lineage_unknown")
    segment.lineages = [one for one in segment.lineages if one != lineage]
    record_act(
        actor, "rights.segment_unlinked", "recording", recording.id, at=at,
        segment=segment.id, lineage=lineage,
    )  # fmt: skip
    _settle(recording, at)
    return segment


def split_segment(actor: Actor, segment_id: str, place: int, at: datetime) -> Segment:
    """Split a part in two at `place` (ms, or a page from 0); return the later one.

    Both keep what was decided. Raises RightsRefusedError (segment_taken_down),
    InvalidInputError (place).
    """
    segment, recording = open_segment(actor, segment_id)
    _refuse_taken_down(segment, at)
    if not segment.a < place < segment.b:
        raise InvalidInputError("place", "split_outside")
    later = Segment(
        recording_id=segment.recording_id,
        a=place,
        b=segment.b,
        kind=segment.kind,
        title=segment.title,
        disposition=segment.disposition,
        on_deny=segment.on_deny,
        way=segment.way,
        basis=segment.basis,
        basis_note=segment.basis_note,
        assessor_id=segment.assessor_id,
        assessed_at=segment.assessed_at,
        lineages=list(segment.lineages),
        note=segment.note,
        media_version=segment.media_version,
        created_by=actor.person_id,
        created_at=at,
    )
    segment.b = place
    db.session.add(later)
    db.session.flush()
    record_act(
        actor, "rights.segment_split", "recording", recording.id, at=at,
        segment=segment.id, later=later.id, place=place,
    )  # fmt: skip
    _settle(recording, at)
    return later


def delete_segment(actor: Actor, segment_id: str, at: datetime) -> None:
    """Take a mark away: the part is shown as the rest is.

    Raises RightsRefusedError (segment_taken_down).
    """
    segment, recording = open_segment(actor, segment_id)
    _refuse_taken_down(segment, at)
    _record(actor, "rights.segment_deleted", segment, at)
    db.session.delete(segment)
    _settle(recording, at)


def confirm_removed(actor: Actor, segment_id: str, at: datetime) -> Segment:
    """State that the present file no longer holds a part that was to be cut or replaced.

    Only then is it shown: a file that came in after the mark is needed. Raises
    RightsRefusedError (segment_settled, file_not_replaced).
    """
    segment, recording = open_segment(actor, segment_id)
    if segment.way not in ("cut", "replace") or segment.disposition == Disposition.REMOVED:
        raise RightsRefusedError("segment_settled")
    if recording.media_version <= segment.media_version:
        raise RightsRefusedError("file_not_replaced")
    segment.disposition = Disposition.REMOVED
    segment.media_version = recording.media_version
    segment.assessor_id = actor.person_id
    segment.assessed_at = at
    _record(actor, "rights.segment_removed", segment, at)
    _settle(recording, at)
    return segment


def confirm_ranges(actor: Actor, recording_id: str, at: datetime) -> int:
    """State that all marks lie right in the present file too; return how many were older."""
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    older = [
        one
        for one in db.session.scalars(select(Segment).where(Segment.recording_id == recording.id))
        if one.media_version < recording.media_version
        and one.disposition != Disposition.REMOVED
        and one.way not in ("cut", "replace")
    ]
    for segment in older:
        segment.media_version = recording.media_version
    if older:
        record_act(
            actor, "rights.segments_confirmed", "recording", recording.id, at=at,
            segments=[one.id for one in older], media_version=recording.media_version,
        )  # fmt: skip
    return len(older)


def request_cut_copy(actor: Actor, recording_id: str, at: datetime) -> MediaCopy:
    """Have the copy to take away made without what is hidden from those it is published for.

    A download with hidden parts needs a copy with exactly these cuts (R13). Raises
    RightsRefusedError (no_cuts), RecordingRefusedError (copy_not_ready), InvalidInputError (cuts:
    a rightsholder rules such cuts out).
    """
    recording = open_recording(recording_id)
    require_rights_desk(actor, recording)
    rewrite_facts(recording.id, at)
    cuts = wanted_cuts(recording.id, at)
    if not cuts:
        raise RightsRefusedError("no_cuts")
    return request_copy(SYSTEM, recording.id, cuts, at)


def details_of(segment: Segment) -> SegmentDetails:
    """Return a part as it stands, to be changed."""
    return SegmentDetails(
        a=segment.a,
        b=segment.b,
        kind=segment.kind,
        title=segment.title,
        way=segment.way,
        on_deny=segment.on_deny,
        basis=segment.basis,
        basis_note=segment.basis_note,
        note=segment.note,
    )


def open_segment(actor: Actor, segment_id: str) -> tuple[Segment, Recording]:
    """Return a part, locked, with its recording. Raises NotFoundError."""
    segment: Segment | None = lock_row(Segment, segment_id) if is_id(segment_id) else None
    if segment is None:
        raise NotFoundError
    recording = open_recording(segment.recording_id)
    require_rights_desk(actor, recording)
    return segment, recording


def _check(recording: Recording, details: SegmentDetails) -> None:
    length = length_of(recording)
    if not 0 <= details.a < details.b:
        raise InvalidInputError("range", "segment_range")
    if length is not None and details.b > length:
        raise InvalidInputError("range", "segment_beyond")
    for name, choices in (("kind", KINDS), ("way", WAYS), ("on_deny", tuple(OnDeny))):
        if getattr(details, name) not in choices:
            raise InvalidInputError(name, "choice_unknown")
    for name, most in (("title", _SHORT), ("basis_note", _LONG), ("note", _LONG)):
        if len(getattr(details, name)) > most:
            raise InvalidInputError(name, "text_too_long", most=most)
    if details.way == "exempt":
        if details.basis not in BASES:
            raise InvalidInputError("basis", "basis_missing")
        if details.basis in BASES_WITH_NOTE and not details.basis_note.strip():
            raise InvalidInputError("basis_note", "basis_note_missing")


def _write(segment: Segment, details: SegmentDetails, actor: Actor, at: datetime) -> None:
    exempt = details.way == "exempt"
    judged = (segment.way or "", segment.basis or "", segment.basis_note or "")
    removed = segment.disposition == Disposition.REMOVED and segment.way == details.way
    segment.a, segment.b = details.a, details.b
    segment.kind = details.kind
    segment.title = details.title.strip()
    segment.way = details.way
    # What is to go is hidden for everyone until it is gone, and never merely muted.
    segment.on_deny = OnDeny.HIDE if details.way in ("cut", "replace") else details.on_deny
    segment.basis = details.basis if exempt else ""
    segment.basis_note = details.basis_note.strip() if exempt else ""
    segment.note = details.note.strip()
    if not removed:
        segment.disposition = _DISPOSITIONS[details.way]
    if judged != (segment.way, segment.basis, segment.basis_note):
        segment.assessor_id = actor.person_id
        segment.assessed_at = at


def _refuse_taken_down(segment: Segment, at: datetime) -> None:
    """Refuse what would move a part out from under the takedown that stops it."""
    taken_down = db.session.scalar(
        select(Takedown.id)
        .where(
            Takedown.segment_id == segment.id,
            Takedown.until_at.is_(None) | (Takedown.until_at > at),
        )
        .limit(1)
    )
    if taken_down is not None:
        raise RightsRefusedError("segment_taken_down")


def _settle(recording: Recording, at: datetime) -> None:
    rewrite_facts(recording.id, at)
    if recording.stage == Stage.PUBLISHED:
        bump_generation(SYSTEM, recording.id, at)


def _record(actor: Actor, act: str, segment: Segment, at: datetime) -> None:
    record_act(
        actor, act, "recording", segment.recording_id, at=at,
        segment=segment.id, a=segment.a, b=segment.b, kind=segment.kind, way=segment.way,
        disposition=str(segment.disposition), on_deny=str(segment.on_deny), basis=segment.basis,
    )  # fmt: skip
