"""Reads of rights, and the decision on what the tables hold."""

from lms.rights.queries.deciding import (
    Known,
    count_views,
    decide,
    decide_known,
    decide_many,
    find_known,
    list_known,
    may_know,
    viewer_of,
)
from lms.rights.queries.tables import recording_case, required_kind
from lms.rights.queries.viewers import (
    ViewerFacts,
    day_end,
    day_start,
    listing_viewer,
    viewer_facts,
    viewer_json,
)

__all__ = [
    "Known",
    "ViewerFacts",
    "count_views",
    "day_end",
    "day_start",
    "decide",
    "decide_known",
    "decide_many",
    "find_known",
    "list_known",
    "listing_viewer",
    "may_know",
    "recording_case",
    "required_kind",
    "viewer_facts",
    "viewer_json",
    "viewer_of",
]
