"""Short lectures made from our own slides: pictures, soft tones, captions, a handout.

There is no voice: a tone says that the next slide has come, and the captions hold its words.
"""

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from lms.recordings.operations.encoding import ffmpeg_path
from lms.whole.content.slides import set_slides
from lms.whole.demo.data import Deck

SLIDE_SECONDS: Final = 9
_FRAMES: Final = 10  # a second; still pictures need no more


def make_film(deck: Deck, target: Path, language: str = "ja") -> None:
    """Write the lecture as an MP4: each slide for nine seconds, begun by a soft tone."""
    pictures = set_slides(deck.title[language], deck.slides[language], language, "png")
    with tempfile.TemporaryDirectory(prefix="tomoni-lecture-") as folder:
        lines = []
        for number, picture in enumerate(pictures):
            path = Path(folder) / f"{number:02}.png"
            path.write_bytes(picture)
            lines.append(f"file '{path}'\nduration {SLIDE_SECONDS}\n")
        # The last picture once more: the list's reader drops the length of its last entry.
        lines.append(f"file '{Path(folder) / f'{len(pictures) - 1:02}.png'}'\n")
        play_list = Path(folder) / "slides.txt"
        play_list.write_text("".join(lines), encoding="utf-8")
        seconds = len(pictures) * SLIDE_SECONDS
        part = target.with_suffix(".part.mp4")
        subprocess.run(  # noqa: S603 - a fixed program; the paths are made by us
            [
                *(ffmpeg_path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"),
                *("-f", "concat", "-safe", "0", "-i", str(play_list)),
                *("-f", "lavfi", "-t", str(seconds), "-i", _tones()),
                *("-vf", f"format=yuv420p,fps={_FRAMES}", "-t", str(seconds)),
                *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"),
                *("-c:a", "aac", "-b:a", "64k", "-movflags", "+faststart", str(part)),
            ],
            check=True,
        )
        part.replace(target)


def _tones() -> str:
    """Return the sound as ffmpeg writes it: a fifth higher or lower each slide, dying away."""
    within = f"mod(t,{SLIDE_SECONDS})"
    pitch = f"(220*pow(2,mod(floor(t/{SLIDE_SECONDS})*7,12)/12))"
    swell = f"min({within}*12,1)*exp(-0.7*{within})"
    sound = f"0.12*{swell}*(sin(2*PI*{pitch}*{within})+0.35*sin(4*PI*{pitch}*{within}))"
    return f"aevalsrc=exprs='{sound}':s=16000"


def make_handout(deck: Deck, target: Path, language: str = "ja") -> None:
    """Write the slides as a PDF."""
    pages = (*deck.slides[language], *deck.papers.get(language, ()))
    (document,) = set_slides(deck.title[language], pages, language, "pdf")
    target.write_bytes(document)


def make_captions(deck: Deck, language: str) -> str:
    """Return captions in WebVTT: the words of each slide, one after another while it stands."""
    cues = ["WEBVTT\n"]
    for number, slide in enumerate(deck.slides[language]):
        words = (slide.title, *slide.lines)
        step = SLIDE_SECONDS * 1000 // len(words)
        for place, text in enumerate(words):
            start = number * SLIDE_SECONDS * 1000 + place * step
            cues.append(f"{_clock(start)} --> {_clock(start + step - 40)}\n{_escaped(text)}\n")
    return "\n".join(cues)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{rest:03}"
