"""Staff pages of recordings and handouts."""

from lms.recordings.views import chapters, copies, desk, links, tracks, uploads
from lms.recordings.views.blueprint import blueprint

__all__ = ["blueprint", "chapters", "copies", "desk", "links", "tracks", "uploads"]
