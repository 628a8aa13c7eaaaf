"""Handouts: pages as pictures, and their words. Outside any transaction.

The viewer's page shows pictures, so that a handout that may only be displayed is not handed
out as a file.
"""

import io
import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from lms.infra.storage import Storage
from lms.infra.typesetting import missing_glyphs
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Recording

if TYPE_CHECKING:
    from PIL.Image import Image

#: Width of a page's picture in pixels: sharp on a phone, readable on a desk.
_WIDTH = 1400
_MOST_PIXELS = 12_000_000
#: What printers put where a character is missing (the geta mark).
MISSING_MARK = "\u3013"
#: Blocks of Latin letters with marks, of which the font of pictures has a few only.
_MARKED = ((0x100, 0x250), (0x1E00, 0x1F00))
_STROKED = {"\u0110": "D", "\u0111": "d", "\u0131": "i", "\u0141": "L", "\u0142": "l"}
#: PDFium is not made for several threads at a time.
_pdfium = Lock()


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is printed across a page: whose copy it is, and the line at its foot."""

    name: str
    line: str


def draw_page(storage: Storage, recording: Recording, number: int, stamp: Stamp | None) -> bytes:
    """Return page `number` (from 1) as PNG, stamped where asked. Raises NotFoundError.

    The picture without a stamp is kept beside the file.
    """
    key = f"{_pages_folder(recording)}/{number}.png"
    if storage.exists(key):
        plain = storage.read(key)
    else:
        with storage.as_local(recording.source_key) as path:
            plain = _draw(path, number)
        storage.put(key, io.BytesIO(plain))
    return plain if stamp is None else _stamped_picture(plain, stamp)


def read_words(storage: Storage, recording: Recording) -> list[str]:
    """Return the words of every page, in order, a line of the page a line; kept beside the file."""
    key = f"{_pages_folder(recording)}/words.json"
    if storage.exists(key):
        kept: list[str] = json.loads(storage.read(key))
        return kept
    with storage.as_local(recording.source_key) as path:
        words = _read_words(path)
    storage.put(key, io.BytesIO(json.dumps(words, ensure_ascii=False).encode()))
    return words


def printable(text: str) -> str:
    """Return a text with a mark in place of what our fonts lack; the serial tells who it is."""
    unknown = set(missing_glyphs(text))
    if not unknown:
        return text
    return "".join(
        "" if char in unknown and place and text[place - 1] in unknown
        else MISSING_MARK if char in unknown
        else char
        for place, char in enumerate(text)
    )  # fmt: skip


def plain_letters(text: str) -> str:
    """Return a text whose Latin letters the Japanese sans-serif font of pictures has.

    Marks that it lacks fall away (Nguyen for what Vietnamese writes with two of them); the serif
    font of papers has them.
    """
    return "".join(_plain(char) for char in text)


def _plain(char: str) -> str:
    if not any(first <= ord(char) < last for first, last in _MARKED):
        return char
    return _STROKED.get(char) or unicodedata.normalize("NFD", char)[0]


def font_folder() -> Path:
    """Return the folder of the fonts that stamps are set in."""
    import pylopdf_fonts_jp  # noqa: PLC0415 - only where it is drawn

    return Path(pylopdf_fonts_jp.__file__).parent


def _pages_folder(recording: Recording) -> str:
    return f"recordings/{recording.id}/v{recording.media_version}-pages"


@contextmanager
def _document(path: Path) -> Iterator[Any]:
    import pypdfium2  # noqa: PLC0415 - heavy, and only for handouts

    with _pdfium:
        document = pypdfium2.PdfDocument(path)
        try:
            yield document
        finally:
            document.close()


def _read_words(path: Path) -> list[str]:
    words = []
    with _document(path) as document:
        for number in range(len(document)):
            page = document[number]
            try:
                text_page = page.get_textpage()
                try:
                    words.append(_tidy(text_page.get_text_bounded()))
                finally:
                    text_page.close()
            finally:
                page.close()
    return words


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\0", "").splitlines())
    return "\n".join(line for line in lines if line)


def _draw(path: Path, number: int) -> bytes:
    with _document(path) as document:
        if not 1 <= number <= len(document):
            raise NotFoundError
        page = document[number - 1]
        try:
            width, height = page.get_size()
            scale = _WIDTH / max(width, 1)
            scale = min(scale, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
            bitmap = page.render(scale=scale)
            try:
                picture = bitmap.to_pil().convert("RGB")
            finally:
                bitmap.close()
        finally:
            page.close()
    return _png(picture)


def _stamped_picture(plain: bytes, stamp: Stamp) -> bytes:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - heavy, and only for handouts

    font_file = str(font_folder() / "NotoSansJP-Regular.otf")
    with Image.open(io.BytesIO(plain)) as opened:
        page = opened.convert("RGBA")
    across = Image.new("RGBA", page.size, (255, 255, 255, 0))
    pen = ImageDraw.Draw(across)
    middle = (page.width // 2, page.height // 2)
    large = ImageFont.truetype(font_file, max(24, page.width // 22))
    pen.text(middle, plain_letters(stamp.name), font=large, fill=(110, 110, 110, 52), anchor="mm")
    turned = across.rotate(30, resample=Image.Resampling.BICUBIC)
    small = ImageFont.truetype(font_file, max(14, page.width // 75))
    foot = (page.width // 2, page.height - page.width // 60)
    ImageDraw.Draw(turned).text(
        foot, plain_letters(stamp.line), font=small, fill=(80, 80, 80, 220), anchor="ms"
    )
    return _png(Image.alpha_composite(page, turned).convert("RGB"))


def _png(picture: "Image") -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()
