"""The decision on recordings as the database has them; the gate of every page and key."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Text, cast, select

from lms.courses.models import Edition, EditionState, Programme
from lms.courses.policy import may_manage_programme
from lms.infra.db import db
from lms.kernel.actor import Role
from lms.kernel.clock import from_ms, to_ms
from lms.kernel.errors import NotFoundError
from lms.kernel.ids import RecordingId
from lms.people.queries import is_id
from lms.recordings.models import Recording as RecordingRow
from lms.recordings.models import Stage as RowStage
from lms.rights.models import Agreement, PlaySession, RightsFacts
from lms.rights.queries.overrides import find_override, is_passed_over
from lms.rights.queries.tables import bare_case
from lms.rights.queries.viewers import ViewerFacts
from lms.rights.rules import (
    Decision,
    Facts,
    Reach,
    Recording,
    Request,
    boundaries_after,
    decide_access,
    recording_from_json,
)
from lms.rights.rules.facts import ACCEPTED, RoleHeld, Stage, Viewer

SAME_VIEW: Final = timedelta(hours=4)
"""Playing that is taken up within this time of its last report is the same view."""


class Known(NamedTuple):
    """A recording as the decision reads it, and whose it is."""

    recording: Recording
    edition_id: str
    programme_id: str


def find_known(recording_ids: Collection[str]) -> dict[str, Known]:
    """Return the frozen facts of recordings by id, in one query; missing ones are left out."""
    rows = db.session.execute(
        select(
            RecordingRow.id,
            RecordingRow.stage,
            RecordingRow.duration_ms,
            RecordingRow.edition_id,
            Edition.programme_id,
            # The text itself: parsing is remembered by it and so can never be out of date.
            cast(RightsFacts.facts, Text),
        )
        .join(Edition, Edition.id == RecordingRow.edition_id)
        .outerjoin(RightsFacts, RightsFacts.recording_id == RecordingRow.id)
        .where(RecordingRow.id.in_([key for key in recording_ids if is_id(key)]))
    )
    return {
        key: Known(
            parse_facts(facts or json.dumps(bare_case(key, stage, duration))), edition, programme
        )
        for key, stage, duration, edition, programme, facts in rows
    }


def decide(
    viewer: ViewerFacts,
    recording_id: str,
    action: str = "play",
    *,
    at: datetime,
    look_ahead: bool = True,
    known: Known | None = None,
    **request: Any,
) -> Decision:
    """Decide what a viewer may do with a recording or handout, in one query.

    `known` is what `find_known` gave, where several things are decided for one page.

    `request` are further fields of `rules.Request` (purpose, channel, session_started in ms,
    …). Where a condition counts views they are counted (one query more) unless told. Where
    publication alone stands in the way of somebody known, an approved exception is looked for
    (R15; one query more). Raises NotFoundError when there is no such recording; whether the
    viewer may know of it is `may_know`.
    """
    known = known or find_known([recording_id]).get(recording_id)
    if known is None:
        raise NotFoundError
    if "views_used" not in request and counts_views(known.recording):
        used, is_open = count_views(viewer.viewer.id, [recording_id], at)[recording_id]
        request = {"view_open": is_open, **request, "views_used": used}
    facts = Facts(
        viewer.orgs, viewer_of(viewer, known), known.recording, Request(action, **request)
    )
    decision = decide_access(facts, to_ms(at), look_ahead=look_ahead)
    person_id = viewer.viewer.id
    if (
        decision.allowed
        or person_id is None
        or facts.request.override is not None
        or not is_passed_over(decision.reasons)
    ):
        return decision
    override = find_override(recording_id, person_id, action, at)
    if override is None:
        return decision
    facts = replace(facts, request=replace(facts.request, override=override))
    return decide_access(facts, to_ms(at), look_ahead=look_ahead)


def decide_many(
    viewer: ViewerFacts, recording_ids: Collection[str], action: str, at: datetime
) -> dict[RecordingId, Decision]:
    """Decide on many recordings in at most two queries; missing ones are left out.

    No decision says how long to wait: that is asked for one at a time.
    """
    if not recording_ids:
        return {}
    known = find_known(recording_ids)
    counted = [key for key, one in known.items() if counts_views(one.recording)]
    views = count_views(viewer.viewer.id, counted, at)
    decisions = {}
    for key, one in known.items():
        used, is_open = views.get(key, (0, False))
        request = Request(action, views_used=used, view_open=is_open)
        facts = Facts(viewer.orgs, viewer_of(viewer, one), one.recording, request)
        decisions[RecordingId(key)] = decide_access(facts, to_ms(at), look_ahead=False)
    return decisions


def list_known(
    edition_ids: Collection[str],
    *,
    kind: str | None = None,
    among: Collection[str] | None = None,
) -> list[tuple[RecordingRow, Known]]:
    """Return the published recordings and handouts of editions with their facts, in one query.

    In order of their making; only those `among` some ids where told. For pages that list what a
    course holds: decide with `decide_known`.
    """
    if not edition_ids:
        return []
    query = (
        select(RecordingRow, Edition.programme_id, cast(RightsFacts.facts, Text))
        .join(Edition, Edition.id == RecordingRow.edition_id)
        .outerjoin(RightsFacts, RightsFacts.recording_id == RecordingRow.id)
        .where(
            RecordingRow.edition_id.in_(edition_ids),
            RecordingRow.stage == Stage.PUBLISHED.value,
        )
        .order_by(RecordingRow.created_at, RecordingRow.id)
    )
    if kind is not None:
        query = query.where(RecordingRow.kind == kind)
    if among is not None:
        query = query.where(RecordingRow.id.in_(among))
    return [
        (
            row,
            Known(
                parse_facts(facts or json.dumps(bare_case(row.id, row.stage, row.duration_ms))),
                row.edition_id,
                programme_id,
            ),
        )
        for row, programme_id, facts in db.session.execute(query)
    ]


def decide_known(viewer: ViewerFacts, known: Known, action: str, at: datetime) -> Decision:
    """Decide on a recording whose facts are at hand; views are taken as not used yet. No query.

    Only for what a list says of a recording: its page and every key decide with all facts.
    """
    facts = Facts(viewer.orgs, viewer_of(viewer, known), known.recording, Request(action))
    return decide_access(facts, to_ms(at), look_ahead=False)


def known_until(viewer: ViewerFacts, known: Known, action: str, at: datetime) -> datetime | None:
    """Return the moment at which what is allowed now ends by the facts at hand, or None.

    Not the lease, which is short: the end of a window, a membership or an enrolment. No query.
    """
    facts = Facts(viewer.orgs, viewer_of(viewer, known), known.recording, Request(action))
    for moment in boundaries_after(facts, to_ms(at)):
        if not decide_access(facts, moment, look_ahead=False).allowed:
            return from_ms(moment)
    return None


def may_know(viewer: ViewerFacts, recording_id: str, decision: Decision) -> bool:
    """Whether this viewer may be told that the recording exists; everyone else gets 404.

    Who may use it; who is enrolled in its edition, once it was taken off the shelf; who looks
    after it; its rightsholders; and everyone where the course is public and the recording was
    published as far as that.
    """
    if decision.allowed:
        return True
    row = db.session.execute(
        select(
            RecordingRow.edition_id,
            RecordingRow.stage,
            Edition.programme_id,
            Edition.state,
            Programme.reach,
            select(Agreement.id)
            .where(
                Agreement.recording_id == recording_id,
                Agreement.holder_person_id == (viewer.actor.person_id or ""),
            )
            .exists(),
        )
        .join(Edition, Edition.id == RecordingRow.edition_id)
        .join(Programme, Programme.id == Edition.programme_id)
        .where(RecordingRow.id == recording_id)
    ).one_or_none()
    if row is None or row.stage == Stage.DELETED.value:
        return False
    edition_id, stage, programme_id, state, reach, holds = row
    actor, officer = viewer.actor, viewer.actor.scopes(Role.RIGHTS_OFFICER)
    if (
        holds
        or not officer.isdisjoint(("*", f"recording:{recording_id}", f"programme:{programme_id}"))
        or may_manage_programme(actor, programme_id)
        or viewer.viewer.holds(recording_id, "organiser")
    ):
        return True
    if stage == RowStage.RECORDED:  # from the shelves: nobody but the desk was told of it
        return False
    if any(e.course == edition_id and e.status in ACCEPTED for e in viewer.viewer.enrolments):
        return True
    public = state in (EditionState.PUBLISHED, EditionState.CLOSED) and reach == "outside"
    return public and stage == Stage.PUBLISHED.value and _shown_to_everyone(recording_id)


def _shown_to_everyone(recording_id: str) -> bool:
    return any(
        terms.audience.reach is Reach.OUTSIDE
        and terms.audience.orgs is None
        and terms.audience.persons is None
        and terms.enrolled is None
        for terms in find_known([recording_id])[recording_id].recording.publications
    )


def viewer_of(viewer: ViewerFacts, known: Known) -> Viewer:
    """Return the viewer with the roles that come from the recording's programme."""
    roles = [
        RoleHeld(role, known.recording.id)
        for role, programme_id in viewer.programme_roles
        if programme_id == known.programme_id
    ]
    if not roles:
        return viewer.viewer
    return replace(viewer.viewer, roles=(*viewer.viewer.roles, *roles))


def count_views(
    person_id: str | None, recording_ids: Collection[str], at: datetime
) -> Mapping[str, tuple[int, bool]]:
    """Return by recording how many views a person has used, and whether the last is still open.

    A view is a play session that received a key; taken up again within four hours of its last
    report it goes on. One query, none for nothing or nobody.
    """
    played: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    if person_id is not None and recording_ids:
        for key, started_at, last_report_at in db.session.execute(
            select(PlaySession.recording_id, PlaySession.started_at, PlaySession.last_report_at)
            .where(
                PlaySession.person_id == person_id,
                PlaySession.recording_id.in_(recording_ids),
                PlaySession.first_key_at.is_not(None),
            )
            .order_by(PlaySession.started_at, PlaySession.id)
        ):
            played[key].append((started_at, last_report_at))
    return {key: _views(played[key], at) for key in recording_ids}


def _views(plays: Iterable[tuple[datetime, datetime]], at: datetime) -> tuple[int, bool]:
    used = 0
    last: datetime | None = None
    for started_at, last_report_at in plays:
        if last is None or started_at - last > SAME_VIEW:
            used += 1
        last = last_report_at if last is None else max(last, last_report_at)
    return used, last is not None and at - last <= SAME_VIEW


def counts_views(recording: Recording) -> bool:
    """Whether any condition on a recording counts views."""
    return any(
        terms.max_views is not None
        for terms in (
            *recording.publications,
            *(one for a in recording.agreements for one in (*a.grants, *a.prohibitions)),
        )
    )


@lru_cache(maxsize=2048)
def parse_facts(facts: str) -> Recording:
    """Return frozen facts, as the text of their JSON, as the decision reads them; remembered."""
    return recording_from_json(json.loads(facts))
