"""Setting name badges and tickets as PDF. Never inside a write transaction: it takes time."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lms.infra.typesetting import font_folder, missing_glyphs

TEMPLATES = Path(__file__).parents[1] / "templates" / "sessions"


@dataclass(frozen=True, slots=True)
class Badge:
    """What stands on one badge; empty lines are left out. `role` and `language` in words."""

    name: str
    reading: str = ""
    latin: str = ""
    organisation: str = ""
    language: str = ""
    role: str = ""


def print_badges(badges: Sequence[Badge], *, course: str, language: str, moment: datetime) -> bytes:
    """Return badges of 91 x 55 mm, ten on a page of A4, as PDF/A-2b."""
    told = {
        "course": _printable(course),
        "badges": [_all_printable(asdict(badge)) for badge in badges],
    }
    return _set("badges.typ", {"language": language, "words": json.dumps(told)}, moment)


def print_ticket(words: Mapping[str, str], ticket: str, moment: datetime) -> bytes:
    """Return a ticket on A4 as PDF/A-2b; `ticket` is what its QR code says.

    `words`: language, heading, course, name, reading, code, code_label, help, sessions (lines).
    """
    inputs = {**_all_printable(dict(words)), "qr": ticket_svg(ticket)}
    return _set("ticket.typ", inputs, moment)


def ticket_svg(ticket: str) -> str:
    """Return the QR code of a ticket as SVG: quartile correction, for worn paper and wet glass."""
    import segno  # noqa: PLC0415 - heavy libraries where they are used

    code = io.BytesIO()
    segno.make(ticket, error="q", micro=False).save(code, kind="svg", border=4, dark="#000")
    return code.getvalue().decode()


def _set(template: str, inputs: Mapping[str, str], moment: datetime) -> bytes:
    import typst  # noqa: PLC0415 - heavy libraries where they are used

    pdf: bytes = typst.compile(  # type: ignore[call-overload] # its stubs take one kind of text only
        (TEMPLATES / template).read_bytes(),
        format="pdf",
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
        sys_inputs=dict(inputs),
        pdf_standards=["a-2b"],
        timestamp=moment.replace(microsecond=0),
    )
    return pdf


def _all_printable(words: Mapping[str, Any]) -> dict[str, str]:
    return {key: _printable(value) for key, value in words.items()}


def _printable(text: str) -> str:
    """Write what no font has as its code point, so that nothing is lost silently."""
    unknown = set(missing_glyphs(text))
    return "".join(f"[U+{ord(char):04X}]" if char in unknown else char for char in text)
