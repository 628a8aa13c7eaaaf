"""The pages that show several features."""

from lms.pages.views import catalogue, desk, glossary, learner, library, session_media, site
from lms.pages.views.blueprint import blueprint

blueprints = (blueprint, site.blueprint)

__all__ = ["blueprints", "catalogue", "desk", "glossary", "learner", "library", "session_media"]
