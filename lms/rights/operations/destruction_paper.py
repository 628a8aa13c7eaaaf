"""Setting the record of a destruction as PDF. Never inside a write transaction."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

TEMPLATE = Path(__file__).parents[1] / "templates" / "rights" / "destruction.typ"


def print_destruction(words: Mapping[str, str], moment: datetime) -> bytes:
    """Return the record as PDF. `words` go to the template as they are, never into its source."""
    import pylopdf_fonts_jp  # noqa: PLC0415 - heavy libraries where they are used
    import typst  # noqa: PLC0415 - as above

    pdf: bytes = typst.compile(  # type: ignore[call-overload] # its stubs take one kind of text only
        TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=[str(Path(pylopdf_fonts_jp.serif_path()).parent)],
        ignore_system_fonts=True,
        sys_inputs=dict(words),
        timestamp=moment.replace(microsecond=0),
    )
    return pdf
