"""Setting a certificate as PDF/A-2b. Never inside a write transaction: it takes time."""

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from lms.completion.errors import CompletionRefusedError
from lms.infra.typesetting import font_folder, missing_glyphs

TEMPLATE = Path(__file__).parents[1] / "templates" / "completion" / "certificate.typ"


def print_certificate(words: Mapping[str, str], address: str, issued: datetime) -> bytes:
    """Return a certificate as PDF/A-2b with its fonts inside.

    `words` go to the template as they are, never into its source; `address` is what the QR code
    says; `issued` the moment written into the file. Raises CompletionRefusedError
    (`glyph_missing`).
    """
    import segno  # noqa: PLC0415 - heavy libraries where they are used
    import typst  # noqa: PLC0415 - as above

    if unknown := missing_glyphs(*words.values(), address):
        raise CompletionRefusedError("glyph_missing", characters=unknown)
    code = io.BytesIO()
    segno.make(address, error="m", micro=False).save(code, kind="svg", border=0, dark="#1d2430")
    pdf: bytes = typst.compile(  # type: ignore[call-overload] # its stubs take one kind of text only
        TEMPLATE.read_bytes(),
        format="pdf",
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
        sys_inputs={**words, "address": address, "qr": code.getvalue().decode()},
        pdf_standards=["a-2b"],
        timestamp=issued,
    )
    return pdf
