"""Staff pages of recordings and handouts."""

from lms.recordings.views import desk
from lms.recordings.views.blueprint import blueprint

__all__ = ["blueprint", "desk"]
