"""Each film is encoded once a test run; what ffmpeg wrote then is handed out again as it is.

Only the encoder's work is kept: cutting, sealing with the recording's own keys and publishing are
done anew for each recording.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from lms.recordings.operations import encoding, rendering
from lms.recordings.rules import MediaFacts, Shape


@contextmanager
def encoded_once(kept: Path) -> Iterator[None]:
    """Put a memory of finished work in front of the encoder, in the folder `kept`.

    Several processes may share the folder: each film is moved into it whole.
    """
    encode: Callable[..., int] = encoding.encode
    encode_sound: Callable[..., int] = encoding.encode_sound

    def remembered(key: str, target: Path, make: Callable[[], int]) -> int:
        store = kept / hashlib.sha256(key.encode()).hexdigest()
        if store.is_dir():
            shutil.copytree(store / "files", target, dirs_exist_ok=True)
            return int((store / "length").read_text())
        length = make()
        with tempfile.TemporaryDirectory(dir=kept) as folder:
            new = Path(folder, "new")
            shutil.copytree(target, new / "files")
            (new / "length").write_text(str(length))
            with suppress(OSError):  # another process was first
                new.rename(store)
        return length

    def pictures(
        path: Path, folder: Path, facts: MediaFacts, shapes: Sequence[Shape], report: Any,
        *, hold_ms: int = 0,
    ) -> int:  # fmt: skip
        key = f"{_digest(path)} {list(shapes)!r} {hold_ms}"
        return remembered(
            key, folder, lambda: encode(path, folder, facts, shapes, report, hold_ms=hold_ms)
        )

    def sound(path: Path, folder: Path, plan: Any, report: Any) -> int:
        key = f"{_digest(path)} sound {plan!r}"
        return remembered(key, folder, lambda: encode_sound(path, folder, plan, report))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "encode", pictures)
        patch.setattr(rendering, "encode_sound", sound)
        yield


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
