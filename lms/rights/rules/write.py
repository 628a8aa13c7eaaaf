"""Facts -> the case format, so that a recording's facts can be kept as one JSON row.

Reading back what is written here gives equal facts: `parse` is the other half.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from lms.rights.rules.facts import (
    BEGINNING,
    END,
    Agreement,
    Audience,
    Facts,
    Override,
    Recording,
    Request,
    Segment,
    Takedown,
    Terms,
    Viewer,
)

Json: TypeAlias = dict[str, Any]


def facts_to_json(facts: Facts, at: int) -> Json:
    """Return the whole case `{orgs, now, viewer, recording, request}`, times in ms UTC."""
    return {
        "orgs": {
            name: _present(level=unit.level.name.lower(), parent=unit.parent)
            for name, unit in facts.orgs.units.items()
        },
        "now": at,
        "viewer": _viewer(facts.viewer),
        "recording": recording_to_json(facts.recording),
        "request": _request(facts.request),
    }


def recording_to_json(recording: Recording) -> Json:
    """Return a recording as the case format has it; absent conditions are left out."""
    return {
        "id": recording.id,
        "stage": recording.stage.value,
        "duration": recording.duration,
        "agreements": [_agreement(one) for one in recording.agreements],
        "segments": [_segment(one) for one in recording.segments],
        "takedowns": [_takedown(one) for one in recording.takedowns],
        "publications": [_terms(one) for one in recording.publications],
        "required_kinds": sorted(recording.required_kinds),
        **_present(
            cut_rendition=None
            if recording.cut_copy is None
            else [list(pair) for pair in recording.cut_copy]
        ),
    }


def _present(**fields: object) -> Json:
    """Leave out what is None."""
    return {name: value for name, value in fields.items() if value is not None}


def _sorted(values: Iterable[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _window(opens: int, closes: int) -> Json:
    window = {}
    if opens != BEGINNING:
        window["from"] = opens
    if closes != END:
        window["until"] = closes
    return window


def _audience(audience: Audience) -> Json:
    return _present(
        reach=audience.reach.name.lower(),
        orgs=_sorted(audience.orgs),
        persons=_sorted(audience.persons),
    )


def _terms(terms: Terms) -> Json:
    enrolled = terms.enrolled
    return _present(
        id=terms.id,
        actions=_sorted(terms.actions),
        purposes=_sorted(terms.purposes),
        channels=_sorted(terms.channels),
        territory=_sorted(terms.territory),
        audience=_audience(terms.audience),
        enrolled=None
        if enrolled is None
        else {"course": enrolled.course, "statuses": sorted(enrolled.statuses)},
        attended=_sorted(terms.attended),
        window=_window(terms.opens, terms.closes) or None,
        max_views=terms.max_views,
        obligations=list(terms.obligations) or None,
    )


def _agreement(agreement: Agreement) -> Json:
    return _present(
        id=agreement.id,
        lineage=agreement.lineage,
        kind=agreement.kind,
        scope="whole" if agreement.whole else "segment",
        status=agreement.status,
        signed_at=agreement.signed_at,
        recording_consent_at=agreement.recording_consent_at,
        grants=[_terms(one) for one in agreement.grants],
        prohibitions=[_terms(one) for one in agreement.prohibitions] or None,
        withdrawals=[
            _present(at=one.at, actions=_sorted(one.actions), grace_ms=one.grace or None)
            for one in agreement.withdrawals
        ]
        or None,
    )


def _segment(segment: Segment) -> Json:
    return {
        "id": segment.id,
        "a": segment.a,
        "b": segment.b,
        "lineages": list(segment.lineages),
        "disposition": segment.disposition.value,
        "on_deny": segment.on_deny.value,
    }


def _takedown(takedown: Takedown) -> Json:
    return {
        **_window(takedown.opens, takedown.closes),
        **_present(segment=takedown.segment, actions=_sorted(takedown.actions)),
    }


def _viewer(viewer: Viewer) -> Json:
    if viewer.id is None:
        return {"anonymous": True, "suspended": viewer.suspended, "country": viewer.country}
    return {
        "id": viewer.id,
        "suspended": viewer.suspended,
        "memberships": [
            {"org": one.org, **_window(one.opens, one.closes)} for one in viewer.memberships
        ],
        "roles": [{"role": one.role, "scope": one.scope} for one in viewer.roles],
        "enrolments": [
            {
                "course": one.course,
                "status": one.status.value,
                **_window(one.opens, one.closes),
            }
            for one in viewer.enrolments
        ],
        "attended": sorted(viewer.attended),
        "country": viewer.country,
    }


def _override(override: Override) -> Json:
    return {
        "person": override.person,
        "requested_by": override.requested_by,
        "approved_by": override.approved_by,
        "reason": override.reason,
        "actions": sorted(override.actions),
        **_window(override.opens, override.closes),
    }


def _request(request: Request) -> Json:
    return _present(
        action=request.action,
        purpose=request.purpose,
        channel=request.channel,
        audience_reach=request.audience_reach.name.lower(),
        session_started=request.session_started,
        views_used=request.views_used,
        view_open=request.view_open,
        override=None if request.override is None else _override(request.override),
    )
