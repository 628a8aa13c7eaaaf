"""The pages of completion."""

from lms.completion.views import certificates, dependants, people, questions, rule
from lms.completion.views.blueprint import blueprint

__all__ = ["blueprint", "certificates", "dependants", "people", "questions", "rule"]
