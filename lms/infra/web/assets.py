"""Static files under one hashed folder: kept for ever by browsers, plain relative addresses."""

import contextlib
import gzip
import hashlib
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_KEEP_SECONDS = 3600


@cache
def tree_hash(root: Path = STATIC) -> str:
    """Return ten characters that change when any static file changes."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def asset(name: str) -> str:
    """Return the address of a static file."""
    return f"/static/{tree_hash()}/{name}"


def pack_assets(target: Path, root: Path = STATIC) -> Path:
    """Copy the static files to `target/<hash>` with .br and .gz beside them; return it.

    Does nothing when that folder is already whole. Older hashes are removed.
    """
    folder = target / tree_hash(root)
    if folder.exists():
        return folder
    import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - only when packing

    target.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix="part-", dir=target))
    shutil.copytree(root, part, dirs_exist_ok=True)
    for path in [p for p in part.rglob("*") if p.is_file()]:
        if path.suffix in {".css", ".js", ".mjs", ".svg", ".json", ".txt"}:
            data = path.read_bytes()
            path.with_name(path.name + ".br").write_bytes(brotli.compress(data, quality=9))
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, 9, mtime=0))
    part.chmod(0o755)
    with contextlib.suppress(OSError):  # another process was quicker: its folder is the same
        part.rename(folder)
    for old in target.iterdir():
        # What a starting process may still be filling is left alone for an hour.
        if old != folder and (old == part or time.time() - old.stat().st_mtime > _KEEP_SECONDS):
            shutil.rmtree(old, ignore_errors=True)
    return folder
