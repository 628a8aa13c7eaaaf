"""The desk's pages for programmes, editions, parts and lessons."""

from lms.courses.views import editions, parts, programmes
from lms.courses.views.blueprint import blueprint

__all__ = ["blueprint", "editions", "parts", "programmes"]
