"""The words of a decision: codes in the order in which the first is told, and what follows.

Source: rights.md, "The decision".
"""

from enum import StrEnum
from typing import Final


class Outcome(StrEnum):
    """What a decision comes to."""

    ALLOW = "allow"
    ALLOW_WITH_OBLIGATIONS = "allow_with_obligations"
    DENY = "deny"


class Code(StrEnum):
    """Why. Refusals stand in the order in which they become the primary code."""

    INVALID_REQUEST = "INVALID_REQUEST"
    RECORDING_DELETED = "RECORDING_DELETED"
    ACCOUNT_SUSPENDED = "ACCOUNT_SUSPENDED"
    TAKEDOWN = "TAKEDOWN"
    RIGHTS_WITHDRAWN = "RIGHTS_WITHDRAWN"
    RIGHTS_PROHIBITED = "RIGHTS_PROHIBITED"
    RIGHTS_MISSING = "RIGHTS_MISSING"
    RIGHTS_REFUSED = "RIGHTS_REFUSED"
    RIGHTS_UNSIGNED = "RIGHTS_UNSIGNED"
    NO_RECORDING_CONSENT = "NO_RECORDING_CONSENT"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    LOGIN_REQUIRED = "LOGIN_REQUIRED"
    RIGHTS_EXPIRED = "RIGHTS_EXPIRED"
    RIGHTS_ACTION = "RIGHTS_ACTION"
    RIGHTS_PURPOSE = "RIGHTS_PURPOSE"
    RIGHTS_CHANNEL = "RIGHTS_CHANNEL"
    RIGHTS_TERRITORY_UNKNOWN = "RIGHTS_TERRITORY_UNKNOWN"
    RIGHTS_TERRITORY = "RIGHTS_TERRITORY"
    RIGHTS_AUDIENCE = "RIGHTS_AUDIENCE"
    RIGHTS_ROOM = "RIGHTS_ROOM"
    RIGHTS_ORG = "RIGHTS_ORG"
    RIGHTS_PERSON = "RIGHTS_PERSON"
    PUB_ACTION = "PUB_ACTION"
    PUB_AUDIENCE = "PUB_AUDIENCE"
    PUB_ROOM = "PUB_ROOM"
    PUB_ORG = "PUB_ORG"
    PUB_PERSON = "PUB_PERSON"
    PUB_PURPOSE = "PUB_PURPOSE"
    PUB_CHANNEL = "PUB_CHANNEL"
    PUB_TERRITORY = "PUB_TERRITORY"
    PUB_TERRITORY_UNKNOWN = "PUB_TERRITORY_UNKNOWN"
    PUB_VIEWS = "PUB_VIEWS"
    RIGHTS_ENROLMENT = "RIGHTS_ENROLMENT"
    PUB_ENROLMENT = "PUB_ENROLMENT"
    RIGHTS_ATTENDANCE = "RIGHTS_ATTENDANCE"
    PUB_ATTENDANCE = "PUB_ATTENDANCE"
    RIGHTS_NOT_YET = "RIGHTS_NOT_YET"
    PUB_NOT_YET = "PUB_NOT_YET"
    PUB_ENDED = "PUB_ENDED"
    RIGHTS_VIEWS = "RIGHTS_VIEWS"
    RIGHTS_SEGMENTS = "RIGHTS_SEGMENTS"
    ALL_HIDDEN = "ALL_HIDDEN"
    STAFF_ONLY = "STAFF_ONLY"
    ALLOW = "ALLOW"
    ALLOW_PREVIEW = "ALLOW_PREVIEW"
    ALLOW_OVERRIDE = "ALLOW_OVERRIDE"
    ALLOW_EVIDENCE = "ALLOW_EVIDENCE"
    UNAVAILABLE = "UNAVAILABLE"  # stands for the neutral codes in answers to viewers


PRIORITY: Final = {code: place for place, code in enumerate(Code)}

NEUTRAL: Final = frozenset(
    {
        Code.RIGHTS_WITHDRAWN,
        Code.RIGHTS_PROHIBITED,
        Code.RIGHTS_MISSING,
        Code.RIGHTS_REFUSED,
        Code.RIGHTS_UNSIGNED,
        Code.NO_RECORDING_CONSENT,
    }
)
"""What a rightsholder decided or left open is nobody's business but the staff's."""

CURED_BY_LOGIN: Final = frozenset(
    Code(f"{side}_{name}")
    for side in ("RIGHTS", "PUB")
    for name in ("AUDIENCE", "ORG", "PERSON", "ENROLMENT", "ATTENDANCE", "VIEWS")
)


class Verb(StrEnum):
    """What would change a refusal."""

    WAIT_UNTIL = "wait_until"
    LOG_IN = "log_in"
    ENROL = "enrol"
    ASK_COORDINATOR = "ask_coordinator"
    ASK_RIGHTS_DESK = "ask_rights_desk"
    USE_OTHER_ACTION = "use_other_action"
    WATCH_FROM = "watch_from"
    CONFIRM_COUNTRY = "confirm_country"
    LIMIT_ROOM = "limit_room"


VIEWER_VERBS: Final = frozenset(Verb) - {Verb.ASK_RIGHTS_DESK}

CHANGES: Final[dict[Code, tuple[Verb, str | None]]] = {
    Code.NOT_PUBLISHED: (Verb.ASK_COORDINATOR, None),
    Code.PUB_ENDED: (Verb.ASK_COORDINATOR, "extend_publication"),
    Code.PUB_AUDIENCE: (Verb.ASK_COORDINATOR, "widen_publication"),
    Code.PUB_ORG: (Verb.ASK_COORDINATOR, "widen_publication"),
    Code.RIGHTS_ORG: (Verb.ASK_COORDINATOR, None),
    Code.RIGHTS_AUDIENCE: (Verb.ASK_COORDINATOR, "join"),
    Code.RIGHTS_ATTENDANCE: (Verb.ASK_COORDINATOR, "attendance"),
    Code.PUB_ATTENDANCE: (Verb.ASK_COORDINATOR, "attendance"),
    Code.RIGHTS_ENROLMENT: (Verb.ENROL, None),
    Code.PUB_ENROLMENT: (Verb.ENROL, None),
    Code.RIGHTS_ACTION: (Verb.USE_OTHER_ACTION, None),
    Code.RIGHTS_CHANNEL: (Verb.USE_OTHER_ACTION, None),
    Code.RIGHTS_SEGMENTS: (Verb.USE_OTHER_ACTION, "play"),
    Code.RIGHTS_TERRITORY: (Verb.WATCH_FROM, None),
    Code.RIGHTS_TERRITORY_UNKNOWN: (Verb.CONFIRM_COUNTRY, None),
    Code.RIGHTS_VIEWS: (Verb.ASK_RIGHTS_DESK, "more_views"),
    Code.RIGHTS_EXPIRED: (Verb.ASK_RIGHTS_DESK, "renew"),
    Code.RIGHTS_UNSIGNED: (Verb.ASK_RIGHTS_DESK, "sign"),
    Code.RIGHTS_MISSING: (Verb.ASK_RIGHTS_DESK, "agreement"),
    Code.NO_RECORDING_CONSENT: (Verb.ASK_RIGHTS_DESK, "consent"),
    Code.RIGHTS_ROOM: (Verb.LIMIT_ROOM, None),
    Code.PUB_ROOM: (Verb.LIMIT_ROOM, None),
    Code.LOGIN_REQUIRED: (Verb.LOG_IN, None),
}
"""Refusal -> what would change it; a code that is absent can be changed by nothing one does."""
