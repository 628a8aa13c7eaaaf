"""Setting the cue sheet of a session as PDF. Never inside a write transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).parents[1] / "templates" / "rights" / "cue_sheet.typ"


@dataclass(frozen=True, slots=True)
class CueRow:
    """Which slides, what to do there, and what was noted about them."""

    slides: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CuePaper:
    """A paper of a session: what holds for all of it, and its cues in order."""

    title: str
    pages: int
    warnings: tuple[str, ...] = ()
    rows: tuple[CueRow, ...] = ()


def print_cues(words: Mapping[str, str], papers: Sequence[CuePaper], moment: datetime) -> bytes:
    """Return the sheet as PDF. All text goes to the template as it is, never into its source."""
    import pylopdf_fonts_jp  # noqa: PLC0415 - heavy libraries where they are used
    import typst  # noqa: PLC0415 - as above

    told = json.dumps([asdict(one) for one in papers], ensure_ascii=False)
    pdf: bytes = typst.compile(  # type: ignore[call-overload] # its stubs take one kind of text only
        TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=[str(Path(pylopdf_fonts_jp.serif_path()).parent)],
        ignore_system_fonts=True,
        sys_inputs={**words, "papers": told},
        timestamp=moment.replace(microsecond=0),
    )
    return pdf
