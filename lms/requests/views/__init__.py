"""The web edge of requests for study meetings."""

from lms.requests.views import answering, asking, lists
from lms.requests.views.blueprint import blueprint

__all__ = ["answering", "asking", "blueprint", "lists"]
