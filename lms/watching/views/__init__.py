"""Everything that a viewer gets: pages, play sessions, media, handouts."""

from lms.watching.views import handouts, media, pages, plays
from lms.watching.views.blueprint import blueprint

__all__ = ["blueprint", "handouts", "media", "pages", "plays"]
