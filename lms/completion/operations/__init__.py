"""Writes of completion: judging, rules, confirmations, certificates, questions."""

from lms.completion.operations.certificates import (
    issue_certificate,
    issue_missing_certificate,
    missing_glyphs_of,
)
from lms.completion.operations.judging import judge_edition, judge_people
from lms.completion.operations.printing import print_certificate
from lms.completion.operations.questions import decide_question, revoke_completion
from lms.completion.operations.ruling import clone_rule, confirm_requirement, ensure_rule, set_rule

__all__ = [
    "clone_rule",
    "confirm_requirement",
    "decide_question",
    "ensure_rule",
    "issue_certificate",
    "issue_missing_certificate",
    "judge_edition",
    "judge_people",
    "missing_glyphs_of",
    "print_certificate",
    "revoke_completion",
    "set_rule",
]
