"""Static files under one hashed folder: kept for ever by browsers, plain relative addresses."""

import gzip
import hashlib
import shutil
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"


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
    import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - only when packing

    folder = target / tree_hash(root)
    if folder.exists():
        return folder
    shutil.rmtree(target, ignore_errors=True)
    part = target / "part"
    shutil.copytree(root, part)
    for path in [p for p in part.rglob("*") if p.is_file()]:
        if path.suffix in {".css", ".js", ".mjs", ".svg", ".json", ".txt"}:
            data = path.read_bytes()
            path.with_name(path.name + ".br").write_bytes(brotli.compress(data, quality=9))
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, 9, mtime=0))
    part.rename(folder)
    return folder
