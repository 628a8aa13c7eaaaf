"""Setting documents as PDF/A-2b. Never inside a write transaction: it takes time.

A document is a list of blocks, each a dict with a `kind`: `title`, `heading`, `text`, `right`,
`center` and `small` (with `text`), `rows` (`rows`: pairs of words), `ticks` (`items`), `lines`
(`items`: labels with a line to write on), `space`, `page`. Every word goes in as data, never as
source.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Block: TypeAlias = Mapping[str, Any]

DOCUMENT = Path(__file__).parent / "document.typ"

# Letters of the Latin script that the Japanese font lacks are in the serif font that the
# typesetter brings; it covers these blocks.
_LATIN = (*range(0x100, 0x250), *range(0x1E00, 0x1F00))
_SPACES = {0x20, 0x3000, 0x0A}


def font_folder() -> Path:
    """Return the folder with the fonts of documents."""
    from pylopdf_fonts_jp import serif_path  # noqa: PLC0415 - heavy libraries where they are used

    return Path(serif_path()).parent


@cache
def _covered() -> frozenset[int]:
    """Return the code points of the Japanese serif font, from its character map (format 12)."""
    from pylopdf_fonts_jp import serif_path  # noqa: PLC0415 - as above

    with Path(serif_path()).open("rb") as font:
        count = struct.unpack(">4xH6x", font.read(12))[0]
        tables = [struct.unpack(">4s4xII", font.read(16)) for _table in range(count)]
        start, length = next((o, n) for tag, o, n in tables if tag == b"cmap")
        font.seek(start)
        cmap = font.read(length)
    (records,) = struct.unpack_from(">2xH", cmap)
    for record in range(records):
        (offset,) = struct.unpack_from(">4xI", cmap, 4 + 8 * record)
        (form,) = struct.unpack_from(">H", cmap, offset)
        if form == 12:  # noqa: PLR2004 - the format that holds every plane of Unicode
            (groups,) = struct.unpack_from(">12xI", cmap, offset)
            spans = struct.iter_unpack(">II4x", cmap[offset + 16 : offset + 16 + 12 * groups])
            return frozenset(code for first, last in spans for code in range(first, last + 1))
    raise ValueError("The font of documents has no full character map.")


def missing_glyphs(*texts: str) -> str:
    """Return the characters of texts that no font of ours can print, each once, in order."""
    covered = _covered()
    unknown = {
        char: None
        for text in texts
        for char in text
        if ord(char) not in covered and ord(char) not in _LATIN and ord(char) not in _SPACES
    }
    return "".join(unknown)


def typeset(
    blocks: Sequence[Block],
    *,
    language: str,
    title: str,
    author: str,
    at: datetime,
    foot: str = "",
) -> bytes:
    """Return a document on A4 as PDF/A-2b with its fonts inside; the same words, the same bytes.

    `at` is the moment written into the file, `foot` a line at the foot of every page. What no
    font has is printed as its code point, such as [U+1F600], so that nothing is lost silently.
    """
    import typst  # noqa: PLC0415 - heavy libraries where they are used

    words = {
        "language": language,
        "title": title,
        "author": author,
        "foot": foot,
        "blocks": list(blocks),
    }
    pdf: bytes = typst.compile(  # type: ignore[call-overload] # its stubs take one kind of text only
        DOCUMENT.read_bytes(),
        format="pdf",
        font_paths=[str(font_folder())],
        ignore_system_fonts=True,
        sys_inputs={"words": json.dumps(_printable(words), ensure_ascii=False)},
        pdf_standards=["a-2b"],
        timestamp=at.replace(microsecond=0),  # finer it takes none
    )
    return pdf


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(_printable_text(value))
    if isinstance(value, Mapping):
        return {key: _printable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(one) for one in value]
    return value


def _printable_text(text: str) -> Iterator[str]:
    unknown = set(missing_glyphs(text))
    for char in text.replace("\r\n", "\n"):
        if char in unknown:
            yield f"[U+{ord(char):04X}]"
        else:
            yield char
