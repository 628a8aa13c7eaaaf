"""The pure rules of access: standard library and `lms.kernel` only."""

from lms.rights.rules.codes import NEUTRAL, Code, Outcome, Verb
from lms.rights.rules.decide import MAX_LEASE, boundaries_after, decide_access, find_cuts
from lms.rights.rules.decision import (
    Change,
    Decision,
    Obligations,
    ViewerAnswer,
    viewer_answer,
)
from lms.rights.rules.facts import Action, Facts, Reach, Recording, Request, Viewer
from lms.rights.rules.parse import (
    facts_from_case,
    org_tree_from_json,
    recording_from_json,
    request_from_json,
    viewer_from_json,
)
from lms.rights.rules.scope import (
    Scope,
    agreement_in_force,
    audience_terms,
    find_gaps,
    intersect_scopes,
    sum_up_rights,
    sum_up_terms,
)
from lms.rights.rules.write import facts_to_json, recording_to_json

__all__ = [
    "MAX_LEASE",
    "NEUTRAL",
    "Action",
    "Change",
    "Code",
    "Decision",
    "Facts",
    "Obligations",
    "Outcome",
    "Reach",
    "Recording",
    "Request",
    "Scope",
    "Verb",
    "Viewer",
    "ViewerAnswer",
    "agreement_in_force",
    "audience_terms",
    "boundaries_after",
    "decide_access",
    "facts_from_case",
    "facts_to_json",
    "find_cuts",
    "find_gaps",
    "intersect_scopes",
    "org_tree_from_json",
    "recording_from_json",
    "recording_to_json",
    "request_from_json",
    "sum_up_rights",
    "sum_up_terms",
    "viewer_answer",
    "viewer_from_json",
]
