"""Taking a file in: to the store, then judged by its content. Outside any transaction."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lms.infra.storage import Storage
from lms.kernel.ids import new_id
from lms.recordings.errors import MediaFault, MediaFaultError
from lms.recordings.models import MediaKind
from lms.recordings.operations.encoding import probe
from lms.recordings.rules import judge_sound, judge_video, looks_like_pdf, safe_name

_HEAD_BYTES = 4096
_TAIL_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Received:
    """A stored file that was found to be what it should be; `size` in bytes."""

    kind: MediaKind
    key: str
    name: str
    size: int
    sha256: str
    pages: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """For what a file comes in: the version of the recording that it is to become."""

    recording_id: str
    media_version: int
    kind: MediaKind


def receive(storage: Storage, target: Target, stream: BinaryIO, name: str) -> Received:
    """Judge an uploaded stream by its content, never by its name, and store it.

    Raises MediaFaultError, with nothing left in the store. Whoever does not attach what came
    in must `discard` it.
    """
    with storage.scratch() as folder:
        path = folder / "source"
        with path.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
        return receive_file(storage, target, path, name)


def receive_file(storage: Storage, target: Target, path: Path, name: str) -> Received:
    """Judge a file of this machine as `receive` does, then move it into the store.

    It stays where it is when it is refused.
    """
    size = path.stat().st_size
    pages = _judge(path, target.kind, size)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    key = f"recordings/{target.recording_id}/v{target.media_version}-{new_id()}/source"
    storage.put_file(key, path)
    return Received(target.kind, key, safe_name(name), size, sha256, pages)


def _judge(path: Path, kind: MediaKind, size: int) -> int | None:
    """Return the pages of a handout, None for a film. Raises MediaFaultError."""
    if size == 0:
        raise MediaFaultError(MediaFault.EMPTY)
    if kind is MediaKind.PAPER:
        return _judge_pdf(path)
    judge_medium(path, kind)
    return None


def discard(storage: Storage, received: Received | None) -> None:
    """Remove a received file, if there is one, that was not attached to its recording."""
    if received is None:
        return
    storage.delete_tree(received.key.removesuffix("/source"))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD_BYTES)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


def judge_medium(path: Path, kind: MediaKind) -> None:
    """See that a file is a film, or of the kind AUDIO has sound. Raises MediaFaultError."""
    if looks_like_pdf(_head(path)):
        raise MediaFaultError(MediaFault.PDF_AS_VIDEO)
    judge = judge_sound if kind is MediaKind.AUDIO else judge_video
    fault = judge(probe(path))
    if fault is not None:
        raise MediaFaultError(fault)


def _judge_pdf(path: Path) -> int:
    """Return the number of pages of a PDF that anyone can open."""
    import pikepdf  # noqa: PLC0415 - heavy, and only for handouts

    if not looks_like_pdf(_head(path)):
        try:
            facts = probe(path)
        except MediaFaultError:
            facts = None
        is_video = facts is not None and facts.video is not None
        raise MediaFaultError(MediaFault.VIDEO_AS_PDF if is_video else MediaFault.NOT_PDF)
    if b"%%EOF" not in _tail(path):  # what is repaired silently may lack pages
        raise MediaFaultError(MediaFault.PDF_BROKEN)
    try:
        with pikepdf.open(path) as pdf:
            if pdf.is_encrypted:
                raise MediaFaultError(MediaFault.PDF_LOCKED)
            pages = len(pdf.pages)
    except pikepdf.PasswordError:
        raise MediaFaultError(MediaFault.PDF_LOCKED) from None
    except (pikepdf.PdfError, RuntimeError, ValueError):  # qpdf's own complaints come as these
        raise MediaFaultError(MediaFault.PDF_BROKEN) from None
    if pages == 0:
        raise MediaFaultError(MediaFault.PDF_EMPTY)
    return pages
