"""The pages that show several features."""

from lms.pages.views import catalogue, desk, learner, site

blueprints = (catalogue.blueprint, site.blueprint)

__all__ = ["blueprints", "desk", "learner"]
