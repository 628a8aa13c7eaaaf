"""Stored files: a small interface, this machine's disk behind it."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol


class StorageKeyError(ValueError):
    """A key that would leave the store."""


class Storage(Protocol):
    """Where files are kept. Keys are relative POSIX paths made by us, never by a visitor."""

    def put(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store a stream; return its length in bytes and SHA-256 in hex. Whole or not at all."""

    def put_file(self, key: str, source: Path) -> int:
        """Store a file by moving it where possible; return its length in bytes."""

    def open(self, key: str) -> BinaryIO:
        """Open for reading. Raises FileNotFoundError."""

    def read(self, key: str) -> bytes:
        """Return the whole content. Raises FileNotFoundError."""

    def size(self, key: str) -> int:
        """Return the length in bytes. Raises FileNotFoundError."""

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""

    def local_path(self, key: str) -> Path:
        """Return a path on this machine from which a program can read the file."""

    def delete_tree(self, prefix: str) -> int:
        """Delete everything under a prefix; return how many files went."""

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys under a prefix in order."""


class LocalStorage:
    """Files under one folder of this machine."""

    def __init__(self, root: Path):
        self.root = root

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or any(p in {"..", "."} for p in parts):
            raise StorageKeyError(key)
        return self.root.joinpath(*parts)

    def put(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store a stream through a temporary name, so that a broken one leaves nothing."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        digest, length = hashlib.sha256(), 0
        try:
            with part.open("wb") as out:
                while block := source.read(1 << 20):
                    digest.update(block)
                    length += len(block)
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return length, digest.hexdigest()

    def put_file(self, key: str, source: Path) -> int:
        """Move a file into the store."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, path)
        return path.stat().st_size

    def open(self, key: str) -> BinaryIO:
        """Open for reading."""
        return self._path(key).open("rb")

    def read(self, key: str) -> bytes:
        """Return the whole content."""
        return self._path(key).read_bytes()

    def size(self, key: str) -> int:
        """Return the length in bytes."""
        return self._path(key).stat().st_size

    def exists(self, key: str) -> bool:
        """Whether the key holds a file."""
        return self._path(key).is_file()

    def local_path(self, key: str) -> Path:
        """Return where the file lies."""
        return self._path(key)

    def delete_tree(self, prefix: str) -> int:
        """Delete everything under a prefix."""
        path = self._path(prefix)
        if path.is_file():
            path.unlink()
            return 1
        count = sum(1 for p in path.rglob("*") if p.is_file()) if path.is_dir() else 0
        shutil.rmtree(path, ignore_errors=True)
        return count

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys under a prefix in order."""
        base = self._path(prefix)
        for path in sorted(p for p in base.rglob("*") if p.is_file()):
            yield path.relative_to(self.root).as_posix()
