"""Staff pages of recordings and handouts."""

from lms.recordings.views import (
    captions,
    chapters,
    copies,
    desk,
    links,
    materials,
    tracks,
    uploads,
)
from lms.recordings.views.blueprint import blueprint

__all__ = [
    "blueprint",
    "captions",
    "chapters",
    "copies",
    "desk",
    "links",
    "materials",
    "tracks",
    "uploads",
]
