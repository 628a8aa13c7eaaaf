"""Files on their way in, piece by piece, on a disk of this machine.

How much of a file has come is written down elsewhere, after the bytes are safe on the disk: what
a killed process wrote beyond that is overwritten by the next piece.
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lms.infra.storage.protocol import StorageError, key_parts

_BLOCK = 1 << 18
#: Left free for everything else that this disk is for, in bytes.
_RESERVE = 500_000_000


class IncomingLockedError(Exception):
    """Another request is writing a piece of the same file."""


class IncomingLostError(Exception):
    """Bytes that were written down as safe are not there any more."""


class NoSpaceLeftError(Exception):
    """The disk is full."""


class PartRefusedError(Exception):
    """A piece does not have the checksum it was announced with; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """What came of a piece: how long the file is now in bytes, and whether all of it came."""

    length: int
    broke_off: bool


class IncomingFolder:
    """The folder in which files grow. Names are made by us."""

    def __init__(self, root: Path):
        self.root = root

    def path(self, name: str) -> Path:
        """Return where a file lies, there or not."""
        return self.root.joinpath(*key_parts(name))

    def free_bytes(self) -> int:
        """Return how much may still come in, in bytes; never below 0."""
        self.root.mkdir(parents=True, exist_ok=True)
        return max(0, shutil.disk_usage(self.root).free - _RESERVE)

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Keep every other request, of any process, from writing the same file.

        Raises IncomingLockedError at once when one is at it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self.path(name).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise IncomingLockedError(name) from None
            yield

    def append(
        self, name: str, start: int, source: BinaryIO, most: int,
        checksum: tuple[str, bytes] | None = None,
    ) -> Part:  # fmt: skip
        """Write a piece from `start` on, at most `most` bytes; return what came of it.

        What a connection that breaks off has brought is kept, unless a checksum (name of the
        algorithm, digest) was announced. Raises NoSpaceLeftError and PartRefusedError, the file
        being as long as before then, and IncomingLostError.
        """
        path = self.path(name)
        if not path.is_file():
            raise IncomingLostError(name)
        with path.open("r+b") as file:
            if os.fstat(file.fileno()).st_size < start:
                raise IncomingLostError(name)
            file.truncate(start)
            file.seek(start)
            try:
                length, broke_off, digest = _copy(source, file, most, checksum)
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                _cut(file, start)
                if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                    raise NoSpaceLeftError(name) from error
                raise StorageError(
                    f"The upload folder cannot be written to: {error.strerror}."
                ) from error
            if checksum is not None and digest != checksum[1]:
                _cut(file, start)
                raise PartRefusedError(name)
        return Part(start + length, broke_off)

    def head(self, name: str, length: int = 4096) -> bytes:
        """Return the first bytes of a file."""
        with self.path(name).open("rb") as file:
            return file.read(length)

    def remove(self, name: str) -> bool:
        """Remove a file; return whether it was there."""
        path = self.path(name)
        there = path.is_file()
        path.unlink(missing_ok=True)
        return there

    def names(self) -> list[tuple[str, float]]:
        """Return the files here with the moment of their last piece, as seconds of the epoch."""
        found = []
        for path in sorted(self.root.glob("*")):
            try:
                if path.is_file():
                    found.append((path.name, path.stat().st_mtime))
            except FileNotFoundError:
                continue  # gone meanwhile
        return found


def _copy(
    source: BinaryIO, file: BinaryIO, most: int, checksum: tuple[str, bytes] | None
) -> tuple[int, bool, bytes]:
    """Copy; return how many bytes, whether the sender broke off, and the digest."""
    digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
    length, broke_off = 0, False
    while length < most:
        try:
            block = source.read(min(_BLOCK, most - length))
        except Exception:  # noqa: BLE001 - servers differ in what they raise when a sender is gone
            broke_off = True
            break
        if not block:
            break
        if digest is not None:
            digest.update(block)
        file.write(block)
        length += len(block)
    return length, broke_off, digest.digest() if digest is not None else b""


def _cut(file: BinaryIO, length: int) -> None:
    """Bring a file back to a length, also on a full disk, where what was buffered cannot go out."""
    os.ftruncate(file.fileno(), length)
