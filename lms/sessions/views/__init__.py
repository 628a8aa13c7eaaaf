"""The web edge of live sessions."""

from lms.sessions.views import attendance, desk, learner
from lms.sessions.views.blueprint import blueprint

__all__ = ["attendance", "blueprint", "desk", "learner"]
