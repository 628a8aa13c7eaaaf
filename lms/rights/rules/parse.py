"""The case format (rights.md) -> facts. What is not understood raises BadFactsError."""

from collections.abc import Callable
from functools import partial
from typing import Final

from lms.rights.errors import BadFactsError
from lms.rights.rules.facts import (
    Agreement,
    Disposition,
    Enrolment,
    Facts,
    Membership,
    OnDeny,
    OrgTree,
    OrgUnit,
    Override,
    Recording,
    Request,
    RoleHeld,
    Segment,
    Stage,
    Takedown,
    Terms,
    Viewer,
    Withdrawal,
)
from lms.rights.rules.parse_terms import (
    a_country,
    a_reach,
    a_status,
    a_window,
    check_org,
    given,
    some_actions,
    terms_from_json,
)
from lms.rights.rules.reading import (
    Object,
    a_choice,
    a_count,
    a_flag,
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

_VIEWER: Final = field_names("id anonymous suspended memberships roles enrolments attended country")
_MEMBERSHIP: Final = field_names("org from until")
_ENROLMENT: Final = field_names("course status from until")
_ROLE: Final = field_names("role scope")
_RECORDING: Final = field_names(
    "id stage duration agreements segments takedowns publications required_kinds cut_rendition"
)
_AGREEMENT: Final = field_names(
    "id lineage kind scope status signed_at recording_consent_at grants prohibitions withdrawals"
)
_REQUEST: Final = field_names(
    "action purpose channel audience_reach session_started views_used view_open override"
)


def facts_from_case(case: object, orgs: OrgTree | None = None) -> tuple[Facts, int]:
    """Return the facts of one case and its `now` in ms UTC.

    `case` is `{orgs, now, viewer, recording, request}` as JSON reads it; `orgs` serves a case
    that has none of its own. Raises BadFactsError.
    """
    fields = an_object(case, "The case")
    if orgs is None or "orgs" in fields:
        orgs = org_tree_from_json(needed(fields, "orgs", "case"))
    at = a_time(needed(fields, "now", "case"), "now")
    viewer = viewer_from_json(needed(fields, "viewer", "case"), orgs)
    recording = recording_from_json(needed(fields, "recording", "case"), orgs)
    request = request_from_json(needed(fields, "request", "case"))
    return Facts(orgs, viewer, recording, request), at


def org_tree_from_json(value: object) -> OrgTree:
    """Read `{id: {level, parent}}`; a branch counts as affiliate, no circle is let in."""
    units: dict[str, OrgUnit] = {}
    for name, one in an_object(value, "orgs").items():
        where = f"orgs.{told(a_text(name, 'An id in orgs'))}"
        fields = an_object(one, where)
        level = a_reach(needed(fields, "level", where), f"{where}.level")
        units[name] = OrgUnit(level, optional(fields.get("parent"), f"{where}.parent", a_text))
    settled: set[str] = set()
    for name in units:
        path: set[str] = set()
        here: str | None = name
        while here is not None and here not in settled:
            if here in path:
                raise BadFactsError(f"orgs go round in a circle at {told(here)}.")
            path.add(here)
            parent = units[here].parent
            if parent is not None and parent not in units:
                raise BadFactsError(f"orgs.{told(here)} belongs to unknown {told(parent)}.")
            here = parent
        settled.update(path)
    return OrgTree(units)


def viewer_from_json(value: object, orgs: OrgTree) -> Viewer:
    """Read a viewer; of somebody not signed in only the country and a suspension count."""
    fields = an_object(value, "viewer", _VIEWER)
    anonymous = _flag(fields, "anonymous", "viewer")
    viewer = Viewer(
        id=None if anonymous else a_text(needed(fields, "id", "viewer"), "viewer.id"),
        suspended=_flag(fields, "suspended", "viewer"),
        memberships=a_list(
            fields.get("memberships"), "viewer.memberships", partial(_membership, orgs)
        ),
        roles=a_list(fields.get("roles"), "viewer.roles", _role),
        enrolments=a_list(fields.get("enrolments"), "viewer.enrolments", _enrolment),
        attended=a_set(fields.get("attended"), "viewer.attended") or frozenset(),
        country=optional(fields.get("country"), "viewer.country", a_country),
    )
    if anonymous:
        return Viewer(id=None, suspended=viewer.suspended, country=viewer.country)
    return viewer


def recording_from_json(value: object, orgs: OrgTree | None = None) -> Recording:
    """Read a recording or handout; `orgs`, where given, must hold every one that is named."""
    fields = an_object(value, "recording", _RECORDING)
    terms = partial(terms_from_json, orgs)
    where = "recording"
    recording = Recording(
        id=a_text(needed(fields, "id", where), "recording.id"),
        stage=a_choice(needed(fields, "stage", where), "recording.stage", Stage),
        duration=optional(needed(fields, "duration", where), "recording.duration", a_count),
        agreements=a_list(
            needed(fields, "agreements", where),
            "recording.agreements",
            partial(_agreement, terms),
        ),
        segments=a_list(fields.get("segments"), "recording.segments", _segment),
        takedowns=a_list(fields.get("takedowns"), "recording.takedowns", _takedown),
        publications=a_list(needed(fields, "publications", where), "recording.publications", terms),
        required_kinds=(
            frozenset({"speaker"})
            if (kinds := a_set(fields.get("required_kinds"), "recording.required_kinds")) is None
            else kinds
        ),
        cut_copy=optional(fields.get("cut_rendition"), "recording.cut_rendition", _ranges),
    )
    names = {segment.id for segment in recording.segments}
    for takedown in recording.takedowns:
        if takedown.segment is not None and takedown.segment not in names:
            raise BadFactsError(
                f"recording.takedowns names an unknown segment: {told(takedown.segment)}."
            )
    return recording


def request_from_json(value: object) -> Request:
    """Read what is asked for; an unknown action is read, and refused by the decision."""
    where = "request"
    fields = an_object(value, where, _REQUEST)
    return Request(
        action=a_text(needed(fields, "action", where), "request.action"),
        purpose=a_text(given(fields, "purpose", "education"), "request.purpose"),
        channel=a_text(given(fields, "channel", "lms_web"), "request.channel"),
        audience_reach=a_reach(
            given(fields, "audience_reach", "outside"), "request.audience_reach"
        ),
        session_started=optional(fields.get("session_started"), "request.session_started", a_time),
        views_used=a_count(given(fields, "views_used", 0), "request.views_used"),
        view_open=_flag(fields, "view_open", where),
        override=optional(fields.get("override"), "request.override", _override),
    )


def _flag(fields: Object, name: str, where: str) -> bool:
    return a_flag(given(fields, name, default=False), f"{where}.{name}")


def _withdrawal(value: object, where: str) -> Withdrawal:
    fields = an_object(value, where)
    return Withdrawal(
        at=a_time(needed(fields, "at", where), f"{where}.at"),
        actions=some_actions(fields.get("actions"), f"{where}.actions"),
        grace=a_count(given(fields, "grace_ms", 0), f"{where}.grace_ms"),
    )


def _agreement(terms: Callable[[object, str], Terms], value: object, where: str) -> Agreement:
    fields = an_object(value, where, _AGREEMENT)
    scope = given(fields, "scope", "whole")
    if scope not in ("whole", "segment"):
        raise BadFactsError(f"{where}.scope must be whole or segment, not {told(scope)}.")
    return Agreement(
        id=a_text(needed(fields, "id", where), f"{where}.id"),
        kind=a_text(needed(fields, "kind", where), f"{where}.kind"),
        status=a_text(needed(fields, "status", where), f"{where}.status"),
        lineage=optional(fields.get("lineage"), f"{where}.lineage", a_text) or "",
        whole=scope == "whole",
        signed_at=optional(fields.get("signed_at"), f"{where}.signed_at", a_time),
        recording_consent_at=optional(
            fields.get("recording_consent_at"), f"{where}.recording_consent_at", a_time
        ),
        grants=a_list(fields.get("grants"), f"{where}.grants", terms),
        prohibitions=a_list(fields.get("prohibitions"), f"{where}.prohibitions", terms),
        withdrawals=a_list(fields.get("withdrawals"), f"{where}.withdrawals", _withdrawal),
    )


def _range(value: object, where: str) -> tuple[int, int]:
    pair = a_list(value, where, a_count)
    if len(pair) != 2 or pair[0] >= pair[1]:  # noqa: PLR2004 - a start and an end
        raise BadFactsError(f"{where} must be [start, end] in ms with start before end.")
    return pair[0], pair[1]


def _ranges(value: object, where: str) -> tuple[tuple[int, int], ...]:
    return a_list(value, where, _range)


def _segment(value: object, where: str) -> Segment:
    fields = an_object(value, where)
    a, b = _range([needed(fields, "a", where), needed(fields, "b", where)], where)
    disposition = given(fields, "disposition", "needs_agreement")
    return Segment(
        id=a_text(needed(fields, "id", where), f"{where}.id"),
        a=a,
        b=b,
        lineages=a_list(fields.get("lineages"), f"{where}.lineages", a_text),
        disposition=a_choice(disposition, f"{where}.disposition", Disposition),
        on_deny=a_choice(given(fields, "on_deny", "hide"), f"{where}.on_deny", OnDeny),
    )


def _takedown(value: object, where: str) -> Takedown:
    fields = an_object(value, where)
    opens, closes = a_window(fields, where)
    return Takedown(
        opens=opens,
        closes=closes,
        segment=optional(fields.get("segment"), f"{where}.segment", a_text),
        actions=some_actions(fields.get("actions"), f"{where}.actions"),
    )


def _membership(orgs: OrgTree, value: object, where: str) -> Membership:
    fields = an_object(value, where, _MEMBERSHIP)
    org = a_text(needed(fields, "org", where), f"{where}.org")
    check_org(orgs, org, where)
    return orgs.membership(org, *a_window(fields, where))


def _enrolment(value: object, where: str) -> Enrolment:
    fields = an_object(value, where, _ENROLMENT)
    status = needed(fields, "status", where)
    course = a_text(needed(fields, "course", where), f"{where}.course")
    opens, closes = a_window(fields, where)
    return Enrolment(course, a_status(status, f"{where}.status"), opens, closes)


def _role(value: object, where: str) -> RoleHeld:
    fields = an_object(value, where, _ROLE)
    return RoleHeld(
        role=a_text(needed(fields, "role", where), f"{where}.role"),
        scope=a_text(given(fields, "scope", "*"), f"{where}.scope"),
    )


def _loose_text(value: object, where: str) -> str:
    """Read a text that may be empty: what is left blank refuses the override."""
    return "" if value in (None, "") else a_text(value, where)


def _override(value: object, where: str) -> Override:
    fields = an_object(value, where)
    opens, closes = a_window(fields, where)
    actions = a_set(fields.get("actions"), f"{where}.actions")
    return Override(
        person=_loose_text(fields.get("person"), f"{where}.person"),
        requested_by=_loose_text(fields.get("requested_by"), f"{where}.requested_by"),
        approved_by=_loose_text(fields.get("approved_by"), f"{where}.approved_by"),
        reason=_loose_text(fields.get("reason"), f"{where}.reason"),
        actions=frozenset({"play"}) if actions is None else actions,
        opens=opens,
        closes=closes,
    )
