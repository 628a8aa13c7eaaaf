"""Handouts: pages as pictures, and stamped copies. Outside any transaction.

The viewer's page shows pictures, so that a handout that may only be displayed is not handed
out as a file.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from lms.infra.storage import Storage
from lms.kernel.errors import NotFoundError
from lms.recordings.models import Recording

if TYPE_CHECKING:
    from PIL.Image import Image

#: Width of a page's picture in pixels: sharp on a phone, readable on a desk.
_WIDTH = 1400
_MOST_PIXELS = 12_000_000
#: PDFium is not made for several threads at a time.
_pdfium = Lock()

_OVERLAY = """
#set page(width: float(sys.inputs.w) * 1pt, height: float(sys.inputs.h) * 1pt, margin: 0pt, fill: none)
#set text(font: "Noto Sans JP", size: 8pt, fill: rgb(90, 90, 90, 190))
#place(bottom + center, dy: -6pt, sys.inputs.line)
#place(center + horizon, rotate(-30deg, text(size: float(sys.inputs.w) * 0.045pt, fill: rgb(120, 120, 120, 45), sys.inputs.name)))
"""  # noqa: E501 - a page of another language


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is printed across a page: whose copy it is, and the line at its foot."""

    name: str
    line: str


@dataclass(frozen=True, slots=True)
class PageText:
    """The words of a page, for those who cannot see its picture."""

    text: str


def draw_page(storage: Storage, recording: Recording, number: int, stamp: Stamp | None) -> bytes:
    """Return page `number` (from 1) as PNG, stamped where asked. Raises NotFoundError.

    The picture without a stamp is kept beside the file.
    """
    key = f"recordings/{recording.id}/v{recording.media_version}-pages/{number}.png"
    if storage.exists(key):
        plain = storage.read(key)
    else:
        plain = _draw(storage.local_path(recording.source_key), number)
        storage.put(key, io.BytesIO(plain))
    return plain if stamp is None else _stamped_picture(plain, stamp)


def read_page(storage: Storage, recording: Recording, number: int) -> PageText:
    """Return the words of a page. Raises NotFoundError."""
    with _page(storage.local_path(recording.source_key), number) as page:
        words = page.get_textpage()
        try:
            text = words.get_text_bounded()
        finally:
            words.close()
    lines = (" ".join(line.split()) for line in text.replace("\0", "").splitlines())
    return PageText("\n".join(line for line in lines if line))


def stamped_copy(storage: Storage, recording: Recording, stamp: Stamp) -> bytes:
    """Return the whole handout with the stamp on every page."""
    import pikepdf  # noqa: PLC0415 - heavy, and only for handouts

    overlays: dict[tuple[float, float], bytes] = {}
    out = io.BytesIO()
    with pikepdf.open(storage.local_path(recording.source_key)) as pdf:
        for page in pdf.pages:
            box = page.trimbox
            width, height = float(box[2]) - float(box[0]), float(box[3]) - float(box[1])
            if int(page.obj.get("/Rotate", 0)) % 180:
                width, height = height, width
            size = (round(width, 2), round(height, 2))
            if size not in overlays:
                overlays[size] = _overlay(size, stamp)
            with pikepdf.open(io.BytesIO(overlays[size])) as sheet:
                page.add_overlay(sheet.pages[0], None)
        pdf.save(out)
    return out.getvalue()


def _overlay(size: tuple[float, float], stamp: Stamp) -> bytes:
    import typst  # noqa: PLC0415 - heavy, and only for handouts

    compile_pdf: Any = typst.compile  # its stubs take one kind of text only
    made = compile_pdf(
        _OVERLAY.encode(),
        font_paths=[str(_fonts())],
        ignore_system_fonts=True,
        sys_inputs={
            "w": str(size[0]), "h": str(size[1]), "name": stamp.name, "line": stamp.line,
        },
    )  # fmt: skip
    assert isinstance(made, bytes)
    return made


def _fonts() -> Path:
    import pylopdf_fonts_jp  # noqa: PLC0415 - only where it is drawn

    return Path(pylopdf_fonts_jp.__file__).parent


@contextmanager
def _page(path: Path, number: int) -> Iterator[Any]:
    import pypdfium2  # noqa: PLC0415 - heavy, and only for handouts

    with _pdfium:
        document = pypdfium2.PdfDocument(path)
        try:
            if not 1 <= number <= len(document):
                raise NotFoundError
            page = document[number - 1]
            try:
                yield page
            finally:
                page.close()
        finally:
            document.close()


def _draw(path: Path, number: int) -> bytes:
    with _page(path, number) as page:
        width, height = page.get_size()
        scale = _WIDTH / max(width, 1)
        scale = min(scale, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
        bitmap = page.render(scale=scale)
        try:
            picture = bitmap.to_pil().convert("RGB")
        finally:
            bitmap.close()
    return _png(picture)


def _stamped_picture(plain: bytes, stamp: Stamp) -> bytes:
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - heavy, and only for handouts

    font_file = str(_fonts() / "NotoSansJP-Regular.otf")
    with Image.open(io.BytesIO(plain)) as opened:
        page = opened.convert("RGBA")
    across = Image.new("RGBA", page.size, (255, 255, 255, 0))
    pen = ImageDraw.Draw(across)
    middle = (page.width // 2, page.height // 2)
    large = ImageFont.truetype(font_file, max(24, page.width // 22))
    pen.text(middle, stamp.name, font=large, fill=(110, 110, 110, 52), anchor="mm")
    turned = across.rotate(30, resample=Image.Resampling.BICUBIC)
    small = ImageFont.truetype(font_file, max(14, page.width // 75))
    foot = (page.width // 2, page.height - page.width // 60)
    ImageDraw.Draw(turned).text(foot, stamp.line, font=small, fill=(80, 80, 80, 220), anchor="ms")
    return _png(Image.alpha_composite(page, turned).convert("RGB"))


def _png(picture: "Image") -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()
