"""Staff pages of recordings and handouts."""

from lms.recordings.views import desk, links
from lms.recordings.views.blueprint import blueprint

__all__ = ["blueprint", "desk", "links"]
