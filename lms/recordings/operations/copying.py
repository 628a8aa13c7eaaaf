"""A whole file to be taken away: the recording, or the paper, without exactly its cuts.

Made from what the viewers get, so that the cuts lie where the desk saw them. One copy a version.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from lms.infra.audit import record_act
from lms.infra.db import db, lock_row
from lms.infra.events import raise_event
from lms.infra.jobs.ledger import enqueue
from lms.infra.storage import Storage
from lms.kernel.actor import Actor
from lms.kernel.errors import InvalidInputError, NotFoundError
from lms.kernel.ids import EditionId, RecordingId, new_id
from lms.kernel.intervals import Intervals
from lms.recordings.errors import MediaFault, MediaFaultError, RecordingRefusedError
from lms.recordings.events import RecordingChanged
from lms.recordings.models import MediaCopy, MediaKind, Recording, Rendition, Stage
from lms.recordings.operations.encoding import cut_film, decrypt, probe
from lms.recordings.operations.permitting import require_cuts
from lms.recordings.operations.removing import queue_removal
from lms.recordings.operations.rendering import kept_if_whole, rendition_root, workplace
from lms.recordings.policy import require_recording_editor
from lms.recordings.queries import find_copy_by_id
from lms.recordings.rules import kept_ranges, media_key, merge_cuts, segment_iv

_ATTEMPTS = 5
_READY = (Stage.REVIEW, Stage.PUBLISHED)
_OPENED, _CUT = 100, 950  # thousandths of the whole
_TOLERANCE_MS = 250
_COPIED = (MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.PAPER)

Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CopySource:
    """Of what a copy is made. `segments` of the reference rendition; none for a paper.

    `cuts` and `whole` in ms, of a paper in pages.
    """

    copy_id: str
    recording_id: str
    media_version: int
    kind: MediaKind
    cuts: Intervals
    whole: int
    source_key: str
    rendition: str = ""
    folder: str = ""
    segments: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(cls, copy: MediaCopy, recording: Recording, rendition: Rendition | None) -> "CopySource":
        """Return what is needed of the rows."""
        is_paper = recording.kind == MediaKind.PAPER
        return cls(
            copy_id=copy.id,
            recording_id=recording.id,
            media_version=copy.media_version,
            kind=MediaKind(recording.kind),
            cuts=tuple((a, b) for a, b in copy.cuts),
            whole=_whole(recording),
            source_key=recording.source_key,
            rendition=rendition.name if rendition and not is_paper else "",
            folder=rendition.folder if rendition and not is_paper else "",
            segments=tuple((name, length, number) for name, length, number in rendition.segments)
            if rendition and not is_paper
            else (),
        )


@dataclass(frozen=True, slots=True)
class MadeCopy:
    """A file in the store, not yet known to anyone; `size` in bytes."""

    key: str
    size: int
    sha256: str


def request_copy(
    actor: Actor, recording_id: str, cuts: Iterable[Sequence[int]], at: datetime
) -> MediaCopy:
    """Have the copy to take away made with exactly these cuts: [a, b) in ms, of a paper pages.

    The same cuts again change nothing while that copy is there or being made. Another copy is
    no longer taken away from now on. Raises InvalidInputError (cuts; also for cuts that a
    rightsholder did not allow) and RecordingRefusedError
    (copy_not_ready).
    """
    recording = _locked(actor, recording_id)
    if recording.kind not in _COPIED or recording.stage not in _READY:
        raise RecordingRefusedError("copy_not_ready")
    merged = merge_cuts(cuts, _whole(recording))
    if merged is None:
        raise InvalidInputError("cuts", "cuts_outside")
    require_cuts(recording, merged, _whole(recording), at)
    copy = _lock_copy(recording)
    if copy is None:
        copy = MediaCopy(recording_id=recording.id, media_version=recording.media_version, cuts=[])
        db.session.add(copy)
    elif copy.state != "failed" and [list(pair) for pair in merged] == list(copy.cuts):
        return copy
    copy.cuts = [list(pair) for pair in merged]
    copy.state = "making"
    db.session.flush()
    copy.job_id = enqueue("make_copy", {"copy_id": copy.id}, max_attempts=_ATTEMPTS)
    record_act(
        actor, "copy.requested", "recording", recording.id, at=at, cuts=[list(c) for c in merged]
    )  # fmt: skip
    _changed(recording, at)
    return copy


def drop_copy(actor: Actor, recording_id: str, at: datetime) -> None:
    """Take the copy away at once; a job removes its file. Nothing happens where there is none."""
    recording = _locked(actor, recording_id)
    copy = _lock_copy(recording)
    if copy is None:
        return
    queue_removal(copy.key)
    db.session.delete(copy)
    record_act(actor, "copy.dropped", "recording", recording.id, at=at)
    _changed(recording, at)


def make_copy(
    storage: Storage, master_key: bytes, work_root: Path, source: CopySource, report: Report
) -> MadeCopy:
    """Make the file. Outside any transaction; what fails leaves nothing in the store.

    Raises MediaFaultError when it cannot be made, or is not of the length it must have.
    """
    root = rendition_root(source.recording_id, source.media_version)
    with (
        workplace(work_root, source.copy_id) as work,
        kept_if_whole(storage, f"{root}/c-{source.copy_id}-{new_id()}") as folder,
    ):
        if source.kind is MediaKind.PAPER:
            target = work / "copy.pdf"
            _cut_paper(storage, source, target)
        else:
            target = work / ("copy.m4a" if source.kind is MediaKind.AUDIO else "copy.mp4")
            _cut_recording(storage, master_key, source, target, report)
        report(_CUT)
        with target.open("rb") as stream:
            size, sha256 = storage.put(f"{folder}/{target.name}", stream)
        return MadeCopy(f"{folder}/{target.name}", size, sha256)


def publish_copy(actor: Actor, copy_id: str, job_id: str, made: MadeCopy, at: datetime) -> bool:
    """Make a finished file the copy, in the place of an older one.

    False, and nothing written, when other cuts were asked for, or none any more, meanwhile.
    """
    found = _waited_for(copy_id, job_id)
    if found is None:
        return False
    copy, recording = found
    require_recording_editor(actor, recording)
    queue_removal(copy.key)
    copy.key = made.key
    copy.size = made.size
    copy.sha256 = made.sha256
    copy.state = "ready"
    copy.made_at = at
    record_act(
        actor, "copy.made", "recording", recording.id, at=at,
        cuts=list(copy.cuts), sha256=made.sha256, size=made.size,
    )  # fmt: skip
    _changed(recording, at)
    return True


def fail_copy(actor: Actor, copy_id: str, job_id: str, fault: MediaFault, at: datetime) -> bool:
    """Write down that a copy cannot be made; False when it is not waited for any more."""
    found = _waited_for(copy_id, job_id)
    if found is None:
        return False
    copy, recording = found
    require_recording_editor(actor, recording)
    copy.state = "failed"
    record_act(actor, "copy.failed", "recording", recording.id, at=at, code=fault.value)
    _changed(recording, at)
    return True


def clean_copy(storage: Storage, copy: MediaCopy) -> int:
    """Remove what killed workers left of a copy; return how many files went.

    Only the job that makes the copy calls this.
    """
    root = rendition_root(copy.recording_id, copy.media_version)
    made = {key.rpartition("/")[0] for key in storage.list(root)}
    left = {folder for folder in made if folder.startswith(f"{root}/c-{copy.id}-")}
    left.discard(copy.key.rpartition("/")[0])
    return sum(storage.delete_tree(folder) for folder in sorted(left))


def _cut_recording(
    storage: Storage,
    master_key: bytes,
    source: CopySource,
    target: Path,
    report: Report,
) -> None:
    """Put the plain segments together and cut them: to the frame, at any moment."""
    if not source.segments:
        raise MediaFaultError(MediaFault.MISSING)
    film = target.with_name("film.ts")
    with film.open("wb") as out:
        for sequence, (name, _length, number) in enumerate(source.segments):
            key = media_key(
                master_key, source.recording_id, source.media_version, number, source.rendition
            )
            sealed = storage.read(f"{source.folder}/{name}")
            out.write(decrypt(sealed, key, segment_iv(sequence)))
            if sequence % 50 == 49:  # noqa: PLR2004 - five minutes of film
                report(_OPENED * sequence // len(source.segments))
    facts = probe(film)
    if facts is None:
        raise MediaFaultError(MediaFault.BROKEN)
    kept = kept_ranges(source.cuts, source.whole)
    length = sum(b - a for a, b in kept)

    def tell(position: int) -> None:
        report(_OPENED + min(_CUT - _OPENED, (_CUT - _OPENED) * position // max(length, 1)))

    cut_film(film, target, kept if source.cuts else None, facts, tell)
    film.unlink()
    made = probe(target)
    if made is None or made.duration_ms is None:
        raise MediaFaultError(MediaFault.BROKEN)
    if abs(made.duration_ms - length) > _TOLERANCE_MS:
        raise MediaFaultError(MediaFault.UNEVEN)


def _cut_paper(storage: Storage, source: CopySource, target: Path) -> None:
    """Write a new PDF of the pages that stay.

    Pages are copied into an empty document: outlines, names, forms and links of the old one,
    which could still hold a page that was cut, are not.
    """
    import pikepdf  # noqa: PLC0415 - heavy, and only for papers

    if not storage.exists(source.source_key):
        raise MediaFaultError(MediaFault.MISSING)
    try:
        with (
            storage.as_local(source.source_key) as path,
            pikepdf.open(path) as old,
            pikepdf.new() as new,
        ):
            for a, b in kept_ranges(source.cuts, source.whole):
                for number in range(a, b):
                    new.pages.append(old.pages[number])
            for page in new.pages:
                if "/Annots" in page.obj:
                    del page.obj["/Annots"]
            new.save(target)
    except (pikepdf.PdfError, IndexError, RuntimeError, ValueError):
        raise MediaFaultError(MediaFault.PDF_BROKEN) from None


def _whole(recording: Recording) -> int:
    return (recording.pages if recording.kind == MediaKind.PAPER else recording.duration_ms) or 0


def _lock_copy(recording: Recording) -> MediaCopy | None:
    return db.session.scalar(
        select(MediaCopy)
        .where(
            MediaCopy.recording_id == recording.id,
            MediaCopy.media_version == recording.media_version,
        )
        .with_for_update()
    )


def _waited_for(copy_id: str, job_id: str) -> tuple[MediaCopy, Recording] | None:
    """Lock a copy, with its recording, if it still waits for this very job."""
    copy = find_copy_by_id(copy_id)
    if copy is None:
        return None
    recording: Recording | None = lock_row(Recording, copy.recording_id)
    copy = lock_row(MediaCopy, copy_id)
    if copy is None or copy.job_id != job_id or copy.state != "making":
        return None
    if recording is None or recording.stage not in _READY:
        return None
    return (copy, recording) if copy.media_version == recording.media_version else None


def _locked(actor: Actor, recording_id: str) -> Recording:
    recording: Recording | None = lock_row(Recording, recording_id)
    if recording is None or recording.stage in (Stage.DELETED, Stage.DESTROYED):
        raise NotFoundError
    require_recording_editor(actor, recording)
    return recording


def _changed(recording: Recording, at: datetime) -> None:
    raise_event(RecordingChanged(RecordingId(recording.id), EditionId(recording.edition_id), at))
