"""What a store of files must do, and what can go wrong with one."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

#: How long an address that a store gives out opens its file, in seconds.
SIGNED_SECONDS = 60


class StorageKeyError(ValueError):
    """A key that would leave the store."""


class StorageError(Exception):
    """The store cannot be reached or refuses; the text is one sentence that says what and why.

    It names keys at most: for logs and commands, not for visitors.
    """


class FileLostError(StorageError, FileNotFoundError):
    """The store holds no file under a key: for most a fault of the store, where a row names it."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store: its key, its length in bytes, when it was last written."""

    key: str
    size: int
    written_at: datetime


class Storage(Protocol):
    """Where files are kept. Keys are relative POSIX paths made by us, never by a visitor.

    Every method raises StorageError where the store cannot be reached or refuses.
    """

    @property
    def origin(self) -> str | None:
        """The origin (scheme, host, port) of signed addresses; None where there are none."""

    def put(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store a stream; return its length in bytes and SHA-256 in hex. Whole or not at all."""

    def put_file(self, key: str, source: Path) -> int:
        """Store a file, which is gone from its place then; return its length in bytes.

        Whole or not at all.
        """

    def open(self, key: str) -> BinaryIO:
        """Open for reading; `seek` is cheap, so ranges can be read. Raises FileNotFoundError."""

    def read(self, key: str) -> bytes:
        """Return the whole content. Raises FileNotFoundError."""

    def size(self, key: str) -> int:
        """Return the length in bytes. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""

    def as_local(self, key: str) -> AbstractContextManager[Path]:
        """Give a path on this machine from which a program can read the file, for a while.

        It must not be written to. Raises FileLostError.
        """

    def scratch(self) -> AbstractContextManager[Path]:
        """Give an empty folder of this machine for a while, from which `put_file` is cheap."""

    def signed_address(self, key: str, mimetype: str) -> str | None:
        """Return an address that opens the file for a minute; None where the store has none."""

    def delete_tree(self, prefix: str) -> int:
        """Delete the file, or everything under a folder; return how many files went."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys of a file or under a folder, in order."""

    def list_files(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the same with lengths and moments."""

    def sweep_unfinished(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove what broken-off writes left before a moment; return how many there were."""


def key_parts(key: str) -> tuple[str, ...]:
    """Return the parts of a key. Raises StorageKeyError for one that would leave the store."""
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or "\\" in key or any(p in {"..", "."} for p in parts):
        raise StorageKeyError(key)
    return parts


def sweep_folder(folder: Path, before: datetime, *, dry_run: bool) -> int:
    """Remove what lies in a folder since before a moment; return how many things."""
    return sum(remove_old(path, before, dry_run=dry_run) for path in folder.glob("*"))


def remove_old(path: Path, before: datetime, *, dry_run: bool) -> int:
    """Remove a file or folder that is older than a moment; return 1 then, else 0."""
    try:
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return 0
    if written_at >= before:
        return 0
    if not dry_run:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return 1
