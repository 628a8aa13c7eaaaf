"""Rules around joining: by which way, who may change it, one's name there, the way out of need."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

RELEASE_BEFORE = timedelta(hours=1)
"""How long before the start the real address may be sent to those admitted."""


def way_in_session(wanted: str, *, has_venue: bool) -> str:
    """Return `venue` or `web`: what a person wants, as far as the session is held so.

    A session that is on the web alone (moved there by a typhoon) takes everyone there.
    """
    return wanted if has_venue else "web"


class SwitchFault(StrEnum):
    """Why a person cannot change between the room and the web."""

    CANCELLED = "cancelled"
    ENDED = "ended"
    NOT_ADMITTED = "not_admitted"
    ONE_WAY = "one_way"
    VENUE_FULL = "venue_full"


@dataclass(frozen=True, slots=True)
class SwitchFacts:
    """What the change of one's way rests on.

    `closes_at`: when joining ends (aware). `seats`: of the room, None without a limit; `taken`:
    how many others come to it.
    """

    is_enrolled: bool
    is_cancelled: bool
    closes_at: datetime
    has_venue: bool
    has_web: bool
    seats: int | None
    taken: int


def judge_switch(facts: SwitchFacts, to: str, at: datetime) -> SwitchFault | None:
    """Return why one cannot change to `to` (`venue` or `web`), or None.

    Possible until joining ends, where a session is held both ways. A room gives no more seats
    than it has; the web has room for everybody.
    """
    if facts.is_cancelled:
        return SwitchFault.CANCELLED
    if not facts.is_enrolled:
        return SwitchFault.NOT_ADMITTED
    if at >= facts.closes_at:
        return SwitchFault.ENDED
    if not (facts.has_venue and facts.has_web):
        return SwitchFault.ONE_WAY
    if to == "venue" and facts.seats is not None and facts.taken >= facts.seats:
        return SwitchFault.VENUE_FULL
    return None


PLACES = ("name", "kana", "latin", "organisation", "country")
"""What a format of names may hold in braces."""

_EDGES = re.compile(r"^[ _\-/|\u30fb\uff0f\uff3f\u3001,]+|[ _\-/|\u30fb\uff0f\uff3f\u3001,]+$")
_PLACE = re.compile(r"\{\s*([a-z_]+)\s*\}", re.IGNORECASE)


def fill_name_format(pattern: str, known: Mapping[str, str]) -> str:
    """Return how one writes one's name in the meeting.

    `pattern` holds places in braces, such as `{organisation} {name}`; `known` has their values.
    A place that is unknown, or of which nothing is known, is left out with what then stands
    alone around it. Without any place (an example in words) the name follows.
    """
    if not _PLACE.search(pattern):
        return " ".join(part for part in (pattern.strip(), known.get("name", "")) if part)
    filled = _PLACE.sub(lambda match: known.get(match[1].lower(), ""), pattern)
    filled = re.sub(r"\(\s*\)|\uff08\s*\uff09|\[\s*\]", "", filled)
    return _EDGES.sub("", " ".join(filled.split())) or known.get("name", "")


def is_name_format(pattern: str) -> bool:
    """Whether every place that a format names in braces is one that can be filled."""
    named = [match[1].lower() for match in _PLACE.finditer(pattern)]
    rest = _PLACE.sub("", pattern)
    return set(named) <= set(PLACES) and "{" not in rest and "}" not in rest


def check_opens_at(starts_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when the check of one's connection opens: the day before begins, at the place."""
    day = starts_at.astimezone(zone).date() - timedelta(days=1)
    return datetime.combine(day, time.min, zone).astimezone(starts_at.tzinfo)


class ReleaseFault(StrEnum):
    """Why the real address cannot be sent to those admitted now."""

    CANCELLED = "cancelled"
    NO_LINK = "no_link"
    TOO_EARLY = "release_too_early"
    ENDED = "ended"
    DONE = "released"


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What the release by mail rests on; moments are aware. `was_released`: it happened before."""

    starts_at: datetime
    closes_at: datetime
    has_link: bool
    is_cancelled: bool
    was_released: bool


def judge_release(facts: ReleaseFacts, at: datetime) -> ReleaseFault | None:
    """Return why the address cannot be released at `at`, or None.

    Once, from an hour before the start until joining ends.
    """
    if facts.is_cancelled:
        return ReleaseFault.CANCELLED
    if facts.was_released:
        return ReleaseFault.DONE
    if at >= facts.closes_at:
        return ReleaseFault.ENDED
    if not facts.has_link:
        return ReleaseFault.NO_LINK
    if at < facts.starts_at - RELEASE_BEFORE:
        return ReleaseFault.TOO_EARLY
    return None


_HOSTS = {
    "zoom": ("zoom.us", "zoom.com", "zoomgov.com"),
    "teams": ("teams.microsoft.com", "teams.live.com"),
    "webex": ("webex.com",),
    "meet": ("meet.google.com",),
}


def service_of(url: str) -> str:
    """Return the service that an address belongs to: zoom, teams, webex or meet, else ''."""
    host = (urlsplit(url).hostname or "").lower()
    for name, ends in _HOSTS.items():
        if any(host == end or host.endswith(f".{end}") for end in ends):
            return name
    return ""
