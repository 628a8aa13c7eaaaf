"""Files under one folder of this machine."""

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lms.infra.storage.protocol import (
    FileLostError,
    StorageError,
    StoredFile,
    key_parts,
    remove_old,
    sweep_folder,
)

_BLOCK = 1 << 20
_PART = ".part"
_SCRATCH = ".scratch"


class LocalStorage:
    """Files under one folder of this machine."""

    #: This disk gives out no addresses.
    origin: str | None = None

    def __init__(self, root: Path):
        self.root = root

    def _path(self, key: str) -> Path:
        return self.root.joinpath(*key_parts(key))

    def put(self, key: str, source: BinaryIO) -> tuple[int, str]:
        """Store a stream through a temporary name, so that a broken one leaves nothing."""
        path = self._path(key)
        digest, length = hashlib.sha256(), 0
        with _writing(key, path) as part, part.open("wb") as out:
            while block := source.read(_BLOCK):
                digest.update(block)
                length += len(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        return length, digest.hexdigest()

    def put_file(self, key: str, source: Path) -> int:
        """Move a file into the store: at once on the same disk, else through a temporary name."""
        path = self._path(key)
        with _writing(key, path) as part:
            shutil.move(source, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            os.utime(part)  # written now, however long it lay elsewhere
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
        """Return where the file lies, there or not."""
        return self._path(key)

    @contextmanager
    def as_local(self, key: str) -> Iterator[Path]:
        """Give the file itself."""
        path = self._path(key)
        if not path.is_file():
            raise FileLostError(f"{key} is not on this disk.")
        yield path

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder on the same disk."""
        parent = self.root / _SCRATCH
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            yield Path(folder)

    def signed_address(self, key: str, mimetype: str) -> str | None:
        """Return None: whoever may have the file gets it from the application or its proxy."""
        del key, mimetype
        return None

    def delete_tree(self, prefix: str) -> int:
        """Delete the file, or everything under a folder."""
        path = self._path(prefix)
        if path.is_file():
            path.unlink()
            return 1
        count = sum(1 for p in path.rglob("*") if p.is_file()) if path.is_dir() else 0
        shutil.rmtree(path, ignore_errors=True)
        return count

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys of a file or under a folder, in order."""
        for path in self._stored(prefix):
            yield path.relative_to(self.root).as_posix()

    def list_files(self, prefix: str) -> Iterator[StoredFile]:
        """Yield the same with lengths and moments."""
        for path in self._stored(prefix):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue  # deleted while it was looked for
            written_at = datetime.fromtimestamp(stat.st_mtime, UTC)
            yield StoredFile(path.relative_to(self.root).as_posix(), stat.st_size, written_at)

    def _stored(self, prefix: str) -> Sequence[Path]:
        base = self._path(prefix)
        if base.is_file():
            return [base]
        found = [p for p in base.rglob("*") if p.is_file() and p.suffix != _PART]
        return sorted(found, key=lambda path: path.as_posix())

    def sweep_unfinished(self, before: datetime, *, dry_run: bool = False) -> int:
        """Remove temporary names and scratch folders that killed processes left."""
        count = 0
        for path in [p for p in self.root.rglob(f"*{_PART}") if p.is_file()]:
            count += remove_old(path, before, dry_run=dry_run)
        return count + sweep_folder(self.root / _SCRATCH, before, dry_run=dry_run)


@contextmanager
def _writing(key: str, path: Path) -> Iterator[Path]:
    """Give a name beside the file that becomes the file when all went well."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Its own name, so that two who write at once do not write into one file.
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PART}")
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        # What the sender of a stream raises is not the disk's fault.
        if isinstance(error, FileNotFoundError | ConnectionError | TimeoutError):
            raise
        raise StorageError(f"{key} cannot be written to this disk: {error.strerror}.") from error
