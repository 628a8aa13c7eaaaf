"""Which characters the fonts of certificates can print."""

import struct
from functools import cache
from pathlib import Path

# Letters of the Latin script that the Japanese font lacks are in the serif font that the
# typesetter brings; it covers these blocks.
_LATIN = (*range(0x100, 0x250), *range(0x1E00, 0x1F00))
_SPACES = {0x20, 0x3000}


def font_folder() -> Path:
    """Return the folder with the fonts of certificates."""
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
    raise ValueError("The font of certificates has no full character map.")


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
