"""Everything that a viewer gets: pages, play sessions, media, handouts."""

from lms.watching.views import (
    copies,
    elsewhere,
    films,
    handouts,
    media,
    pages,
    plays,
    sheets,
    transcripts,
)
from lms.watching.views.blueprint import blueprint

__all__ = [
    "blueprint",
    "copies",
    "elsewhere",
    "films",
    "handouts",
    "media",
    "pages",
    "plays",
    "sheets",
    "transcripts",
]
