"""Copies to take away, each with its reader's name, the moment and a serial on every page.

Outside any transaction. A stamped copy is kept for a day under its serial, so that a download
that broke off goes on with the same file.
"""

import hashlib
import io
import re
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from lms.infra.storage import Storage
from lms.kernel.intervals import Intervals
from lms.kernel.japanese import plain_id
from lms.recordings.models import Recording
from lms.watching.operations.papers import Stamp, font_folder

#: How long a stamped copy can be fetched again under its serial.
COPY_KEPT: Final = timedelta(days=1)

_SERIAL: Final = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_VISITOR: Final = "visitor"

_OVERLAY = """
#set page(width: float(sys.inputs.w) * 1pt, height: float(sys.inputs.h) * 1pt, margin: 0pt, fill: none)
#set text(font: "Noto Sans JP", size: 8pt, fill: rgb(90, 90, 90, 190))
#place(bottom + center, dy: -6pt, sys.inputs.line)
#if sys.inputs.across == "1" [
  #place(center + horizon, rotate(-30deg, text(size: float(sys.inputs.w) * 0.045pt, fill: rgb(120, 120, 120, 45), sys.inputs.name)))
]
"""  # noqa: E501 - a page of another language


def read_serial(text: str) -> str:
    """Return a serial as it was issued, from what somebody copied off a page; else nothing."""
    serial = "".join(plain_id(text).lower().split()).replace("-", "")
    return serial if _SERIAL.fullmatch(serial) else ""


def copy_key(recording: Recording, person_id: str | None, serial: str, cuts: Intervals = ()) -> str:
    """Return where a stamped copy without `cuts` (pages from 0) lies, in its reader's own folder.

    Under other cuts it is another copy: one that holds what was hidden since is not found.
    """
    folder = f"recordings/{recording.id}/v{recording.media_version}-copies"
    without = f"-{hashlib.sha256(repr(cuts).encode()).hexdigest()[:16]}" if cuts else ""
    return f"{folder}/{person_id or _VISITOR}/{serial}{without}.pdf"


def make_copy(storage: Storage, source_key: str, stamp: Stamp, key: str, *, across: bool) -> None:
    """Store a copy of a PDF with the stamp's line at the foot of every page.

    `across`: the name stands large across each page too. Raises FileNotFoundError.
    """
    with storage.as_local(source_key) as path:
        made = _stamped(path, stamp, across=across)
    storage.put(key, io.BytesIO(made))


def _stamped(path: Path, stamp: Stamp, *, across: bool) -> bytes:
    import pikepdf  # noqa: PLC0415 - heavy, and only for handouts

    sheets: dict[tuple[float, float], Any] = {}
    out = io.BytesIO()
    with ExitStack() as opened:
        pdf = opened.enter_context(pikepdf.open(path))
        for page in pdf.pages:
            box = page.trimbox
            width, height = float(box[2]) - float(box[0]), float(box[3]) - float(box[1])
            if int(page.obj.get("/Rotate", 0)) % 180:
                width, height = height, width
            size = (round(width, 2), round(height, 2))
            if size not in sheets:
                # Opened once, so that its fonts come into the copy once.
                overlay = io.BytesIO(_overlay(size, stamp, across=across))
                sheets[size] = opened.enter_context(pikepdf.open(overlay))
            page.add_overlay(sheets[size].pages[0], None)
        pdf.save(out)
    return out.getvalue()


def _overlay(size: tuple[float, float], stamp: Stamp, *, across: bool) -> bytes:
    import typst  # noqa: PLC0415 - heavy, and only for handouts

    compile_pdf: Any = typst.compile  # its stubs take one kind of text only
    made = compile_pdf(
        _OVERLAY.encode(),
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
        sys_inputs={
            "w": str(size[0]), "h": str(size[1]), "name": stamp.name, "line": stamp.line,
            "across": "1" if across else "",
        },
    )  # fmt: skip
    assert isinstance(made, bytes)
    return made
