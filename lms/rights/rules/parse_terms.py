"""Conditions in the case format -> `Terms`, and the small readings that others share."""

from functools import partial
from typing import Final

from lms.rights.errors import BadFactsError
from lms.rights.rules.facts import (
    ACCEPTED,
    BEGINNING,
    END,
    Audience,
    Enrolled,
    EnrolmentStatus,
    OrgTree,
    Reach,
    Terms,
)
from lms.rights.rules.reading import (
    Object,
    a_choice,
    a_count,
    a_list,
    a_set,
    a_text,
    a_time,
    an_object,
    field_names,
    needed,
    optional,
    told,
)

_REACHES: Final = {
    "hq": Reach.HQ,
    "industrial": Reach.INDUSTRIAL,
    "affiliate": Reach.AFFILIATE,
    "branch": Reach.AFFILIATE,
    "outside": Reach.OUTSIDE,
}
_FIELDS: Final = field_names(
    "id actions purposes channels territory audience enrolled attended window max_views obligations"
)
_WINDOW: Final = field_names("from until")
_AUDIENCE: Final = field_names("reach orgs persons")
_ENROLLED: Final = field_names("course statuses")
_DUTIES: Final = frozenset({"watermark", "stream_only", "audit", "tracking"})
_COUNTRY: Final = 2


def given(fields: Object, name: str, default: object) -> object:
    """Return a field, `default` when it is absent or null."""
    value = fields.get(name)
    return default if value is None else value


def a_reach(value: object, where: str) -> Reach:
    """Return a level of the federation; a branch counts as affiliate."""
    if isinstance(value, str) and value in _REACHES:
        return _REACHES[value]
    raise BadFactsError(f"{where} must be one of {', '.join(_REACHES)}, not {told(value)}.")


def a_country(value: object, where: str) -> str:
    """Return a country code of two letters, in capitals."""
    code = a_text(value, where).upper()
    if len(code) != _COUNTRY or not (code.isascii() and code.isalpha()):
        raise BadFactsError(f"{where} must be a country of two letters, not {told(value)}.")
    return code


def a_window(fields: Object, where: str) -> tuple[int, int]:
    """Return `[opens, closes)` from the fields `from` and `until`."""
    opens = optional(fields.get("from"), f"{where}.from", a_time)
    closes = optional(fields.get("until"), f"{where}.until", a_time)
    return BEGINNING if opens is None else opens, END if closes is None else closes


def check_org(orgs: OrgTree, org: str, where: str) -> None:
    """Refuse an organisation that is not in the tree."""
    if org not in orgs.units:
        raise BadFactsError(f"{where} names an unknown organisation: {told(org)}.")


def some_actions(value: object, where: str) -> frozenset[str] | None:
    """Read the actions that something stops: none named, or `all`, are all of them."""
    if value == "all":
        return None
    return a_set(value, where) or None


def terms_from_json(orgs: OrgTree | None, value: object, where: str) -> Terms:
    """Read a grant, a prohibition or a publication; `orgs` checks those it names."""
    fields = an_object(value, where, _FIELDS)
    audience = optional(fields.get("audience"), f"{where}.audience", partial(_audience, orgs))
    window = an_object(given(fields, "window", {}), f"{where}.window", _WINDOW)
    opens, closes = a_window(window, f"{where}.window")
    return Terms(
        id=a_text(needed(fields, "id", where), f"{where}.id"),
        actions=a_set(fields.get("actions"), f"{where}.actions"),
        purposes=a_set(fields.get("purposes"), f"{where}.purposes"),
        channels=a_set(fields.get("channels"), f"{where}.channels"),
        territory=_territory(fields.get("territory"), f"{where}.territory"),
        audience=Audience() if audience is None else audience,
        enrolled=optional(fields.get("enrolled"), f"{where}.enrolled", _enrolled),
        attended=a_set(fields.get("attended"), f"{where}.attended"),
        opens=opens,
        closes=closes,
        max_views=optional(fields.get("max_views"), f"{where}.max_views", a_count),
        obligations=a_list(fields.get("obligations"), f"{where}.obligations", _obligation),
    )


def _territory(value: object, where: str) -> frozenset[str] | None:
    if value is None or value == "WORLD":
        return None
    if not isinstance(value, list):
        raise BadFactsError(f"{where} must be WORLD or a list of countries, not {told(value)}.")
    if "WORLD" in a_list(value, where, a_text):
        return None
    return frozenset(a_list(value, where, a_country))


def _audience(orgs: OrgTree | None, value: object, where: str) -> Audience:
    fields = an_object(value, where, _AUDIENCE)
    named = a_set(fields.get("orgs"), f"{where}.orgs")
    if orgs is not None:
        for org in sorted(named or ()):
            check_org(orgs, org, f"{where}.orgs")
    return Audience(
        reach=a_reach(given(fields, "reach", "hq"), f"{where}.reach"),
        orgs=named,
        persons=a_set(fields.get("persons"), f"{where}.persons"),
    )


def _enrolled(value: object, where: str) -> Enrolled:
    fields = an_object(value, where, _ENROLLED)
    statuses = optional(fields.get("statuses"), f"{where}.statuses", _statuses)
    return Enrolled(
        course=a_text(needed(fields, "course", where), f"{where}.course"),
        statuses=ACCEPTED if statuses is None else statuses,
    )


def a_status(value: object, where: str) -> EnrolmentStatus:
    """Return the status of an enrolment."""
    return a_choice(value, where, EnrolmentStatus)


def _statuses(value: object, where: str) -> frozenset[EnrolmentStatus]:
    return frozenset(a_list(value, where, a_status))


def _obligation(value: object, where: str) -> str:
    text = a_text(value, where)
    if text not in _DUTIES and not text.startswith("attribution:"):
        raise BadFactsError(f"{where} is an obligation we do not know: {told(text)}.")
    return text
