"""R9: the conditions of grants, prohibitions and publications, in the order they are tried."""

from enum import IntEnum
from typing import Final

from lms.rights.rules.codes import Code
from lms.rights.rules.facts import (
    Action,
    Audience,
    EnrolmentStatus,
    Facts,
    Reach,
    Terms,
    Viewer,
)


class Miss(IntEnum):
    """A condition that failed; the tens are its depth, so that `>` alone finds the nearest.

    Within the window "not yet" is deeper than "expired"; the others of one depth are equal.
    """

    ACTION = 10
    PURPOSE = 20
    CHANNEL = 30
    TERRITORY = 40
    TERRITORY_UNKNOWN = 41
    AUDIENCE = 50
    ROOM = 51
    PERSON = 52
    ORG = 60
    ENROLMENT = 70
    ATTENDANCE = 80
    ENDED = 90
    NOT_YET = 100
    VIEWS = 110


def depth(miss: Miss) -> int:
    """Return how far the conditions held, to be compared between alternatives."""
    return miss // 10


RIGHTS_CODES: Final = {
    miss: Code.RIGHTS_EXPIRED if miss is Miss.ENDED else Code[f"RIGHTS_{miss.name}"]
    for miss in Miss
}
PUB_CODES: Final = {miss: Code[f"PUB_{miss.name}"] for miss in Miss}

_STATUS_RANK: Final = {status: rank for rank, status in enumerate(EnrolmentStatus)}
_NO_ROOM: Final = -1


class Moment:
    """A request at one moment: the viewer's standing, worked out once for all conditions.

    `reach` is the rank of the best active membership, `orgs` all active organisations and what
    is above them, `room` the rank of a screening's audience (-1 when nobody else is shown it).
    """

    __slots__ = (
        "action",
        "at",
        "attended",
        "channel",
        "country",
        "orgs",
        "person",
        "purpose",
        "reach",
        "room",
        "session_started",
        "view_open",
        "viewer",
        "views_used",
    )

    def __init__(self, facts: Facts, at: int):
        viewer, request = facts.viewer, facts.request
        self.at = at
        self.viewer: Viewer = viewer
        self.action = request.action
        self.purpose = request.purpose
        self.channel = request.channel
        self.country = viewer.country
        self.person = viewer.id
        self.attended = viewer.attended
        self.views_used = request.views_used
        self.view_open = request.view_open
        self.session_started = request.session_started
        self.room = int(request.audience_reach) if request.action == Action.SCREEN else _NO_ROOM
        reach = int(Reach.OUTSIDE)
        orgs: frozenset[str] = frozenset()
        for membership in viewer.memberships:
            if membership.opens <= at < membership.closes:
                reach = min(reach, membership.reach)
                orgs = orgs | membership.within if orgs else membership.within
        self.reach = reach
        self.orgs = orgs

    def enrolment(self, course: str) -> EnrolmentStatus | None:
        """Return the best active record of a course (R11)."""
        records = [
            one.status
            for one in self.viewer.enrolments
            if one.course == course and one.opens <= self.at < one.closes
        ]
        return min(records, key=_STATUS_RANK.__getitem__, default=None)


def first_miss(terms: Terms, moment: Moment) -> Miss | None:
    """Return the first condition that does not hold, None when all do."""
    if terms.actions is not None and moment.action not in terms.actions:
        return Miss.ACTION
    return (
        _use_miss(terms, moment)
        or _territory_miss(terms, moment)
        or _room_miss(terms.audience, moment)
        or _learning_miss(terms, moment)
    )


def _use_miss(terms: Terms, moment: Moment) -> Miss | None:
    if terms.purposes is not None and moment.purpose not in terms.purposes:
        return Miss.PURPOSE
    if terms.channels is not None and moment.channel not in terms.channels:
        return Miss.CHANNEL
    return None


def _territory_miss(terms: Terms, moment: Moment) -> Miss | None:
    if terms.territory is None or moment.country in terms.territory:
        return None
    return Miss.TERRITORY_UNKNOWN if moment.country is None else Miss.TERRITORY


def _audience_miss(audience: Audience, moment: Moment) -> Miss | None:
    if audience.persons is not None:
        return None if moment.person in audience.persons else Miss.PERSON
    if moment.reach > audience.reach:
        return Miss.AUDIENCE
    if audience.orgs is not None and audience.orgs.isdisjoint(moment.orgs):
        return Miss.ORG
    return None


def _room_miss(audience: Audience, moment: Moment) -> Miss | None:
    """Judge the person, then the room: who is named may still not show it to everyone."""
    miss = _audience_miss(audience, moment)
    if moment.room > audience.reach and miss in (None, Miss.ORG):
        return Miss.ROOM
    return miss


def _learning_miss(terms: Terms, moment: Moment) -> Miss | None:
    enrolled = terms.enrolled
    if enrolled is not None and moment.enrolment(enrolled.course) not in enrolled.statuses:
        return Miss.ENROLMENT
    if terms.attended is not None and terms.attended.isdisjoint(moment.attended):
        return Miss.ATTENDANCE
    return _time_miss(terms, moment)


def _time_miss(terms: Terms, moment: Moment) -> Miss | None:
    if moment.at < terms.opens:
        return Miss.NOT_YET
    if moment.at >= terms.closes:
        return Miss.ENDED
    most, used = terms.max_views, moment.views_used
    if most is None or used < most or (moment.view_open and used == most):
        return None
    return Miss.VIEWS


def prohibits(terms: Terms, moment: Moment) -> Code | None:
    """Return the reason for which a prohibition stands in the way, if it does (R8).

    Its conditions are those of a grant, but doubt counts against the viewer: a wider room does
    not escape it, and under a limit to some countries an unknown one is asked for.
    """
    if terms.actions is not None and moment.action not in terms.actions:
        return None
    if _use_miss(terms, moment) or _audience_miss(terms.audience, moment):
        return None
    if _learning_miss(terms, moment):
        return None
    match _territory_miss(terms, moment):
        case None:
            return Code.RIGHTS_PROHIBITED
        case Miss.TERRITORY_UNKNOWN:
            return Code.RIGHTS_TERRITORY_UNKNOWN
        case _:
            return None
