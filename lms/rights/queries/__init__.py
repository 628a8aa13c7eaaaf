"""Reads of rights, and the decision on what the tables hold."""

from lms.rights.queries.deciding import (
    Known,
    count_views,
    decide,
    decide_known,
    decide_many,
    find_known,
    known_until,
    list_known,
    may_know,
    viewer_of,
)
from lms.rights.queries.desk import (
    AgreementLine,
    Consent,
    RightsDesk,
    Supposed,
    find_agreement,
    list_consents,
    read_rights_desk,
    simulate,
    supposed_facts,
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
    "AgreementLine",
    "Consent",
    "Known",
    "RightsDesk",
    "Supposed",
    "ViewerFacts",
    "count_views",
    "day_end",
    "day_start",
    "decide",
    "decide_known",
    "decide_many",
    "find_agreement",
    "find_known",
    "known_until",
    "list_consents",
    "list_known",
    "listing_viewer",
    "may_know",
    "read_rights_desk",
    "recording_case",
    "required_kind",
    "simulate",
    "supposed_facts",
    "viewer_facts",
    "viewer_json",
    "viewer_of",
]
